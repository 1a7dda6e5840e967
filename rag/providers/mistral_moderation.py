"""The moderation of La Plateforme: https://docs.mistral.ai/capabilities/guardrailing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import cast

from mistralai.client import models

from rag.domain import Message, ModelCard, Usage
from rag.errors import ModelNotFoundError
from rag.folding import encodable
from rag.models import MODERATION, moderation_card
from rag.policy import Gate, open_gate
from rag.prompts import token_cost
from rag.protocols import Bill
from rag.providers import faults
from rag.providers.breaker import Breaker
from rag.providers.mistral_client import connected, endpoint_of, translated
from rag.providers.retries import Retries
from rag.stopping import rest

NOT_SERVED = (
    f"La Plateforme does not serve {MODERATION} for this key. "
    "Use another key, or set TRAMONTANE_MODERATION to off."
)


class MistralModerator:
    """Mistral's moderation model, a conversation at a time."""

    def __init__(
        self,
        api_key: str,
        *,
        url: str,
        timeout_seconds: float,
        gate: Gate = open_gate,
        sleep: Callable[[float], None] = rest,
    ) -> None:
        """Check key and address; no request is made before the first question.

        Raises:
            AuthenticationError: the key cannot be one.
            SettingsError: the address is none.
        """
        self._card = moderation_card()
        setting = "TRAMONTANE_MODERATION"
        self._endpoint = endpoint_of(api_key, self._card.name, setting, url, timeout_seconds, gate)
        self._client = connected(self._endpoint, self)
        self._retries = Retries(sleep=sleep, breaker=Breaker(self._endpoint.subject))

    @property
    def card(self) -> ModelCard:
        """What the catalogue knows of the model."""
        return self._card

    def count(self, messages: Sequence[Message]) -> Usage:
        """The tokens of a request, an upper bound: the reply does not say what was billed."""
        return Usage(token_cost([each.content for each in messages], self._card), 0)

    def judge(
        self, messages: Sequence[Message], principal: str = "local"
    ) -> tuple[tuple[str, ...], Bill]:
        """The categories in which the last message goes too far by Mistral's own thresholds.

        Raises:
            ProviderError: La Plateforme cannot be used, or does not say.
        """
        try:
            found = self._retries.call(lambda: self._request(messages))
        except ModelNotFoundError as error:
            raise ModelNotFoundError(NOT_SERVED) from error
        return found, (self._card, self.count(messages))

    def _request(self, messages: Sequence[Message]) -> tuple[str, ...]:
        told = [{"role": each.role, "content": encodable(each.content)} for each in messages]
        with translated(self._endpoint):
            reply = self._client.classifiers.moderate_chat(
                model=self._card.name,
                inputs=cast("models.ChatModerationRequestInputs3TypedDict", told),
            )
        if len(reply.results) != 1 or not reply.results[0].categories:
            raise faults.nonsense(self._endpoint)
        return tuple(name for name, is_over in reply.results[0].categories.items() if is_over)
