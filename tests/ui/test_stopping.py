"""What is kept of an answer that is stopped: what the page shows of it, and no word more."""

from __future__ import annotations

from dataclasses import replace

from ui.conversation import Conversation, KeptConversations, TurnState

KEY = "0" * 32
ASKED = Conversation(library_id="coast").asking("How many boats?")


def written(text: str) -> Conversation:
    assert ASKED.last is not None
    return ASKED.with_last(replace(ASKED.last, text=text))


def test_a_stop_shows_the_words_that_were_kept_by_then() -> None:
    kept = KeptConversations()
    kept.keep(KEY, ASKED)
    assert kept.follow(KEY, written("Forty-one"))
    stopped = kept.halt(KEY, ASKED)  # as the page's session still has it
    assert stopped.last is not None
    assert (stopped.last.text, stopped.last.state) == ("Forty-one", TurnState.STOPPED)
    assert kept.find(KEY) == stopped


def test_what_is_written_after_a_stop_is_not_kept() -> None:
    kept = KeptConversations()
    kept.keep(KEY, ASKED)
    stopped = kept.halt(KEY, written("Forty-one"))
    assert not kept.follow(KEY, written("Forty-one boats"))
    assert kept.find(KEY) == stopped
    assert kept.halt(KEY, written("Forty-one boats")).turns == kept.find(KEY).turns


def test_the_same_question_can_be_asked_again_after_a_stop() -> None:
    kept = KeptConversations()
    kept.keep(KEY, written("Forty-one"))
    kept.halt(KEY, written("Forty-one"))
    kept.keep(KEY, ASKED)
    assert kept.follow(KEY, written("Forty"))
    assert kept.halt(KEY, ASKED).turns[-1].text == "Forty"
