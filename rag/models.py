"""The catalogue of Mistral's models on La Plateforme: what they read, cost, and what replaced them.

Figures from Mistral's model cards and lifecycle page, August 2026. A name that is not here gets
careful defaults, so a model newer than the catalogue works too.
"""

from __future__ import annotations

from dataclasses import dataclass

from rag.domain import ModelCard, Usage
from rag.errors import ModelNotFoundError

DEFAULT_CHAT_MODEL = "mistral-small-latest"
UNKNOWN_CONTEXT_TOKENS = 32_000
MAX_ANSWER_TOKENS = 2048
EMBEDDING_PRICES = {"mistral-embed": 0.1, "codestral-embed": 0.15}  # dollars per million tokens


@dataclass(frozen=True, slots=True)
class CatalogueModel:
    """A chat model of La Plateforme; prices are dollars per million tokens, None where unknown.

    `successor` is the model to use instead, where there is one; a `retired` model answers no more.
    """

    name: str
    context_tokens: int = UNKNOWN_CONTEXT_TOKENS
    input_price: float | None = None
    output_price: float | None = None
    tools: bool = False
    successor: str | None = None
    retired: bool = False


def _served(
    names: tuple[str, ...], context_tokens: int, prices: tuple[float, float]
) -> list[CatalogueModel]:
    return [CatalogueModel(name, context_tokens, *prices, tools=True) for name in names]


def _replaced(names: tuple[str, ...], successor: str, *, retired: bool) -> list[CatalogueModel]:
    return [CatalogueModel(name, successor=successor, retired=retired) for name in names]


_SMALL, _MEDIUM, _LARGE = "mistral-small-latest", "mistral-medium-latest", "mistral-large-latest"
_CODE = "codestral-latest"

CATALOGUE: tuple[CatalogueModel, ...] = (
    *_served((_SMALL, "mistral-small-2603"), 256_000, (0.15, 0.6)),
    *_served((_MEDIUM, "mistral-medium-3-5"), 256_000, (1.5, 7.5)),
    *_served((_LARGE, "mistral-large-2512"), 256_000, (0.5, 1.5)),
    *_served(("ministral-3b-latest", "ministral-3b-2512"), 256_000, (0.1, 0.1)),
    *_served(("ministral-8b-latest", "ministral-8b-2512"), 256_000, (0.15, 0.15)),
    *_served(("ministral-14b-latest", "ministral-14b-2512"), 256_000, (0.2, 0.2)),
    *_served((_CODE, "codestral-2508"), 128_000, (0.3, 0.9)),
    *_replaced(("mistral-small-2506", "open-mistral-nemo"), _SMALL, retired=False),
    *_replaced(("mistral-medium-2505", "mistral-medium-2508"), _MEDIUM, retired=False),
    *_replaced(("mistral-large-2411",), _LARGE, retired=False),
    *_replaced(
        (
            "open-mistral-7b",
            "open-mixtral-8x7b",
            "open-mixtral-8x22b",
            "mistral-tiny-2312",
            "mistral-small-2402",
            "mistral-small-2409",
            "mistral-small-2501",
            "mistral-small-2503",
            "mistral-saba-2502",
            "open-codestral-mamba",
        ),
        _SMALL,
        retired=True,
    ),
    *_replaced(("mistral-medium-2312",), _MEDIUM, retired=True),
    *_replaced(("mistral-large-2402", "mistral-large-2407"), _LARGE, retired=True),
    *_replaced(("codestral-2405", "codestral-2501", "codestral-mamba-2407"), _CODE, retired=True),
)

_BY_NAME = {model.name: model for model in CATALOGUE}


def find_model(name: str) -> CatalogueModel:
    """What is known of a model of La Plateforme; careful defaults for a name not in the catalogue.

    Raises:
        ModelNotFoundError: La Plateforme has retired it; the message names its successor.
    """
    model = _BY_NAME.get(name, CatalogueModel(name))
    if model.retired:
        raise ModelNotFoundError(
            f"La Plateforme no longer serves {name}. Use {model.successor} instead, "
            "or a server of your own for open weights."
        )
    return model


def answer_cost(card: ModelCard, usage: Usage) -> float | None:
    """What a turn cost in dollars; None where the model has no known price."""
    if card.input_price is None or card.output_price is None:
        return None
    millionths = usage.input_tokens * card.input_price + usage.output_tokens * card.output_price
    return millionths / 1_000_000


def answer_tokens(card: ModelCard) -> int:
    """The longest answer asked of a model, to be left free in its context by every prompt."""
    return min(MAX_ANSWER_TOKENS, card.context_tokens // 4)


def embedding_cost(model: str, tokens: int) -> float:
    """What embedding so many tokens costs on La Plateforme, in dollars; 0 for any other model."""
    return EMBEDDING_PRICES.get(model, 0.0) * tokens / 1_000_000


def offered_models() -> list[str]:
    """The models of La Plateforme that a user chooses from."""
    return [_SMALL, _MEDIUM, _LARGE]
