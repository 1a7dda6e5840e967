from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace

import pytest

from rag.domain import (
    Answer,
    Document,
    DocumentState,
    Message,
    Passage,
    Retrieved,
    Rewritten,
    TextDelta,
)
from rag.errors import UnavailableError
from rag.stopping import resting
from ui.background import Rests, in_batches
from ui.conversation import (
    LIBRARIES_KEPT,
    PASSAGE_CHARACTERS_KEPT,
    TABS_KEPT,
    TURNS_KEPT,
    Conversation,
    KeptConversations,
    TurnState,
)
from ui.thread import render_thread

DOCUMENT = Document(
    *("d1", "l1", "guide.pdf", "A guide", "application/pdf", "00", 1),
    *(DocumentState.READY, "", 9, True),
)
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
    html = "".join(render_thread(Conversation().asking("<img src=x onerror=alert(1)>")))
    assert "<img" not in html
    assert "&lt;img src=x onerror=alert(1)&gt;" in html


def passage(text: str) -> Passage:
    return Passage(DOCUMENT, 2, "iv", 0, len(text), text, (), 1.0, (1,))


@pytest.mark.parametrize(
    ("cost", "shown"), [(0.0, "$0.0000"), (0.00002, "&lt; $0.0001"), (0.0123, "$0.0123")]
)
def test_a_cost_is_never_rounded_to_nothing(cost: float, shown: str) -> None:
    turn = Conversation().asking("q").turns[0].after(Answer("a", "q", "small", cost=cost))
    assert f"small · {shown} · " in "".join(render_thread(Conversation((turn,))))


def test_a_kept_conversation_is_found_by_its_key_alone() -> None:
    kept = KeptConversations()
    found = (passage("text"), passage("long " * 400))
    answer = Answer("It holds forty-one.", "q", "reader", passages=found, nearest=found[:1])
    conversation = Conversation((Conversation().asking("one").turns[0].after(answer),))
    kept.keep("a" * 32, conversation.asking("two"))
    restored = kept.find("a" * 32)
    assert [turn.state for turn in restored.turns] == [TurnState.DONE, TurnState.STOPPED]
    assert restored.turns[0].answer is not None
    assert restored.turns[0].answer.nearest == found[:1]
    short, cut = restored.turns[0].answer.passages
    assert short == found[0]
    assert (cut.end, len(cut.text)) == (2_000, PASSAGE_CHARACTERS_KEPT)
    assert kept.find("b" * 32) == Conversation()
    kept.keep("short", conversation)
    assert kept.find("short") == Conversation()
    kept.keep("a" * 32, Conversation())
    assert kept.find("a" * 32) == Conversation()


def test_only_so_much_is_kept() -> None:
    kept = KeptConversations()
    conversation = Conversation()
    for number in range(TURNS_KEPT + 5):
        conversation = answered(conversation.asking(str(number)), "yes")
    for number in range(TABS_KEPT + 1):
        kept.keep(f"{number:032x}", conversation)
    assert kept.find(f"{0:032x}") == Conversation()
    assert [turn.number for turn in kept.find(f"{1:032x}").turns] == list(range(5, TURNS_KEPT + 5))


def test_a_tab_has_a_conversation_of_its_own_in_each_library() -> None:
    kept, key = KeptConversations(), "a" * 32
    kept.keep(key, Conversation())  # nothing is known of its library yet
    first = answered(Conversation(library_id="1").asking("one"), "yes")
    kept.keep(key, first)
    assert kept.enter(key, "2") == Conversation(library_id="2")
    kept.keep(key, Conversation(library_id="2").asking("two"))
    kept.keep(key, first)  # which ends late: the tab stays where it is
    assert [turn.question for turn in kept.find(key).turns] == ["two"]
    assert kept.enter(key, "1") == first
    kept.keep(key, Conversation(library_id="1"))
    assert kept.find(key) == Conversation(library_id="1")
    kept.forget("2")
    assert kept.enter(key, "2").turns == ()
    for number in range(LIBRARIES_KEPT + 1):
        kept.keep(key, replace(first, library_id=f"l{number}"))
    assert kept.enter(key, "l0").turns == ()
    assert kept.enter(key, "l1").turns == first.turns


def test_items_arrive_in_order_and_failures_after_them() -> None:
    def items() -> Iterator[int]:
        yield from range(100)
        raise UnavailableError("The server does not answer.")

    seen: list[int] = []
    batches = in_batches(items(), every=0.0, at_least_every=10)
    with pytest.raises(UnavailableError, match="does not answer"):
        seen.extend(item for batch in batches for item in batch)
    assert seen == list(range(100))


def test_what_a_server_is_waited_for_is_heard_while_it_is() -> None:
    told, rests = threading.Event(), Rests()

    def items() -> Iterator[int]:
        with resting("It is asked again."):
            told.wait(20)
        yield 1

    batches = in_batches(items(), every=0.0, at_least_every=0.01, hear=rests.hear)
    while not rests.why:
        assert next(batches) == []
    (turn,) = Conversation().asking("Why?").turns
    html = "".join(render_thread(Conversation((replace(turn, rests=rests.why),))))
    assert '<p class="note" role="status">It is asked again.</p>' in html
    told.set()
    while not (batch := next(batches)):
        pass
    assert (batch, rests.why) == ([1], "")
    ended = Conversation((replace(turn, rests="It rests."),)).ended(TurnState.FAILED, "Gone.")
    assert "It rests." not in "".join(render_thread(ended))


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
