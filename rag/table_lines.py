"""The rows of tables among the sentences of passages, each with the heads of its columns."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from rag.domain import Passage
from rag.folding import flowing
from rag.headed_rows import BORDER, Placed, cells_of, heads_of

FEWEST_HEADS, MOST_HEADS = 2, 12  # words of a line that names columns which only spaces part
FEWEST_FIGURES = 3  # of a line that is a row though nothing names its columns
LONGEST_HEAD = 300  # characters; of longer ones what the passage stands under is quoted
MOST_ABOVE = 3  # sentences above the head of a table that say what it is about
_FIGURE = re.compile(r"(?<!\S)[$€£]?[\d.,]*\d%?(?!\S)")
_DIGITS = re.compile(r"\d+")
_ENDS = (".", ":", "!", "?", ";", ",")


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a table: its cells and the heads of its columns, and what the table stands under.

    A row whose cells only spaces part is one cell, unless they were told apart when the document
    was read. `below` is the position of the sentence that has the heads, where it stands in the
    same passage; `above` is what stands right above the heads, in whichever passage they are.
    """

    cells: tuple[str, ...]
    heads: tuple[str, ...]
    under: str = ""
    below: int | None = None
    above: str = ""


def cells_at(place: Placed, passage: Passage) -> tuple[tuple[str, ...], tuple[str, ...]] | None:
    """The cells of a row of a passage and their heads, as they were read; None for no such row.

    What has words of several rows is none.
    """
    rows, (start, end) = passage.rows, (place.span.start, place.span.end)
    at = bisect_left(rows, start + 1, key=lambda row: row[0].end)
    if at == len(rows) or rows[at][0].start >= end:
        return None
    if at + 1 < len(rows) and rows[at + 1][0].start < end:
        return None
    _, cells, heads = rows[at]
    return (cells, heads) if len(cells) <= len(heads) else None


def heads_among(places: Sequence[Placed], passages: Sequence[Passage]) -> dict[int, int]:
    """For the position of each row below a head in its passage that of the head.

    Heads of rows that were told apart when the document was read are those that were, too; the
    others are told by `heads_of`.
    """
    heads = heads_of(places, [passage.text for passage in passages])
    known: dict[str, int] = {}  # the last line with these words in the passage
    for position, place in enumerate(places):
        passage = passages[place.passage]
        if position and places[position - 1].passage != place.passage:
            known = {}
        if not passage.rows:
            continue
        known[flowing(passage.text[place.span.start : place.span.end])] = position
        read = cells_at(place, passage)
        if read is None:
            continue
        heads.pop(position, None)
        line = _as_line(read[1])
        if read[0] == read[1]:
            known[line] = position
        elif line in known:
            heads[position] = known[line]
    return heads


def head_of(row: Placed, passage: Passage, below: str) -> str:
    """What names the columns of a row, as it is quoted; "" where nothing does.

    That is the line of the passage that the row stands `below`, if there is one and it has all the
    names, or else what they were read as, or what the passage stands under.
    """
    above = passage.heading[-1] if passage.heading and BORDER in passage.heading[-1] else ""
    if read := cells_at(row, passage):
        cells, heads = read
        if cells == heads or flowing(below) == _as_line(heads):
            return "" if cells == heads else below
        names = _parted(heads)
        return names if len(names) <= LONGEST_HEAD else above
    if below or not above:
        return below
    text = passage.text[row.span.start : row.span.end]
    counted = len(cells_of(text)), len(cells_of(text, like=above))
    return above if above.count(BORDER) + 1 in counted else ""


def in_cells(passage: Passage) -> str:
    """The text of a passage with borders between the cells of its rows, below their heads.

    Empty where nothing is known of them that the text does not show.
    """
    above = passage.heading[-1] if passage.heading and BORDER in passage.heading[-1] else ""
    if not passage.rows:
        return f"{above}\n{passage.text}" if above else ""
    pieces: list[str] = []
    done, named = 0, None
    for span, cells, heads in passage.rows:
        pieces.append(passage.text[done : span.start])
        if heads != named:
            pieces.append(_parted(heads) + "\n")
        if cells != heads:
            pieces.append(_parted(cells))
        done, named = span.end, heads
    return "".join([*pieces, passage.text[done:]])


def _parted(cells: Sequence[str]) -> str:
    return BORDER.join(filter(None, map(flowing, cells)))


def _as_line(cells: Sequence[str]) -> str:
    """Cells as they stand in a line of a page."""
    return flowing(" ".join(cells))


