"""What is known of a model, in the words of the page and of the command line."""

from __future__ import annotations

from rag.batch import Row
from rag.offers import CitationUse, Offer, ToolUse

AWAY = "not reachable now"
TOOLS = {
    ToolUse.NATIVE: "native, by function calling",
    ToolUse.IN_WORDS: "in words: told of them in its prompt",
    ToolUse.NONE: "none",
}
CITATIONS = {
    CitationUse.NATIVE: "native",
    CitationUse.MARKERS: "by markers in its text",
    CitationUse.QUOTES: "quotes only",
}


def context_in_words(offer: Offer) -> str:
    """How much a model reads: “131k tokens”."""
    tokens = offer.context_tokens
    if tokens is None:
        return "any length"
    if tokens < 1000:
        return f"{tokens} tokens"
    thousands = round(tokens / 1000)
    return f"{thousands}k tokens" if thousands < 1000 else f"{tokens / 1_000_000:.3g}M tokens"


def price_in_words(offer: Offer) -> str:
    """What a model costs, in a few words: “$0.15 in, $0.60 out”."""
    card = offer.card
    if card.input_price is not None and card.output_price is not None:
        return f"{_dollars(card.input_price)} in, {_dollars(card.output_price)} out"
    return "free" if offer.is_free else "price not known"


def told_in_short(offer: Offer) -> list[str]:
    """What tells models apart when one is chosen, in order of weight."""
    parts = [offer.card.place, context_in_words(offer), price_in_words(offer)]
    if not offer.reachable:
        parts.insert(0, AWAY)
    if offer.successor is not None:
        parts.insert(0, f"deprecated: use {offer.successor}")
    return parts


def told_in_full(offer: Offer) -> dict[str, str]:
    """All that is known of a model, each under what it is."""
    card, told = offer.card, {"Runs at": offer.card.place}
    if not offer.reachable:
        told["Now"] = f"{AWAY}: its server does not answer"
    if offer.successor is not None:
        told["Deprecated"] = f"use {offer.successor}"
    told["Reads"] = context_in_words(offer) + ", as far as is known" * offer.assumed
    has_price = card.input_price is not None and card.output_price is not None
    told["Price"] = price_in_words(offer) + " per million tokens" * has_price
    told["Tools"] = TOOLS[offer.tools]
    told["Citations"] = CITATIONS[offer.citations]
    if offer.parameters is not None:
        active = "" if offer.active is None else f", {offer.active:g} billion for each token"
        told["Parameters"] = f"{offer.parameters:g} billion{active}"
    if offer.weights is not None:
        licence = offer.licence or "licence not known"
        told["Open weights"] = f"{offer.weights} ({licence})"
    return told


def offer_row(offer: Offer, *, is_default: bool) -> Row:
    """A model as one line of JSON; prices are dollars for a million tokens."""
    card = offer.card
    return {
        "id": offer.id,
        "model": card.name,
        "place": card.place,
        "default": is_default,
        "reachable": offer.reachable,
        "context_tokens": offer.context_tokens,
        "context_assumed": offer.assumed,
        "free": offer.is_free,
        "input_price": card.input_price,
        "output_price": card.output_price,
        "tools": offer.tools,
        "citations": offer.citations,
        "parameters_billions": offer.parameters,
        "active_billions": offer.active,
        "weights": offer.weights,
        "licence": offer.licence,
        "successor": offer.successor,
    }


def _dollars(price: float) -> str:
    return f"${price:.2f}" if round(price, 2) == price else f"${price:g}"
