"""Cells of several lines in tables drawn with lines: one that wraps parts no row."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.builders import Line
from tests.ingest.test_drawn_cells import Content, Sheet, cells, read

HEAD = ["Step", "Due", "Cost"]


@pytest.mark.parametrize(
    "rows",
    [
        [["Painting\nof all sides", "2026-\n04-15", "200"], ["Test", "2026-\n05-30", "30"]],
        [["Bob\nNakamura", "030\n9999", "5,822"], ["Carla Diaz", "030\n8888", "6,933"]],
        [["Leave", "2026-01-05\n2026-01-09", "5"], ["Notice", "2026-03-02", "1"]],
        [["Serials", "5811\n5812\n5813", "12"], ["Lot", "6911", "3"]],
        [["Ana", "2026-\n01-05", "12,\n500"], ["Bob", "2026-\n02-05", "14,\n500"]],  # as many
    ],
)
def test_a_cell_of_several_lines_is_one_row(rows: Content, tmp_path: Path) -> None:
    heights = [1] + [max(str(cell).count("\n") + 1 for cell in row) for row in rows]
    loaded = read(tmp_path, [Sheet([HEAD, *rows], heights=heights)])

    assert [table.header for table in loaded.tables] == [tuple(HEAD)]
    assert cells(loaded)[1:] == [
        tuple(str(cell).replace("\n", " ") for cell in row) for row in rows
    ]


@pytest.mark.parametrize(
    "rows",
    [
        [["Kiwi\nPlum", "100\n200", "400\n500"], ["Fig\nNut", "110\n210", "410\n510"]],
        [["Kiwi\nPlum\nFig", "100\n200\n300", ""], ["Nut", "110", "410"]],
    ],
)
def test_values_beside_lines_at_their_heights_are_rows(rows: Content, tmp_path: Path) -> None:
    heights = [1] + [max(str(cell).count("\n") + 1 for cell in row) for row in rows]
    sheet = Sheet([["Item", "2022", "2023"], *rows], heights=heights)

    drawn = read(tmp_path, [sheet]).tables
    bare = read(tmp_path, [sheet], raw=b"0 0 m 1 1 l S\n").tables

    assert drawn == bare


CUT = ["51", "Planks of the deck and", "357.50"]
REST = ["", "of the stern", ""]


def open_frames(sheet: Sheet, *, below: bool) -> bytes:
    """The frames of cells, but for the line above all of them, or below."""
    downs = sheet.downs()
    high, low = downs[0], downs[-1]
    lines = [(left, low, left, high) for left in sheet.across]
    levels = downs[:-1] if below else downs[1:]
    lines += [(sheet.across[0], y, sheet.across[-1], y) for y in levels]
    return "".join(f"{x} {y} m {to} {up} l S\n" for x, y, to, up in lines).encode()


def test_a_row_that_the_end_of_a_page_cuts_is_in_the_table(tmp_path: Path) -> None:
    across = (72, 95, 242, 312)
    rows = [["No", "Item", "Price"], ["49", "Oars", "343.50"], ["50", "Sails", "350.50"], CUT]
    first = Sheet(rows, across=across)
    more = Sheet([REST, ["52", "Pumps", "364.50"], ["53", "Anchors", "371.50"]], across=across)
    one = read(tmp_path, [first], raw=open_frames(first, below=True))
    other = read(tmp_path, [more], raw=open_frames(more, below=False))

    assert cells(one) == [tuple(row) for row in rows]
    assert one.tables[0].header == tuple(rows[0])
    assert cells(other) == [tuple(row) for row in more.rows]
    assert other.tables[0].header == ()


def test_the_first_row_of_a_page_that_cuts_it_names_no_columns(tmp_path: Path) -> None:
    sheet = Sheet([["of the", "deck", "each"], ["52", "60", "364.50"], ["53", "61", "371.50"]])

    cut = read(tmp_path, [sheet], raw=open_frames(sheet, below=False))

    assert (cut.tables[0].header, cells(cut)) == ((), [tuple(row) for row in sheet.rows])
    assert read(tmp_path, [sheet]).tables[0].header == ("of the", "deck", "each")


def test_lines_up_that_end_apart_are_no_row(tmp_path: Path) -> None:
    rows = [["No", "Item", "Price"], ["49", "Oars", "343.50"], ["50", "Sails", "350.50"], CUT]
    sheet = Sheet(rows, across=(72, 95, 242, 312))
    longer = f"95 {sheet.downs()[-1] - 20} m 95 {sheet.downs()[-1]} l S\n".encode()

    loaded = read(tmp_path, [sheet], raw=open_frames(sheet, below=True) + longer)

    assert cells(loaded) == [tuple(row) for row in rows[:-1]]


HEADED = Sheet([["No", "Item", "Price"], ["1", "Oars 12", "343.50"], ["2", "Sails", "350.50"]])
LAST = ["3", "Anchors 7", "364.50"]


def test_one_row_on_the_next_page_goes_on_with_a_table(tmp_path: Path) -> None:
    loaded = read(tmp_path, [HEADED], [Sheet([LAST])])

    assert [(table.number, table.page, table.header) for table in loaded.tables] == [
        (1, 1, ("No", "Item", "Price")),
        (1, 2, ("No", "Item", "Price")),
    ]
    assert cells(loaded, 1) == [tuple(LAST)]


@pytest.mark.parametrize(
    ("sheet", "above"),
    [
        (Sheet([LAST], across=(72, 130, 242, 312)), 0),  # other columns
        (Sheet([LAST[:2]], across=(72, 172, 242)), 0),
        (Sheet([LAST]), 6),  # below a text of its own
    ],
)
def test_other_frames_of_one_row_are_no_table(sheet: Sheet, above: int, tmp_path: Path) -> None:
    lines = [Line(f"The crew said so {n} times.", y=790 - 14 * n) for n in range(1, above + 1)]

    loaded = read(tmp_path, [HEADED], [*lines, sheet])

    assert [table.page for table in loaded.tables] == [1]


def test_one_row_in_a_frame_without_a_table_before_it_is_none(tmp_path: Path) -> None:
    assert read(tmp_path, [Sheet([LAST])]).tables == ()
