from typing import Any

import pytest

from rag.domain import Finish, Message, Prompt, TextDelta, ToolCall, ToolSpec, Usage
from rag.errors import (
    AuthenticationError,
    InvalidReplyError,
    ModelNotFoundError,
    SettingsError,
    UnavailableError,
)
from rag.providers.openai_compatible import OpenAiCompatibleChat, served_models
from rag.providers.products import DEFAULT_CONTEXT_TOKENS, OTHER, Product, ServedModel
from tests.loopback import (
    USAGE,
    Events,
    LoopbackServer,
    Say,
    Status,
    call,
    chunk,
    listed_model,
    vllm_error,
)

PROMPT = Prompt((Message("user", "How many?"),))
SEARCH = ToolSpec("search", "Search.", {"type": "object"})
CHATS, MODELS = "/v1/chat/completions", "/v1/models"


def connected(
    server: LoopbackServer,
    *,
    model: str | None = None,
    api_key: str | None = None,
    context_tokens: int | None = None,
    product: Product | None = None,
) -> OpenAiCompatibleChat:
    waits: list[float] = []
    return OpenAiCompatibleChat(
        server.url + "/v1",
        model=model,
        api_key=api_key,
        context_tokens=context_tokens,
        timeout_seconds=5,
        product=product,
        sleep=waits.append,
    )


def vllm_model(name: str, **fields: object) -> dict[str, Any]:
    return {"id": name, "object": "model", "created": 1, "owned_by": "vllm", **fields}


def test_first_listed_model_answers_with_its_context() -> None:
    served = [vllm_model("mistralai/Mistral-7B", max_model_len=2048), vllm_model("lora")]
    with LoopbackServer(served=served) as server:
        chat = connected(server)
        list(chat.stream(PROMPT))

    assert server.asked(CHATS)[0].body["model"] == "mistralai/Mistral-7B"
    assert chat.card.name == "mistralai/Mistral-7B"
    assert chat.card.context_tokens == 2048
    assert chat.card.input_price is None


def test_card_asks_nothing_and_is_careful_until_connected() -> None:
    with LoopbackServer() as server:
        chat = connected(server)
        place = server.url.removeprefix("http://")

        assert chat.card.name == f"the model served at {place}"
        assert chat.card.place == place
        assert chat.card.context_tokens == DEFAULT_CONTEXT_TOKENS
        assert server.requests == []
        assert chat.connect().name == "mistral-small-latest"
        assert chat.card.context_tokens == 32_768


def test_models_are_asked_for_once() -> None:
    with LoopbackServer() as server:
        chat = connected(server)
        list(chat.stream(PROMPT))
        list(chat.stream(PROMPT))

    assert len(server.asked(MODELS)) == 1


def test_given_model_context_and_product_need_no_question() -> None:
    with LoopbackServer() as server:
        chat = connected(server, model="mine", context_tokens=8192, product=OTHER)
        list(chat.stream(PROMPT))

    assert [request.path for request in server.requests] == [CHATS]
    assert (chat.card.name, chat.card.context_tokens) == ("mine", 8192)


def test_given_context_wins_over_the_listed_one() -> None:
    with LoopbackServer() as server:
        assert connected(server, context_tokens=8192).connect().context_tokens == 8192


def test_ollama_name_without_its_tag_is_found() -> None:
    served = [vllm_model("other"), vllm_model("mistral:latest", max_model_len=16_384)]
    with LoopbackServer(served=served) as server:
        card = connected(server, model="mistral").connect()

    assert (card.name, card.context_tokens) == ("mistral", 16_384)


def test_server_without_a_list_is_asked_all_the_same() -> None:
    with LoopbackServer(models=[Status(404, {"detail": "Not Found"})]) as server:
        chat = connected(server, model="mine")
        list(chat.stream(PROMPT))

    assert chat.card.context_tokens == DEFAULT_CONTEXT_TOKENS


def test_server_without_a_list_and_no_model_named_is_unavailable() -> None:
    lost = Status(404, {"detail": "Not Found"})
    with (
        LoopbackServer(models=[lost]) as server,
        pytest.raises(UnavailableError, match="Check the address"),
    ):
        list(connected(server).stream(PROMPT))


