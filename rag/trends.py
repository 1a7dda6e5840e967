"""What rose or fell: by a verb before a figure, or by the years of a table.

In English and French.
"""

from __future__ import annotations

import re
from functools import lru_cache

from rag.amounts import amounts
from rag.grids import Cell, cells
from rag.languages import detect
from rag.periods import periods_of
from rag.quantities import same
from rag.ranks import row_of
from rag.wording import folded

_ROSE = re.compile(
    r"\b(?:rose|risen|rises?|grew|grown|grows?|increased|increases|went up|climbed|gained|"
    r"improved|expanded|was higher|were higher|augmente\w*|progresse\w*|hausse)\b"
)
_FELL = re.compile(
    r"\b(?:fell|fallen|falls?|declined?|declines|decreased|decreases|went down|dropped|shrank|"
    r"slipped|was lower|were lower|baisse\w*|diminue\w*|recule\w*)\b"
)
_DENIED = re.compile(r"\b(?:not?|never|n[e']|than|que|if|si|although|but|mais|while|slower)\b")
_OF_WHAT = re.compile(r"\b(?:growth|rate|pace|margin|croissance|rythme|taux|marge)\b")

_BY = r"(?:\s\w+){0,2}?\s(?:by|of|de|d'environ)\s(?:(?:about|some|nearly|almost|pres de)\s)?[$€£]?$"
_ROSE_BY = re.compile(
    rf"\b(?:rose|risen|rises?|grew|grown|grows?|increased?|increases|climbed|gained|jumped|rise|"
    rf"growth|augmente\w*|progresse\w*|progression|hausse){_BY}"
)
_FELL_BY = re.compile(
    rf"\b(?:fell|fallen|falls?|declined?|declines|decreased?|decreases|dropp?e?d?|shrank|slipped|"
    rf"baisse\w*|diminue\w*|diminution|recule\w*|recul){_BY}"
)
_ROSE_OR_FELL = re.compile(r"\s(?:by|of|de|d'environ)\s[^a-z]*(?:[a-z]+\s){0,2}[$€£]?\d")
REACH = 40  # characters before a figure in which its verb stands


def moved_by_otherwise(claim: str, passage: str) -> tuple[str, str] | None:
    """The word of a text for a rise where a claim has a fall by as much, and the claim's word."""
    said = folded(claim)
    if not _ROSE_OR_FELL.search(said):
        return None
    there = folded(passage)
    wanted = [(each, _way(said, each.span.start)) for each in amounts(claim, detect(claim))]
    if not any(way for _, way in wanted):
        return None
    stated = amounts(passage, detect(passage))
    for figure, way in wanted:
        own = [_way(there, each.span.start) for each in stated if same(figure, each)]
        if way and own and all(each and each[0] != way[0] for each in own):
            other = next(each for each in own if each)
            return other[1], way[1]
    return None


def _way(text: str, at: int) -> tuple[bool, str] | None:
    """Whether the verb before a figure says that something rose, and that verb."""
    before = text[max(0, at - REACH) : at]
    rose, fell = _ROSE_BY.search(before), _FELL_BY.search(before)
    if (rose is None) == (fell is None):
        return None
    found = rose or fell
    return (rose is not None, found.group().split()[0]) if found else None


def moved_otherwise(claim: str, passage: str) -> tuple[str, str] | None:
    """What a table has of a row that a claim says rose, and it fell, or the reverse."""
    found = _moved(claim, passage)
    if found is None or found[0]:
        return None
    return found[1], found[2]


def is_moved(claim: str, passage: str) -> bool:
    """Whether a table bears out that a row rose or fell, as a claim says."""
    found = _moved(claim, passage)
    return found is not None and found[0]


@lru_cache(maxsize=256)
def _moved(claim: str, passage: str) -> tuple[bool, str, str] | None:
    """Whether a row moved as a claim says, what the table has of it, and the word of the claim."""
    said = folded(claim)
    rose, fell = _ROSE.search(said), _FELL.search(said)
    verb = rose or fell
    if verb is None or (rose and fell) or _DENIED.search(said) or _OF_WHAT.search(said):
        return None
    tables = _tables(cells(passage))
    years = sorted(each for each in periods_of(claim) if each.isdigit())
    moves = []
    for table in tables:
        row = row_of(claim[: verb.start()], [table])
        if row is None:
            continue
        pair = _compared(table[row], years)
        if pair is None:
            return None
        moves.append(pair)
    if not moves or len({_sign(*pair) for pair in moves}) != 1:
        return None
    before, after = moves[0]
    shown = f"{before.text.strip()}, then {after.text.strip()},"
    return _sign(before, after) == (1 if rose else -1), shown, verb.group()


def _tables(table: tuple[Cell, ...]) -> list[dict[str, dict[str, Cell]]]:
    """The rows of each table, each as its cells by their years; without columns of one year."""
    found: list[dict[str, dict[str, Cell]]] = []
    for cell in table:
        years = [each for each in cell.periods if each.isdigit()]
        if len(years) != 1 or len(cell.periods) != 1:
            return []
        if not found or years[0] in found[-1].get(cell.row, {}):
            found.append({})
        found[-1].setdefault(cell.row, {})[years[0]] = cell
    return found


def _compared(row: dict[str, Cell], years: list[str]) -> tuple[Cell, Cell] | None:
    """The cells of the years that a claim compares: those it names, else the last two."""
    held = sorted(row)
    if len(years) > 2 or any(year not in row for year in years) or len(held) < 2:
        return None
    if len(years) == 2:
        return row[years[0]], row[years[1]]
    last = held.index(years[0]) if years else len(held) - 1
    return (row[held[last - 1]], row[held[last]]) if last else None


def _sign(before: Cell, after: Cell) -> int:
    one, other = before.amount.readings[0][0], after.amount.readings[0][0]
    return (other > one) - (other < one)
