"""The control words of rich text (RTF) that stand for characters, and those of code pages."""

from __future__ import annotations

SIGNS = (
    {"line": "\n", "tab": "\t", "emdash": "—", "endash": "–", "emspace": " ", "enspace": " "}
    | {"qmspace": " ", "bullet": "•", "lquote": "‘", "rquote": "’", "ldblquote": "“"}
    | {"rdblquote": "”", "nestcell": " ", "nestrow": "\n", "softline": "\n"}
)
ESCAPES = {"~": " ", "_": "-", "-": "", "{": "{", "}": "}", "\\": "\\", "\n": "\n", "\r": "\n"}
CODE_PAGES = {"pc": "cp437", "pca": "cp850", "mac": "mac_roman", "ansi": "cp1252"}
