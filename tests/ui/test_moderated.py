"""Moderation where people and programs meet it: the page and the API."""

from __future__ import annotations

from pathlib import Path

import pytest

from rag.errors import ModerationError
from tests.loopback import Say
from tests.rag.applications import QUESTION
from tests.rag.test_moderation import GOOD, VIOLENT, moderated
from ui.chat import Choice, Inquiry, ask
from ui.completions import fault_of
from ui.conversation import Conversation, TurnState
from ui.thread import render_thread


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_a_question_that_is_refused_can_be_put_otherwise_in_the_page() -> None:
    with moderated(VIOLENT) as (opened, _):
        *_, last = ask(opened, Inquiry(QUESTION, Choice()), Conversation())

    turn = last.turns[-1]
    assert turn.state is TurnState.HELD
    assert turn.error.startswith("This question is not answered: moderation finds violence")
    assert turn.error in render_thread(last)[-1]
    assert last.history() == ()


def test_an_answer_that_is_withheld_leaves_the_page() -> None:
    words = "Nemo has 12 billion harmful words [1]."
    with moderated(GOOD, VIOLENT, chat=[Say(words)]) as (opened, _):
        *_, last = ask(opened, Inquiry(QUESTION, Choice()), Conversation())

    shown = render_thread(last)[-1]
    assert "harmful" not in shown
    assert "The answer is withheld: moderation finds violence or threats in it." in shown


def test_a_program_is_told_by_the_code_that_openai_has_for_it() -> None:
    fault = fault_of(ModerationError("This question is not answered."))

    assert (fault.code, fault.status) == ("content_filter", 400)
    assert fault.body["error"]["message"] == "This question is not answered."
