from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from rag.marks import MarkedAnswer, Marks, Place
from rag.settings import load_settings
from rag.store.catalog import Catalog
from tests.ui.cli.rig import Run, write_rows

BOATS = "How many boats does the harbour hold in winter?"
LIGHT = "When was the lighthouse of Camarat lit for the first time?"
NOTHING = "What is the capital of Mongolia?"


@pytest.fixture
def questions(tmp_path: Path) -> Path:
    rows = [
        {"id": "boats", "question": BOATS, "kind": "count", "answer": "forty-one",
         "evidence": [{"document": "boats.pdf", "page": 2}]},
        {"id": "light", "question": LIGHT, "kind": "date", "answers": ["1831"], "passage": "light"},
        {"id": "none", "question": NOTHING, "kind": "nothing", "evidence": []},
    ]  # fmt: skip
    path = tmp_path / "questions.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def test_a_file_of_questions_is_measured(run: Run, filled: Path, questions: Path) -> None:
    output = run("eval", questions, "--answers", "--json")

    assert (output.code, output.err) == (0, "")
    (row,) = output.rows
    found = row["runs"]["now"]
    figures = found["figures"]
    assert figures["questions"] == 3
    assert figures["hit@1"] == figures["answer_contained"] == 1.0
    assert figures["refused_unanswerable"] == 1.0
    assert set(found["kinds"]) == {"count", "date", "nothing"}
    assert [each["rank"] for each in found["questions"]] == [1, 1, None]


def test_people_are_shown_tables_and_the_worst(run: Run, filled: Path, questions: Path) -> None:
    wrong = {"id": "odd", "question": BOATS, "evidence": [{"document": "boats.pdf", "page": 9}]}
    questions.write_text(questions.read_text() + json.dumps(wrong) + "\n")
    output = run("eval", questions)

    assert output.code == 0
    assert "found first" in output.out
    assert "By kind:\n" in output.out
    assert f"- [odd] {BOATS}\n    boats.pdf has no page 9\n" in output.out


def test_what_counts_otherwise_is_told(run: Run, filled: Path, tmp_path: Path) -> None:
    rows: list[dict[str, object]] = [
        {"question": "Who built it?", "passage": "gone"},
        {"question": "Who built it?", "document": "gone.pdf", "page": 3},
        {"question": BOATS, "document": "boats.pdf"},
        {"question": LIGHT},
    ]
    path = write_rows(tmp_path / "questions.jsonl", *rows)
    for more in ([], ["--within"]):
        output = run("eval", path, *more)

        assert output.code == 0
        assert ["left", "out", "2"] in [line.split() for line in output.out.splitlines()]
        assert ["found", "first", "1.000"] in [line.split() for line in output.out.splitlines()]
        assert (
            "\n2 questions ask about documents that are not in this library, and are left out: "
            "gone.txt,\n  gone.pdf.\n"
            "1 question names no page: the rank is that of the document.\n"
            "1 question does not say where the answer is, and so has no rank.\n"
        ) in output.out
        assert "The worst" not in output.out


def test_a_run_in_which_nothing_was_asked_is_no_success(
    run: Run, filled: Path, tmp_path: Path
) -> None:
    path = write_rows(tmp_path / "questions.jsonl", {"question": BOATS, "document": "gone.pdf"})

    assert run("eval", path).code == 1


def test_the_ranks_are_those_that_a_batch_has(run: Run, filled: Path, tmp_path: Path) -> None:
    both = f"{BOATS[:-1]} and {LIGHT[0].lower()}{LIGHT[1:]}"
    names = sorted(row["document"] for row in run("list", "--json").rows)
    path = tmp_path / "questions.jsonl"
    path.write_text(
        "".join(json.dumps({"question": both, "document": name}) + "\n" for name in names)
    )

    found = run("batch", path, "--retrieve-only").rows[0]
    measured = run("eval", path, "--json").rows[0]["runs"]["now"]["questions"]

    order = list(dict.fromkeys(each["document"] for each in found["passages"]))
    assert {name: each["rank"] for name, each in zip(names, measured, strict=True)} == {
        name: order.index(name) + 1 if name in order else None for name in names
    }
    assert measured[0]["evidence"] == pytest.approx(found["evidence"], abs=1e-4)


def test_what_failed_is_told_apart_from_the_worst(run: Run, filled: Path, questions: Path) -> None:
    bad = "".join('{"page": 1}\n' for _ in range(11))
    questions.write_text(bad + questions.read_text())

    output = run("eval", questions)

    assert output.code == 1
    assert "Failed:\n- [1] Line 1 cannot be used: it has no question.\n" in output.out
    assert "- [10] Line 10" in output.out
    assert "- and 1 more\n" in output.out
    assert "The worst" not in output.out


