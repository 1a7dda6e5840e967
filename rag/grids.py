"""Tables that were read as lines of text: their cells with the heads of row and column."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from rag.amounts import amounts
from rag.folding import flowing, unaccented
from rag.languages import Language, detect
from rag.periods import MONTH_OF, periods_of
from rag.quantities import Quantity, same
from rag.terms import told

FEWEST_CELLS, FEWEST_ROWS = 2, 2
MOST_LINES = 400
_CELL = re.compile(
    r"(?<![\w.,])[(+-]?[$€£]?\s?\(?-?"
    r"(?:\d{1,3}(?:[ \u00a0\u202f]\d{3})+(?:[.,]\d{1,2})?(?![.,]?\d)|\d[\d.,]*)\)?\s?%?(?![\w])"
)
_GAP = re.compile(r"\s{2,}|\t|\s*\|\s*")
_YEAR = re.compile(r"(?:19|20)\d\d")
_THOUSANDS = re.compile(r"\b(?:thousands|milliers|000s?|k€|millions|m€|billions|milliards)\b")


@dataclass(frozen=True, slots=True)
class Cell:
    """A figure of a table, its row's label, and the heads of its column."""

    amount: Quantity
    row: str
    column: str
    periods: frozenset[str]
    text: str


@lru_cache(maxsize=128)
def cells(text: str) -> tuple[Cell, ...]:
    """The figures of the tables of a text whose rows have a label and as many cells as heads."""
    language = detect(text)
    found: list[Cell] = []
    heads: list[str] = []
    rows = [line for line in text.splitlines()[:MOST_LINES] if line.strip()]
    for line in rows:
        label, figures = _row(line)
        years = len(figures) >= FEWEST_CELLS and all(_is_year(each) for each in figures)
        if len(figures) < FEWEST_CELLS or years or not label:
            if len(_columns(line)) >= FEWEST_CELLS or years:
                heads = [*heads[-1:], line]
            elif line.rstrip().endswith(".") or len(line.split()) > 15:
                heads = []
            continue
        columns = _heads(heads, len(figures))
        if columns is None:
            continue
        for figure, column in zip(figures, columns, strict=True):
            for amount in amounts(figure, language)[:1]:
                periods = frozenset(periods_of(column))
                found.append(Cell(amount, label, column, periods, figure))
    return tuple(found) if len({cell.row for cell in found}) >= FEWEST_ROWS else ()


def _row(line: str) -> tuple[str, list[str]]:
    """The label of a line, and the cells after it."""
    pieces = [piece for piece in _GAP.split(line.strip()) if piece]
    if len(pieces) > FEWEST_CELLS:
        label, rest = pieces[0], [piece for piece in pieces[1:] if piece not in ("$", "€", "£")]
        if not _CELL.fullmatch(label) and all(_CELL.fullmatch(each) for each in rest):
            return label, [each.strip("$€£ ()+") for each in rest]
    first = _CELL.search(line)
    if not first:
        return "", []
    label, rest_text = line[: first.start()].strip(" :|"), line[first.start() :]
    figures = [match.group().strip("$€£ ()+") for match in _CELL.finditer(rest_text)]
    left = _CELL.sub(" ", rest_text).replace("$", " ").replace("|", " ").strip()
    return (label, figures) if not left and label else ("", figures if not left else [])


def _is_year(figure: str) -> bool:
    return bool(_YEAR.fullmatch(figure))


def _columns(line: str) -> list[str]:
    return [piece for piece in _GAP.split(line.strip()) if piece]


def _heads(lines: Sequence[str], count: int) -> list[str] | None:
    """The heads of so many columns: of the last line above, under those of the line before it."""
    if not lines:
        return None
    last = _head_cells(lines[-1], count)
    if last is None:
        return None
    above = _columns(lines[0]) if len(lines) > 1 else []
    if above and len(above) > 1 and count % len(above) == 0 and len(above) < count:
        share = count // len(above)
        return [f"{above[at // share]} {head}" for at, head in enumerate(last)]
    return last


def _head_cells(line: str, count: int) -> list[str] | None:
    columns = _columns(line)
    if len(columns) == count + 1:
        return columns[1:]
    if len(columns) == count:
        return columns
    periods = [match.group() for match in re.finditer(r"(?:[QT][1-4] |FY ?)?(?:19|20)\d\d", line)]
    return periods if len(periods) == count else None


