"""An engine on a script, in the events that vLLM's own chat completions consist of."""

from __future__ import annotations

import threading
from collections.abc import Generator, Sequence
from typing import Any

from rag.catalogue import Tokenizer
from rag.providers.engines import Event
from rag.token_families import count_for

CONTEXT_TOKENS = 8192
USAGE = {"prompt_tokens": 9, "completion_tokens": 4, "total_tokens": 13}


def piece(text: str = "", finish: str | None = None, calls: Sequence[Event] = ()) -> Event:
    """One event of a stream."""
    delta: dict[str, Any] = {"content": text} | ({"tool_calls": list(calls)} if calls else {})
    return {"choices": [{"index": 0, "delta": delta, "finish_reason": finish}]}


def spoken(*texts: str, finish: str = "stop") -> list[Event | Exception]:
    """A whole reply: its pieces, how it ended, and what it took."""
    said: list[Event | Exception] = [piece(text) for text in texts]
    return [*said, piece(finish=finish), {"choices": [], "usage": USAGE}]


class ScriptedEngine:
    """Replays replies, an exception among their events raised, and keeps what it was asked."""

    def __init__(self, *replies: Sequence[Event | Exception]) -> None:
        self.replies = list(replies)
        self.faults: list[Exception] = []
        self.bodies: list[Event] = []
        self.loads = 0
        self.closes = 0
        self.closed_streams = 0
        self.gate = threading.Event()
        self.gate.set()

    def load(self) -> int:
        self.loads += 1
        assert self.gate.wait(10)
        if self.faults:
            raise self.faults.pop(0)
        return CONTEXT_TOKENS

    def stream(self, body: Event, silence_seconds: float) -> Generator[Event, None, None]:
        self.bodies.append(body)
        return self._replay(self.replies.pop(0))

    def _replay(self, reply: Sequence[Event | Exception]) -> Generator[Event, None, None]:
        try:
            for event in reply:
                if isinstance(event, Exception):
                    raise event
                yield event
        finally:
            self.closed_streams += 1

    def count_tokens(self, text: str) -> int:
        return count_for(Tokenizer.TEKKEN, [text])

    def close(self) -> None:
        self.closes += 1
