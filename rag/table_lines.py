"""The rows of tables among the sentences of passages, each with the heads of its columns."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from rag.domain import Passage
from rag.folding import flowing
from rag.headed_rows import BORDER, Placed, cells_of

FEWEST_HEADS, MOST_HEADS = 2, 12  # words of a line that names columns which only spaces part
FEWEST_FIGURES = 3  # of a line that is a row though nothing names its columns
_FIGURE = re.compile(r"(?<!\S)[$€£]?[\d.,]*\d%?(?!\S)")
_DIGITS = re.compile(r"\d+")
_ENDS = (".", ":", "!", "?", ";", ",")


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a table: its cells and the heads of its columns, and what the table stands under.

    A row whose cells only spaces part is one cell. `below` is the position of the sentence that
    has the heads, where it stands in the same passage.
    """

    cells: tuple[str, ...]
    heads: tuple[str, ...]
    under: str = ""
    below: int | None = None


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
    before it, or a line without figures right above lines with figures.
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
        if position in heads:
            head = places[heads[position]].span
            row = row_of(line, passage.text[head.start : head.end], under)
        else:
            row = row_of(line, above, under) or _in_line(line, bare, under)
        if row is not None:
            at = heads.get(position, bare_at if bare and len(row.cells) == 1 else None)
            found[position] = replace(row, below=at)
        if not _FIGURE.search(line.rpartition("\n")[2]):
            bare, bare_at = line.rpartition("\n")[2], position
    return _with_borrowed_heads(found, places, passages)


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
