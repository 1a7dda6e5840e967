"""Reads e-books (EPUB): a section a chapter, in the order in which they are read."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from ingest import grid, markup, titles
from ingest.archive import Archive, opened
from ingest.composer import Composed, Composer
from ingest.loaded import LoadedDocument
from ingest.loaders.html import decode_page
from ingest.page_styles import MOST_STYLES
from rag.domain import DocumentState, PageState
from rag.errors import DocumentError

MEDIA_TYPE = "application/epub+zip"
MAX_XML_BYTES = 10_000_000  # of a list of parts: as a tree it takes ten times as much memory
_CONTAINER = "META-INF/container.xml"
_ENCRYPTION = "META-INF/encryption.xml"
_FONT_DISGUISES = ("http://www.idpf.org/2008/embedding", "http://ns.adobe.com/pdf/enc#RC")
MOST_SHEETS = 10  # style sheets of one chapter
LONGEST_HEAD = 50_000  # characters of a chapter, before which it names its style sheets
_LINKS = re.compile(r"<link\b[^<>]{0,500}>", re.IGNORECASE)
_HREF = re.compile(r"\bhref\s{0,9}=\s{0,9}([\"'])(.{1,300}?)\1", re.IGNORECASE)
_CHAPTER_ENDINGS = (".xhtml", ".html", ".htm", ".xht")


class _Damaged(Exception):
    """A part of the book is not there, or is no XML."""


def load(path: Path, name: str, *, max_pages: int) -> LoadedDocument:
    """Read an e-book. A chapter that cannot be read costs only itself.

    Raises:
        DocumentError: the book is damaged, copy-protected, too large, or holds no text.
    """
    composer = Composer()
    with opened(path) as archive:
        book = _Book(archive)
        book.check_protection()
        failed = sum(not _add_chapter(book, chapter, composer) for chapter in book.chapters)
    if (failed and not composer.length) or not book.chapters:
        raise DocumentError(
            DocumentState.DAMAGED, "The e-book is damaged: none of its chapters can be read."
        )
    composed = composer.finish(max_pages)
    reason = f"{failed:,} of {len(book.chapters):,} chapters cannot be read." if failed else ""
    return composed.document(
        _title(book, composed, name),
        MEDIA_TYPE,
        state=DocumentState.PARTIAL if failed else DocumentState.READY,
        reason=reason,
    )


def _title(book: _Book, composed: Composed, name: str) -> str:
    """The book's own title, else its first heading, else its name."""
    headings = (titles.tidy(each.title) for each in composed.outline if each.level == 1)
    found = filter(titles.is_meaningful, (book.title, *headings))
    return next(found, "") or titles.from_name(name)


