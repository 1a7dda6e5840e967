"""Writes the formulas of Office documents (OMML) on one line: powers, fractions, roots, brackets.

ISO/IEC 29500 part 1, 22.1. What is not followed gives its characters in their order.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from ingest import raised
from rag.raised import RAISED

_FORMULA = "oMath"
_SIMPLE = re.compile(r"[\w.,]*")
_RAISED = re.compile(f"[{RAISED}]*")
_SIGNS = frozenset({"chr", "begChr", "endChr", "sepChr"})
_ARGUMENTS = frozenset({"sup", "sub", "num", "den", "deg", "e"})


@dataclass(slots=True)
class _Element:
    name: str
    start: int  # in the pieces
    arguments: int = 0
    opens: str = "("
    closes: str = ")"
    parts: str = "|"


class Formulas:
    """Follows the elements of formulas, and writes them into the pieces of their paragraph."""

    def __init__(self) -> None:
        self._open: list[_Element] = []

    def start(self, name: str, attributes: Mapping[str, str], pieces: list[str]) -> None:
        """An element begins; outside formulas it is none of theirs."""
        if not self._open and name != _FORMULA:
            return
        if name in _SIGNS:
            self._sign(name, attributes.get("val", ""), pieces)
        elif name == "e" and self._open[-1].name == "rad":
            pieces.append("√(")
        elif name == "e" and self._open[-1].name == "d":
            around = self._open[-1]
            pieces.append(around.parts if around.arguments else around.opens)
            around.arguments += 1
        elif name == "num" and "".join(pieces[-2:])[-1:].isalnum():
            pieces.append(" ")
        self._open.append(_Element(name, len(pieces)))

    def end(self, name: str, pieces: list[str]) -> None:
        """An element ends."""
        if not self._open or self._open[-1].name != name:
            return
        element = self._open.pop()
        around = self._open[-1].name if self._open else ""
        if name in _ARGUMENTS:
            start = min(element.start, len(pieces))
            text = "".join(pieces[start:])
            pieces[start:] = [_written(name, around, text, "".join(pieces[:start][-2:]))]
        elif name == "d" and element.arguments:
            pieces.append(element.closes)
        elif name == "f":
            pieces.append("\u2060")  # what follows is none of it; see `tidy`

    def _sign(self, name: str, sign: str, pieces: list[str]) -> None:
        """A sign that brackets or a sum are drawn with."""
        around = self._open[-2] if len(self._open) > 1 else self._open[-1]
        if name == "begChr":
            around.opens = sign
        elif name == "endChr":
            around.closes = sign
        elif name == "sepChr":
            around.parts = sign
        elif around.name == "nary":
            pieces.append(sign)


def tidy(text: str) -> str:
    """A text with a space behind each fraction that a letter or a figure follows."""
    return re.sub(r"\u2060(?=\w)", " ", text).replace("\u2060", "") if "\u2060" in text else text


def _written(name: str, around: str, text: str, before: str) -> str:
    if name == "sup":
        high = raised.raised(text, before)
        return high if _RAISED.fullmatch(high) else f"^{_bracketed(text)}" if text else ""
    if name == "sub":
        low = raised.lowered(text, before)
        return low if low != text else f"_{_bracketed(text)}" if text else ""
    if name == "num":
        return f"{_bracketed(text)}/"
    if name == "den":
        return _bracketed(text)
    if name == "deg":
        return raised.raised(text, "")
    return f"{text})" if around == "rad" else text


def _bracketed(text: str) -> str:
    return text if _SIMPLE.fullmatch(text) else f"({text})"
