"""Ranks and majorities that a claim tells of a table: "the second largest", "more than half of".

Which row is meant is told by its label, which column by its period or head; where neither column is
named, a rank must hold in all of them to be borne out, and in none to be refuted. In English and
French.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from rag.grids import Cell, cells
from rag.periods import periods_of
from rag.terms import told
from rag.wording import folded

FEWEST_RANKED = 3  # rows
HALF = 0.5
_PLACES = {"second": 2, "third": 3, "fourth": 4, "fifth": 5, "deuxieme": 2, "troisieme": 3,
           "quatrieme": 4, "cinquieme": 5}  # fmt: skip
_UP = (
    r"most|largest|biggest|highest|greatest|"
    r"plus grand\w*|plus gros\w*|plus eleve\w*|plus importante?"
)
_DOWN = r"fewest|smallest|lowest|least|plus petite?|plus faible|plus bas\w*"
_ORDER = "|".join(_PLACES)
_RANK = re.compile(
    rf"\b(?:the|its|their|la|le|les|sa|son)\s(?:(?P<before>{_ORDER})[- ])?"
    rf"(?:(?P<up>{_UP})|(?P<down>{_DOWN}))(?![- ](?:recent|part|of\b))"
)
# With one of these a rank is among others than the rows that the table has.
_AMONG = re.compile(
    r"\b(?:outside|excluding|except|other than|besides|apart from|after|among|growth|increase|rise|"
    r"gain|decline|decrease|fall|drop|change|hors|sauf|parmi|apres|hausse|baisse|croissance)\b"
)
_MAJORITY = re.compile(
    r"\b(?:(?P<more>more than half|over half|most of|the majority|a majority|plus de la moitie|"
    r"la majorite|la plupart)|(?P<less>less than half|under half|a minority|moins de la moitie))\b"
)
_TOTAL = re.compile(r"\b(?:totals?|totaux|ensemble|overall|all)\b")


@dataclass(frozen=True, slots=True)
class Ranked:
    """What a table says of a rank or majority: whether it holds, and the row of which it does."""

    holds: bool
    of: str
    claimed: str


def misranked(claim: str, passage: str) -> tuple[str, str] | None:
    """The row that a table has at the rank that a claim gives to another, and that one."""
    found = ranked(claim, passage)
    return (found.of, found.claimed) if found and not found.holds else None


def is_ranked(claim: str, passage: str) -> bool:
    """Whether a table bears a claim's rank or majority out."""
    found = ranked(claim, passage)
    return found is not None and found.holds


@lru_cache(maxsize=256)
def ranked(claim: str, passage: str) -> Ranked | None:
    """What the table of a passage says of the rank or majority in a claim, where it has both."""
    said = folded(claim)
    rank, majority = _RANK.search(said), _MAJORITY.search(said)
    if (rank is None) == (majority is None) or _AMONG.search(said):
        return None
    table = cells(passage)
    columns = _columns(table, claim)
    if not columns:
        return None
    if rank is not None:
        return _of_rank(claim, rank, columns)
    return _of_majority(claim, columns, majority) if majority is not None else None


def _columns(table: Sequence[Cell], claim: str) -> list[dict[str, Cell]]:
    """The columns that a claim is of, each as its cells by their rows; of tables of one kind.

    Where a row comes again in a column, another table begins.
    """
    found: dict[tuple[int, str], dict[str, Cell]] = {}
    number = 0
    for cell in table:
        if cell.row in found.get((number, cell.column), {}):
            number += 1
        found.setdefault((number, cell.column), {})[cell.row] = cell
    if len({cell.amount.kind for cell in table}) != 1:
        return []
    periods, wanted = set(periods_of(claim)), told(claim)
    if periods & {period for _, head in found for period in periods_of(head)}:
        return [found[key] for key in found if set(periods_of(key[1])) & periods]
    shared = {key: len(told(key[1]) & wanted) for key in found}
    most = max(shared.values(), default=0)
    return [column for key, column in found.items() if shared[key] == most]


def _of_rank(
    claim: str, rank: re.Match[str], columns: Sequence[Mapping[str, Cell]]
) -> Ranked | None:
    row = row_of(claim[: rank.start()], columns)
    if row is None:
        return None
    at = _PLACES.get(rank["before"] or "", 1) - 1
    there = []
    for column in columns:
        ranked_rows = [name for name in column if not _TOTAL.search(folded(name))]
        if len(ranked_rows) < FEWEST_RANKED or at >= len(ranked_rows):
            return None
        worth = {name: column[name].amount.readings[0][0] for name in ranked_rows}
        order = sorted(worth.values(), reverse=rank["up"] is not None)
        there.append([name for name in ranked_rows if worth[name] == order[at]])
    if all(row in names for names in there):
        return Ranked(True, row, row)
    if any(row in names for names in there):
        return None
    return Ranked(False, there[0][0], row)


def _of_majority(
    claim: str, columns: Sequence[Mapping[str, Cell]], majority: re.Match[str]
) -> Ranked | None:
    """Of a row and the total that stands with it."""
    row = row_of(claim, columns)
    if row is None:
        return None
    shares = []
    for column in columns:
        names = list(column)
        behind = names[names.index(row) + 1 :]
        total = next((name for name in behind if _TOTAL.search(folded(name))), None)
        if total is None or not (whole := column[total].amount.readings[0][0]):
            return None
        shares.append(column[row].amount.readings[0][0] / whole)
    above = [share > HALF for share in shares]
    if len(set(above)) != 1:
        return None
    return Ranked(above[0] is (majority["more"] is not None), f"{shares[0]:.0%}", row)


def row_of(said: str, columns: Sequence[Mapping[str, object]]) -> str | None:
    """The one row, no total, all of whose label is said, which is in all columns."""
    words = told(said)
    named = {
        row: len(own)
        for row in columns[0]
        if not _TOTAL.search(folded(row))
        and (own := told(row.partition(",")[0]))
        and own <= words
        and all(row in column for column in columns)
    }
    most = max(named.values(), default=0)
    best = [row for row, count in named.items() if count == most]
    return best[0] if len(best) == 1 else None
