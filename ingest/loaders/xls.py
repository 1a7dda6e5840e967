"""Reads the cells of old Excel workbooks (.xls) with xlrd."""

from __future__ import annotations

import io
import struct
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import xlrd
from xlrd.compdoc import CompDocError
from xlrd.formula import FormulaError

from ingest import grid, raised
from ingest.loaders.sheet import Cells, Merged, Sheet
from ingest.numerals import shown
from ingest.serials import MAC_EPOCH, WINDOWS_EPOCH
from rag.domain import DocumentState
from rag.errors import DocumentError

UNREADABLE = (
    *(xlrd.XLRDError, CompDocError, FormulaError, AttributeError, LookupError, TypeError),
    *(ValueError, ArithmeticError, NotImplementedError, AssertionError, RecursionError),
    *(struct.error, EOFError, NameError),
)
# Each is tried after the one before it: without formats, and past damage that can be passed.
_ATTEMPTS = (
    {"formatting_info": True},
    {"formatting_info": False},
    {"formatting_info": False, "ignore_workbook_corruption": True},
)


_SHIFTS = {1: 1, 2: -1}  # of fonts, by how xlrd has it


def read(path: Path) -> list[Sheet]:
    """The sheets of a workbook.

    Raises:
        DocumentError: it is damaged, encrypted, or too large.
    """
    book = _opened(path.read_bytes())
    cells = Cells()
    return [_sheet(book, number, cells) for number in range(book.nsheets)]


def _opened(content: bytes) -> Any:
    failure: Exception | None = None
    for options in _ATTEMPTS:
        try:
            return xlrd.open_workbook(
                file_contents=content, logfile=io.StringIO(), ragged_rows=True, **options
            )
        except UNREADABLE as error:
            if "encrypt" in str(error).lower():
                raise DocumentError(
                    DocumentState.NEEDS_PASSWORD,
                    "The workbook is protected by a password. Save it without one and add it "
                    "again.",
                ) from error
            failure = error
    raise DocumentError(
        DocumentState.DAMAGED,
        "The workbook is damaged and cannot be read. Open it in Excel and save it as .xlsx.",
    ) from failure


def _sheet(book: Any, number: int, cells: Cells) -> Sheet:
    """One sheet; a damaged one as far as it goes."""
    name, is_hidden = f"Sheet {number + 1}", False
    merged: list[Merged] = []
    notes: list[str] = []
    row, is_whole = 0, False
    try:
        sheet = book.sheet_by_index(number)
        name, is_hidden = grid.clean(sheet.name) or name, bool(sheet.visibility)
        merged = [
            Merged(top, bottom - 1, left, right - 1)
            for top, bottom, left, right in sheet.merged_cells
            if right > left and bottom > top
        ]
        for place, note in sorted(sheet.cell_note_map.items()):
            if text := grid.clean(note.text):
                notes.append(f"Note on {xlrd.cellname(*place)}: {text}")
        for row in range(sheet.nrows):
            for column, cell in enumerate(sheet.row(row)):
                runs = sheet.rich_text_runlist_map.get((row, column), ())
                cells.put(row, column, _rich(book, cell, runs) if runs else _text(book, cell))
        is_whole = True
    except UNREADABLE:
        is_whole = False
    rows = cells.take(merged)
    damaged_from = None if is_whole else row + 1
    return Sheet(name, rows, is_hidden, damaged_from=damaged_from, notes=tuple(notes))


def _rich(book: Any, cell: Any, runs: Sequence[tuple[int, int]]) -> str:
    """A text whose runs, each from a place on in a font, may be raised or lowered."""
    places = [0, *(start for start, _ in runs), len(cell.value)]
    fonts = [None, *(font for _, font in runs)]
    said = ""
    for (start, end), font in zip(pairwise(places), fonts, strict=True):
        shift = _SHIFTS.get(book.font_list[font].escapement, 0) if font is not None else 0
        said += raised.shifted(cell.value[start:end], said, shift=shift)
    return grid.clean(raised.with_fractions(said))


def _text(book: Any, cell: Any) -> str:
    """A cell as it is seen."""
    if cell.ctype == xlrd.XL_CELL_TEXT:
        return grid.clean(cell.value)
    if cell.ctype in (xlrd.XL_CELL_NUMBER, xlrd.XL_CELL_DATE):
        epoch = MAC_EPOCH if book.datemode else WINDOWS_EPOCH
        return shown(cell.value, _format(book, cell), epoch)
    if cell.ctype == xlrd.XL_CELL_BOOLEAN:
        return "TRUE" if cell.value else "FALSE"
    if cell.ctype == xlrd.XL_CELL_ERROR:
        return str(xlrd.error_text_from_code.get(cell.value, "#ERROR!"))
    return ""


def _format(book: Any, cell: Any) -> str:
    """The format code of a cell; a date's own where the workbook's formats are not known."""
    if cell.xf_index is not None and book.formatting_info:
        found = book.format_map.get(book.xf_list[cell.xf_index].format_key)
        if found:
            return str(found.format_str)
    return "yyyy-mm-dd h:mm" if cell.ctype == xlrd.XL_CELL_DATE else ""