class _Book:
    """An open e-book: `chapters` are parts of the archive, `contents` what they are called."""

    def __init__(self, archive: Archive) -> None:
        self._archive = archive
        self._entries = {entry.filename: entry for entry in archive.entries}
        self._sheets: dict[str, str] = {}
        self.title = ""
        self.chapters: list[str] = []
        self.contents: dict[str, str] = {}
        try:
            self._read_package(self._package_name())
        except _Damaged:
            self.chapters = []
        if not self.chapters:  # nothing says in what order: that of their names
            self.chapters = sorted(
                name for name in self._entries if name.lower().endswith(_CHAPTER_ENDINGS)
            )

    def read(self, name: str) -> bytes:
        """The content of a part.

        Raises:
            DocumentError: it is not there, damaged or too large.
        """
        if name not in self._entries:
            raise DocumentError(DocumentState.DAMAGED, "The chapter is missing in the e-book.")
        return self._archive.read(self._entries[name])

    def sheets_of(self, chapter: str, page: str) -> str:
        """The style sheets that a chapter names; one that cannot be read, or is long, is none."""
        named = (_HREF.search(link) for link in _LINKS.findall(page[:LONGEST_HEAD]))
        found = (_joined(chapter, href[2]) for href in named if href)
        sheets = [name for name in found if name.lower().endswith(".css")][:MOST_SHEETS]
        return "\n".join(self._sheet(name) for name in sheets)

    def _sheet(self, name: str) -> str:
        if name not in self._sheets:
            entry = self._entries.get(name)
            is_short = entry is not None and entry.file_size <= MOST_STYLES
            try:
                sheet = self.read(name).decode("utf-8", "replace") if is_short else ""
            except DocumentError as error:
                if error.state is DocumentState.TOO_LARGE:
                    raise
                sheet = ""
            self._sheets[name] = sheet
        return self._sheets[name]

    def check_protection(self) -> None:
        """Look whether the text is encrypted; disguised fonts do not matter.

        Raises:
            DocumentError: only its seller's programs can read the book.
        """
        try:
            root = self._xml(_ENCRYPTION)
        except _Damaged:
            return
        for element in _elements(root, "EncryptedData"):
            methods = (it.get("Algorithm", "") for it in _elements(element, "EncryptionMethod"))
            named = (it.get("URI", "") for it in _elements(element, "CipherReference"))
            is_font = any(method in _FONT_DISGUISES for method in methods)
            if not is_font and any(unquote(name) in self.chapters for name in named):
                raise DocumentError(
                    DocumentState.UNSUPPORTED,
                    "The e-book is copy-protected: only the programs of its seller can open it.",
                )

    def _package_name(self) -> str:
        for element in _elements(self._xml(_CONTAINER), "rootfile"):
            return str(element.get("full-path", ""))
        raise _Damaged

    def _read_package(self, package: str) -> None:
        root = self._xml(package)
        self.title = next((titles.tidy(_text(it)) for it in _elements(root, "title")), "")
        found: dict[str, None] = {}
        items = {it.get("id", ""): it for it in _elements(root, "item")}
        for reference in _elements(root, "itemref"):
            item = items.get(reference.get("idref", ""))
            if item is None or "nav" in item.get("properties", "").split():
                continue
            name = _joined(package, item.get("href", ""))
            is_text = "html" in item.get("media-type", "html") or name.endswith(_CHAPTER_ENDINGS)
            if is_text:
                found[name] = None
        self.chapters = list(found) if any(name in self._entries for name in found) else []
        for item in items.values():
            is_contents = "nav" in item.get("properties", "").split()
            if is_contents or "dtbncx" in item.get("media-type", ""):
                self._read_contents(_joined(package, item.get("href", "")))

    def _read_contents(self, name: str) -> None:
        """What a table of contents calls the chapters; of several entries, the first does."""
        try:
            root = self._xml(name)
        except _Damaged:
            return
        for point in _elements(root, "navPoint"):
            label = next((_text(it) for it in _elements(point, "text")), "")
            target = next((it.get("src", "") for it in _elements(point, "content")), "")
            self.contents.setdefault(_joined(name, target), titles.tidy(label))
        for link in _elements(root, "a"):
            self.contents.setdefault(_joined(name, link.get("href", "")), titles.tidy(_text(link)))

    def _xml(self, name: str) -> Any:
        """The root element of a part, without entities and whatever it names outside itself."""
        from lxml import etree

        if name not in self._entries or self._entries[name].file_size > MAX_XML_BYTES:
            raise _Damaged
        parser = etree.XMLParser(
            resolve_entities=False,
            no_network=True,
            load_dtd=False,
            huge_tree=False,
            recover=True,
            remove_comments=True,
            remove_pis=True,
        )
        try:
            root = etree.fromstring(self.read(name)[:MAX_XML_BYTES], parser)
        except (etree.LxmlError, ValueError) as error:
            raise _Damaged from error
        except DocumentError as error:
            if error.state is DocumentState.TOO_LARGE:
                raise
            raise _Damaged from error
        if root is None:
            raise _Damaged
        return root


def _add_chapter(book: _Book, chapter: str, composer: Composer) -> bool:
    """Write a chapter, under what the table of contents calls it where it has no heading."""
    called = book.contents.get(chapter, "")
    try:
        page = decode_page(book.read(chapter))
        blocks = markup.read(page, book.sheets_of(chapter, page)).blocks
    except DocumentError as error:
        if error.state is DocumentState.TOO_LARGE:
            raise
        composer.begin_page(called, state=PageState.FAILED, reason=error.reason)
        return False
    composer.begin_page(called)
    if called and blocks and not any(block.level and not block.is_item for block in blocks):
        composer.heading(called, 1)
        blocks = blocks[1:] if blocks[0].text == called else blocks
    markup.write(blocks, composer)
    return True


def _elements(root: Any, name: str) -> Iterator[Any]:
    """The elements of a name, whatever their namespace."""
    yield from root.iter(f"{{*}}{name}")


def _text(element: Any) -> str:
    return grid.clean("".join(element.itertext()))


def _joined(part: str, target: str) -> str:
    """The name of the part that another one names: a key of the archive's list, no path."""
    target = unquote(target.partition("#")[0])
    return posixpath.normpath(posixpath.join(posixpath.dirname(part), target)).lstrip("/")
