"""Rows in PDF files that the end of a page cuts through a cell."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.ingest.test_drawn_cells import Sheet, cells, read

HEAD = ["Well", "Depth", "Cleaned"]
FIRST = [HEAD, ["W-1", "91.0", "26 March 2022"], ["W-2", "76.9", "22 January"]]
MORE = [["W-3", "62.2", "2 May 2016"], ["W-4", "96.2", "27 May 2014"]]


def test_a_date_that_the_end_of_a_page_cuts_is_one_cell(tmp_path: Path) -> None:
    loaded = read(tmp_path, [Sheet(FIRST)], [Sheet([["", "", "2009"], *MORE])])

    assert [table.number for table in loaded.tables] == [1, 1]
    assert cells(loaded)[-1] == ("W-2", "76.9", "22 January 2009")
    assert cells(loaded, 1) == [tuple(row) for row in MORE]
    row = loaded.tables[0].rows[-1]
    assert loaded.pages[0].text[row.start : row.end].split() == ["W-2", "76.9", "22", "January"]


@pytest.mark.parametrize(
    "own", [["", "168.0", ""], ["Sum", "", "2009"], ["", "168.0", "2009"]], ids=str
)
def test_a_row_of_its_own_stays_on_the_next_page(own: list[str], tmp_path: Path) -> None:
    loaded = read(tmp_path, [Sheet(FIRST)], [Sheet([own, *MORE])])

    assert cells(loaded)[-1] == ("W-2", "76.9", "22 January")
    assert cells(loaded, 1) == [tuple(row) for row in (own, *MORE)]
