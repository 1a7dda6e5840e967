"""Years that are values of a table without ruled lines, and years that name columns."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from ingest.loaders import pdf
from tests import builders

HEAD = ["Item", "2023", "2022"]
ROWS = [["Ferries", "1,234", "1,198"], ["Buses", "3,412", "3,399"]]
FOUNDED = ["Founded", "1987", "1990"]
MORE = [["Grade", "A", "B"], ["Count", "7", "8"], ["Coaches", "4,100", "4,000"]]


def tables(folder: Path, rows: Sequence[Sequence[str]]) -> list[list[list[str]]]:
    """The rows of each table of a page with these."""
    path = folder / "years.pdf"
    path.write_bytes(builders.pdf([builders.grid(rows)]))
    loaded = pdf.load(path, path.name, max_pages=9, progress=lambda _done, _all: None)
    assert all(table.header == table.rows[0].cells for table in loaded.tables)
    return [[list(row.cells) for row in table.rows] for table in loaded.tables]


@pytest.mark.parametrize(
    "rows",
    [
        [HEAD, *ROWS, FOUNDED, *MORE],
        [HEAD, *ROWS, FOUNDED, *ROWS],
        [HEAD, *ROWS, FOUNDED],
        [HEAD, FOUNDED, *ROWS],
        [HEAD, *ROWS, ["Opened", "1987", "1988"]],
        [["Town", "Arvika", "Brenna"], *ROWS, FOUNDED, *MORE],
        [["Ship", "Arvika"], ["Length", "87.5"], ["Built", "1987"], ["Berths", "40"]],
    ],
    ids=["middle", "figures below", "last", "first", "last two", "below words", "one column"],
)
def test_years_are_values_below_other_heads(tmp_path: Path, rows: list[list[str]]) -> None:
    assert tables(tmp_path, rows) == [rows]


@pytest.mark.parametrize(
    "second", [["Item", "2021", "2020"], ["Group", "2022", "2021"], ["", "2021", "2020"]]
)
def test_years_name_the_columns_of_another_table(tmp_path: Path, second: list[str]) -> None:
    first = [HEAD, *ROWS]
    other = [second, ["Trams", "1,100", "1,000"], ["Trains", "57", "49"]]

    assert tables(tmp_path, [*first, *other]) == [first, other]


def test_years_that_follow_each_other_head_a_table_below_one_with_words(tmp_path: Path) -> None:
    first = [["Town", "Arvika", "Brenna"], *ROWS]
    other = [HEAD, ["Trams", "1,100", "1,000"], ["Trains", "57", "49"]]

    assert tables(tmp_path, [*first, *other]) == [first, other]
