"""The text of an open PDF page, as all that reads a page or marks words on it loads it.

pdfium orders lines as the page is displayed. Where a page was only turned, as a viewer does, its
words run as if it was not, and their lines would come in reverse or from right to left: those are
ordered as they stand before the page is turned. Used while pdfium is locked.
"""

from __future__ import annotations

import ctypes
from itertools import islice
from math import cos
from typing import Any

import pypdfium2.raw as pdfium_c

from ingest.pdfium_crop import leave_out_unseen

END_OF_LINE_HYPHEN = "\x02"  # pdfium's mark for a hyphen that only breaks a word at a line's end
LOOKED_AT = 64  # characters of a turned page, from all over it
UPRIGHT = 0.99  # cosine of the angle at which a character stands, at least


def load_text(page: Any) -> Any:
    """The text page of pdfium, to be closed with `FPDFText_ClosePage`; null where there is none.

    The places of its characters are those on the page before it is turned, as ever. Words outside
    its visible part are left out, and taken off the open page.
    """
    leave_out_unseen(page)
    textpage = pdfium_c.FPDFText_LoadPage(page)
    turned = pdfium_c.FPDFPage_GetRotation(page)
    if not (turned and textpage and _is_upright(textpage)):
        return textpage
    pdfium_c.FPDFText_ClosePage(textpage)
    pdfium_c.FPDFPage_SetRotation(page, 0)
    try:
        return pdfium_c.FPDFText_LoadPage(page)
    finally:
        pdfium_c.FPDFPage_SetRotation(page, turned)


def _is_upright(textpage: Any) -> bool:
    """Whether most of its characters stand upright before the page is turned."""
    count = pdfium_c.FPDFText_CountChars(textpage)
    visible = (
        index
        for index in range(0, count, max(count // LOOKED_AT, 1))
        if not chr(min(pdfium_c.FPDFText_GetUnicode(textpage, index), 0x10FFFF)).isspace()
    )
    angles = [
        pdfium_c.FPDFText_GetCharAngle(textpage, index) for index in islice(visible, LOOKED_AT)
    ]
    upright = [angle >= 0 and cos(angle) > UPRIGHT for angle in angles]
    return bool(2 * sum(upright) > len(upright))


def text_of(textpage: Any, characters: int) -> str:
    """The page's text; characters pdfium knows no text for are absent from it."""
    text_index = pdfium_c.FPDFText_GetTextIndexFromCharIndex
    first, last = 0, characters - 1
    while first <= last and (begin := text_index(textpage, first)) < 0:
        first += 1
    while last >= first and (end := text_index(textpage, last)) < 0:
        last -= 1
    if first > last:
        return ""
    length = end + 1 - begin
    buffer = bytearray(2 * (length + 1))  # UTF-16, and the zero behind it
    place = ctypes.byref(ctypes.c_ushort.from_buffer(buffer))
    written = pdfium_c.FPDFText_GetText(textpage, first, last + 1 - first, place)
    text = buffer[: 2 * max(written - 1, 0)].decode("utf-16-le", "replace")
    return text.replace("\ufffe", END_OF_LINE_HYPHEN)


def character_indices(textpage: Any, text: str, start: int, end: int) -> list[int]:
    """The engine's index of each visible character of a span; its text counts UTF-16 units."""
    unit = len(text[:start].encode("utf-16-le")) // 2
    indices = []
    for character in text[start:end]:
        if not character.isspace():
            indices.append(pdfium_c.FPDFText_GetCharIndexFromTextIndex(textpage, unit))
        unit += 2 if ord(character) > 0xFFFF else 1
    return indices