def test_a_bad_row_fails_alone(run: Run, filled: Path, tmp_path: Path) -> None:
    path = tmp_path / "questions.csv"
    path.write_text(f"id,question,document,page\na,{BOATS},boats.pdf,2\nb,{BOATS},boats.pdf,two\n")

    output = run("eval", path, "--json")

    assert output.code == 1
    figures = output.rows[0]["runs"]["now"]["figures"]
    assert (figures["questions"], figures["errors"], figures["hit@1"]) == (2, 1, 1.0)


def test_a_run_is_saved_without_secrets_and_compared_with(
    run: Run, filled: Path, questions: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRAMONTANE_CHAT_API_KEY", "tell-nobody")
    saved = tmp_path / "run.json"
    assert run("eval", questions, "--save", saved).code == 0

    assert "tell-nobody" not in saved.read_text()
    assert json.loads(saved.read_text())["settings"]["TRAMONTANE_PASSAGES"] == 8
    output = run("eval", questions, "--against", saved, "-k", "2")
    assert output.code == 0
    assert "run.json -> now: 0 better, 0 worse\n(passages: 13 -> 2)\n" in output.out
    assert "Left out" not in output.out


def test_questions_that_are_in_one_run_alone_are_left_out_and_counted(
    run: Run, filled: Path, questions: Path, tmp_path: Path
) -> None:
    run("eval", questions, "--save", tmp_path / "run.json")
    questions.write_text(questions.read_text().splitlines()[0])

    output = run("eval", questions, "--against", tmp_path / "run.json")

    first, _, heads, *table = output.out.splitlines()
    assert first == "Questions in common, and compared: 1. Left out: 2 of run.json, none of now."
    assert heads.split() == ["run.json", "now"]
    assert table[0].split() == ["questions", "1", "1"]
    assert "refused rightly" not in output.out  # which only a question that is left out tells
    assert "run.json -> now: 0 better, 0 worse\n" in output.out


def test_runs_without_a_question_in_common_are_not_compared(
    run: Run, filled: Path, questions: Path, tmp_path: Path
) -> None:
    run("eval", questions, "--save", tmp_path / "run.json")
    other = write_rows(tmp_path / "other.jsonl", {"question": "Who?", "document": "boats.pdf"})

    output = run("eval", other, "--against", tmp_path / "run.json")

    assert output.code == 0
    assert " ".join(output.out.split()) == (
        "No question of run.json (3) is one of now (1): leave out --against for the figures "
        "without a comparison."
    )
    with_another = ("--against", tmp_path / "run.json", "--compare", "TRAMONTANE_BAR=1")
    three = run("eval", other, *with_another).out
    assert " ".join(three.split()).startswith(
        "No question of run.json (3) is one of now (1) and TRAMONTANE_BAR=1 (1), so that run is "
        "left out."
    )
    assert "run.json ->" not in three
    assert "now -> TRAMONTANE_BAR=1: 0 better" in three


def test_why_a_search_goes_deeper_than_usual_is_told(
    run: Run, filled: Path, questions: Path
) -> None:
    told = "(13 passages, and not the 8 of an answer, to reach 10 pages.)\n"
    assert told in run("eval", questions).out
    assert "of an answer, to reach" not in run("eval", questions, "-k", "5").out


def test_two_settings_are_compared(run: Run, filled: Path, questions: Path) -> None:
    compared = ("eval", questions, "--compare", "TRAMONTANE_BAR=1")
    output = run(*compared, "--json")

    assert output.code == 0
    runs = output.rows[0]["runs"]
    assert runs["now"]["figures"]["refused"] == 0.0
    assert runs["TRAMONTANE_BAR=1"]["figures"]["refused"] == 1.0
    (change,) = output.rows[0]["changes"]
    assert (change["better"], change["worse"], change["shared"]) == ([], ["boats", "light"], 3)
    assert change["p_value"] == 0.5
    assert "rank 1 -> rank 1, refused" in run(*compared).out


def test_the_number_of_passages_can_be_compared(run: Run, filled: Path, questions: Path) -> None:
    output = run("eval", questions, "-k", "5", "--compare", "TRAMONTANE_PASSAGES=1", "--json")

    runs = output.rows[0]["runs"]
    assert runs["now"]["settings"]["passages"] == 5
    assert runs["TRAMONTANE_PASSAGES=1"]["settings"]["passages"] == 1
    usual = run("eval", questions, "--compare", "TRAMONTANE_PASSAGES=1").out
    assert ["passages", "searched", "for", "8", "1"] in [
        line.split() for line in usual.splitlines()
    ]


def test_a_saved_run_may_be_called_as_the_one_made_now(
    run: Run, filled: Path, questions: Path, tmp_path: Path
) -> None:
    run("eval", questions, "--save", tmp_path / "now")

    output = run("eval", questions, "--against", tmp_path / "now", "--json")

    assert list(output.rows[0]["runs"]) == ["saved as now", "now"]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--compare", "TRAMONTANE_BAR"], "takes a setting and its value"),
        (["--compare", "TRAMONTANE_PORT=1"], "changes no answer"),
        (["--compare", "TRAMONTANE_CHAT=reader"], "Add --answers to compare"),
        (["--compare", "TRAMONTANE_BAR=0", "--compare", "TRAMONTANE_BAR=1"], "BAR twice"),
        (["--compare", "NO_SUCH=1"], "takes a setting and its value"),
        (["--compare", "TRAMONTANE_BAR=high"], "must be a number from 0 to 1"),
        (["--against", "nowhere.json"], "cannot be read"),
        (["--save", "-"], "--json prints the run"),
        (["--export", "-"], "nothing else fits beside them"),
        (["--save", "/no/such/folder/run.json"], "cannot be written"),
    ],
)
def test_misuse_is_said(
    run: Run, filled: Path, questions: Path, arguments: list[str], says: str
) -> None:
    output = run("eval", questions, *arguments)

    assert (output.code, output.out) == (2, "")
    assert says in output.err


