"""PDF files through pdfium: outline, labels, the exact text of pages and where it stands, images.

pdfium is not thread-safe. A lock guards every call into it, held for a few pages at a time, so that
reading a long document never keeps the page viewer waiting. A damaged file is repaired in memory
each time that it is opened, so that its text and its images always come from the same bytes.
"""

from __future__ import annotations

import ctypes
import io
import logging
import math
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from functools import cache, partial
from itertools import islice
from pathlib import Path
from time import monotonic
from typing import Any, BinaryIO

import numpy as np
import pypdfium2
import pypdfium2.raw as pdfium_c

from ingest import raised_marks, repair
from ingest.boxes import NO_EXTENT, Boxes, Rectangle, as_displayed, merge
from ingest.loaded import Heading
from ingest.page_content import PageContent, ReadPage
from ingest.pdfium_crop import leave_out_unseen
from ingest.pdfium_notes import shows_a_drawing, with_notes
from ingest.pdfium_ruler import Ruler
from ingest.pdfium_rules import Rules
from ingest.pdfium_scans import is_typed_on
from ingest.pdfium_text import character_indices, load_text, text_of
from ingest.ruling import Ruling
from rag.domain import DocumentState
from rag.errors import DocumentError, NotFoundError

MOMENT = 0.25  # seconds in which pages are opened together
_lock = threading.Lock()
logging.getLogger("pypdfium2").setLevel(logging.ERROR)  # it warns of forms it draws in part


class OpenPdf:
    """An open PDF file; only `open_pdf` makes one.

    `mended` is what it was repaired into, where it was damaged.
    """

    def __init__(self, document: Any, path: Path, mended: repair.Mended | None) -> None:
        self.page_count = len(document)
        self.mended = mended
        self._path = path
        self._document = document

    @contextmanager
    def source(self) -> Iterator[BinaryIO]:
        """The bytes that are read, for another reader than pdfium.

        Raises:
            OSError: the file cannot be read.
        """
        if self.mended is not None:
            yield io.BytesIO(self.mended.content)
        else:
            with self._path.open("rb") as file:
                yield file

    def title(self) -> str:
        """The title that the file gives itself, as it stands there."""
        with _lock:
            return str(self._document.get_metadata_value("Title"))

    def label(self, number: int) -> str:
        """What the file calls a page, counted from 1; empty where it has no name for it."""
        with _lock:
            return str(self._document.get_page_label(number - 1))

    def bookmarks(self, *, depth: int, most: int) -> list[Heading]:
        """The first entries of the outline that point at a page, in order, to a depth of levels."""
        found: list[Heading] = []
        with _lock, suppress(pypdfium2.PdfiumError):
            for entry in islice(self._document.get_toc(max_depth=depth), most):
                place = entry.get_dest()
                index = place.get_index() if place else None
                if index is not None and 0 <= index < self.page_count:
                    found.append(Heading(entry.level + 1, entry.get_title(), index + 1))
        return found

    def attachment_count(self) -> int:
        """How many files are embedded in it."""
        with _lock:
            return int(self._document.count_attachments())

    @contextmanager
    def page(self, number: int) -> Iterator[Any]:
        """The pdfium page, with pdfium locked for this thread until it is closed.

        Raises:
            NotFoundError: there is no page of that number.
            DocumentError: the page cannot be read.
        """
        self._check(number)
        with _lock:
            try:
                page = self._document[number - 1]
                try:
                    yield page
                finally:
                    page.close()
            except pypdfium2.PdfiumError as error:
                raise _unreadable(number) from error

    def _check(self, number: int) -> None:
        if not 1 <= number <= self.page_count:
            raise NotFoundError(f"There is no page {number}: the document has {self.page_count}.")

    def show_forms(self) -> None:
        """Draw what is filled into forms as well; to be called before any page is taken."""
        with _lock, suppress(pypdfium2.PdfiumError):
            self._document.init_forms()

    @contextmanager
    def page_with_notes(self, number: int) -> Iterator[Any]:
        """The same with what its forms and notes show as a part of it, as its text is read.

        Raises:
            NotFoundError: there is no page of that number.
            DocumentError: the page cannot be read.
        """
        with self.page(number) as page, ExitStack() as opened:
            noted = with_notes(self._document, number, page)
            if noted is not None:
                opened.callback(noted.close)
                page = noted[0]
            yield page

    def read(self, number: int) -> PageContent:
        """The content of a page, counted from 1.

        Raises:
            NotFoundError: there is no page of that number.
            DocumentError: the page cannot be read.
        """
        self._check(number)
        with self.reading([number]) as (page,):
            if page is None:
                raise _unreadable(number)
            return page.content

    @contextmanager
    def reading(self, numbers: Sequence[int]) -> Iterator[list[ReadPage | None]]:
        """Pages that stay open, with pdfium locked for this thread, to look at them closely.

        Those that cannot be read, or are not there, are None. Several at once take a little less
        time than one after the other: the processor keeps what it works with in its caches. They
        are the first of the numbers, at least one, and no more than are opened in a moment: full
        pages take much memory while they are open, and others wait for pdfium.
        """
        with _lock, ExitStack() as opened:
            yield [*self._first_of(numbers, opened)]

    def _first_of(self, numbers: Sequence[int], opened: ExitStack) -> Iterator[ReadPage | None]:
        begun = monotonic()
        for number in numbers:
            yield self._read(number, opened)
            if monotonic() - begun > MOMENT:
                return

    def _read(self, number: int, opened: ExitStack) -> ReadPage | None:
        page = pdfium_c.FPDF_LoadPage(self._document, number - 1)
        if not page:
            return None
        opened.callback(pdfium_c.FPDF_ClosePage, page)
        noted = with_notes(self._document, number, page)
        if noted is not None:
            opened.callback(noted.close)
            page = noted[0]
        textpage = load_text(page)
        if not textpage:
            return None
        opened.callback(pdfium_c.FPDFText_ClosePage, textpage)
        characters = pdfium_c.FPDFText_CountChars(textpage)
        plain = text_of(textpage, characters)
        ruler = cache(lambda: Ruler(textpage, plain))
        marks = raised_marks.marks_of(plain, lambda offset: ruler().area(offset))
        text = raised_marks.raised(plain, marks)
        unmapped = max(characters - len(text), 0)
        drawing = noted is None and not text.strip() and shows_a_drawing(page)
        drawn = drawing or (unmapped > 0 and not text.strip())
        bare = not (text or drawn or pdfium_c.FPDFPage_CountObjects(page))
        hides = not (text or drawn) and self._hides_words(number)
        typed_on = is_typed_on(page, textpage, text)
        content = PageContent(text, drawn, unmapped, bare, hides, typed_on)
        ruling = Ruling(lambda: Rules(page, ruler))
        measure = partial(raised_marks.measured, marks=marks)
        return ReadPage(content, lambda: measure(ruler().quick()), marks, ruling)

    def _hides_words(self, number: int) -> bool:
        """Whether a page has words outside its visible part."""
        page = pdfium_c.FPDF_LoadPage(self._document, number - 1)
        try:
            return leave_out_unseen(page)
        finally:
            pdfium_c.FPDF_ClosePage(page)


