"""Tables drawn with lines that go on over a page's end, and drawings that are no table."""

from __future__ import annotations

from pathlib import Path

import pytest

from ingest.spans import Span
from tests.builders import Line
from tests.ingest.test_drawn_cells import GAPS, TOP, WRAPPED, Content, Sheet, cells, read

HEAD = ["Nr", "Article", "Price"]
FIRST = Sheet([HEAD, ["1", "Screw M8", "0.50"], ["2", "Nut 12 mm", "0.25"]])
PROSE = Line("The prices of this year are those of the year before.", y=740)


def test_a_table_goes_on_over_the_page_with_its_heads(tmp_path: Path) -> None:
    more = Sheet([["3", "Cable 5 x 2.5", "12.00"], ["4", "Pipe DN 50", "8.40"]])
    last = Sheet([HEAD, ["5", "Tape 7", "3.10"], ["6", "Wire", "1.00"]])

    loaded = read(tmp_path, [PROSE, FIRST], [more], [last])

    assert [(table.number, table.page, table.header) for table in loaded.tables] == [
        (1, 1, tuple(HEAD)),
        (1, 2, tuple(HEAD)),
        (1, 3, tuple(HEAD)),
    ]
    assert cells(loaded, 1) == [("3", "Cable 5 x 2.5", "12.00"), ("4", "Pipe DN 50", "8.40")]
    assert cells(loaded, 2) == [("5", "Tape 7", "3.10"), ("6", "Wire", "1.00")]


OTHER = [["Nr", "Town", "People"], ["1", "Holm", "61"], ["2", "Sula", "35"]]


@pytest.mark.parametrize(
    "after",
    [
        Sheet(OTHER),
        Sheet([["3", "Cable", "12.00"], ["4", "Pipe", "8.40"]], across=(72, 130, 242, 312)),
        Sheet([["3", "Cable"], ["4", "Pipe 50"]], across=(72, 172, 242)),
    ],
)
def test_other_heads_or_columns_begin_another_table(after: Sheet, tmp_path: Path) -> None:
    loaded = read(tmp_path, [PROSE, FIRST], [after])

    assert [table.number for table in loaded.tables] == [1, 2]
    assert loaded.tables[1].header != tuple(HEAD)


@pytest.mark.parametrize("below", [1, 9])
def test_a_table_above_a_text_of_words_alone_ends_on_its_page(below: int, tmp_path: Path) -> None:
    words = Sheet([["Name", "Town", "Trade"], ["Anna", "Rome", "Miller"], ["Bob", "Oslo", "Baker"]])
    text = [
        Line(
            "The crew of the Petrel keeps watch in the harbour by day and by night.", y=500 - 14 * n
        )
        for n in range(below)
    ]
    more = Sheet([["Carl", "Bern", "Cook"], ["Dora", "Riga", "Smith"]])

    loaded = read(tmp_path, [words, *text], [more])

    assert [table.number for table in loaded.tables] == ([1, 1] if below == 1 else [1, 2])


def test_words_alone_have_no_heads_for_sure(tmp_path: Path) -> None:
    words = Sheet([["Name", "Town", "Trade"], ["Anna", "Rome", "Miller"], ["Bob", "Oslo", "Baker"]])

    loaded = read(tmp_path, [words])

    assert loaded.tables[0].header == ()
    assert cells(loaded) == [tuple(row) for row in words.rows]


BESIDE: list[Content] = [
    [["Item", "2022", "2023"], ["Kiwi\nPlum\nFig", "100\n200\n300", "400\n500\n600"]],
    [["Item", "2022", "2023"], ["Kiwi and many more sorts of fruit", "100", "200"]],
    [["", "", ""], ["", "42", ""], ["", "", ""]],
    [["Name", "", ""], ["Town", "", ""], ["Signed", "", ""]],  # to be filled in
]


@pytest.mark.parametrize("rows", BESIDE)
def test_lines_that_draw_no_cells_of_a_table_change_nothing(rows: Content, tmp_path: Path) -> None:
    heights = [max(str(cell).count("\n") + 1 for cell in row) for row in rows]
    sheet = Sheet(rows, heights=heights)

    drawn = read(tmp_path, [PROSE, sheet]).tables
    bare = read(tmp_path, [PROSE, sheet], raw=b"0 0 m 1 1 l S\n").tables

    assert drawn == bare


