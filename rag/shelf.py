"""The documents that a question may see, found by the names that a model was shown."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice

from rag.domain import Document, Page, Passage, Scope
from rag.errors import NotFoundError, ToolError
from rag.store.catalog import Catalog
from rag.store.scopes import documents_in

PAGES_AT_ONCE = 200


class Shelf:
    """The documents of one scope, and passages out of them that nobody searched."""

    def __init__(self, scope: Scope, catalog: Catalog) -> None:
        self._scope, self._catalog = scope, catalog

    def documents(self) -> list[Document]:
        """Every document in the scope."""
        return documents_in(self._catalog, self._scope)

    def named(self, name: str) -> Document:
        """The document of a name, as a source shows it.

        Raises:
            ToolError: there is none in the scope.
        """
        for known in self.documents():
            if name.strip() in (known.name, known.title, f"{known.title} ({known.name})"):
                return known
        raise ToolError(f"There is no document named {name!r}.")

    def chosen(self, name: str | None) -> list[Document]:
        """The one document of a name, or all. Raises as `named`."""
        return self.documents() if name is None else [self.named(name)]

    def pages(self, documents: Iterable[Document]) -> Iterator[tuple[Document, Page]]:
        """The pages of documents in order; those of one that is removed meanwhile are none."""
        for document in documents:
            try:
                for page in self._catalog.pages(document.id):
                    yield document, page
            except NotFoundError:
                continue

    def page(self, document: Document, number: int) -> Page:
        """One page.

        Raises:
            ToolError: the document has no page of that number.
        """
        if not 1 <= number <= document.page_count:
            raise ToolError(f"{document.name} has the pages 1 to {document.page_count}.")
        return self._catalog.page(document.id, number)

    def headings(self, document: Document, most: int) -> list[tuple[int, tuple[str, ...]]]:
        """The headings of a document in order, each as its path with the page it begins on."""
        found: dict[tuple[str, ...], int] = {}
        for first in range(1, document.page_count + 1, PAGES_AT_ONCE):
            numbers = range(first, min(first + PAGES_AT_ONCE, document.page_count + 1))
            places = [(document.id, number) for number in numbers]
            pages = self._catalog.chunked_pages(places, self._scope)
            for place in places:
                for placed in pages[place].chunks if place in pages else ():
                    if placed.chunk.heading:
                        found.setdefault(placed.chunk.heading, place[1])
            if len(found) >= most:
                break
        return [(page, heading) for heading, page in islice(found.items(), most)]


def passage_of(document: Document, page: Page, start: int, end: int) -> Passage:
    """A span of a page as a passage."""
    text = page.text[start:end]
    return Passage(document, page.number, page.label, start, end, text, (), 0.0, (), page.offset)
