"""Cuts pages into the spans that are embedded: by structure first, then by tokens.

A page is taken apart into units that stay whole (lines; sentences and smaller pieces only of lines
that are longer than a chunk), and the cheapest way to pack them is found by dynamic programming:
full and even chunks that begin at headings and paragraphs cost least.
"""

from __future__ import annotations

import math
import re
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum
from itertools import pairwise

from ingest.graphemes import boundary_near
from ingest.loaded import Heading
from rag import tokens
from rag.domain import Chunk, Page, PageState

Measure = Callable[[Sequence[str]], list[int]]
"""The length of each text in the tokens that limit a chunk."""

MAX_HEADING_CHARACTERS = 90
MAX_HEADING_WORDS = 12
SMALL_SHARE = 16  # units below one part in so many of a chunk are joined, which bounds the search

_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n|$)")
_SENTENCE_END = re.compile(r"""(?:[.!?…]["'”’»)\]]*\s+|[。！？；]["'”’」』）]*\s*)(?=\S)""")
_ENDS_SENTENCE = re.compile(r"""[.!?…:;。！？：；]["'”’»)\]]*\s*$""")
_NUMBERED = re.compile(
    r"\s*(?:(?:part|item|chapter|section|article|annex|appendix|note|chapitre|partie|annexe)\s+"
    r"[\dIVXLA-D][\w.]{0,6}\W|\d{1,2}(?:\.\d{1,2}){0,4}\.?\s+[A-ZÀ-Þ])",
    re.IGNORECASE,
)


class _Break(IntEnum):
    """What stands before a unit; its cost is that of cutting there."""

    HEADING = 0
    PARAGRAPH = 1
    SENTENCE = 2
    LINE = 3
    INSIDE_LINE = 4


_CUT_COST = {
    _Break.HEADING: 0.0,
    _Break.PARAGRAPH: 0.05,
    _Break.SENTENCE: 0.12,
    _Break.LINE: 0.25,
    _Break.INSIDE_LINE: 0.5,
}
_KEPT_HEADING_COST = 0.5  # of a heading in the middle of a chunk
_ORPHAN_COST = 2.0  # of a heading cut off from what follows it


@dataclass(slots=True)
class _Unit:
    start: int
    end: int
    size: int
    before: _Break
    is_heading: bool  # nothing but headings


def split(
    pages: Sequence[Page], headings: Sequence[Heading], measure: Measure, limit: int
) -> list[Chunk]:
    """Chunks that hold every visible character of the pages with text exactly once, in order.

    A chunk lies within one page and measures `limit` at most, unless a single character measures
    more. `headings` are in the order of the document.
    """
    overhead = measure([""])[0]
    budget = max(limit - overhead, 1)
    outline = _Outline(headings)
    chunks: list[Chunk] = []
    for page in pages:
        if page.state is PageState.TEXT:
            units = _units(page.text, outline.starts(page.number), measure, overhead, budget)
            spans = [_trimmed(page.text, *span) for span in _pack(units, budget)]
            spans = _within_limit(page.text, spans, measure, limit)
            counts = tokens.count_tokens([page.text[start:end] for start, end in spans])
            chunks += [
                Chunk(page.number, start, end, outline.path(page.number, start), count)
                for (start, end), count in zip(spans, counts, strict=True)
            ]
    return chunks


class _Outline:
    """Answers which headings stand above a place."""

    def __init__(self, headings: Sequence[Heading]) -> None:
        placed = sorted(_places(headings), key=lambda pair: pair[0])
        self._places = [place for place, _ in placed]
        self._paths: list[tuple[str, ...]] = []
        above: list[Heading] = []
        for _, heading in placed:
            above = [other for other in above if other.level < heading.level] + [heading]
            self._paths.append(tuple(other.title for other in above))
        self._starts: dict[int, set[int]] = {}
        for heading in headings:
            if heading.start is not None:
                self._starts.setdefault(heading.page, set()).add(heading.start)

    def path(self, page: int, start: int) -> tuple[str, ...]:
        """The titles above a place, highest first, with that of a heading at the place itself."""
        index = bisect_right(self._places, (page, start))
        return self._paths[index - 1] if index else ()

    def starts(self, page: int) -> set[int]:
        """Where headings are known to stand on a page."""
        return self._starts.get(page, set())


def _places(headings: Sequence[Heading]) -> Iterator[tuple[tuple[int, float], Heading]]:
    """Where each heading takes effect.

    One without a known place does so at the start of its page, but below another heading of that
    page only from the next page on: what stands between them is more likely the other's.
    """
    begun = 0
    for heading in headings:
        if heading.start is None:
            yield (heading.page, math.inf if heading.page == begun else 0), heading
        else:
            begun = heading.page
            yield (heading.page, heading.start), heading


def _units(
    text: str, starts: set[int], measure: Measure, overhead: int, budget: int
) -> list[_Unit]:
    """The page's visible lines, in pieces where they are too long, small ones joined."""
    lines = list(_lines(text, starts))
    sizes = measure([text[line.start : line.end] for line in lines])
    smallest = budget // SMALL_SHARE
    units: list[_Unit] = []
    for line, measured in zip(lines, sizes, strict=True):
        line.size = max(measured - overhead, 1)
        pieces = [line] if line.size <= budget else _pieces(text, line, measure, overhead, budget)
        for unit in pieces:
            last = units[-1] if units else None
            if last and _belong_together(last, unit, smallest):
                last.end, last.size = unit.end, last.size + unit.size
                last.is_heading = last.is_heading and unit.is_heading
            else:
                units.append(unit)
    return units


def _belong_together(last: _Unit, unit: _Unit, smallest: int) -> bool:
    if last.size + unit.size > smallest:
        return False
    if unit.before is _Break.HEADING:
        return last.is_heading
    return unit.before is not _Break.PARAGRAPH or last.size < smallest // 2


