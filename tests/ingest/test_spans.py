from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ingest.spans import Covered, Span, is_across, spread

SIZES = st.integers(1, 5)
SPANS = st.builds(Span, st.sampled_from("abc"), SIZES, st.sampled_from([1, 2, 3, 100_000]))


def test_a_cell_that_goes_down_moves_the_cells_below_it_aside() -> None:
    rows = [
        [Span("Region", rows=2), Span("2024", columns=2)],
        [Span("EUR"), Span("%")],
        [Span("North", rows=3), Span("1"), Span("2")],
        [Span("3"), Span("4")],
        [Span("5")],
    ]
    placed = spread(rows, 100)
    assert placed == [
        ["Region", "2024", ""],
        ["Region", "EUR", "%"],
        ["North", "1", "2"],
        ["North", "3", "4"],
        ["North", "5"],
    ]
    assert is_across(placed[0][2])
    assert isinstance(placed[1][0], Covered)
    assert not isinstance(placed[2][0], Covered)


def test_cells_over_columns_and_rows_that_meet_stay_apart() -> None:
    rows = [[Span("a"), Span("b", 1, 2)], [Span("wide", 3, 2)], [Span("c")]]
    assert spread(rows, 100) == [["a", "b"], ["wide", "b"], ["wide", "c"]]


def test_what_goes_on_alone_is_on_its_own_place() -> None:
    assert spread([[Span("a"), Span("b", 2, 3)], []], 100) == [["a", "b", ""], ["", "b", ""]]


def test_too_many_cells_are_none() -> None:
    stairs = [[Span("a", 100, 1_000_000)] for _ in range(1_000)]
    assert spread(stairs, 10_000) == []
    assert spread([[Span("a", 1, 1_000_000)] for _ in range(1_000)], 10_000) == []
    assert spread([[Span("a", 100)] * 1_000], 10_000) == []
    assert len(spread([[Span("a", 1, 1_000_000)], []], 10)) == 2


@given(st.lists(st.lists(SPANS, max_size=4), max_size=6))
def test_every_cell_stands_somewhere_once(rows: list[list[Span]]) -> None:
    placed = spread(rows, 10_000)
    assert len(placed) == len(rows)
    for line, row in zip(placed, rows, strict=True):
        own = [cell for cell in line if cell and not isinstance(cell, Covered)]
        assert own == [span.text for span in row]
