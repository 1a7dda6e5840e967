"""What of a scope one search looks at: some pages of a document, without passages known already."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass

from rag.domain import Passage, Scope
from rag.store.catalog import Catalog
from rag.store.places import ChunkedPage, Place
from rag.store.rows import StoredChunk


@dataclass(frozen=True, slots=True)
class Narrowing:
    """The limits of one search within its scope.

    `first_page` and `last_page` are both within the search, and mean something only where the scope
    is of one document; `without` are passages that are not to come again, not even in part.
    """

    first_page: int = 1
    last_page: int | None = None
    without: tuple[Passage, ...] = ()

    @property
    def has_pages(self) -> bool:
        """Whether only some pages are meant."""
        return self.first_page > 1 or self.last_page is not None

    def admits(self, found: StoredChunk) -> bool:
        """Whether a chunk is on the pages, and in no passage that is left out."""
        chunk = found.chunk
        if chunk.page < self.first_page or chunk.page > (self.last_page or chunk.page):
            return False
        place = (found.document.id, chunk.page)
        return not any(_overlap(each, place, chunk.start, chunk.end) for each in self.without)

    def left_out(self, page: ChunkedPage, place: Place) -> set[int]:
        """The chunks of a page that are in passages left out."""
        return {
            placed.id
            for placed in page.chunks
            for each in self.without
            if _overlap(each, place, placed.chunk.start, placed.chunk.end)
        }


WHOLE = Narrowing()


@dataclass(frozen=True, slots=True)
class Within:
    """A scope and the limits in it; `ids` are the chunks of the pages, None where all are meant."""

    scope: Scope
    narrowing: Narrowing = WHOLE
    ids: range | None = None


def within(
    scope: Scope, narrowing: Narrowing, chunks: dict[str, range], catalog: Catalog
) -> Within:
    """Where to search; `chunks` are those of each document, in the order of its pages."""
    documents = scope.document_ids or frozenset()
    if not narrowing.has_pages or len(documents) != 1:
        return Within(scope, narrowing)
    (document,) = documents
    ids = chunks.get(document, range(0))

    def page_of(id_: int) -> int:
        found: Sequence[StoredChunk] = catalog.chunks([id_], scope)
        return found[0].chunk.page if found else 0

    start = bisect_left(ids, narrowing.first_page, key=page_of)
    if narrowing.last_page is None:
        return Within(scope, narrowing, ids[start:])
    stop = bisect_left(ids, narrowing.last_page + 1, key=page_of)
    return Within(scope, narrowing, ids[start:stop])


def _overlap(passage: Passage, place: Place, start: int, end: int) -> bool:
    return (
        (passage.document.id, passage.page) == place and start < passage.end and passage.start < end
    )
