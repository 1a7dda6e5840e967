"""The chat models of an application, each built when it is first asked for, and once."""

from __future__ import annotations

import threading
from contextlib import ExitStack

from rag.connections import build_chat
from rag.domain import ModelCard
from rag.policy import Gate
from rag.protocols import ChatModel
from rag.providers.reader import READER, EmbeddedReader
from rag.settings import Settings
from rag.spending import Meter, MeteredChat


class Chats:
    """Gives a chat model by the name that it is built by. Safe from many threads."""

    def __init__(
        self, settings: Settings, reader: EmbeddedReader, gate: Gate, meter: Meter
    ) -> None:
        """Take the settings, the reader, what requests ask, and what counts what they cost.

        To close `end` lets go of a model in this process.
        """
        self._settings = settings
        self._reader = reader
        self._gate = gate
        self._meter = meter
        self.end = ExitStack()
        self._built: dict[str, ChatModel] = {}
        self._lock = threading.Lock()

    def named(self, name: str) -> ChatModel:
        """The model of that name; raises as `build_chat`."""
        with self._lock:
            if name not in self._built:
                self._built[name] = self._build(name)
            return self._built[name]

    def card(self, name: str) -> ModelCard:
        """What is known by now of the model of that name; raises alike."""
        return self.named(name).card

    def _build(self, name: str) -> ChatModel:
        if name == READER:
            return self._reader
        return MeteredChat(build_chat(self._settings, name, self.end, self._gate), self._meter)
