"""The days that a text names."""

from __future__ import annotations

import re
from datetime import date

from rag.domain import Span
from rag.folding import unaccented
from rag.periods import MONTH_OF

_ISO = re.compile(r"(?<!\d)(?P<year>\d{4})-(?P<month>\d\d)-(?P<day>\d\d)(?!\d)")
_FIGURES = re.compile(r"(?<![\d./])(\d{1,2})([./-])(\d{1,2})\2(\d{4})(?![\d/]|\.\d)")
_SHORT = {"jan", "feb", "mar", "apr", "jun", "jul", "aug", "sep", "sept", "oct", "nov", "dec"}
_MONTHS = {name: int(month[1:]) for name, month in MONTH_OF.items()} | {
    name[: len(short)]: int(MONTH_OF[name][1:])
    for short in _SHORT
    for name in MONTH_OF
    if name.startswith(short)
}
_NAMES = "|".join(sorted(_MONTHS, key=len, reverse=True))
_DAY_FIRST = re.compile(
    rf"(?<![\d.])(?P<day>\d{{1,2}})(?:st|nd|rd|th|er|\.|º)?\s+(?:of\s+|de\s+|d['’])?"
    rf"(?P<month>{_NAMES})\.?,?\s+(?:de\s+)?(?P<year>\d{{4}})(?!\d)"
)
_MONTH_FIRST = re.compile(
    rf"(?<!\w)(?P<month>{_NAMES})\.?\s+(?P<day>\d{{1,2}})(?:st|nd|rd|th)?,?\s+(?P<year>\d{{4}})(?!\d)"
)


def dates_in(text: str) -> list[tuple[Span, frozenset[date]]]:
    """Where days are named, in order, and what each may be: 03/05/2026 is one of two."""
    plain = "".join(_plain(letter) for letter in text)
    found: list[tuple[Span, frozenset[date]]] = []
    for pattern in (_ISO, _DAY_FIRST, _MONTH_FIRST):
        for match in pattern.finditer(plain):
            month = match["month"]
            number = int(month) if month.isdigit() else _MONTHS[month]
            found.append((Span(*match.span()), _days((match["year"], number, match["day"]))))
    for match in _FIGURES.finditer(plain):
        first, _, second, year = match.groups()
        found.append((Span(*match.span()), _days((year, second, first), (year, first, second))))
    return sorted((each for each in found if each[1]), key=lambda each: each[0].start)


def as_date(text: str) -> date | None:
    """The day that a text is, written YYYY-MM-DD; None where it is none."""
    match = _ISO.fullmatch(text.strip())
    days = _days((match["year"], match["month"], match["day"])) if match else frozenset()
    return next(iter(days), None)


def _days(*written: tuple[str, str | int, str]) -> frozenset[date]:
    found = set()
    for year, month, day in written:
        try:
            found.add(date(int(year), int(month), int(day)))
        except ValueError:
            continue
    return frozenset(found)


def _plain(letter: str) -> str:
    """A letter without capitals and accents, in its place."""
    plain = unaccented(letter)
    return plain if len(plain) == 1 else letter
