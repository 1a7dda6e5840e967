"""Figures that take a step more than two figures of one sentence: rates, products, dates, bases.

"120 a minute" is 7,200 an hour; "5,870, 212 fewer than a year earlier" was 6,082; from 9 May to
27 July are 80 days. In English and French.
"""

from __future__ import annotations

import itertools
import re
from calendar import monthrange
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache

from rag.amounts import amounts
from rag.domain import Span
from rag.folding import unaccented
from rag.languages import detect
from rag.periods import MONTH_OF
from rag.quantities import Quantity, same, single
from rag.terms import terms, told
from rag.units import CURRENCIES, UNITS
from rag.wording import folded

DAY, WHOLE = 86_400.0, 100.0
MOST_FIGURES = 40
FAR = 6  # sentences between an amount and the share of it
LEAP_YEAR = 2000  # of dates without a year
_UNITS = (
    r"second|minute|hour|day|week|fortnight|month|quarter|year|seconde|heure|jour|semaine|mois|"
    r"trimestre|an|annee"
)
_PER = re.compile(rf"\b(?:per|an?|each|every|par|chaque)\s(?P<unit>{_UNITS})\b")
_PER_TIME = re.compile(
    rf"(?:[^.;,]{{0,30}}\s)?(?:per|each|every|par|chaque)\s(?:full |complete |whole )?"
    rf"(?P<unit>{_UNITS})\b"
)
_EQUAL = re.compile(r"\s(?:\w+ )?(?:equal|egaux|egales)\b|\s\w+ (?:egaux|egales)\b")
_COMES_TO = re.compile(
    r"\b(?:(?:rises?|rose|increas\w+|grew|brings?|brought|cut|fell|reduced)"
    r"(?: \w+){0,3} to|becomes?|new|"
    r"passe\w*(?: \w+){0,3} a|porte\w*|ramene\w*|au maximum|at most|no more than)\b"
)
_HALF_OF_TIME = re.compile(
    r"\b(?:first|second|half[- ]year|premiere?|seconde?|deuxieme|less than|more than|over|nearly|"
    r"almost|moins d\w*|plus d\w*|pres d\w*|presque)\b"
)
_OFTEN = {"hourly": "hour", "daily": "day", "weekly": "week", "monthly": "month", "yearly": "year",
          "annual": "year", "mensuel": "month", "annuel": "year", "quotidien": "day"}  # fmt: skip
_ADVERB = re.compile(rf"\b(?P<name>{'|'.join(_OFTEN)})\w*\b")
_QUARTERS = frozenset({"quarter", "trimestre"})
_RATED = re.compile(
    r"\W{0,2}(?:/\s?\w|(?:[\w']+\s){0,2}?(?:per|par|each|every|chaque|a|an|apiece|piece|chacun\w*)\b)"
)
_BEFORE = re.compile(
    r"\b(?:(?:year|month|quarter|week) (?:earlier|before|ago)|previous|prior|preceding|last year|"
    r"before|earlier|precedent\w*|dernier|derniere|avant|auparavant|plus tot|jusqu)\b"
)
_LESS = re.compile(r"\W{0,3}(?:[\w']+ ){0,2}?(?:fewer|less|lower|down|below|de moins|en baisse)\b")
_MORE = re.compile(r"\W{0,3}(?:[\w']+ ){0,2}?(?:more|higher|up|above|de plus|en hausse)\b")
_FELL = re.compile(
    r"\b(?:down|decreas\w+|fell|reduc\w+|baiss\w+|recul\w*|diminu\w+)(?: (?:by|of|de|from))? ?$"
)
_ROSE = re.compile(
    r"\b(?:up|increas\w+|rose|grew|rais\w+|hauss\w+|augment\w+|progress\w+)(?: (?:by|of|de))? ?$"
)
_REST = re.compile(r"\b(?:rest|remainder|remaining|balance|reste|solde)\b")
_MONTHS = "|".join(sorted({name for name in MONTH_OF if len(name) > 2}, key=len, reverse=True))
_DATE = re.compile(
    rf"\b(?:(?P<day>\d{{1,2}})(?:er|st|nd|rd|th)? (?P<month>{_MONTHS})"
    rf"|(?P<mois>{_MONTHS}) (?P<jour>\d{{1,2}})(?:st|nd|rd|th)?(?!\d))"
    r"(?:,? (?P<year>1\d{3}|20\d\d))?"
)
_TIME = re.compile(
    r"(?<![\d:.,])(?P<hour>[01]?\d|2[0-3])(?::|h|\sh\s?)(?P<minute>[0-5]\d)(?![\d:])"
)


