"""Counts the numbered paragraphs of Word documents, such as "1.2", "(a)" and "IV".

ISO/IEC 29500 part 1, 17.9: an abstract definition has levels, a number refers to a definition.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from ingest.ooxml import Part

BULLET = "-"
LEVELS = 9
LARGEST_ROMAN = 4000
_PLACE = re.compile(r"%([1-9])")
_ROMAN = (
    *((1000, "m"), (900, "cm"), (500, "d"), (400, "cd"), (100, "c"), (90, "xc"), (50, "l")),
    *((40, "xl"), (10, "x"), (9, "ix"), (5, "v"), (4, "iv"), (1, "i")),
)


@dataclass(slots=True)
class _Level:
    form: str = "decimal"
    text: str = ""
    start: int = 1


@dataclass(slots=True)
class _List:
    levels: dict[int, _Level] = field(default_factory=dict)
    counts: list[int | None] = field(default_factory=lambda: [None] * LEVELS)
    by_style: dict[str, int] = field(default_factory=dict)


class Numbering(Part):
    """The lists of a document as its numbering part defines them, and how far each has counted."""

    def __init__(self) -> None:
        self._lists: dict[str, _List] = {}
        self._of_number: dict[str, str] = {}
        self._starts: dict[str, dict[int, int]] = {}  # of numbers that begin anew
        self._list, self._level = _List(), _Level()
        self._number, self._overridden = "", 0

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        """An element of the numbering part."""
        value = attributes.get("val", "")
        if name == "abstractNum":
            self._number = ""
            self._list = self._lists.setdefault(attributes.get("abstractNumId", ""), _List())
        elif name == "num":
            self._number = attributes.get("numId", "")
        elif name == "abstractNumId" and self._number:
            self._of_number[self._number] = value
        elif name == "lvlOverride":
            self._overridden = _whole(attributes.get("ilvl", ""))
        elif name == "startOverride":
            self._starts.setdefault(self._number, {})[self._overridden] = _whole(value)
        elif not self._number:
            self._note(name, value, attributes)

    def level_of_style(self, number: str, style: str) -> int:
        """The level that a style of paragraph has in a list."""
        found = self._lists.get(self._of_number.get(number, ""))
        return found.by_style.get(style, 0) if found else 0

    def next(self, number: str, level: int) -> str:
        """The mark of the next paragraph of a list: a dash where it is not numbered."""
        found = self._lists.get(self._of_number.get(number, ""))
        if found is None or level not in found.levels:
            return BULLET
        anew = self._starts.get(number, {}).pop(level, None)
        count = found.counts[level]
        first = found.levels[level].start if anew is None else anew
        found.counts[level] = first if count is None or anew is not None else count + 1
        found.counts[level + 1 :] = [None] * (LEVELS - level - 1)
        if found.levels[level].form == "bullet":
            return BULLET
        return _PLACE.sub(lambda place: _count(found, int(place[1]) - 1), found.levels[level].text)

    def _note(self, name: str, value: str, attributes: Mapping[str, str]) -> None:
        if name == "lvl":
            self._level = _Level()
            self._list.levels[_whole(attributes.get("ilvl", ""))] = self._level
        elif name == "numFmt":
            self._level.form = value
        elif name == "lvlText":
            self._level.text = value
        elif name == "start":
            self._level.start = _whole(value)
        elif name == "pStyle":
            self._list.by_style[value] = max(self._list.levels, default=0)


def _count(numbered: _List, level: int) -> str:
    known = numbered.levels.get(level, _Level())
    count = numbered.counts[level]
    return _written(known.start if count is None else count, known.form)


def _written(count: int, form: str) -> str:
    if form in ("lowerLetter", "upperLetter") and count > 0:
        letters = chr(ord("a") + (count - 1) % 26) * min((count - 1) // 26 + 1, 10)
        return letters if form == "lowerLetter" else letters.upper()
    if form in ("lowerRoman", "upperRoman") and 0 < count < LARGEST_ROMAN:
        roman = ""
        for value, digits in _ROMAN:
            roman += digits * (count // value)
            count %= value
        return roman if form == "lowerRoman" else roman.upper()
    if form == "none":
        return ""
    return f"{count:02}" if form == "decimalZero" else str(count)


def _whole(value: str) -> int:
    return min(int(value), 1_000_000) if value.isascii() and value.isdigit() else 0
