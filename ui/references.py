"""The quotes that an answer leads to, in one order: those it cites, and those found besides."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from rag.domain import Answer, Citation, Claim, Quote, Span, Verdict
from ui.namesakes import NO_SIGNS, Signs, with_sign
from ui.pages import page_words
from ui.underlining import end_of

LETTERS = "abcdefghijklmnopqrstuvwxyz"


@dataclass(frozen=True, slots=True)
class Reference:
    """A quote under the sign of its chip: the number of its source, else a letter.

    `at` is where the chip stands in the answer's text, None for one that is only listed. Not
    `named` is what was found for a statement without a source. `reason` is why the quote does not
    bear out what cites it. `apart` is what tells documents of one name apart.
    """

    sign: str
    quote: Quote
    at: Span | None = None
    verdict: Verdict | None = None
    reason: str = ""
    named: bool = True
    apart: Signs = field(default_factory=dict, hash=False, compare=False)

    @property
    def place(self) -> str:
        """Where the quote stands, in words."""
        return place_of(self.quote, self.apart)


def place_of(quote: Quote, apart: Signs = NO_SIGNS) -> str:
    """Where a quote stands, in words."""
    title = with_sign(quote.document.title or quote.document.name, quote.document, apart)
    page = page_words(quote.page, quote.label).replace("p. ", "page ")
    return f"{title}, {page}" if quote.document.paginated else title


def references(answer: Answer, apart: Signs = NO_SIGNS) -> tuple[Reference, ...]:
    """Everything an answer leads to; its citations come first, in their order.

    What is `apart` tells their documents from others of the same name.
    """
    claims = answer.claims if answer.grounded else ()
    found = [_cited(citation, claims) for citation in answer.citations]
    signs = {(each.quote.document.id, each.quote.page): each.sign for each in found}
    for claim in claims:
        for quote in claim.quotes:
            if index_of(found, quote) is None or _is_found(claim):
                at = end_of(answer.text, claim.span) if _is_found(claim) else None
                span = None if at is None else Span(at, at)
                sign = _sign(quote, signs, claim.numbers)
                found.append(Reference(sign, quote, span, named=not _is_found(claim)))
    for disagreement in answer.disagreements:
        for _, quote in disagreement.values:
            if index_of(found, quote) is None:
                found.append(Reference(_sign(quote, signs), quote))
    return tuple(replace(each, apart=apart) for each in found) if apart else tuple(found)


def index_of(found: Sequence[Reference], quote: Quote) -> int | None:
    """Where a quote is among the references of an answer."""
    return next((index for index, each in enumerate(found) if each.quote == quote), None)


def _is_found(claim: Claim) -> bool:
    return not claim.cited and claim.verdict is Verdict.SUPPORTED


def _cited(citation: Citation, claims: Sequence[Claim]) -> Reference:
    marker = citation.marker
    reason = ""
    if citation.verdict in (Verdict.UNSUPPORTED, Verdict.PARTLY):
        around = (
            claim
            for claim in claims
            if claim.span.start <= marker.start and marker.end <= claim.span.end
        )
        reason = next((claim.reason for claim in around), "")
    return Reference(str(citation.number), citation.quote, marker, citation.verdict, reason)


def _sign(quote: Quote, signs: dict[tuple[str, int], str], numbers: Sequence[int] = ()) -> str:
    """The sign of a quote's page: the number it has, or may have, else the next letter."""
    letters = sum(not sign.isdigit() for sign in signs.values())
    new = str(numbers[0]) if numbers else LETTERS[letters % len(LETTERS)]
    return signs.setdefault((quote.document.id, quote.page), new)
