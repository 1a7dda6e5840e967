from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.loopback import LoopbackServer, Say
from tests.ui.cli.rig import BOATS, CITATION, LIGHT, ROW, Run, write_rows

SCHEMA = {
    "type": "object",
    "properties": {
        "boats": {"type": "integer", "description": "How many boats the harbour holds"},
        "year": {"type": "integer", "description": "year of the first film of Charlie Chaplin"},
    },
}
FIELD = {"value", "document", "page", "start", "end", "quote", "verdict", "reason"}


@pytest.fixture
def schema(tmp_path: Path) -> Path:
    path = tmp_path / "schema.json"
    path.write_text(json.dumps(SCHEMA))
    return path


def answering(*replies: object) -> LoopbackServer:
    said = [each if isinstance(each, str) else json.dumps(each) for each in replies]
    return LoopbackServer(chat=[Say(each) for each in said])


# Summaries


@pytest.mark.parametrize("command", ["summarise", "summarize"])
def test_a_document_is_summarised_by_quotes(command: str, run: Run, filled: Path) -> None:
    output = run(command, "light.txt")
    assert output.code == 0
    assert output.out.startswith(f"- “{LIGHT}” [1]\n")
    assert f"[1] light.txt: “{LIGHT}”" in output.out
    assert "no language model wrote this" in output.err


def test_all_documents_are_summarised_as_json(run: Run, filled: Path) -> None:
    output = run("summarise", "--json")
    (row,) = output.rows
    assert set(row) >= ROW
    assert [set(citation) for citation in row["citations"]] == [CITATION] * 2
    assert {citation["document"] for citation in row["citations"]} == {"boats.pdf", "light.txt"}
    assert row["question"] == "Summarise 2 documents"


def test_a_model_summarises_as_is_wished(run: Run, filled: Path) -> None:
    with answering("Il y a quarante et un bateaux [2]. The harbour holds boats [2].") as server:
        output = run("summarise", "boats.pdf", "--wish", "in French", "--chat", server.url + "/v1")
    assert output.code == 0
    assert output.out.startswith("Il y a quarante et un bateaux [1].")
    assert "boats.pdf, p. 2" in output.out
    (asked,) = server.asked("/v1/chat/completions")
    assert "The user wishes: in French" in asked.body["messages"][1]["content"]


# Forms


def test_a_form_is_filled_in(run: Run, filled: Path, schema: Path) -> None:
    output = run("extract", "boats.pdf", "--schema", schema)
    assert output.code == 0
    assert "- **boats**: 41 [1]\n" in output.out
    assert "- **year**: not found (the document does not say it)" in output.out
    assert "without a language model: check each value" in output.err


def test_a_form_is_filled_in_as_json_from_each_document(
    run: Run, filled: Path, stdin: Callable[[bytes], None]
) -> None:
    stdin(json.dumps(SCHEMA).encode())
    wrong = {"value": 42, "source": 2, "quote": BOATS}
    nothing = {"value": None, "reason": "not said"}
    with answering(wrong, wrong, nothing, nothing, nothing) as it:
        output = run(
            *("extract", "boats.pdf", "light.txt", "--schema", "-", "--json"),
            *("--chat", it.url + "/v1"),
        )
    assert output.code == 0
    boats, light = output.rows
    assert [row["document"] for row in output.rows] == ["boats.pdf", "light.txt"]
    assert boats["values"] == {"boats": None, "year": None}
    assert set(boats["fields"]["boats"]) == FIELD
    assert boats["fields"]["boats"]["reason"] == "the model gave 42, but the quote does not say 42"
    assert light["fields"]["year"]["reason"] == "not said"
    assert boats["usage"] == {"input_tokens": 30, "output_tokens": 15}


def test_a_field_that_failed_is_told_by_the_exit_code(run: Run, filled: Path, schema: Path) -> None:
    with answering("no", "no", {"value": None}) as server:
        output = run(
            "extract", "boats.pdf", "--schema", schema, "--json", "--chat", server.url + "/v1"
        )
    assert output.code == 1
    assert "holds no JSON" in output.rows[0]["fields"]["boats"]["reason"]


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (None, "schema.json cannot be read (No such file or directory)."),
        ("{", "schema.json is no JSON"),
        ("[]", "The schema is no JSON object"),
        ('{"type": "array"}', "must be of an object"),
        ("\udcff", "schema.json is no UTF-8 text."),
    ],
)
def test_a_schema_that_is_none_is_told_of(
    content: str | None, told: str, run: Run, filled: Path, schema: Path
) -> None:
    schema.unlink()
    if content is not None:
        schema.write_bytes(content.encode("utf-8", "surrogateescape"))
    sentence = run("extract", "boats.pdf", "--schema", "schema.json").sentence(2)
    assert told in sentence


# Classes


def test_documents_are_sorted(run: Run, filled: Path) -> None:
    output = run("classify", "--classes", "lighthouses, boats in harbours")
    assert (output.code, output.err) == (0, "")
    lines = sorted(output.out.splitlines())
    assert [line.split("\t")[:2] for line in lines] == [
        ["boats.pdf", "boats in harbours"],
        ["light.txt", "lighthouses"],
    ]
    (row,) = run("classify", "light.txt", "--classes", "lighthouses, boats", "--json").rows
    assert (row["document"], row["class"], row["error"]) == ("light.txt", "lighthouses", None)
    assert row["classes"][0]["quote"] == LIGHT