def _lines(text: str, starts: set[int]) -> Iterator[_Unit]:
    """Every line with a visible character, and what stands before it."""
    after_gap, after_sentence = True, True
    ordered = sorted(starts)
    for found in _LINE.finditer(text):
        line = found[0]
        if not line.strip():
            after_gap = after_gap or bool(line)
            continue
        known = bisect_right(ordered, found.end() - 1) > bisect_right(ordered, found.start() - 1)
        is_heading = known or ((after_gap or after_sentence) and _looks_like_heading(line))
        if is_heading:
            before = _Break.HEADING
        elif after_gap:
            before = _Break.PARAGRAPH
        else:
            before = _Break.SENTENCE if after_sentence else _Break.LINE
        yield _Unit(found.start(), found.end(), 0, before, is_heading)
        after_gap, after_sentence = False, bool(_ENDS_SENTENCE.search(line[-20:]))


def _looks_like_heading(line: str) -> bool:
    """A short line in capitals or with a number, as headings in a PDF's text are."""
    title = line.strip()
    words = title.split()
    if len(title) > MAX_HEADING_CHARACTERS or len(words) > MAX_HEADING_WORDS:
        return False
    if title[-1] in ".,;" or not any(character.isalpha() for character in title):
        return False
    if _NUMBERED.match(line):
        return True
    long_words = [word for word in words if len(word) > 3]
    digits = sum(character.isdigit() for character in title)
    return bool(long_words) and not digits and all(word[0].isupper() for word in long_words)


def _pieces(
    text: str, line: _Unit, measure: Measure, overhead: int, budget: int
) -> Iterator[_Unit]:
    """A line longer than a chunk: its sentences, halved until they fit."""
    ends = [found.end() for found in _SENTENCE_END.finditer(text, line.start, line.end)]
    borders = [line.start, *ends, line.end]
    waiting = [
        _Unit(start, end, 0, _Break.SENTENCE, line.is_heading)
        for start, end in pairwise(borders)
        if start < end
    ]
    waiting[0].before = line.before
    while waiting:
        sizes = measure([text[piece.start : piece.end] for piece in waiting])
        for piece, measured in zip(waiting, sizes, strict=True):
            piece.size = max(measured - overhead, 1)
        if all(_fits(piece, budget) for piece in waiting):
            yield from waiting
            return
        waiting = [
            part
            for piece in waiting
            for part in ([piece] if _fits(piece, budget) else _halves(text, piece))
        ]


def _fits(piece: _Unit, budget: int) -> bool:
    return piece.size <= budget or piece.end - piece.start == 1


def _halves(text: str, piece: _Unit) -> list[_Unit]:
    middle = _cut_near_middle(text, piece.start, piece.end)
    return [
        _Unit(piece.start, middle, 0, piece.before, piece.is_heading),
        _Unit(middle, piece.end, 0, _Break.INSIDE_LINE, piece.is_heading),
    ]


def _cut_near_middle(text: str, start: int, end: int) -> int:
    """Where to cut a span of two characters or more: at a space if one is near its middle."""
    middle = (start + end) // 2
    reach = (end - start) // 4
    for distance in range(reach):
        for place in (middle - distance, middle + distance):
            if text[place - 1].isspace() and not text[place].isspace():
                return place
    return boundary_near(text, middle, start, end) or middle


def _line_near_middle(text: str, start: int, end: int) -> int | None:
    """The start of the line nearest to the middle of a span, None within a single line."""
    middle = (start + end) // 2
    starts = [found.end() for found in _LINE.finditer(text, start, end)]
    return min(
        (place for place in starts if start < place < end),
        key=lambda place: abs(place - middle),
        default=None,
    )


def _pack(units: Sequence[_Unit], budget: int) -> Iterator[tuple[int, int]]:
    """The cheapest sequence of spans of whole units, none larger than the budget."""
    best = [0.0] + [float("inf")] * len(units)
    previous = [0] * (len(units) + 1)
    for first, unit in enumerate(units):
        begun = best[first] + (_CUT_COST[unit.before] if first else 0.0)
        if first and units[first - 1].is_heading and not unit.is_heading:
            begun += _ORPHAN_COST
        size = 0
        for last in range(first, len(units)):
            size += units[last].size
            if size > budget and last > first:
                break
            if last > first and units[last].is_heading > units[last - 1].is_heading:
                begun += _KEPT_HEADING_COST
            cost = begun + (1 - min(size / budget, 1.0)) ** 2
            if cost < best[last + 1]:
                best[last + 1], previous[last + 1] = cost, first
    cuts = [len(units)]
    while cuts[-1]:
        cuts.append(previous[cuts[-1]])
    cuts.reverse()
    for first, end in pairwise(cuts):
        yield units[first].start, units[end - 1].end


def _within_limit(
    text: str, spans: Sequence[tuple[int, int]], measure: Measure, limit: int
) -> list[tuple[int, int]]:
    """The spans again, those halved that measure more than their units did."""
    done: list[tuple[int, int]] = []
    sizes = measure([text[start:end] for start, end in spans])
    for (start, end), size in zip(spans, sizes, strict=True):
        if size <= limit or end - start < 2:
            done.append((start, end))
            continue
        middle = _line_near_middle(text, start, end) or _cut_near_middle(text, start, end)
        halves = [_trimmed(text, start, middle), _trimmed(text, middle, end)]
        done += _within_limit(text, [half for half in halves if half[0] < half[1]], measure, limit)
    return done


def _trimmed(text: str, start: int, end: int) -> tuple[int, int]:
    """The span without white space at its ends."""
    span = text[start:end]
    return start + len(span) - len(span.lstrip()), end - len(span) + len(span.rstrip())
