"""The doctor tries moderation, and native citations, where they are on."""

from __future__ import annotations

from pathlib import Path

import pytest

from rag.doctor import Level, examine
from rag.wiring import checks
from tests.loopback import Events, LoopbackServer, Reply, Say, Status, chunk
from tests.rag.applications import KEY, application, fill, settings

OFF = {"mistral_api_key": KEY, "embedding": "all-MiniLM-L6-v2"}
REFERENCE = {"content": [{"type": "reference", "reference_ids": [1]}]}
CITED = Events(
    [chunk({"content": "From Normandy"}), chunk(REFERENCE), chunk({"content": ""}, "stop")]
)


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def found(subject: str, server: LoopbackServer, **given: object) -> tuple[Level, str] | None:
    chosen = settings(mistral_url=server.url, **OFF, **given)
    findings = examine(chosen.data_dir, checks(chosen))
    return next(((each.level, each.sentence) for each in findings if each.subject == subject), None)


def test_moderation_is_tried_where_it_is_on() -> None:
    with LoopbackServer() as server:
        on = found("moderation", server, moderation="mistral")
        off = found("moderation", server)

    assert on == (
        Level.GOOD,
        "mistral-moderation-latest on La Plateforme judges questions and answers.",
    )
    assert off is None
    assert len(server.asked("/v1/chat/moderations")) == 1


def test_moderation_that_fails_is_wrong() -> None:
    with LoopbackServer(moderations=[Status(403, {"detail": "No."})]) as server:
        level, sentence = found("moderation", server, moderation="mistral") or (None, "")

    assert level is Level.WRONG
    assert KEY not in sentence


def test_moderation_is_paid_for_and_a_cap_that_is_reached_is_no_fault() -> None:
    with LoopbackServer() as server:
        with application(mistral_url=server.url, **OFF) as opened:
            fill(opened)
        given = {"moderation": "mistral", "daily_dollars": 1e-8}
        level, sentence = found("moderation", server, **given) or (None, "")
        assert found("moderation", server, moderation="mistral")
        with application(mistral_url=server.url, **OFF) as opened:
            spent = opened.meter.spent_today()

    assert (level, "cap" in sentence) == (Level.NOTE, True)
    assert spent > 0


@pytest.mark.parametrize(
    ("reply", "level", "said"),
    [
        (CITED, Level.GOOD, "mistral-small-latest refers to what was found by itself."),
        (Say("From Normandy."), Level.NOTE, "did not refer to it by itself"),
    ],
)
def test_native_citations_are_tried_where_they_are_on(
    reply: Reply, level: Level, said: str
) -> None:
    with LoopbackServer(chat=[Say("5"), Say("Paris"), reply]) as server:
        on = found("native citations", server, native_citations=True)

    assert on is not None
    assert on[0] is level
    assert said in on[1]
    sent = server.asked("/v1/chat/completions")[-1].body["messages"]
    assert [message["role"] for message in sent] == ["user", "assistant", "tool"]


def test_without_native_citations_they_are_not_tried() -> None:
    with LoopbackServer() as server:
        assert found("native citations", server) is None
