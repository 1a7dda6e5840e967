"""The cells that ruled lines draw on a page.

Lines that touch are one drawing; where they go on all around, what is between them are cells, some
over several columns or rows. A drawing with a gap in it, or with a cell that is no rectangle, draws
none. Places are in points, upwards; rows count from above.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from itertools import pairwise, product
from typing import NamedTuple

from ingest.ruling import Area

SAME = 2.0  # points by which lines that are one may be beside each other, or apart
TOUCH = 2.5  # points by which a line may miss the one that it ends at
GAP = 8.0  # points between the lines of one table that are drawn with gaps
NARROW = 3.0  # points: two lines less apart are a double one
LOWEST = 6.0  # points: no row is less high
MOST_PAIRS = 20_000  # of lines across and up that are compared


class Stretch(NamedTuple):
    """A line at a place, from one end to another."""

    place: float
    begin: float
    end: float


class Region(NamedTuple):
    """A cell, by the first of its rows and columns and how many it goes over."""

    row: int
    column: int
    rows: int
    columns: int


class Grid(NamedTuple):
    """Columns between places from the left, rows between places from above, and their cells.

    `goes_on` where no line is above its first row: it began on the page before.
    """

    across: tuple[float, ...]
    down: tuple[float, ...]
    regions: tuple[Region, ...]
    goes_on: bool = False

    @property
    def area(self) -> Area:
        """All of it."""
        return Area(self.across[0], self.down[-1], self.across[-1], self.down[0])

    def extent(self, region: Region) -> Area:
        """Where a cell is."""
        return Area(
            self.across[region.column],
            self.down[region.row + region.rows],
            self.across[region.column + region.columns],
            self.down[region.row],
        )


def grids(across: Sequence[Area], up: Sequence[Area], fewest: int = 2) -> list[Grid]:
    """What is drawn of so many rows and two columns at least, from above."""
    if not up or len(across) <= fewest:
        return []
    level = _joined([Stretch((a.low + a.high) / 2, a.left, a.right) for a in across])
    upright = _joined([Stretch((a.left + a.right) / 2, a.low, a.high) for a in up])
    if len(level) * len(upright) > MOST_PAIRS:
        return []
    drawn = [grid for lines in _drawings(level, upright) for grid in _of_drawing(*lines, fewest)]
    found = [grid for grid in drawn if not _goes_on(grid, level)]
    return sorted(found, key=lambda grid: (-grid.down[0], grid.across[0]))


def _goes_on(grid: Grid, level: Sequence[Stretch]) -> bool:
    """Whether lines across go on beside it after a little gap: it is a part of something."""
    left, right = grid.across[0], grid.across[-1]
    return any(
        0 < left - line.end < GAP or 0 < line.begin - right < GAP
        for line in level
        if any(abs(line.place - place) <= SAME for place in grid.down)
    )


def _joined(stretches: Sequence[Stretch]) -> list[Stretch]:
    """The lines, those that are drawn in parts or twice as one."""
    found: list[Stretch] = []
    for level in _levels(sorted(stretches)):
        place = sum(each.place for each in level) / len(level)
        ordered = sorted((each.begin, each.end) for each in level)
        begin, end = ordered[0]
        for left, right in ordered[1:]:
            if left > end + SAME:
                found.append(Stretch(place, begin, end))
                begin = left
                end = right
            else:
                end = max(end, right)
        found.append(Stretch(place, begin, end))
    return found


def _levels(ordered: Sequence[Stretch]) -> Iterator[list[Stretch]]:
    level = [*ordered[:1]]
    for each in ordered[1:]:
        if each.place - level[0].place > SAME:
            yield level
            level = []
        level.append(each)
    yield level


def _drawings(
    level: Sequence[Stretch], upright: Sequence[Stretch]
) -> Iterator[tuple[list[Stretch], list[Stretch]]]:
    """The lines across and up that touch each other."""
    names = list(range(len(level) + len(upright)))

    def name(place: int) -> int:
        while names[place] != place:
            names[place] = names[names[place]]
            place = names[place]
        return place

    for other, line in enumerate(upright, len(level)):
        for place, across in enumerate(level):
            if _meet(across, line):
                names[name(place)] = name(other)
    for first in sorted({name(place) for place in range(len(level), len(names))}):
        yield (
            [each for place, each in enumerate(level) if name(place) == first],
            [each for place, each in enumerate(upright, len(level)) if name(place) == first],
        )


def _meet(across: Stretch, up: Stretch) -> bool:
    return (
        across.begin - TOUCH <= up.place <= across.end + TOUCH
        and up.begin - TOUCH <= across.place <= up.end + TOUCH
    )


def _of_drawing(
    level: Sequence[Stretch], upright: Sequence[Stretch], fewest: int
) -> Iterator[Grid]:
    """The grids of one drawing, one below the other where the borders of columns change."""
    if len(level) <= fewest:
        return
    upright = [*upright, *_open_sides(level, upright)]
    ends = _open_ends(level, upright)
    goes_on = any(end.place > level[-1].place for end in ends)
    level = [*level, *ends]
    columns = _places(each.place for each in upright)
    rows = _places(each.place for each in level)[::-1]
    if len(columns) < 3 or len(rows) <= fewest:
        return
    sides = [_along(upright, columns, low, high) for high, low in pairwise(rows)]
    bands = [_along(level, rows, left, right) for left, right in pairwise(columns)]
    levels = [
        frozenset(column for column, own in enumerate(bands) if row in own)
        for row in range(len(rows))
    ]
    for first, last in _alike(sides):
        end = last + 2
        grid = _ruled(columns, rows[first:end], sides[first : last + 1], levels[first:end])
        if grid is not None and len(grid.down) > fewest:
            yield grid._replace(goes_on=goes_on and first == 0)


def _open_sides(level: Sequence[Stretch], upright: Sequence[Stretch]) -> list[Stretch]:
    """The sides of a table that has none drawn, but lines across that all end there."""
    low, high = level[0].place, level[-1].place
    sides = []
    for ends in ([each.begin for each in level], [each.end for each in level]):
        side = ends[0]
        is_even = all(abs(end - side) < NARROW for end in ends)
        if is_even and not any(abs(each.place - side) < NARROW for each in upright):
            sides.append(Stretch(side, low, high))
    return sides


def _open_ends(level: Sequence[Stretch], upright: Sequence[Stretch]) -> list[Stretch]:
    """The ends of rows that a page's end cuts: there all lines up end together, without one across.

    Above and below all lines across, each as far away as a row is high.
    """
    found = []
    for last, is_above in ((level[-1], True), (level[0], False)):
        past = [
            (line.place, line.end if is_above else line.begin)
            for line in upright
            if (line.end - last.place if is_above else last.place - line.begin) > LOWEST
        ]
        places, ends = [place for place, _ in past], [end for _, end in past]
        if len({*places}) < 3 or max(ends) - min(ends) > NARROW:
            continue
        if abs(min(places) - last.begin) < NARROW and abs(max(places) - last.end) < NARROW:
            found.append(Stretch(ends[0], last.begin, last.end))
    return found


def _places(places: Iterator[float]) -> list[float]:
    """The places, double ones once."""
    found: list[float] = []
    for place in sorted(places):
        if not found or place - found[-1] > NARROW:
            found.append(place)
    return found


def _along(
    lines: Sequence[Stretch], places: Sequence[float], begin: float, end: float
) -> frozenset[int]:
    """Which of the places have a line that goes from one end to another."""
    whole = sorted(
        line.place for line in lines if line.begin <= begin + TOUCH and line.end >= end - TOUCH
    )
    near = [bisect_left(whole, place - NARROW) for place in places]
    return frozenset(
        number
        for number, (place, first) in enumerate(zip(places, near, strict=True))
        if first < len(whole) and whole[first] <= place + NARROW
    )


def _alike(sides: Sequence[frozenset[int]]) -> Iterator[tuple[int, int]]:
    """The first and the last of rows in which the lines up are each other's, or more of them."""
    first = 0
    for row in range(1, len(sides)):
        above, own = sides[row - 1], sides[row]
        if not (above <= own or own <= above):
            yield first, row - 1
            first = row
    yield first, len(sides) - 1


