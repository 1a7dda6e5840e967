"""Which model embeds a library: to be seen, to be chosen at a price, and how far a change is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from urllib.parse import urlsplit

from rag.domain import Library
from rag.embedding_choice import EmbeddingOffer
from rag.embedding_connections import MINILM, MISTRAL_EMBED
from rag.intake import Estimate, Stage
from rag.settings import is_url
from rag.store.reembeddings import Reembedding
from ui import icons
from ui.progress import cost, counted, details, render_bar

MEANING = "What finds passages by their meaning"
UNTIL = "Until then {} goes on answering."
STAYS_ONLY = "It never leaves this machine, so models elsewhere are not offered."
KEPT = "What was embedded is kept."


@dataclass(frozen=True, slots=True)
class Question:
    """What a person is asked before a library is embedded with a model: `offered` is its offer."""

    offered: str
    model: str
    price: Estimate


def model_words(model: str) -> str:
    """What a model is called; of a server that is not asked yet, where it is."""
    return f"the model of {urlsplit(model).netloc.rpartition('@')[2]}" if is_url(model) else model


def offer_words(offer: EmbeddingOffer) -> str:
    """What a model is called, and where it is."""
    name = model_words(offer.model)
    if offer.model == MINILM:
        return f"{name}, built in"
    if offer.model == MISTRAL_EMBED:
        return f"{name}, La Plateforme"
    if is_url(offer.model):
        return name
    return f"{name}, {urlsplit(offer.address).netloc.rpartition('@')[2]}"


def render_choice_of_new(offers: Sequence[EmbeddingOffer], usual: str) -> str:
    """The choice for a library that is to be made; nothing where there is none."""
    if len(offers) < 2:
        return ""
    options = "".join(
        f'<option value="{"" if offer.model == usual else escape(offer.model)}"'
        f"{' selected' * (offer.model == usual)}>{escape(offer_words(offer))}</option>"
        for offer in offers
    )
    return f'<select name="embedding" aria-label="{MEANING}">{options}</select>'


def render_embedding(
    library: Library,
    offers: Sequence[EmbeddingOffer],
    anew: Reembedding | None = None,
    question: Question | None = None,
) -> str:
    """Which model embeds the library in use, and what can be done about it."""
    if question is not None:
        return _render_question(library, question)
    others = [offer for offer in offers if offer.model != library.embedding_model]
    is_changing = anew is not None and anew.stage is Stage.EMBEDDING
    name = escape(library.embedding_model)
    if not others or is_changing:
        stays = f"<small>{STAYS_ONLY}</small>" if library.stays_here and not is_changing else ""
        return f'<p class="meaning" title="{MEANING}">Meaning by <b>{name}</b>{stays}</p>'
    options = "".join(
        f'<option value="{escape(offer.model)}">{escape(offer_words(offer))}</option>'
        for offer in others
    )
    return (
        f'<form class="meaning" data-event="price" data-id="{escape(library.id)}">'
        f'<span title="{MEANING}">Meaning by <b>{name}</b></span>'
        f'<select name="model" aria-label="{MEANING}, other than {name}">{options}</select>'
        '<button type="submit" class="act" title="Says what it takes first">Change</button></form>'
    )


def _render_question(library: Library, question: Question) -> str:
    model, key = escape(question.model), escape(library.id)
    price = question.price
    facts = f"{counted(price.pages, 'page')}, {details(price)}"
    paid = "free" if price.dollars == 0 else cost(price)
    return (
        f'<div class="work ask meaning" role="group" aria-label="Change the embedding model">'
        f"<p><span>Embed with {model}: {escape(paid)}</span></p>"
        f'<p class="why">{escape(facts)}. {escape(UNTIL.format(library.embedding_model))}</p>'
        f'<p class="choices"><button type="button" class="do" data-event="embed" data-id="{key}" '
        f'data-model="{escape(question.offered)}">Embed</button>'
        f'<button type="button" class="do mild" data-event="library" data-id="{key}">'
        "Leave it</button></p></div>"
    )


def render_progress(library: Library, anew: Reembedding | None) -> str:
    """How far embedding a library anew is, or how it ended; nothing where nothing is to say."""
    if anew is None:
        return ""
    share = anew.done / anew.total if anew.total else 0.0
    model, key = escape(model_words(anew.model)), escape(library.id)
    if anew.stage is Stage.EMBEDDING:
        words = (
            f"meaning with {model}: {int(100 * share)}\u00a0%"
            if anew.total
            else f"{model}: waiting"
        )
        state = "stopping" if anew.is_stopping else words
        until = escape(UNTIL.format(library.embedding_model))
        stop = _button("unembed", key, "stop", f"Cancel embedding with {model}", icons.CROSS)
        body = (
            f"<p><span>{state}</span>{'' if anew.is_stopping else stop}</p>"
            f'{render_bar(0.0, share)}<p class="why">{until}</p>'
        )
        kind = "work"
    elif anew.stage is Stage.FAILED:
        why = escape(f"{anew.outcome} {KEPT if anew.done else ''}".strip())
        go_on = _button("goon", key, "do", f"Go on with {model}", "Go on")
        leave = _button("unembed", key, "do mild", f"Leave {model}", "Leave it")
        kind = "work ask"
        body = (
            f"<p><span>meaning with {model}: stopped at {int(100 * share)}\u00a0%</span></p>"
            f'<p class="why">{why}</p><p class="choices">{go_on}{leave}</p>'
        )
    else:
        hide = _button("unembed", key, "stop", "Hide this", icons.CROSS)
        kind, body = "work", f"<p><span>Meaning is by {model} now.</span>{hide}</p>"
    return f'<div class="{kind} anew" role="status">{body}</div>'


def _button(event: str, key: str, kind: str, label: str, content: str) -> str:
    return (
        f'<button type="button" class="{kind}" data-event="{event}" data-id="{key}" '
        f'aria-label="{label}" title="{label}">{content}</button>'
    )
