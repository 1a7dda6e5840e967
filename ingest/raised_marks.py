"""Tells raised marks of notes and exponents from what they follow, on a page of a PDF file.

In the text that the engine gives, a small raised 2 behind 1,234 reads as 1,2342, or stands in a
line of its own. To ask where each digit of a page stands would take long: figures of a shape that
none has, lines that begin with what none begins with, and notes at the foot tell on which pages it
is worth it. There, last digits that are smaller than what is before them and stand above it are
written as Unicode does.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence

from ingest.layout import Cell, Line, Ruler
from rag.raised import FIGURES

RAISED = 0.2  # of the height of a character, by which a mark behind it begins above it
SMALLER = 0.85  # of that height, which a mark has at most, unless it stands high above the line
RAISED_HIGH, RAISED_MOST = 0.35, 0.7  # of that height, by which one as large as the figure begins
CLOSE = 0.3  # of that height, by which a mark is at most away from what it follows
LEVEL = 0.1  # of that height, by which characters of one line may be higher or lower
LONGEST = 8  # characters of several marks, as "10,11,12"
LONGEST_MARK = 2  # digits

# Thousands and decimals of more than three digits, years of more than four, digits behind a percent
# sign: each begins with a sign that is found at once. And what goes on with the line before: the
# engine often begins a line behind what is raised.
_ODD_FIGURES = tuple(
    re.compile(shape) for shape in (r",\d{4}", r"\.\d{4}", r"20\d{3}", r"19\d{3}", r"%\d")
)
_GOES_ON = re.compile(r"\n[ ,.;:)]")
_PARTED = re.compile(
    r"\n(?=\d\d?(?:[ \r]|\Z))(?<=[\d)%]\r\n)\d\d?"
)  # what may be a mark of that line
_NOTE = re.compile(r"\n[1-9](?: |\r\n ?)[^\W\d_a-z][^\W\d_]")  # at the foot of a page
_ODD_LINE = re.compile(  # any of these, in one search
    r"\n(?:[ ,.;:)]|(?=\d\d?(?:[ \r]|\Z))"
    r"(?:(?<=[\d)%]\r\n)|[1-9](?: |\r\n ?)[^\W\d_a-z][^\W\d_]))"
)
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
    """What the raised marks of a page are written as, with spaces for breaks around them.

    `area` is asked only where a figure or a line has an odd shape, most often nowhere.
    """
    is_odd = _ODD_LINE.search(text) is not None
    for shape in _ODD_FIGURES:
        is_odd = is_odd or shape.search(text) is not None
    if not is_odd or not _has_marks(text, area):
        return NONE
    written: dict[int, str] = {}
    for found in _END_OF_FIGURE.finditer(text):
        mark = _mark(text, found.end(), area)
        if mark:
            written |= {place: text[place].translate(_RAISED_FIGURES) for place in mark}
            if _goes_on(text, mark.start - 1, mark, area):
                written |= _spaces(mark.stop)
    for found in _PARTED.finditer(text):
        base, mark = _parted(found, area, written)
        if mark:
            sign = text[mark.start : mark.stop].translate(_RAISED_FIGURES)
            places = range(found.start() - 1, mark.stop)
            written |= dict(zip(places, sign.ljust(len(places)), strict=True))
            if _goes_on(text, base, mark, area):
                written |= _spaces(mark.stop)
    return written


def raised(text: str, marks: Marks) -> str:
    """The text with its marks, as "1,234²", of the same length."""
    return _with(text, marks) if marks else text


def starred(text: str, marks: Marks) -> str:
    """The same with stars as marks, which belong to a figure wherever columns are looked for."""
    if not marks:
        return text
    return _with(text, {place: "*" if sign != " " else sign for place, sign in marks.items()})


def measured(ruler: Ruler, marks: Marks) -> Ruler:
    """The ruler, for which a mark stands where the last character of its figure does.

    So figures end below each other, and their marks fill no gap between columns.
    """
    if not marks:
        return ruler

    def measure(offset: int) -> tuple[float, float] | None:
        while offset in marks:
            offset -= 1
        return ruler(offset)

    return measure


def without_marks(lines: Sequence[Line], marks: Marks) -> Sequence[Line]:
    """The lines, the marks left out of their cells that are figures.

    The lines themselves begin and end where they did.
    """
    return [_without(line, marks) for line in lines] if marks else lines


def _has_marks(text: str, area: Area) -> bool:
    """Whether a page has marks for sure, or notes, which marks may lead to."""
    return (
        _NOTE.search(text, len(text) // 2) is not None
        or any(_mark(text, end, area) for end in _doubtful(text))
        or any(_parted(found, area, NONE)[1] for found in _PARTED.finditer(text))
    )


def _doubtful(text: str) -> Iterator[int]:
    """Where figures end that may have a mark, by their shape or by what follows them."""
    for shape in _ODD_FIGURES:
        for found in shape.finditer(text):
            last = found.end() - 1
            yield from (end.end() for end in _END_OF_FIGURE.finditer(text, last, last + LONGEST))
    for found in _GOES_ON.finditer(text):
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


def _parted(found: re.Match[str], area: Area, marks: Marks) -> tuple[int, range]:
    """The last character of a line, and what the next one begins with if it is its raised mark.

    It stands behind that character, or behind the mark that the line ends with, as high as it.
    """
    base = last = found.start() - len(_BREAK)
    while base in marks:
        base -= 1
    mark, own, before = area(found.start() + 1), area(base), area(last)
    if mark is None or own is None or before is None or not _is_raised(mark, own):
        return base, range(0)
    height = own[3] - own[1]
    is_level = base == last or abs(mark[1] - before[1]) < LEVEL * height
    if not is_level or abs(mark[0] - before[2]) > CLOSE * height:
        return base, range(0)
    return base, range(found.start() + 1, found.end())


def _spaces(start: int) -> dict[int, str]:
    """Spaces in place of the break at an offset."""
    return dict.fromkeys(range(start, start + len(_BREAK)), " ")


def _is_raised(mark: tuple[float, ...] | None, own: tuple[float, ...] | None) -> bool:
    """Whether a character stands above the one before it and is smaller, or far above it."""
    if mark is None or own is None:
        return False
    height = own[3] - own[1]
    up = (mark[1] - own[1]) / height if height > 0 else 0
    if up > RAISED and mark[3] - mark[1] < SMALLER * height:
        return True
    return RAISED_HIGH < up < RAISED_MOST and own[0] < mark[0] < own[2] + CLOSE * height


def _goes_on(text: str, base: int, mark: range, area: Area) -> bool:
    """Whether the line goes on behind a mark, at the height of what the mark follows."""
    if not text.startswith(_BREAK, mark.stop):
        return False
    place = mark.stop + len(_BREAK)
    place += text.startswith(" ", place)
    own, last = area(base), area(mark.stop - 1)
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
