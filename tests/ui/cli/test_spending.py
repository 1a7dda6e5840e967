from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from rag.domain import Usage
from rag.store.catalog import Catalog
from rag.store.spending import PERSON, Purpose
from tests.loopback import LoopbackServer, Say
from tests.ui.cli.rig import Run, write_rows

HOW_MANY = "How many boats does the harbour hold in winter?"
ANSWER = Say(
    "It holds forty-one boats [1].", usage={"prompt_tokens": 1000, "completion_tokens": 50}
)
COST = 1000 * 0.15e-6 + 50 * 0.6e-6
PASSED = re.compile(
    r"This could cost up to \$0\.00\d+ and pass the cap of \$1\.00 a day, of which \$0\.99\d\d is "
    r"spent\. It opens again at 00:00 UTC, (\d+ h )?(\d+ min )?from now; "
    r"TRAMONTANE_DAILY_DOLLARS raises it\."
)


@pytest.fixture
def platform(filled: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[LoopbackServer]:
    """La Plateforme, which answers the notes' questions for money, at most a dollar a day."""
    with LoopbackServer(api_key="right", chat=[ANSWER] * 3) as server:
        monkeypatch.setenv("MISTRAL_API_KEY", "right")
        monkeypatch.setenv("TRAMONTANE_MISTRAL_URL", server.url)
        monkeypatch.setenv("TRAMONTANE_DAILY_DOLLARS", "1")
        yield server


def spend(data: Path, dollars: float) -> None:
    with closing(Catalog(data)) as catalog:
        held = catalog.spending.reserve(PERSON, Purpose.CHAT, dollars)
        catalog.spending.settle(held, dollars, Usage(1, 1))


def test_an_answer_tells_what_it_and_the_day_cost(run: Run, platform: LoopbackServer) -> None:
    costs = [run("ask", HOW_MANY, "--json").rows[0] for _ in range(2)]

    assert [row["cost"] for row in costs] == pytest.approx([COST, COST])
    assert [row["spent_today"] for row in costs] == pytest.approx([COST, 2 * COST])


def test_a_question_that_could_pass_the_cap_is_refused_in_plain_words(
    run: Run, filled: Path, platform: LoopbackServer
) -> None:
    spend(filled, 0.9999)

    assert PASSED.fullmatch(run("ask", HOW_MANY, "--json").sentence(2))
    assert platform.asked("/v1/chat/completions") == []


def test_every_row_of_a_batch_tells_the_day_and_those_past_the_cap_say_so(
    run: Run, filled: Path, platform: LoopbackServer, tmp_path: Path
) -> None:
    file = write_rows(tmp_path / "q.jsonl", *({"id": n, "question": HOW_MANY} for n in "abc"))
    spend(filled, 0.9985)

    output = run("batch", file)

    answered, *refused = output.rows
    assert output.code == 1
    assert answered["error"] is None
    assert answered["cost"] == pytest.approx(COST)
    assert all(PASSED.fullmatch(row["error"]) for row in refused)
    assert [row["cost"] for row in refused] == [None] * 2
    assert [row["spent_today"] for row in output.rows] == pytest.approx([0.9985 + COST] * 3)
    assert len(platform.asked("/v1/chat/completions")) == 1


def test_the_doctor_tells_what_the_day_came_to(run: Run, filled: Path) -> None:
    spend(filled, 0.25)

    (finding,) = [row for row in run("doctor", "--json").rows if row["subject"] == "spending"]

    assert finding["level"] == "good"
    assert finding["sentence"] == (
        "$0.25 today (1 request, 2 tokens). There is no cap. The day ends at 00:00 UTC."
    )


@pytest.mark.parametrize("value", ["-1", "inf", "much"])
def test_a_cap_that_is_none_is_told_of(
    value: str, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRAMONTANE_PERSON_DOLLARS", value)

    assert run("ask", HOW_MANY).sentence(2) == (
        f"TRAMONTANE_PERSON_DOLLARS must be a number from 0 to 1000000, not {value!r}."
    )
