"""Reads the parts of Word, Excel and PowerPoint files: XML in an archive, that anybody made.

A part is read as a stream of elements. A document type declaration, which could define entities
that grow without end, ends the reading, and so does nesting without end.
"""

from __future__ import annotations

import posixpath
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote
from xml.parsers import expat

from ingest import archive
from ingest.archive import Archive
from rag.domain import DocumentState
from rag.errors import DocumentError

DEEPEST = 200  # elements in one another
_DOCTYPE = b"<!DOCTYPE"


class Part:
    """What is made of the elements of one part; names are without their namespaces."""

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        """An element begins."""

    def end(self, name: str) -> None:
        """An element ends."""

    def say(self, text: str) -> None:
        """Characters."""


@dataclass(frozen=True, slots=True)
class Relation:
    """From one part to another: its kind, as the last word of its type, and the other's name."""

    id: str
    kind: str
    target: str


class Package:
    """An archive of parts, found by name."""

    def __init__(self, opened: Archive) -> None:
        self._archive = opened
        self._entries = {_tidied(entry.filename): entry for entry in opened.entries}

    def __contains__(self, name: str) -> bool:
        return _tidied(name) in self._entries

    def read(self, name: str, part: Part) -> None:
        """Read a part piece by piece.

        Raises:
            DocumentError: it is not there, damaged, or larger than is allowed.
        """
        parser = _parser(part)
        try:
            for piece in self.pieces(name):
                parser.Parse(piece, False)
            parser.Parse(b"", True)
        except (expat.ExpatError, UnicodeError, ValueError, LookupError) as error:
            raise damaged() from error

    def pieces(self, name: str) -> Iterator[bytes]:
        """The bytes of a part, piece by piece.

        Raises:
            DocumentError: it is not there, damaged, or larger than is allowed.
        """
        return self._archive.pieces(self._entry(name))

    def inside(self, folder: str) -> list[str]:
        """The names of the parts in a folder, which ends with a slash, as they are written."""
        entries = self._entries.items()
        return [entry.filename for name, entry in entries if name.startswith(folder)]

    def relations(self, name: str) -> list[Relation]:
        """Where a part leads; that of the package itself has no name."""
        folder, file = posixpath.split(name)
        found = _Relations(folder)
        source = posixpath.join(folder, "_rels", f"{file}.rels")
        if source in self:
            self.read(source, found)
        return found.relations

    def main_part(self, usual: str) -> str:
        """The name of the part that is the document."""
        try:
            relations = self.relations("")
        except DocumentError as error:
            if error.state is not DocumentState.DAMAGED:
                raise
            return usual
        for relation in relations:
            if relation.kind == "officeDocument" and relation.target in self:
                return relation.target
        return usual

    def title(self) -> str:
        """The title that its writer gave it, empty where there is none."""
        found = _Title()
        for relation in self.relations(""):
            if relation.kind == "core-properties" and relation.target in self:
                self.read(relation.target, found)
        return "".join(found.pieces)

    def _entry(self, name: str) -> zipfile.ZipInfo:
        if name not in self:
            raise damaged()
        return self._entries[_tidied(name)]


def check_package(path: Path) -> None:
    """Inflate all of an archive once, and look at its XML: afterwards any reader may open it.

    Raises:
        DocumentError: it is damaged, encrypted, larger than is allowed, or declares entities.
    """
    with archive.opened(path) as opened:
        for entry in opened.entries:
            before = b""
            for piece in opened.pieces(entry):
                if _DOCTYPE in before + piece and _is_xml(entry.filename):
                    raise _with_doctype()
                before = piece[-len(_DOCTYPE) :]


def damaged() -> DocumentError:
    """The error for a file whose parts cannot be read."""
    return DocumentError(
        DocumentState.DAMAGED,
        "The file is damaged and cannot be read. Open it in Office and save it again.",
    )


class _Relations(Part):
    def __init__(self, folder: str) -> None:
        self.relations: list[Relation] = []
        self._folder = folder

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        if name != "Relationship" or attributes.get("TargetMode") == "External":
            return
        target = unquote(attributes.get("Target", ""))
        path = target if target.startswith("/") else posixpath.join(self._folder, target)
        kind = attributes.get("Type", "").rpartition("/")[2]
        self.relations.append(Relation(attributes.get("Id", ""), kind, _tidied(path)))


class _Title(Part):
    def __init__(self) -> None:
        self.pieces: list[str] = []
        self._inside = False

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        self._inside = name == "title"

    def end(self, name: str) -> None:
        self._inside = False

    def say(self, text: str) -> None:
        if self._inside:
            self.pieces.append(text)


def _parser(part: Part) -> expat.XMLParserType:
    parser = expat.ParserCreate(namespace_separator=" ")
    depth = 0

    def start(tag: str, attributes: dict[str, str]) -> None:
        nonlocal depth
        depth += 1
        if depth > DEEPEST:
            raise DocumentError(
                DocumentState.TOO_LARGE,
                f"The file nests its parts more than {DEEPEST} deep. It was not read.",
            )
        part.start(_local(tag), {_local(key): value for key, value in attributes.items()})

    def end(tag: str) -> None:
        nonlocal depth
        depth -= 1
        part.end(_local(tag))

    def refuse(*_declared: object) -> None:
        raise _with_doctype()

    parser.buffer_text = True
    parser.StartElementHandler, parser.EndElementHandler = start, end
    parser.CharacterDataHandler = part.say
    parser.StartDoctypeDeclHandler = refuse
    return parser


def _with_doctype() -> DocumentError:
    return DocumentError(
        DocumentState.DAMAGED,
        "The file declares a document type, which no Office file needs. It was not read.",
    )


def _is_xml(name: str) -> bool:
    return name.lower().endswith((".xml", ".rels", ".vml"))


def _tidied(name: str) -> str:
    """A part's name in one spelling; it is only ever compared with others of the archive."""
    return posixpath.normpath("/" + name.replace("\\", "/")).lstrip("/").lower()


def _local(name: str) -> str:
    return name.rpartition(" ")[2]
