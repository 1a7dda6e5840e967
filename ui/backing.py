"""What the command line says of an answer's statements: which are not backed, and why."""

from __future__ import annotations

from rag.citations import without_markers
from rag.domain import Answer, Claim, Disagreement, Quote, Verdict
from rag.folding import flowing
from ui.pages import page_words
from ui.printing import say
from ui.report_layout import wrapped

WORDS = {
    Verdict.SUPPORTED: "Backed",
    Verdict.PARTLY: "Partly backed",
    Verdict.UNSUPPORTED: "Not backed",
    Verdict.UNCITED: "No source",
}


def say_backing(answer: Answer) -> None:
    """Print what is not as it seems: statements that are not backed, or cite nothing or wrongly.

    Beside each stands what its source says instead, and below them what documents disagree about.
    """
    doubted = [claim for claim in answer.claims if claim.reason]
    lines = [_told(answer, claim) for claim in doubted] + [
        _disagreement(each) for each in answer.disagreements
    ]
    if lines:
        say("")
    for line in lines:
        say(wrapped(line))


def _told(answer: Answer, claim: Claim) -> str:
    said = flowing(without_markers(answer.text[claim.span.start : claim.span.end]))
    quote = f" {_quoted(claim.quotes[0])}" if claim.quotes else ""
    return f"{WORDS[claim.verdict]}: “{said}”: {claim.reason}.{quote}"


def _disagreement(disagreement: Disagreement) -> str:
    values = "; ".join(f"{value}: {_quoted(quote)}" for value, quote in disagreement.values)
    return f"The documents disagree on {disagreement.subject}. {values}"


def _quoted(quote: Quote) -> str:
    page = f", {page_words(quote.page, quote.label)}" if quote.document.paginated else ""
    return f"{quote.document.name}{page}: “{flowing(quote.text)}”"