def test_without_questions_it_says_what_to_do(run: Run, filled: Path) -> None:
    output = run("eval")
    assert output.code == 2
    assert "--marked" in output.err
    assert "mark one in the page" in run("eval", "--marked").err


def test_marked_answers_are_measured_and_exported(run: Run, filled: Path, tmp_path: Path) -> None:
    with_page = MarkedAnswer(BOATS, BOATS, "", True, evidence=(Place("boats.pdf", 2),))
    without = MarkedAnswer(LIGHT, LIGHT, "", True, evidence=(Place("boats.pdf", None),))
    settings = load_settings({"data_dir": filled})
    catalog = Catalog(settings.data_dir)
    marks, library_id = Marks(filled), catalog.library(settings.library).id
    catalog.close()
    marks.mark(library_id, with_page)

    measured = run("eval", "--marked", "--json")
    exported = run("eval", "--export", tmp_path / "marked.jsonl")

    assert measured.rows[0]["runs"]["now"]["kinds"]["marked wrong"]["hit@1"] == 1.0
    assert exported.code == 0
    printed = run("eval", "--export", "-")
    assert (printed.out, printed.err) == ((tmp_path / "marked.jsonl").read_text(), "")
    assert not (tmp_path / "-").exists()
    row = json.loads((tmp_path / "marked.jsonl").read_text())
    assert row["evidence"] == [{"document": "boats.pdf", "page": 2}]
    assert run("eval", tmp_path / "marked.jsonl").code == 0
    marks.mark(library_id, without)
    found = run("eval", "--marked", "--json").rows[0]["runs"]["now"]["questions"]
    assert [(each["by_document"], each["rank"] is not None) for each in found] == [
        (False, True),
        (True, True),
    ]


def test_questions_come_from_stdin_too(
    run: Run, filled: Path, questions: Path, stdin: Callable[[bytes], None]
) -> None:
    stdin(questions.read_bytes())
    assert run("eval", "-", "--json").rows[0]["runs"]["now"]["figures"]["questions"] == 3


def test_a_question_can_be_asked_under_another_bar(run: Run, filled: Path) -> None:
    refused = run("ask", NOTHING)
    answered = run("ask", NOTHING, "--bar", "0")

    assert "The documents do not say." in refused.out
    assert f"Searched: {NOTHING}" in refused.err
    assert "(evidence under 0.1%, needs 5%). With --bar 0 it is answered" in refused.err
    assert "The documents do not say." not in answered.out


def test_a_question_in_parts_is_told_and_can_be_left_as_it_is(run: Run, filled: Path) -> None:
    both = f"{BOATS[:-1]} and {LIGHT[0].lower()}{LIGHT[1:]}"

    assert f"- {BOATS}" in run("ask", both).err
    assert "Searched:" not in run("ask", both, "--as-is").err


def test_what_else_is_searched_for_is_told_and_can_be_left(run: Run, filled: Path) -> None:
    question = "What was the capex of the harbour?"
    line = "Also searched for: purchases of property, plant and equipment;"

    assert line in run("ask", question).err
    assert line in run("search", question).err
    for command in ("ask", "search"):
        assert "Also searched" not in run(command, question, "--as-is").err


def test_a_vocabulary_of_ones_own_is_a_setting(
    run: Run, filled: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "words.txt"
    file.write_text("ferries = boats")
    monkeypatch.setenv("TRAMONTANE_VOCABULARY", str(file))
    assert "Also searched for: boats" in run("search", "How many ferries are there?").err

    file.write_text("ferries")
    wrong = run("search", "How many ferries are there?")
    assert wrong.code != 0
    assert "Line 1 of the vocabulary" in wrong.err


def test_a_search_says_why_each_passage_came(run: Run, filled: Path) -> None:
    output = run("search", BOATS)

    assert output.code == 0
    assert "words 0." in output.out.splitlines()[0]
    assert "Probably none of these answers the question (evidence under 0.1%, needs 5%)." in (
        run("search", NOTHING).err
    )
