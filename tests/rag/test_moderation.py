"""Moderation by La Plateforme: what it lets through, what it stops, and what when it fails."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from rag.batch import BatchQuestion, answer_row, run
from rag.domain import Answer, Event, Message, TextDelta
from rag.errors import (
    AuthenticationError,
    BudgetError,
    InvalidReplyError,
    ModelNotFoundError,
    ModerationError,
    ProviderError,
    RateLimitError,
    SettingsError,
    UnavailableError,
)
from rag.models import answer_cost, moderation_card
from rag.moderation import Moderation
from rag.providers.mistral_moderation import MistralModerator
from rag.wiring import Application
from tests.loopback import LoopbackServer, Reply, Say, Status, mistral_error, rate_limited
from tests.rag.applications import KEY, QUESTION, application, fill
from tests.rag.desk import answer_of
from tests.verdicts import judged
from tests.wire import Ending, Wire, WireServer, head

MODERATIONS = "/v1/chat/moderations"
CHATS = "/v1/chat/completions"
SAID = "Nemo has 12 billion parameters [1]."
GOOD = Status(200, judged())
VIOLENT = Status(200, judged("violence_and_threats"))
CARD = moderation_card()


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@contextmanager
def moderated(
    *verdicts: Reply, chat: Sequence[Reply] = (Say(SAID),), **given: object
) -> Iterator[tuple[Application, LoopbackServer]]:
    """An application whose model and moderation are a La Plateforme of our own."""
    chosen = {
        "mistral_api_key": KEY,
        "moderation": "mistral",
        "embedding": "all-MiniLM-L6-v2",
        **given,
    }
    with (
        LoopbackServer(api_key=KEY, chat=chat, moderations=verdicts) as server,
        application(mistral_url=server.url, **chosen) as opened,
    ):
        fill(opened)
        yield opened, server


def well_answered() -> Iterator[Event]:
    yield Answer(SAID, QUESTION, "scripted")


def asked(opened: Application, history: Sequence[Message] = ()) -> list[Event]:
    return list(opened.assistant().ask(QUESTION, history, opened.scope()))


def test_what_nothing_is_found_in_is_answered_and_paid_for() -> None:
    with moderated() as (opened, server):
        answer = answer_of(asked(opened))
        spent = opened.meter.spent_today()

    first, second = server.asked(MODERATIONS)
    assert answer.text == SAID
    assert first.body == {
        "input": [{"role": "user", "content": QUESTION}],
        "model": "mistral-moderation-latest",
    }
    assert [said["content"] for said in second.body["input"]] == [QUESTION, SAID]
    assert answer.usage is not None
    chat = answer_cost(opened.assistant().card, answer.usage) or 0.0
    assert answer.cost is not None
    assert answer.cost > chat > 0
    assert spent == pytest.approx(answer.cost, abs=2e-9)


def test_a_question_is_refused_before_anything_else_is_asked() -> None:
    with moderated(VIOLENT) as (opened, server):
        with pytest.raises(ModerationError) as caught:
            asked(opened)
        spent = opened.meter.spent_today()

    assert str(caught.value) == (
        "This question is not answered: moderation finds violence or threats in it. "
        "Ask something else."
    )
    assert server.asked(CHATS) == []
    assert spent > 0


def test_an_answer_is_withheld_that_goes_too_far() -> None:
    with moderated(GOOD, Status(200, judged("selfharm", "criminal"))) as (opened, _):
        seen: list[Event] = []
        with pytest.raises(
            ModerationError, match=r"answer is withheld: .* criminal content and se"
        ):
            seen.extend(opened.assistant().ask(QUESTION, (), opened.scope()))

    assert not any(isinstance(event, Answer) for event in seen)


def test_what_documents_are_about_is_no_harm() -> None:
    verdict = Status(200, judged("health", "financial", "law", "pii"))
    with moderated(verdict, verdict) as (opened, _):
        assert answer_of(asked(opened)).text == SAID


def test_a_category_that_is_new_to_us_is_refused_by_its_name() -> None:
    with (
        moderated(Status(200, judged("election_fraud"))) as (opened, _),
        pytest.raises(ModerationError, match="finds election fraud in it"),
    ):
        asked(opened)


def test_a_follow_up_is_judged_with_the_exchange_before_it() -> None:
    history = [
        *(Message("user", "Who?"), Message("assistant", "Nobody.")),
        *(Message("user", "What is Nemo?"), Message("assistant", "A model. " * 2_000)),
    ]
    with moderated(chat=[Say(QUESTION), Say(SAID)]) as (opened, server):
        asked(opened, history)

    told = server.asked(MODERATIONS)[0].body["input"]
    assert [said["role"] for said in told] == ["user", "assistant", "user"]
    assert told[0]["content"] == "What is Nemo?"
    assert len(told[1]["content"]) == 4_000


def test_without_the_setting_nothing_is_judged() -> None:
    with moderated(VIOLENT, moderation="off") as (opened, server):
        answer_of(asked(opened))

    assert server.asked(MODERATIONS) == []


def test_the_embedded_readers_quotes_are_not_judged_but_its_questions_are() -> None:
    with moderated(GOOD, VIOLENT, chat=[]) as (opened, server):
        reader = opened.assistant("embedded reader")
        opened.models()
        answer = answer_of(
            list(opened.assistant("embedded reader").ask(QUESTION, (), opened.scope()))
        )
        assert reader.card.instructable is False

    assert answer.usage is None
    assert answer.cost is not None
    assert answer.cost > 0
    assert len(server.asked(MODERATIONS)) == 1


@pytest.mark.parametrize(
    ("reply", "error"),
    [
        (Status(500, "oops"), UnavailableError),
        (Status(401, {"detail": "Unauthorized"}), AuthenticationError),
        (rate_limited("60"), RateLimitError),
        (Status(404, mistral_error("The model does not exist")), ModelNotFoundError),
        (Status(200, "{"), InvalidReplyError),
        (Status(200, {**judged(), "results": []}), InvalidReplyError),
        (Status(200, {**judged(), "results": [{"category_scores": {}}]}), InvalidReplyError),
        (Status(200, {**judged(), "results": [{"categories": {}}]}), InvalidReplyError),
    ],
)
def test_what_cannot_be_judged_is_not_answered(reply: Reply, error: type[ProviderError]) -> None:
    begun: list[str] = []

    def answering() -> Iterator[Event]:
        begun.append(QUESTION)
        yield Answer(SAID, QUESTION, "scripted")

    with LoopbackServer(moderations=[reply] * 3) as server:
        moderator = MistralModerator(
            KEY, url=server.url, timeout_seconds=5, sleep=lambda seconds: None
        )
        with pytest.raises(error) as caught:
            list(Moderation(moderator).over(QUESTION, answering()))

    assert str(caught.value).startswith("Not answered, since moderation (TRAMONTANE_MODERATION) ")
    assert KEY not in str(caught.value)
    assert begun == []


@pytest.mark.parametrize(
    "wire",
    [
        Wire([], Ending.SILENCE),
        Wire([head(kind="application/json"), b'{"id": "m-1", "resu'], Ending.SILENCE),
        Wire([head(kind="application/json"), b'{"id": "m-1", "resu'], Ending.RESET),
        Wire([], Ending.RESET, asked=False),
        Wire([head(kind="application/json"), b"[" * 50_000]),
        Wire([head(), b"data: {}\n\n"], Ending.REPEAT),
    ],
)
def test_a_server_that_hangs_or_breaks_off_lets_nothing_through_for_long(wire: Wire) -> None:
    with WireServer([wire]) as server:
        moderator = MistralModerator(
            KEY, url=server.url, timeout_seconds=0.3, sleep=lambda seconds: None
        )
        started = time.monotonic()
        with pytest.raises(ProviderError, match="Not answered, since moderation"):
            list(Moderation(moderator).over(QUESTION, well_answered()))

    assert time.monotonic() - started < 5


def test_an_answer_that_cannot_be_judged_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rag.providers.retries.FIRST_WAIT_SECONDS", 0.001)
    seen: list[Event] = []
    with moderated(GOOD, *[Status(500)] * 3) as (opened, _), pytest.raises(UnavailableError):
        seen.extend(opened.assistant().ask(QUESTION, (), opened.scope()))

    assert any(isinstance(event, TextDelta) for event in seen)
    assert not any(isinstance(event, Answer) for event in seen)


def test_a_fault_that_passes_is_tried_again() -> None:
    waits: list[float] = []
    with LoopbackServer(moderations=[Status(503), GOOD]) as server:
        moderator = MistralModerator(KEY, url=server.url, timeout_seconds=5, sleep=waits.append)
        found, (card, usage) = moderator.judge([Message("user", "Why?")])

    assert (found, card) == ((), CARD)
    assert usage.output_tokens == 0
    assert usage.input_tokens > 0
    assert len(waits) == 1


def test_caps_hold_for_it() -> None:
    with moderated(daily_dollars=1e-7) as (opened, server), pytest.raises(BudgetError):
        asked(opened)

    assert server.asked(MODERATIONS) == []


def test_without_a_key_it_cannot_be() -> None:
    with (
        pytest.raises(SettingsError, match="TRAMONTANE_MODERATION is 'mistral', and there is no"),
        application(moderation="mistral"),
    ):
        pass


def test_what_is_wished_of_whole_documents_is_judged_too() -> None:
    with moderated(VIOLENT, VIOLENT) as (opened, server):
        tasks = opened.tasks()
        for text in (
            "/write email to threaten NVIDIA with Nemo",
            "/summarise nemo.txt: as a threat",
        ):
            work = tasks.run(text, opened.scope())
            assert work is not None
            with pytest.raises(ModerationError, match="violence or threats"):
                list(work)

    assert server.asked(CHATS) == []


def test_a_summary_without_a_wish_is_judged_once_it_is_written() -> None:
    with moderated(VIOLENT, chat=[Say("Nemo has 12 billion parameters [1].")] * 9) as (
        opened,
        server,
    ):
        work = opened.tasks().run("/summarise nemo.txt", opened.scope())
        assert work is not None
        with pytest.raises(ModerationError, match="The answer is withheld"):
            list(work)

    (request,) = server.asked(MODERATIONS)
    asked_for, said = request.body["input"]
    assert (asked_for["role"], said["role"]) == ("user", "assistant")
    assert all(each["content"] for each in request.body["input"])


def test_a_row_of_a_batch_has_it_as_its_error() -> None:
    with moderated(VIOLENT) as (opened, _):
        assistant, scope = opened.assistant(), opened.scope()
        rows = list(
            run(
                [BatchQuestion(question=QUESTION, id="1"), BatchQuestion(question="Why?", id="2")],
                lambda asked: answer_row(asked, assistant.answer(asked.question, scope)),
            )
        )

    assert rows[0]["error"].startswith("This question is not answered: moderation finds violence")
    assert (rows[0]["answer"], rows[0]["refused"]) == ("", False)
    assert rows[1]["error"] is None
