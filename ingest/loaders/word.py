"""Reads the text of Word documents: paragraphs, headings, list items and tables, as Markdown.

The file is an archive of XML that anybody may have made. It is read as a stream, its size is
counted while it is inflated, and a document type declaration, which could define entities that
grow without end, ends the reading.
"""

from __future__ import annotations

import posixpath
import re
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from xml.parsers import expat

from rag.domain import DocumentState
from rag.errors import DocumentError

MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
MAX_XML_BYTES = 100_000_000  # of one part, inflated
MAX_CHARACTERS = 20_000_000
PIECE_BYTES = 65_536
DEEPEST = 200  # elements in one another
HEADINGS = 6  # levels that Markdown has
ZIP = b"PK\x03\x04"
_SKIPPED = frozenset({"moveFrom", "Fallback", "del"})  # what is no longer there, or there twice
_LIST = re.compile(r"List ?(?:Bullet|Number)", re.IGNORECASE)
_SIGNS = {"tab": "\t", "br": "\n", "cr": "\n", "noBreakHyphen": "-", "ptab": "\t"}
_HEADING_NAME = re.compile(r"(?:heading|title|titre|überschrift|título)\s?([1-9])?", re.IGNORECASE)
_UNREADABLE = (
    *(zipfile.BadZipFile, zlib.error, expat.ExpatError, EOFError, KeyError),
    *(NotImplementedError, RuntimeError, UnicodeDecodeError, ValueError),
)


@dataclass(slots=True)
class _Paragraph:
    pieces: list[str] = field(default_factory=list)
    level: int = 0
    is_item: bool = False


def is_word(path: Path) -> bool:
    """Whether a file is an archive that holds a Word document."""
    with path.open("rb") as file:
        if file.read(len(ZIP)) != ZIP:
            return False
    with suppress(*_UNREADABLE), zipfile.ZipFile(path) as archive:
        return any(name.startswith("word/") for name in archive.namelist())
    return False


