"""The pages of documents as sources, grouped as a model can read them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from rag.domain import Document, DocumentState, ModelCard, Page, Passage, Scope, Source, Span
from rag.errors import NotFoundError
from rag.prompts import rendered, token_cost
from rag.sentences import split_sentences
from rag.store.catalog import Catalog
from rag.store.scopes import documents_in

PART_TOKENS = 32_000  # read at once at most: what stands in the middle of more is passed over
MOST_SOURCES = 900  # that one prompt numbers
READABLE = frozenset({DocumentState.READY, DocumentState.PARTIAL})


def readable_documents(catalog: Catalog, scope: Scope) -> list[Document]:
    """The documents of a scope that have text, in the order in which they were added.

    Raises:
        NotFoundError: there are none.
    """
    chosen = documents_in(catalog, scope)
    found = [document for document in chosen if document.state in READABLE]
    if found:
        return found
    if len(chosen) == 1:
        reason = chosen[0].reason or "It has none."
        raise NotFoundError(f"{chosen[0].name} has no text to read. {reason}")
    raise NotFoundError("There is no document with text here yet. Add one first.")


def pages_of(catalog: Catalog, document: Document) -> list[Passage]:
    """Every page of a document that has text, whole."""
    pages = catalog.pages(document.id)
    return [passage_of(document, page) for page in pages if page.text.strip()]


def passage_of(document: Document, page: Page) -> Passage:
    """A whole page as a passage."""
    text = page.text
    return Passage(document, page.number, page.label, 0, len(text), text, (), 0.0, (), page.offset)


def part_of(passage: Passage, span: Span) -> Passage:
    """A part of a passage, by its characters."""
    text = passage.text[span.start : span.end]
    start = passage.start + span.start
    return replace(passage, start=start, end=start + len(text), text=text)


def grouped(passages: Sequence[Passage], room: int, card: ModelCard) -> list[list[Source]]:
    """Passages in their order, in groups that a model can read at once, numbered in each from 1.

    None is lost: one that is too long by itself is cut where a sentence ends.

    Args:
        passages: in reading order.
        room: the tokens that a group may have.
        card: the model that reads them.
    """
    room = min(room, PART_TOKENS)
    groups: list[list[Source]] = [[]]
    left = room
    for passage in passages:
        for piece, cost in _pieces(passage, room, card):
            if groups[-1] and (cost > left or len(groups[-1]) == MOST_SOURCES):
                groups.append([])
                left = room
            groups[-1].append(Source(len(groups[-1]) + 1, piece))
            left -= cost
    return [group for group in groups if group]


def _cost(passage: Passage, card: ModelCard) -> int:
    """What a passage takes up under the longest number that it may get."""
    return token_cost([rendered(Source(MOST_SOURCES, passage))], card)


def _pieces(passage: Passage, room: int, card: ModelCard) -> Iterator[tuple[Passage, int]]:
    """A passage cut in half where a sentence ends until each piece fits, with their tokens."""
    cost = _cost(passage, card)
    if cost <= room or len(passage.text) < 2:
        yield passage, cost
        return
    middle = len(passage.text) // 2
    ends = [span.end for span in split_sentences(passage.text)][:-1]
    cut = min(ends, key=lambda end: abs(end - middle), default=middle)
    for span in (Span(0, cut), Span(cut, len(passage.text))):
        yield from _pieces(part_of(passage, span), room, card)


def extent(passages: Sequence[Passage]) -> str:
    """Which pages these are, in words: "guide.pdf, pages 1–20"."""
    first, last = passages[0], passages[-1]
    if first.document.id != last.document.id:
        return f"{first.document.name} to {last.document.name}"
    name = first.document.name
    if not first.document.paginated:
        return name
    if first.page == last.page:
        return f"{name}, page {first.page}"
    return f"{name}, pages {first.page}–{last.page}"
