from __future__ import annotations

import pytest

from ingest import composer as composing
from ingest.composer import Composer, row_line
from ingest.loaded import Heading
from rag.domain import DocumentState, PageState
from rag.errors import DocumentError


def test_text_is_written_in_blocks_with_exact_places() -> None:
    composer = Composer()
    composer.heading("Boats", 1, " (new)")
    composer.paragraph("There are two.", "Both sail.")
    composer.item("- one")
    composer.item("- two")
    composer.table(
        [("Ship", "Seats"), ("", ""), ("", "40")], name="Fleet", header=("Ship", "Seats")
    )
    composer.paragraph("End.")
    composed = composer.finish(10)
    (page,) = composed.pages
    assert page.text == (
        "Boats (new)\n\nThere are two.\nBoth sail.\n\n- one\n- two\n\nShip | Seats\n| 40\n\nEnd."
    )
    assert composed.outline == (Heading(1, "Boats", 1, 0),)
    (table,) = composed.tables
    assert (table.number, table.page, table.name, table.header) == (
        1,
        1,
        "Fleet",
        ("Ship", "Seats"),
    )
    assert [page.text[row.start : row.end] for row in table.rows] == ["Ship | Seats", "| 40"]
    assert [row.cells for row in table.rows] == [("Ship", "Seats"), ("", "40")]


def test_the_last_cell_of_a_row_is_shown_when_it_is_empty() -> None:
    assert row_line(("Sales", "", "450", "")) == "Sales |  | 450 |"
    assert row_line(("Sales", "410", "", "")) == "Sales | 410 |  |"
    assert row_line(("", "410", "450", "")) == "| 410 | 450 |"
    assert row_line(("Costs of the year", "", "")) == "Costs of the year"
    assert row_line(("", "40", "")) == "| 40"
    assert not row_line(("", ""))


def test_a_long_page_goes_on_with_its_label_and_its_table() -> None:
    composer = Composer()
    composer.begin_page("Prices")
    composer.heading("Prices", 1)
    composer.table([(f"Item {number}", "x" * 100) for number in range(500)], header=("a", "b"))
    composer.begin_page("Empty", reason="The sheet is empty.")
    composer.begin_page("Last")
    composer.heading("Last", 1)
    composed = composer.finish(10)
    assert [page.label for page in composed.pages] == ["Prices"] * 3 + ["Empty", "Last"]
    assert [page.number for page in composed.pages] == [1, 2, 3, 4, 5]
    assert all(len(page.text) <= 20_000 for page in composed.pages)
    assert composed.pages[3].state is PageState.EMPTY
    assert composed.pages[3].reason == "The sheet is empty."
    assert composed.outline[1] == Heading(1, "Last", 5, 0)
    offset = 0
    for page in composed.pages:
        assert page.offset == offset
        offset += len(page.text)
    assert [(table.number, table.page) for table in composed.tables] == [(1, 1), (1, 2), (1, 3)]
    rows = [
        (table.page, composed.pages[table.page - 1].text[row.start : row.end], row.cells)
        for table in composed.tables
        for row in table.rows
    ]
    assert len(rows) == 500
    assert all(text == row_line(cells) for _, text, cells in rows)


def test_a_row_longer_than_a_page_is_where_it_begins() -> None:
    composer = Composer()
    composer.table([("a", "x" * 50_000), ("b", "c")])
    composed = composer.finish(10)
    first, last = composed.tables
    assert (first.page, first.rows[0].end) == (1, len(composed.pages[0].text))
    assert len(first.rows[0].cells[1]) == 50_000
    assert last.rows[0].cells == ("b", "c")


def test_limits_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    composer = Composer()
    composer.paragraph("a " * 30_000)
    with pytest.raises(DocumentError, match="TRAMONTANE_MAX_PAGES"):
        composer.finish(2)
    monkeypatch.setattr(composing, "MAX_CELLS", 3)
    with pytest.raises(DocumentError) as caught:
        Composer().table([("a", "b"), ("c", "d")])
    assert caught.value.state is DocumentState.TOO_LARGE
    monkeypatch.setattr(composing, "MAX_CHARACTERS", 3)
    with pytest.raises(DocumentError, match="too much text"):
        Composer().paragraph("long")


def test_nothing_written_is_empty_and_a_failed_page_is_not() -> None:
    composer = Composer()
    composer.begin_page("1")
    with pytest.raises(DocumentError) as caught:
        composer.finish(10)
    assert caught.value.state is DocumentState.EMPTY
    composer = Composer()
    composer.begin_page("1", state=PageState.FAILED, reason="Damaged.")
    (page,) = composer.finish(10).pages
    assert (page.state, page.reason) == (PageState.FAILED, "Damaged.")
