from __future__ import annotations

from pathlib import Path

import pytest

from rag.errors import BudgetError
from rag.wiring import Application
from tests.loopback import Say
from tests.rag.applications import KEY, QUESTION, application, fill, platform
from ui.chat import Choice, Inquiry, ask
from ui.completions import fault_of
from ui.conversation import Conversation, Turn
from ui.thread import render_thread

SAYING = Say(
    "Nemo has 12 billion parameters [1].", usage={"prompt_tokens": 1000, "completion_tokens": 50}
)


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def asked(opened: Application, conversation: Conversation) -> tuple[Turn, str]:
    """The last turn once it ended, and how the page shows it."""
    *_, conversation = ask(opened, Inquiry(QUESTION, Choice()), conversation)
    assert conversation.last is not None
    return conversation.last, "".join(render_thread(conversation))


def test_the_page_shows_what_an_answer_and_the_day_cost() -> None:
    with (
        platform([SAYING, SAYING]) as server,
        application(
            mistral_api_key=KEY, mistral_url=server.url, embedding="all-MiniLM-L6-v2"
        ) as opened,
    ):
        fill(opened)
        first, page = asked(opened, Conversation())
        assert first.spent_today == pytest.approx(0.00018)
        assert "$0.0002 · $0.0002 today" in page
        second, page = asked(opened, Conversation())
        assert second.spent_today == pytest.approx(0.00036)
        assert "$0.0002 · $0.0004 today" in page


def test_the_page_says_why_a_question_past_the_cap_is_refused() -> None:
    with (
        platform([SAYING]) as server,
        application(
            mistral_api_key=KEY,
            mistral_url=server.url,
            embedding="all-MiniLM-L6-v2",
            person_dollars=0.001,
        ) as opened,
    ):
        fill(opened)
        turn, page = asked(opened, Conversation())

    assert turn.error.endswith(
        "more than the cap of $0.001 a day for one person allows. Choose a cheaper model, or raise "
        "TRAMONTANE_PERSON_DOLLARS."
    )
    assert "TRAMONTANE_PERSON_DOLLARS" in page
    assert turn.answer is None


def test_a_program_is_told_that_the_budget_is_spent() -> None:
    fault = fault_of(BudgetError("The cap is reached."))

    assert fault.status == 429
    assert fault.body["error"]["code"] == "budget_spent"
