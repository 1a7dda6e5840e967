"""Sources as the result of a search, for models that mark by themselves what they cite."""

import json
from dataclasses import replace

import pytest

from rag.citations import MarkerReader, cite
from rag.domain import Message, Prompt, TextDelta
from rag.native_citations import CALL_ID, with_sources_as_results
from rag.prompts import compose, compose_alone
from rag.providers.mistral import MistralChat
from tests.chat_rig import KEY
from tests.fakes import CARD, sources
from tests.loopback import Events, LoopbackServer, Say, chunk

QUESTION = "How many parameters does Nemo have?"
SOURCES = sources("Mixtral has 8 experts.\nIt is [1] large.", "Nemo has 12 billion parameters.")
HISTORY = [Message("user", "Hello"), Message("assistant", "Good day.")]


def asked() -> Prompt:
    return compose(QUESTION, SOURCES, HISTORY, CARD)


def test_sources_become_the_result_of_a_search_for_the_question() -> None:
    prompt = asked()

    told = with_sources_as_results(prompt, CARD)

    assert [message.role for message in told.messages] == [
        "system",
        "user",
        "assistant",
        "user",
        "assistant",
        "tool",
    ]
    assert told.messages[:3] == prompt.messages[:3]
    assert told.messages[3].content == QUESTION
    (call,) = told.messages[4].tool_calls
    assert (call.name, json.loads(call.arguments)) == ("search_documents", {"query": QUESTION})
    assert call.id == told.messages[5].tool_call_id == CALL_ID
    assert told.sources == prompt.sources


def test_each_source_has_its_number_its_place_and_its_text() -> None:
    found = json.loads(with_sources_as_results(asked(), CARD).messages[-1].content)

    assert list(found) == ["1", "2"]
    assert found["2"]["snippets"] == [["Nemo has 12 billion parameters."]]
    assert "page 2" in found["2"]["title"]
    assert "[1]" not in found["1"]["snippets"][0][0]  # nothing looks like a marker there, either


def test_what_follows_the_question_stays_in_place() -> None:
    prompt = asked()
    later = (Message("assistant", "Let me see."), Message("user", "And?"))

    told = with_sources_as_results(replace(prompt, messages=prompt.messages + later), CARD)

    assert told.messages[-2:] == later
    assert told.messages[-3].role == "tool"


@pytest.mark.parametrize(
    "prompt",
    [
        compose_alone(QUESTION, HISTORY, CARD),
        replace(asked(), question="Another question?"),
        replace(asked(), sources=()),
        Prompt((Message("user", "Summarise: [1] a"),), "", tuple(SOURCES)),
    ],
    ids=["alone", "another question", "no sources", "other words"],
)
def test_other_prompts_stay_as_they_are(prompt: Prompt) -> None:
    assert with_sources_as_results(prompt, CARD) == prompt


def test_prompt_that_would_be_too_long_stays_as_it_is() -> None:
    quoting = sources(*('"\\' * 400 for _ in range(40)))  # each sign is two in JSON
    card = replace(CARD, context_tokens=4096)
    prompt = compose(QUESTION, quoting, (), card)

    assert 1 <= len(prompt.sources) < 40
    assert with_sources_as_results(prompt, card) == prompt


def test_references_in_the_stream_cite_the_sources_of_the_search() -> None:
    said = Events(
        [
            chunk({"content": "Nemo has 12 billion "}),
            chunk({"content": "parameters"}),
            chunk({"content": [{"type": "reference", "reference_ids": ["2"]}]}),
            chunk({"content": "."}, "stop"),
        ]
    )
    prompt = asked()
    reader = MarkerReader()
    reader.offer(prompt.sources)
    with LoopbackServer(chat=[said]) as server:
        chat = MistralChat(
            KEY,
            "mistral-small-latest",
            url=server.url,
            timeout_seconds=5,
            native_citations=True,
        )
        pieces = [item.text for item in chat.stream(prompt) if isinstance(item, TextDelta)]
    text = "".join([*map(reader.feed, pieces), reader.rest()])

    (citation,) = cite(text, reader.sources)

    sent = server.requests[0].body["messages"]
    assert [message["role"] for message in sent[-3:]] == ["user", "assistant", "tool"]
    assert sent[-1]["tool_call_id"] == sent[-2]["tool_calls"][0]["id"]
    assert json.loads(sent[-1]["content"])["2"]["snippets"] == [["Nemo has 12 billion parameters."]]
    assert citation.quote.text == "Nemo has 12 billion parameters."


def test_sources_stay_in_the_question_unless_asked_for() -> None:
    with LoopbackServer(chat=[Say("Yes.")]) as server:
        chat = MistralChat(KEY, "mistral-small-latest", url=server.url, timeout_seconds=5)
        list(chat.stream(asked()))

    assert server.requests[0].body["messages"][-1]["role"] == "user"


def test_schema_holds_the_reply() -> None:
    schema = {"type": "object", "properties": {"answer": {"type": "string"}}}
    with LoopbackServer(chat=[Say('{"answer": "Yes."}')]) as server:
        chat = MistralChat(KEY, "mistral-small-latest", url=server.url, timeout_seconds=5)
        list(chat.stream(Prompt((Message("user", "?"),), schema=schema)))

    asked_for = server.requests[0].body["response_format"]
    assert asked_for["type"] == "json_schema"
    assert asked_for["json_schema"]["schema"] == schema
    assert asked_for["json_schema"]["strict"] is True
