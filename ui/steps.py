"""What a model did before it answered, in words."""

from __future__ import annotations

import json
from collections.abc import Mapping

from rag.domain import ToolCall

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


def step_of(call: ToolCall, *, failed: bool = False) -> str:
    """A tool call in a few words; one of a tool that is not known, by its name."""
    try:
        given = json.loads(call.arguments or "{}")
        said = {name: _short(value) for name, value in given.items()}
        words = _WORDS[call.name].format_map(said)
    except (ValueError, AttributeError, KeyError, RecursionError):
        words = call.name.replace("_", " ").strip().capitalize()
    return _FAILED.format(words) if failed else words


def _short(value: object) -> str:
    words = " ".join(str(value).split())
    return words if len(words) <= LONGEST else words[: LONGEST - 1].rstrip() + "…"