def row_of(line: str, head: str, under: str) -> Row | None:
    """A line of a table below a head, given as its line or as what a chunk stands under."""
    heads = tuple(cells_of(head)) if BORDER in head or "|" in head else ()
    if len(heads) < 2:
        return None
    cells = tuple(cells_of(flowing(line), like=head))
    if len(cells) > len(heads):
        return None
    return Row(tuple(map(str.strip, cells)), tuple(map(str.strip, heads)), under)


def table_rows(
    places: Sequence[Placed], passages: Sequence[Passage], heads: Mapping[int, int]
) -> dict[int, Row]:
    """The rows among sentences, by their positions.

    Their head is the one that `heads` tells, what the chunk stands under where the table began
    before it, or a line without figures right above lines with figures. Those that were told apart
    when the document was read are as they were read, but for rows that only name the columns.
    """
    found: dict[int, Row] = {}
    bare, bare_at = "", 0
    for position, place in enumerate(places):
        passage = passages[place.passage]
        line = passage.text[place.span.start : place.span.end]
        if not position or not _is_below(places[position - 1], place, passage.text):
            bare = ""
        above = passage.heading[-1] if passage.heading else ""
        under = " ".join(
            [passage.document.title, *passage.heading[: -1 if BORDER in above else None]]
        )
        if read := cells_at(place, passage):
            row = Row(*read, under) if read[0] != read[1] else None
        elif position in heads:
            head = places[heads[position]].span
            row = row_of(line, passage.text[head.start : head.end], under)
        else:
            row = row_of(line, above, under) or _in_line(line, bare, under)
        if row is not None:
            at = heads.get(position, bare_at if bare and len(row.cells) == 1 else None)
            found[position] = replace(row, below=at)
        if not _FIGURE.search(line.rpartition("\n")[2]):
            bare, bare_at = line.rpartition("\n")[2], position
    return _with_what_is_above(_with_borrowed_heads(found, places, passages), places, passages)


def _with_what_is_above(
    rows: Mapping[int, Row], places: Sequence[Placed], passages: Sequence[Passage]
) -> dict[int, Row]:
    """The rows with what stands above the head of their table, which may be in another passage."""

    def kind(position: int) -> tuple[str, tuple[str, ...]]:
        return passages[places[position].passage].document.id, rows[position].heads

    heads = {row.below: kind(at) for at, row in rows.items() if row.below is not None}
    above: dict[tuple[str, tuple[str, ...]], str] = {}
    for head, named in heads.items():  # a table that goes on over pages may repeat its head
        said = _above(head, rows, places, passages)
        above[named] = f"{above.get(named, '')} {said}".strip()
    return {at: replace(row, above=above.get(kind(at), "")) for at, row in rows.items()}


def _above(
    head: int, rows: Mapping[int, Row], places: Sequence[Placed], passages: Sequence[Passage]
) -> str:
    """The sentences right above the head of a table."""
    said: list[str] = []
    for position in range(head - 1, max(head - MOST_ABOVE, 0) - 1, -1):
        place = places[position]
        if place.passage != places[head].passage or position in rows:
            break
        said.append(flowing(passages[place.passage].text[place.span.start : place.span.end]))
    return " ".join(reversed(said))


def _with_borrowed_heads(
    rows: Mapping[int, Row], places: Sequence[Placed], passages: Sequence[Passage]
) -> dict[int, Row]:
    """The rows, those without heads with the ones of rows alike in the same document.

    A table that goes on over pages names its columns on the first one only.
    """

    def kind(position: int) -> tuple[str, str]:
        first = rows[position].cells[0].split(maxsplit=1)[0]
        return passages[places[position].passage].document.id, _DIGITS.sub("0", first)

    named = {kind(at): row.heads for at, row in rows.items() if any(row.heads) and row.cells[0]}
    return {
        at: row if any(row.heads) else replace(row, heads=named.get(kind(at), row.heads))
        for at, row in rows.items()
    }


def _is_below(above: Placed, below: Placed, text: str) -> bool:
    """Whether a sentence begins on the line after the one before it."""
    between = text[above.span.end : below.span.start]
    return above.passage == below.passage and between.count("\n") == 1


def _in_line(line: str, head: str, under: str) -> Row | None:
    """A line with figures, as a row of one cell below a line without any; None where it is prose.

    Where no such line is above it, its columns have no names.
    """
    if line.endswith(_ENDS) or "\n" in line:
        return None
    names = head.split()
    figures = len(_FIGURE.findall(line))
    if FEWEST_HEADS <= len(names) <= MOST_HEADS and not head.rstrip().endswith(_ENDS) and figures:
        return Row((flowing(line),), (names[0], " ".join(names[1:])), under)
    return Row((flowing(line),), ("", ""), under) if figures >= FEWEST_FIGURES else None
