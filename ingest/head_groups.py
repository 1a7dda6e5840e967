"""Finds the columns that the heads of groups stand over.

Where a file merges cells, it says so itself. Where it merges none, a head over several columns may
stand at the first, in the middle or at the last of them, so that its extent is taken from the names
below it, and only where they leave no doubt: a wrong year over figures is worse than none.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from typing import NamedTuple

from ingest.heads import Row
from ingest.spans import Covered, is_across

WIDEST_GROUP = 50  # columns below one head that is not merged


PERIOD = re.compile(r"(?:19|20)\d\d|\b(?:FY|[QHT])\s?\d|\d[./-]\d", re.I)
"""What a head that tells a year, a part of one or a date has in it."""


def spread_heads(rows: Sequence[Row]) -> list[list[str]]:
    """Rows of heads, all equally long, with each head in all columns that it stands over.

    Nothing at all where that is in doubt for one of them. A column that the row above already
    names by itself is below no group, except below one of years.
    """
    names = across(rows[-1])
    found = [names]
    for place in range(len(rows) - 2, -1, -1):
        heads, loose = across(rows[place]), _loose(rows[place], rows[place + 1])
        named = _loose(rows[place - 1], rows[place]) if place else set()
        if any(PERIOD.search(heads[column]) for column in loose):
            named = set()
        bare = ["" if column in named else name for column, name in enumerate(names)]
        if _is_in_doubt(heads, bare, loose):
            heads = _over_blocks(heads, names, loose)
            if not heads:
                return []
        found.append(heads)
        names = [head or name for head, name in zip(heads, names, strict=True)]
    return found[::-1]


def across(row: Row) -> list[str]:
    """A row with what is merged over several columns in each of them."""
    heads: list[str] = []
    for cell in row:
        heads.append(heads[-1] if is_across(cell) and heads else cell)
    return heads


def _loose(row: Row, below: Row) -> set[int]:
    """The columns of cells that are merged with no other one."""
    return {
        column
        for column, cell in enumerate(row)
        if cell
        and not isinstance(cell, Covered)
        and not (below[column] and isinstance(below[column], Covered))
        and not (column + 1 < len(row) and is_across(row[column + 1]))
    }


def _is_in_doubt(heads: Sequence[str], names: Sequence[str], loose: Collection[int]) -> bool:
    """Whether beside a loose head are names of columns below none, which may be its own.

    The first column may have none: it is the one of labels.
    """
    start = 0
    for column in range(len(heads) + 1):
        if column < len(heads) and not heads[column]:
            continue
        if any(names[max(start, 1) : column]) and (start - 1 in loose or column in loose):
            return True
        start = column + 1
    return False


def _over_blocks(heads: Sequence[str], names: Sequence[str], loose: Collection[int]) -> list[str]:
    """Each loose head in all columns of the block of names that it stands over.

    Such blocks follow one another, have the same names, and one head each, in whatever column.
    Nothing where there are none, or what is beside them is in doubt.
    """
    found: list[list[str]] = []
    for repeat in _repeats(names):
        own = [[column for column in block if heads[column]] for block in repeat.blocks]
        if all(len(each) == 1 and each[0] in loose for each in own):
            places = [each[0] for each in own]
            if _is_clear_beside(repeat, places, heads, names):
                spread = list(heads)
                for place, block in zip(places, repeat.blocks, strict=True):
                    spread[block.start : block.stop] = [heads[place]] * len(block)
                found.append(spread)
    return found[0] if found and all(each == found[0] for each in found) else []


class _Repeat(NamedTuple):
    """Names that come again every `size` columns, from `start` to before `end` at most."""

    start: int
    end: int
    size: int

    @property
    def blocks(self) -> list[range]:
        """Those that are whole."""
        firsts = range(self.start, self.end - self.size + 1, self.size)
        return [range(first, first + self.size) for first in firsts]


def _repeats(names: Sequence[str]) -> Iterator[_Repeat]:
    """All that come again at least once, and are no repeat of smaller ones."""
    for size in range(1, min(WIDEST_GROUP, len(names) // 2) + 1):
        start = 0
        for column in range(len(names) - size + 1):
            after = column + size
            if after < len(names) and names[column] and names[column] == names[after]:
                continue
            if column - start >= size and not _is_repeat(names[start : start + size]):
                yield _Repeat(start, after, size)
            start = column + 1


def _is_repeat(block: Sequence[str]) -> bool:
    sizes = (size for size in range(1, len(block) // 2 + 1) if not len(block) % size)
    return any(block[size:] == block[:-size] for size in sizes)


def _is_clear_beside(
    repeat: _Repeat, places: Sequence[int], heads: Sequence[str], names: Sequence[str]
) -> bool:
    """Whether names without a head beside the blocks belong to none of these.

    Where heads are not in the first columns of the blocks, there may be no such names, and no other
    heads. Else they may be the first of all, or the next ones, each another than those of the
    blocks.
    """
    blocks = repeat.blocks
    start, end = blocks[0].start, blocks[-1].stop
    bare = [column for column, name in enumerate(names) if column and name and not heads[column]]
    before = [column for column in bare if column < start]
    after = [column for column in bare if column >= end]
    if places != [block.start for block in blocks]:
        has_others = any(heads[1:start]) or any(heads[end:])
        return repeat.end == end and not before and not after and not has_others
    if before and any(heads[:start]):
        return False
    if not after:
        return True
    known = [*names[start : start + repeat.size], *(names[column] for column in after)]
    is_next = repeat.end == end and not any(heads[end : after[-1]])
    return is_next and len(set(known)) == repeat.size + len(after)
