"""The models of the configured server, as it listed them last."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field

from rag.connections import is_url, served_contexts
from rag.models import offered_models
from rag.settings import Settings

BELIEVED_SECONDS = 20.0
AT_SERVER = "server "  # before the name of a server's model that La Plateforme has too


@dataclass(frozen=True, slots=True)
class Served:
    """The models that a server listed last, each with its context, None where that is not said.

    Where it is not `reachable`, it did not answer since, or never.
    """

    contexts: Mapping[str, int | None] = field(default_factory=dict)
    reachable: bool = False


class ServedModels:
    """Asks the configured server what it serves, once in a while. Safe from many threads."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._last = Served()
        self._until = 0.0

    def now(self) -> Served:
        """What it lists; nothing where no server is configured."""
        if is_url(self._settings.chat) and time.monotonic() >= self._until:
            contexts = served_contexts(self._settings)
            self._last = Served(contexts or self._last.contexts, bool(contexts))
            self._until = time.monotonic() + BELIEVED_SECONDS
        return self._last

    def names(self, served: Served) -> list[str]:
        """The models that it listed then, the configured one first.

        One that La Plateforme has too, and is asked with a key, is `AT_SERVER` and its name.
        """
        contexts = served.contexts
        configured = self._settings.chat_model
        names = [configured] if configured is not None and contexts else []
        twins = offered_models() if self._settings.mistral_api_key is not None else []
        return [
            AT_SERVER + name if name in twins else name
            for name in dict.fromkeys([*names, *contexts])
        ]
