"""The models to choose from: in this process or at a server, of La Plateforme, and the reader."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from rag.connections import (
    AT_SERVER,
    default_model,
    is_in_process,
    loaded_context,
    served_contexts,
)
from rag.domain import ModelCard
from rag.models import offered_models
from rag.offers import Offer, offer_of, without_twins
from rag.policy import is_here
from rag.providers.reader import READER
from rag.settings import Settings, is_url

BELIEVED_SECONDS = 20.0


@dataclass(frozen=True, slots=True)
class _Served:
    """The models that a server listed last, each with its context, None where that is not said.

    Where it is not `reachable`, it did not answer since, or never.
    """

    contexts: Mapping[str, int | None] = field(default_factory=dict)
    reachable: bool = False


def chat_address(settings: Settings, name: str) -> str:
    """Where the requests to a chat model go, by the name it is built by; empty: nowhere."""
    if name == READER or is_in_process(name):
        return ""
    on_la_plateforme = settings.mistral_api_key is not None and name in offered_models()
    if is_url(settings.chat) and not on_la_plateforme:
        return settings.chat
    return settings.mistral_url


class Offering:
    """Knows the models to choose from. Safe from many threads."""

    def __init__(self, settings: Settings, card_of: Callable[[str], ModelCard]) -> None:
        """Take the settings, and what gives the card of a model by the name it is built by."""
        self._settings = settings
        self._card_of = card_of
        self._served = _Served()
        self._until = 0.0
        self._names: dict[str, str] = {}  # by the ids of offers

    def offers(self, *, only_here: bool = False) -> list[Offer]:
        """The models, the configured one first, the embedded reader last.

        With `only_here` those on this machine alone.

        A server of one's own stands there with the models that it listed last, which cannot be
        reached where it does not answer now. One in this process is not loaded to be offered.
        """
        settings, served = self._settings, self._served_now()
        at_server = self._names_at_server(served)
        names = list(at_server) or [default_model(settings)]
        if settings.mistral_api_key is not None:
            names += offered_models()
        found: dict[str, Offer] = {}
        for name in dict.fromkeys([*names, READER]):
            address = chat_address(settings, name)
            if only_here and address and not is_here(address):
                continue
            in_process = is_in_process(name)
            is_served = is_url(name) or name in at_server
            listed = served.contexts.get(name.removeprefix(AT_SERVER)) if is_served else None
            found[name] = offer_of(
                self._card_of(name),
                listed_tokens=loaded_context(settings) if in_process else listed,
                tokens_set=(in_process or is_served) and settings.chat_context_tokens is not None,
                native_citations=settings.native_citations,
                reachable=not is_served or served.reachable,
            )
        offers = without_twins(found.values())
        places = {(each.card.name, each.card.place): name for name, each in found.items()}
        self._names |= {each.id: places[each.card.name, each.card.place] for each in offers}
        return offers

    def name_of(self, id_: str) -> str:
        """The name that a model is built by, of the id of an offer; another id as it is."""
        if id_ not in self._names:
            self.offers()
        return self._names.get(id_, id_)

    def look_again(self) -> None:
        """Believe no longer what the configured server listed last: the next look asks it."""
        self._until = 0.0

    def _served_now(self) -> _Served:
        """What the configured server lists, looked at anew once in a while."""
        if is_url(self._settings.chat) and time.monotonic() >= self._until:
            contexts = served_contexts(self._settings)
            self._served = _Served(contexts or self._served.contexts, bool(contexts))
            self._until = time.monotonic() + BELIEVED_SECONDS
        return self._served

    def _names_at_server(self, served: _Served) -> list[str]:
        """The models that it listed, the configured one first."""
        configured = self._settings.chat_model
        names = [configured] if configured is not None and served.contexts else []
        twins = offered_models() if self._settings.mistral_api_key is not None else []
        return [
            AT_SERVER + name if name in twins else name
            for name in dict.fromkeys([*names, *served.contexts])
        ]
