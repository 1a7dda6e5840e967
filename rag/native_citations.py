"""Sources as La Plateforme's models cite them by themselves: the result of a search.

https://docs.mistral.ai/capabilities/citations: a tool's result that maps numbers to documents,
which the model refers to by number in reference chunks. The question then stands by itself.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace

from rag.domain import Message, ModelCard, Prompt, Source, ToolCall
from rag.prompts import asked_over, fits, rendered

CALL_ID = "sources01"  # nine letters and digits, as Mistral's tokenizers want them
SEARCH = "search_documents"


def with_sources_as_results(prompt: Prompt, card: ModelCard) -> Prompt:
    """The prompt with the sources of its question as the result of a search.

    It stays as it is where it shows no sources, or would be too long in that form.
    """
    for at, message in enumerate(prompt.messages):
        shown = [each for each in prompt.sources if rendered(each) in message.content]
        if shown and message == asked_over(shown, prompt.question):
            return _told(prompt, at, shown, card)
    return prompt


def _told(prompt: Prompt, at: int, shown: Sequence[Source], card: ModelCard) -> Prompt:
    query = json.dumps({"query": prompt.question}, ensure_ascii=False)
    messages = (
        *prompt.messages[:at],
        Message("user", prompt.question),
        Message("assistant", "", tool_calls=(ToolCall(CALL_ID, SEARCH, query),)),
    )
    result = Message("tool", _results(shown), tool_call_id=CALL_ID)
    rest = prompt.messages[at + 1 :]
    if not fits(result, replace(prompt, messages=(*messages, *rest)), card):
        return prompt
    return replace(prompt, messages=(*messages, result, *rest))


def _results(shown: Sequence[Source]) -> str:
    """What a search found, by number, in the words that any model is shown."""
    return json.dumps({str(each.number): _result(each) for each in shown}, ensure_ascii=False)


def _result(source: Source) -> dict[str, object]:
    title, _, text = rendered(source).partition("\n")
    return {"title": title.partition("] ")[2], "snippets": [[text]]}