@dataclass(frozen=True, slots=True)
class _Figure:
    """A figure of a text, the telling words beside it, and its sentence.

    `alone` where it is a unit of time without a number: "per minute".
    """

    amount: Quantity
    words: frozenset[str]
    sentence: int
    alone: bool = False


def speaks_of_rate(said: str) -> bool:
    """Whether a claim, without capitals and accents, says how much something is in a time."""
    return bool(_times(said))


def is_derived(wanted: Quantity, claim: str, passage: str) -> bool:
    """Whether a figure of a claim comes out of those of a passage by one of these steps."""
    said = unaccented(claim)
    times = _figures(passage)
    figures = [each for each in times if not each.alone]
    made = itertools.chain(
        _rates(said, times),
        _multiples(wanted, claim, passage, figures),
        _bases(said, passage, figures),
        _rests(passage, figures),
        _shares(figures),
        _raised(said, figures),
        _parts(passage, figures),
        _spans(passage),
    )
    if any(_is_it(wanted, each) for each in made):
        return True
    return not wanted.kind and is_sum_of_named(wanted, claim, passage)


def is_sum_of_named(wanted: Quantity, claim: str, passage: str) -> bool:
    """Whether a figure is that of two things of a sentence, both of which a claim names or neither.

    22 at Rosk and 18 at Mellin are forty "at Rosk and Mellin"; 5 patients on one drug and 6 on the
    other are eleven patients.
    """
    said = told(claim)
    figures = [each for each in _figures(passage) if each.amount.kind == wanted.kind]
    return any(
        one.sentence == other.sentence
        and one.words & said
        and (bool((other.words - one.words) & said) or not other.words & said)
        and _is_it(wanted, _added(one.amount, other.amount, 1))
        for one, other in itertools.combinations(figures, 2)
    )


def is_disproved(wanted: Quantity, claim: str, passage: str) -> bool:
    """Whether figures of a passage that a claim's words stand beside do not bear each other so.

    For a share or multiple in words that comes out of none of them: "twice as long".
    """
    said = told(claim)
    if _HALF_OF_TIME.search(unaccented(claim)):
        return False
    named = [
        each
        for each in _figures(passage)
        if each.words & said and not each.alone and each.amount.kind not in ("percent", "points")
    ]
    return any(
        one.amount.kind == other.amount.kind
        and abs(one.sentence - other.sentence) <= 1
        and (one.amount.kind or len(one.words & other.words) > 0 or one.sentence == other.sentence)
        for one, other in itertools.combinations(named, 2)
    )


def _is_it(wanted: Quantity, made: Quantity) -> bool:
    if made.kind != wanted.kind and wanted.kind in ("percent", "points", "time", "months"):
        return False
    return same(wanted, made, loosely=True)


@lru_cache(maxsize=128)
def _figures(passage: str) -> tuple[_Figure, ...]:
    words = terms(passage)
    found = []
    alone = [*single(passage), *_adverbs(passage)]
    for each in (*amounts(passage, detect(passage)), *alone)[:MOST_FIGURES]:
        near = next((word for word in words if word.span.end > each.span.start), None)
        if near is None:
            continue
        beside = frozenset(word.key for word in words if word.part == near.part and not word.small)
        found.append(_Figure(each, beside, near.sentence, each in alone))
    return tuple(found)


