"""Each server is recognised by what it answers, and asked in the way that it takes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from rag.domain import Message, Prompt, ToolSpec
from rag.errors import ContextLengthError, InvalidReplyError, ModelNotFoundError
from rag.providers.openai_compatible import OpenAiCompatibleChat
from rag.providers.products import (
    LLAMA_CPP_PYTHON,
    LLAMA_SERVER,
    LLAMAFILE,
    OLLAMA,
    OTHER,
    PRODUCTS,
    TGI,
    TRANSFORMERS,
    VLLM,
    Product,
    recognised,
)
from tests.chat_rig import text_of, whole
from tests.loopback import Events, LoopbackServer, Reply, Say, Status, chunk
from tests.products import ANSWERS, MODEL, chat_at, standing_in

PROMPT = Prompt((Message("user", "How many?"),), "How many?")
SEARCH = ToolSpec("search", "Search.", {"type": "object", "properties": {"q": {"type": "string"}}})
SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}}}
CHATS = "/v1/chat/completions"


@pytest.mark.parametrize("product", PRODUCTS, ids=lambda product: product.name or "another")
def test_server_is_recognised(product: Product) -> None:
    with standing_in(product) as server:
        chat = chat_at(server)
        chat.connect()

    assert chat.product is product
    assert chat.software == product.name


@pytest.mark.parametrize(
    ("product", "most"), [(VLLM, 0), (LLAMA_SERVER, 0), (LLAMAFILE, 0), (OLLAMA, 1), (OTHER, 4)]
)
def test_few_questions_are_asked(product: Product, most: int) -> None:
    asked: list[str] = []

    def ask(path: str, body: Mapping[str, object] | None = None) -> object:
        asked.append(path)
        return ANSWERS[product].get(path)

    rows: Any = ANSWERS[product]["/v1/models"]
    recognised([row["owned_by"] for row in rows["data"]], ask)

    assert len(asked) <= most


@pytest.mark.parametrize(
    "answer", [None, [], 3, {"version": 3}, {"info": [], "paths": "x"}, {"version": None}]
)
def test_odd_answers_show_nothing(answer: object) -> None:
    assert recognised(["somebody"], lambda path, body=None: answer) is OTHER


@pytest.mark.parametrize(
    ("product", "tokens"),
    [
        (VLLM, 8192),
        (LLAMA_SERVER, 6144),
        (LLAMAFILE, 8192),
        (OLLAMA, 16_384),
        (TGI, 3072),
        (LLAMA_CPP_PYTHON, 2048),
        (TRANSFORMERS, 4096),
        (OTHER, 4096),
    ],
    ids=lambda value: value.name if isinstance(value, Product) else str(value),
)
def test_context_is_what_the_server_says_or_its_default(product: Product, tokens: int) -> None:
    with standing_in(product) as server:
        assert chat_at(server).connect().context_tokens == tokens


@pytest.mark.parametrize(
    ("running", "parameters", "tokens"),
    [
        ([], 'temperature 0.15\nnum_ctx                        8192\nstop "[INST]"', 8192),
        ([], "temperature 0.15", 4096),
        ([{"name": "other:latest", "context_length": 65_536}], "", 4096),
        ([{"model": f"{MODEL}:latest", "context_length": 65_536}], "num_ctx 8192", 65_536),
    ],
    ids=["its file", "nothing", "another is loaded", "loaded"],
)
def test_ollama_s_context(running: list[dict[str, object]], parameters: str, tokens: int) -> None:
    answers = {"/api/ps": {"models": running}, "/api/show": {"parameters": parameters}}
    with standing_in(OLLAMA, answers) as server:
        chat = chat_at(server, model=MODEL)

        assert chat.connect().context_tokens == tokens


@pytest.mark.parametrize("product", [TRANSFORMERS, LLAMA_CPP_PYTHON])
def test_usage_is_not_asked_for_where_that_is_refused(product: Product) -> None:
    with standing_in(product) as server:
        whole(chat_at(server).stream(PROMPT))

    assert "stream_options" not in server.asked(CHATS)[0].body
    assert len(server.asked(CHATS)) == 1


@pytest.mark.parametrize(
    ("product", "form"),
    [
        (VLLM, {"type": "json_schema"}),
        (LLAMA_CPP_PYTHON, {"type": "json_object", "schema": SCHEMA}),
        (TRANSFORMERS, {}),
    ],
    ids=lambda value: value.name if isinstance(value, Product) else "",
)
def test_schema_is_sent_in_the_server_s_form(product: Product, form: dict[str, object]) -> None:
    with standing_in(product) as server:
        whole(chat_at(server).stream(replace(PROMPT, schema=SCHEMA)))

    sent: dict[str, object] = server.asked(CHATS)[0].body.get("response_format", {})
    assert bool(sent) == bool(form)
    assert form.items() <= sent.items()


def test_a_server_that_nothing_shows_loses_what_it_refuses() -> None:
    said = "Unsupported fields in the request: {'response_format', 'stream_options'}"
    refusals: list[Reply] = [Status(422, {"detail": said})] * 2
    with standing_in(OTHER, chat=[*refusals, Say("Paris."), Say("Rome.")]) as server:
        chat = chat_at(server)
        first = whole(chat.stream(replace(PROMPT, schema=SCHEMA)))
        whole(chat.stream(replace(PROMPT, schema=SCHEMA)))

    assert text_of(first) == "Paris."
    bodies = [request.body for request in server.asked(CHATS)]
    assert ["response_format" in body for body in bodies] == [True, False, False, False]
    assert ["stream_options" in body for body in bodies] == [True, True, False, False]


@pytest.mark.parametrize("product", [LLAMA_SERVER, LLAMA_CPP_PYTHON, LLAMAFILE])
def test_a_server_that_answers_to_any_name_is_held_to_its_own(product: Product) -> None:
    with (
        standing_in(product) as server,
        pytest.raises(ModelNotFoundError, match=rf"does not serve gpt-4\. It serves: {MODEL}\."),
    ):
        chat_at(server, model="gpt-4").connect()


def test_a_model_answers_to_its_other_names() -> None:
    with standing_in(LLAMA_SERVER) as server:
        card = chat_at(server, model="also-so-called").connect()

    assert (card.name, card.context_tokens) == ("also-so-called", 6144)


def test_model_and_context_given_the_server_is_still_recognised() -> None:
    with standing_in(LLAMA_CPP_PYTHON) as server:
        chat = chat_at(server, model=MODEL, context_tokens=8192)
        whole(chat.stream(PROMPT))

    assert chat.product is LLAMA_CPP_PYTHON
    assert chat.card.context_tokens == 8192


def test_what_was_not_seen_at_first_is_looked_at_again() -> None:
    with LoopbackServer() as gone:
        port = int(gone.url.rpartition(":")[2])
    waits: list[float] = []
    chat = OpenAiCompatibleChat(
        gone.url,
        model=MODEL,
        api_key=None,
        context_tokens=8192,
        timeout_seconds=5,
        sleep=waits.append,
    )
    with pytest.raises(Exception, match="Nothing answers at"):
        whole(chat.stream(PROMPT))
    with standing_in(OLLAMA, port=port):
        whole(chat.stream(PROMPT))

    assert chat.product is OLLAMA


TOO_LONG = {
    "error": {
        "message": "This model's maximum context length is 2048 tokens. However, you requested "
        "2051 tokens (2050 in the messages, 1 in the completion). Please reduce the length of the "
        "messages or completion.",
        "type": "invalid_request_error",
        "param": "messages",
        "code": "context_length_exceeded",
    }
}


def test_stream_that_breaks_is_asked_again_for_its_fault() -> None:
    replies: list[Reply] = [Events([], done=False), Status(400, TOO_LONG)]
    with (
        standing_in(LLAMA_CPP_PYTHON, chat=replies) as server,
        pytest.raises(ContextLengthError),
    ):
        whole(chat_at(server).stream(PROMPT))

    again = server.asked(CHATS)[1].body
    assert again["max_tokens"] == 1
    assert not again.get("stream")
    assert len(server.asked(CHATS)) == 2


def test_stream_that_broke_for_no_fault_was_cut_off() -> None:
    replies: list[Reply] = [Events([], done=False), Status(200, {"choices": []})]
    with (
        standing_in(LLAMA_CPP_PYTHON, chat=replies) as server,
        pytest.raises(InvalidReplyError, match="cut off"),
    ):
        whole(chat_at(server).stream(PROMPT))


def test_stream_that_breaks_in_the_middle_is_not_asked_again() -> None:
    replies: list[Reply] = [Events([chunk({"content": "Twelve"})], done=False)]
    with (
        standing_in(LLAMA_CPP_PYTHON, chat=replies) as server,
        pytest.raises(InvalidReplyError, match="cut off"),
    ):
        whole(chat_at(server).stream(PROMPT))

    assert len(server.asked(CHATS)) == 1


@pytest.mark.parametrize(
    ("product", "tokens"),
    [(VLLM, 42), (LLAMA_SERVER, 42), (LLAMA_CPP_PYTHON, 42 + 32), (LLAMAFILE, 3 + 32), (TGI, 35)],
    ids=lambda value: value.name if isinstance(value, Product) else str(value),
)
def test_prompt_is_counted_as_the_server_does(product: Product, tokens: int) -> None:
    with standing_in(product) as server:
        chat = chat_at(server)
        chat.connect()
        before = len(server.requests)

        assert chat.count(replace(PROMPT, tools=(SEARCH,))) == tokens

    (asked,) = server.requests[before:]
    assert "How many?" in str(asked.body)
    assert '"Search."' in str(asked.body) or "'Search.'" in str(asked.body)


@pytest.mark.parametrize("product", [OLLAMA, TRANSFORMERS, OTHER])
def test_where_no_server_counts_nobody_does(product: Product) -> None:
    with standing_in(product) as server:
        chat = chat_at(server)
        chat.connect()

        assert chat.count(PROMPT) is None


def test_older_llama_cpp_counts_the_text() -> None:
    with standing_in(LLAMA_SERVER, {"/v1/chat/completions/input_tokens": None}) as server:
        chat = chat_at(server)
        chat.connect()

        assert chat.count(PROMPT) == 3 + 16


def test_tools_told_of_in_words_are_counted_so() -> None:
    with standing_in(VLLM) as server:
        chat = chat_at(server)
        chat.connect()
        chat.abilities.tools = False
        chat.count(replace(PROMPT, tools=(SEARCH,)))

    body = server.requests[-1].body
    assert "tools" not in body
    assert "search" in body["messages"][0]["content"]
