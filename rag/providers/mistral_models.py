"""What La Plateforme says of its own models: the ones that the catalogue knows little of, too."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from mistralai.client import Mistral

from rag.domain import ModelCard
from rag.errors import ProviderError
from rag.models import find_model, is_catalogued
from rag.providers.faults import Endpoint
from rag.providers.mistral_client import endpoint_of, http_client, sdk, translated
from rag.providers.retries import Retries

REST_SECONDS = 60.0  # before La Plateforme is asked again when it did not answer
ASKING_SECONDS = 5.0
FEWEST_TOKENS, MOST_TOKENS = 1_000, 1_000_000  # that are believed of a context


@dataclass(frozen=True, slots=True)
class ListedModel:
    """A model as the list of models tells of it; `context_tokens` None where it does not say."""

    names: tuple[str, ...]
    context_tokens: int | None
    tools: bool


class KnownCard:
    """The card of one model: what the catalogue knows, else what La Plateforme says of it.

    Safe from many threads.
    """

    def __init__(
        self, card: ModelCard, endpoint: Endpoint, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Take what the catalogue says; nothing is asked yet."""
        self._card = card
        self._endpoint = replace(
            endpoint, timeout_seconds=min(endpoint.timeout_seconds, ASKING_SECONDS)
        )
        self._clock = clock
        self._ask_from: float | None = None
        if find_model(card.name).context_tokens is None or not is_catalogued(card.name):
            self._ask_from = clock()
        self._lock = threading.Lock()

    @property
    def card(self) -> ModelCard:
        """What is known by now."""
        return self._card

    def connect(self) -> ModelCard:
        """Ask, once, for what the catalogue lacks; careful defaults stay where nobody answers."""
        with self._lock:
            if self._ask_from is not None and self._clock() >= self._ask_from:
                self._ask()
        return self._card

    def _ask(self) -> None:
        try:
            found = listed_models(self._endpoint)
        except ProviderError:
            self._ask_from = self._clock() + REST_SECONDS
            return
        self._ask_from = None
        for model in found:
            if self._card.name in model.names:
                self._card = replace(
                    self._card,
                    context_tokens=_believed(model.context_tokens, self._card.context_tokens),
                    tools=self._card.tools or model.tools,
                )
                return


def listed_models(endpoint: Endpoint) -> list[ListedModel]:
    """The models that La Plateforme serves for this key, asked once.

    Raises:
        ProviderError: La Plateforme cannot be reached, or does not accept the key.
    """
    with http_client(endpoint) as http:
        client = sdk(endpoint, http)
        return Retries(max_attempts=1).call(lambda: _listed(client, endpoint))


def probe_mistral(api_key: str, *, url: str, timeout_seconds: float) -> dict[str, int | None]:
    """The models that La Plateforme serves for this key, asked once.

    Each with how many tokens it reads, None where the list does not say.

    Raises:
        ProviderError: La Plateforme cannot be reached, or does not accept the key.
    """
    endpoint = endpoint_of(api_key, "the list of models", "TRAMONTANE_CHAT", url, timeout_seconds)
    return {model.names[0]: model.context_tokens for model in listed_models(endpoint)}


def _listed(client: Mistral, endpoint: Endpoint) -> list[ListedModel]:
    with translated(endpoint):
        served = client.models.list().data or []
    found: list[ListedModel] = []
    for card in served:
        if card.type == "UNKNOWN" or not card.id:
            continue
        is_told = "max_context_length" in card.model_fields_set  # the SDK has a default
        found.append(
            ListedModel(
                names=(card.id, *(card.aliases or ())),
                context_tokens=card.max_context_length if is_told else None,
                tools=card.capabilities.function_calling is True,
            )
        )
    return found


def _believed(told: int | None, default: int) -> int:
    return default if told is None or told < FEWEST_TOKENS else min(told, MOST_TOKENS)
