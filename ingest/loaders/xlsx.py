"""Reads the cells of Excel workbooks (.xlsx, .xlsm), as streams of elements.

ISO/IEC 29500 part 1, 18: the parts are the workbook, its strings, its styles and its sheets; both
the strict and the transitional kind are read.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path

from ingest import archive, grid, raised
from ingest.composer import MAX_CELLS
from ingest.loaders.sheet import MAX_COLUMNS, MAX_ROWS, Cells, Merged, Sheet
from ingest.numerals import BUILTIN_CODES, shown
from ingest.ooxml import Package, Part, Relation
from ingest.serials import MAC_EPOCH, WINDOWS_EPOCH
from rag.domain import DocumentState
from rag.errors import DocumentError

Text = Callable[[str, str, str], str]
"""A cell as it is seen, from its type, its style and its value as they are written."""

WORKBOOK = "xl/workbook.xml"
_WITH_CELLS = frozenset({"worksheet", "xlMacrosheet", "xlIntlMacrosheet"})
_WITHOUT_CELLS = frozenset({"chartsheet", "dialogsheet"})
_NOTES = ("comments", "threadedComment")  # the first repeat the second, for older programs
_REFERENCE = re.compile(r"\$?([A-Za-z]{1,3})\$?(\d{1,7})")
_YES = frozenset({"1", "true"})
_SHIFTS = {"superscript": 1, "subscript": -1}
_LETTERS = {chr(ord("A") + place): place + 1 for place in range(26)}


def read(path: Path) -> list[Sheet]:
    """The sheets of a workbook.

    Raises:
        DocumentError: it is damaged, encrypted, or too large.
    """
    with archive.opened(path) as opened:
        package = Package(opened)
        main = package.main_part(WORKBOOK)
        workbook = _Workbook()
        package.read(main, workbook)
        relations = package.relations(main)
        strings, styles = _Strings(), _Styles()
        for relation in relations:
            if relation.kind == "sharedStrings" and relation.target in package:
                package.read(relation.target, strings)
            elif relation.kind == "styles" and relation.target in package:
                _read_as_far(package, relation.target, styles)
        reader = _Reader(package, strings.texts, styles.codes(), workbook.epoch)
        targets = {each.id: each for each in relations}
        return [reader.listed(each, targets.get(each.relation)) for each in workbook.sheets]


class _Listed:
    """A sheet as the workbook lists it."""

    def __init__(self, attributes: Mapping[str, str]) -> None:
        self.name = grid.clean(attributes.get("name", "")) or "Sheet"
        self.relation = attributes.get("id", "")
        self.is_hidden = attributes.get("state", "visible") != "visible"


class _Workbook(Part):
    def __init__(self) -> None:
        self.sheets: list[_Listed] = []
        self.epoch = WINDOWS_EPOCH

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        if name == "sheet":
            self.sheets.append(_Listed(attributes))
        elif name == "workbookPr" and attributes.get("date1904") in ("1", "true"):
            self.epoch = MAC_EPOCH


class _Strings(Part):
    """The texts that cells refer to by their places; how they are pronounced is left out."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self._pieces: list[str] = []
        self._in_text = False
        self._phonetic = 0
        self._shift = 0

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        self._in_text = name == "t" and not self._phonetic
        self._shift = _shift_of(name, attributes, self._shift)
        self._phonetic += name == "rPh"

    def end(self, name: str) -> None:
        self._in_text = False
        if name == "rPh":
            self._phonetic -= 1
        elif name == "si":
            self.texts.append(_put_together(self._pieces))
            self._pieces.clear()
            if len(self.texts) > MAX_CELLS:
                raise DocumentError(
                    DocumentState.TOO_LARGE, "The workbook holds too many texts. Split it."
                )

    def say(self, text: str) -> None:
        if self._in_text:
            self._pieces.append(raised.shifted(text, "".join(self._pieces[-2:]), shift=self._shift))


class _Styles(Part):
    """The format codes of numbers, by the styles of cells."""

    def __init__(self) -> None:
        self._codes: dict[str, str] = {str(key): code for key, code in BUILTIN_CODES.items()}
        self._formats: list[str] = []
        self._in_cells = False

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        if name == "numFmt":
            self._codes[attributes.get("numFmtId", "")] = attributes.get("formatCode", "")
        elif name == "cellXfs":
            self._in_cells = True
        elif name == "xf" and self._in_cells:
            self._formats.append(attributes.get("numFmtId", ""))

    def end(self, name: str) -> None:
        if name == "cellXfs":
            self._in_cells = False

    def codes(self) -> dict[str, str]:
        """The format codes by the numbers of styles, as cells write them."""
        return {str(place): self._codes.get(key, "") for place, key in enumerate(self._formats)}


