"""Reads Excel workbooks, new and old: a page or more a sheet, its cells as a person sees them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ingest import grid, titles
from ingest.composer import Composer
from ingest.loaded import LoadedDocument
from ingest.loaders import xls, xlsx
from ingest.loaders.sheet import Sheet
from ingest.ooxml import damaged
from rag.domain import DocumentState, PageState

OLD_MEDIA_TYPE = "application/vnd.ms-excel"
MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
NOT_CALCULATED = (
    "Formulas without a stored result are left empty: open the workbook in Excel or LibreOffice "
    "and save it, then add it again."
)
MOST_NAMED = 5  # sheets, in a sentence
_OLE = b"\xd0\xcf\x11\xe0"
_OLD_RECORDS = (b"\x09\x00", b"\x09\x02", b"\x09\x04", b"\x09\x08")  # of workbooks before 1997


def load(path: Path, name: str, *, max_pages: int) -> LoadedDocument:
    """Read a workbook; a page's label is its sheet's name, which is a heading of level 1, too.

    Hidden sheets, rows and columns are read, and the reason says so. Formulas give their
    stored results.

    Raises:
        DocumentError: it is damaged, encrypted, too large, or holds no text.
    """
    with path.open("rb") as file:
        start = file.read(len(_OLE))
    is_old = start == _OLE or start[:2] in _OLD_RECORDS
    sheets = xls.read(path) if is_old else xlsx.read(path)
    composer = Composer()
    for sheet in sheets:
        _compose(composer, sheet)
    composed = composer.finish(max_pages)
    if all(page.state is not PageState.TEXT for page in composed.pages):
        raise damaged()
    broken = [sheet.name for sheet in sheets if sheet.damaged_from is not None]
    notes = [NOT_CALCULATED] if any(sheet.lacks_results for sheet in sheets) else []
    if broken:
        notes.insert(0, f"Damaged sheets, read as far as they go: {', '.join(broken)}.")
    notes += _notes_on_hidden(sheets)
    return composed.document(
        titles.from_name(name),
        OLD_MEDIA_TYPE if is_old else MEDIA_TYPE,
        paginated=True,
        state=DocumentState.PARTIAL if broken else DocumentState.READY,
        reason=" ".join(notes),
    )


def _compose(composer: Composer, sheet: Sheet) -> None:
    blocks = list(grid.blocks(sheet.rows))
    sheet.rows.clear()
    if not blocks and not sheet.boxes and not sheet.notes:
        is_lost = sheet.damaged_from is not None
        composer.begin_page(
            sheet.name,
            state=PageState.FAILED if is_lost else PageState.EMPTY,
            reason=_without_text(sheet),
        )
        return
    reason = ""
    if sheet.damaged_from is not None:
        reason = f"The sheet is damaged from row {sheet.damaged_from:,} on."
    composer.begin_page(sheet.name, reason=reason)
    composer.heading(sheet.name, 1, " (hidden sheet)" if sheet.is_hidden else "")
    for block in blocks:
        composer.paragraph(*block.lines)
        composer.table(block.rows, name=sheet.name, header=block.header)
    composer.paragraph(*sheet.notes)
    for text in sheet.boxes:
        composer.paragraph(text)


def _notes_on_hidden(sheets: Sequence[Sheet]) -> list[str]:
    """Sentences on what the workbook does not show and was read."""
    hidden = [sheet.name for sheet in sheets if sheet.is_hidden]
    partly = [sheet.name for sheet in sheets if sheet.hides_cells and not sheet.is_hidden]
    notes = (("sheets", hidden), ("rows or columns of sheets", partly))
    return [
        f"Hidden {what}, read like the others: {_named(names)}." for what, names in notes if names
    ]


def _named(names: Sequence[str]) -> str:
    more = len(names) - MOST_NAMED
    return ", ".join(names[:MOST_NAMED]) + (f" and {more:,} more" if more > 0 else "")


def _without_text(sheet: Sheet) -> str:
    if sheet.damaged_from is not None:
        return "The sheet is damaged."
    if sheet.is_drawing:
        return "The sheet is a chart or a form, without cells."
    return "The sheet is empty."
