"""The text of an open PDF page, as all that reads a page or marks words on it loads it.

pdfium orders lines as the page is displayed. Where a page was only turned, as a viewer does, its
words run as if it was not, and their lines would come in reverse or from right to left: those are
ordered as they stand before the page is turned. Used while pdfium is locked.
"""

from __future__ import annotations

from itertools import islice
from math import cos
from typing import Any

import pypdfium2.raw as pdfium_c

LOOKED_AT = 64  # characters of a turned page, from all over it
UPRIGHT = 0.99  # cosine of the angle at which a character stands, at least


def load_text(page: Any) -> Any:
    """The text page of pdfium, to be closed with `FPDFText_ClosePage`; null where there is none.

    The places of its characters are those on the page before it is turned, as ever.
    """
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