class _Reader:
    """Reads sheets with what they share: strings, styles, and the limit of cells."""

    def __init__(
        self, package: Package, strings: list[str], codes: Mapping[str, str], epoch: datetime
    ) -> None:
        self._package = package
        self._strings, self._codes, self._epoch = strings, codes, epoch
        self._cells = Cells()

    def listed(self, listed: _Listed, relation: Relation | None) -> Sheet:
        """A sheet of the workbook's list, which may lead nowhere."""
        if relation is not None and relation.kind in _WITH_CELLS:
            return self.sheet(listed.name, relation.target, is_hidden=listed.is_hidden)
        if relation is not None and relation.kind in _WITHOUT_CELLS:
            boxes = self._boxes(relation.target)
            return Sheet(listed.name, [], listed.is_hidden, boxes=boxes, is_drawing=True)
        return Sheet(listed.name, [], listed.is_hidden, damaged_from=1)

    def sheet(self, name: str, part: str, *, is_hidden: bool) -> Sheet:
        """One sheet; a damaged one as far as it goes."""
        grid_part = _Grid(self._cells, self.text)
        is_whole = _read_as_far(self._package, part, grid_part)
        return Sheet(
            name=name,
            rows=self._cells.take(grid_part.merged),
            is_hidden=is_hidden,
            boxes=self._boxes(part),
            damaged_from=None if is_whole else max(grid_part.row, 1),
            lacks_results=grid_part.lacks_results,
            notes=self._notes(part),
            hides_cells=grid_part.hides_cells,
        )

    def text(self, kind: str, style: str, value: str) -> str:
        """A cell as it is seen, from its type, its style and its value as they are written."""
        if kind == "s":
            place = int(value) if value.isascii() and value.isdigit() else -1
            return self._strings[place] if 0 <= place < len(self._strings) else ""
        if kind == "b":
            return "TRUE" if value.strip() in ("1", "true") else "FALSE"
        if kind == "d":
            return value.removesuffix("Z").removesuffix("T00:00:00").replace("T", " ")
        if kind in ("str", "inlineStr", "e"):
            return grid.clean(value)
        try:
            return shown(float(value), self._codes.get(style, ""), self._epoch)
        except ValueError:
            return grid.clean(value)

    def _boxes(self, part: str) -> tuple[str, ...]:
        """The texts in the boxes that lie on a sheet."""
        boxes = _Boxes()
        for relation in self._package.relations(part):
            if relation.kind == "drawing" and relation.target in self._package:
                _read_as_far(self._package, relation.target, boxes)
        return tuple(boxes.texts)

    def _notes(self, part: str) -> tuple[str, ...]:
        """The notes on the cells of a sheet; what is said in a thread is kept as a note, too."""
        notes = {kind: _Notes() for kind in _NOTES}
        for relation in self._package.relations(part):
            if relation.kind in notes and relation.target in self._package:
                _read_as_far(self._package, relation.target, notes[relation.kind])
        first, second = (notes[kind].texts for kind in _NOTES)
        repeated = {place for place, _ in second}
        said = [
            *((place, text) for place, text in first if place not in repeated),
            *second,
        ]
        return tuple(f"Note on {place}: {text}" for place, text in said)


