"""The bounds and rates that a text puts to its figures: at least, at most, per week.

"At least 30 minutes" and "no more than 30 minutes" have every figure in common.
"""

from __future__ import annotations

import re
from functools import lru_cache

from rag.amounts import amounts
from rag.languages import Language, detect
from rag.quantities import Quantity, same
from rag.wording import folded

REACH = 60  # characters before a figure in which what bounds it may stand
_ABOVE = (
    r"at least|no less than|not less than|no fewer than|not fewer than|a minimum of|"
    r"minimum(?: of)?|"
    r"more than|over|above|exceed\w*|in excess of|older than|higher than|greater than|longer than|"
    r"beyond|upwards of|"
    r"au moins|au minimum|un minimum de|pas moins de|plus de|superieure?s? a|depass\w*|"
    r"excede\w*|exceder|au-dela de|minimum de"
)
_BELOW = (
    r"at most|no more than|not more than|up to|a maximum of|maximum(?: of)?|less than|fewer than|"
    r"under|below|within|no later than|not later than|younger than|lower than|shorter than|"
    r"no longer than|not longer than|capped at|limited to|"
    r"au plus|au maximum|un maximum de|pas plus de|moins de|inferieure?s? a|jusqu'a|"
    r"dans un delai de|dans les|dans la limite de|plafonnee?s? a|limitee?s? a|maximum de|"
    r"en dessous de"
)
_BOUND = re.compile(rf"\b(?:(?P<below>{_BELOW})|(?P<above>{_ABOVE}))\b")
_AFTER = re.compile(
    r"\W{0,2}(?:\w+\W+){0,4}?(?:(?P<above>or more|at least|at the least|au moins|"
    r"au minimum|ou plus|"
    r"minimum)|(?P<below>or less|or fewer|at most|at the most|au plus|au maximum|ou moins|maximum))"
    r"\b"
)
_NOT = re.compile(
    r"\b(?:not|no|never|nobody|none|cannot|can't|don't|doesn't|n't|ne|n'|without|nor|neither|"
    r"aucun\w*|jamais|personne|sans|prohibited|forbidden|interdit\w*)\b|n't\b"
)
NEGATED = 12  # words before a bound among which a denial turns it round
_NEVER_TURNED = re.compile(r"within|up to|jusqu|dans|maximum|minimum|at (?:least|most)|au ")
_BREAK = re.compile(r"[.;:,](?:\s|$)|\n| (?:and|but|et|mais) ")
_RATES = {
    name: rate
    for rate, names in (
        ("a second", "second seconde"),
        ("a minute", "minute"),
        ("an hour", "hour heure hourly horaire"),
        ("a day", "day jour journee daily quotidien quotidienne quotidiennement"),
        ("a week", "week semaine weekly hebdomadaire"),
        ("a month", "month mois monthly mensuel mensuelle mensuellement"),
        ("a quarter", "quarter trimestre quarterly trimestriel trimestrielle"),
        ("a year", "year an annee annual yearly annually annuel annuelle annuellement"),
    )
    for name in names.split()
}
_REGULAR = {"three": "a quarter", "twelve": "a year", "seven": "a week", "hours": "a day"}
_ALONE = frozenset(
    name for name in _RATES if name.endswith(("ly", "ual", "el", "elle", "ment", "aire", "ien"))
) | {"quotidienne"}
_RATE = re.compile(
    r"\b(?:per|each|every|par|chaque|tou(?:te)?s les|times an?|once an?|twice an?|fois par)\s+"
    r"(?P<unit>" + "|".join(sorted(_RATES, key=len, reverse=True)) + r")s?\b|"
    r"\b(?:every|tou(?:te)?s les) (?:(?P<three>three|3|trois) (?:months|mois)"
    r"|(?P<twelve>twelve|12|douze) (?:months|mois)|(?P<seven>seven|7|sept) (?:days|jours)"
    r"|(?P<hours>24) (?:hours|heures))\b|"
    r"(?<=\d )a (?P<each>second|minute|hour|day|week|month|quarter|year)\b|\b(?P<alone>"
    + "|".join(sorted(_ALONE, key=len, reverse=True))
    + r")\b"
)


_OR_MORE = re.compile(r"\s(?:\w+\s){0,2}?(?:or more|ou plus)\b")
_AT_LEAST = re.compile(r"\b(?:at least|au moins|from|a partir de)\s+$")
_MORE_THAN = re.compile(r"\b(?:more than|over|exceed\w*|plus de|superieur\w* a|depass\w*)\s+$")


@lru_cache(maxsize=512)
def bounds(text: str, language: Language | None) -> tuple[tuple[Quantity, int, str], ...]:
    """The figures of a text that are bounded: 1 from below, -1 from above; and the words of it."""
    plain = folded(text)
    found = []
    for each in amounts(text, language):
        bound = _bound(plain, each.span.start, each.span.end)
        if bound:
            found.append((each, *bound))
    return tuple(found)


def _bound(plain: str, start: int, end: int) -> tuple[int, str] | None:
    begin = max(0, start - REACH)
    for stop in _BREAK.finditer(plain, begin, start):
        begin = stop.end()
    before = plain[begin:start]
    last = next(reversed(list(_BOUND.finditer(before))), None)
    if last and len(before[last.end() :].split()) <= 2:
        sign = 1 if last["above"] else -1
        reach = NEGATED if last["above"] else 1
        near = " ".join(before[: last.start()].replace("'", "' ").split()[-reach:])
        if _NOT.search(near) and not _NEVER_TURNED.match(last.group()):
            sign = -sign
        return sign, last.group()
    after = _AFTER.match(plain[end : end + REACH].split(". ")[0].split(";")[0].split(",")[0])
    if after:
        return (1, after["above"]) if after["above"] else (-1, after["below"])
    return None


def bounded_otherwise(claim: str, passage: str) -> tuple[str, str] | None:
    """The bounds that a passage and a claim put to one figure, where they are opposite."""
    language = detect(passage)
    stated = bounds(passage, language)
    for figure, sign, words in bounds(claim, detect(claim) or language):
        own = [
            it for it in stated if same(figure, it[0], loosely=True) and it[0].kind == figure.kind
        ]
        if own and all(it[1] == -sign and it[2] != words for it in own):
            return own[0][2], words
    return None


def rates(text: str) -> frozenset[str]:
    """How often, or for how long each: the rates that a text names."""
    found = set()
    for match in _RATE.finditer(folded(text)):
        unit = match["unit"] or match["each"] or match["alone"]
        found.add(_RATES[unit] if unit else _REGULAR[str(match.lastgroup)])
    return frozenset(found)


def rated_otherwise(claim: str, evidence: str) -> tuple[str, str] | None:
    """The rates of the evidence and of a claim, where each has one that the other has not."""
    claimed, stated = rates(claim), rates(evidence)
    if len(claimed - stated) == 1 and len(stated - claimed) >= 1:
        return min(stated - claimed), min(claimed - stated)
    return None


def is_next(number: Quantity, claim: str, passage: str) -> bool:
    """Whether a claim has "four or more" of what its passage has "more than three"."""
    after = folded(claim[number.span.end :])
    before = folded(claim[: number.span.start])
    if not _OR_MORE.match(after) and not _AT_LEAST.search(before):
        return False
    value = number.readings[0][0] - 1
    return any(
        each.readings[0][0] == value and _MORE_THAN.search(folded(passage[: each.span.start]))
        for each in amounts(passage, detect(passage))
    )
