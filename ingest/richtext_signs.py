"""The control words of rich text (RTF) that stand for characters, and those of code pages."""

from __future__ import annotations

import re

SIGNS = (
    {"line": "\n", "tab": "\t", "emdash": "—", "endash": "–", "emspace": " ", "enspace": " "}
    | {"qmspace": " ", "bullet": "•", "lquote": "‘", "rquote": "’", "ldblquote": "“"}
    | {"rdblquote": "”", "nestcell": " ", "nestrow": "\n", "softline": "\n"}
)
ESCAPES = {"~": " ", "_": "-", "-": "", "{": "{", "}": "}", "\\": "\\", "\n": "\n", "\r": "\n"}
CODE_PAGES = {"pc": "cp437", "pca": "cp850", "mac": "mac_roman", "ansi": "cp1252"}
# The names of heading styles; without a number, of the style for the title of the whole document.
HEADING_NAME = re.compile(
    r"(?:heading|überschrift|titre|título|titolo)\s*([1-9])|"
    r"^\s*(?:title|titel|titre|título|titolo)\s*;",
    re.IGNORECASE,
)
