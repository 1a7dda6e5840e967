"""Questions asked of documents, with the search, the citation and the checks, on llama.cpp."""

import pytest

from rag.counted_prompts import compose_counted
from rag.domain import Finish, ToolCall, ToolResult
from rag.errors import ContextLengthError
from rag.prompts import compose, prompt_room
from rag.providers.openai_compatible import OpenAiCompatibleChat
from tests.chat_rig import text_of, whole
from tests.fakes import sources
from tests.llamacpp.tiny_llama import ANSWER
from tests.rag.desk import QUESTION, Desk, answer_of
from tests.served import ModelServer

pytestmark = pytest.mark.timeout(600)  # twelve thousand tokens, read by one thread

LETTERS = "abcdefghijkl"


def test_documents_are_searched_and_cited(chat: OpenAiCompatibleChat, desk: Desk) -> None:
    events = list(desk.assistant(chat, 1).ask(QUESTION, (), desk.scope))

    answer = answer_of(events)
    assert answer.text == ANSWER
    assert [citation.number for citation in answer.citations] == [1]
    calls = [event for event in events if isinstance(event, ToolCall)]
    assert {call.name for call in calls} == {"search_documents"}
    results = [event for event in events if isinstance(event, ToolResult)]
    assert len(results) == len(calls)


def test_as_many_passages_are_sent_as_the_server_s_count_allows(server: ModelServer) -> None:
    found = sources(
        *(f"{letter}: {'Each of them bears a word of its own. ' * 50}" for letter in LETTERS)
    )
    chat = server.chat(None)
    card = chat.connect()
    bounded = compose(QUESTION, found, (), card)
    with pytest.raises(ContextLengthError):
        whole(chat.stream(bounded))

    prompt = compose_counted(lambda card: compose(QUESTION, found, (), card), chat)
    items = whole(chat.stream(prompt))

    assert text_of(items) == ANSWER
    assert 0 < len(prompt.sources) < len(bounded.sources) == len(LETTERS)
    finish = items[-1]
    assert isinstance(finish, Finish)
    if finish.usage is not None:
        assert 0.8 * prompt_room(card) < finish.usage.input_tokens <= prompt_room(card)
