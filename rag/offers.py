"""What there is to know of each model before it is chosen, in one place for page and programs."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum

from rag.catalogue import CATALOGUE, LA_PLATEFORME, CatalogueModel
from rag.domain import ModelCard
from rag.errors import ModelNotFoundError
from rag.models import find_model, find_weights
from rag.providers.abilities import abilities_of

# Endings of names that no address on the internet has (RFC 6761, 6762, 8375; ICANN 2024).
_PRIVATE_ENDINGS = (".local", ".localhost", ".internal", ".lan", ".home.arpa", ".test")


class ToolUse(StrEnum):
    """How a model is given tools."""

    NATIVE = "native"
    IN_WORDS = "in words"
    NONE = "none"


class CitationUse(StrEnum):
    """How a model says which source a sentence is from."""

    NATIVE = "native"
    MARKERS = "markers"
    QUOTES = "quotes"


@dataclass(frozen=True, slots=True)
class Offer:
    """A model that can be chosen by its `id`: its name, with its place where two share the name.

    `context_tokens` is None where any length is read, and a guess where the context is `assumed`,
    since nobody says. Not `reachable` is one whose server does not answer now. `is_free` is what
    nobody bills; what is neither free nor has prices on its card costs nobody knows what. The
    `licence` and `weights` are those of open weights, and `successor` is the model to use instead
    of a deprecated one.
    """

    id: str
    card: ModelCard
    context_tokens: int | None
    assumed: bool = False
    reachable: bool = True
    tools: ToolUse = ToolUse.NONE
    citations: CitationUse = CitationUse.MARKERS
    is_free: bool = False
    licence: str | None = None
    weights: str | None = None
    parameters: float | None = None
    active: float | None = None
    successor: str | None = None


def offer_of(
    card: ModelCard,
    *,
    listed_tokens: int | None = None,
    tokens_set: bool = False,
    native_citations: bool = False,
    reachable: bool = True,
) -> Offer:
    """What is known of a model.

    Args:
        card: as its provider gives it, now.
        listed_tokens: the context that its server lists for it, None where it says nothing.
        tokens_set: whether a setting says what it reads.
        native_citations: whether La Plateforme's models are asked to mark what they cite.
        reachable: whether its server answers now.
    """
    if not card.instructable:
        return Offer(card.name, card, None, citations=CitationUse.QUOTES, is_free=True)
    on_la_plateforme = card.place == LA_PLATEFORME
    known = _known(card.name) if on_la_plateforme else find_weights(card.name)
    has_context = known is not None and known.context_tokens is not None
    told = has_context if on_la_plateforme else tokens_set or listed_tokens is not None
    natively = on_la_plateforme and native_citations and known is not None and known.citations
    return Offer(
        card.name,
        card,
        card.context_tokens if tokens_set or listed_tokens is None else listed_tokens,
        assumed=not told,
        reachable=reachable,
        tools=_tools(card),
        citations=CitationUse.NATIVE if natively else CitationUse.MARKERS,
        is_free=not on_la_plateforme and card.input_price is None and is_private(card.place),
        licence=known.licence if known and known.weights else None,
        weights=known.weights[0] if known and known.weights else None,
        parameters=known.parameters if known else None,
        active=known.active if known else None,
        successor=known.successor if on_la_plateforme and known else None,
    )


def without_twins(offers: Iterable[Offer]) -> list[Offer]:
    """The offers with ids that differ, and each model in each place once."""
    found: dict[tuple[str, str], Offer] = {}
    taken: set[str] = set()
    for offer in offers:
        name, place = key = offer.card.name, offer.card.place
        if key not in found:
            found[key] = offer if name not in taken else replace(offer, id=f"{name} ({place})")
            taken.add(name)
    return list(found.values())


def is_private(place: str) -> bool:
    """Whether a place is no address on the internet, whose server might bill what it does."""
    host = place.partition("/")[0].rpartition("@")[2]
    if host.startswith("["):
        host = host[1:].partition("]")[0]
    elif host.count(":") == 1:
        host = host.partition(":")[0]
    try:
        return not ipaddress.ip_address(host).is_global
    except ValueError:
        return "." not in host or host.lower().endswith(_PRIVATE_ENDINGS)


def _known(name: str) -> CatalogueModel | None:
    try:
        model = find_model(name)
    except ModelNotFoundError:  # a card was made of it all the same: of nothing that is known
        return None
    return model if model in CATALOGUE else None


def _tools(card: ModelCard) -> ToolUse:
    if not card.tools:
        return ToolUse.NONE
    if card.place == LA_PLATEFORME or abilities_of(card.name).tools:
        return ToolUse.NATIVE
    return ToolUse.IN_WORDS
