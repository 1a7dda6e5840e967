"""What every chat model promises, kept by a real vLLM: served and in this process."""

import json
import time
from collections.abc import Callable, Generator
from contextlib import closing
from dataclasses import replace
from typing import cast

import pytest

from rag.catalogue import Tokenizer
from rag.domain import Finish, Message, Prompt, TextDelta, ToolCall, ToolSpec, Usage
from rag.errors import ContextLengthError, ModelNotFoundError
from rag.models import answer_tokens
from rag.providers.in_process import InProcessChat
from rag.providers.openai_compatible import OpenAiCompatibleChat, served_models
from rag.trials import try_structured_output
from tests.chat_rig import PROMPT, Item, text_of, whole
from tests.vllm.serving import CONTEXT_TOKENS, NAME, WITH_TOOLS, WITHOUT_TOOLS, Vllm, chat_with
from tests.vllm.tiny_mixtral import ANSWER, ENDLESS

pytestmark = pytest.mark.timeout(900)  # the first test waits for the server, or for the engine

AnyChat = OpenAiCompatibleChat | InProcessChat

TALK = replace(PROMPT, messages=(Message("user", f"Tell me an{ENDLESS} story."),))
SEARCH = ToolSpec(
    "search_documents",
    "Search the documents.",
    {
        "type": "object",
        "properties": {"query": {"type": "string"}},
        "required": ["query"],
    },
)
RATING = {
    "type": "object",
    "properties": {
        "rating": {"type": "integer", "enum": [1, 2, 3]},
        "sure": {"type": "boolean"},
    },
    "required": ["rating", "sure"],
    "additionalProperties": False,
}


def test_text_arrives_in_pieces_and_a_finish_with_usage_comes_last(
    chat: AnyChat,
) -> None:
    items = whole(chat.stream(PROMPT))

    assert text_of(items) == ANSWER
    assert len(items) > 5
    finish = items[-1]
    assert isinstance(finish, Finish)
    assert finish.complete
    assert finish.usage == Usage(9, 10)


def test_length_limit_makes_the_turn_incomplete(chat: AnyChat) -> None:
    finish = whole(chat.stream(TALK))[-1]

    assert isinstance(finish, Finish)
    assert not finish.complete
    assert finish.usage is not None
    assert finish.usage.output_tokens == answer_tokens(chat.card)


def test_schema_holds_the_answer(chat: AnyChat) -> None:
    items = whole(chat.stream(replace(PROMPT, schema=RATING)))

    answer = json.loads(text_of(items))
    assert set(answer) == {"rating", "sure"}
    assert answer["rating"] in (1, 2, 3)
    assert isinstance(answer["sure"], bool)
    assert cast(Finish, items[-1]).complete


def test_doctor_finds_that_a_schema_is_kept(chat: AnyChat) -> None:
    found = try_structured_output(chat)

    assert isinstance(found, str)
    assert found.startswith(f"{chat.card.name} keeps to a JSON schema.")


def test_tool_is_called_and_its_result_read(chat: AnyChat) -> None:
    asked = replace(PROMPT, tools=(SEARCH,))
    items = whole(chat.stream(asked))

    call = items[0]
    assert isinstance(call, ToolCall)
    assert call.name == "search_documents"
    assert json.loads(call.arguments) == {"query": "parameters"}
    assert cast(Finish, items[-1]).complete

    told = (
        *PROMPT.messages,
        Message("assistant", "", tool_calls=(call,)),
        Message("tool", "Nemo has twelve billion.", tool_call_id=call.id),
    )
    last = whole(chat.stream(replace(PROMPT, messages=told)))

    assert text_of(last) == ANSWER
    assert cast(Finish, last[-1]).complete


def test_nothing_is_refused_on_the_way_to_a_tool(chat: AnyChat) -> None:
    whole(chat.stream(replace(PROMPT, tools=(SEARCH,))))

    without = "Mixtral-8x7B" in chat.card.name
    way = "in JSON, held to a schema" if without else "by function calling"
    assert chat.abilities.way_to_tools == way
    assert chat.abilities.schema


def test_closing_the_generator_ends_the_request(chat: AnyChat, running: Callable[[], int]) -> None:
    with closing(cast("Generator[Item, None, None]", chat.stream(TALK))) as stream:
        assert isinstance(next(stream), TextDelta)
        wait_until(lambda: running() == 1, 3)  # a server's figures lag behind

    wait_until(lambda: running() == 0, 1)


def wait_until(holds: Callable[[], bool], seconds: float) -> None:
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end


def test_prompt_longer_than_the_context_is_told(chat: AnyChat) -> None:
    long = Prompt((Message("user", "word " * CONTEXT_TOKENS),), "How many?")

    with pytest.raises(ContextLengthError) as caught:
        whole(chat.stream(long))

    assert str(caught.value).endswith("Ask with fewer passages or a shorter conversation.")


def test_unserved_model_is_named(vllm: Vllm) -> None:
    with pytest.raises(ModelNotFoundError, match="does not serve mistral-large"):
        whole(chat_with(vllm, "mistral-large").stream(PROMPT))


def test_model_context_and_tokenizer_are_read_from_the_server(vllm: Vllm) -> None:
    card = chat_with(vllm, None).connect()

    assert card.name == NAME
    assert card.context_tokens == CONTEXT_TOKENS
    assert card.tokenizer is Tokenizer.TEKKEN
    listed = served_models(vllm.url, api_key=None, timeout_seconds=5)
    assert [model.name for model in listed] == [NAME, WITH_TOOLS, WITHOUT_TOOLS]
