"""Whether what a claim says of a value is what its source says of it, or of another of its kind.

"The tiles division contributed £171 million and sanitaryware £113 million": a claim that gives
sanitaryware £171 million has nothing in it that the source does not state, and is false.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from rag.amounts import amounts
from rag.compared_periods import is_side_of
from rag.domain import Span
from rag.folding import flowing, unaccented
from rag.languages import Language, detect
from rag.limits import is_next
from rag.periods import MONTH_OF
from rag.quantities import Quantity, same
from rag.runs import Run, runs, weights
from rag.terms import terms
from rag.worked_out import has_worked_out, is_worked_out

CLEARLY = 0.07  # by how much another value must suit the claim's words better
INHERITED = 0.8  # what a word counts that stands before, in the same sentence
BESIDES, SHARED_RUN = 0.25, 0.2
MOST_VALUES = 60
LONGEST_LABEL = 24  # characters
_YEAR = re.compile(r"(?<![\d.,])(?:1[5-9]|20)\d\d(?![\d.,]*\d)")
_MONTH = re.compile(
    r"\b(?:january|february|march|april|june|july|august|september|october|november|december|"
    r"janvier|février|mars|avril|juin|juillet|août|septembre|octobre|novembre|décembre)\b",
    re.IGNORECASE,
)
_MADE = re.compile(
    r"\b(?:total|together|combin\w*|altogether|average|overall|times|double\w*|ensemble|moyenne|"
    r"fois|somme|difference|ecart)\b"
)
_LABEL = re.compile(r"(?<![.?!:;] )((?:[A-Z][a-z]+|version|release|section|clause|article))s?\s$")
_JOINED = re.compile(r"-[^\W\d]")  # "8-bit", "20-year"
_CODE = re.compile(
    r"(?<![\w.,-])(?:--[a-z][\w-]*|[A-Za-z]{1,4}-?\d[\w-]*|\d+-(?!(?:billion|million|year|month|week|"
    r"day|hour|point|storey|page)\b)[A-Za-z]\w*|\w+_\w+)(?!\w)"
)


@dataclass(frozen=True, slots=True)
class Value:
    """A figure, year, month or code of a text; `amount` where it is a figure."""

    kind: str
    key: str
    span: Span
    amount: Quantity | None = None

    def is_same(self, other: Value) -> bool:
        """Whether another one is as much, or the same."""
        if self.amount and other.amount:
            return same(self.amount, other.amount, loosely=True)
        return (self.kind, self.key) == (other.kind, other.key)


@lru_cache(maxsize=512)
def values(text: str, language: Language | None) -> tuple[Value, ...]:
    """The values of a text."""
    found = [
        Value(f"{_label(text, each)} {each.kind}", "", each.span, each)
        for each in amounts(text, language)
        if not _JOINED.match(text, each.span.end)
        and not _YEAR.fullmatch(text[each.span.start : each.span.end])
    ]
    taken = [each.span for each in found]
    for kind, pattern in (("year", _YEAR), ("month", _MONTH), ("code", _CODE)):
        for match in pattern.finditer(text):
            if not any(span.start <= match.start() < span.end for span in taken):
                plain = unaccented(match.group())
                found.append(Value(kind, MONTH_OF.get(plain, plain), Span(*match.span())))
    return tuple(found[:MOST_VALUES])


def _label(text: str, amount: Quantity) -> str:
    """What a bare number is the number of: of a version, or of what its name begins with."""
    before = _LABEL.search(text[max(0, amount.span.start - LONGEST_LABEL) : amount.span.start])
    if amount.kind:
        return "amount"
    if before:
        return f"number of {unaccented(before[1])}"
    return "whole" if all(value.is_integer() for value, _ in amount.readings) else "decimal"


def misattached(claim: str, passage: str) -> tuple[str, str] | None:
    """A value of a claim that its source gives to something else, and the one it gives instead.

    None where the words of the claim suit none of its kind clearly better.
    """
    own_language = detect(passage)
    claimed = values(claim, detect(claim) or own_language)
    stated = values(passage, own_language)
    worst, found = -CLEARLY, None
    for value in claimed:
        own = [each for each in stated if value.is_same(each)]
        rivals = [
            each
            for each in stated
            if each.kind == value.kind
            and not any(it.is_same(each) for it in claimed)
            and not any(is_side_of(it.span.start, each.span.start, passage) for it in own)
        ]
        if not own or not rivals or _follows(value, claim, passage):
            continue
        if value.amount and is_next(value.amount, claim, passage):
            continue
        adds_up = value.kind == "year" or (value.amount and value.amount.spelled)
        if adds_up and has_worked_out(claim, passage):
            continue  # so many of something that the claim adds up, or when they were
        wanted = frozenset(
            term.key
            for term in terms(claim)
            if not term.small and not value.span.start <= term.span.start < value.span.end
        )
        mine = max(_suits(each, rivals, wanted, passage) for each in own)
        theirs, rival = max(
            ((_suits(each, own, wanted, passage), each) for each in rivals),
            key=lambda pair: pair[0],
        )
        if mine - theirs < worst:
            worst = mine - theirs
            said = claim[value.span.start : value.span.end]
            found = (flowing(passage[rival.span.start : rival.span.end]), said)
    return found


def _follows(value: Value, claim: str, passage: str) -> bool:
    """Whether a claim says that it works a figure out, and it comes out of others as well."""
    if not _MADE.search(unaccented(claim)):
        return False
    stated = amounts(passage, detect(passage))
    return value.amount is not None and is_worked_out(value.amount, claim, passage, stated)


def _suits(value: Value, others: Sequence[Value], wanted: frozenset[str], passage: str) -> float:
    """How well the words around a value are the wanted ones, in the best of its runs."""
    weigh = weights(passage)
    total = math.fsum(weigh.get(key, 1.0) for key in wanted) or 1.0
    return max(
        (_suit(run, value, others, wanted, total, passage) for run in _around(passage, value.span)),
        default=0.0,
    )


def _suit(
    run: Run,
    value: Value,
    others: Sequence[Value],
    wanted: frozenset[str],
    total: float,
    passage: str,
) -> float:
    weigh = weights(passage)
    span = run.span
    inside = [each.span for each in others if span.start <= each.span.start < span.end]
    skipped = [value.span, *inside]
    held = {
        word.key
        for word in run.words
        if not word.small and not any(it.start <= word.span.start < it.end for it in skipped)
    }
    shared = math.fsum(weigh[key] for key in wanted & held)
    shared += INHERITED * math.fsum(weigh[key] for key in (wanted & run.before) - held)
    return shared / (total + BESIDES * len(held - wanted)) - SHARED_RUN * bool(inside)


@lru_cache(maxsize=1024)
def _around(passage: str, span: Span) -> tuple[Run, ...]:
    """The runs of a passage that a span stands in."""
    return tuple(run for run in runs(passage) if run.span.start <= span.start < run.span.end)
