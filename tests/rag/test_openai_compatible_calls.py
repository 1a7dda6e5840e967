"""Tool calls as OpenAI-style servers stream them: whole, in pieces, and with holes."""

from typing import Any

import pytest

from rag.domain import Finish, Message, Prompt, ToolCall, ToolSpec
from rag.providers.openai_compatible import OpenAiCompatibleChat
from tests.loopback import Events, LoopbackServer, call, chunk

SEARCH = ToolSpec("search", "Search.", {"type": "object"})
PROMPT = Prompt((Message("user", "How many?"),), tools=(SEARCH,))


def calls_in(*deltas: list[dict[str, Any]]) -> list[tuple[str, str]]:
    events = [*(chunk({"tool_calls": calls}) for calls in deltas), chunk({}, "tool_calls")]
    with LoopbackServer(chat=[Events(events)]) as server:
        chat = OpenAiCompatibleChat(
            server.url, model=None, api_key=None, context_tokens=None, timeout_seconds=5
        )
        items = list(chat.stream(PROMPT))
    called = [item for item in items if isinstance(item, ToolCall)]
    assert isinstance(items[-1], Finish)
    assert len({item.id for item in called}) == len(called)
    assert all(item.id for item in called)
    return [(item.name, item.arguments) for item in called]


@pytest.mark.parametrize(
    "deltas",
    [
        [
            [call(0, "a", "search", '{"q": "x"}'), call(1, "b", "today", "{}")],
        ],
        [
            [call(0, "a", "search", "")],
            [call(0, arguments='{"q"')],
            [call(0, arguments=': "x"}')],
            [call(1, "b", "today", "{")],
            [call(1, arguments="}")],
        ],
        [
            [call(0, "a", "search", ""), call(1, "b", "today", "")],
            [call(1, arguments="{")],
            [call(0, arguments='{"q": ')],
            [call(1, arguments="}"), call(0, arguments='"x"}')],
        ],
        [
            [call(None, "a", "search", '{"q": ')],
            [call(None, None, None, '"x"}')],
            [call(None, "b", "today", "{}")],
        ],
        [
            [call(None, None, "search", '{"q": ')],
            [call(None, None, None, '"x"}')],
            [call(None, None, "today", "{}")],
        ],
        [
            [call(0, None, "sea")],
            [call(0, None, "rch", '{"q": "x"}')],
            [call(1, None, "today", "{}")],
        ],
        [
            [call(0, "a", "search", '{"q": ')],
            [call(0, "a", "search", '"x"}')],
            [call(1, "b", "today")],
        ],
        [
            [call(0, "", "search", {"q": "x"}), call(1, "null", "today", {})],
        ],
    ],
    ids=[
        "whole",
        "in pieces",
        "interwoven",
        "no index",
        "neither index nor id",
        "no id, name in pieces",
        "id and name again and again",
        "arguments as objects",
    ],
)
def test_two_calls_are_put_together(deltas: list[list[dict[str, Any]]]) -> None:
    assert calls_in(*deltas) == [("search", '{"q": "x"}'), ("today", "{}")]


def test_a_call_without_a_name_is_none() -> None:
    assert calls_in([call(0, "a", None, "{}"), call(1, "b", "today", "{}")]) == [("today", "{}")]
