"""Lines that only number a page: running text goes on around them, to or from another page."""

from __future__ import annotations

import re

LONGEST = 24  # characters
_SIDE = r"[-–—|·•~]"
_NUMBERS = re.compile(
    rf"(?:{_SIDE}\s?)?"
    r"(?:(?:page|pg\.?|p\.|seite|s\.|página|pág\.|pagina|blz\.?)\s?)?"
    r"(?:\d{1,4}(?:\s?(?:/|of|von|de|sur|di|van)\s?\d{1,4})?|[A-Z]{1,2}-\d{1,3}|[ivxl]{1,7}"
    r"|\[\d{1,4}\]|\(\d{1,4}\))"
    rf"(?:\s?{_SIDE})?",
    re.IGNORECASE,
)
_YEAR = re.compile(
    r"(?:19|20)\d\d"
)  # a sentence may end in it; hardly a document has so many pages
_ROMAN = re.compile(r"[IVXL]+")  # "I", as a person says it, and the number of a part


def is_page_number(line: str) -> bool:
    """Whether a line holds the number of a page and nothing else: "6", "- 6 -", "Page 6 of 12"."""
    words = line.strip()
    if len(words) > LONGEST or _YEAR.fullmatch(words) or _ROMAN.fullmatch(words):
        return False
    return _NUMBERS.fullmatch(words) is not None