def test_rows_are_sorted_without_a_library(run: Run, tmp_path: Path) -> None:
    rows = write_rows(
        tmp_path / "rows.jsonl",
        {"id": "a", "text": "I was charged twice this month, please refund one payment."},
        {"id": "b", "text": " "},
        {"question": "The app crashes and shows an error."},
    )
    with rows.open("a") as file:
        file.write("nonsense\n")
    classes = tmp_path / "classes.txt"
    classes.write_text("billing: invoices and payments\ntechnical problem: errors, crashes\n")
    data = ("--data-dir", tmp_path / "new")
    output = run("classify", "--rows", rows, "--classes", classes, "--json", *data)
    assert output.code == 1
    assert [(row["id"], row["class"]) for row in output.rows] == [
        ("a", "billing"),
        ("b", None),
        ("3", "technical problem"),
        ("4", None),
    ]
    assert [bool(row["error"]) for row in output.rows] == [False, True, False, True]
    plain = run("classify", "--rows", rows, "--classes", classes, *data)
    assert plain.out.splitlines()[0].startswith("a\tbilling\t(nearest in meaning")
    assert "b: There is nothing to sort in the text." in plain.err


@pytest.mark.parametrize("inline", [True, False])
def test_rows_may_be_csv_and_texts_may_have_several_classes(
    inline: bool, run: Run, filled: Path
) -> None:
    given = '{"a": "", "b": ""}'
    Path("classes.json").write_text(given)
    Path("rows.csv").write_text("id,text\n7,x\n")
    classes = given if inline else "classes.json"
    with answering({"classes": [{"class": "a"}, {"class": "b"}]}) as server:
        chat = ("--chat", server.url + "/v1")
        output = run(
            "classify", "--rows", "rows.csv", "--classes", classes, "--multi", "--json", *chat
        )
    assert output.code == 0
    assert [each["class"] for each in output.rows[0]["classes"]] == ["a", "b"]


# Texts


def test_a_text_is_written_from_quotes(run: Run, filled: Path) -> None:
    output = run("write", "Write an e-mail to Anna about the boats in the harbour of Sainte-Maxime")
    assert output.code == 0
    assert output.out.startswith("**Subject:** The boats in the harbour of Sainte-Maxime\n\n- “")
    assert BOATS in output.out
    assert "Only facts to write from" in output.err


def test_a_model_writes_a_report(run: Run, filled: Path, stdin: Callable[[bytes], None]) -> None:
    stdin(b"the boats in the harbour of Sainte-Maxime\n")
    said = f"# Boats\n\n{BOATS.rstrip('.')} [1]."
    with answering(said) as server:
        output = run("write", "-", "--as", "report", "--json", "--chat", server.url + "/v1")
    (row,) = output.rows
    assert row["answer"] == said
    assert row["citations"][0]["quote"] == BOATS
    (asked,) = server.asked("/v1/chat/completions")
    assert "You write a report" in asked.body["messages"][0]["content"]


# Misuse


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["summarise", "nothing.pdf"], "has no document 'nothing.pdf'"),
        (["extract", "nothing.pdf", "--schema", "schema.json"], "no document 'nothing.pdf'"),
        (["extract", "boats.pdf"], "--schema"),
        (["classify"], "Name the classes"),
        (["classify", "--classes", "one"], "1 is given"),
        (["classify", "--classes", "none.json"], "There is no file none.json."),
        (["classify", "boats.pdf", "--rows", "x", "--classes", "a,b"], "not both"),
        (["classify", "--rows", "-", "--classes", "-"], "Only one"),
        (["classify", "--rows", "none.csv", "--classes", "a,b"], "none.csv cannot be read"),
        (["write", " "], "The question is empty"),
        (["write", "x", "--as", "poem"], "--as must be email or report, not 'poem'."),
    ],
)
def test_misuse_is_told_in_a_sentence(
    arguments: list[str], told: str, run: Run, filled: Path, schema: Path
) -> None:
    assert told in run(*arguments).sentence(2)


@pytest.mark.parametrize("command", ["summarise", "write x", "classify --classes a,b"])
def test_without_a_library_documents_are_asked_for(command: str, run: Run) -> None:
    assert "Add documents to it first" in run(*command.split()).sentence(2)


def test_an_empty_library_is_told_of(run: Run, filled: Path) -> None:
    assert run("remove", "boats.pdf", "light.txt").code == 0
    assert "no document with text" in run("summarise").sentence(2)


# Batch


def test_a_batch_may_mix_tasks(run: Run, filled: Path, tmp_path: Path) -> None:
    rows = write_rows(
        tmp_path / "rows.jsonl",
        {"question": "How many boats are in the harbour?"},
        {"task": "summarise", "documents": ["light.txt"]},
        {"task": "extract", "documents": ["boats.pdf"], "schema": SCHEMA},
        {"task": "classify", "text": "I was charged twice.", "classes": ["payments", "boats"]},
        {"task": "write", "text": "the lighthouse of Camarat", "as": "email"},
        {"task": "extract", "schema": SCHEMA},
        {"task": "nonsense"},
    )
    output = run("batch", rows)
    assert output.code == 1
    asked, summary, form, sorted_, mail, *bad = output.rows
    assert "task" not in asked
    assert summary["citations"][0]["quote"] == LIGHT
    assert set(form["values"]) == {"boats", "year"}
    assert sorted_["sorted"][0]["class"] == "payments"
    assert mail["answer"].startswith("**Subject:** The lighthouse of Camarat")
    assert [bool(row["error"]) for row in bad] == [True, True]
    only = run("batch", rows, "--retrieve-only").rows
    assert only[0]["error"] is None
    assert "can only ask a question" in only[1]["error"]
