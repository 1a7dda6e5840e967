from __future__ import annotations

import pytest

from rag.domain import Message, Prompt, ToolSpec
from rag.providers.mistral import MistralChat
from rag.providers.mistral_models import MOST_TOKENS, REST_SECONDS, KnownCard
from tests.loopback import LoopbackServer, Status, listed_model

KEY = "s3cr3t-k3y-0123456789"
LIST = "/v1/models"
CHATS = "/v1/chat/completions"
CALLS = {"completion_chat": True, "function_calling": True}
SILENT = {"completion_chat": True}
OFFERED = Prompt(
    (Message("user", "How many?"),), tools=(ToolSpec("search", "Search.", {"type": "object"}),)
)


def chat_of(server: LoopbackServer, model: str) -> MistralChat:
    return MistralChat(KEY, model, url=server.url, timeout_seconds=5)


@pytest.mark.parametrize(
    "model", ["mistral-next-2611", "mistral-medium-2508", "magistral-medium-2509"]
)
def test_what_the_catalogue_lacks_is_asked_of_la_plateforme_once(model: str) -> None:
    served = [
        listed_model("another", max_context_length=8_192, capabilities=SILENT),
        listed_model(model, max_context_length=131_072, capabilities=CALLS),
    ]
    with LoopbackServer(served=served, api_key=KEY) as server:
        chat = chat_of(server, model)
        before = chat.card
        cards = [chat.connect(), chat.connect(), chat.card]
        list(chat.stream(OFFERED))

    assert (before.context_tokens, before.tools) == (32_000, False)
    assert {(card.context_tokens, card.tools) for card in cards} == {(131_072, True)}
    assert [request.path for request in server.requests] == [LIST, CHATS]


def test_a_model_is_known_by_its_other_names() -> None:
    served = [listed_model("new-2611", aliases=["new-latest"], max_context_length=65_536)]
    with LoopbackServer(served=served) as server:
        assert chat_of(server, "new-latest").connect().context_tokens == 65_536


def test_what_the_catalogue_knows_wins() -> None:
    served = [
        listed_model("mistral-large-latest", max_context_length=4_096, capabilities=SILENT),
        listed_model("open-mistral-nemo", max_context_length=131_072, capabilities=SILENT),
    ]
    with LoopbackServer(served=served) as server:
        large = chat_of(server, "mistral-large-latest").connect()
        asked = len(server.requests)
        nemo = chat_of(server, "open-mistral-nemo").connect()

    assert (large.context_tokens, large.tools, asked) == (256_000, True, 0)
    assert (nemo.context_tokens, nemo.tools) == (131_072, True)


@pytest.mark.parametrize(
    ("told", "believed"),
    [({}, 32_000), ({"max_context_length": 0}, 32_000), ({"max_context_length": 10**15}, None)],
)
def test_what_makes_no_sense_is_not_believed(told: dict[str, int], believed: int | None) -> None:
    with LoopbackServer(served=[listed_model("new", **told)]) as server:
        card = chat_of(server, "new").connect()

    assert card.context_tokens == (believed or MOST_TOKENS)


def test_a_model_that_is_not_listed_keeps_the_careful_defaults() -> None:
    with LoopbackServer(served=[listed_model("another")]) as server:
        card = chat_of(server, "new").connect()

    assert (card.context_tokens, card.tools) == (32_000, False)


def test_who_does_not_answer_is_asked_again_later() -> None:
    now = [100.0]
    with LoopbackServer(served=[listed_model("new", max_context_length=65_536)]) as server:
        server.scripts[LIST].append(Status(503, "busy"))
        chat = chat_of(server, "new")
        known = KnownCard(chat.card, chat._endpoint, clock=lambda: now[0])
        first, second = known.connect(), known.connect()
        asked = len(server.requests)
        now[0] += REST_SECONDS
        third = known.connect()

    assert (first.context_tokens, second.context_tokens, asked) == (32_000, 32_000, 1)
    assert (third.context_tokens, third.tools) == (65_536, True)


def test_nobody_is_asked_before_the_first_question() -> None:
    with LoopbackServer() as server:
        card = chat_of(server, "new").card

    assert (card.context_tokens, server.requests) == (32_000, [])
    assert chat_of(server, "new").connect() == card  # the server has gone
