"""Whether a quote says a value, and where a value stands in a text."""

from __future__ import annotations

import re
from collections.abc import Sequence

from rag.domain import Passage, Quote, Span, Verdict
from rag.folding import flowing, fold
from rag.quantities import quantities
from rag.verification import quote_of
from rag.whole.dates import as_date, dates_in
from rag.whole.schemas import Field

IN_OTHER_WORDS = 0.6  # of a value's words that its quote holds
SCALES = {"thousand": 1e3, "million": 1e6, "billion": 1e9}
NEARLY = 1e-9
PARTING = 3  # characters that may stand between two words, as in "Apache-2.0"
JUDGED = "read out of the quote, which does not say it word for word"
NOT_THERE = "the quote does not say {value}"
_FIGURES = re.compile(r"\d(?:[\d.,'’ \u00a0\u202f]*\d)?")
_SCALED_PAGE = re.compile(r"\bin (thousand|million|billion)s?\b", re.IGNORECASE)
_WORD = re.compile(r"\w+")
_PIECE = re.compile(r"[^\W\d_]+|\d+")


def says(quote: str, value: object, field: Field, page: str = "") -> tuple[Verdict, str]:
    """Whether a quote says a value, and a phrase on it where it does not plainly.

    Args:
        quote: the exact words.
        value: of the type of the field.
        field: what it is the value of.
        page: the text around, for what a table says of its figures.
    """
    if isinstance(value, bool):
        return Verdict.PARTLY, JUDGED
    if isinstance(value, int | float):
        return _says_number(quote, float(value), page)
    text = str(value)
    if field.is_date and (day := as_date(text)) is not None:
        if any(day in days for _, days in dates_in(quote)):
            return Verdict.SUPPORTED, ""
        return Verdict.UNSUPPORTED, NOT_THERE.format(value=text)
    if find(text, quote) is not None:
        return Verdict.SUPPORTED, ""
    if field.choices:
        return Verdict.PARTLY, JUDGED
    figures = [word for word in _WORD.findall(text) if word.isdigit()]
    if any(find(figure, quote) is None for figure in figures):
        return Verdict.UNSUPPORTED, NOT_THERE.format(value=f"“{text}”")
    words = {word for word in _WORD.findall(fold(text).text) if len(word) > 3}
    held = words & set(_WORD.findall(fold(quote).text))
    if words and len(held) >= IN_OTHER_WORDS * len(words):
        return Verdict.PARTLY, "in other words than the quote"
    return Verdict.UNSUPPORTED, NOT_THERE.format(value=f"“{text}”")


def _says_number(quote: str, value: float, page: str) -> tuple[Verdict, str]:
    wanted = abs(value)  # accounts write what is below zero in brackets
    written = [number for match in _FIGURES.finditer(quote) for number in numbers_of(match.group())]
    for quantity in quantities(quote):
        written += [reading for reading, _ in quantity.readings]
        # "three weeks" is 3 as well as so many seconds
        written += [reading / quantity.worth for reading, _ in quantity.readings]
        if quantity.kind == "percent":
            written += [reading / 100 for reading, _ in quantity.readings]
    if any(_equal(wanted, abs(number)) for number in written):
        return Verdict.SUPPORTED, ""
    for match in _SCALED_PAGE.finditer(page):
        scale = SCALES[match[1].lower()]
        if any(_equal(wanted, abs(number) * scale) for number in written):
            return Verdict.PARTLY, f"the page counts {match.group().lower()}"
    return Verdict.UNSUPPORTED, NOT_THERE.format(value=f"{value:,.10g}")


def _equal(one: float, other: float) -> bool:
    return abs(one - other) <= NEARLY * max(abs(one), abs(other), 1e-12)


def numbers_of(figures: str) -> list[float]:
    """All that figures may stand for: "1,577" is 1577 and 1.577."""
    plain = re.sub(r"['’\s\u00a0\u202f]", "", figures)
    forms = {plain.replace(",", ""), plain.replace(".", "").replace(",", ".")}
    found = []
    for form in sorted(forms):
        if form.count(".") <= 1:
            found.append(float(form))
    return found


def find(words: str, text: str) -> Span | None:
    """Where a text says some words as whole words, however they are written and parted."""
    folded = fold(text)
    wanted = fold(words).text.strip()
    pieces = [re.escape(piece) for piece in _PIECE.findall(wanted)]
    if not pieces:
        return None
    before = r"(?<!\w)(?<!\d[.,])" if wanted[0].isalnum() else ""
    after = r"(?!\w)(?![.,]\d)" if wanted[-1].isalnum() else ""
    forms = [before + re.escape(wanted) + after]
    if not wanted.replace(" ", "").isdigit():
        forms.append(r"(?<!\w)" + rf"[\W_]{{0,{PARTING}}}".join(pieces) + r"(?!\w)")
    for form in forms:
        match = re.search(form, folded.text)
        if match:
            return Span(*folded.original(*match.span()))
    return None


def locate(words: str, passages: Sequence[Passage], first: int) -> Quote | None:
    """The exact span where passages say some words; the one at `first` is looked at before all."""
    order = [first, *(at for at in range(len(passages)) if at != first)]
    for form in dict.fromkeys([words, words.strip(" .…\"“”'"), flowing(words)]):
        for at in order:
            span = find(form, passages[at].text)
            if span is not None:
                return quote_of(passages[at], span)
    return None
