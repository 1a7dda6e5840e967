"""From chunks to passages: a hit with its neighbours, none of them twice."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from itertools import pairwise

from rag.store.places import PlacedChunk

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


class Repeats:
    """Recognises chunks that say what one before them said already."""

    def __init__(self) -> None:
        self._seen: list[Collection[str]] = []

    def holds(self, text: str) -> bool:
        """Whether nearly all words of the text stood in one seen before, figures included."""
        words = _WORD.findall(text.casefold())
        pairs = frozenset(pairwise(words)) if len(words) > FEWEST_WORDS else ()
        shingles = frozenset(map(" ".join, pairs)) or frozenset([" ".join(words)])
        if any(_alike(shingles, seen) for seen in self._seen):
            return True
        self._seen.append(shingles)
        return False


def _alike(one: frozenset[str], other: Collection[str]) -> bool:
    fewer, more = sorted((len(one), len(other)))
    if fewer < NEARLY_ALL * more:
        return False
    return len(one.intersection(other)) >= NEARLY_ALL * more
