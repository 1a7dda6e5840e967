"""What every chat model promises, kept by real servers of a tiny model under each way to tools."""

import json
import time
from collections.abc import Generator, Mapping
from contextlib import closing
from dataclasses import replace
from typing import ClassVar, Protocol, cast

import pytest

from rag.domain import Finish, Message, Prompt, TextDelta, ToolCall, ToolSpec, Usage
from rag.errors import ContextLengthError, ModelNotFoundError
from rag.models import answer_tokens
from rag.protocols import ChatModel
from rag.providers.abilities import Abilities
from rag.providers.openai_compatible import served_models
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


class Chat(ChatModel, Protocol):
    """A chat model that tells in which ways it is asked."""

    @property
    def abilities(self) -> Abilities: ...


class Host(Protocol):
    """What runs a model under several names; see `tests.served.ModelServer`."""

    context_tokens: ClassVar[int]
    usage: ClassVar[Usage | None]
    ways: ClassVar[Mapping[str, str]]

    @property
    def is_busy(self) -> bool: ...

    def is_idle_within(self, seconds: float) -> bool: ...


class Contract:
    """Tests to be run on a `host` of a model and on its `chat` under each name."""

    def test_text_arrives_in_pieces_and_a_finish_with_usage_comes_last(
        self, chat: Chat, host: Host
    ) -> None:
        items = whole(chat.stream(PROMPT))

        assert text_of(items) == ANSWER
        assert len(items) > 5
        finish = items[-1]
        assert isinstance(finish, Finish)
        assert finish.complete
        assert finish.usage == host.usage

    def test_length_limit_makes_the_turn_incomplete(self, chat: Chat, host: Host) -> None:
        finish = whole(chat.stream(TALK))[-1]

        assert isinstance(finish, Finish)
        assert not finish.complete
        taken = None if finish.usage is None else finish.usage.output_tokens
        assert taken == (answer_tokens(chat.card) if host.usage else None)

    def test_schema_holds_the_answer(self, chat: Chat) -> None:
        items = whole(chat.stream(replace(PROMPT, schema=RATING)))

        answer = json.loads(text_of(items))
        assert set(answer) == {"rating", "sure"}
        assert answer["rating"] in (1, 2, 3)
        assert isinstance(answer["sure"], bool)
        assert cast(Finish, items[-1]).complete

    def test_doctor_finds_that_a_schema_is_kept(self, chat: Chat) -> None:
        found = try_structured_output(chat)

        assert isinstance(found, str)
        assert found.startswith(f"{chat.card.name} keeps to a JSON schema.")

    def test_tool_is_called_and_its_result_read(self, chat: Chat) -> None:
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

    def test_nothing_is_refused_on_the_way_to_a_tool(self, chat: Chat, host: Host) -> None:
        whole(chat.stream(replace(PROMPT, tools=(SEARCH,))))

        ways = [way for name, way in host.ways.items() if chat.card.name.endswith(name)]
        assert [chat.abilities.way_to_tools] == ways
        assert chat.abilities.schema

    def test_closing_the_generator_ends_the_request(self, chat: Chat, host: Host) -> None:
        with closing(cast("Generator[Item, None, None]", chat.stream(TALK))) as stream:
            assert isinstance(next(stream), TextDelta)
            assert is_busy_within(host, 3)  # a server's figures lag behind

        assert host.is_idle_within(1)

    def test_prompt_longer_than_the_context_is_told(self, chat: Chat, host: Host) -> None:
        long = Prompt((Message("user", "word " * host.context_tokens),), "How many?")

        with pytest.raises(ContextLengthError) as caught:
            whole(chat.stream(long))

        assert str(caught.value).endswith("Ask with fewer passages or a shorter conversation.")


def is_busy_within(host: Host, seconds: float) -> bool:
    """Whether it comes to work on something in so many seconds."""
    end = time.monotonic() + seconds
    while not host.is_busy:
        if time.monotonic() > end:
            return False
    return True


class ServerContract:
    """Tests to be run on a server, which is `served`."""

    def test_unserved_model_is_named(self, served: ModelServer) -> None:
        with pytest.raises(ModelNotFoundError, match="does not serve mistral-large"):
            whole(served.chat("mistral-large").stream(PROMPT))

    def test_model_and_context_are_read_from_the_server(self, served: ModelServer) -> None:
        chat = served.chat(None)
        card = chat.connect()

        assert card.name == served.name
        assert card.context_tokens == served.context_tokens
        assert chat.software == served.subject
        listed = served_models(served.url, api_key=None, timeout_seconds=5)
        assert listed[0].name == served.name
