"""Tells raised marks of notes and exponents from what they follow, on a page of a PDF file.

In the text that the engine gives, a small raised 2 behind 1,234 reads as 1,2342. To ask where each
digit of a page stands would take long: figures of a shape that none has, and lines that begin with
what none begins with, tell on which pages it is worth it. There, last digits that are smaller than
what is before them and stand above it are written as Unicode does.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence

from ingest.layout import Cell, Line
from rag.raised import FIGURES

RAISED = 0.2  # of the height of a character, by which a mark behind it begins above it
SMALLER = 0.85  # of that height, which a mark has at most
LEVEL = 0.1  # of that height, by which characters of one line may be higher or lower
LONGEST = 8  # characters of several marks, as "10,11,12"
LONGEST_MARK = 2  # digits

# Thousands and decimals of more than three digits, years of more than four, digits behind a percent
# sign: each begins with a sign that is found at once. And what goes on with the line before: the
# engine often begins a line behind what is raised.
_ODD_FIGURES = tuple(
    re.compile(shape) for shape in (r",\d{4}", r"\.\d{4}", r"20\d{3}", r"19\d{3}", r"%\d")
)
_ODD_LINE = re.compile(r"\n[ ,.;:)]")
_END_OF_FIGURE = re.compile(r"\d(?![\d/⁄])(?!,\d)")
_DIGITS = frozenset("0123456789")
_OF_MARKS = _DIGITS | {","}
_BREAK = "\r\n"
_RAISED_FIGURES = str.maketrans("0123456789", FIGURES)

Area = Callable[[int], tuple[float, float, float, float] | None]
"""The left, lower, right and upper edge of the character at an offset; None if not known."""

Marks = Mapping[int, str]
"""What is written in place of characters of a page, by their offsets."""

NONE: Marks = {}


def marks_of(text: str, area: Area) -> Marks:
    """What the raised marks of a page are written as, with spaces for breaks behind them.

    `area` is asked only where a figure or a line has an odd shape, most often nowhere.
    """
    is_odd = _ODD_LINE.search(text) is not None
    for shape in _ODD_FIGURES:
        is_odd = is_odd or shape.search(text) is not None
    if not is_odd or not any(_mark(text, end, area) for end in _doubtful(text)):
        return NONE
    written: dict[int, str] = {}
    for found in _END_OF_FIGURE.finditer(text):
        mark = _mark(text, found.end(), area)
        if mark:
            written |= {place: text[place].translate(_RAISED_FIGURES) for place in mark}
            if _goes_on(text, mark, area):
                written |= dict.fromkeys(range(mark.stop, mark.stop + len(_BREAK)), " ")
    return written


def raised(text: str, marks: Marks) -> str:
    """The text with its marks, as "1,234²", of the same length."""
    return _with(text, marks) if marks else text


def starred(text: str, marks: Marks) -> str:
    """The same with stars as marks, which belong to a figure wherever columns are looked for."""
    if not marks:
        return text
    return _with(text, {place: "*" if sign != " " else sign for place, sign in marks.items()})


def without_marks(lines: Sequence[Line], marks: Marks) -> Sequence[Line]:
    """The lines, the marks left out of their cells that are figures.

    The lines themselves begin and end where they did.
    """
    return [_without(line, marks) for line in lines] if marks else lines


def _doubtful(text: str) -> Iterator[int]:
    """Where figures end that may have a mark, by their shape or by what follows them."""
    for shape in _ODD_FIGURES:
        for found in shape.finditer(text):
            last = found.end() - 1
            yield from (end.end() for end in _END_OF_FIGURE.finditer(text, last, last + LONGEST))
    for found in _ODD_LINE.finditer(text):
        end = found.start() + 1 - len(_BREAK)
        if end > 0 and text[end - 1] in _DIGITS:
            yield end


def _mark(text: str, end: int, area: Area) -> range:
    """The offsets of the digits, with commas between them, that stand raised before an offset."""
    mark = area(end - 1)
    for begin in range(end - 1, max(end - LONGEST, 1) - 1, -1):
        before = text[begin - 1]
        if text[begin] in _DIGITS and not before.isspace() and _is_raised(mark, area(begin - 1)):
            longest = max(map(len, text[begin:end].split(",")))
            return range(begin, end) if longest <= LONGEST_MARK else range(0)
        if before not in _OF_MARKS:
            break
    return range(0)


def _is_raised(mark: tuple[float, ...] | None, own: tuple[float, ...] | None) -> bool:
    """Whether a character stands above the one before it and is smaller."""
    if mark is None or own is None:
        return False
    height = own[3] - own[1]
    return mark[1] > own[1] + RAISED * height and mark[3] - mark[1] < SMALLER * height


def _goes_on(text: str, mark: range, area: Area) -> bool:
    """Whether the line goes on behind a mark, at the height of what the mark follows."""
    if not text.startswith(_BREAK, mark.stop):
        return False
    place = mark.stop + len(_BREAK)
    place += text.startswith(" ", place)
    own, last = area(mark.start - 1), area(mark.stop - 1)
    after = area(place) if place < len(text) and not text[place].isspace() else None
    if own is None or last is None or after is None:
        return False
    return after[0] > (last[0] + last[2]) / 2 and abs(after[1] - own[1]) < LEVEL * (own[3] - own[1])


def _with(text: str, marks: Marks) -> str:
    return "".join([marks.get(place, letter) for place, letter in enumerate(text)])


def _without(line: Line, marks: Marks) -> Line:
    if all(cell.end - 1 not in marks for cell in line.numbers):
        return line
    shorter = {cell: _shortened(cell, marks) for cell in line.numbers}
    return line._replace(
        cells=tuple(shorter.get(cell, cell) for cell in line.cells),
        numbers=tuple(shorter.values()),
    )


def _shortened(cell: Cell, marks: Marks) -> Cell:
    end = cell.end
    while end - 1 in marks:
        end -= 1
    return cell._replace(end=end)
