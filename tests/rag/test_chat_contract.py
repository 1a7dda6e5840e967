"""What every remote chat model promises, whichever SDK it speaks through."""

import time

import pytest

from rag.domain import Finish, Message, Prompt, TextDelta, ToolCall, ToolSpec, Usage
from tests.chat_rig import KEY, PROMPT, Rig, text_of
from tests.loopback import Events, Say, call, chunk

SEARCH = ToolSpec("search", "Search.", {"type": "object", "properties": {"q": {"type": "string"}}})


def test_text_arrives_in_pieces_and_a_finish_comes_last(rig: Rig) -> None:
    items = rig.items(Say("Twelve billion [1]."))

    assert [item.text for item in items[:-1] if isinstance(item, TextDelta)] == [
        "Twelve ",
        "billion ",
        "[1].",
    ]
    assert items[-1] == Finish(Usage(10, 5), complete=True)


def test_usage_may_be_absent(rig: Rig) -> None:
    assert rig.items(Say("Yes.", usage=None))[-1] == Finish(None, complete=True)


@pytest.mark.parametrize(
    "told", [{}, {"prompt_tokens": 7}, {"completion_tokens": 7}, {"total_tokens": 7}]
)
def test_half_a_usage_is_none(rig: Rig, told: dict[str, int]) -> None:
    assert rig.items(Say("Yes.", usage=told))[-1] == Finish(None, complete=True)


def test_usage_may_come_alone_after_the_finish(rig: Rig) -> None:
    events = [chunk({"content": "Yes."}), chunk({}, "stop"), chunk(usage={"prompt_tokens": 7})]
    events[-1]["usage"] = {"prompt_tokens": 7, "completion_tokens": 2, "total_tokens": 9}

    assert rig.items(Events(events))[-1] == Finish(Usage(7, 2), complete=True)


def test_length_limit_makes_the_turn_incomplete(rig: Rig) -> None:
    items = rig.items(Say("Twelve bil", finish_reason="length"))

    assert items[-1] == Finish(Usage(10, 5), complete=False)


def test_a_turn_that_the_filter_stopped_is_incomplete_for_that(rig: Rig) -> None:
    items = rig.items(Say("Twelve bil", finish_reason="content_filter"))

    assert items[-1] == Finish(Usage(10, 5), complete=False, filtered=True)


def test_empty_answer_is_still_finished(rig: Rig) -> None:
    assert rig.items(Say("")) == [Finish(Usage(10, 5), complete=True)]


def test_thinking_is_left_out_and_typed_text_kept(rig: Rig) -> None:
    thought = {"type": "thinking", "thinking": [{"type": "text", "text": "Hmm."}]}
    typed = [{"type": "text", "text": "Twelve"}, {"type": "reference", "reference_ids": [0]}]
    events = [chunk({"content": [thought]}), chunk({"content": typed}), chunk({}, "stop")]

    assert text_of(rig.items(Events(events))) == "Twelve"


def test_messages_go_over_the_wire_in_order_with_nine_letter_call_ids(rig: Rig) -> None:
    asked = ToolCall("chatcmpl-tool-1", "search", '{"q": "x"}')
    prompt = Prompt(
        (
            *PROMPT.messages,
            Message("assistant", "", tool_calls=(asked,)),
            Message("tool", "Found.", tool_call_id="chatcmpl-tool-1"),
        ),
        tools=(SEARCH,),
    )

    rig.items(Say("Yes."), prompt=prompt)

    body = rig.server.requests[-1].body
    roles = [message["role"] for message in body["messages"]]
    sent = body["messages"][2]["tool_calls"][0]
    assert roles == ["system", "user", "assistant", "tool"]
    assert sent["function"] == {"name": "search", "arguments": '{"q": "x"}'}
    assert sent["id"].isalnum()
    assert len(sent["id"]) == 9
    assert body["messages"][3]["tool_call_id"] == sent["id"]
    assert body["tools"][0]["function"]["parameters"] == SEARCH.parameters
    assert body["stream"] is True
    assert body["max_tokens"] == 2048


def test_key_travels_as_a_bearer(rig: Rig) -> None:
    rig.items(Say("Yes."))

    assert rig.server.requests[-1].headers["authorization"] == f"Bearer {KEY}"


def test_whole_tool_calls_come_after_the_text(rig: Rig) -> None:
    calls = [call(0, "abcdefghi", "search", '{"q": "x"}'), call(1, "jklmnopqr", "read", "{}")]
    items = rig.items(Events([chunk({"content": "Let me see. ", "tool_calls": calls}, "stop")]))

    assert items[1:3] == [
        ToolCall("abcdefghi", "search", '{"q": "x"}'),
        ToolCall("jklmnopqr", "read", "{}"),
    ]
    assert isinstance(items[3], Finish)


def test_calls_all_numbered_zero_stay_apart(rig: Rig) -> None:
    calls = [call(0, "abcdefghi", "search", "{}"), call(0, "jklmnopqr", "search", "{}")]
    items = rig.items(Events([chunk({"tool_calls": calls}, "tool_calls")]))

    assert [item.id for item in items if isinstance(item, ToolCall)] == ["abcdefghi", "jklmnopqr"]


def test_call_without_an_id_gets_one(rig: Rig) -> None:
    items = rig.items(Events([chunk({"tool_calls": [call(0, None, "search", "{}")]}, "stop")]))

    assert isinstance(items[0], ToolCall)
    assert len(items[0].id) == 9


def test_calls_of_a_turn_cut_at_its_limit_are_dropped(rig: Rig) -> None:
    calls = [call(0, "abcdefghi", "search", '{"q": "x')]
    items = rig.items(Events([chunk({"tool_calls": calls}, "length")]))

    assert items == [Finish(None, complete=False)]


def test_closing_the_generator_closes_the_connection(rig: Rig) -> None:
    stream = rig.stream(Events([chunk({"content": "Twelve"})], stalls=True))
    next(stream)

    stream.close()

    assert rig.server.hung_up.wait(5)


def test_proxies_of_the_environment_are_not_used(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://192.0.2.1:3128")

    assert text_of(rig.items(Say("Yes."))) == "Yes."


def test_nothing_is_asked_before_the_first_item(rig: Rig) -> None:
    started = time.monotonic()
    rig.stream(Say("Yes."))

    assert rig.server.requests == []
    assert time.monotonic() - started < 5
