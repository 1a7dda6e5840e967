"""Whether a claim's figure follows from figures of its passage that belong together."""

from __future__ import annotations

import math
import re
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from rag.amounts import amounts
from rag.arithmetic import Near, is_computed, speaks_of_sum
from rag.derived import is_derived
from rag.folding import unaccented
from rag.grids import cells
from rag.languages import detect
from rag.periods import MONTH_OF, periods_of
from rag.quantities import Quantity, same
from rag.sentences import split_sentences
from rag.terms import terms, told
from rag.wording import folded

FEW = 5  # up to which a number in words may only count what is listed
BEFORE, CLOSE = 2, 12  # telling words right before a figure, and characters between
MOST_BEHIND = 2  # words behind each figure of a row
MOST_NUMBERED = 100  # what stands in brackets and is more is no number of a section
_LINE = re.compile(r"[^\n]+")
_WORDS = re.compile(r"[^\W\d_]{2,}")
_RUNNING = re.compile(r"(?:[^\W\d_]+ ){7}|[.;]\s*$")
_ABOUT = re.compile(
    r"\b(?:about|around|approximately|roughly|nearly|almost|some|close to|circa|over|more than|"
    r"environ|pres de|presque|quelque|autour de|plus de|a peu pres)\W+(?:[$€£]\s?)?$"
)
_BOUND = re.compile(
    r"\b(?:(?:less|more|fewer|longer|older|younger|higher|lower) than|over|under|up to|above|below|"
    r"plus d[e'’]|moins d[e'’])\s*$",
    re.IGNORECASE,
)
_NAMES = "|".join(name for name in MONTH_OF if len(name) > 2)
_DAY_BEFORE = re.compile(rf"\b(?:{_NAMES}) $")
_DAY_AFTER = re.compile(rf"(?:er|st|nd|rd|th)? (?:{_NAMES})\b")
_OPENED, _CLOSED = (
    re.compile(r"(?:^|\n|[.;:] )\(?$|\($"),
    re.compile(r"\)|\. (?=[^\d\s])|\.\d|\s\s"),
)
_EVERY = re.compile(
    r"\b(?:each|all|every one|over|in|during|both|chacune?|sur|pendant)(?: of| de)?"
    r"(?: the| ces| les)?\W*$"
)
_YEAR = re.compile(r"(?:19|20)\d\d")
_ANY_YEAR = re.compile(r"(?<![\d.,])1[4-9]\d\d(?![\d.,]*\d)")


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a figure stands in a table."""

    line: int
    column: int
    label: str


def is_worked_out(wanted: Quantity, claim: str, passage: str, stated: Sequence[Quantity]) -> bool:
    """Whether a figure of a claim comes out of figures of a passage that belong together.

    Those of running text stand in one sentence or neighbouring ones, those of a table in one row
    or one column, which the claim names if it names any.
    """
    wanted = _as_rounded(wanted, claim)
    stated = [each for each in stated if not is_label(passage, each)]
    if wanted.kind == "months" and (
        _is_between_years(wanted, passage) or _are_all_years(wanted, claim, passage)
    ):
        return True
    before, after = claim[: wanted.span.start], claim[wanted.span.start :]
    totals, said = _totals(passage), unaccented(_BOUND.sub("", before) + after)
    if speaks_of_sum(said) and any(same(wanted, each, loosely=True) for each in totals):
        return True
    if is_computed(wanted, [*stated, *totals], said, _nearness(passage, claim)):
        return True
    return is_derived(wanted, claim, passage)


def _as_rounded(wanted: Quantity, claim: str) -> Quantity:
    """A figure that is said to be about so much: as exact as its last digits that are no zeros."""
    value, step = wanted.readings[0]
    hedged = _ABOUT.search(unaccented(claim[: wanted.span.start]))
    whole = round(value / step)
    if not hedged or whole <= 0:
        return wanted
    while whole % 10 == 0 and whole >= 100:
        whole, step = whole // 10, step * 10
    return replace(wanted, readings=((value, step),))


def is_label(passage: str, each: Quantity) -> bool:
    """Whether a bare number is a day of a month or the number of a section, and no amount."""
    return not each.kind and not each.scaled and each.span.start in _labels(passage)


@lru_cache(maxsize=128)
def _labels(passage: str) -> frozenset[int]:
    """Where the days of months and the numbers of sections of a passage stand."""
    plain = folded(passage)
    found = set()
    for each in amounts(passage, detect(passage)):
        start, end = each.span.start, each.span.end
        before, after = plain[max(0, start - 12) : start], plain[end : end + 12]
        opened = _OPENED.search(before) and _CLOSED.match(after)
        if before.endswith("(") and each.readings[0][0] >= MOST_NUMBERED:
            opened = None
        if opened or _DAY_BEFORE.search(before) or _DAY_AFTER.match(after):
            found.add(start)
    return frozenset(found)


def _nearness(passage: str, claim: str) -> Near:
    """Tells whether two figures of a passage may belong together in a claim."""
    starts = _sentence_starts(passage)
    places = _places(passage)
    lines = _named_lines(places, claim)
    columns = _named_columns(passage, claim)
    heads = _undated_heads(passage)
    wanted = told(claim)

    def near(one: Quantity, other: Quantity) -> bool:
        first, second = places.get(one.span.start), places.get(other.span.start)
        if first and second:
            if first.line == second.line:
                own = {first.column, second.column}
                return first.line in lines and (
                    own <= columns
                    or len(own & columns) == 1 == len(columns)
                    or (bool(own & columns) and len({heads.get(at) for at in own}) == 1)
                )
            both = {first.line, second.line}
            return first.column == second.column and first.column in columns and bool(both & lines)
        if (first or second) and "percent" in (one.kind, other.kind):
            return False  # a share in the text above is of none of the figures of a table
        at, there = (bisect_right(starts, each.span.start) for each in (one, other))
        return abs(at - there) <= 1 or _is_parallel(one, other, passage, wanted)

    return near


def _is_parallel(one: Quantity, other: Quantity, passage: str, wanted: frozenset[str]) -> bool:
    """Whether the same words of a claim stand before two figures of one kind."""
    if one.kind != other.kind or not one.kind:
        return False
    before = _before(passage)
    own = before.get(one.span.start, ())
    return len(own) == BEFORE and own == before.get(other.span.start) and wanted.issuperset(own)


@lru_cache(maxsize=64)
def _before(passage: str) -> Mapping[int, tuple[str, ...]]:
    """The last telling words before each figure of a text, in its part of a sentence."""
    words = [word for word in terms(passage) if not word.small and not word.key[0].isdigit()]
    starts = [word.span.start for word in words]
    found = {}
    for each in amounts(passage, detect(passage)):
        at = bisect_right(starts, each.span.start)
        near = words[max(0, at - BEFORE) : at]
        if near and each.span.start - near[-1].span.end <= CLOSE:
            found[each.span.start] = tuple(word.key for word in near)
    return found


@lru_cache(maxsize=128)
def _sentence_starts(passage: str) -> tuple[int, ...]:
    return tuple(span.start for span in split_sentences(passage))


@lru_cache(maxsize=128)
def _places(passage: str) -> Mapping[int, _Place]:
    """The places of the figures of lines that are rows, by where they start."""
    found: dict[int, _Place] = {}
    language = detect(passage)
    for line, match in enumerate(_LINE.finditer(passage)):
        starts = [each.span.start for each in amounts(match.group(), language)]
        said = len(_WORDS.findall(match.group(), starts[0])) if starts else 0
        if len(starts) > 1 and said <= MOST_BEHIND * len(starts) and not _RUNNING.search(match[0]):
            label = match.group()[: starts[0]]
            for column, start in enumerate(starts):
                found[match.start() + start] = _Place(line, column, label)
    return found


def _named_lines(places: Mapping[int, _Place], claim: str) -> set[int]:
    """The rows that have most words of a claim in their labels; all of them if none has any."""
    wanted = told(claim)
    labels = {place.line: told(place.label) for place in places.values()}
    named = {line for line, words in labels.items() if words & wanted}
    return named or set(labels)


def _named_columns(passage: str, claim: str) -> set[int]:
    """The columns of the periods of a claim, or those whose heads have most of its words."""
    table = cells(passage)
    heads: dict[int, str] = {}
    rows: dict[str, int] = {}
    for cell in table:
        at = rows.get(cell.row, 0)
        rows[cell.row] = at + 1
        heads.setdefault(at, cell.column)
    every = set(range(max(len(heads), 40)))
    years = {each for each in periods_of(claim) if each.isdigit()}
    dated = {at for at, head in heads.items() if set(periods_of(head)) & years}
    if dated:
        return dated
    shared = {at: len(told(head) & told(claim)) for at, head in heads.items()}
    most = max(shared.values(), default=0)
    return {at for at, count in shared.items() if count == most} if most else every


@lru_cache(maxsize=64)
def _undated_heads(passage: str) -> Mapping[int, str]:
    """The heads of the columns of a table without their years, where they have some."""
    heads: dict[int, str] = {}
    rows: dict[str, int] = {}
    for cell in cells(passage):
        at = rows.get(cell.row, 0)
        rows[cell.row] = at + 1
        heads.setdefault(at, _YEAR.sub("", cell.column).strip() if cell.periods else f"{at}")
    return heads


@lru_cache(maxsize=64)
def _totals(passage: str) -> tuple[Quantity, ...]:
    """The sums of the columns of a table, each where its first figure stands."""
    columns: dict[int, list[Quantity]] = {}
    places = _places(passage)
    for each in amounts(passage, detect(passage)):
        if each.span.start in places:
            columns.setdefault(places[each.span.start].column, []).append(each)
    return tuple(
        replace(column[0], readings=((math.fsum(it.readings[0][0] for it in column), 0.0),))
        for column in columns.values()
        if len(column) > 1
    )


def _is_between_years(wanted: Quantity, passage: str) -> bool:
    """Whether so many years lie between two that are stated."""
    years = {int(period) for period in periods_of(passage) if period.isdigit()}
    years |= {int(year) for year in _ANY_YEAR.findall(passage)}
    return any(12 * (b - a) == wanted.readings[0][0] for a in years for b in years)


def _are_all_years(wanted: Quantity, claim: str, passage: str) -> bool:
    """Whether so many years are those of the columns of a table: "in each of the three years"."""
    if not _EVERY.search(unaccented(claim[: wanted.span.start])):
        return False
    years = {period for cell in cells(passage) for period in cell.periods if period.isdigit()}
    return 12 * len(years) == wanted.readings[0][0]


@lru_cache(maxsize=512)
def has_worked_out(claim: str, passage: str) -> bool:
    """Whether a figure of a claim, that its passage has nowhere, follows from those it has."""
    language = detect(passage)
    stated = amounts(passage, language)
    return any(
        not any(same(wanted, each, loosely=True) for each in stated)
        and not (wanted.spelled and wanted.readings[0][0] <= FEW)
        and is_worked_out(wanted, claim, passage, stated)
        for wanted in amounts(claim, detect(claim) or language)
    )
