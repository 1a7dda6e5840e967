"""What OCR found on a page, set as text: words in lines, lines in paragraphs, and their places."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise
from statistics import median

import numpy as np
from numpy.typing import NDArray

from ingest.straightening import Box
from rag.intake import OcrPage, WordBox

LEAST_CONFIDENCE = 30.0  # of 100; what is below is specks, rules and pictures taken for letters
WORD_LEVEL = "5"  # of the rows that tesseract prints: page, block, paragraph, line, word
COLUMNS = 12
PARAGRAPH_STEP = 1.4  # from line to line, of what is usual on the page
WIDEST_STEP = 5.0  # of the height of a word, within a paragraph
OTHER_SIZE = 1.6
# Columns of prose: lengths in heights of a word, shares of lines.
LEAST_COLUMN_HEIGHT = 12.0
LEAST_COLUMN_LINES = 6
LEAST_PROSE_WORDS = 2.5  # a line
NARROWEST_GAP = 0.6
RAGGED = 6.0  # how far from the longest line others end, and
EVEN = 1.5  # how far from the first others begin
LEAST_EVEN_SHARE = 0.6

Edges = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class ReadWord:
    """A word where it was read, in pixels, and its line."""

    text: str
    box: Box
    confidence: float
    line: tuple[int, ...]  # block, paragraph and line


def words_of(printed: str) -> list[ReadWord]:
    """The words in what tesseract prints as TSV."""
    words = []
    for row in printed.splitlines()[1:]:
        cells = row.split("\t")
        if len(cells) != COLUMNS or cells[0] != WORD_LEVEL or not cells[11].strip():
            continue
        left, top, width, height = (int(cell) for cell in cells[6:10])
        box = Box(left, top, left + width, top + height)
        line = tuple(int(cell) for cell in cells[2:5])
        words.append(ReadWord(cells[11].strip(), box, float(cells[10]), line))
    return words


def set_page(words: Sequence[ReadWord], place: Callable[[Box], Box]) -> OcrPage:
    """The words as a page of text, without those that may be none, in lines and paragraphs.

    `place` tells where a box stands, in fractions of the page.
    """
    likely = (word for word in words if word.confidence >= LEAST_CONFIDENCE)
    lines = [list(line) for _, line in groupby(likely, key=lambda word: word.line)]
    text = ""
    boxes = []
    for line, gap in zip(lines, _gaps(lines), strict=True):
        text += gap
        for index, word in enumerate(line):
            text += " " if index else ""
            box = place(word.box)
            start, end = len(text), len(text) + len(word.text)
            boxes.append(WordBox(start, end, box.left, box.top, box.right, box.bottom))
            text += word.text
    return OcrPage(text, tuple(boxes))


def _gaps(lines: Sequence[Sequence[ReadWord]]) -> Iterator[str]:
    """What stands before each line: tesseract's own paragraphs end with every short line."""
    levels = [median(_level(word) for word in line) for line in lines]
    heights = [median(word.box.bottom - word.box.top for word in line) for line in lines]
    steps = [after - before for before, after in pairwise(levels)]
    usual = median([step for step in steps if step > 0] or [0])
    if lines:
        yield ""
    for step, (before, after) in zip(steps, pairwise(heights), strict=True):
        larger, smaller = max(before, after), min(before, after)
        apart = step > PARAGRAPH_STEP * usual or step > WIDEST_STEP * smaller
        elsewhere = step < -smaller
        yield "\n\n" if apart or elsewhere or larger > OTHER_SIZE * smaller else "\n"


def has_columns_of_prose(words: Sequence[ReadWord]) -> bool:
    """Whether text runs side by side on a page, so that its lines do not go on across it."""
    if len(words) < 2 * LEAST_COLUMN_LINES:
        return False
    unit = median(word.box.bottom - word.box.top for word in words)
    edges = np.array([(w.box.left, w.box.top, w.box.right, w.box.bottom) for w in words], float)
    first, last = edges[:, 0].min(), edges[:, 2].max()
    for x in np.arange(first + 4 * unit, last - 4 * unit, unit / 2):
        crossing = edges[(edges[:, 0] < x) & (edges[:, 2] > x)]
        for top, bottom in _free(crossing, edges, LEAST_COLUMN_HEIGHT * unit):
            inside = [word for word in words if top < _level(word) < bottom]
            left = [word for word in inside if word.box.right <= x]
            right = [word for word in inside if word.box.left >= x]
            if _are_side_by_side(left, right, unit):
                return True
    return False


def _free(crossing: Edges, edges: Edges, least: float) -> Iterator[tuple[float, float]]:
    """The stretches of a page, from top to bottom, in which no word crosses a vertical line."""
    free_from = float(edges[:, 1].min()) - 1
    for top, bottom in crossing[np.argsort(crossing[:, 1])][:, [1, 3]]:
        if top - free_from >= least:
            yield free_from, float(top)
        free_from = max(free_from, float(bottom))
    last = float(edges[:, 3].max()) + 1
    if last - free_from >= least:
        yield free_from, last


def _are_side_by_side(left: Sequence[ReadWord], right: Sequence[ReadWord], unit: float) -> bool:
    """Whether two sets of words are columns of running text: their lines are full and even."""
    lefts, rights = _lines(left, unit), _lines(right, unit)
    if not (_are_prose(lefts) and _are_prose(rights)):
        return False
    ends = [max(word.box.right for word in line) for line in lefts]
    starts = [min(word.box.left for word in line) for line in rights]
    if min(starts) - max(ends) < NARROWEST_GAP * unit:
        return False
    full = sum(end > max(ends) - RAGGED * unit for end in ends)
    even = sum(start < min(starts) + EVEN * unit for start in starts)
    return full >= LEAST_EVEN_SHARE * len(ends) and even >= LEAST_EVEN_SHARE * len(starts)


def _lines(words: Sequence[ReadWord], unit: float) -> list[list[ReadWord]]:
    """Words of one column by the height at which they stand."""
    lines: list[list[ReadWord]] = []
    for word in sorted(words, key=_level):
        if not lines or _level(word) - _level(lines[-1][-1]) > unit / 2:
            lines.append([])
        lines[-1].append(word)
    return lines


def _are_prose(lines: Sequence[Sequence[ReadWord]]) -> bool:
    words = sum(len(word.text) > 1 and word.text[0].isalpha() for line in lines for word in line)
    return len(lines) >= LEAST_COLUMN_LINES and words >= LEAST_PROSE_WORDS * len(lines)


def _level(word: ReadWord) -> float:
    return (word.box.top + word.box.bottom) / 2
