"""Cuts what is longer than a chunk: at lines, at sentences, at spaces, between characters."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise

from ingest.graphemes import boundary_near
from ingest.units import Break, Unit

Sizes = Callable[[Sequence[str]], list[int]]

SPARE = 1.15  # equal parts are made this much smaller than they need to be on average
FARTHEST_BOUNDARY = 1000  # characters; what has none that near is cut anyhow

_SENTENCE_END = re.compile(r"""(?:[.!?…]["'”’»)\]]*\s+|[。！？；]["'”’」』）]*\s*)(?=\S)""")
_LINE_END = re.compile(r"\r\n|\r|\n")
_SPACE = re.compile(r"\s")
_LAST_SPACE = re.compile(r"\s\S*\Z")


def pieces(text: str, unit: Unit, sizes: Sizes, budget: int) -> list[Unit]:
    """A unit above the budget in pieces within it, unless a single character is above it."""
    done = waiting = _at_borders(text, unit)
    while waiting:
        measured = sizes([text[piece.start : piece.end] for piece in waiting])
        for piece, size in zip(waiting, measured, strict=True):
            piece.size = max(size, 1)
        cut = [
            [piece] if _fits(piece, budget) else _equal_parts(text, piece, budget) for piece in done
        ]
        done = [part for parts in cut for part in parts]
        waiting = [part for part in done if not part.size]
    return done


def halves(text: str, unit: Unit) -> list[Unit]:
    """A unit of two characters or more in two, at the line nearest to its middle if it has any."""
    middle = (unit.start + unit.end) // 2
    lines = [found.end() for found in _LINE_END.finditer(text, unit.start, unit.end)]
    place = min(
        (place for place in lines if unit.start < place < unit.end),
        key=lambda place: abs(place - middle),
        default=None,
    )
    if place is None:
        place = _place_near(text, unit, middle, (unit.end - unit.start) // 4)
    return _between(text, unit, {place: Break.INSIDE_LINE})


def trimmed(text: str, start: int, end: int) -> tuple[int, int]:
    """The span without white space at its ends; empty at its end when nothing is visible."""
    span = text[start:end]
    start = end - len(span.lstrip())
    return start, max(start, end - len(span) + len(span.rstrip()))


def _fits(piece: Unit, budget: int) -> bool:
    return piece.size <= budget or piece.end - piece.start == 1


def _at_borders(text: str, unit: Unit) -> list[Unit]:
    """The lines and the sentences of a unit."""
    ends = _SENTENCE_END.finditer(text, unit.start, unit.end)
    breaks = {found.end(): Break.SENTENCE for found in ends}
    for found in _LINE_END.finditer(text, unit.start, unit.end):
        breaks.setdefault(found.end(), Break.LINE)
    return _between(text, unit, breaks)


def _equal_parts(text: str, piece: Unit, budget: int) -> list[Unit]:
    """A piece of two characters or more in at least two, cut at spaces where any are near."""
    length = piece.end - piece.start
    count = min(max(2, math.ceil(SPARE * piece.size / budget)), length)
    reach = length // (4 * count)
    places = {
        _place_near(text, piece, piece.start + length * number // count, reach)
        for number in range(1, count)
    }
    return _between(text, piece, dict.fromkeys(places, Break.INSIDE_LINE))


def _between(text: str, unit: Unit, breaks: Mapping[int, Break]) -> list[Unit]:
    """What is visible of a unit between the places, without white space around it."""
    begin, _ = trimmed(text, unit.start, unit.end)
    borders = [begin, *sorted(place for place in breaks if place > begin), unit.end]
    spans = [trimmed(text, *border) for border in pairwise(borders)]
    parts = [
        replace(
            unit,
            start=start,
            end=end,
            before=breaks.get(border, unit.before),
            leads=False,
            names_columns=unit.names_columns and border == begin,
            size=0,
        )
        for border, (start, end) in zip(borders, spans, strict=False)
        if start < end
    ]
    parts[-1].leads = unit.leads
    return parts


def _place_near(text: str, piece: Unit, middle: int, reach: int) -> int:
    """Where to cut: after the space nearest to the middle, or else between two characters."""
    after = _SPACE.search(text, middle, middle + reach)
    before = _LAST_SPACE.search(text[middle - reach : middle])
    places = [after.end()] if after else []
    if before:
        places.append(middle - reach + before.start() + 1)
    if places:
        return min(places, key=lambda place: abs(place - middle))
    start = max(piece.start, middle - FARTHEST_BOUNDARY)
    end = min(piece.end, middle + FARTHEST_BOUNDARY)
    return boundary_near(text, middle, start, end) or middle
