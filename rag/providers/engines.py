"""Engines of models in this process: each is loaded once, at first need, whoever shares it.

An engine speaks the format of OpenAI's servers without a server: a request goes in as its body,
and the events of the stream come out.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Generator, Mapping
from contextlib import closing
from dataclasses import dataclass
from typing import Any, Protocol

from rag.errors import ProviderError, UnavailableError

FAULT_LASTS_SECONDS = 30.0  # so long one that could not be loaded is not tried again

Event = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class EngineSpec:
    """What to load: a folder or a name on the hub, over how many GPUs, to read how much.

    `options` are further ones, in the engine's own words.
    """

    model: str
    tensor_parallel: int = 1
    context_tokens: int | None = None
    options: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Hardware:
    """What an engine runs on: `kind` in its own word, such as `cuda` or `cpu`."""

    kind: str
    name: str
    count: int
    version: str  # of the engine's program


class RefusedError(Exception):
    """An engine does not take a request; `status` is what its server would answer."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class EngineEndedError(Exception):
    """An engine ended by itself; `reason` are its own last words, if there are any."""

    def __init__(self, reason: str = "") -> None:
        super().__init__(reason or "it ended by itself")
        self.reason = reason


class Engine(Protocol):
    """A model that runs in this process."""

    def load(self) -> int:
        """Take the weights into memory; how many tokens the model reads.

        Raises:
            RagError: it cannot be loaded; the message says why and what to do.
        """

    def stream(self, body: Event, silence_seconds: float) -> Generator[Event, None, None]:
        """The events of a chat completion; closing the generator aborts the request.

        Raises:
            RefusedError: the request is not taken.
            EngineEndedError: the engine is gone.
            CalledOffError, TimeoutError: as `EventLoop.items` raises them.
        """

    def count_tokens(self, text: str) -> int:
        """The tokens of a text, in the model's own tokenizer, without special ones."""

    def close(self) -> None:
        """Let go of the weights; it may be loaded again."""


class SharedEngine:
    """An engine behind a lock: many threads wait for one loading, and then ask side by side."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._lock = threading.Lock()
        self._context_tokens: int | None = None
        self._fault: ProviderError | None = None
        self._fault_until = 0.0
        self._loads = 0
        self.users = 0

    @property
    def is_loaded(self) -> bool:
        """Whether it answers without being loaded first."""
        return self._context_tokens is not None

    @property
    def context_tokens(self) -> int | None:
        """How many tokens its model reads, None where it is not loaded."""
        return self._context_tokens

    def load(self) -> int:
        """Load it unless it is; how many tokens its model reads.

        Raises:
            ProviderError: it cannot be loaded, or could not a moment ago.
        """
        with self._lock:
            if self._context_tokens is not None:
                return self._context_tokens
            if self._fault is not None and time.monotonic() < self._fault_until:
                raise type(self._fault)(str(self._fault)) from self._fault
            try:
                self._context_tokens = self._engine.load()
            except ProviderError as fault:
                self._fault, self._fault_until = fault, time.monotonic() + FAULT_LASTS_SECONDS
                raise
            self._loads += 1
            return self._context_tokens

    def stream(self, body: Event, silence_seconds: float) -> Generator[Event, None, None]:
        """As `Engine.stream`; one that ended by itself is loaded again at the next need.

        Raises:
            UnavailableError: it ended by itself.
        """
        loads = self._loads
        try:
            with closing(self._engine.stream(body, silence_seconds)) as events:
                yield from events
        except EngineEndedError as error:
            self._drop(loads)
            words = f" It says: {error.reason}" if error.reason else ""
            raise UnavailableError(
                f"The engine of {body['model']} ended by itself.{words} Ask again: it is loaded "
                "anew."
            ) from error

    def count_tokens(self, text: str) -> int:
        """The tokens of a text, in its model's own tokenizer."""
        return self._engine.count_tokens(text)

    def close(self) -> None:
        """Let go of the weights."""
        self._drop(self._loads)

    def _drop(self, loads: int) -> None:
        """Let go of what the so manieth loading brought; of a later one, nothing."""
        with self._lock:
            if self._context_tokens is not None and loads == self._loads:
                self._context_tokens = None
                self._engine.close()


class Engines:
    """The engines of this process by what they load."""

    def __init__(self) -> None:
        self._engines: dict[EngineSpec, SharedEngine] = {}
        self._lock = threading.Lock()

    def use(self, spec: EngineSpec, build: Callable[[EngineSpec], Engine]) -> SharedEngine:
        """The one engine of that kind, which is not loaded by this; `leave` it at the end."""
        with self._lock:
            engine = self._engines.setdefault(spec, SharedEngine(build(spec)))
            engine.users += 1
            return engine

    def leave(self, spec: EngineSpec) -> None:
        """Need it no more: it ends with the last who does."""
        with self._lock:
            engine = self._engines[spec]
            engine.users -= 1
            if engine.users:
                return
            del self._engines[spec]
        engine.close()

    def loaded(self, spec: EngineSpec) -> SharedEngine | None:
        """The engine of that kind, where it is loaded."""
        with self._lock:
            engine = self._engines.get(spec)
        return engine if engine is not None and engine.is_loaded else None


ENGINES = Engines()
