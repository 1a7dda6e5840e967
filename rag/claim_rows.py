"""What was found out about an answer, as it is written out: its quotes, claims, disagreements."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rag.citations import without_markers
from rag.domain import Answer, Citation, Claim, Disagreement, Quote

Row = dict[str, Any]


def claim_rows(answer: Answer) -> list[Row]:
    """The claims of an answer as they are written out.

    `citations` are positions in the answer's list of them, from 0; `quotes` are what was found for
    a claim, also where it cites nothing.
    """
    return [
        {
            "text": without_markers(answer.text[claim.span.start : claim.span.end]),
            "verdict": claim.verdict,
            "reason": claim.reason,
            "cited": claim.cited,
            "citations": _citations_of(claim, answer.citations),
            "quotes": [quote_row(quote) for quote in claim.quotes],
        }
        for claim in answer.claims
    ]


def _citations_of(claim: Claim, citations: Sequence[Citation]) -> list[int]:
    """Which citations are a claim's: those whose markers stand in it.

    Where none does, it may have those of the line that introduces it.
    """
    span = claim.span
    inside = [n for n, it in enumerate(citations) if span.start <= it.marker.start < span.end]
    if inside or not claim.cited:
        return inside
    before = {it.number: n for n, it in enumerate(citations) if it.marker.start < span.start}
    return sorted(before[number] for number in claim.numbers if number in before)


def disagreement_row(disagreement: Disagreement) -> Row:
    """What sources say differently, as it is written out."""
    values = [{"value": value} | quote_row(quote) for value, quote in disagreement.values]
    return {"subject": disagreement.subject, "values": values}


def quote_row(quote: Quote) -> Row:
    """A quote as it is written out.

    `start` and `end` count characters of the page's text, or of the whole document's where the
    format has no pages.
    """
    before = 0 if quote.document.paginated else quote.offset
    return {
        "document": quote.document.name,
        "page": quote.page if quote.document.paginated else None,
        "start": before + quote.start,
        "end": before + quote.end,
        "quote": quote.text,
    }
