"""The lines of a page and the cells that stand apart in them, by where their characters are.

Lengths are in units of the width of a usual character of the page. Asking for the place of a
character costs a microsecond, so only the ends of lines are looked at, and the gaps between words
where a line is wider than its characters or ends with a number.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from enum import IntEnum
from functools import lru_cache
from itertools import accumulate, pairwise
from statistics import median
from typing import NamedTuple

Ruler = Callable[[int], tuple[float, float] | None]
"""The edges of the character at an offset, along the line; None where it has no place."""

WIDE_GAP = 2.0  # between two cells; a space is half of one, in justified text up to one
GAP_OF_HEADINGS = 1.5  # between two cells of a line that only names columns
GAP_OF_NUMBERS = 1.0  # between two cells that are numbers
STRETCHED = 1.2  # times the usual width of so many characters: the line has gaps
MOST_CHARACTERS = 200_000  # of a page; a longer one is not meant to be seen
MOST_WORDS = 60  # of a line that is looked at closely
CLOSE = 1.05  # times the usual width of so many characters: a label without gaps
SHORT_LINE = 0.75  # of the characters of the longest line: the lines of a table often are
SHORT_CHARACTERS = 60  # and fewer are short, whatever the longest line
INDENT = 8.0  # by which a line that only names columns begins right of others
NEAR = 3  # lines from one that ends with a number, or from as many that are short
MOST_PARTED = 24  # lines that a few rows are parted into
SHORT_HEADING = 40  # characters: two headings of columns may be narrow letters with a gap
SAMPLED = 3  # one in so many lines that are only short is looked at, all where it has gaps
MOST_ABOVE = 24  # short lines above one that ends with a number, which may name its column
LONG_NUMBER = 25  # characters
MOST_KNOWN = 16_384  # words of which is remembered whether they are numbers
UNIT_LINES = 6  # that the width of a usual character is measured in

_Whole = tuple[int, int, float, float]  # a line: its start and end, where it begins and ends

_LONG_WORD = re.compile(r"[^\W\d_]{5,}")
_ENDS = frozenset("0123456789)]%-–—−*†‡xAM")  # of most numbers, and of what stands for one
_SIGNS = frozenset("($€£¥₹ACEGHRU")  # with which a currency begins
_MARKS = frozenset(")]%pbx")  # with which what belongs to a number begins
_CURRENCY = re.compile(r"\(?(?:US|C|A|HK|R)?[$€£¥₹]|EUR|USD|GBP|CHF")
_NUMBER = re.compile(
    r"[(\[<>~≈±+\-–—−]*(?:[$€£¥₹]\s?)?[(\-–—−]?\.?\d(?:[\d,.'’:/]*\d)?[)\]%x]*[*†‡]*"
    r"|\(?[-–—−]+\)?%?|[*]{1,3}|(?:n/a|n\.a\.|n\.?m\.?|nil)",
    re.IGNORECASE,
)
_ENDS_OF_WORDS = frozenset(("", " ", "\r", "\n"))
_SUFFIX = re.compile(r"[)%\]]+|pts?\.?|bps|x")
_NUMERIC = re.compile(f"{_NUMBER.pattern}|{_SUFFIX.pattern}|{_CURRENCY.pattern}", re.IGNORECASE)
_YEARS = re.compile(r"(?:19|20)\d\d(?: (?:19|20)\d\d)+")  # each names a column
_WORD = re.compile(r"\S+")
_new = tuple.__new__  # of a named tuple: half the time of calling it
_BULLET = re.compile(r"[•●▪■◦‣·⁃*o–-]|\(?(?:[a-z]{1,2}|[ivx]{1,5}|\d{1,2})[.)]", re.IGNORECASE)


class _Hope(IntEnum):
    """Whether a line may be part of a table."""

    NONE = 0
    FAINT = 1
    GOOD = 2


class Cell(NamedTuple):
    """Words that stand together: `text[start:end]` of the page, between two edges."""

    start: int
    end: int
    left: float
    right: float
    is_number: bool


class Line(NamedTuple):
    """A line of a page without the white space around it; without cells, no part of a table.

    `numbers` are those of its cells that are.
    """

    start: int
    end: int
    cells: tuple[Cell, ...]
    numbers: tuple[Cell, ...] = ()

    @property
    def left(self) -> float:
        """Where it begins."""
        return self.cells[0].left

    @property
    def right(self) -> float:
        """Where it ends."""
        return self.cells[-1].right


def lines(text: str, ruler_of: Callable[[], Ruler]) -> list[Line]:
    """The lines of a page that may belong to a table, in the order of its text.

    Lines that cannot are among them without cells; there are none where no line can, and the ruler
    is not asked for then.
    """
    spans = _spans(text) if len(text) <= MOST_CHARACTERS else []
    numeric = [
        text[end - 1] in _ENDS and _ends_with_number(text, start, end) for start, end in spans
    ]
    hopes = _hopes(text, spans, numeric)
    if not any(hopes):
        return []
    ruler, faint = ruler_of(), _Hope.FAINT
    whole = [
        _whole(ruler, *span) if hope and (hope is not faint or place % SAMPLED == 0) else None
        for place, (span, hope) in enumerate(zip(spans, hopes, strict=True))
    ]
    if not any(whole):
        return []
    unit = _unit(text, [line for line in whole if line is not None], ruler)
    if any(
        hope is faint and line is not None and _has_gaps(line, unit)
        for line, hope in zip(whole, hopes, strict=True)
    ):
        whole = [
            line or (_whole(ruler, *span) if hope is faint else None)
            for line, span, hope in zip(whole, spans, hopes, strict=True)
        ]
    elif _Hope.GOOD not in hopes:
        return []
    return [
        _new(Line, (*span, (), ())) if line is None else _line(text, line, ruler, unit, gap)
        for span, line, gap in zip(spans, whole, _gaps(whole, numeric, unit), strict=True)
    ]


def _spans(text: str) -> list[tuple[int, int]]:
    """Where the lines are, without the white space around them; empty ones are none."""
    spans = []
    position = 0
    for line in text.split("\n"):
        words = line.strip()
        if words:
            start = position if not line[0].isspace() else position + len(line) - len(line.lstrip())
            spans.append((start, start + len(words)))
        position += len(line) + 1
    return spans


def _ends_with_number(text: str, start: int, end: int) -> bool:
    last = text.rfind(" ", start, end) + 1
    return last > 0 and _NUMERIC.fullmatch(text, last, end) is not None


def _hopes(text: str, spans: Sequence[tuple[int, int]], numeric: Sequence[bool]) -> list[_Hope]:
    """Which lines may be of a table, by a glance at the text.

    Those near two lines that end with a number and short ones above may well be; others only
    because they are short together.
    """
    longest = max((end - start for start, end in spans), default=0)
    short = max(SHORT_LINE * longest, SHORT_CHARACTERS)
    hopes, faint = [_Hope.NONE] * len(spans), _Hope.FAINT
    first_short, number, above, known = 0, -2 * NEAR, 0, 0
    for place, (start, end) in enumerate(spans):
        if numeric[place]:
            apart = place - number
            if apart > NEAR + 1 and apart <= MOST_PARTED and number >= 0:
                apart -= sum(_is_parted(text, line[0]) for line in spans[number + 1 : place])
            if apart <= NEAR + 1:
                below = _below(text, spans, place)
                first = max(min(above, number - NEAR), 0)
                hopes[first:below] = [_Hope.GOOD] * (below - first)
            number, above = place, max(first_short, place - MOST_ABOVE)
        elif end - start >= short:
            first_short = place + 1
        elif place - first_short >= NEAR:
            below = min(place + NEAR + 1, len(spans))
            for near in range(max(place - 2 * NEAR, known), below):
                hopes[near] = hopes[near] or faint
            known = below
    return hopes


def _below(text: str, spans: Sequence[tuple[int, int]], place: int) -> int:
    """Where the lines near one and below it end; parts of rows are no lines of their own."""
    left = NEAR
    for end in range(place + 1, min(place + MOST_PARTED, len(spans))):
        left -= not _is_parted(text, spans[end][0])
        if left < 0:
            return end
    return min(place + MOST_PARTED, len(spans))


def _is_parted(text: str, start: int) -> bool:
    """Whether a line begins with a word of one character: pdfium parts rows before such."""
    return text[start + 1 : start + 2] in _ENDS_OF_WORDS


def _whole(ruler: Ruler, start: int, end: int) -> _Whole | None:
    first, last = ruler(start), ruler(end - 1)
    if first is None or last is None or last[1] <= first[0]:
        return None
    return (start, end, first[0], last[1])


def _unit(text: str, whole: Sequence[_Whole], ruler: Ruler) -> float:
    """The width of a usual character: in the first long word of lines from all over the page.

    Where a line has none, in all of it, but at most in its longest word: a row of a table has gaps.
    """
    widths = []
    for start, end, left, right in whole[:: max(len(whole) // UNIT_LINES, 1)]:
        word = _LONG_WORD.search(text, start, end)
        first, last = word.span() if word else _longest(text, start, end)
        edges = ruler(first), ruler(last - 1)
        own = most = (right - left) / (end - start)
        if edges[0] and edges[1] and edges[1][1] > edges[0][0]:
            own = (edges[1][1] - edges[0][0]) / (last - first)
        widths.append(own if word else min(own, most))
    return median(widths)


def _longest(text: str, start: int, end: int) -> tuple[int, int]:
    """Where the longest word of a line is."""
    word = max(text[start:end].split(), key=len)
    first = text.index(word, start)
    return first, first + len(word)


def _gaps(
    whole: Sequence[_Whole | None], numeric: Sequence[bool], unit: float
) -> Iterator[float | None]:
    """How far apart the cells of each line are at least; None where only its width tells of any.

    Lines that begin right of the others and are just above numbers may be headings of columns.
    """
    margin = min(line[2] for line in whole if line is not None) + INDENT * unit
    for place, (line, is_numeric) in enumerate(zip(whole, numeric, strict=True)):
        if is_numeric:
            yield WIDE_GAP
        elif line is None or line[2] < margin or True not in numeric[place : place + MOST_ABOVE]:
            yield None
        else:
            yield GAP_OF_HEADINGS


def _line(text: str, whole: _Whole, ruler: Ruler, unit: float, gap: float | None) -> Line:
    start, end, left, right = whole
    if gap or _has_gaps(whole, unit):
        words = text[start:end].split()
        if 1 < len(words) <= MOST_WORDS:
            cells = _cells(text, words, whole, ruler, (unit, gap or WIDE_GAP))
            numbers = tuple([cell for cell in cells if cell.is_number])
            return _new(Line, (start, end, cells, numbers))
    is_number = end - start <= LONG_NUMBER and all(map(_is_numeric, text[start:end].split()))
    cell = _new(Cell, (start, end, left / unit, right / unit, is_number))
    return _new(Line, (start, end, (cell,), (cell,) if is_number else ()))


def _has_gaps(whole: _Whole, unit: float) -> bool:
    start, end, left, right = whole
    most = STRETCHED if end - start > SHORT_HEADING else CLOSE
    return right - left > most * unit * (end - start)


def _cells(
    text: str, words: Sequence[str], whole: _Whole, ruler: Ruler, widths: tuple[float, float]
) -> tuple[Cell, ...]:
    """Put words together up to the next gap, amounts with their signs across it.

    `widths` are that of a usual character and, in such, of the least gap.
    """
    unit, least = widths
    starts = _starts(text, words, whole)
    numeric = [*map(_is_numeric, words)]
    cells: list[Cell] = []
    first, left = 0, whole[2]
    known, edges = -1, None  # the word whose first character was measured last
    begin = _words_of_label(words, starts, numeric, whole, ruler, unit)
    for place, (before, word) in enumerate(pairwise(words[begin - 1 :]), begin):
        is_mark = word[0] in _MARKS and all(numeric[place : place + 2])  # not of "% change"
        if (is_mark or before[0] in _SIGNS) and _belong(before, word):
            continue
        end = starts[place - 1] + len(before)
        one = edges if known == place - 1 and end - 1 == starts[known] else ruler(end - 1)
        known, edges = place, ruler(starts[place])
        if one is None or edges is None:
            continue
        gap = (edges[0] - one[1]) / unit
        if (
            gap <= least
            and (gap <= GAP_OF_NUMBERS or not _are_apart(words, numeric, place))
            and not (numeric[place] and _YEARS.fullmatch(" ".join(words[place - 1 :])))
        ):
            continue
        if place == 1 and not numeric[1] and _BULLET.fullmatch(before):
            continue
        is_number = all(numeric[first:place])
        cells.append(_new(Cell, (starts[first], end, left / unit, one[1] / unit, is_number)))
        first, left = place, edges[0]
    is_number = all(numeric[first:])
    cells.append(_new(Cell, (starts[first], whole[1], left / unit, whole[3] / unit, is_number)))
    return tuple(cells)


def _are_apart(words: Sequence[str], numeric: Sequence[bool], place: int) -> bool:
    """Whether a small gap parts a word from the one before: both are numbers, or only such follow.

    Of those there are several, so that none ends a label, and the first is no "1" of "Chapter 1".
    """
    if not numeric[place] or numeric[place - 1]:
        return numeric[place]
    is_amount = place + 1 < len(words) and not words[place].isdecimal()
    return is_amount and all(numeric[place:])


def _starts(text: str, words: Sequence[str], whole: _Whole) -> list[int]:
    """Where the words of a line begin, which most often have one character between them."""
    start, end, *_ = whole
    sizes = [len(word) + 1 for word in words]
    if sum(sizes) == end - start + 1:
        return [*accumulate(sizes[:-1], initial=start)]
    return [word.start() for word in _WORD.finditer(text, start, end)]


def _words_of_label(
    words: Sequence[str],
    starts: Sequence[int],
    numeric: Sequence[bool],
    whole: _Whole,
    ruler: Ruler,
    unit: float,
) -> int:
    """How many words before the first number are one cell for sure, being set close; at least 1.

    Only of a line that ends with a number: others may be the headings of columns.
    """
    count = numeric.index(True) if numeric[-1] else 0
    if count < 3:
        return 1
    end = starts[count - 1] + len(words[count - 1])
    last = ruler(end - 1)
    if last is None or (last[1] - whole[2]) / unit > CLOSE * (end - starts[0]) + WIDE_GAP:
        return 1
    return count


def _belong(one: str, other: str) -> bool:
    """Whether two words are parts of one amount, however far apart they are set."""
    if _is_currency(one):  # a unit beside another one is a heading of its own
        return _NUMBER.fullmatch(other) is not None
    return _is_suffix(other) and one != other and _is_numeric(one)


@lru_cache(MOST_KNOWN)
def _is_currency(word: str) -> bool:
    return _CURRENCY.fullmatch(word) is not None


@lru_cache(MOST_KNOWN)
def _is_suffix(word: str) -> bool:
    return _SUFFIX.fullmatch(word) is not None


@lru_cache(MOST_KNOWN)
def _is_numeric(word: str) -> bool:
    return _NUMERIC.fullmatch(word) is not None
