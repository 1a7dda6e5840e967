"""The chat completion format that La Plateforme and OpenAI-style servers share."""

from __future__ import annotations

import hashlib
import json
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from rag.control_words import harmless_messages
from rag.domain import Finish, Message, Prompt, ToolCall, ToolSpec, Usage

# Mistral's model cards ask for a low temperature; an answer from sources has no use for more.
TEMPERATURE = 0.15

FILTERED = "content_filter"  # why a turn ended, as the provider says it
_TOOL_CALL_ID = re.compile(r"[a-zA-Z0-9]{9}")  # all that Mistral's tokenizers accept


def rendered_messages(prompt: Prompt) -> list[dict[str, Any]]:
    """The messages of a prompt as they go over the wire, without words of a chat template."""
    return [_rendered(message) for message in harmless_messages(prompt.messages)]


def rendered_tools(prompt: Prompt) -> list[dict[str, Any]]:
    """The tools of a prompt as they go over the wire."""
    return [{"type": "function", "function": _described(tool)} for tool in prompt.tools]


def rendered_format(prompt: Prompt, *, as_object: bool = False) -> dict[str, Any] | None:
    """The JSON schema that holds the reply, as it goes over the wire; None where none does.

    `as_object` is the older way, which llama-cpp-python still wants.
    """
    if prompt.schema is None:
        return None
    if as_object:
        return {"type": "json_object", "schema": dict(prompt.schema)}
    held = {"name": "reply", "schema": dict(prompt.schema), "strict": True}
    return {"type": "json_schema", "json_schema": held}


def _rendered(message: Message) -> dict[str, Any]:
    wire: dict[str, Any] = {"role": message.role, "content": message.content}
    if message.tool_calls:
        wire["tool_calls"] = [
            {
                "id": _wire_id(call.id),
                "type": "function",
                "function": {"name": call.name, "arguments": call.arguments},
            }
            for call in message.tool_calls
        ]
    if message.tool_call_id is not None:
        wire["tool_call_id"] = _wire_id(message.tool_call_id)
    return wire


def _described(tool: ToolSpec) -> dict[str, Any]:
    return {
        "name": tool.name,
        "description": tool.description,
        "parameters": dict(tool.parameters),
    }


def _wire_id(call_id: str) -> str:
    """The id itself where it is nine letters or digits, else nine that always stand for it."""
    if _TOOL_CALL_ID.fullmatch(call_id):
        return call_id
    return hashlib.sha256(call_id.encode()).hexdigest()[:9]


@dataclass(slots=True)
class _CallDraft:
    index: int
    id: str
    name: str = ""
    arguments: str = ""

    @property
    def is_whole(self) -> bool:
        """Whether nothing of its arguments is missing."""
        try:
            return isinstance(json.loads(self.arguments), dict)
        except (ValueError, RecursionError):
            return False


@dataclass(slots=True)
class Turn:
    """A model's turn as it is put together from the events of a stream."""

    finish_reason: str | None = None
    usage: Usage | None = None
    _drafts: list[_CallDraft] = field(default_factory=list)

    def add_call(
        self, index: int | None, call_id: str | None, name: str | None, arguments: object
    ) -> None:
        """Take in a tool call or a fragment of one.

        Fragments belong together by index, as long as no other id says that a new call begins:
        some servers number every call 0. Without an index they belong to the last call, and
        without an id a name begins a new call where the arguments of the last one are whole.
        """
        known_id = None if call_id in (None, "", "null") else call_id
        draft = self._draft(index, known_id, begins=bool(name))
        if name and name != draft.name:
            draft.name += name
        if isinstance(arguments, Mapping):
            draft.arguments += json.dumps(arguments, ensure_ascii=False)
        elif isinstance(arguments, str):
            draft.arguments += arguments

    def _draft(self, index: int | None, call_id: str | None, *, begins: bool) -> _CallDraft:
        for draft in reversed(self._drafts):
            if index in (None, draft.index) and call_id in (None, draft.id):
                if call_id is None and begins and draft.is_whole:
                    break
                return draft
        draft = _CallDraft(index or 0, call_id or secrets.token_hex(5)[:9])
        self._drafts.append(draft)
        return draft

    @property
    def complete(self) -> bool:
        """Whether the model came to its own end, rather than to a limit."""
        return self.finish_reason not in ("length", "model_length", FILTERED)

    def calls(self) -> list[ToolCall]:
        """The tool calls, once the stream has ended; a turn cut at its limit has none."""
        if not self.complete:
            return []
        return [
            ToolCall(draft.id, draft.name, draft.arguments or "{}")
            for draft in self._drafts
            if draft.name
        ]

    def finish(self) -> Finish:
        """The last item of the turn."""
        return Finish(self.usage, self.complete, self.finish_reason == FILTERED)
