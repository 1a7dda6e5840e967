"""Reads PDF files: text through pdfium; outline, page labels and title through pypdf.

What pypdf finds is a gain and never a condition: a file that only pdfium understands is read
without it.
"""

from __future__ import annotations

import logging
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pypdf
from pypdf.errors import DependencyError, PyPdfError
from pypdf.generic import Destination

from ingest import pdfium, titles
from ingest.loaded import Heading, LoadedDocument
from rag.domain import DocumentState, Page, PageState
from rag.errors import DocumentError

MEDIA_TYPE = "application/pdf"
MAX_HEADINGS = 5000
MAX_OUTLINE_DEPTH = 8
MAX_LABEL = 20  # characters
MAX_AROUND_TITLE = 80  # characters, such as the number before a title and the dots behind it
MAX_CHARACTERS = 20_000_000  # in all; more is a file made to fill memory

_LINE = re.compile(r"[^\r\n]+")

NEEDS_OCR = "The page is a picture without text; its words need OCR."
NO_CONTENT = "The page is empty."

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


@dataclass(frozen=True, slots=True)
class _Extras:
    title: str = ""
    labels: tuple[str, ...] = ()
    outline: tuple[Heading, ...] = ()


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
        extras = _read_extras(path)
        pages = tuple(_read_pages(document, extras.labels, progress))
    state, reason = _outcome(pages)
    return LoadedDocument(
        title=extras.title or titles.from_name(name),
        media_type=MEDIA_TYPE,
        paginated=True,
        pages=pages,
        outline=tuple(_locate(extras.outline, pages)),
        state=state,
        reason=reason,
    )


def _read_pages(
    document: pdfium.OpenPdf, labels: Sequence[str], progress: Callable[[int, int], None]
) -> Iterator[Page]:
    offset = 0
    for number in range(1, document.page_count + 1):
        label = labels[number - 1] if number <= len(labels) else str(number)
        page = _read_page(document, number, label, offset)
        offset += len(page.text)
        if offset > MAX_CHARACTERS:
            raise DocumentError(
                DocumentState.TOO_LARGE,
                f"The document has more than {MAX_CHARACTERS // 1_000_000} million characters. "
                "Split it and add the parts.",
            )
        yield page
        progress(number, document.page_count)


def _read_page(document: pdfium.OpenPdf, number: int, label: str, offset: int) -> Page:
    try:
        content = document.read(number)
    except DocumentError as error:
        return Page(number, label, "", offset, PageState.FAILED, error.reason)
    if content.text.strip():
        return Page(number, label, content.text, offset)
    if content.drawn:
        return Page(number, label, content.text, offset, PageState.NEEDS_OCR, NEEDS_OCR)
    return Page(number, label, content.text, offset, PageState.EMPTY, NO_CONTENT)


def _outcome(pages: Sequence[Page]) -> tuple[DocumentState, str]:
    count = Counter(page.state for page in pages)
    unread = [
        f"{_pages(count[state])} {how}"
        for state, how in (
            (PageState.NEEDS_OCR, "without text, needing OCR"),
            (PageState.FAILED, "that could not be read"),
        )
        if count[state]
    ]
    if count[PageState.TEXT]:
        if not unread:
            return DocumentState.READY, ""
        return DocumentState.PARTIAL, f"Read, except {' and '.join(unread)}."
    if count[PageState.NEEDS_OCR]:
        return (
            DocumentState.NEEDS_OCR,
            "The document holds pictures of pages without text. Run OCR on it and add it again.",
        )
    if count[PageState.FAILED]:
        return DocumentState.DAMAGED, "None of the pages can be read: the file is damaged."
    return DocumentState.EMPTY, "The document has no text and no pictures."


def _pages(count: int) -> str:
    return "1 page" if count == 1 else f"{count} pages"


def _read_extras(path: Path) -> _Extras:
    try:
        with pypdf.PdfReader(path) as reader:
            return _Extras(_title(reader), _labels(reader), _outline(reader))
    except _ODD_FILE_ERRORS:
        return _Extras()


def _title(reader: pypdf.PdfReader) -> str:
    try:
        title = titles.tidy(str((reader.metadata and reader.metadata.title) or ""))
    except _ODD_FILE_ERRORS:
        return ""
    return title if titles.is_meaningful(title) else ""


def _labels(reader: pypdf.PdfReader) -> tuple[str, ...]:
    try:
        labels = [titles.tidy(str(label)) for label in reader.page_labels]
    except _ODD_FILE_ERRORS:
        return ()
    return tuple(label[:MAX_LABEL] or str(number) for number, label in enumerate(labels, 1))


def _outline(reader: pypdf.PdfReader) -> tuple[Heading, ...]:
    headings: list[Heading] = []
    try:
        for level, entry in _entries(reader.outline, 1):
            index = reader.get_destination_page_number(entry)
            title = titles.tidy(str(entry.title or ""))
            if index is not None and index >= 0 and title:
                headings.append(Heading(level, title, index + 1))
            if len(headings) >= MAX_HEADINGS:
                break
    except _ODD_FILE_ERRORS:
        return tuple(headings)
    return tuple(headings)


def _entries(outline: Sequence[object], level: int) -> Iterator[tuple[int, Destination]]:
    for entry in outline:
        if isinstance(entry, list):
            if level < MAX_OUTLINE_DEPTH:
                yield from _entries(entry, level + 1)
        elif isinstance(entry, Destination):
            yield level, entry


def _locate(outline: Sequence[Heading], pages: Sequence[Page]) -> Iterator[Heading]:
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
