"""What a model did before it answered, in words."""

from __future__ import annotations

import json
from collections.abc import Mapping

from rag.domain import ToolCall, ToolResult
from rag.tools import UNKNOWN_TOOL

LONGEST = 60  # characters of what the model wrote
_WORDS: Mapping[str, str] = {
    "search_documents": "Searched “{query}”",
    "open_page": "Opened page {page} of {document}",
    "read_range": "Read pages {first_page} to {last_page} of {document}",
    "find_text": "Looked up “{text}”",
    "list_documents": "Looked through the documents",
    "outline": "Looked at the outline of {document}",
    "query_table": "Queried table {table} of {document}",
    "calculate": "Calculated {expression}",
    "today": "Looked at the date",
}
SUMMED_UP = "Summed up the earlier conversation"
_FAILED = "{}: without result"
_UNKNOWN = "Asked for a tool that is not there: {}"


def step_of(call: ToolCall) -> str:
    """A tool call in a few words; one of a tool that is not ours, by its name and arguments."""
    try:
        given = json.loads(call.arguments or "{}")
        said = {name: _short(value) for name, value in given.items()}
        if call.name not in _WORDS:
            arguments = _short(", ".join(said.values()))
            return f"{_named(call)}: {arguments}" if arguments else _named(call)
        return _WORDS[call.name].format_map(said)
    except (ValueError, AttributeError, KeyError, RecursionError):
        return _named(call)


def step_done(result: ToolResult) -> str:
    """The same once it is known what the call came to: a figure, and what a tool not ours said."""
    words = step_of(result.call)
    if result.failed:
        unknown = result.content.startswith(UNKNOWN_TOOL)
        return _UNKNOWN.format(_short(result.call.name)) if unknown else _FAILED.format(words)
    if result.call.name == "calculate":
        return f"{words} = {_short(result.content.rpartition(' = ')[2])}"
    if result.call.name not in _WORDS and result.content.strip():
        return f"{words} → {_short(result.content)}"
    return words


def _named(call: ToolCall) -> str:
    return _short(call.name.replace("_", " ")).capitalize()


def _short(value: object) -> str:
    words = " ".join(str(value).split())
    return words if len(words) <= LONGEST else words[: LONGEST - 1].rstrip() + "…"
