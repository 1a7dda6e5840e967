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
from rag.folding import unaccented
from rag.grids import cells
from rag.languages import detect
from rag.periods import periods_of
from rag.quantities import Quantity, same
from rag.sentences import split_sentences
from rag.terms import told

FEW = 5  # up to which a number in words may only count what is listed
_LINE = re.compile(r"[^\n]+")
_RUNNING = re.compile(r"(?:[^\W\d_]+ ){7}|[.;]\s*$")
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
    if wanted.kind == "months" and _is_between_years(wanted, passage):
        return True
    totals, said = _totals(passage), unaccented(claim)
    if speaks_of_sum(said) and any(same(wanted, each, loosely=True) for each in totals):
        return True
    return is_computed(wanted, [*stated, *totals], said, _nearness(passage, claim))


def _nearness(passage: str, claim: str) -> Near:
    """Tells whether two figures of a passage may belong together in a claim."""
    starts = _sentence_starts(passage)
    places = _places(passage)
    lines = _named_lines(places, claim)
    columns = _named_columns(passage, claim)

    def near(one: Quantity, other: Quantity) -> bool:
        first, second = places.get(one.span.start), places.get(other.span.start)
        if first and second:
            if first.line == second.line:
                own = {first.column, second.column}
                return first.line in lines and (
                    own <= columns or len(own & columns) == 1 == len(columns)
                )
            both = {first.line, second.line}
            return first.column == second.column and first.column in columns and bool(both & lines)
        at, there = (bisect_right(starts, each.span.start) for each in (one, other))
        return abs(at - there) <= 1

    return near


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
        if len(starts) > 1 and not _RUNNING.search(match.group()):
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
