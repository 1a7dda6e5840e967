"""Figures that follow from others: what is worked out of a text is worked out again.

Which of the sums are tried depends on what the claim says of its figure: a total is no difference.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterator, Sequence

from rag.quantities import Quantity, same

MOST_FIGURES = 40  # of a passage, of which pairs are worked out
MOST_SUMMED = 5
WHOLE = 100.0  # percent
TELLING_DIGITS = 3
_DIFFERENCE = re.compile(
    r"\b(?:grew|grow|growth|rose|rise|risen|increas|fell|fall|declin|decreas|drop|up|down|differ|"
    r"more|fewer|less|higher|lower|chang|gain|loss|lost|remain|left|sav|margin|gap|rest|better|"
    r"worse|faster|slower|longer|shorter|improv|reduc|shr[aiu]nk|expan|exten|extra|took|takes?|"
    r"sooner|cheaper|dearer|older|younger|heavier|lighter|taller|wider|deeper|quicker|nearer|"
    r"farther|after|apres|earlier|later|lasted|cut|add|net|exceed|"
    r"hausse|baisse|augment|diminu|progress|recul|ecart|plus|moins|superieur|inferieur|dur|"
    r"gagn|perd|chut|reste|mehr|weniger|stieg|sank|subio|bajo|mas|menos)\w*|[+-]"
    r"|(?:above|below|ahead of|behind) (?:the|that|what|last)|au-dessus d|en dessous d"
    r"|\b(?:outside|other than|excluding|except|hors d|hormis|(?:is|are|was|were|did) not)\b"
)
# What tells of a difference but of none in percent: "margin", "left", "later".
_NO_CHANGE = re.compile(
    r"(?:(?:margin|gap|rest|reste|remain|left|after|apres|earlier|later|lasted|took|takes?|net|add|"
    r"dur|outside|other than|excluding|except|hors d|hormis|(?:is|are|was|were|did) not)\w* ?)*"
)
_GROSS = re.compile(r"\b(?:gross|brute?)\b")  # of which margin costs are taken off
_BY = re.compile(
    r"\b(?:grew|grow|rose|rises?|risen|increas\w*|fell|falls?|fallen|declin\w*|decreas\w*|"
    r"dropp?\w*|up|down|improv\w*|shr[aiu]nk|augment\w*|progress\w*|recul\w*|diminu\w*|baiss\w*|"
    r"chut\w*)\W+(?:\w+\W+){0,2}?(?:by|de|d'|of)\b"
)
_SHARE = re.compile(
    r"\b(?:of|share|account|represent|made up|makes? up|margin|proportion|rate|part|portion|des?|"
    r"du|d|sur|proviennent|anteil|cuota|out)\w*\b"
)
_SUM = re.compile(
    r"\b(?:total|sum|amount|comes? to|adds? up|jointly|en tout|together|"
    r"combin|altogether|both|in all|overall|aggregate|across|and|plus|"
    r"ensemble|somme|cumul|et|insgesamt|zusammen|conjunto|suma|added|adding)\w*"
)
_TIMES = re.compile(
    r"\b(?:times|fold|ratio|half|halv|third|quarter|fifth|tenth|doubl|tripl|quadrupl|twice|thrice|"
    r"as (?:many|much|long|large|high|big|fast|often)|fois|moitie|tiers|quart|dixieme|"
    r"cinquieme|multipli|divis|rapport)\w*"
)
_EACH = re.compile(
    r"\b(?:per|each|average|mean|a (?:day|week|month|year|minute|piece|hour)|daily|"
    r"hourly|chaque|par|moyen|correspond|equivalent|before|previous|prior|earlier|avant|precedent|"
    r"amount|total|draws?)\w*"
)

Near = Callable[[Quantity, Quantity], bool]


def is_computed(
    wanted: Quantity, stated: Sequence[Quantity], said: str, near: Near = lambda *_: True
) -> bool:
    """Whether a figure comes out of two or more that are stated.

    Args:
        wanted: the figure of a claim.
        stated: those of its source.
        said: the claim, without capitals and accents, by which the sums to try are chosen.
        near: whether two figures of the source may belong together.
    """
    stated = _foremost(stated, wanted)
    precise = _is_precise(wanted)
    for one, other in itertools.permutations(stated, 2):
        if near(one, other) and any(
            _is_made(wanted, made) for made in _results(one, other, said, precise)
        ):
            return True
        if near(one, other) and _is_quotient(wanted, one, other, said):
            return True
    if _DIFFERENCE.search(said) and any(
        _is_made(wanted, made) for one in stated for made in _complement(one)
    ):
        return True
    return bool(_SUM.search(said)) and any(_is_made(wanted, made) for made in _sums(stated))


def _foremost(stated: Sequence[Quantity], wanted: Quantity) -> Sequence[Quantity]:
    """The first figures; where there are many, those in the magnitude of the wanted one first."""
    if len(stated) <= MOST_FIGURES or not wanted.scaled:
        return stated[:MOST_FIGURES]
    return sorted(stated, key=lambda each: not each.scaled)[:MOST_FIGURES]


def _is_made(wanted: Quantity, made: Quantity) -> bool:
    """Whether a figure is one that was worked out; shares and times come of no bare numbers."""
    if made.kind != wanted.kind and wanted.kind in ("percent", "points", "time", "months"):
        return False
    return same(wanted, made, loosely=True)


def _is_precise(wanted: Quantity) -> bool:
    """Whether a figure has three digits that tell, so that it is not come by through chance."""
    value, step = wanted.readings[0]
    return len(f"{abs(value) / step:.0f}".rstrip("0")) >= TELLING_DIGITS


def _sums(stated: Sequence[Quantity]) -> Iterator[Quantity]:
    """The sums of three to five figures of a kind that follow each other, and of all."""
    for kind, scaled in {(each.kind, each.scaled) for each in stated}:
        alike = [each for each in stated if (each.kind, each.scaled) == (kind, scaled)]
        values = [each.readings[0][0] for each in alike]
        for count in {*range(3, MOST_SUMMED + 1), len(values)}:
            for at in range(len(values) - count + 1):
                yield Quantity(((sum(values[at : at + count]), 0.0),), kind, alike[at].span)


def _results(one: Quantity, other: Quantity, said: str, precise: bool) -> Iterator[Quantity]:
    """What two figures give by the sums that a claim speaks of."""
    if one.kind == other.kind or not one.kind or not other.kind:
        yield from _of_a_kind(one, other, said)
    first, second = one.readings[0][0], other.readings[0][0]
    lasts = one.kind in ("time", "months") and not precise
    may_be = not lasts or bool(_TIMES.search(said))
    apiece = precise or _EACH.search(said) or _TIMES.search(said)
    if not other.kind and second and apiece and may_be:
        yield Quantity(((first * second, 0.0),), one.kind, one.span)
        yield Quantity(((first / second, 0.0),), one.kind, one.span)
    if other.kind == "percent" and one.kind != "percent" and may_be:
        yield Quantity(((first * second / 100, 0.0),), one.kind, one.span)
        if other.spelled and second:  # "tripled to $27 million"
            yield Quantity(((first / second * 100, 0.0),), one.kind, one.span)


def _of_a_kind(one: Quantity, other: Quantity, said: str) -> Iterator[Quantity]:
    first, second = one.readings[0][0], other.readings[0][0]
    kind = one.kind or other.kind
    if one.kind != other.kind:  # "25 minutes instead of 40"
        first *= other.worth if not one.kind else 1.0
        second *= one.worth if not other.kind else 1.0
    differs = bool(_DIFFERENCE.search(said))
    if differs:
        apart = "points" if kind == "percent" else kind
        yield Quantity(((abs(first - second), 0.0),), apart, one.span)
    if _SUM.search(said):
        yield Quantity(((first + second, 0.0),), kind, one.span)
    if not second:
        return
    counted = one.spelled and other.spelled and not kind
    if differs and not counted and not _NO_CHANGE.fullmatch(_said_of_change(said)):
        yield Quantity(((100 * abs(first - second) / abs(second), 0.0),), "percent", one.span)
    alike = one.kind == other.kind or (one.scaled and other.scaled)
    if not alike or _BY.search(said):
        return
    if _SHARE.search(said) or _TIMES.search(said):
        yield Quantity(((100 * first / second, 0.0),), "percent", one.span)
    if _TIMES.search(said) or _EACH.search(said):
        yield Quantity(((first / second, 0.0),), "", one.span)


def _said_of_change(said: str) -> str:
    """The words by which a claim says that figures differ."""
    words = {match.group() for match in _DIFFERENCE.finditer(said)}
    return " ".join(sorted(words | {match.group() for match in _GROSS.finditer(said)}))


def speaks_of_sum(said: str) -> bool:
    """Whether a claim, without capitals and accents, speaks of several things together."""
    return bool(_SUM.search(said))


def _is_quotient(wanted: Quantity, one: Quantity, other: Quantity, said: str) -> bool:
    """Whether a figure is how often one amount goes into another: the days that a budget lasts."""
    if one.kind != other.kind or not one.kind or not _EACH.search(said):
        return False
    first, second = one.readings[0][0], other.readings[0][0]
    if not second or wanted.kind in ("percent", "points", one.kind):
        return False
    made = Quantity(((first / second * wanted.worth, 0.0),), wanted.kind, one.span)
    return same(wanted, made, loosely=True)


def _complement(one: Quantity) -> Iterator[Quantity]:
    if one.kind == "percent" and one.readings[0][0] < WHOLE:
        yield Quantity(((WHOLE - one.readings[0][0], 0.0),), "percent", one.span)