def missed_cell(claim: str, text: str) -> tuple[str, str] | None:
    """The figure that a table has where a claim's row and column meet, and the claim's instead.

    None where the claim's figure stands there, or where it names no row and column surely.
    """
    table = cells(text)
    if not table:
        return None
    language = detect(claim) or detect(text)
    wanted = told(claim)
    periods = frozenset(periods_of(claim))
    for figure in _figures(claim, language, table):
        own = [cell for cell in table if _is_same(figure, cell)]
        if not own:
            continue
        said = claim[figure.span.start : figure.span.end]
        named = [cell for cell in own if told(cell.row) & wanted]
        meant = _meant(table, wanted, periods, {cell.row for cell in named})
        if meant and not any(cell in own for cell in meant):
            return flowing(meant[0].text), said
        if any(cell in own for cell in meant) and _lacks_scale(figure, meant):
            return f"{flowing(meant[0].text)} {_scale(meant[0])}", said
    return None


def is_in_table(claim: str, text: str) -> bool:
    """Whether every figure of a claim stands where the row and the column that it names meet."""
    table = cells(text)
    wanted, periods = told(claim), frozenset(periods_of(claim))
    figures = _figures(claim, detect(claim) or detect(text), table) if table else []
    return bool(figures) and all(
        any(cell in own for cell in _meant(table, wanted, periods, {cell.row for cell in named}))
        for figure in figures
        if (own := [cell for cell in table if _is_same(figure, cell)]) is not None
        and (named := [cell for cell in own if told(cell.row) & wanted]) is not None
    )


def _figures(claim: str, language: Language | None, table: Sequence[Cell]) -> list[Quantity]:
    """The figures of a claim that may be of cells: no days, no stretches of time, no names."""
    return [
        each
        for each in amounts(claim, language)
        if each.kind not in ("time", "months")
        and not _is_day(claim, each.span.start)
        and not _names_row(claim, each, table)
    ]


def _names_row(claim: str, figure: Quantity, table: Sequence[Cell]) -> bool:
    """Whether a figure stands behind the same word in a label: "Unit 77"."""
    before = claim[: figure.span.start].split()[-1:]
    name = " ".join([*before, claim[figure.span.start : figure.span.end]]).casefold()
    return bool(before) and any(name in flowing(cell.row).casefold() for cell in table)


def _is_day(claim: str, at: int) -> bool:
    """Whether a month stands before a figure, or behind it: "June 30"."""
    before, after = claim[:at].split()[-1:], claim[at:].split()[1:2]
    return any(unaccented(word).strip(",.") in MONTH_OF for word in (*before, *after))


def _is_same(figure: Quantity, cell: Cell) -> bool:
    """Whether a figure is a cell's, in the unit of the table or of its column."""
    scaled = [cell.amount.times(scale) for scale in (1e3, 1e6, 1e9)]
    return any(same(figure, each, loosely=True) for each in (cell.amount, *scaled))


def _lacks_scale(figure: Quantity, meant: Sequence[Cell]) -> bool:
    """Whether a figure is what stands in a column of thousands or millions, without them."""
    return not figure.scaled and all(
        _scale(cell) and same(figure, cell.amount, loosely=True) for cell in meant
    )


def _scale(cell: Cell) -> str:
    found = _THOUSANDS.search(unaccented(cell.column))
    return found.group() if found else ""


def _meant(
    table: Sequence[Cell],
    wanted: frozenset[str],
    periods: frozenset[str],
    named: set[str],
) -> list[Cell]:
    """The cells of the row and the column that a claim names; none if it names several or none.

    Where the claim's figure stands in rows that it names, it is one of these.
    """
    labels = {cell.row: told(cell.row) for cell in table if not named or cell.row in named}
    best = _best(labels, wanted)
    if len(best) != 1:
        return []
    heads = {cell.column: cell.periods for cell in table if cell.row == best[0]}
    columns = list(heads)
    if any(heads.values()):
        columns = [head for head in columns if _is_of(heads[head], periods)]
    named_columns = _best({head: told(head) for head in columns}, wanted)
    columns = named_columns or (columns if any(heads.values()) else [])
    return [cell for cell in table if cell.row == best[0] and cell.column in columns]


def _is_of(own: frozenset[str], periods: frozenset[str]) -> bool:
    """Whether a column is of a claim's year, and of its quarter if both name one."""
    years = {each for each in periods if each.isdigit()}
    quarters = periods & _QUARTERS
    return bool(own & years) and (not quarters or not own & _QUARTERS or bool(own & quarters))


_QUARTERS = frozenset({"q1", "q2", "q3", "q4"})


def _best(labels: dict[str, frozenset[str]], wanted: frozenset[str]) -> list[str]:
    """The labels that have most words in common with a claim, and fewest besides."""
    scores = {
        label: (len(words & wanted), -len(words - wanted))
        for label, words in labels.items()
        if words & wanted
    }
    most = max(scores.values(), default=None)
    return [label for label, score in scores.items() if score == most]
