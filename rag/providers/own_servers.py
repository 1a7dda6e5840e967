"""A server of one's own as it was found: its software, the model, how much that reads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rag.errors import ModelNotFoundError
from rag.providers.faults import Endpoint
from rag.providers.products import DEFAULT_CONTEXT_TOKENS, OTHER, Product, ServedModel, recognised
from rag.providers.token_counts import Ask

NAMES_SHOWN = 10


@dataclass(frozen=True, slots=True)
class OwnServer:
    """What a server told of itself; `told_context_tokens` is None where it did not say.

    One that did not answer was not `seen`.
    """

    model: str
    told_context_tokens: int | None
    product: Product = OTHER
    seen: bool = True

    @property
    def context_tokens(self) -> int:
        """What its model reads, as far as it is known."""
        return self.told_context_tokens or self.product.default_context_tokens

    def warning(self, set_context_tokens: int | None) -> str:
        """What to change about the context; the setting is None where there is none."""
        product, told = self.product, self.told_context_tokens
        if set_context_tokens is not None:
            if told is None or told >= set_context_tokens:
                return ""
            return (
                f"Its server says that it reads only {told:,}. "
                f"Set TRAMONTANE_CHAT_CONTEXT_TOKENS to {told}, or unset it."
            )
        larger = product.larger_context or "start it with a larger context"
        if told is None and product is not OTHER:
            return (
                f"{product.name} did not say how much it reads, so {self.context_tokens:,} tokens "
                f"are assumed. For more, {larger}, and set TRAMONTANE_CHAT_CONTEXT_TOKENS to as "
                "much."
            )
        if self.context_tokens <= DEFAULT_CONTEXT_TOKENS and product is not OTHER:
            return f"That is little for passages and a conversation: {larger}."
        return ""


def found_server(
    listed: Sequence[ServedModel], wanted: str | None, endpoint: Endpoint, ask: Ask
) -> OwnServer:
    """What a server is that lists these models, and the model of that name, or its first.

    Raises:
        ModelNotFoundError: it serves none, or others than the one named, which it would not say.
    """
    product = recognised([model.owner for model in listed], ask)
    model = _first(listed, endpoint) if wanted is None else _named(listed, wanted)
    if wanted is not None and model is None and listed and not product.names:
        names = ", ".join(known.name for known in listed[:NAMES_SHOWN])
        raise ModelNotFoundError(
            f"{endpoint.subject} does not serve {wanted}. It serves: {names}. "
            "Set TRAMONTANE_CHAT_MODEL to one of them, or unset it."
        )
    name = wanted or (model.name if model else "")
    told = product.context(ask, name) if product.context else None
    return OwnServer(name, told or (model.context_tokens if model else None), product)


def _first(served: Sequence[ServedModel], endpoint: Endpoint) -> ServedModel:
    if not served:
        raise ModelNotFoundError(
            f"{endpoint.subject} serves no model yet. Load one there, or name one in "
            "TRAMONTANE_CHAT_MODEL."
        )
    return served[0]


def _named(served: Sequence[ServedModel], wanted: str) -> ServedModel | None:
    names = {wanted, f"{wanted}:latest"}  # Ollama's way to name a model
    return next((known for known in served if names & {known.name, *known.aliases}), None)
