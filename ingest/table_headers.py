"""Which words of a table's header stand above which of its columns."""

from __future__ import annotations

import math
import re
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from itertools import accumulate, pairwise
from typing import NamedTuple

from ingest.layout import Cell, Line
from ingest.table_columns import EDGE, Columns

Heads = dict[int, list[Cell]]
"""The cells of one line by the column that they stand above."""

YEAR = re.compile(
    r"(?:fiscal |fy ?)?(?:19|20)\d\d(?: ?\(\w\))?|[a-z]{3,9}\.? \d{1,2},\s+(?:19|20)\d\d", re.I
)
LEFT_OUT = 0.2  # of the way from one column to the next: what it costs to have nothing above one
ASIDE = 0.5  # of that way, by which each of several groups of one size may be off
DOUBT = 0.5  # of that way, by which the middle of a head above several may be off
WIDER = 1.5  # times the heading below it: what stands above more than that one
SHARE_OF_PITCH = 0.6  # that it is wide at least
_GOES_ON = re.compile(r"[a-zà-ÿ(%&/]")
_YEARS = re.compile(r"(?:19|20)\d\d ?(?:vs?\.?|[-–/]|to) ?(?:19|20)\d\d", re.I)


def heads_of(text: str, lines: Sequence[Line], grid: Columns) -> list[Heads]:
    """The cells of each line of a header by column; one above several columns is in each of them.

    A line is of groups where it names years, or the lines below it name every column: its cells
    are above those that are nearest. Else each is above its own column, and above those that no
    line names at all.
    """
    named = [_own(line, grid) for line in lines]
    ever = {place for heads in named for place in heads}
    columns = range(1 if grid.labelled else 0, len(grid.edges))
    below: dict[int, Cell] = {}  # what names a column in the lines so far, the uppermost
    lowest: dict[int, str] = {}
    groups_of: Heads = {}  # the uppermost so far, with what is above several columns
    found: list[Heads] = []
    for line, heads in zip(reversed(lines), reversed(named), strict=True):
        values = [cell for cell in line.cells if not is_label(cell, grid)]
        if len(values) > 1:
            groups = _name_groups(text, values, heads, below, columns)
            above: Heads = {}
            if wanting := [place for place in columns if groups or place not in ever]:
                others = [each for each in named if each is not heads]
                is_sure = _are_years(text, values) and _may_repeat(
                    text, others, columns, len(values)
                )
                size = _period([lowest.get(place, "") for place in columns])
                edges = {place: grid.edges[place] for place in columns}
                spread = _spread_over_groups(values, edges, size, is_sure=is_sure)
                above = {
                    place: [spread[place]]
                    for place in wanting
                    if place in spread and (groups or not _is_broken(text, spread[place]))
                }
            found.append({**above, **heads})
        else:
            found.append(_of_one(text, heads, groups_of, below, grid))
        groups_of |= found[-1]
        below |= {place: cells[-1] for place, cells in heads.items()}
        lowest = {place: _words(text, cells[-1]) for place, cells in heads.items()} | lowest
    return found[::-1]


def _own(line: Line, grid: Columns) -> Heads:
    if ordered := in_order(line.cells, grid):
        return ordered
    heads: Heads = {}
    is_alone = sum(not is_label(cell, grid) for cell in line.cells) == 1
    for cell in line.cells:
        for place in [0] if is_label(cell, grid) else grid.under(cell, is_alone=is_alone):
            heads.setdefault(place, []).append(cell)
    return heads


def in_order(cells: Sequence[Cell], grid: Columns) -> Heads:
    """The cells by column where there is one for each, between the columns on both sides.

    Words are often set at the left of a column whose figures are at its right, and so away from
    these. Nothing may stand above the labels. Empty where it is not so.
    """
    first = len(grid.edges) - len(cells)
    if len(cells) < 2 or first not in (0, 1) or (first and not grid.labelled):
        return {}
    if not first and grid.labelled and cells[0].left > sum(grid.edges[0]) / 2:
        return {}  # above the middle of the page, not of the labels
    edges, last = grid.edges, len(grid.edges) - 1
    for place, cell in enumerate(cells, first):
        if place and cell.left <= edges[place - 1][1] - EDGE:
            return {}
        if place < last and cell.right >= edges[place + 1][0] + EDGE:
            return {}
    return {place: [cell] for place, cell in enumerate(cells, first)}