def _rates(said: str, figures: Sequence[_Figure]) -> Iterator[Quantity]:
    """What amounts of a sentence come to in the time that a claim speaks of: "118 km a day"."""
    for kind, long in _times(said):
        for one, other in itertools.permutations(figures, 2):
            lasts = other.amount.readings[0][0]
            if (
                one.sentence == other.sentence
                and other.amount.kind == kind
                and one.amount.kind not in ("time", "months", "percent")
                and lasts
                and lasts != long
            ):
                yield _times_as_much(one.amount, long / lasts)


def _times(said: str) -> list[tuple[str, float]]:
    """The lengths of time, with their kinds, that a claim's figures are for."""
    names = [match["unit"] for match in _PER.finditer(said)]
    names += [_OFTEN[match["name"]] for match in _ADVERB.finditer(said)]
    found = []
    for name in names:
        if name in _QUARTERS:
            found.append(("months", 3.0))
        elif name in UNITS:
            found.append(UNITS[name])
    return found


def _adverbs(passage: str) -> list[Quantity]:
    """The times that adverbs and adjectives tell: a year of "annual"."""
    found = []
    for match in _ADVERB.finditer(folded(passage)):
        kind, worth = UNITS[_OFTEN[match["name"]]]
        found.append(Quantity(((worth, worth),), kind, Span(*match.span()), spelled=True))
    return found


def _times_as_much(amount: Quantity, factor: float) -> Quantity:
    value = amount.readings[0][0] * factor
    return replace(amount, readings=((value, 0.0),))


def _multiples(
    wanted: Quantity, claim: str, passage: str, figures: Sequence[_Figure]
) -> Iterator[Quantity]:
    """So many times a price or rate, and two of them together: one at 79 and three at 92."""
    plain, named = folded(passage), told(claim)
    counted = [
        each
        for each in amounts(claim, detect(claim) or detect(passage))
        if each.span != wanted.span and each.readings[0][0] > 0
    ]
    for figure, each in itertools.product(figures, counted):
        count = each.readings[0][0] / each.worth
        if each.kind in ("percent", "points") or count <= 1 or not figure.words & named:
            continue
        if _RATED.match(plain, figure.amount.span.end) or (not each.kind and figure.amount.kind):
            yield _times_as_much(figure.amount, count)
    bare = [each.readings[0][0] for each in counted if not each.kind][:3]
    if not bare:
        return
    priced = [
        each.amount
        for each in figures
        if each.words & named and (each.amount.kind == wanted.kind or not wanted.kind)
    ]
    for one, other in itertools.permutations(priced, 2):
        if one.kind == other.kind:
            for first, second in itertools.permutations([1.0, *bare], 2):
                value = first * one.readings[0][0] + second * other.readings[0][0]
                yield replace(one, readings=((value, 0.0),))


def _bases(said: str, passage: str, figures: Sequence[_Figure]) -> Iterator[Quantity]:
    """What was before a change: 6,082 of "5,870, 212 fewer than a year earlier"."""
    if not _BEFORE.search(said):
        return
    plain = folded(passage)
    for now, change in itertools.permutations(figures, 2):
        kinds = {now.amount.kind, change.amount.kind}
        if now.sentence != change.sentence or not (len(kinds) == 1 or kinds <= CURRENCIES):
            continue
        span = change.amount.span
        before = plain[max(0, span.start - 24) : span.start]
        if _LESS.match(plain, span.end) or _FELL.search(before):
            yield _added(now.amount, change.amount, 1)
        elif _MORE.match(plain, span.end) or _ROSE.search(before):
            yield _added(now.amount, change.amount, -1)


def _added(one: Quantity, other: Quantity, sign: int) -> Quantity:
    return replace(one, readings=((one.readings[0][0] + sign * other.readings[0][0], 0.0),))


