"""From chunks to passages: a hit with its neighbours, none of them twice."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from itertools import pairwise

from rag.domain import Passage, Reasons
from rag.fusion import total
from rag.store.places import ChunkedPage, PlacedChunk
from rag.store.rows import StoredChunk

NEIGHBOURS_TOKENS = 600  # a passage grows by neighbouring chunks up to this size
NEARLY_ALL = 0.92  # of the words of the shorter of two texts that say the same
FEWEST_WORDS = 12  # fewer are compared as they stand
_WORD = re.compile(r"\w+")


def grow(hit: int, page: Sequence[PlacedChunk], taken: Collection[int]) -> list[PlacedChunk]:
    """A chunk with its neighbours on the page, nearest first, until the passage is full.

    A neighbour that completes a table or a sentence comes with it. Empty when it is gone.
    """
    position = next((n for n, chunk in enumerate(page) if chunk.id == hit), None)
    if position is None:  # removed since it was found
        return []
    first = last = position
    tokens = page[position].chunk.tokens
    grown = True
    while grown:
        grown = False
        for neighbour in (last + 1, first - 1):
            if not 0 <= neighbour < len(page) or page[neighbour].id in taken:
                continue
            if tokens + page[neighbour].chunk.tokens > NEIGHBOURS_TOKENS:
                continue
            tokens += page[neighbour].chunk.tokens
            first, last = min(first, neighbour), max(last, neighbour)
            grown = True
    return list(page[first : last + 1])


def passage_of(
    hit: StoredChunk, on: ChunkedPage, run: Sequence[PlacedChunk], reasons: Reasons
) -> Passage:
    """A run of chunks of a page as the passage that a hit among them was found for."""
    page, start, end = on.page, run[0].chunk.start, run[-1].chunk.end
    header = filter(None, [run[0].chunk.header])  # of the table that the passage begins in
    return Passage(
        hit.document,
        page.number,
        page.label,
        start,
        end,
        page.text[start:end],
        (*hit.chunk.heading, *header),
        total(reasons),
        (hit.id, *(chunk.id for chunk in run if chunk.id != hit.id)),
        page.offset,
        reasons,
        on.rows(start, end),
    )


class Repeats:
    """Recognises chunks that say what one before them said already."""

    def __init__(self) -> None:
        self._seen: list[tuple[frozenset[str], frozenset[str]]] = []

    def holds(self, text: str) -> bool:
        """Whether the text says what one seen before said: nearly the same words in their order.

        Figures and names must be all the same: two contracts that differ in nothing but the price
        or the company are two answers.
        """
        telling = frozenset(word for word in _WORD.findall(text) if _tells_apart(word))
        words = _WORD.findall(text.casefold())
        pairs = pairwise(words) if len(words) > FEWEST_WORDS else [words]
        shingles = frozenset(map(" ".join, pairs))
        if any(telling == theirs and _alike(shingles, seen) for theirs, seen in self._seen):
            return True
        self._seen.append((telling, shingles))
        return False


def _tells_apart(word: str) -> bool:
    return word[0].isupper() or any(letter.isdigit() for letter in word)


def _alike(one: frozenset[str], other: frozenset[str]) -> bool:
    fewer, more = sorted((len(one), len(other)))
    if fewer < NEARLY_ALL * more:
        return False
    return len(one.intersection(other)) >= NEARLY_ALL * more