def test_server_that_serves_no_model_is_told() -> None:
    with (
        LoopbackServer(served=[]) as server,
        pytest.raises(ModelNotFoundError, match="serves no model yet"),
    ):
        connected(server).connect()


def test_server_restarted_with_another_model_is_asked_again() -> None:
    gone = Status(404, vllm_error("The model `a` does not exist.", 404, "NotFoundError"))
    with LoopbackServer(served=[vllm_model("a")], chat=[Say("Yes."), gone]) as server:
        chat = connected(server)
        list(chat.stream(PROMPT))
        server.served = [vllm_model("b")]
        with pytest.raises(ModelNotFoundError):
            list(chat.stream(PROMPT))
        list(chat.stream(PROMPT))

    assert server.asked(CHATS)[-1].body["model"] == "b"


def test_server_may_start_after_the_chat_was_built() -> None:
    with LoopbackServer() as server:
        url = server.url
    waits: list[float] = []
    chat = OpenAiCompatibleChat(
        url + "/v1",
        model=None,
        api_key=None,
        context_tokens=None,
        timeout_seconds=5,
        sleep=waits.append,
    )
    with pytest.raises(UnavailableError) as caught:
        list(chat.stream(PROMPT))
    with LoopbackServer(port=int(url.rpartition(":")[2]), chat=[Say("Yes.")]):
        items = list(chat.stream(PROMPT))

    assert str(caught.value) == (
        f"Nothing answers at {url}/v1. Start the server there, or set TRAMONTANE_CHAT to another "
        "address."
    )
    assert items[0] == TextDelta("Yes.")


def test_fragments_of_tool_calls_are_put_together() -> None:
    events = [
        chunk({"role": "assistant", "content": ""}),
        chunk({"tool_calls": [call(0, "chatcmpl-tool-1", "search", "")]}),
        chunk({"tool_calls": [call(0, arguments='{"q": ')]}),
        chunk({"tool_calls": [call(0, arguments='"x"}')]}),
        chunk({"tool_calls": [call(1, "chatcmpl-tool-2", "read")]}),
        chunk({"content": ""}, "tool_calls"),
        chunk(usage=USAGE),
    ]
    with LoopbackServer(chat=[Events(events)]) as server:
        items = list(connected(server).stream(Prompt(PROMPT.messages, tools=(SEARCH,))))

    assert items == [
        ToolCall("chatcmpl-tool-1", "search", '{"q": "x"}'),
        ToolCall("chatcmpl-tool-2", "read", "{}"),
        Finish(Usage(10, 5), complete=True),
    ]


def test_named_tool_choice_finishes_with_stop() -> None:
    events = [chunk({"tool_calls": [call(0, "abcdefghi", "search", "{}")]}, "stop")]
    with LoopbackServer(chat=[Events(events)]) as server:
        items = list(connected(server).stream(PROMPT))

    assert items[0] == ToolCall("abcdefghi", "search", "{}")


def test_cumulative_usage_counts_once() -> None:
    counts = [{**USAGE, "completion_tokens": written} for written in (1, 2)]
    events = [
        chunk({"content": "Yes"}, None, counts[0]),
        chunk({"content": "."}, "stop", counts[1]),
    ]
    with LoopbackServer(chat=[Events(events)]) as server:
        items = list(connected(server).stream(PROMPT))

    assert items[-1] == Finish(Usage(10, 2), complete=True)


def test_usage_is_asked_for() -> None:
    with LoopbackServer() as server:
        list(connected(server).stream(PROMPT))

    assert server.asked(CHATS)[0].body["stream_options"] == {"include_usage": True}


@pytest.mark.parametrize(
    "event",
    [{"id": "1"}, {"choices": None}, {"choices": [{"index": 0}]}, {"choices": [{"delta": None}]}],
    ids=["no choices", "null choices", "no delta", "null delta"],
)
def test_events_with_holes_are_passed_over(event: dict[str, Any]) -> None:
    with LoopbackServer(chat=[Events([event, chunk({"content": "Yes."}, "stop")])]) as server:
        items = list(connected(server).stream(PROMPT))

    assert items[0] == TextDelta("Yes.")


def test_choices_of_another_kind_are_refused() -> None:
    with (
        LoopbackServer(chat=[Events([{"choices": "none"}])]) as server,
        pytest.raises(InvalidReplyError),
    ):
        list(connected(server).stream(PROMPT))