class _Grid(Part):
    """The cells of one sheet."""

    def __init__(self, cells: Cells, text: Text) -> None:
        self.merged: list[Merged] = []
        self.lacks_results = self.hides_cells = False
        self.row = 0  # counted from 1: the one that is read
        self._cells, self._text = cells, text
        self._column = 0
        self._kind = self._style = ""
        self._value: list[str] = []
        self._is_open = self._has_formula = False
        self._phonetic = self._shift = 0
        self._in_hidden_row = False
        self._hidden_columns: list[tuple[int, int]] = []  # the first and the last of each run

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        self._shift = _shift_of(name, attributes, self._shift)
        if name == "c":
            self._begin(attributes)
        elif name == "v" or (name == "t" and not self._phonetic):
            self._is_open = True
        elif name == "f":
            self._has_formula = True
        elif name == "row":
            number = attributes.get("r", "")
            self.row = int(number) if number.isascii() and number.isdigit() else self.row + 1
            self._column = 0
            self._in_hidden_row = attributes.get("hidden") in _YES
        elif name == "col" and attributes.get("hidden") in _YES:
            self._hide_columns(attributes.get("min", ""), attributes.get("max", ""))
        elif name == "rPh":
            self._phonetic += 1
        elif name == "mergeCell":
            self._merge(attributes.get("ref", ""))

    def end(self, name: str) -> None:
        if name == "c":
            self._close()
        elif name in ("v", "t"):
            self._is_open = False
        elif name == "rPh":
            self._phonetic -= 1

    def say(self, text: str) -> None:
        if self._is_open:
            self._value.append(raised.shifted(text, "".join(self._value[-2:]), shift=self._shift))

    def _begin(self, attributes: Mapping[str, str]) -> None:
        self._kind, self._style = attributes.get("t", "n"), attributes.get("s", "0")
        self._has_formula = False
        self._value.clear()
        place = _place(attributes["r"]) if "r" in attributes else None
        self._column = place[1] if place else self._column + 1

    def _close(self) -> None:
        if self._value:
            text = self._text(self._kind, self._style, _put_together(self._value))
            self._cells.put(self.row - 1, self._column - 1, text)
            if text and not self.hides_cells:
                self.hides_cells = self._in_hidden_row or self._is_in_hidden_column()
        elif self._has_formula and self._kind != "str":
            self.lacks_results = True

    def _hide_columns(self, first: str, last: str) -> None:
        if first.isdecimal() and last.isdecimal() and len(self._hidden_columns) < MAX_COLUMNS:
            self._hidden_columns.append((int(first), int(last)))

    def _is_in_hidden_column(self) -> bool:
        return any(first <= self._column <= last for first, last in self._hidden_columns)

    def _merge(self, reference: str) -> None:
        first, _, last = reference.partition(":")
        start, end = _place(first), _place(last)
        if start and end and start <= end and start[1] <= end[1] and end[0] <= MAX_ROWS:
            self.merged.append(Merged(start[0] - 1, end[0] - 1, start[1] - 1, end[1] - 1))


class _Boxes(Part):
    """The paragraphs of the text boxes on a sheet."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self._pieces: list[str] = []
        self._in_text = False

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        self._in_text = name == "t"

    def end(self, name: str) -> None:
        self._in_text = False
        if name == "p":
            text = grid.clean("".join(self._pieces))
            self._pieces.clear()
            if text:
                self.texts.append(text)

    def say(self, text: str) -> None:
        if self._in_text:
            self._pieces.append(text)


class _Notes(Part):
    """What was noted on the cells of a sheet, by their places."""

    def __init__(self) -> None:
        self.texts: list[tuple[str, str]] = []
        self._place = ""
        self._pieces: list[str] = []
        self._in_text = False

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        if name in ("comment", "threadedComment"):
            self._place = grid.clean(attributes.get("ref", ""))
        self._in_text = name in ("t", "text")

    def end(self, name: str) -> None:
        self._in_text = False
        if name in ("comment", "threadedComment"):
            text = grid.clean("".join(self._pieces))
            self._pieces.clear()
            if text:
                self.texts.append((self._place, text))

    def say(self, text: str) -> None:
        if self._in_text:
            self._pieces.append(text)


def _shift_of(name: str, attributes: Mapping[str, str], shift: int) -> int:
    """Whether the run of rich text that is read is raised (1), lowered (-1), or neither (0)."""
    if name == "vertAlign":
        return _SHIFTS.get(attributes.get("val", ""), 0)
    return 0 if name in ("r", "si", "c") else shift


def _put_together(pieces: list[str]) -> str:
    return grid.clean(raised.with_fractions("".join(pieces)))


def _place(reference: str) -> tuple[int, int] | None:
    """The row and the column of a cell, counted from 1."""
    found = _REFERENCE.fullmatch(reference)
    if not found:
        return None
    column = 0
    for letter in found[1].upper():
        column = column * 26 + _LETTERS[letter]
    return int(found[2]), column


def _read_as_far(package: Package, name: str, part: Part) -> bool:
    """Read a part as far as it is sound; false where it is damaged."""
    try:
        package.read(name, part)
    except DocumentError as error:
        if error.state is not DocumentState.DAMAGED:
            raise
        return False
    return True