def _ruled(
    columns: Sequence[float],
    rows: Sequence[float],
    sides: Sequence[frozenset[int]],
    levels: Sequence[frozenset[int]],
) -> Grid | None:
    """The grid of some rows, with those columns that they have; None where it is not whole."""
    own = sorted(frozenset().union(*sides))
    if len(own) < 3:
        return None
    rank = {number: place for place, number in enumerate(own)}
    level = [
        frozenset(
            rank[left] for left, right in pairwise(own) if line.issuperset(range(left, right))
        )
        for line in levels
    ]
    upright = [
        frozenset(rank[number] for number in row) | _ends(above & below, len(own) - 1)
        for row, (above, below) in zip(sides, pairwise(level), strict=True)
    ]
    regions = _regions(upright, level, len(own) - 1)
    places = tuple(columns[number] for number in own)
    return Grid(places, tuple(rows), tuple(regions)) if regions else None


def _ends(ruled: frozenset[int], last: int) -> set[int]:
    """The outer sides of a row that its lines across end at, drawn or not: a page may cut them."""
    return ({0} if 0 in ruled else set()) | ({last} if last - 1 in ruled else set())


def _regions(
    sides: Sequence[frozenset[int]], levels: Sequence[frozenset[int]], columns: int
) -> list[Region]:
    """The cells; none where one is no rectangle, or open to the outside of all."""
    found: list[Region] = []
    taken: set[tuple[int, int]] = set()
    for row, column in product(range(len(sides)), range(columns)):
        if (row, column) in taken:
            continue
        right = next((each for each in sorted(sides[row]) if each > column), 0)
        end = next((r for r in range(row + 1, len(levels)) if column in levels[r]), 0)
        region = Region(row, column, end - row, right - column)
        cells = {*product(range(row, end), range(column, right))}
        if not cells or cells & taken or not _is_closed(region, sides, levels):
            return []
        taken |= cells
        found.append(region)
    return found


def _is_closed(
    region: Region, sides: Sequence[frozenset[int]], levels: Sequence[frozenset[int]]
) -> bool:
    """Whether lines are all around a cell, and none is within."""
    row, column, rows, columns = region
    inside = range(column, column + columns)
    for place in range(row, row + rows):
        if column not in sides[place] or column + columns not in sides[place]:
            return False
        if any(number in sides[place] for number in inside[1:]):
            return False
    for place in range(row, row + rows + 1):
        is_edge = place in (row, row + rows)
        if any((number in levels[place]) != is_edge for number in inside):
            return False
    return True
