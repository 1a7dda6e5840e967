"""How much of a question sentences hold, alone and with what stands around them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from rag.calibration import LetterRarity
from rag.domain import Span
from rag.identifiers import contradicts, identifiers
from rag.spelling import sequences
from rag.table_lines import Row


class Place(NamedTuple):
    """Where a sentence stands: the position of its passage, and its span there."""

    passage: int
    span: Span


class Shares:
    """How much of a question's words sentences hold, alone and with what stands around them."""

    def __init__(
        self,
        weights: Mapping[str, float],
        places: Sequence[Place],
        found: Sequence[set[str]],
        before: Sequence[int],
        headed: Mapping[int, Collection[str]],
    ) -> None:
        """Take the words of sentences, and those of the heads of rows whose words count too."""
        self._weights = weights
        self._headed = headed
        self._total = sum(weights.values()) or 1.0
        self._places = places
        self._found = found
        self._before = before
        self._held: dict[int, set[str]] = {}
        for (at, _), words in zip(places, found, strict=True):
            self._held.setdefault(at, set()).update(words)

    def of(self, position: int) -> tuple[float, float, float]:
        """The shares of a sentence alone, with the one before, and of its whole passage."""
        at, words = self._places[position].passage, self._found[position]
        with_before = words.union(
            self._found[self._before[position]], self._headed.get(position, ())
        )
        return self._share(words), self._share(with_before), self._share(self._held[at])

    def _share(self, words: Collection[str]) -> float:
        held = sum(weight for word, weight in self._weights.items() if word in words)
        return held / self._total


def heads_of_none(rows: Mapping[int, Row], left_out: Collection[int]) -> frozenset[int]:
    """The positions of heads that stand above no row but those that are left out."""
    above = {row.below for at, row in rows.items() if at in left_out and row.below is not None}
    return frozenset(above) - {row.below for at, row in rows.items() if at not in left_out}


def going_on_from(places: Sequence[Place], heads: Mapping[int, int]) -> list[int]:
    """For each sentence the one it goes on from: its head if a row has one, or itself if none."""
    return [
        heads.get(at, at - 1 if at and places[at - 1].passage == place.passage else at)
        for at, place in enumerate(places)
    ]


def spelled_shares(
    question: str,
    places: Sequence[Place],
    texts: Sequence[str],
    letters: LetterRarity,
    before: Sequence[int],
) -> list[tuple[float, float]]:
    """The shares of a question's letter sequences held with the sentence before, and all around."""
    wanted = np.unique(sequences(question))
    weights = letters.of(wanted)
    total = float(weights.sum()) or 1.0
    held = np.stack([np.isin(wanted, sequences(text)) for text in texts])
    owners = np.array([at for at, _ in places])
    around = {at: float(held[owners == at].any(axis=0) @ weights) / total for at in set(owners)}
    context = held | held[list(before)]
    return [
        (float(share) / total, around[at])
        for share, at in zip(context @ weights, owners, strict=True)
    ]


def subjects_of(
    question: str, places: Sequence[Place], texts: Sequence[str]
) -> list[tuple[bool, bool]]:
    """For each sentence, whether it names what the question names, and whether it contradicts it.

    A sentence that names nothing of its own speaks of what the one before it named.
    """
    asked = identifiers(question)
    if not asked:
        return [(False, False)] * len(texts)
    subjects: list[tuple[bool, bool]] = []
    before, passage = frozenset[str](), -1
    for (at, _), text in zip(places, texts, strict=True):
        said = identifiers(text)
        subject = said or (before if at == passage else said)
        subjects.append((bool(asked & said), contradicts(asked, subject)))
        before, passage = subject, at
    return subjects