@pytest.mark.parametrize(
    "raw",
    [
        b"72 700 240 -56 re S\n",  # a frame around all
        b"72 700 m 312 700 l S 72 686 m 312 686 l S 72 644 m 312 644 l S\n",  # no line up
        b"72 700 100 -56 re S 180 700 62 -56 re S 250 700 62 -56 re S\n",  # frames apart
        GAPS.frames().replace(b"S", b"") + b"f\n",  # shades
    ],
)
def test_lines_that_are_no_whole_grid_change_nothing(raw: bytes, tmp_path: Path) -> None:
    drawn = read(tmp_path, [PROSE, GAPS], raw=raw).tables
    bare = read(tmp_path, [PROSE, GAPS], raw=b"0 0 m 1 1 l S\n").tables

    assert drawn == bare


def test_a_drawing_that_goes_on_beside_is_none_of_a_table(tmp_path: Path) -> None:
    left = "".join(f"50 {y} m 68 {y} l S\n" for y in GAPS.downs()).encode()

    drawn = read(tmp_path, [PROSE, GAPS], raw=GAPS.frames() + left).tables
    bare = read(tmp_path, [PROSE, GAPS], raw=b"0 0 m 1 1 l S\n").tables

    assert drawn == bare


def test_what_stands_outside_of_the_lines_is_read_as_before(tmp_path: Path) -> None:
    rows = [("Holm", "61", "118"), ("Brecken", "47", "92"), ("Sula", "35", "405")]
    below = [
        Line(word, x=x, y=TOP - 200 - 14 * place, size=10.0)
        for place, row in enumerate(rows)
        for x, word in zip((75, 190, 305), row, strict=True)
    ]

    loaded = read(tmp_path, [WRAPPED, *below])

    assert [table.number for table in loaded.tables] == [1, 2]
    assert cells(loaded, 1) == rows


def test_a_cell_that_is_no_rectangle_draws_no_table(tmp_path: Path) -> None:
    whole = Sheet([[Span("Item", rows=2), "2022", "2023"], ["a", "b"], ["Kiwi", "1,100", "2,200"]])
    corner = b"172 686 m 242 686 l S\n"
    high, *_, low = whole.downs()
    sides = "".join(f"{x} {low} m {x} {high} l S\n" for x in (72, 242, 312)).encode()
    half = f"172 {low} m 172 686 l S 172 {low} m 172 672 l S\n".encode()
    lines = "".join(f"72 {y} m 312 {y} l S\n" for y in (high, 672.0, low)).encode()

    drawn = read(tmp_path, [PROSE, whole], raw=sides + half + lines + corner).tables
    bare = read(tmp_path, [PROSE, whole], raw=b"0 0 m 1 1 l S\n").tables

    assert drawn == bare


def test_cells_that_follow_one_another_column_by_column_are_read_as_before(tmp_path: Path) -> None:
    words = sorted(GAPS.words(), key=lambda line: line.x)

    drawn = read(tmp_path, [PROSE, *words], raw=GAPS.frames()).tables
    bare = read(tmp_path, [PROSE, *words], raw=b"0 0 m 1 1 l S\n").tables

    assert drawn == bare


def test_a_side_that_a_page_cuts_is_where_its_lines_end(tmp_path: Path) -> None:
    left, *_, right = GAPS.across
    high, *inner, low = GAPS.downs()
    cut = f"{right} {low} m {right} {inner[0]} l S\n"
    lines = [(left, y, right, y) for y in GAPS.downs()]
    lines += [(x, low, x, high) for x in GAPS.across[:-1]]
    raw = cut + "".join(f"{x} {y} m {to} {up} l S\n" for x, y, to, up in lines)

    assert cells(read(tmp_path, [PROSE, GAPS], raw=raw.encode())) == [*map(tuple, GAPS.rows)]


def test_a_name_above_the_first_column_alone_is_no_head_of_the_others(tmp_path: Path) -> None:
    sheet = Sheet([["North", "", ""], ["1", "2", "3"], ["4", "5", "6"], ["7", "8", "9"]])

    (table,) = read(tmp_path, [PROSE, sheet], raw=b"0 0 m 1 1 l S\n").tables

    assert table.header == ()
    assert [row.cells for row in table.rows] == [tuple(row) for row in sheet.rows]
