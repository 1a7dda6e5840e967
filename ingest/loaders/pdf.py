"""Reads PDF files: all that is on the pages through pdfium, embedded files through pypdf.

What pypdf finds is a gain and never a condition: a file that only pdfium understands is read
without it.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

import pypdf
from pypdf.errors import DependencyError, PyPdfError
from pypdf.generic import ArrayObject, DictionaryObject, IndirectObject

from ingest import (
    layout,
    layout_tables,
    level_lines,
    pdfium,
    raised_marks,
    repair,
    titles,
    wrapped_labels,
)
from ingest.attachments import display_name
from ingest.blank_pages import BlankPages
from ingest.loaded import Attachment, Heading, LeftOut, LoadedDocument
from ingest.outcomes import outcome_of
from ingest.page_content import PageContent, ReadPage
from rag.domain import DocumentState, Page, PageState
from rag.errors import DocumentError

MEDIA_TYPE = "application/pdf"
MAX_HEADINGS = 5000
MAX_OUTLINE_DEPTH = 8
MAX_LABEL = 20  # characters
LABELS = b"/PageLabels"
MAX_LABEL_NODES = 10_000
BLOCK_BYTES = 1_000_000
MAX_LABEL_DEPTH = 32
MAX_AROUND_TITLE = 80  # characters, such as the number before a title and the dots behind it
MAX_CHARACTERS = 20_000_000  # in all; more is a file made to fill memory

_LINE = re.compile(r"[^\r\n]+")
_NO_LETTER = re.compile("[\x00\x01\x03-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufffd\ue000-\uf8ff]")
LONG, SAMPLED = 1_000, 16  # characters; of more, one in how many is looked at first

PAGES_AT_ONCE = 64  # open together, at 2 MB
MAX_ATTACHMENTS = 100
MAX_ATTACHED_BYTES = 50_000_000  # in all
MOST_NAMED = 1_000  # of those beyond
TOO_MUCH = (
    f"Of one document, {MAX_ATTACHMENTS} embedded files of {MAX_ATTACHED_BYTES // 1_000_000} MB "
    "in all are taken. Take it out and add it by itself."
)

NEEDS_OCR = "The page is a picture without text; its words need OCR."
TYPED_ON = "The page is a picture that a few words were typed on; its other words need OCR."
NO_LETTERS = "The fonts of the page do not tell what its letters are; its words need OCR."
NOTHING_LEFT = "The file is damaged: there are pages left in it, but nothing on them."
REPAIRED = "The file was damaged and was repaired to be read."
NO_CONTENT = "The page is empty."
ALL_OUTSIDE = "All words of the page are outside its visible part."
READ = (DocumentState.READY, DocumentState.PARTIAL, DocumentState.NEEDS_OCR)

# pypdf raises its own errors for what it knows to be wrong, and these on files odder than that.
_ODD_FILE_ERRORS = (
    PyPdfError,
    DependencyError,
    ArithmeticError,
    AssertionError,
    AttributeError,
    LookupError,
    OSError,
    RuntimeError,
    TypeError,
    ValueError,
)
logging.getLogger("pypdf").setLevel(logging.CRITICAL)  # it reports every oddity it gets over


def load(
    path: Path, name: str, *, max_pages: int, progress: Callable[[int, int], None]
) -> LoadedDocument:
    """Read a PDF file, page by page.

    Raises:
        DocumentError: the file needs a password, is damaged, has no pages, or is too long.
    """
    with pdfium.open_pdf(path) as document:
        if document.page_count > max_pages:
            raise DocumentError(
                DocumentState.TOO_LARGE,
                f"The document has {document.page_count} pages; at most {max_pages} are taken in. "
                "Split it, or raise TRAMONTANE_MAX_PAGES.",
            )
        with closing(BlankPages(document, path)) as blank:
            reader = _Reader(document, blank)
            pages = tuple(reader.pages(progress))
        title = titles.tidy(document.title())
        outline = tuple(_locate(_outline(document), pages))
        within = list(_attachments(document)) if document.attachment_count() else []
        state, reason = _outcome(pages, document.mended)
        if document.mended is None and state in READ and repair.begins_late(path):
            reason = f"{REPAIRED} {reason}".strip()
    return LoadedDocument(
        title=title if titles.is_meaningful(title) else titles.from_name(name),
        media_type=MEDIA_TYPE,
        paginated=True,
        pages=pages,
        outline=outline,
        state=state,
        reason=reason,
        tables=reader.tables.found(),
        attachments=tuple(each for each in within if isinstance(each, Attachment)),
        left_out=tuple(each for each in within if isinstance(each, LeftOut)),
    )


class _Reader:
    """Reads the pages of a file one after the other, and puts their tables together."""

    def __init__(self, document: pdfium.OpenPdf, blank: BlankPages) -> None:
        self.tables = layout_tables.Collector()
        self._document, self._blank = document, blank
        self._has_labels = _labels_end(document)

    def pages(self, progress: Callable[[int, int], None]) -> Iterator[Page]:
        """The pages in order, each in a state of its own."""
        done, offset, count = 0, 0, self._document.page_count
        while done < count:
            numbers = range(done + 1, min(done + PAGES_AT_ONCE, count) + 1)
            with self._document.reading(numbers) as read:
                pages = [self._page(number, page) for number, page in enumerate(read, done + 1)]
                bare = {
                    number
                    for number, page in enumerate(read, done + 1)
                    if page is not None and page.content.bare
                }
            done += len(pages)
            for page in pages:
                page = self._checked(page, shows_nothing=page.number in bare)
                number, text = page.number, page.text
                yield Page(number, self._label(number), text, offset, page.state, page.reason)
                progress(number, count)
                offset += len(text)
                if offset > MAX_CHARACTERS:
                    raise DocumentError(
                        DocumentState.TOO_LARGE,
                        f"The document has more than {MAX_CHARACTERS // 1_000_000} million "
                        "characters. Split it and add the parts.",
                    )

    def _label(self, number: int) -> str:
        label = self._document.label(number) if self._has_labels else ""
        return titles.tidy(label)[:MAX_LABEL] or str(number)

    def _page(self, number: int, read: ReadPage | None) -> Page:
        """A page without its label and its offset."""
        if read is None:
            return _failed(number)
        text = read.content.text
        if _is_unreadable(read.content):
            return Page(number, "", "", 0, PageState.NEEDS_OCR, NO_LETTERS)
        if read.content.typed_on:
            return Page(number, "", text, 0, PageState.NEEDS_OCR, TYPED_ON)
        if text.strip():
            starred = raised_marks.starred(text, read.marks)
            lines = level_lines.joined(text, layout.lines(starred, read.ruler), read.ruling.letter)
            lines = wrapped_labels.joined(text, lines, read.ruling.letter)
            lines = raised_marks.without_marks(lines, read.marks)
            self.tables.add(number, text, lines, read.ruling)
            return Page(number, "", text, 0)
        if read.content.drawn:
            return Page(number, "", text, 0, PageState.NEEDS_OCR, NEEDS_OCR)
        reason = ALL_OUTSIDE if read.content.hides else NO_CONTENT
        return Page(number, "", text, 0, PageState.EMPTY, reason)

    def _checked(self, page: Page, *, shows_nothing: bool) -> Page:
        """The page; one that only seems empty has failed."""
        if page.state is not PageState.EMPTY or page.reason == ALL_OUTSIDE:
            return page
        is_blank = self._blank.is_blank(page.number, shows_nothing=shows_nothing)
        return page if is_blank else _failed(page.number)


def _failed(number: int) -> Page:
    reason = f"Page {number} is damaged and cannot be read."
    return Page(number, "", "", 0, PageState.FAILED, reason)


def _labels_end(document: pdfium.OpenPdf) -> bool:
    """Whether the tree of page labels has an end; pdfium never comes back from one that has none.

    Only looked at where the file names the tree in plain bytes: pypdf takes up to half a second to
    open a file whose objects are packed.
    """
    with document.source() as source:
        if not _holds(source, LABELS):
            return True
        source.seek(0)
        try:
            with pypdf.PdfReader(source) as reader:
                return _is_tree(reader.root_object.get(LABELS.decode()))
        except _ODD_FILE_ERRORS:
            return False


def _holds(source: BinaryIO, word: bytes) -> bool:
    """Whether a word stands in a file."""
    before = b""
    while block := source.read(BLOCK_BYTES):
        if word in before + block:
            return True
        before = block[1 - len(word) :]
    return False


def _is_tree(root: object) -> bool:
    """Whether the nodes below one are as few, and as little deep, as of a tree without rings."""
    todo: list[tuple[object, int]] = [(root, 0)]
    for _node in range(MAX_LABEL_NODES):
        if not todo:
            return True
        node, depth = todo.pop()
        if depth > MAX_LABEL_DEPTH:
            return False
        node = node.get_object() if isinstance(node, IndirectObject) else node
        kids = node.get("/Kids") if isinstance(node, DictionaryObject) else None
        if isinstance(kids, ArrayObject):
            todo += [(kid, depth + 1) for kid in kids]
    return False


def _is_unreadable(content: PageContent) -> bool:
    """Whether the letters of most characters are not known: a font without a character map.

    Of a long text a part tells that none are unknown.
    """
    some = content.text[:: 1 if len(content.text) < LONG else SAMPLED]
    if not content.unmapped and _NO_LETTER.search(some) is None:
        return False
    unknown = content.unmapped + len(_NO_LETTER.findall(content.text))
    return unknown > 0 and 2 * unknown > content.unmapped + len("".join(content.text.split()))


def _outcome(pages: Sequence[Page], mended: repair.Mended | None) -> tuple[DocumentState, str]:
    state, reason = outcome_of(pages)
    if mended is None or state is DocumentState.DAMAGED:
        return state, reason
    if state is DocumentState.EMPTY:
        return DocumentState.DAMAGED, NOTHING_LEFT
    notes = [REPAIRED]
    if mended.lost or mended.ends_early:
        gone = f"{_pages(mended.lost)} of it" if mended.lost else "What follows its last page here"
        notes.append(f"{gone} could not be found.")
        state = DocumentState.PARTIAL if state is DocumentState.READY else state
    return state, " ".join([*notes, reason]).strip()


def _pages(count: int) -> str:
    return "1 page" if count == 1 else f"{count} pages"


def _attachments(document: pdfium.OpenPdf) -> Iterator[Attachment | LeftOut]:
    """The files that are embedded, as many as may be taken, and the names of those beyond."""
    count = size = 0
    try:
        with document.source() as source, pypdf.PdfReader(source) as reader:
            names = list(reader.attachments)
            for place, name in enumerate(names):
                for content in reader.attachments[name]:
                    count, size = count + 1, size + len(content)
                    if count > MAX_ATTACHMENTS or size > MAX_ATTACHED_BYTES:
                        beyond = names[place : place + MOST_NAMED]
                        yield from (
                            LeftOut(display_name(it, "attachment"), TOO_MUCH) for it in beyond
                        )
                        return
                    yield Attachment(display_name(name, f"attachment {count}"), content)
    except _ODD_FILE_ERRORS:
        return


def _outline(document: pdfium.OpenPdf) -> Iterator[Heading]:
    for heading in document.bookmarks(depth=MAX_OUTLINE_DEPTH, most=MAX_HEADINGS):
        if title := titles.tidy(heading.title):
            yield replace(heading, title=title)


def _locate(outline: Iterable[Heading], pages: Sequence[Page]) -> Iterator[Heading]:
    """Place each heading at its line on its page, below the one before where there are two."""
    page, after = 0, 0
    lines: list[tuple[int, str]] = []
    for heading in outline:
        if heading.page > len(pages):
            continue
        if heading.page != page:
            page, after = heading.page, 0
            lines = list(_folded_lines(pages[page - 1].text))
        index = _line_of(" ".join(heading.title.split()).casefold(), lines, after)
        if index is None:
            yield heading
        else:
            after = index + 1
            yield replace(heading, start=lines[index][0])


def _folded_lines(text: str) -> Iterator[tuple[int, str]]:
    """Where each line begins, and its words in one case."""
    for line in _LINE.finditer(text):
        if words := line[0].split():
            yield line.start(), " ".join(words).casefold()


def _line_of(title: str, lines: Sequence[tuple[int, str]], after: int) -> int | None:
    """The line that begins with a title, or else holds little more; a title may take three."""
    for index in range(after, len(lines)):
        if " ".join(words for _, words in lines[index : index + 3]).startswith(title):
            return index
    for index in range(after, len(lines)):
        words = lines[index][1]
        if title in words and len(words) <= len(title) + MAX_AROUND_TITLE:
            return index
    return None
