"""Which of two amounts is of now, and which of the period before: "$9 million, from $8 million".

In English and French.
"""

from __future__ import annotations

import itertools
import re
from functools import lru_cache

from rag.amounts import amounts
from rag.languages import detect
from rag.quantities import Quantity, same
from rag.wording import folded

REACH = 90  # characters between the two


def _spaced(pattern: str) -> re.Pattern[str]:
    """A pattern whose spaces may be line breaks."""
    return re.compile(pattern.replace(" ", r"\s+"))


_PERIOD = r"(?:fiscal |financial )?(?:years?|quarter|period|months?|week|half)(?:'s)?"
_BEFORE = (
    rf"(?:(?:prior|previous|preceding|year-ago|prior-year|last)(?:-| ){_PERIOD}(?: {_PERIOD})?"
    rf"|(?:same|corresponding|comparable) {_PERIOD} (?:of|in) (?:the )?(?:prior|previous|last)"
    r"|(?:an?|one) (?:year|quarter|month) (?:earlier|ago|before)"
    r"|(?:annee|exercice|trimestre|periode|mois) (?:precedente?|derniere?)"
    r"|un an (?:plus tot|avant))"
)
_NOW = rf"(?:(?:current|latest|present|this) {_PERIOD}|(?:annee|exercice|trimestre) en cours)"
_AGAINST = _spaced(
    r"\b(?:compared (?:to|with)|as against|against|versus|vs\.?|(?:up |down )?from|contre|"
    r"par rapport a)\s+(?:[$€£(]|an? |un |une |some |about )*$"
)
_BETWEEN = (
    r"\W{0,3}(?:(?!than\b|from\b|over\b|on\b|compared\b|against\b|vs\b|que\b|contre\b)\w+ ){0,3}?"
)
_OF_BEFORE = _spaced(rf"{_BETWEEN}(?:in |during |for |of )?(?:the |l'|le |la )?{_BEFORE}")
_OF_NOW = _spaced(rf"{_BETWEEN}(?:in |during |for |of )?(?:the |l'|le |la )?{_NOW}")
_WORD_BEFORE = _spaced(rf"\b{_BEFORE}")


@lru_cache(maxsize=256)
def sides(text: str) -> dict[int, int]:
    """By where amounts of a text start: where the one starts that each is compared with.

    Only of those that stand right before "compared to", "from" and their like, and the amount of
    the period before.
    """
    flat = folded(text)
    if not _WORD_BEFORE.search(flat):
        return {}
    every = amounts(text, detect(text))
    found = {}
    for one, other in itertools.pairwise(every):
        between = flat[one.span.end : other.span.start]
        if one.kind != other.kind or len(between) > REACH or ". " in between or ";" in between:
            continue
        if _AGAINST.search(between) and _OF_BEFORE.match(flat, other.span.end):
            found[one.span.start] = other.span.start
    return found


def is_side_of(mine: int, other: int, passage: str) -> bool:
    """Whether of two amounts of a passage, by where they start, one is of now, one of before."""
    both = sides(passage)
    return both.get(mine) == other or both.get(other) == mine


def placed_otherwise(claim: str, passage: str) -> tuple[str, str] | None:
    """The amount of the period before where a claim has that of now, and the claim's; or reversed.

    None where the amount stands elsewhere too.
    """
    both = sides(passage)
    if not both:
        return None
    flat = folded(claim)
    stated = amounts(passage, detect(passage))
    starts = {each.span.start: each for each in stated}
    turned = {prior: now for now, prior in both.items()}
    for wanted in amounts(claim, detect(claim) or detect(passage)):
        for pattern, wrong in ((_OF_BEFORE, both), (_OF_NOW, turned)):
            own = [each for each in stated if same(wanted, each, loosely=True)]
            if not own or not pattern.match(flat, wanted.span.end):
                continue
            if all(each.span.start in wrong for each in own):
                instead = starts[wrong[own[0].span.start]]
                if not same(wanted, instead, loosely=True):
                    return _text(instead, passage), _text(wanted, claim)
    return None


def _text(amount: Quantity, text: str) -> str:
    return text[amount.span.start : amount.span.end]