@contextmanager
def open_pdf(path: Path, password: str | None = None) -> Iterator[OpenPdf]:
    """Open a PDF file, repaired if need be; one that only restricts what may be done opens as well.

    Raises:
        DocumentError: the file needs a password, has no pages, or is damaged.
    """
    document, mended = _opened(path, password)
    try:
        yield OpenPdf(document, path, mended)
    finally:
        with _lock:
            document.close()


def _opened(path: Path, password: str | None) -> tuple[Any, repair.Mended | None]:
    """The document, and what it was repaired into before pdfium could open it."""
    try:
        with _lock:
            return pypdfium2.PdfDocument(path, password=password), None
    except FileNotFoundError as error:
        raise DocumentError(
            DocumentState.FAILED, f"The file {path.name} is gone. Add it again."
        ) from error
    except pypdfium2.PdfiumError as error:
        code = _error_code(path, password)
        if code in (pdfium_c.FPDF_ERR_PASSWORD, pdfium_c.FPDF_ERR_SECURITY):
            raise _refusal(code) from error
        refusal = _refusal(code)
    for mended in repair.attempts(path, password or ""):
        with suppress(pypdfium2.PdfiumError), _lock:
            return pypdfium2.PdfDocument(mended.content, password=password), mended
    raise refusal


def _error_code(path: Path, password: str | None) -> int:
    """Why a file is refused: of one without pages, pdfium tells the last one's before it."""
    with _lock:
        key = password.encode() if password else None
        document = pdfium_c.FPDF_LoadDocument(str(path).encode(errors="surrogateescape"), key)
        if not document:
            return int(pdfium_c.FPDF_GetLastError())
        pdfium_c.FPDF_CloseDocument(document)
    return int(pdfium_c.FPDF_ERR_SUCCESS)


