"""The tokens of rich text (RTF), and its words for characters, code pages and texts aside."""

from __future__ import annotations

import codecs
import re

SIGNS = (
    {"line": "\n", "tab": "\t", "emdash": "—", "endash": "–", "emspace": " ", "enspace": " "}
    | {"qmspace": " ", "bullet": "•", "lquote": "‘", "rquote": "’", "ldblquote": "“"}
    | {"rdblquote": "”", "nestcell": " ", "nestrow": "\n", "softline": "\n"}
)
ESCAPES = {"~": " ", "_": "-", "-": "", "{": "{", "}": "}", "\\": "\\", "\n": "\n", "\r": "\n"}
CODE_PAGES = {"pc": "cp437", "pca": "cp850", "mac": "mac_roman", "ansi": "cp1252"}
MARGINS = frozenset(
    ("header", "headerl", "headerr", "headerf", "footer", "footerl", "footerr", "footerf")
)
ASIDES = MARGINS | {"footnote", "shptxt", "annotation"}  # of their own, in the middle of another
MARKERS = frozenset(("listtext", "pntext"))
BULLETS = frozenset("•·▪◦‣●○■–-*\uf0b7\uf0a7o")
TOKEN = re.compile(
    r"\\([a-zA-Z]{1,32})(-?\d{1,60})?[ ]?|\\'([0-9a-fA-F]{2})|\\([^a-zA-Z])|([{}])|[\r\n\x00]+"
    r"|([^\\{}\r\n\x00]+)|\\"
)
# The names of heading styles; without a number, of the style for the title of the whole document.
HEADING_NAME = re.compile(
    r"(?:heading|überschrift|titre|título|titolo)\s*([1-9])|"
    r"^\s*(?:title|titel|titre|título|titolo)\s*;",
    re.IGNORECASE,
)


def is_known(encoding: str) -> bool:
    """Whether text can be read in it."""
    try:
        return bool(encoding) and bool(codecs.lookup(encoding))
    except LookupError:
        return False
