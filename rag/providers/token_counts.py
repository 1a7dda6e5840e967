"""How many tokens a prompt takes, as its model's own server counts it.

Servers that know the chat template count the prompt as they would read it. The others count texts:
all of a prompt's go in one request, and each message gets what a template adds at most.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

from rag.domain import Prompt
from rag.prompts import MESSAGE_TOKENS, texts_of
from rag.providers.completions import rendered_messages, rendered_tools


class Ask(Protocol):
    """Asks a server at a path, with a body by POST; None where no answer is to be had."""

    def __call__(self, path: str, body: Mapping[str, object] | None = None, /) -> object:
        """The JSON that it answers."""


Count = Callable[[Ask, str, Prompt], int | None]


def mapping(value: object) -> Mapping[str, object]:
    """A JSON object, empty where a server sent something else."""
    return value if isinstance(value, Mapping) else {}


def positive(value: object) -> int | None:
    """A whole number above 0, None for anything else."""
    return value if isinstance(value, int) and value > 0 and value is not True else None


def by_template(path: str, field: str, *, older: str | None = None) -> Count:
    """Count at a path that takes a whole request, or a text at an `older` one where it is not."""

    def count(ask: Ask, model: str, prompt: Prompt) -> int | None:
        body = {"model": model, "messages": rendered_messages(prompt)}
        tools = rendered_tools(prompt)
        found = positive(mapping(ask(path, body | {"tools": tools} if tools else body)).get(field))
        if found is None and older is not None:
            return _by_text(ask, older, {"content": _text(prompt)}, prompt)
        return found

    return count


def by_words(path: str, field: str) -> Count:
    """Count at a path that takes a text in this field."""
    return lambda ask, model, prompt: _by_text(
        ask, path, {"model": model, field: _text(prompt)}, prompt
    )


split_by_llamafile = by_words("/tokenize", "prompt")


def by_pieces(ask: Ask, model: str, prompt: Prompt) -> int | None:
    """Count as text-generation-inference does, which answers with the pieces themselves."""
    return _by_text(ask, "/tokenize", {"inputs": _text(prompt)}, prompt)


def told_count(reply: object) -> int | None:
    """The number of tokens in a server's answer: a count, or the tokens to be counted."""
    count = mapping(reply).get("count")
    tokens = reply if isinstance(reply, list) else mapping(reply).get("tokens")
    if isinstance(count, int):
        return count
    return len(tokens) if isinstance(tokens, list) else None


def _by_text(ask: Ask, path: str, body: Mapping[str, object], prompt: Prompt) -> int | None:
    count = told_count(ask(path, body))
    return None if count is None else count + MESSAGE_TOKENS * len(texts_of(prompt))


def _text(prompt: Prompt) -> str:
    return "\n".join(texts_of(prompt))
