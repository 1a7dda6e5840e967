"""The cheapest way to pack units into chunks: full and even ones that begin where things begin."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise

from ingest.rows import TablePart
from ingest.units import Break, Unit

SMALL_SHARE = 16  # units below one part in so many of a chunk are joined, which bounds the search
CUT_COST = {
    Break.HEADING: 0.0,
    Break.PARAGRAPH: 0.05,
    Break.ITEM: 0.08,
    Break.SENTENCE: 0.12,
    Break.ITEM_SENTENCE: 0.2,
    Break.LINE: 0.25,
    Break.ITEM_LINE: 0.35,
    Break.INSIDE_LINE: 0.5,
    Break.INSIDE_WORD: 1.5,
    Break.SMALL_TABLE: 1.5,
}
KEPT_HEADING_COST = 0.5  # of a heading in the middle of a chunk
ORPHAN_COST = 2.0  # of a heading, a caption or an introducing line cut off from what follows it


def pack(
    units: Sequence[Unit], header_sizes: Mapping[TablePart, int], budget: int
) -> list[Sequence[Unit]]:
    """The units of each chunk of a page, which with its header is within the budget.

    A single unit above it is a chunk of its own.
    """
    sizes = [unit.size for unit in units]
    heads = [unit.is_heading for unit in units]
    headers = [_header_size(unit, header_sizes) for unit in units]
    begins = [0.0, *(_cut_cost(before, after) for before, after in pairwise(units))]
    best = [0.0] + [float("inf")] * len(units)
    previous = [0] * (len(units) + 1)
    for first in range(len(units)):
        cost = best[first] + begins[first]
        size, header_due = 0, True
        for last in range(first, len(units)):
            size += sizes[last]
            if header_due and (header := headers[last]) is not None:
                size, header_due = size + header, False
            if size > budget and last > first:
                break
            if last > first and heads[last] and not heads[last - 1]:
                cost += KEPT_HEADING_COST
            empty = 1 - size / budget if size < budget else 0.0
            total = cost + empty * empty
            if total < best[last + 1]:
                best[last + 1], previous[last + 1] = total, first
    cuts = [len(units)]
    while cuts[-1]:
        cuts.append(previous[cuts[-1]])
    cuts.reverse()
    return [units[first:end] for first, end in pairwise(cuts)]


def continued(units: Iterable[Unit]) -> TablePart | None:
    """The table that units go on with, None where there is none or they name its columns first."""
    for unit in units:
        if unit.part is not None:
            return None if unit.names_columns else unit.part
    return None


def cheapest_cut(units: Sequence[Unit]) -> int:
    """Where to cut two units or more: at a good place, in the middle rather than at an end."""
    total = sum(unit.size for unit in units)
    done, best, place = 0, float("inf"), 1
    for index, (before, after) in enumerate(pairwise(units), 1):
        done += before.size
        cost = _cut_cost(before, after) + (1 - 2 * done / total) ** 2
        if cost < best:
            best, place = cost, index
    return place


def joined(units: Iterable[Unit], budget: int) -> list[Unit]:
    """The units again, small ones that belong together as one."""
    smallest = budget // SMALL_SHARE
    done: list[Unit] = []
    for unit in units:
        last = done[-1] if done else None
        if last and last.size + unit.size <= smallest and _belong_together(last, unit, smallest):
            last.end, last.size = unit.end, last.size + unit.size
            last.is_heading = last.is_heading and unit.is_heading
            last.leads, last.part = unit.leads, last.part or unit.part
            last.names_columns = last.names_columns or unit.names_columns
        else:
            done.append(unit)
    return done


def _belong_together(last: Unit, unit: Unit, smallest: int) -> bool:
    if unit.before is Break.INSIDE_LINE:
        return True
    if last.part is not unit.part:
        return False
    if unit.before is Break.HEADING:
        return last.is_heading
    begins = unit.before is Break.PARAGRAPH or unit.before is Break.ITEM
    return not begins or last.size < smallest // 2


def _cut_cost(before: Unit, after: Unit) -> float:
    orphan = before.leads or (before.is_heading and not after.is_heading)
    return CUT_COST[after.before] + (ORPHAN_COST if orphan else 0.0)


def _header_size(unit: Unit, header_sizes: Mapping[TablePart, int]) -> int | None:
    """What the header costs of a chunk whose first row this is; None for what is no row."""
    if unit.part is None:
        return None
    return 0 if unit.names_columns else header_sizes[unit.part]
