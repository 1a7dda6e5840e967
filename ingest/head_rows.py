"""Finds the rows above a table that name its columns together, and joins them.

What the file marks as such is believed, but for a row of figures and heads that cannot be placed.
Otherwise a row below the first one counts only on evidence: it stands above figures, has none
itself, and splits what stands over several columns, names units, or has no label where rows of
values have one. Below years, words are values unless merged cells, units or names that come again
below several years say otherwise.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from itertools import groupby

from ingest.head_groups import PERIOD, spread_heads
from ingest.heads import FEWEST_NAMED, Row, header_of, is_period, is_value
from ingest.spans import Covered, is_across
from rag.units import UNIT_NAMES

MOST_HEAD_ROWS = 8
LOOKED_AT = 20  # rows below them, to see which columns hold figures
WIDEST = 500  # columns; wider tables have one row of names

_MISSING = re.compile(r"[-–—−.…*]|n\.?\s?[av]\.?|k\.\s?a\.|nil|\.\.+", re.I)
_DECIMAL = re.compile(r"\d+\.\d+")
_WORD_OR_NAME = re.compile(r"yes|no|true|false|na|nv|nil", re.I)
_WORD = re.compile(r"[^\W\d_]+[²³]?|[^\w\s.,;:/()'’\[\]-]")
_PREFIXED = re.compile(
    r"([tkm]|mio|mrd|mln|bn|th)?(€|\$|£|¥|eur|usd|gbp|chf)(k|m|t|bn|mn|mln|mio)?"
)
_UNIT_OF_ALL = re.compile(r"[(\[]|(?:amounts )?(?:in|en) ", re.I)  # where a row has its label
_BESIDE_UNIT_NAMES = "in of de d en von per pro us a and et und y s amounts"
_BESIDE_UNITS = frozenset(_BESIDE_UNIT_NAMES.split())
_COUNTED_NAMES = (
    "units pcs pieces stück stk anzahl number no nombre nb unités unidades shares persons # ‰ "
    "sek nok dkk pln czk cny cad aud inr"
)
_COUNTED = frozenset(_COUNTED_NAMES.split())


def is_title(row: Row) -> bool:
    """Whether one cell goes over the whole of a table."""
    return len(row) > 1 and bool(row[0]) and all(map(is_across, row[1:]))


def count_of(rows: Sequence[Row], marked: int = 0) -> int:
    """How many of the first rows, all equally long, name the columns.

    So many are `marked` in the file. At least one row is left to be one of values, and of what is
    not marked and has no figures below it, the first row alone may be a header.
    """
    most = min(len(rows) - 1, MOST_HEAD_ROWS)
    count = min(marked, 1)
    if most < 1 or len(rows[0]) > WIDEST:
        return max(count, bool(header_of(rows)))
    if marked <= most:
        while count < marked and not _has_amounts(rows, count):
            count += 1
        while count > 1 and not spread_heads(rows[:count]):
            count -= 1
    count = max(count, bool(header_of(rows)))
    for reached in range(1, most):
        row = rows[reached]
        if _has_amounts(rows, reached) or (_is_section(row) and not _is_unit(row[0])):
            break
        if reached >= count and _is_found(rows, reached, is_next=reached == max(count, 1)):
            count = reached + 1
    return count


def joined(rows: Sequence[Row]) -> tuple[str, ...]:
    """One head for each column: the words above it from top to bottom, what is repeated once."""
    lines = spread_heads(rows)
    return tuple(" ".join(_once(words)) for words in zip(*lines, strict=True))


def _is_found(rows: Sequence[Row], place: int, *, is_next: bool) -> bool:
    """Whether a row, and with it all above it, names columns of figures below it."""
    row, below = rows[place], rows[place + 1 : place + 1 + LOOKED_AT]
    figures = [column for column in range(len(row)) if _holds_figures(column, below)]
    above = rows[:place]
    if not figures or not all(_are_heads(each, figures, below) for each in (*above, row)):
        return False
    over = spread_heads(rows[: place + 1])[:-1]
    named = {column for each in over for column, cell in enumerate(each) if cell}
    if len(named.intersection(figures)) < FEWEST_NAMED * len(figures):
        return False
    is_merged = any(is_across(cell) for each in above for cell in each)
    if not is_merged and row[figures[0]] and figures[0] not in named:
        return False
    is_labelled = 0 not in figures and _are_labelled(below)
    if is_labelled and any(each[0] and _reach(each) > figures[0] for each in above):
        return False
    has_label = is_labelled and bool(row[0]) and not isinstance(row[0], Covered)
    if _names_units(row) and (not has_label or _UNIT_OF_ALL.match(row[0])):
        return True
    if not is_next:
        return False
    if _goes_down(row):
        return True
    is_dated = any(PERIOD.search(each[column]) for each in over for column in figures)
    filled = sum(bool(row[column]) for column in figures)
    if is_labelled and not row[0] and 2 * filled > len(figures) and not is_dated:
        return True
    groups = _groups(over[-1], row, figures)
    is_told = is_merged or not is_dated or _come_again(groups) or _names_units(row[1:])
    return is_told and _is_split(groups)


def _reach(row: Row) -> int:
    """How many columns the first cell goes over."""
    return next(
        (place for place, cell in enumerate(row) if place and not is_across(cell)), len(row)
    )


def _goes_down(row: Row) -> bool:
    """Whether a cell of the row above goes on in it, beside others of its own."""
    return any(cell and isinstance(cell, Covered) for cell in row) and any(
        cell and not isinstance(cell, Covered) for cell in row
    )


def _groups(heads: Row, row: Row, figures: Sequence[int]) -> list[tuple[str, list[str]]]:
    """What a row has below each head over neighbouring columns of figures."""
    return [
        (head, [row[column] for column in columns])
        for head, columns in groupby(figures, key=lambda column: heads[column])
    ]


def _is_split(groups: Sequence[tuple[str, Sequence[str]]]) -> bool:
    """Whether a row tells columns apart that one head stands over."""
    names = [name for head, parts in groups if head and len(parts) > 1 for name in parts]
    if not all(names) or len(set(names)) < 2:
        return False
    pairs = [(head, name) for head, parts in groups for name in parts]
    return len(set(pairs)) == len(pairs)


def _come_again(groups: Sequence[tuple[str, Sequence[str]]]) -> bool:
    """Whether the names below several heads are the same."""
    several = [parts for head, parts in groups if head and len(parts) > 1]
    return len(several) > 1 and all(parts == several[0] for parts in several)


def _holds_figures(column: int, below: Sequence[Row]) -> bool:
    cells = [row[column] for row in below if row[column]]
    return bool(cells) and 2 * sum(map(is_value, cells)) >= len(cells)


def _are_labelled(below: Sequence[Row]) -> bool:
    """Whether most rows have a label."""
    return 2 * sum(bool(row[0]) for row in below) > len(below)


def _are_heads(row: Row, figures: Collection[int], below: Sequence[Row]) -> bool:
    """Whether no cell of a row is a value; a period is none above other figures."""
    for column, cell in enumerate(row):
        if not cell:
            continue
        if is_period(cell) and column in figures:
            cells = [each[column] for each in below if each[column]]
            if 2 * sum(_is_dated_as(cell, each) for each in cells) >= len(cells):
                return False
        elif _is_amount(cell, column, below):
            return False
    return True


def _is_dated_as(head: str, cell: str) -> bool:
    """Whether a cell is a period as what stands above it; "12.5" is a number below a year."""
    return is_period(cell) and bool(_DECIMAL.fullmatch(head) or not _DECIMAL.fullmatch(cell))


def _has_amounts(rows: Sequence[Row], place: int) -> bool:
    below = rows[place + 1 : place + 1 + LOOKED_AT]
    return any(_is_amount(cell, column, below) for column, cell in enumerate(rows[place]))


def _is_amount(cell: str, column: int, below: Sequence[Row]) -> bool:
    """Whether a cell is a figure, or says that there is none.

    A word that may be a name as well ("No" of an order, "NA" for a region) is one above figures,
    where no cell below it is such a word.
    """
    if not cell or is_period(cell):
        return False
    if not is_value(cell) and not _MISSING.fullmatch(cell):
        return False
    if not _WORD_OR_NAME.fullmatch(cell):
        return True
    cells = [row[column] for row in below if row[column]]
    return not any(map(is_value, cells)) or any(map(_WORD_OR_NAME.fullmatch, cells))


def _is_section(row: Row) -> bool:
    """Whether a row names only what is below it: by one cell at its beginning."""
    own = (cell for cell in row[1:] if not isinstance(cell, Covered))
    return bool(row[0]) and not any(own)


def _names_units(row: Row) -> bool:
    """Whether all that stands in a row are units and magnitudes: "EUR", "in millions", "%"."""
    cells = [cell for cell in row if cell and not isinstance(cell, Covered)]
    return bool(cells) and all(map(_is_unit, cells))


def _is_unit(cell: str) -> bool:
    words = _WORD.findall(cell.casefold())
    units = [word for word in words if word not in _BESIDE_UNITS]
    return bool(units) and all(
        word in UNIT_NAMES or word in _COUNTED or _PREFIXED.fullmatch(word) for word in units
    )


def _once(words: Iterable[str]) -> list[str]:
    found: list[str] = []
    for word in words:
        if word and word not in found:
            found.append(word)
    return found
