"""The contract that real servers are held to, kept over the wires of both kinds of provider."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from rag.domain import ToolCall
from tests.chat_rig import CHATS, PROMPT, mistral, openai_compatible, whole
from tests.loopback import LoopbackServer
from tests.reacting import Reacting
from tests.served_contract import SEARCH, Chat, Contract, Host

Build = Callable[[str, float, Callable[[float], None]], Chat]


@pytest.fixture
def server() -> Iterator[LoopbackServer]:
    with LoopbackServer() as opened:
        yield opened


@pytest.fixture
def host(server: LoopbackServer) -> Reacting:
    reacting = Reacting(server)
    server.scripts[CHATS] = reacting  # type: ignore[assignment]
    return reacting


@pytest.fixture(params=[mistral, openai_compatible], ids=["La Plateforme", "OpenAI-style"])
def chat(request: pytest.FixtureRequest, server: LoopbackServer, host: Reacting) -> Chat:
    build: Build = request.param
    return build(server.url, 10.0, lambda _seconds: None)


class TestContract(Contract):
    """The contract, with the fixtures of this file."""

    def test_nothing_is_refused_on_the_way_to_a_tool(self, chat: Chat, host: Host) -> None:
        items = whole(chat.stream(replace(PROMPT, tools=(SEARCH,))))

        assert isinstance(items[0], ToolCall)

    def test_tools_are_offered_by_function_calling(
        self, chat: Chat, server: LoopbackServer
    ) -> None:
        whole(chat.stream(replace(PROMPT, tools=(SEARCH,))))

        (request,) = server.asked(CHATS)
        assert [tool["function"]["name"] for tool in request.body["tools"]] == [SEARCH.name]
