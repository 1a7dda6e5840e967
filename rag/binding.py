"""Whether the words of a claim stand by its own figures in a text, or by others of their kind.

"Glasgow 2,310 beds, Sheffield 1,875": in a claim that gives Sheffield 2,310 nothing is wrong but
what belongs to what.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence, Set
from dataclasses import dataclass
from functools import lru_cache

from rag.contradiction import amounts
from rag.folding import unaccented
from rag.languages import SMALL_WORDS, detect
from rag.quantities import Quantity, same

REACH = 3.0  # words at which a word counts half
PER_STOP, PER_COMMA = 4.0, 1.5  # what an end of a sentence or line, and a comma, add in words
STEM = 5
SHORTEST = 3
MOST_FIGURES = 60
_WORD = re.compile(r"[^\W_]+")
_STOP = re.compile(r"[.;]\s|\n")
_SMALL = frozenset().union(*SMALL_WORDS.values())


@dataclass(frozen=True, slots=True)
class _Word:
    start: int
    stem: str


def bound(claim: str, text: str) -> float:
    """How much nearer a claim's words stand to its figures than to others of their kind.

    From -1 to 1, by the worst of the figures; 0 where the text has none to mistake them for.
    """
    claimed = amounts(claim, detect(claim))
    if not claimed:
        return 0.0
    stated = amounts(text, detect(text))[:MOST_FIGURES]
    there = _words(text)
    spans = [each.span for each in claimed]
    wanted = {
        word.stem
        for word in _words(claim)
        if not any(span.start <= word.start < span.end for span in spans)
    }
    often = Counter(word.stem for word in there)
    margins = []
    for figure in claimed:
        own, other = [], []
        for each in stated:
            if same(figure, each, loosely=True):
                own.append(_nearness(each, wanted, there, often, text))
            elif each.kind == figure.kind:
                other.append(_nearness(each, wanted, there, often, text))
        if own and other:
            margins.append(max(own) - max(other))
    return min(margins, default=0.0)


def _nearness(
    figure: Quantity,
    wanted: Set[str],
    words: Sequence[_Word],
    often: Counter[str],
    text: str,
) -> float:
    """How near the wanted words stand to a figure, 0 to 1."""
    best: dict[str, float] = {}
    for word in words:
        within = figure.span.start <= word.start < figure.span.end
        if word.stem not in wanted or within:
            continue
        start, end = sorted((word.start, figure.span.start))
        between = text[start:end]
        apart = len(_WORD.findall(between)) + PER_COMMA * between.count(",")
        apart += PER_STOP * len(_STOP.findall(between))
        share = 1 / (1 + apart / REACH) / often[word.stem] ** 0.5
        best[word.stem] = max(best.get(word.stem, 0.0), share)
    return sum(best.values()) / max(1, len(wanted))


@lru_cache(maxsize=256)
def _words(text: str) -> tuple[_Word, ...]:
    found = []
    for match in _WORD.finditer(text):
        word = unaccented(match.group())
        if len(word) >= SHORTEST and word not in _SMALL:
            found.append(_Word(match.start(), word if word[0].isdigit() else word[:STEM]))
    return tuple(found)
