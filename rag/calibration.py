"""What is usual in a library, measured on some of its own chunks."""

from __future__ import annotations

import threading
from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import accumulate

import numpy as np
from numpy.typing import NDArray

from rag.domain import Library
from rag.spelling import sequences
from rag.store.catalog import Catalog

SAMPLED_CHUNKS = 128  # 60 do as well on XQuAD
# What a library of this many chunks does not hold tells half as much as what a large one does not:
# it lacks most of the small words of its own language too.
FEW_CHUNKS = 5


@dataclass(frozen=True, slots=True)
class LetterRarity:
    """How rare letter sequences are among some texts; `known` is sorted."""

    known: NDArray[np.uint64]
    counts: NDArray[np.int64]
    texts: int

    def of(self, wanted: NDArray[np.uint64]) -> NDArray[np.float64]:
        """The inverse document frequency of each sequence."""
        frequency = np.zeros(len(wanted))
        if len(self.known):
            places = np.minimum(np.searchsorted(self.known, wanted), len(self.known) - 1)
            found = self.known[places] == wanted
            frequency[found] = self.counts[places[found]]
        rarity = np.log1p((self.texts - frequency + 0.5) / (frequency + 0.5))
        known = np.where(frequency > 0, 1.0, self.texts / (self.texts + FEW_CHUNKS))
        weights: NDArray[np.float64] = known * rarity
        return weights


def letter_rarity(texts: Sequence[str]) -> LetterRarity:
    """Count in how many of the texts each letter sequence occurs."""
    found = [np.unique(sequences(text)) for text in texts]
    together = np.concatenate(found) if found else np.empty(0, dtype=np.uint64)
    known, counts = np.unique(together, return_counts=True)
    return LetterRarity(known, counts, len(texts))


class Calibrations:
    """The letter rarities of libraries, measured when first asked for and whenever one changes."""

    def __init__(self, catalog: Catalog) -> None:
        """Take what holds the chunks."""
        self._catalog = catalog
        self._lock = threading.Lock()
        self._measured: dict[str, tuple[Library, LetterRarity]] = {}

    def of(self, library: Library, chunk_ids: Callable[[], Sequence[range]]) -> LetterRarity:
        """The rarities in a library that has these chunks, from a sample spread over them.

        `chunk_ids` are asked for only when they are needed.
        """
        with self._lock:
            known = self._measured.get(library.id)
        if known is not None and known[0] == library:
            return known[1]
        chunks = self._catalog.chunks(
            spread(chunk_ids(), SAMPLED_CHUNKS), self._catalog.scope(library.id)
        )
        measured = letter_rarity([chunk.text for chunk in chunks])
        with self._lock:
            self._measured[library.id] = (library, measured)
        return measured


def spread(ranges: Sequence[range], count: int) -> list[int]:
    """At most `count` of the numbers in ranges, evenly spread over all of them."""
    ends = list(accumulate(map(len, ranges)))
    total = ends[-1] if ends else 0
    drawn = min(total, count)
    found: list[int] = []
    for place in (position * total // drawn for position in range(drawn)):
        at = bisect_right(ends, place)
        found.append(ranges[at][place - ends[at]])  # counted from the end
    return found
