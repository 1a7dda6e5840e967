"""A provider on this machine that reacts as the tiny models of the real servers do."""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

from rag.domain import Usage
from tests.loopback import Events, LoopbackServer, Reply, Status, call, chunk, vllm_error
from tests.vllm.tiny_mixtral import ANSWER, ENDLESS

TAKEN = {"prompt_tokens": 9, "completion_tokens": 10, "total_tokens": 19}
PAUSE_SECONDS = 0.0005  # between the words of an answer without end


class Reacting:
    """The script of a `LoopbackServer` that never ends: each reply is made for its request.

    It calls the tool that it is offered, holds to a schema, and knows how much it reads.
    """

    subject: ClassVar[str] = ""
    context_tokens: ClassVar[int] = 32_768
    usage: ClassVar[Usage | None] = Usage(9, 10)
    ways: ClassVar[Mapping[str, str]] = {"": "by function calling"}

    def __init__(self, server: LoopbackServer) -> None:
        """Take the server, whose last request is the one to be answered."""
        self._server = server
        self._lock = threading.Lock()
        self._at_work = 0

    def __bool__(self) -> bool:
        return True

    def popleft(self) -> Reply:
        """The reply to the last request."""
        body = self._server.requests[-1].body
        told = " ".join(str(message.get("content") or "") for message in body["messages"])
        if len(told.split()) >= self.context_tokens:
            most = f"This model's maximum context length is {self.context_tokens} tokens."
            return Status(400, vllm_error(most))
        if ENDLESS.strip() in told:
            return Events(_Endless(self, int(body.get("max_tokens") or 0)))  # type: ignore[arg-type]
        if body.get("tools") and body["messages"][-1]["role"] != "tool":
            named = body["tools"][0]["function"]["name"]
            asked = call(0, "call12345", named, json.dumps({"query": "parameters"}))
            first = chunk({"role": "assistant", "content": "", "tool_calls": [asked]})
            return Events([first, chunk({"content": ""}, "tool_calls", TAKEN)])
        text = ANSWER
        if schema := _schema_of(body):
            text = json.dumps(_least(schema))
        pieces = [chunk({"content": piece}) for piece in re.findall(r"\S+\s*|\s+", text)]
        return Events([*pieces, chunk({"content": ""}, "stop", TAKEN)])

    @property
    def is_busy(self) -> bool:
        """Whether it is at work on an answer without end."""
        return self._at_work > 0

    def is_idle_within(self, seconds: float) -> bool:
        """Whether it comes to work on nothing in so many seconds."""
        end = time.monotonic() + seconds
        while self.is_busy:
            if time.monotonic() > end:
                return False
        return True

    def begin(self, change: int) -> None:
        """Count what is under way."""
        with self._lock:
            self._at_work += change


class _Endless:
    """The events of an answer that only its limit ends."""

    def __init__(self, host: Reacting, most: int) -> None:
        self._host = host
        self._most = most

    def __iter__(self) -> Iterator[dict[str, Any]]:
        self._host.begin(1)
        try:
            for _ in range(self._most):
                time.sleep(PAUSE_SECONDS)
                yield chunk({"content": "on and "})
            taken = {"prompt_tokens": 9, "completion_tokens": self._most}
            yield chunk({"content": ""}, "length", taken | {"total_tokens": 9 + self._most})
        finally:
            self._host.begin(-1)


def _schema_of(body: Mapping[str, Any]) -> Mapping[str, Any]:
    form = body.get("response_format") or {}
    held = form.get("json_schema") or {}
    schema: Mapping[str, Any] = held.get("schema") or held.get("schema_definition") or {}
    return schema


def _least(schema: Mapping[str, Any]) -> object:
    """Something that keeps to a schema."""
    if "enum" in schema:
        return schema["enum"][0]
    if schema.get("type") == "object":
        return {name: _least(inner) for name, inner in schema.get("properties", {}).items()}
    return {"boolean": True, "integer": 1, "number": 1, "array": []}.get(schema["type"], "Paris")
