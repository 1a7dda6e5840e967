"""Which words of a page stand in which cell of those that lines draw."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import NamedTuple

from ingest.heads import is_value
from ingest.ruled_grids import Grid, Region
from ingest.ruling import Area, Ruling
from rag.folding import flowing
from rag.raised import FIGURES

MARGIN = 2.0  # points by which words may touch or cross a line
GLUED = 1.0  # points between two letters that a line parts, though nothing does in the text
FEWEST_FILLED = 0.3  # of the cells
LONGEST_CELL = 1_000  # characters; longer ones are there to lay out a page
ALIKE = 3  # lines in each cell of a row: it may well be so many rows
FEW = 3  # rows between lines, of which that is asked
BROKEN = ("-", "/", ",")  # at the end of a line: its value goes on in the next one
MOST_ENDING = 0.5  # of the lines of a cell, which end with a value

_WORD = re.compile(r"\S+")
_MARKS = re.compile(rf"(?<=[\d)%])[{FIGURES}]+(?:,?[{FIGURES}]+)*$")  # behind the figure of a cell
_Span = tuple[int, int]


class Word(NamedTuple):
    """A word `text[start:end]` of a page, and where its first and its last letter are."""

    start: int
    end: int
    first: Area
    last: Area

    @property
    def level(self) -> float:
        """The height of its middle."""
        return (self.first.low + self.first.high) / 2


_Line = list[Word]


def words_of(text: str, ruling: Ruling) -> list[Word]:
    """The words of a page whose place is known, in the order of its text."""
    found = []
    for word in _WORD.finditer(text):
        first, last = ruling.letter(word.start()), ruling.letter(word.end() - 1)
        if first is not None and last is not None:
            found.append(Word(word.start(), word.end(), first, last))
    return found


class Cells:
    """The cells of a grid with their words, in the order of the text."""

    def __init__(self, text: str, grid: Grid, words: dict[Region, list[Word]]) -> None:
        self.grid = grid
        self._text, self._words = text, words

    def text_of(self, region: Region) -> str:
        """What stands in a cell, in one line; a figure without the marks of its notes."""
        text = " ".join(
            flowing(self._text[start:end])
            for start, end in self._pieces(self._words.get(region, ()))
        )
        mark = None if text.isascii() else _MARKS.search(text)
        return text[: mark.start()] if mark and is_value(text[: mark.start()]) else text

    def spans(self) -> list[tuple[int, _Span]]:
        """The rows that have words, by number, and where these begin and end.

        A cell that goes over rows below counts where it stands between the rows beside its first.
        """
        known: dict[int, _Span] = {}
        for region in sorted(self._words, key=lambda region: region.rows):
            begin, end = known.get(region.row, (self._words[region][0].start, 0))
            begin = min(begin, self._words[region][0].start)
            end = max(end, self._words[region][-1].end)
            if region.rows == 1 or all(
                end <= span[0] or span[1] <= begin or row == region.row
                for row, span in known.items()
            ):
                known[region.row] = begin, end
        return sorted(known.items())

    def starts_within(self, row: int, span: _Span) -> Iterator[int]:
        """Where the words of a row begin in a span of the text."""
        for region, words in self._words.items():
            if region.row <= row < region.row + region.rows:
                yield from (word.start for word in words if span[0] <= word.start < span[1])

    def are_of_a_table(self) -> bool:
        """Whether enough is in them, in rows and columns, and none is there to lay out a page."""
        filled = [*self._words]
        if len(filled) < FEWEST_FILLED * len(self.grid.regions):
            return False
        rows = [region.row for region in filled]
        wide = sum(rows.count(row) > 1 for row in {*rows})
        if wide < min(2, len(self.grid.down) - 1) or len({region.column for region in filled}) < 2:
            return False
        return all(
            sum(word.end - word.start + 1 for word in words) <= LONGEST_CELL
            for words in self._words.values()
        )

    def hold_rows(self) -> bool:
        """Whether what is between two lines is several rows: values below each other in its cells.

        One cell of several lines is no such thing: those of another are beside them. In a table of
        hardly any lines, cells of words that all have as many lines are rows as well.
        """
        lines = {region: self._lines(words) for region, words in self._words.items()}
        bands: dict[tuple[int, int], list[list[_Line]]] = {}
        for region, own in lines.items():
            if len(own) > 1:
                bands.setdefault((region.row, region.rows), []).append(own)
        if any(map(self._are_beside, bands.values())):
            return True
        rows = len(self.grid.down) - 1
        for row in range(rows if rows <= FEW else 0):
            counts = [len(own) for region, own in lines.items() if region.row == row]
            if len(counts) > 1 and min(counts) == max(counts) >= ALIKE:
                return True
        return False

    def _are_beside(self, cells: Sequence[list[_Line]]) -> bool:
        """Whether values below each other in a cell are beside the lines of another.

        Those of two lines only are rows if the others are values too: words wrap as well.
        """
        values = [own for own in cells if self._are_rows(own)] if len(cells) > 1 else []
        return any(
            own is not other and (len(own) >= ALIKE or other in values) and _are_level(own, other)
            for own in values
            for other in cells
        )

    def _are_rows(self, lines: Sequence[_Line]) -> bool:
        """Whether the lines of a cell are values below each other, or labels beside such."""
        texts = [[self._text[word.start : word.end] for word in line] for line in lines]
        if any(line[-1].endswith(BROKEN) for line in texts[:-1]):
            return False
        ends = sum(is_value(line[-1]) for line in texts)
        return all(all(map(is_value, line)) for line in texts) or (
            len(texts) >= ALIKE and ends > MOST_ENDING * len(texts)
        )

    def _lines(self, words: Sequence[Word]) -> list[_Line]:
        """The words of a cell line by line."""
        found: list[_Line] = []
        for word in words:
            height = word.first.high - word.first.low
            if found and abs(found[-1][-1].level - word.level) < height / 2:
                found[-1].append(word)
            else:
                found.append([word])
        return found

    def _pieces(self, words: Sequence[Word]) -> Iterator[_Span]:
        """The words that follow one another in the text, put together."""
        begin = end = -1
        for word in words:
            if end < 0 or self._text[end : word.start].strip():
                if end >= 0:
                    yield begin, end
                begin = word.start
            end = word.end
        if end >= 0:
            yield begin, end


def _are_level(lines: Sequence[_Line], others: Sequence[_Line]) -> bool:
    """Whether two cells have as many lines, at the same heights."""
    return len(lines) == len(others) and all(
        abs(one[0].level - other[0].level) < (one[0].first.high - one[0].first.low) / 2
        for one, other in zip(lines, others, strict=True)
    )


class _Places:
    """Tells in which cell of a grid a letter stands."""

    def __init__(self, grid: Grid, ruling: Ruling) -> None:
        self._grid, self._ruling = grid, ruling
        self._down = [-place for place in grid.down]
        self._regions = {
            (row, column): region
            for region in grid.regions
            for row in range(region.row, region.row + region.rows)
            for column in range(region.column, region.column + region.columns)
        }

    def cell(self, letter: Area) -> Region | None:
        """The cell around the middle of a letter."""
        row = bisect_right(self._down, -(letter.low + letter.high) / 2) - 1
        column = bisect_right(self._grid.across, (letter.left + letter.right) / 2) - 1
        return self._regions.get((row, column))

    def parts(self, word: Word) -> list[tuple[Region, Word]] | None:
        """A word by its cells, of which it may have several; None where it crosses a line."""
        first, last = self.cell(word.first), self.cell(word.last)
        if first is None and last is None:
            return []
        whole = [word] if first == last else self._cut(word)
        found = [(self.cell(part.first), part) for part in whole]
        sure = [(cell, part) for cell, part in found if cell is not None]
        is_within = len(sure) == len(found) and all(self._is_in(*each) for each in sure)
        return sure if sure and is_within else None

    def _cut(self, word: Word) -> list[Word]:
        """A word where its letters stand in other cells, if there is room between them."""
        letters = [self._ruling.letter(offset) for offset in range(word.start, word.end)]
        known = [(word.start + place, area) for place, area in enumerate(letters) if area]
        found: list[Word] = []
        for _, group in groupby(known, key=lambda pair: self.cell(pair[1])):
            own = [*group]
            if found and own[0][1].left - found[-1].last.right < GLUED:
                return []
            found.append(Word(own[0][0], own[-1][0] + 1, own[0][1], own[-1][1]))
        return found

    def _is_in(self, cell: Region, word: Word) -> bool:
        extent = self._grid.extent(cell)
        return extent.left - MARGIN < word.first.left and word.last.right < extent.right + MARGIN


def cells_of(text: str, words: Sequence[Word], grid: Grid, ruling: Ruling) -> Cells | None:
    """The cells of a grid with their words; None where some of these cross its lines."""
    places = _Places(grid, ruling)
    found: dict[Region, list[Word]] = {}
    for word in words:
        parts = places.parts(word)
        if parts is None:
            return None
        for region, part in parts:
            found.setdefault(region, []).append(part)
    return Cells(text, grid, found)
