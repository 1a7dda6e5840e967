"""Pages of a PDF file whose forms and notes show words, and pages that show a drawing.

Used while pdfium is locked, as `ingest.pdfium` does.
"""

from __future__ import annotations

import ctypes
from collections import Counter
from contextlib import suppress
from typing import Any

import pypdfium2
import pypdfium2.raw as pdfium_c

from ingest.pdfium_calls import plain
from ingest.pdfium_text import load_text, text_of

MIN_PATHS_OF_A_DRAWING = 20  # fewer are rules and frames, more may be letters drawn as outlines
_NOTES = (pdfium_c.FPDF_ANNOT_WIDGET, pdfium_c.FPDF_ANNOT_FREETEXT)
_note_at = plain(pdfium_c.FPDFPage_GetAnnot, ctypes.c_void_p)
_kind_of_note = plain(pdfium_c.FPDFAnnot_GetSubtype, ctypes.c_int, ctypes.c_void_p)
_close_note = plain(pdfium_c.FPDFPage_CloseAnnot, None, ctypes.c_void_p)


def with_notes(document: Any, number: int, page: Any) -> Any | None:
    """A copy of a page with what fields of forms and notes show as a part of it, if it has any.

    A copy, because flattening a page takes what it inherits from it. None of a picture without
    text: OCR sees the notes on it, and would not be asked to if there were words.
    """
    if not any(_kind(page, index) in _NOTES for index in range(_count_notes(page))):
        return None
    letters = _letters(page)
    if not letters and shows_a_drawing(page):
        return None
    noted = pypdfium2.PdfDocument.new()
    with suppress(pypdfium2.PdfiumError):
        noted.import_pages(document, [number - 1])
        copy = noted[0]
        pdfium_c.FPDFPage_Flatten(copy, pdfium_c.FLAT_NORMALDISPLAY)
        copy.close()
        if not letters - _letters(noted[0]):
            return noted
    noted.close()
    return None


def shows_a_drawing(page: Any) -> bool:
    """Whether there is a picture on a page, or more lines than rules and frames have."""
    count = pdfium_c.FPDFPage_CountObjects(page)
    paths = 0
    for index in range(count):
        kind = pdfium_c.FPDFPageObj_GetType(pdfium_c.FPDFPage_GetObject(page, index))
        if kind in (pdfium_c.FPDF_PAGEOBJ_IMAGE, pdfium_c.FPDF_PAGEOBJ_FORM):
            return True
        paths += kind in (pdfium_c.FPDF_PAGEOBJ_PATH, pdfium_c.FPDF_PAGEOBJ_SHADING)
    return paths >= MIN_PATHS_OF_A_DRAWING


def _count_notes(page: Any) -> int:
    return int(pdfium_c.FPDFPage_GetAnnotCount(page))


def _kind(page: Any, index: int) -> int:
    note = _note_at(page, index)
    if not note:
        return int(pdfium_c.FPDF_ANNOT_UNKNOWN)
    kind = int(_kind_of_note(note))
    _close_note(note)
    return kind


def _letters(page: Any) -> Counter[str]:
    """How often each character is on a page."""
    textpage = load_text(page)
    if not textpage:
        return Counter()
    text = text_of(textpage, pdfium_c.FPDFText_CountChars(textpage))
    pdfium_c.FPDFText_ClosePage(textpage)
    return Counter("".join(text.split()))
