"""Reads what stands aside in a Word document: notes, comments, and files within the file."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from ingest import grid, markup, markup_tables
from ingest.attachments import display_name
from ingest.filetypes import suffix_of, type_by_name
from ingest.loaded import Attachment, LeftOut
from ingest.loaders import oleobject, symbols
from ingest.loaders.html import decode_page
from ingest.loaders.text import decode
from ingest.loaders.wordbody import COMMENT, Block, Kind
from ingest.loaders.wordstyles import Runs, Styles
from ingest.ooxml import Package, Part, Relation
from rag.errors import DocumentError

MAX_ATTACHMENTS = 100
MAX_ATTACHED_BYTES = 50_000_000  # in all
MOST_NAMED = 5  # files, in a sentence
HIDDEN = (
    "The document has hidden text, which was left out. To have it read, show it in Word (Font, "
    "Hidden) and add the file again."
)
NOT_TAKEN = "It is of a kind that is not read, damaged, or too large. Add it by itself."
_EMBEDDED = "word/embeddings/"
_CHUNK = "aFChunk"
_PAGES = frozenset({".htm", ".html", ".xht", ".xhtml"})
_FILES = ((b"PK\x03\x04", ".docx"), (b"{\\rtf", ".rtf"), (b"MIME-Version:", ".mht"))


@dataclass(slots=True)
class Within:
    """The files in a document that can be read by themselves, and the names of the others."""

    files: list[Attachment] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)
    has_hidden: bool = False  # text that was left out
    _size: int = 0

    @property
    def reason(self) -> str:
        """Sentences on what was left out, if anything was."""
        hidden = HIDDEN if self.has_hidden else ""
        if not self.left_out:
            return hidden
        more = len(self.left_out) - MOST_NAMED
        named = ", ".join(self.left_out[:MOST_NAMED]) + (f" and {more:,} more" if more > 0 else "")
        return f"Embedded in the document and not read: {named}. {hidden}".strip()

    @property
    def lost(self) -> tuple[LeftOut, ...]:
        """Each file that was left out."""
        return tuple(LeftOut(name, NOT_TAKEN) for name in self.left_out)

    def add_chunks(self, package: Package, relations: Iterable[Relation]) -> dict[str, list[Block]]:
        """Texts of other formats that the document takes in, by their relations."""
        chunks: dict[str, list[Block]] = {}
        for relation in relations:
            if relation.kind == _CHUNK:
                name = posixpath.basename(relation.target)
                content = self._content(package, relation.target, name)
                ending = _ending(content, name)
                if ending:
                    self._take(name.removesuffix(ending) + ending, content)
                elif content.strip():
                    chunks[relation.id] = self._blocks(content, name)
        return chunks

    def add_embedded(self, package: Package) -> None:
        """The files that were embedded: workbooks, mostly, and objects of other programs."""
        for part in package.inside(_EMBEDDED):
            name = posixpath.basename(part)
            content = self._content(package, part, name)
            if content.startswith(oleobject.MARK):
                name, content = oleobject.unpacked(name, content)
            if content:
                self._take(name, content)

    def _blocks(self, content: bytes, name: str) -> list[Block]:
        try:
            if suffix_of(name) in _PAGES or content.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<"):
                return [_block(each) for each in markup.read(decode_page(content)).blocks]
            paragraphs = (each.strip() for each in decode(content).splitlines())
        except DocumentError:
            self._leave_out(name)
            return []
        return [Block(Kind.PARAGRAPH, each) for each in paragraphs if each]

    def _content(self, package: Package, part: str, name: str) -> bytes:
        """The content of a part, of bearable size; nothing for one that is named instead."""
        pieces: list[bytes] = []
        try:
            for piece in package.pieces(part):
                pieces.append(piece)
                self._size += len(piece)
                if self._size > MAX_ATTACHED_BYTES:
                    self._size -= sum(map(len, pieces))
                    self._leave_out(name)
                    return b""
        except DocumentError:
            self._leave_out(name)
            return b""
        return b"".join(pieces)

    def _take(self, name: str, content: bytes) -> None:
        if type_by_name(name) is None or len(self.files) >= MAX_ATTACHMENTS:
            self._leave_out(name)
        else:
            shown = display_name(name, f"attachment {len(self.files) + 1}")
            self.files.append(Attachment(shown, content))

    def _leave_out(self, name: str) -> None:
        self.left_out.append(display_name(name, "an object"))


class Notes(Part):
    """What the footnotes, endnotes or comments say, by their numbers."""

    def __init__(self, kind: str, styles: Styles) -> None:
        self._kind = kind
        self._runs, self._style = Runs(styles), ""
        self._id = ""
        self._authors: dict[str, str] = {}
        self._texts: dict[str, list[str]] = {}
        self._in_text = False

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        """An element of the notes."""
        if name == self._kind:
            self._id = (
                "" if attributes.get("type", "normal") != "normal" else attributes.get("id", "")
            )
            self._authors[self._id] = grid.clean(attributes.get("author", ""))
        elif name in ("tab", "br"):
            self._add(" ")
        elif name == "sym":
            self._add(symbols.sign(attributes.get("font", ""), attributes.get("char", "")))
        elif name == "p":
            self._style = ""
        elif name == "pStyle":
            self._style = attributes.get("val", "")
        elif name == "r":
            self._runs.begin()
        else:
            self._runs.take(name, attributes)
        self._in_text = name == "t"

    def end(self, name: str) -> None:
        """The end of an element of the notes."""
        self._in_text = False
        if name == "p":
            self._texts.setdefault(self._id, []).append(" ")

    def say(self, text: str) -> None:
        """Characters."""
        if self._in_text:
            self._add(text)

    @property
    def has_hidden(self) -> bool:
        """Whether hidden text was left out."""
        return self._runs.has_hidden

    def _add(self, text: str) -> None:
        shown = self._runs.shown(text, self._runs.look(self._style))
        self._texts.setdefault(self._id, []).append(shown)

    def said(self) -> dict[tuple[str, str], str]:
        """The texts by the element that refers to a note, and its number."""
        texts = {key: " ".join("".join(pieces).split()) for key, pieces in self._texts.items()}
        name = f"{self._kind}Reference"
        return {(name, key): self._shown(key, text) for key, text in texts.items() if key and text}

    def _shown(self, key: str, text: str) -> str:
        if f"{self._kind}Reference" != COMMENT:
            return text
        author = self._authors.get(key, "")
        return f"Comment by {author}: {text}" if author else f"Comment: {text}"


def _ending(content: bytes, name: str) -> str:
    """The ending of a text that is a file of its own, empty where it is text or a page."""
    if suffix_of(name) in (".mht", ".mhtml"):
        return suffix_of(name)
    return next((ending for mark, ending in _FILES if content.startswith(mark)), "")


def _block(block: markup_tables.Block) -> Block:
    if block.rows:
        rows = [list(row) for row in block.rows]
        return Block(Kind.TABLE, rows=rows, headed=int(bool(block.header)))
    if block.level and not block.is_item:
        return Block(Kind.HEADING, block.text, block.level)
    return Block(Kind.PARAGRAPH, block.text)