def _of_one(
    text: str, heads: Heads, named: Heads, below: Mapping[int, Cell], grid: Columns
) -> Heads:
    """The heads of a line with one cell above values at most.

    It is also above the rest of the groups that are `named` below it where it is in their middle.
    """
    columns = range(1 if grid.labelled else 0, len(grid.edges))
    own = [place for place in columns if place in heads]
    if not own:
        return heads
    cell = heads[own[0]][0]
    if _is_above_all(text, cell, [below.get(place) for place in columns], grid):
        own = [*columns]
    groups = [named[place][-1] for place in own if place in named]
    more = {*own, *(place for place in columns if named.get(place, [None])[-1] in groups)}
    ends = grid.edges[min(more)][0], grid.edges[max(more)][1]
    is_whole = len(set(groups)) == 1 and len(more) == len(columns)
    if not is_whole and abs(sum(ends) / 2 - _middle(cell)) < grid.pitch / 2:
        own = [*more]
    return {**heads, **{place: [cell] for place in own}}


def _is_above_all(text: str, cell: Cell, below: Sequence[Cell | None], grid: Columns) -> bool:
    """Whether a cell in the middle of all columns, each named below, is more than the name of one.

    That is one above years, or one much wider than what is below it.
    """
    middle = below[len(below) // 2]
    if middle is None or None in below or grid.off_middle(cell) > EDGE / 2:
        return False
    is_wide = _width(cell) > WIDER * _width(middle)
    return _width(cell) > SHARE_OF_PITCH * grid.pitch and (is_wide or _is_year(text, middle))


def _is_broken(text: str, cell: Cell) -> bool:
    """Whether it is of several lines, as the name of a narrow column is."""
    return "\n" in text[cell.start : cell.end]


def _width(cell: Cell) -> float:
    return cell.right - cell.left


def is_label(cell: Cell, grid: Columns) -> bool:
    """Whether words stand above the labels of the rows."""
    return grid.labelled and cell.left < grid.values[0]


def doubtful(text: str, line: Line, heads: Heads, grid: Columns) -> Heads:
    """The heads of a line that are above several columns without need, by those columns.

    Where the middle of one is not that of its columns, or the words above the labels run into the
    first values, the others of the line are as doubtful. A year that stands above one of its
    columns by itself is surely above that one.
    """
    over: dict[Cell, list[int]] = {}
    for place, cells in heads.items():
        for cell in cells:
            over.setdefault(cell, []).append(place)
    groups = {cell: places for cell, places in over.items() if _is_group(places)}
    repeats = len(groups) > 1 and _are_years(text, [*groups])  # often set at the right of theirs
    is_sure = repeats or not any(_is_aside(cell, own, grid) for cell, own in groups.items())
    if is_sure and not _runs_in(text, line, grid):
        return {}
    found: Heads = {}
    for cell, places in groups.items():
        own = [place for place in places if _is_year(text, cell) and _is_at(cell, place, grid)]
        for place in places:
            if [place] != own:
                found.setdefault(place, []).append(cell)
    return found


def _is_group(places: Sequence[int]) -> bool:
    return len(places) > 1 and max(places) - min(places) == len(places) - 1


def _runs_in(text: str, line: Line, grid: Columns) -> bool:
    """Whether what stands above the labels goes on into the values, before another head."""
    return any(
        is_label(cell, grid)
        and cell.right > grid.edges[1][0]
        and "\n" not in text[cell.end : after.start]
        and text[cell.end - 1] not in ".:;"  # prose is beside by chance
        for cell, after in pairwise(line.cells)
    )


def _is_aside(cell: Cell, places: Sequence[int], grid: Columns) -> bool:
    ends = grid.edges[min(places)][0] + grid.edges[max(places)][1]
    return abs(_middle(cell) - ends / 2) > max(EDGE, DOUBT * grid.pitch)


def _is_at(cell: Cell, place: int, grid: Columns) -> bool:
    """Whether a head has an edge or its middle in common with a column."""
    left, right = grid.edges[place]
    off = abs(cell.left - left), abs(cell.right - right), abs(_middle(cell) - (left + right) / 2)
    return min(off) < EDGE


def _are_years(text: str, cells: Sequence[Cell]) -> bool:
    return all(_is_year(text, cell) for cell in cells)


def _is_year(text: str, cell: Cell) -> bool:
    return any(known.fullmatch(text, cell.start, cell.end) for known in (YEAR, _YEARS))


def _words(text: str, cell: Cell) -> str:
    return text[cell.start : cell.end]


def _period(names: Sequence[str]) -> int:
    """After how many columns their names repeat, as years below groups do; 1 where they do not."""
    sizes = (size for size in range(2, len(names)) if not len(names) % size)
    whole = (
        size for size in sizes if all(names) and names == [*names[:size]] * (len(names) // size)
    )
    return next(whole, 1)


def _may_repeat(text: str, named: Sequence[Heads], columns: range, times: int) -> bool:
    """Whether nothing in other lines says that the columns are not so many groups alike."""
    size, rest = divmod(len(columns), times)
    return not rest and all(
        _words(text, heads[place][-1]) == _words(text, heads[place + size][-1])
        for heads in named
        for place in columns[:-size]
        if place in heads and place + size in heads
    )


def _name_groups(
    text: str, cells: Sequence[Cell], heads: Heads, below: Mapping[int, Cell], columns: range
) -> bool:
    """Whether cells name groups of columns: years, or what is above the names of all columns."""
    if _are_years(text, cells):
        return True
    return all(place in below for place in columns) and (
        _are_groups(text, heads, below) or _cover(text, cells, below, columns)
    )


def _are_groups(text: str, heads: Heads, below: Mapping[int, Cell]) -> bool:
    """Whether cells name groups of columns, and are not the upper lines of what names one each."""
    for place, cells in heads.items():
        for cell in cells:
            own = below.get(place, cell)
            if abs(_middle(cell) - _middle(own)) > EDGE or _is_year(text, cell):
                return True
            if own is not cell and _is_year(text, own):
                return True
    return False


def _cover(text: str, values: Sequence[Cell], below: Mapping[int, Cell], columns: range) -> bool:
    """Whether cells stand in the middle of groups that leave no column out.

    Headings below that go on in small letters are the lower lines of longer ones.
    """
    own = [below[place] for place in columns]
    if any(_GOES_ON.match(text, cell.start, cell.end) for cell in own):
        return False
    likeliest = _likeliest(values, [_middle(cell) for cell in own])
    return -1 not in likeliest.places and likeliest.cost < EDGE / 2 * len(values)


def _spread(
    cells: Sequence[Cell], edges: Sequence[tuple[float, float]], *, is_sure: bool
) -> dict[int, Cell]:
    """The cell above each column that has one, in the likeliest way.

    That is the one in which neighbours have their middle nearest to that of their cell, by dynamic
    programming; nothing stands above a column where that costs less. Groups of one size are
    preferred: numbers set at the right of wide columns are not below the middle of their heading.
    Where it `is_sure` that there are such groups, a cell may be anywhere above its own.
    """
    middles = [sum(edge) / 2 for edge in edges]
    regular = _regular(cells, middles)
    if regular is not None and is_sure and regular.is_within(cells, edges):
        return regular.above(cells)
    likeliest = _likeliest(cells, middles)
    gap = (middles[-1] - middles[0]) / max(len(middles) - 1, 1)
    if regular is not None and regular.cost <= likeliest.cost + ASIDE * len(cells) * gap:
        return regular.above(cells)
    return likeliest.above(cells)


def _spread_over_groups(
    cells: Sequence[Cell], edges: Mapping[int, tuple[float, float]], size: int, *, is_sure: bool
) -> dict[int, Cell]:
    """The cell above each column that has one, in the likeliest way for groups of a size."""
    places = [*edges]
    groups = [
        (edges[first][0], edges[last][1])
        for first, last in zip(places[::size], places[size - 1 :: size], strict=True)
    ]
    spread = _spread(cells, groups, is_sure=is_sure)
    return {
        place: spread[number // size]
        for number, place in enumerate(places)
        if number // size in spread
    }


def _likeliest(cells: Sequence[Cell], middles: Sequence[float]) -> _Spread:
    """The likeliest way, without regard to sizes; the middles of columns go from left to right."""
    gaps = [after - before for before, after in pairwise(middles)]
    costs = [LEFT_OUT * min(pair) for pair in pairwise([math.inf, *gaps, math.inf])]
    if len(cells) > len(middles):
        return _Spread(math.inf, (-1,) * len(middles))
    best = list(accumulate(costs, initial=0.0))  # of so many columns, below the cells so far
    chosen: list[list[int]] = []  # for each cell: the first of its columns, -1 where one has none
    for place, cell in enumerate(cells, 1 - len(cells)):  # the others have a column each, too
        done, firsts = [math.inf], [-1]
        for end, left_out in enumerate(costs[: len(costs) + place], 1):
            cost, first = _group_ending(end, _middle(cell), middles, best, done[-1] + left_out)
            done.append(cost)
            firsts.append(first)
        best = done
        chosen.append(firsts)
    places = [-1] * len(middles)
    end = len(middles)
    for place in range(len(cells) - 1, -1, -1):
        while end and chosen[place][end] < 0:
            end -= 1
        first = max(chosen[place][end], 0)
        places[first:end] = [place] * (end - first)
        end = first
    return _Spread(best[-1], tuple(places))


def _group_ending(
    end: int, middle: float, middles: Sequence[float], best: Sequence[float], cost: float
) -> tuple[float, int]:
    """What costs least for the columns before `end`, the last of which are below one cell.

    That is the `cost` of nothing above the last one, and -1; or the first of those columns. It is
    looked for on both sides of where their middle is nearest: farther away they cost more.
    """
    found = -1
    nearest = bisect_left(middles, 2 * middle - middles[end - 1], 0, end)
    for side in (range(nearest, end), range(min(nearest, end) - 1, -1, -1)):
        for first in side:
            aside = abs(middle - (middles[first] + middles[end - 1]) / 2)
            if aside > cost:
                break
            whole = best[first] + aside
            if whole < cost or (whole == cost and -1 < first < found):
                cost, found = whole, first
    return cost, found


def _regular(cells: Sequence[Cell], middles: Sequence[float]) -> _Spread | None:
    """Groups of one size, where the columns can be parted so."""
    size, rest = divmod(len(middles), len(cells))
    if rest or not size:
        return None
    spread = _Spread(0.0, ())
    for place, cell in enumerate(cells):
        spread = spread.with_group(cell, place, middles[place * size : (place + 1) * size])
    return spread


class _Spread(NamedTuple):
    """The cells above the first columns by number, -1 for none, and how likely that is not."""

    cost: float
    places: tuple[int, ...]

    def with_group(self, cell: Cell, place: int, middles: Sequence[float]) -> _Spread:
        aside = abs(_middle(cell) - (middles[0] + middles[-1]) / 2)
        return _Spread(self.cost + aside, self.places + (place,) * len(middles))

    def is_within(self, cells: Sequence[Cell], edges: Sequence[tuple[float, float]]) -> bool:
        """Whether each cell stands between the outer edges of its columns."""
        return all(
            edges[self.places.index(place)][0] - EDGE
            < _middle(cell)
            < edges[len(edges) - 1 - self.places[::-1].index(place)][1] + EDGE
            for place, cell in enumerate(cells)
        )

    def above(self, cells: Sequence[Cell]) -> dict[int, Cell]:
        """The cell above each column that has one."""
        return {column: cells[place] for column, place in enumerate(self.places) if place >= 0}


def _middle(cell: Cell) -> float:
    return (cell.left + cell.right) / 2