def _rests(passage: str, figures: Sequence[_Figure]) -> Iterator[Quantity]:
    """What a share leaves: a third of the amount of which two thirds were paid."""
    if not _REST.search(folded(passage)):
        return
    for one, other in itertools.permutations(figures, 2):
        share = other.amount.readings[0][0]
        is_share = other.amount.kind == "percent" and share < WHOLE
        if is_share and one.amount.kind != "percent" and one.sentence == other.sentence:
            yield _times_as_much(one.amount, (WHOLE - share) / WHOLE)


def _shares(figures: Sequence[_Figure]) -> Iterator[Quantity]:
    """A share of an amount named as it is: "8% of the Price", or not far: "a tenth of these"."""
    percents = [each for each in figures if each.amount.kind == "percent"]
    for one, other in itertools.product(figures, percents):
        share = other.amount.readings[0][0]
        if one.amount.kind == "percent" or share >= WHOLE:
            continue
        near = abs(one.sentence - other.sentence) <= FAR
        named = (one.amount.kind or one.amount.scaled) and one.words & other.words
        if named or (near and other.amount.spelled):
            yield _times_as_much(one.amount, share / WHOLE)


def _raised(said: str, figures: Sequence[_Figure]) -> Iterator[Quantity]:
    """An amount with so many percent more or less, where a claim says what it comes to."""
    if not _COMES_TO.search(said):
        return
    for one, other in itertools.permutations(figures, 2):
        share = other.amount.readings[0][0]
        if other.amount.kind != "percent" or one.amount.kind in ("percent", "points"):
            continue
        if other.amount.spelled or abs(one.sentence - other.sentence) > 1:
            continue
        yield _times_as_much(one.amount, 1 + share / WHOLE)
        yield _times_as_much(one.amount, 1 - share / WHOLE)


def _parts(passage: str, figures: Sequence[_Figure]) -> Iterator[Quantity]:
    """What equal parts are, and how long a rate takes: 8% at 0.5% a week are 16 weeks."""
    plain = folded(passage)
    told_of = [
        each
        for each in figures
        if _EQUAL.match(after := plain[each.amount.span.end : each.amount.span.end + 48])
        or _PER_TIME.match(after)
    ]
    for one, other in itertools.product(figures, told_of):
        value, count = one.amount.readings[0][0], other.amount.readings[0][0]
        if one is other or one.sentence != other.sentence or not count:
            continue
        after = plain[other.amount.span.end : other.amount.span.end + 48]
        if _EQUAL.match(after) and not other.amount.kind:
            yield _times_as_much(one.amount, 1 / count)
        rate = _PER_TIME.match(after)
        if rate and one.amount.kind == other.amount.kind and value > count:
            kind, worth = UNITS.get(rate["unit"], ("months", 3.0))
            yield Quantity(((value / count * worth, 0.0),), kind, one.amount.span, worth=worth)


def _spans(passage: str) -> Iterator[Quantity]:
    """The times between two dates, both days counted or one, and between two times of day."""
    plain = folded(passage)
    for first, last in itertools.combinations(_dates(plain), 2):
        apart = abs((last - first).days)
        for count in (apart, apart + 1):
            yield _lasting(count * DAY)
    clocks = [3600.0 * int(it["hour"]) + 60.0 * int(it["minute"]) for it in _TIME.finditer(plain)]
    for begins, ends in itertools.pairwise(clocks):
        yield _lasting((ends - begins) % DAY)


def _dates(plain: str) -> list[date]:
    """The days of a text; one without a year is of the year of the next that has one."""
    found: list[date] = []
    year = LEAP_YEAR
    for match in reversed(list(_DATE.finditer(plain))):
        year = int(match["year"] or year)
        month = int(MONTH_OF[match["month"] or match["mois"]][1:])
        day = int(match["day"] or match["jour"])
        if 1 <= day <= monthrange(year, month)[1]:
            found.append(date(year, month, day))
    return found[::-1]


def _lasting(seconds: float) -> Quantity:
    return Quantity(((seconds, 0.0),), "time", _NOWHERE)


_NOWHERE = Span(0, 0)
