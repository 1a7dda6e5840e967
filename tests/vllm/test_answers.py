"""A question asked of documents, with the search, the citation and the checks, on a real vLLM."""

import pytest

from rag.domain import ToolCall, ToolResult
from rag.protocols import ChatModel
from tests.rag.desk import QUESTION, Desk, answer_of
from tests.vllm.tiny_mixtral import ANSWER

pytestmark = pytest.mark.timeout(900)  # the first test waits for the server, or for the engine


def test_documents_are_searched_and_cited(chat: ChatModel, desk: Desk) -> None:
    events = list(desk.assistant(chat, 1).ask(QUESTION, (), desk.scope))

    answer = answer_of(events)
    assert answer.text == ANSWER
    assert [citation.number for citation in answer.citations] == [1]
    calls = [event for event in events if isinstance(event, ToolCall)]
    assert {call.name for call in calls} == {"search_documents"}
    results = [event for event in events if isinstance(event, ToolResult)]
    assert len(results) == len(calls)
