"""The same replies of a model, asked for in every way: each ends alike."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from html import escape
from pathlib import Path
from typing import Any

import pytest
from openai import OpenAI

from rag.checking import FOUND_ANYWAY, FOUND_ELSEWHERE
from rag.domain import Verdict
from tests.endings import (
    CASES,
    EMPLOYS_FR,
    REFUSAL,
    SOLD,
    SPANS,
    WRONG_SALES,
    Case,
    Ending,
)
from tests.stages import Stage, ending_of, ending_of_batch, ending_of_row, open_stage
from tests.ui.serving import KEY, serving
from ui.chat import Choice, Inquiry, ask
from ui.checking import WORDS
from ui.cli import main
from ui.conversation import Conversation, TurnState
from ui.thread import render_thread

Run = Callable[..., str]


IN_WORDS = {
    "an invented figure is marked, with what the source says": (
        f"Not backed: “{SOLD.replace('48.2', '58.2')}.”: {WRONG_SALES}. aurelia.txt: “Aurelia",
    ),
    "a marker on the wrong source is told, and the right one is shown": (
        f"Partly backed: “{SOLD}.”: {FOUND_ELSEWHERE}. aurelia.txt: “{SOLD}”",
    ),
    "sans renvois": (f"Backed: “{EMPLOYS_FR}.”: {FOUND_ANYWAY}. cidrerie.txt: “{EMPLOYS_FR}",),
    "two documents disagree, and the answer names one": (
        "The documents disagree on The bridge of Tancarville has a main span of ….",
        f"608 metres: guide.txt: “{SPANS}.”; 650 metres: leaflet.txt: “",
    ),
    "un refus en phrases": (REFUSAL, "Nearest pages: - cidrerie.txt: "),
}


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with open_stage(tmp_path_factory.mktemp("endings")) as opened:
        yield opened


@pytest.fixture(scope="module")
def client(stage: Stage) -> Iterator[OpenAI]:
    with (
        serving(stage.application) as address,
        OpenAI(base_url=address, api_key=KEY, max_retries=0) as client,
    ):
        yield client


@pytest.fixture(params=CASES, ids=lambda case: case.name)
def case(request: pytest.FixtureRequest) -> Case:
    found = request.param
    assert isinstance(found, Case)
    return found


@pytest.fixture
def run(
    stage: Stage,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> Run:
    monkeypatch.chdir(tmp_path)

    def run_command(*arguments: str | Path, strict: bool = True) -> str:
        monkeypatch.setenv("TRAMONTANE_STRICT", str(strict))
        chosen = ["--data-dir", str(stage.data_dir), "--chat", stage.chat]
        capfd.readouterr()
        assert main([*map(str, arguments), *chosen]) == 0
        return capfd.readouterr().out

    return run_command


def test_on_the_command_line(stage: Stage, case: Case, run: Run) -> None:
    (expected,) = stage.prepare(case)

    (line,) = run("ask", case.question, "--json", strict=case.strict).splitlines()

    assert ending_of_batch(json.loads(line)) == expected


@pytest.mark.parametrize("name", IN_WORDS)
def test_on_the_command_line_in_words(stage: Stage, name: str, run: Run) -> None:
    case = next(case for case in CASES if case.name == name)
    (expected,) = stage.prepare(case)

    said = " ".join(run("ask", case.question).split())

    assert all(line in said for line in expected.text.splitlines())
    assert all(part in said for part in IN_WORDS[name])


@pytest.mark.parametrize("strict", [True, False])
def test_in_a_batch(stage: Stage, run: Run, tmp_path: Path, strict: bool) -> None:
    cases = [case for case in CASES if case.strict is strict]
    expected = stage.prepare(*cases)
    questions = tmp_path / "questions.jsonl"
    rows = (json.dumps({"id": case.name, "question": case.question}) for case in cases)
    questions.write_text("\n".join(rows), encoding="utf-8")

    found = [json.loads(line) for line in run("batch", questions, strict=strict).splitlines()]

    endings = {row["id"]: ending_of_batch(row) for row in found}
    assert endings == {case.name: each for case, each in zip(cases, expected, strict=True)}


def told(piece: Any) -> dict[str, Any]:
    """What was found out about an answer, as a reply of the API has it."""
    found = piece.model_extra["tramontane"]
    assert isinstance(found, dict)
    return found


def test_through_the_api(stage: Stage, case: Case, client: OpenAI) -> None:
    (expected,) = stage.prepare(case)

    reply = client.chat.completions.create(
        model="mistral-small-latest", messages=[{"role": "user", "content": case.question}]
    )

    found = told(reply)
    text = reply.choices[0].message.content or ""
    assert ending_of_row(found, text, found["nearest"]) == expected
    assert reply.choices[0].finish_reason == "stop"


def test_through_the_api_as_a_stream(stage: Stage, case: Case, client: OpenAI) -> None:
    (expected,) = stage.prepare(case)

    stream = client.chat.completions.create(
        model="mistral-small-latest",
        messages=[{"role": "user", "content": case.question}],
        stream=True,
    )

    pieces = list(stream)
    found = told(pieces[-1])
    text = "".join(piece.choices[0].delta.content or "" for piece in pieces)
    assert ending_of_row(found, text, found["nearest"]) == expected
    assert pieces[-1].choices[0].finish_reason == "stop"


def test_in_the_page(stage: Stage, case: Case) -> None:
    (expected,) = stage.prepare(case)

    *_, conversation = ask(stage.application, Inquiry(case.question, Choice()), Conversation())

    (turn,) = conversation.turns
    assert turn.answer is not None
    assert turn.state is TurnState.DONE
    assert ending_of(turn.answer) == expected
    assert_shown("".join(render_thread(conversation)), expected)


def assert_shown(html: str, ending: Ending) -> None:
    """What a visitor must see of an ending."""
    assert ('class="turn done refused' in html) == ending.refused
    assert ("Not from your documents" in html) == (not ending.grounded)
    assert ("The documents disagree" in html) == bool(ending.values)
    for value, document in (pair for each in ending.values for pair in each):
        assert f"<b>{value}</b>" in html
        assert document.removesuffix(".txt") in html
    for claim in ending.claims if ending.grounded else ():
        assert WORDS[claim.verdict] in html
        if claim.verdict is not Verdict.SUPPORTED:
            assert escape(claim.reason) in html
    if ending.refused:
        assert "Searched for" in html
        assert all(document.removesuffix(".txt") in html for document in ending.nearest)