def test_reply_that_is_no_stream_is_refused() -> None:
    whole = Status(200, {"choices": [{"message": {"content": "Yes."}}]})
    with LoopbackServer(chat=[whole]) as server, pytest.raises(InvalidReplyError):
        list(connected(server).stream(PROMPT))


def test_environment_of_the_sdk_is_not_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-from-the-environment")
    monkeypatch.setenv("OPENAI_ORG_ID", "org-from-the-environment")
    monkeypatch.setenv("OPENAI_PROJECT_ID", "project-from-the-environment")
    monkeypatch.setenv("OPENAI_BASE_URL", "http://192.0.2.1/v1")
    monkeypatch.setenv("OPENAI_CUSTOM_HEADERS", "X-Secret: s\nAuthorization: Bearer other")
    with LoopbackServer() as server:
        list(connected(server).stream(PROMPT))

    sent = [name for request in server.requests for name in request.headers]
    assert set(sent) <= {
        "accept",
        "accept-encoding",
        "connection",
        "content-length",
        "content-type",
        "host",
        "user-agent",
    }


def test_given_key_wins_over_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_CUSTOM_HEADERS", "Authorization: Bearer other")
    served = [vllm_model("mistralai/Mistral-7B-Instruct-v0.3")]
    with LoopbackServer(api_key="mine", served=served) as server:
        list(connected(server, api_key="mine").stream(PROMPT))

    assert [request.path for request in server.requests] == [MODELS, CHATS]


def test_server_that_wants_a_key_says_which_setting() -> None:
    with (
        LoopbackServer(api_key="mine") as server,
        pytest.raises(AuthenticationError, match="Set TRAMONTANE_CHAT_API_KEY"),
    ):
        connected(server).connect()


def test_path_v1_is_added_where_there_is_none() -> None:
    with LoopbackServer() as server:
        served_models(server.url, api_key=None, timeout_seconds=5)

    assert server.requests[0].path == MODELS


@pytest.mark.parametrize(
    ("fields", "context_tokens"),
    [
        ({"max_model_len": 2048}, 2048),
        ({"meta": {"n_ctx": 8192, "n_ctx_train": 32_768}}, 8192),
        ({"meta": {"n_ctx_train": 32_768}}, 32_768),
        ({"max_model_len": None, "meta": None}, None),
        ({}, None),
    ],
    ids=["vllm", "llama.cpp", "older llama.cpp", "null", "silent"],
)
def test_context_is_read_from_the_list(
    fields: dict[str, object], context_tokens: int | None
) -> None:
    with LoopbackServer(served=[vllm_model("m", **fields)]) as server:
        models = served_models(server.url + "/v1", api_key=None, timeout_seconds=5)

    assert models == [ServedModel("m", context_tokens, owner="vllm")]


@pytest.mark.parametrize(
    "reply",
    [
        Status(200, "<html>", content_type="text/html"),
        Status(200, "[]"),
        Status(200, {"data": None}),
        Status(200, b"\xff"),
    ],
    ids=["web page", "a list", "null", "invalid UTF-8"],
)
def test_list_that_cannot_be_read_is_refused(reply: Status) -> None:
    with LoopbackServer(models=[reply]) as server, pytest.raises(InvalidReplyError):
        served_models(server.url + "/v1", api_key=None, timeout_seconds=5)


def test_listing_asks_once() -> None:
    with LoopbackServer(models=[Status(503)] * 3) as server, pytest.raises(UnavailableError):
        served_models(server.url + "/v1", api_key=None, timeout_seconds=5)

    assert len(server.requests) == 1


@pytest.mark.parametrize("url", ["http://[::1", "http://127.0.0.1:99999/v1", "http://a:b@host/v1"])
def test_address_that_cannot_be_used_is_refused(url: str) -> None:
    with pytest.raises(SettingsError, match="TRAMONTANE_CHAT"):
        served_models(url, api_key=None, timeout_seconds=1)


def test_listed_model_of_la_plateforme_is_read_too() -> None:
    with LoopbackServer(served=[listed_model("codestral-2508")]) as server:
        models = served_models(server.url + "/v1", api_key=None, timeout_seconds=5)

    assert models[0].name == "codestral-2508"