def read_text(path: Path) -> str:
    """The text of a Word document.

    Paragraphs are separated by blank lines; headings, list items and table rows are marked as in
    Markdown. What was deleted while changes were tracked is left out.

    Raises:
        DocumentError: the file is damaged, or too large.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            part = _main_part(archive)
            styles = _Styles()
            with suppress(KeyError):
                _parse(archive, posixpath.join(posixpath.dirname(part), "styles.xml"), styles)
            body = _Body(styles.levels)
            _parse(archive, part, body)
    except _UNREADABLE as error:
        raise DocumentError(
            DocumentState.DAMAGED, "The Word document is damaged and cannot be read."
        ) from error
    return body.text()


class _Part:
    """What is made of the elements of one part."""

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        """An element begins; names are without their namespaces."""

    def end(self, name: str) -> None:
        """An element ends."""

    def say(self, text: str) -> None:
        """Characters."""


class _Relations(_Part):
    """Finds the part that is the document."""

    def __init__(self) -> None:
        self.target = "word/document.xml"

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        if name == "Relationship" and attributes.get("Type", "").endswith("/officeDocument"):
            self.target = attributes.get("Target", self.target).lstrip("/")


class _Styles(_Part):
    """Finds the styles that are headings, and of what level."""

    def __init__(self) -> None:
        self.levels: dict[str, int] = {}
        self._style = ""

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        value = attributes.get("val", "")
        if name == "style":
            self._style = attributes.get("styleId", "")
        elif name == "name" and (level := _level_of(value)):
            self.levels[self._style] = level
        elif name == "outlineLvl" and value.isdigit() and int(value) < HEADINGS:
            self.levels.setdefault(self._style, int(value) + 1)


class _Body(_Part):
    """Collects the paragraphs, items and rows of the document."""

    def __init__(self, levels: Mapping[str, int]) -> None:
        self._levels = levels
        self._blocks: list[tuple[str, bool]] = []  # and whether it stands close to the one before
        self._open: list[_Paragraph] = []
        self._cells: list[list[str]] = []  # of each table row that is open, a cell's text
        self._rows: list[int] = []  # of each table that is open
        self._skipped = 0
        self._in_text = False
        self._length = 0

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        if name in _SKIPPED or self._skipped:
            self._skipped += 1
            return
        paragraph = self._open[-1] if self._open else None
        if name == "p":
            self._open.append(_Paragraph())
        elif name == "tbl":
            self._rows.append(0)
        elif name == "tr":
            self._cells.append([])
        elif name == "tc" and self._cells:
            self._cells[-1].append("")
        elif name == "t":
            self._in_text = True
        elif paragraph is not None:
            _note(paragraph, name, attributes.get("val", ""), self._levels)

    def end(self, name: str) -> None:
        if self._skipped:
            self._skipped -= 1
        elif name == "t":
            self._in_text = False
        elif name == "p" and self._open:
            self._close(self._open.pop())
        elif name == "tr" and self._cells:
            self._close_row(self._cells.pop())
        elif name == "tbl" and self._rows:
            self._rows.pop()

    def say(self, text: str) -> None:
        if self._in_text and self._open and not self._skipped:
            self._open[-1].pieces.append(text)
            self._length += len(text)
            if self._length > MAX_CHARACTERS:
                raise _too_large()

    def text(self) -> str:
        lines: list[str] = []
        for block, is_close in self._blocks:
            if lines:
                lines.append("\n" if is_close else "\n\n")
            lines.append(block)
        return "".join(lines)

    def _close(self, paragraph: _Paragraph) -> None:
        text = "".join(paragraph.pieces).strip()
        if self._cells and self._cells[-1]:
            said = " ".join(text.replace("|", "\\|").split())
            self._cells[-1][-1] = " ".join(filter(None, [self._cells[-1][-1], said]))
        elif paragraph.level and text:
            self._add(f"{'#' * paragraph.level} {' '.join(text.split())}")
        elif paragraph.is_item and text:
            self._add(f"- {text}", is_close=True)
        else:
            self._add(text)

    def _close_row(self, cells: list[str]) -> None:
        """A row of a table; the first one heads the others."""
        if not any(cells):
            return
        self._add(f"| {' | '.join(cells)} |", is_close=True)
        if self._rows and not self._rows[-1]:
            self._add("| --- " * len(cells) + "|", is_close=True)
        if self._rows:
            self._rows[-1] += 1

    def _add(self, text: str, *, is_close: bool = False) -> None:
        if text:
            kind = text[:2]
            before = self._blocks[-1][0][:2] if self._blocks else ""
            self._blocks.append((text, is_close and before == kind))


def _note(paragraph: _Paragraph, name: str, value: str, levels: Mapping[str, int]) -> None:
    """Take what an element inside a paragraph says of it."""
    if name == "pStyle":
        paragraph.level = levels.get(value) or _level_of(value)
        paragraph.is_item = bool(_LIST.match(value))
    elif name == "outlineLvl" and value.isdigit() and int(value) < HEADINGS:
        paragraph.level = int(value) + 1
    elif name == "numId":
        paragraph.is_item = value != "0"
    elif name in _SIGNS:
        paragraph.pieces.append(_SIGNS[name])


def _level_of(style: str) -> int:
    found = _HEADING_NAME.fullmatch(style.strip())
    return min(int(found[1] or 1), HEADINGS) if found else 0


def _main_part(archive: zipfile.ZipFile) -> str:
    relations = _Relations()
    with suppress(KeyError):
        _parse(archive, "_rels/.rels", relations)
    return relations.target


def _parse(archive: zipfile.ZipFile, name: str, part: _Part) -> None:
    """Read a part of the archive piece by piece."""
    parser = expat.ParserCreate(namespace_separator=" ")
    depth = 0

    def start(tag: str, attributes: dict[str, str]) -> None:
        nonlocal depth
        depth += 1
        if depth > DEEPEST:
            raise _too_large()
        part.start(_local(tag), {_local(key): value for key, value in attributes.items()})

    def end(tag: str) -> None:
        nonlocal depth
        depth -= 1
        part.end(_local(tag))

    def refuse(*_declared: object) -> None:
        raise DocumentError(
            DocumentState.DAMAGED,
            "The Word document declares a document type, which none needs. It was not read.",
        )

    parser.StartElementHandler, parser.EndElementHandler = start, end
    parser.CharacterDataHandler = part.say
    parser.StartDoctypeDeclHandler = refuse
    for piece in _inflated(archive, name):
        parser.Parse(piece, False)
    parser.Parse(b"", True)


def _inflated(archive: zipfile.ZipFile, name: str) -> Iterator[bytes]:
    size = 0
    with archive.open(name) as member:
        while piece := member.read(PIECE_BYTES):
            size += len(piece)
            if size > MAX_XML_BYTES:
                raise _too_large()
            yield piece


def _local(name: str) -> str:
    return name.rpartition(" ")[2]


def _too_large() -> DocumentError:
    return DocumentError(
        DocumentState.TOO_LARGE, "The Word document is too large once unpacked. Split it."
    )
