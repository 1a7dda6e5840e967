"""Reading again, page by page: pages that need OCR, and pages that failed."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from ingest.loaded import LoadedDocument
from ingest.outcomes import NOT_READ, outcome_of
from ingest.pipeline import Ingestor, Progress, Report
from rag.domain import Document, Page, PageState
from rag.errors import DocumentError, ProviderError
from rag.failpoints import failpoint
from rag.intake import Stage, WordBox
from rag.protocols import Ocr
from rag.store.catalog import Catalog

PICTURE_PIXELS = 2_550  # the width of a page at 300 dots to the inch
PUBLISHED_AT_ONCE = 25  # pages read by OCR, before they can be asked
PAID_AT_ONCE = 5  # where each was paid for
NO_WORDS = "The page is a picture on which no words were found."
NO_MORE = "The page is a picture; no words were found besides those typed on it."
MORE = 1.5  # times the letters that are typed on a page; fewer are those themselves

Picture = Callable[[Path, int, int], bytes]
"""The picture of a page of a file, by its number, at a width in pixels."""


@dataclass(frozen=True, slots=True)
class _Read:
    """Pages as they are known by now, with the boxes of those read by OCR."""

    pages: dict[int, Page]
    words: dict[int, Sequence[WordBox]]


class Recogniser:
    """Puts pages into documents that could not be read at first."""

    def __init__(
        self, catalog: Catalog, ingestor: Ingestor, picture: Picture, ocr: Ocr | None
    ) -> None:
        """Without OCR, pages that need it stay as they are."""
        self._catalog = catalog
        self._ingestor = ingestor
        self._picture = picture
        self.ocr = ocr
        self._publishing = threading.Lock()

    def waiting_pages(self, document_id: str) -> list[int]:
        """The pages of a document that OCR would read."""
        if self.ocr is None:
            return []
        return [
            page.number
            for page in self._catalog.pages(document_id)
            if page.state is PageState.NEEDS_OCR
        ]

    def read_pages(
        self,
        document_id: str,
        numbers: Collection[int],
        report: Report = lambda _progress: None,
        loading: Report = lambda _progress: None,
    ) -> Document:
        """Read these pages of a document once more, by OCR where they need it.

        What was read is published every few pages, with the rest of the document as it was;
        `loading` is told how far the file is read, and then `report` how many pages are, by OCR.

        Returns:
            The document as it is then; its new chunks have no vectors yet.

        Raises:
            NotFoundError: the document was removed.
            StoreError: it cannot be stored.
            ProviderError: the OCR failed; what it read before is published.
        """
        document = self._catalog.document(document_id)
        path = self._catalog.original(document_id)
        loaded = self._ingestor.load(path, document.name, document.size_bytes, loading)
        if not loaded.pages:  # it could be read before, and is not made worse
            return document
        fresh = _Read({page.number: page for page in loaded.pages}, dict(loaded.words))
        read = self._merged(document_id, fresh, numbers)
        before = {page.number: page.state for page in self._catalog.pages(document_id)}
        at_once = PAID_AT_ONCE if self.ocr and self.ocr.dollars_per_page else PUBLISHED_AT_ONCE
        unpublished, done = True, set[int]()
        try:
            for count, number in enumerate(sorted(numbers), 1):
                page = read.pages.get(number)
                if page is not None and page.state is PageState.NEEDS_OCR and self.ocr is not None:
                    report(Progress(document.name, Stage.OCR, count - 1, len(numbers)))
                    if self._catalog.page(document_id, number).state is not before.get(number):
                        continue  # somebody else has read it meanwhile
                    self._recognise(path, page, read, self.ocr)
                    failpoint("ocr.read")
                    unpublished = True
                done.add(number)
                if count % at_once == 0:
                    document, unpublished = self._publish(document, loaded, read, done), False
        finally:  # what was read, and perhaps paid, is kept whatever ends it
            if unpublished:
                document = self._publish(document, loaded, read, done)
        return document

    def _merged(self, document_id: str, read: _Read, own: Collection[int]) -> _Read:
        """The pages, except `own` as the library has them where OCR has seen them before."""
        pages, words = dict(read.pages), dict(read.words)
        for page in self._catalog.pages(document_id):
            fresh = pages.get(page.number)
            if fresh is None or page.number in own:
                continue
            if fresh.state is PageState.NEEDS_OCR and page.state is not PageState.NEEDS_OCR:
                pages[page.number] = page
                words[page.number] = self._catalog.words(document_id, page.number)
        return _Read(pages, words)

    def _recognise(self, path: Path, page: Page, read: _Read, ocr: Ocr) -> None:
        """Put a page as OCR reads it in its place; a fault of a provider is noted and raised."""
        number = page.number
        try:
            picture = self._picture(path, number, PICTURE_PIXELS)
        except DocumentError as error:
            read.pages[number] = replace(page, state=PageState.FAILED, reason=error.reason)
            return
        try:
            found = ocr.read(picture)
        except DocumentError as error:
            reason = f"{ocr.name} {NOT_READ}: {error.reason}"
            read.pages[number] = replace(page, state=PageState.FAILED, reason=reason)
            return
        except ProviderError as error:
            reason = f"{ocr.name} {NOT_READ}: {error}"
            read.pages[number] = replace(page, reason=reason)
            raise
        if page.text and _letters(found.text) < MORE * _letters(page.text):
            read.pages[number] = replace(page, state=PageState.TEXT, reason=NO_MORE)
            return
        if not found.text.strip():
            read.pages[number] = replace(page, text="", state=PageState.EMPTY, reason=NO_WORDS)
            return
        reason = f"Read by {ocr.name}."
        read.pages[number] = replace(page, text=found.text, state=PageState.OCR, reason=reason)
        read.words[number] = found.words

    def _publish(
        self, document: Document, loaded: LoadedDocument, read: _Read, done: Collection[int]
    ) -> Document:
        """Publish what is `done`, and of all other pages what others have read meanwhile."""
        with self._publishing:
            merged = self._merged(document.id, read, done)
            pages = with_offsets([merged.pages[number] for number in sorted(merged.pages)])
            state, reason = outcome_of(pages)
            note = _note(loaded)
            now = replace(
                document,
                state=state,
                reason=" ".join(filter(None, [reason, note])),
                page_count=len(pages),
            )
            whole = replace(loaded, pages=pages, words=_boxes(merged))
            return self._catalog.replace(self._ingestor.reading(now, whole))


def with_offsets(pages: Sequence[Page]) -> tuple[Page, ...]:
    """The pages again, each with where it starts in the text of all."""
    offset = 0
    placed = []
    for page in pages:
        placed.append(replace(page, offset=offset))
        offset += len(page.text)
    return tuple(placed)


def _note(loaded: LoadedDocument) -> str:
    """What a loader says of a document besides how its pages ended."""
    _, reason = outcome_of(loaded.pages)
    return " ".join(loaded.reason.replace(reason, "").split()) if reason else loaded.reason


def _letters(text: str) -> int:
    return sum(map(str.isalnum, text))


def _boxes(read: _Read) -> Mapping[int, tuple[WordBox, ...]]:
    return {number: tuple(words) for number, words in read.words.items() if words}
