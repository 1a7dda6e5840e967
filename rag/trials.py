"""A chat model tried out: one small request each, to see what it does rather than what it claims.

Both together take some two hundred tokens. A model that passes neither still answers: the passages
are found for it beforehand, and what it calls is read from its text.
"""

from __future__ import annotations

import json
from contextlib import closing
from dataclasses import dataclass

from rag.doctor import Note
from rag.domain import (
    Document,
    DocumentState,
    Finish,
    Message,
    ModelCard,
    Passage,
    Prompt,
    Source,
    TextDelta,
    ToolCall,
    Usage,
)
from rag.errors import InvalidReplyError
from rag.models import answer_cost
from rag.prompts import render_sources
from rag.protocols import ChatModel
from rag.tools import tool_from

LONGEST_REPLY = 2_000  # characters; a model that rambles on is cut off
NO_TOOLS = (
    "{model} was asked to call a tool, and did not: it answers from the passages that are found "
    "first. Choose another model for questions that need several searches.{took}"
)
NO_SCHEMA = (
    "{model} was to reply by a JSON schema, and did not: extracting fields may take it more tries. "
    "Choose a newer model or server for that.{took}"
)
NO_REFERENCE = (
    "{model} was shown the result of a search, and did not refer to it by itself: its answers may "
    "cite less. Set TRAMONTANE_NATIVE_CITATIONS to false.{took}"
)
SCHEMA = {
    "type": "object",
    "properties": {"city": {"type": "string", "maxLength": 40}},
    "required": ["city"],
    "additionalProperties": False,
}


def add(first: int, second: int) -> str:
    """Add two numbers."""
    return str(first + second)


def _passage(text: str) -> Passage:
    """A text of ours as if it had been found in a document."""
    state, kind = DocumentState.READY, "text/plain"
    document = Document("", "", "cheese.txt", "Cheese", kind, "", 0, state, "", 1, False)
    return Passage(document, 1, "1", 0, len(text), text, (), 1.0, ())


ADD = tool_from(add)
ASK_FOR_CALL = Prompt(
    (Message("user", "Call the tool `add` to add 2 and 3. Write nothing else."),),
    tools=(ADD.spec,),
)
FOUND = Source(1, _passage("Camembert is a soft cheese from Normandy. It ripens for weeks."))
ASKED = "Where is Camembert from?"
ASK_FOR_SOURCE = Prompt(
    (Message("user", f"{render_sources([FOUND])}\n\nQuestion: {ASKED}"),), ASKED, (FOUND,)
)
ASK_FOR_CITY = Prompt((Message("user", "Which city is the capital of France?"),), schema=SCHEMA)


@dataclass(slots=True)
class _Reply:
    """What a model replied to one request."""

    text: str = ""
    calls: tuple[ToolCall, ...] = ()
    usage: Usage | None = None


def try_tools(chat: ChatModel) -> str | Note:
    """Ask for a call of a tool.

    Raises:
        ProviderError: the request failed.
    """
    reply = _asked(chat, ASK_FOR_CALL)
    called = any(call.name == ADD.name for call in reply.calls)
    took = _took(chat.card, reply.usage)
    if not called:
        return Note(NO_TOOLS.format(model=chat.card.name, took=took))
    return f"{chat.card.name} calls tools.{took}"


def try_structured_output(chat: ChatModel) -> str | Note:
    """Ask a question that says nothing of JSON, and see whether the schema holds the reply.

    Raises:
        ProviderError: the request failed.
    """
    reply = _asked(chat, ASK_FOR_CITY)
    took = _took(chat.card, reply.usage)
    if not _follows(reply.text):
        return Note(NO_SCHEMA.format(model=chat.card.name, took=took))
    return f"{chat.card.name} keeps to a JSON schema.{took}"


def try_native_citations(chat: ChatModel) -> str | Note:
    """Ask something of one source without a word on markers, and see whether it is referred to.

    Raises:
        ProviderError: the request failed.
    """
    reply = _asked(chat, ASK_FOR_SOURCE)
    took = _took(chat.card, reply.usage)
    if "[1]" not in reply.text:
        return Note(NO_REFERENCE.format(model=chat.card.name, took=took))
    return f"{chat.card.name} refers to what was found by itself.{took}"


def _asked(chat: ChatModel, prompt: Prompt) -> _Reply:
    reply = _Reply()
    with closing(chat.stream(prompt)) as items:  # type: ignore[type-var]  # generators, all of them
        for item in items:
            if isinstance(item, TextDelta):
                reply.text += item.text
            elif isinstance(item, ToolCall):
                reply.calls += (item,)
            elif isinstance(item, Finish):
                reply.usage = item.usage
                return reply
            if len(reply.text) > LONGEST_REPLY:
                return reply
    raise InvalidReplyError(f"{chat.card.name} broke its reply off. Try again in a moment.")


def _follows(text: str) -> bool:
    try:
        value = json.loads(text)
    except ValueError:
        return False
    return isinstance(value, dict) and list(value) == ["city"] and isinstance(value["city"], str)


def _took(card: ModelCard, usage: Usage | None) -> str:
    """What the request took, as a sentence that follows another."""
    if usage is None:
        return ""
    dollars = answer_cost(card, usage)
    said = "less than a cent" if (dollars or 0.0) < 0.01 else f"${dollars:.2f}"
    price = "" if dollars is None else f" ({said})"
    return f" Trying it took {usage.input_tokens + usage.output_tokens:,} tokens{price}."
