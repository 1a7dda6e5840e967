"""Filled forms and classes in words, with markers that open their quotes."""

from __future__ import annotations

import json
from collections.abc import Iterator

from rag.domain import ModelCard, TextDelta, Verdict
from rag.folding import flowing
from rag.whole.classification import Sorted
from rag.whole.extraction import Extraction, Found
from rag.whole.sheet import Sheet, shown

PICKED = (
    "Picked by the embedded reader, without a language model: check each value against its quote."
)
SORTED_BY_MEANING = (
    "Sorted by what is nearest in meaning, without a language model: a language model sorts better."
)
SOME_FAILED = "For some fields the model gave nothing that can be used."


def tell_fields(extraction: Extraction, sheet: Sheet) -> Iterator[TextDelta]:
    """Add each field with its value and its marker, a line each."""
    for label, found in extraction.leaves:
        yield from sheet.say("\n" if sheet.text else "")
        start = len(sheet.text)
        yield from sheet.say(f"- **{label}**: {_value(found)}")
        if found.quote is not None:
            verdict = found.verdict or Verdict.PARTLY
            yield from sheet.say(" ")
            yield from sheet.mark(found.quote, start, verdict, found.reason)


def _value(found: Found) -> str:
    if found.value is None:
        return f"not found ({found.reason})" if found.reason else "not found"
    if isinstance(found.value, str):
        return flowing(found.value)
    return json.dumps(found.value, ensure_ascii=False)


def tell_sorted(found: Sorted, sheet: Sheet, *, alone: bool) -> Iterator[TextDelta]:
    """Add an item's classes with their reasons, each on a line; one item alone is not named."""
    name = "" if alone else f"{found.item.name}: "
    if not found.fits:
        yield from sheet.say(f"{_line(sheet)}- {name}no class ({found.reason})")
    for fit in found.fits:
        yield from sheet.say("\n" if sheet.text else "")
        start = len(sheet.text)
        yield from sheet.say(f"- {name}**{fit.name}**{f' ({fit.reason})' if fit.reason else ''}")
        if fit.quote is not None and found.item.document is not None:
            yield from sheet.say(f": {shown(fit.quote)} ")
            yield from sheet.mark(fit.quote, start)


def _line(sheet: Sheet) -> str:
    return "\n" if sheet.text else ""


def notice_on_fields(extraction: Extraction, card: ModelCard) -> str:
    """What is to be said on how a form was filled in."""
    if not card.instructable:
        return PICKED
    return SOME_FAILED if extraction.failed else ""


def notice_on_sorting(card: ModelCard) -> str:
    """What is to be said on how things were sorted."""
    return "" if card.instructable else SORTED_BY_MEANING
