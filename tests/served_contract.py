"""What every chat model promises, kept by real servers of a tiny model under each way to tools."""

import json
from collections.abc import Generator
from contextlib import closing
from dataclasses import replace
from typing import cast

import pytest

from rag.domain import Finish, Message, Prompt, TextDelta, ToolCall, ToolSpec
from rag.errors import ContextLengthError, ModelNotFoundError
from rag.models import answer_tokens
from rag.providers.openai_compatible import OpenAiCompatibleChat, served_models
from rag.trials import try_structured_output
from tests.chat_rig import PROMPT, Item, text_of, whole
from tests.served import ModelServer
from tests.vllm.tiny_mixtral import ANSWER, ENDLESS

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


class ServedContract:
    """Tests to be run on a `server` and on its `chat` under each name."""

    def test_text_arrives_in_pieces_and_a_finish_with_usage_comes_last(
        self, chat: OpenAiCompatibleChat, server: ModelServer
    ) -> None:
        items = whole(chat.stream(PROMPT))

        assert text_of(items) == ANSWER
        assert len(items) > 5
        finish = items[-1]
        assert isinstance(finish, Finish)
        assert finish.complete
        assert finish.usage == server.usage

    def test_length_limit_makes_the_turn_incomplete(self, server: ModelServer) -> None:
        chat = server.chat(None)

        finish = whole(chat.stream(TALK))[-1]

        assert isinstance(finish, Finish)
        assert not finish.complete
        taken = None if finish.usage is None else finish.usage.output_tokens
        assert taken == (answer_tokens(chat.card) if server.usage else None)

    def test_schema_holds_the_answer(self, chat: OpenAiCompatibleChat) -> None:
        items = whole(chat.stream(replace(PROMPT, schema=RATING)))

        answer = json.loads(text_of(items))
        assert set(answer) == {"rating", "sure"}
        assert answer["rating"] in (1, 2, 3)
        assert isinstance(answer["sure"], bool)
        assert cast(Finish, items[-1]).complete

    def test_doctor_finds_that_a_schema_is_kept(self, chat: OpenAiCompatibleChat) -> None:
        found = try_structured_output(chat)

        assert isinstance(found, str)
        assert found.startswith(f"{chat.card.name} keeps to a JSON schema.")

    def test_tool_is_called_and_its_result_read(self, chat: OpenAiCompatibleChat) -> None:
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

    def test_nothing_is_refused_on_the_way_to_a_tool(
        self, chat: OpenAiCompatibleChat, server: ModelServer
    ) -> None:
        whole(chat.stream(replace(PROMPT, tools=(SEARCH,))))

        assert chat.abilities.way_to_tools == server.ways[chat.card.name]
        assert chat.abilities.schema

    def test_closing_the_generator_ends_the_request(
        self, chat: OpenAiCompatibleChat, server: ModelServer
    ) -> None:
        with closing(cast("Generator[Item, None, None]", chat.stream(TALK))) as stream:
            assert isinstance(next(stream), TextDelta)
            assert server.is_busy

        assert server.is_idle_within(1)

    def test_prompt_longer_than_the_context_is_told(
        self, chat: OpenAiCompatibleChat, server: ModelServer
    ) -> None:
        long = Prompt((Message("user", "word " * server.context_tokens),), "How many?")

        with pytest.raises(ContextLengthError) as caught:
            whole(chat.stream(long))

        assert str(caught.value).endswith("Ask with fewer passages or a shorter conversation.")

    def test_unserved_model_is_named(self, server: ModelServer) -> None:
        with pytest.raises(ModelNotFoundError, match="does not serve mistral-large"):
            whole(server.chat("mistral-large").stream(PROMPT))

    def test_model_and_context_are_read_from_the_server(self, server: ModelServer) -> None:
        chat = server.chat(None)
        card = chat.connect()

        assert card.name == server.name
        assert card.context_tokens == server.context_tokens
        assert chat.software == server.subject
        listed = served_models(server.url, api_key=None, timeout_seconds=5)
        assert listed[0].name == server.name
