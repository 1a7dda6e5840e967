"""Answers of a batch, of ours or of another tool, judged by `tramontane eval`."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.loopback import LoopbackServer, Say
from tests.ui.cli.rig import BOATS as SAYS_BOATS
from tests.ui.cli.rig import LIGHT as SAYS_LIGHT
from tests.ui.cli.rig import Run, write_rows

BOATS = "How many boats does the harbour hold in winter?"
LIGHT = "When was the lighthouse of Camarat lit for the first time?"
NOTHING = "What is the capital of Mongolia?"
WRONG = "The lighthouse of Camarat was lit for the first time in 1931"


@pytest.fixture
def questions(tmp_path: Path) -> Path:
    return write_rows(
        tmp_path / "questions.jsonl",
        {"id": "boats", "question": BOATS, "kind": "count", "answer": "41 boats",
         "evidence": [{"document": "boats.pdf", "page": 2}]},
        {"id": "light", "question": LIGHT, "kind": "date", "answer": "1831", "passage": "light"},
        {"id": "none", "question": NOTHING, "kind": "nothing", "answerable": False},
    )  # fmt: skip


@pytest.fixture
def answers(tmp_path: Path) -> Path:
    """What another tool answered: without verdicts, and the second one wrongly."""
    boats = {"document": "boats.pdf", "page": 2, "quote": "forty-one boats in winter"}
    return write_rows(
        tmp_path / "answers.jsonl",
        {"id": "boats", "answer": f"{SAYS_BOATS[:-1]} [1].", "citations": [boats]},
        {"id": "light", "answer": f"{WRONG} [1].", "citations": [{"document": "boats.pdf"}]},
        {"id": "none", "answer": "It is Ulaanbaatar.", "citations": []},
    )


def figures(run: Run, *arguments: str | Path) -> dict[str, Any]:
    output = run("eval", *arguments, "--json")
    assert (output.code, output.err) == (0, "")
    found: dict[str, Any] = output.rows[0]["runs"]["now"]["figures"]
    return found


def test_answers_of_another_tool_are_checked_and_judged(
    run: Run, filled: Path, questions: Path, answers: Path
) -> None:
    found = figures(run, questions, answers)

    assert (found["answers"], found["claims"], found["citations"]) == (3, 3, 2)
    assert (found["claims_supported"], found["claims_unsupported"]) == (1, 1)
    assert (found["claims_uncited"], found["support_rate"]) == (1, 0.3333)
    assert (found["citation_precision"], found["citation_recall"]) == (0.5, 0.3333)
    assert (found["citations_right"], found["answers_citing_right"]) == (0.5, 0.5)
    assert (found["refusal_accuracy"], found["refused"]) == (0.6667, 0.0)
    assert (found["refused_unanswerable"], found["answer_contained"]) == (0.0, 0.5)
    assert found["hit@1"] is None  # the other tool does not say what it found


def test_the_files_come_in_any_order_and_with_the_option(
    run: Run, filled: Path, questions: Path, answers: Path
) -> None:
    found = figures(run, questions, answers)

    assert figures(run, "--answers", answers, questions) == found
    assert figures(run, questions, "--answers", answers) == found


def test_people_are_shown_the_figures_by_kind_and_the_worst_answers(
    run: Run, filled: Path, questions: Path, answers: Path
) -> None:
    output = run("eval", questions, answers)

    assert (output.code, output.err) == (0, "")
    lines = [line.split() for line in output.out.splitlines()]
    assert ["claims", "supported", "0.333"] in lines
    assert ["citations", "that", "support", "(precision)", "0.500"] in lines
    assert ["claims", "so", "supported", "(recall)", "0.333"] in lines
    assert ["-", "uncited", "1"] in lines
    assert ["answered", "or", "refused", "as", "due", "0.667"] in lines
    assert "\nAnswers by kind:\n" in output.out
    assert "passages searched for" not in output.out
    worst = output.out[output.out.index("The worst answers:\n") :]
    none, light = worst.index(f"- [none] {NOTHING}"), worst.index(f"- [light] {LIGHT}")
    assert none < light
    assert "    the documents hold nothing, and it was answered\n" in worst
    assert "    the known answer is not in it\n" in worst
    assert f"    unsupported: “{WRONG}.”" in worst
    assert "    cites boats.pdf, and the answer is in light.txt\n" in worst
    assert "[boats]" not in worst


def test_a_batch_of_ours_is_judged_as_it_was_checked(
    run: Run, filled: Path, questions: Path, tmp_path: Path
) -> None:
    script = [
        Say(f"{SAYS_BOATS[:-1]} [1]."),
        Say(f"{WRONG} [1]."),
        Say("The documents do not say."),
    ]
    with LoopbackServer(chat=script) as server:
        batch = run("batch", questions, "--chat", f"{server.url}/v1", "--bar", "0")
    assert batch.code == 0
    path = tmp_path / "batch.jsonl"
    path.write_text(batch.out)

    found = figures(run, questions, path)

    assert (found["claims_supported"], found["hit@1"]) == (1, 1.0)
    assert found["refused_unanswerable"] == 1.0
    row = batch.rows[0]
    assert [claim["verdict"] for claim in row["claims"]] == ["supported"]
    assert row["claims"][0]["citations"] == [0]
    assert row["citations"][0]["verdict"] == "supported"


def test_the_answers_of_a_run_are_judged_as_those_of_its_batch(
    run: Run, filled: Path, questions: Path, tmp_path: Path
) -> None:
    found = figures(run, questions, "--answers")
    path = tmp_path / "batch.jsonl"
    path.write_text(run("batch", questions).out)

    again = figures(run, questions, path)

    assert {name: again[name] for name in found if name != "seconds"} == {
        name: value for name, value in found.items() if name != "seconds"
    }
    assert found["answers"] == 2


def test_answers_alone_tell_what_they_can(run: Run, filled: Path, answers: Path) -> None:
    found = figures(run, answers)

    assert (found["questions"], found["support_rate"]) == (3, 0.3333)
    assert (found["refusal_accuracy"], found["citations_right"]) == (None, None)


def test_two_batches_are_compared_answer_by_answer(
    run: Run, filled: Path, questions: Path, answers: Path, tmp_path: Path
) -> None:
    saved = tmp_path / "before.json"
    assert run("eval", questions, answers, "--save", saved).code == 0
    better = write_rows(
        tmp_path / "better.jsonl",
        *[json.loads(line) for line in answers.read_text().splitlines()[:1]],
        {"id": "light", "answer": f"{SAYS_LIGHT[:-1]} [1].",
         "citations": [{"document": "light.txt"}]},
        {"id": "none", "answer": "The documents do not say.", "citations": [], "refused": True},
    )  # fmt: skip

    output = run("eval", questions, better, "--against", saved)
    change = run("eval", questions, better, "--against", saved, "--json").rows[0]["changes"][0]

    assert output.code == 0
    assert "before.json -> now, answers: 2 better, 0 worse (by chance with p = 0.500)" in output.out
    assert f"+ [none] {NOTHING}: 0 of 1 claims supported -> refused" in output.out
    assert change["answers"] == {
        "better": ["light", "none"], "worse": [], "p_value": 0.5, "shared": 3
    }  # fmt: skip
    assert ["claims", "supported", "0.333", "1.000"] in [
        line.split() for line in output.out.splitlines()
    ]


def test_a_missing_answer_fails_and_one_to_no_question_is_told(
    run: Run, filled: Path, questions: Path, tmp_path: Path
) -> None:
    path = write_rows(
        tmp_path / "answers.jsonl",
        {"id": "boats", "question": BOATS, "answer": "Forty-one.", "citations": []},
        {"id": "light", "question": "Which light?", "answer": "Red.", "citations": []},
        {"id": "none", "error": "The server is away.", "citations": []},
    )
    output = run("eval", questions, path)

    assert output.code == 1
    assert f"- [light] {LIGHT} There is no answer to it in" in output.out
    assert f"- [none] {NOTHING} The server is away.\n" in output.out
    assert output.err == "1 answer was to no question, and was passed over.\n"


def test_answers_come_from_stdin_too(
    run: Run, filled: Path, questions: Path, answers: Path, stdin: Callable[[bytes], None]
) -> None:
    stdin(answers.read_bytes())
    assert figures(run, questions, "-")["answers"] == 3


@pytest.mark.parametrize(
    "option", [["-k", "3"], ["--chat", "reader"], ["--within"], ["--compare", "TRAMONTANE_BAR=1"]]
)
def test_nothing_is_asked_anew_of_answers_that_are_there(
    run: Run, filled: Path, questions: Path, answers: Path, option: list[str]
) -> None:
    said = run("eval", questions, answers, *option).sentence(2)
    assert "are there already" in said


def test_two_files_of_one_sort_are_misuse(
    run: Run, filled: Path, questions: Path, answers: Path
) -> None:
    assert "both hold questions" in run("eval", questions, questions).sentence(2)
    assert "both hold answers" in run("eval", answers, answers).sentence(2)
