"""What a claim speaks of that its source speaks of elsewhere, as of another subject."""

from __future__ import annotations

import math
import re
from collections import Counter

from rag.amounts import amounts
from rag.derived import is_derived
from rag.domain import Span
from rag.languages import detect
from rag.quantities import same
from rag.runs import nearest_run, weights
from rag.terms import Term, terms
from rag.units import UNITS

CERTAIN = 0.74  # share of a claim's other words that stand together where what it speaks of is not
HEADING = 8  # telling words with which a passage begins, which say what all of it is about
OFTEN = 3  # times that a word stands in what is about it
LISTED = 6  # words of the name of one of two
_NO_THING = re.compile(
    r"=(?:use|need|maximum|minimum|give|get|show|increas|decreas|everyone|approximately|also|fee|"
    r"complet|begin|expir|keep|last|only|after|before|between|during|staff|person|patient|mean|"
    r"support|apply|receiv|licen|rise|first|second|year|month|monthly|week|day|hour|wide|small|"
    r"new|old|total|number|percent|average|half|double|triple|revenue)|\d+(?:[.,]\d+)*$"
)
_RESPECTIVELY = re.compile(
    r"\b(?:respectively|respectivement|respectivamente|jeweils)\b", re.IGNORECASE
)
_AND = frozenset({"and", "et", "und", "y"})


def displaced(claim: str, passage: str) -> tuple[str, str] | None:
    """A word of a claim that its passage has only elsewhere, where all else stands together.

    With the first telling word that stands there and not in the claim; None where there is none.
    """
    run = nearest_run(claim, passage)
    if run is None or any(
        is_derived(each, claim, passage) for each in amounts(claim, detect(claim))
    ):
        return None
    there = terms(passage)
    often = Counter(word.key for word in there)
    heading = {word.key for word in [word for word in there if not word.small][:HEADING]}
    near = run.keys | run.before
    mine = [word for word in terms(claim) if not word.small]
    away = [
        word
        for word in mine
        if word.key not in near
        and 0 < often[word.key] < OFTEN
        and word.key not in heading
        and word.word not in UNITS
        and not _NO_THING.match(word.key)
    ]
    wanted = {word.key for word in mine}
    others = [word for word in run.words if not word.small and word.key not in wanted]
    if not away or not others:
        return None
    rest = wanted - {word.key for word in away}
    weigh = weights(passage)
    total = math.fsum(weigh.get(key, 1.0) for key in rest)
    if not total or math.fsum(weigh[key] for key in rest & near) / total < CERTAIN:
        return None
    return others[0].word, away[0].word


def unrespective(claim: str, passage: str) -> tuple[str, str] | None:
    """The figure that is said "respectively" of what a claim names, and the claim's instead."""
    language = detect(passage)
    wanted = {word.key for word in terms(claim) if not word.small}
    for match in _RESPECTIVELY.finditer(passage):
        sentence = _sentence(passage, match.start())
        figures = [
            each
            for each in amounts(passage, language)
            if sentence and sentence[0].span.start <= each.span.start < match.start()
        ][-2:]
        if len(figures) < 2 or figures[0].kind != figures[1].kind:
            continue
        names = _pair(sentence, figures[0].span)
        if names is None or bool(names[0] & wanted) == bool(names[1] & wanted):
            continue
        at = 0 if names[0] & wanted else 1
        for claimed in amounts(claim, detect(claim) or language):
            if same(claimed, figures[1 - at]) and not same(claimed, figures[at]):
                own = figures[at].span
                said = claim[claimed.span.start : claimed.span.end]
                return passage[own.start : own.end], said
    return None


def _sentence(passage: str, at: int) -> list[Term]:
    words = terms(passage)
    number = max((word.sentence for word in words if word.span.start <= at), default=0)
    return [word for word in words if word.sentence == number]


def _pair(sentence: list[Term], before: Span) -> tuple[frozenset[str], frozenset[str]] | None:
    """What stands on either side of the first "and" before the figures, without what both have."""
    words = [word for word in sentence if word.span.start < before.start]
    at = next((n for n, word in enumerate(words) if word.word in _AND), None)
    if at is None:
        return None
    first = {word.key for word in words[max(0, at - LISTED) : at] if not word.small}
    last = words[at].part
    second = {
        word.key
        for word in words[at + 1 : at + 1 + LISTED]
        if not word.small and word.part <= last + 1
    }
    return frozenset(first - second), frozenset(second - first)
