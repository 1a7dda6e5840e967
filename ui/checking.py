"""What checking an answer found, as HTML: marks in it, a badge below it, and where to look.

Reasons come from documents and models: all of them are escaped.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from rag.citations import without_markers
from rag.domain import Answer, Claim, Disagreement, Quote, Verdict
from ui import icons
from ui.conversation import Turn
from ui.draft_reports import shown_quote
from ui.pages import page_words
from ui.references import Reference, index_of, place_of, references
from ui.render import excerpt
from ui.underlining import Part

NOTES_SHOWN = 2
STATEMENT_CHARACTERS = 220
NOTED_CHARACTERS = 90
QUOTES_SHOWN = 2
WORDS = {
    Verdict.SUPPORTED: "Backed",
    Verdict.PARTLY: "Partly backed",
    Verdict.UNSUPPORTED: "Not backed",
    Verdict.UNCITED: "No source",
}
CONTRARY = (Verdict.PARTLY, Verdict.UNSUPPORTED)


def is_checked(turn: Turn, answer: Answer) -> bool:
    """Whether what was checked is shown; what is only quoted from a page needs no badge."""
    return turn.instructable and answer.grounded and bool(answer.claims)


def marked_parts(turn: Turn, answer: Answer) -> list[Part]:
    """The statements of an answer that are marked in its text: those that are not backed."""
    if not is_checked(turn, answer):
        return []
    return [
        Part(claim.span, f"said {claim.verdict}", f"claim-{turn.number}-{at}", _told(claim))
        for at, claim in enumerate(answer.claims)
        if claim.verdict is not Verdict.SUPPORTED
    ]


def summary(claims: Sequence[Claim]) -> str:
    """How many statements are backed, in words."""
    total = len(claims)
    backed = sum(claim.verdict is Verdict.SUPPORTED for claim in claims)
    if total == 1:
        return f"1 statement, {WORDS[claims[0].verdict].lower()}"
    if backed == total:
        return f"All {total:,} statements backed"
    if not backed:
        return f"None of {total:,} statements backed"
    return f"{backed:,} of {total:,} statements backed"


def render_badge(turn: Turn, answer: Answer) -> str:
    """The badge, which unfolds the statements; nothing where nothing is shown as checked."""
    if not is_checked(turn, answer):
        return ""
    good = all(claim.verdict is Verdict.SUPPORTED for claim in answer.claims)
    fold = f"checked-{turn.number}"
    return (
        f'<button type="button" class="badge {"good" if good else "doubt"}" data-unfolds="{fold}" '
        f'aria-expanded="false" aria-controls="{fold}">{icons.CHECK if good else icons.DOUBT}'
        f"<span>{summary(answer.claims)}</span></button>"
    )


def render_checks(turn: Turn, answer: Answer) -> str:
    """The fold of the badge: every statement with its verdict, why, and the way to its page."""
    if not is_checked(turn, answer):
        return ""
    found = references(answer, turn.apart)
    rows = "".join(_render_statement(turn, answer, at, found) for at in range(len(answer.claims)))
    fold = f"checked-{turn.number}"
    return f'<div class="checked" id="{fold}" data-fold="{fold}" hidden><ol>{rows}</ol></div>'


def render_contrary(turn: Turn, answer: Answer) -> str:
    """Below an answer: what its sources say otherwise, and where they disagree."""
    found = references(answer, turn.apart)
    noted = [each for each in answer.claims if each.verdict in CONTRARY]
    notes = [_render_note(turn, answer, claim, found) for claim in noted[:NOTES_SHOWN]]
    shown = notes if is_checked(turn, answer) else []
    boxes = [_render_disagreement(turn, each, found) for each in answer.disagreements]
    return "".join([*shown, *boxes])


def render_cards(turn: Turn, answer: Answer) -> str:
    """The quote behind each chip, for the page to show beside it."""
    cards = "".join(
        f'<div id="card-cite-{turn.number}-{at}">{_render_card(each)}</div>'
        for at, each in enumerate(references(answer, turn.apart))
        if each.at is not None
    )
    return f"<div hidden>{cards}</div>" if cards else ""


def _told(claim: Claim) -> str:
    words = WORDS[claim.verdict]
    return f"{words.lower()}: {claim.reason}" if claim.reason else words.lower()


def _statement(answer: Answer, claim: Claim, characters: int) -> str:
    said = without_markers(answer.text[claim.span.start : claim.span.end])
    return escape(excerpt(said, characters))


def _render_statement(turn: Turn, answer: Answer, at: int, found: Sequence[Reference]) -> str:
    claim = answer.claims[at]
    words = WORDS[claim.verdict]
    icon = icons.CHECK if claim.verdict is Verdict.SUPPORTED else icons.DOUBT
    why = f'<p class="because">{escape(_sentence(claim.reason))}</p>' if claim.reason else ""
    quotes = "".join(_render_quote(turn, each, found) for each in claim.quotes[:QUOTES_SHOWN])
    return (
        f'<li id="claim-{turn.number}-{at}" class="{claim.verdict}"><p class="verdict">{icon}'
        f"{words}</p><p>{_statement(answer, claim, STATEMENT_CHARACTERS)}</p>{why}{quotes}</li>"
    )


def _render_quote(turn: Turn, quote: Quote, found: Sequence[Reference]) -> str:
    return (
        f"<blockquote>{escape(shown_quote(quote))}</blockquote>"
        f"<p>{_link(turn, quote, found, place_of(quote, turn.apart))}</p>"
    )


def _render_note(turn: Turn, answer: Answer, claim: Claim, found: Sequence[Reference]) -> str:
    """Why a statement is not backed, beside the way to the page that says otherwise."""
    said = _statement(answer, claim, NOTED_CHARACTERS)
    which = f" <q>{said}</q>" if len(answer.claims) > 1 else ""
    page = ""
    if claim.quotes:
        quote = claim.quotes[0]
        words = (
            f"Open {page_words(quote.page, quote.label)}"
            if quote.document.paginated
            else "Open the source"
        )
        page = f" {_link(turn, quote, found, words)}"
    return (
        f'<p class="why-not {claim.verdict}"><b>{WORDS[claim.verdict]}:</b>{which} '
        f"{escape(_sentence(claim.reason))}{page}</p>"
    )


def _render_disagreement(turn: Turn, disagreement: Disagreement, found: Sequence[Reference]) -> str:
    values = "".join(
        f"<li><b>{escape(value)}</b><span>{_link(turn, quote, found, place_of(quote, turn.apart))}"
        f"<span>“{escape(shown_quote(quote))}”</span></span></li>"
        for value, quote in disagreement.values
    )
    return (
        f'<div class="disagree" role="note"><p>{icons.FORK}<b>The documents disagree:</b> '
        f"{escape(disagreement.subject)}</p><ul>{values}</ul></div>"
    )


def _render_card(reference: Reference) -> str:
    unnamed = "" if reference.named else '<p class="because">The answer names no source.</p>'
    because = ""
    if reference.verdict in CONTRARY and reference.reason:
        words = f"{WORDS[reference.verdict]}: {reference.reason}"
        because = f'<p class="because doubt">{escape(_sentence(words))}</p>'
    return (
        f'<p class="place">{escape(reference.place)}</p>'
        f"<blockquote>{escape(shown_quote(reference.quote))}</blockquote>{unnamed}{because}"
    )


def _link(turn: Turn, quote: Quote, found: Sequence[Reference], words: str) -> str:
    index = index_of(found, quote)
    if index is None:
        return f"<span>{escape(words)}</span>"
    return f'<a class="to" href="#cite-{turn.number}-{index}">{escape(words)}</a>'


def _sentence(phrase: str) -> str:
    """A phrase as a sentence."""
    return f"{phrase[:1].upper()}{phrase[1:]}{'' if phrase.endswith(('.', '?', '!')) else '.'}"
