"""Which parts of a passage's sentences a claim's words come nearest to."""

from __future__ import annotations

import itertools
import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from rag.domain import Span
from rag.terms import Term, terms

LONGEST_RUN = 6  # parts of a sentence
# What a word of the claim that a run lacks counts against it, and a word that it has besides.
LACKED, BESIDES = 0.7, 0.25


@dataclass(frozen=True, slots=True)
class Run:
    """Neighbouring parts of a sentence: their words, and what the telling ones are compared by.

    `before` are the telling words of its sentence that come before it.
    """

    words: tuple[Term, ...]
    keys: frozenset[str]
    before: frozenset[str]

    @property
    def span(self) -> Span:
        """Where it stands."""
        return Span(self.words[0].span.start, self.words[-1].span.end)

    @property
    def sentence(self) -> int:
        """The number of its sentence."""
        return self.words[0].sentence


@lru_cache(maxsize=128)
def runs(text: str) -> tuple[Run, ...]:
    """The runs of up to six parts of each sentence of a text, and each whole sentence."""
    found: list[Run] = []
    for _, sentence in itertools.groupby(terms(text), key=lambda term: term.sentence):
        parts = [tuple(part) for _, part in itertools.groupby(sentence, key=lambda it: it.part)]
        found += _of_sentence(parts)
    return tuple(found)


def _of_sentence(parts: Sequence[tuple[Term, ...]]) -> Iterator[Run]:
    before: set[str] = set()
    for first in range(len(parts)):
        for last in range(first, min(first + LONGEST_RUN, len(parts))):
            yield _run(parts[first : last + 1], before)
        before |= _told(parts[first])
    if len(parts) > LONGEST_RUN:
        yield _run(parts, ())


def _run(parts: Sequence[tuple[Term, ...]], before: Iterator[str] | set[str] | tuple[()]) -> Run:
    words = tuple(itertools.chain.from_iterable(parts))
    return Run(words, frozenset(_told(words)), frozenset(before))


def _told(words: Sequence[Term]) -> set[str]:
    return {word.key for word in words if not word.small}


@lru_cache(maxsize=128)
def weights(text: str) -> Mapping[str, float]:
    """What the words of a text tell: the less, the more often they stand in it."""
    often = Counter(term.key for term in terms(text))
    return {key: 1 / math.sqrt(count) for key, count in often.items()}


@lru_cache(maxsize=1024)
def nearest_run(claim: str, text: str) -> Run | None:
    """The run of a text that says most of a claim with least besides; None if it shares no word."""
    wanted = _told(terms(claim))
    weigh = weights(text)
    best, most = None, 0.0
    for run in runs(text):
        shared = math.fsum(weigh[key] for key in wanted & run.keys)
        if not shared:
            continue
        lacked = math.fsum(weigh.get(key, 1.0) for key in wanted - run.keys)
        besides = math.fsum(weigh[key] for key in run.keys - wanted)
        score = shared / (shared + LACKED * lacked + BESIDES * besides)
        if score > most:
            best, most = run, score
    return best


def share_of(claim: str, text: str, run: Run) -> float:
    """How much of a claim's words a run of a text has, by what they tell."""
    weigh = weights(text)
    wanted = _told(terms(claim))
    total = math.fsum(weigh.get(key, 1.0) for key in wanted)
    return math.fsum(weigh[key] for key in wanted & run.keys) / total if total else 0.0
