from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from rag.domain import Answer, Message, Retrieved, Rewritten, TextDelta
from rag.errors import UnavailableError
from ui.background import in_batches
from ui.conversation import Conversation, TurnState
from ui.thread import render_thread

ANSWER = Answer("It holds forty-one.", "How many?", "reader")


def answered(conversation: Conversation, text: str) -> Conversation:
    assert conversation.last is not None
    return conversation.with_last(conversation.last.after(Answer(text, "q", "reader")))


def test_events_become_a_turn() -> None:
    turn = Conversation().asking("How many?").turns[0]
    for event in (Rewritten("How many boats?"), Retrieved(()), TextDelta("It "), TextDelta("h")):
        turn = turn.after(event)
    assert (turn.rewritten, turn.text, turn.state) == ("How many boats?", "It h", TurnState.RUNNING)
    turn = turn.after(ANSWER)
    assert (turn.text, turn.state) == (ANSWER.text, TurnState.DONE)


def test_only_answered_turns_are_history() -> None:
    conversation = answered(Conversation().asking("one"), "first")
    conversation = conversation.asking("two").ended(TurnState.FAILED, "No connection.")
    assert conversation.history() == (Message("user", "one"), Message("assistant", "first"))
    assert conversation.asking("three").turns[-1].number == 2


def test_ending_leaves_a_finished_turn_alone() -> None:
    conversation = answered(Conversation().asking("one"), "first")
    assert conversation.ended(TurnState.STOPPED) == conversation


def test_what_a_person_typed_is_escaped() -> None:
    html = "".join(render_thread(Conversation().asking("<img src=x onerror=alert(1)>"), ()))
    assert "<img" not in html
    assert "&lt;img src=x onerror=alert(1)&gt;" in html


def test_items_arrive_in_order_and_failures_after_them() -> None:
    def items() -> Iterator[int]:
        yield from range(100)
        raise UnavailableError("The server does not answer.")

    seen: list[int] = []
    batches = in_batches(items(), every=0.0, at_least_every=10)
    with pytest.raises(UnavailableError, match="does not answer"):
        seen.extend(item for batch in batches for item in batch)
    assert seen == list(range(100))


def test_silence_is_noticed_and_closing_stops_the_source() -> None:
    going, closed = threading.Event(), threading.Event()

    def items() -> Iterator[int]:
        try:
            yield 1
            going.wait(20)
            yield 2
            yield 3
        finally:
            closed.set()

    batches = in_batches(items(), every=0.0, at_least_every=0.01)
    assert next(batches) == [1]
    assert next(batches) == []
    batches.close()
    going.set()
    assert closed.wait(20)