def page_size(path: Path, number: int) -> tuple[float, float]:
    """Width and height of a page as displayed, in points.

    Raises:
        NotFoundError: there is no page of that number.
        DocumentError: the file or the page cannot be read.
    """
    with open_pdf(path) as document, document.page(number) as page:
        width, height = page.get_size()
    return float(width), float(height)


def span_rectangles(
    path: Path, number: int, start: int, end: int, words: str | None = None
) -> list[Rectangle]:
    """The rectangles that cover exactly `text[start:end]` of a page's text, in reading order.

    One rectangle a line, more where one would also cover the middle of a character outside the
    span. What lies outside the visible part of the page is left out. Where the page was read in
    another order once, its `words` are elsewhere now; none are covered in place of others.

    Raises:
        NotFoundError: there is no page of that number.
        DocumentError: the file or the page cannot be read.
    """
    with ExitStack() as opened:
        document = opened.enter_context(open_pdf(path))
        page = opened.enter_context(document.page_with_notes(number))
        textpage = load_text(page)
        if not textpage:
            raise _unreadable(number)
        opened.callback(pdfium_c.FPDFText_ClosePage, textpage)
        characters = pdfium_c.FPDFText_CountChars(textpage)
        text = text_of(textpage, characters)
        if words is not None and text[start:end] != words:
            start = _place_of(words, start, textpage, text)
            end = start + len(words) if start >= 0 else 0
        chosen = character_indices(textpage, text, max(start, 0), min(end, len(text)))
        boxes = _character_boxes(page, textpage, characters)
        upright = [not _is_sideways(page, textpage, index) for index in chosen]
    return [Rectangle(*(float(edge) for edge in box)) for box in merge(boxes, chosen, upright)]


def _place_of(words: str, start: int, textpage: Any, plain: str) -> int:
    """Where words stand on a page whose marks are raised figures, or once were not; -1: nowhere."""
    text = raised_marks.raised(plain, raised_marks.marks_of(plain, Ruler(textpage, plain).area))
    if text.startswith(words, start):
        return start
    return max(text.find(words), plain.find(words))


def _refusal(code: int | None) -> DocumentError:
    if code == pdfium_c.FPDF_ERR_PASSWORD:
        return DocumentError(DocumentState.NEEDS_PASSWORD, repair.PROTECTED)
    if code == pdfium_c.FPDF_ERR_SECURITY:
        return DocumentError(
            DocumentState.UNSUPPORTED,
            "The file is encrypted in a way that cannot be opened here. Save it unencrypted.",
        )
    if code == pdfium_c.FPDF_ERR_SUCCESS:
        return DocumentError(DocumentState.EMPTY, "The file has no pages.")
    return DocumentError(
        DocumentState.DAMAGED, "The file is damaged and cannot be opened as a PDF."
    )


def _unreadable(number: int) -> DocumentError:
    return DocumentError(DocumentState.FAILED, f"Page {number} is damaged and cannot be read.")


def _character_boxes(page: Any, textpage: Any, characters: int) -> Boxes:
    """Left, top, right, bottom of every visible character as displayed; NaN for the others."""
    left, right, bottom, top = (ctypes.c_double() for _ in range(4))
    boxes = np.full((characters, 4), np.nan)
    for index in range(characters):
        code = pdfium_c.FPDFText_GetUnicode(textpage, index)
        if code <= sys.maxunicode and chr(code).isspace():
            continue
        if pdfium_c.FPDFText_GetCharBox(textpage, index, left, right, bottom, top):
            boxes[index] = left.value, bottom.value, right.value, top.value
    flat = (boxes[:, 2] - boxes[:, 0] < NO_EXTENT) | (boxes[:, 3] - boxes[:, 1] < NO_EXTENT)
    boxes[flat] = np.nan
    return as_displayed(boxes, page.get_bbox(), page.get_rotation())


def _is_sideways(page: Any, textpage: Any, index: int) -> bool:
    angle = pdfium_c.FPDFText_GetCharAngle(textpage, index) + math.radians(page.get_rotation())
    return abs(math.sin(angle)) > math.sqrt(0.5)
