"""Cells of several lines in tables drawn with lines: one that wraps parts no row."""

from __future__ import annotations

from pathlib import Path

import pytest

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
