"""What the catalogue knows of a model by any of its names, and what follows for its answers.

A name that is not in the catalogue gets careful defaults, so a model newer than it works too, and
so does a community's version of open weights.
"""

from __future__ import annotations

import re
from functools import lru_cache

from rag.catalogue import (
    CATALOGUE,
    LA_PLATEFORME,
    SMALL,
    UNKNOWN_CONTEXT_TOKENS,
    CatalogueModel,
    Tokenizer,
)
from rag.domain import ModelCard, Usage
from rag.errors import ModelNotFoundError

DEFAULT_CHAT_MODEL = SMALL
MODERATION = "mistral-moderation-latest"
MAX_ANSWER_TOKENS = 2048

_BY_NAME = {name: model for model in CATALOGUE for name in (model.name, *model.aliases)}
_BY_WEIGHTS = {name.lower(): model for model in CATALOGUE for name in model.weights}
# The same, without who gave them out, the longest first: fine-tunes and quantised versions keep it.
_BY_SHORT_NAME = dict(
    sorted(
        ((name.rpartition("/")[2], model) for name, model in _BY_WEIGHTS.items()),
        key=lambda pair: -len(pair[0]),
    )
)
# What names show of weights that the catalogue does not list, the first that is found.
_SHOWN: tuple[tuple[re.Pattern[str], Tokenizer], ...] = (
    (
        re.compile(r"mistral[-_]?nemo|ministral|magistral|devstral|pixtral[-_]?12b"),
        Tokenizer.TEKKEN,
    ),
    (re.compile(r"mistral[-_]?small.*24b|mistral[-_]?small[-_]?3"), Tokenizer.TEKKEN),
    (re.compile(r"8x22b|mathstral|codestral[-_:]?22b|mistral[-_:]?7b.*v0?\.3"), Tokenizer.V3),
    (re.compile(r"mixtral|8x7b|mistral[-_:]?7b"), Tokenizer.V1),
)
_DOES_OTHERWISE = {
    "embedding": "makes vectors of texts",
    "ocr": "reads pictures of pages",
    "moderation": "judges texts",
}


def find_model(name: str) -> CatalogueModel:
    """What is known of a chat model of La Plateforme; careful defaults for an unknown name.

    A name counts in any case.

    Raises:
        ModelNotFoundError: La Plateforme has retired it, or never served it; the message names
            what to use instead. Or it is no chat model.
    """
    model = _BY_NAME.get(name.lower()) or CatalogueModel(
        name, context_tokens=UNKNOWN_CONTEXT_TOKENS
    )
    if model.retired or not model.served:
        longer = "no longer serves" if model.served else "does not serve"
        own = f", or run {model.weights[0]} on a server of your own" if model.weights else ""
        raise ModelNotFoundError(
            f"La Plateforme {longer} {name}. Use {model.successor} instead{own}."
        )
    if model.kind != "chat":
        raise ModelNotFoundError(
            f"{name} {_DOES_OTHERWISE[model.kind]}, and answers no questions. "
            f"Use {DEFAULT_CHAT_MODEL} instead."
        )
    return model


def is_catalogued(name: str) -> bool:
    """Whether the catalogue knows a model by this name."""
    return name.lower() in _BY_NAME


def answers_questions(name: str) -> bool:
    """Whether a model of La Plateforme is one to answer with, as far as its name tells."""
    model = _BY_NAME.get(name)
    if model is not None:
        return model.kind == "chat" and model.served and not model.retired
    return not re.search("embed|ocr|moderation", name)


def find_weights(name: str) -> CatalogueModel | None:
    """The model behind the name that a server of one's own gives it, None for an unknown one.

    Names of the hub count in any case, those of fine-tunes and quantised versions by what they
    keep of them, and names on La Plateforme where the weights are open. Retired models run here.
    """
    lowered = name.lower()
    if (exact := _BY_WEIGHTS.get(lowered)) is not None:
        return exact
    if (known := _BY_NAME.get(lowered)) is not None and known.weights:
        return known
    return next((model for short, model in _BY_SHORT_NAME.items() if short in lowered), None)


@lru_cache(maxsize=256)
def tokenizer_of(name: str, place: str) -> Tokenizer:
    """How the model of that name splits text, as far as its name shows.

    La Plateforme's newer models, which the catalogue lacks, read Tekken as all of today's do.
    """
    if place == LA_PLATEFORME:
        model = _BY_NAME.get(name.lower())
        return model.tokenizer if model else Tokenizer.TEKKEN
    lowered = name.lower()
    model = find_weights(name) or _BY_NAME.get(lowered)
    if model is not None:
        return model.tokenizer
    shown = (tokenizer for pattern, tokenizer in _SHOWN if pattern.search(lowered))
    return next(shown, Tokenizer.UNKNOWN)


def la_plateforme_card(name: str) -> ModelCard:
    """A model of La Plateforme as a user meets it.

    Raises:
        ModelNotFoundError: as `find_model` does.
    """
    model = find_model(name)
    return ModelCard(
        name=name,
        place=LA_PLATEFORME,
        context_tokens=model.context_tokens or UNKNOWN_CONTEXT_TOKENS,
        tools=model.tools,
        input_price=model.input_price,
        output_price=model.output_price,
    )


def moderation_card() -> ModelCard:
    """The model of La Plateforme that judges what is asked and answered."""
    model = _BY_NAME[MODERATION]
    context = model.context_tokens or UNKNOWN_CONTEXT_TOKENS
    price = model.input_price
    return ModelCard(MODERATION, LA_PLATEFORME, context, False, False, price, 0.0)


def answer_cost(card: ModelCard, usage: Usage) -> float | None:
    """What a turn cost in dollars; None where the model has no known price."""
    if card.input_price is None or card.output_price is None:
        return None
    millionths = usage.input_tokens * card.input_price + usage.output_tokens * card.output_price
    return millionths / 1_000_000


def added(before: Usage | None, usage: Usage | None) -> Usage | None:
    """The tokens of two lots of requests together; None where neither says."""
    if before is None or usage is None:
        return before or usage
    return Usage(
        before.input_tokens + usage.input_tokens, before.output_tokens + usage.output_tokens
    )


def whole_cost(card: ModelCard, usage: Usage | None, besides: float) -> float | None:
    """What an answer cost in dollars with what was billed `besides` the model that answered.

    None where nothing was billed, or where La Plateforme's price is not known.
    """
    cost = None if usage is None else answer_cost(card, usage)
    if cost is None and (not besides or (usage is not None and card.place == LA_PLATEFORME)):
        return None
    return (cost or 0.0) + besides


def answer_tokens(card: ModelCard) -> int:
    """The longest answer asked of a model, to be left free in its context by every prompt."""
    return min(MAX_ANSWER_TOKENS, card.context_tokens // 4)


def embedding_cost(model: str, tokens: int) -> float:
    """What embedding so many tokens costs on La Plateforme, in dollars; 0 for any other model."""
    known = _BY_NAME.get(model)
    price = known.input_price if known and known.kind == "embedding" else None
    return (price or 0.0) * tokens / 1_000_000


def offered_models() -> list[str]:
    """The models of La Plateforme that a user chooses from: those of today that answer."""
    return [
        model.name
        for model in CATALOGUE
        if model.kind == "chat" and model.input_price is not None and not model.successor
    ]
