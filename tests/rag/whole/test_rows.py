from __future__ import annotations

import io
import json

import pytest

from rag.batch import BadRow, BatchQuestion, Row, read_questions, run
from rag.whole.rows import task_row
from tests.fakes import ScriptedChat
from tests.rag.desk import Desk
from tests.rag.whole.works import reply, said, tasks

CLASSES = ["food", "models"]
SCHEMA = {"properties": {"billions": {"type": "number"}}}


def rows(desk: Desk, chat: ScriptedChat, *given: Row | str) -> list[Row]:
    lines = [row if isinstance(row, str) else json.dumps(row) for row in given]

    def answer(question: BatchQuestion) -> Row:
        scope = desk.only(*question.documents) if question.documents else desk.scope
        return task_row(question, tasks(desk, chat), desk.catalog, scope)

    return list(run(read_questions(io.StringIO("\n".join(lines)), "jsonl"), answer))


def row(desk: Desk, chat: ScriptedChat, given: Row) -> Row:
    (only,) = rows(desk, chat, given)
    return only


def test_a_summary_is_a_row_like_an_answer(desk: Desk) -> None:
    given = {"task": "summarize", "documents": ["nemo.txt"], "id": "a"}
    made = row(desk, ScriptedChat(["Nemo has 12 billion parameters [1]."]), given)
    assert (made["id"], made["task"], made["error"]) == ("a", "summarise", None)
    assert made["answer"] == "Nemo has 12 billion parameters [1]."
    assert made["citations"][0]["quote"] == "Nemo has 12 billion parameters."


def test_a_filled_form_has_its_values_and_their_places(desk: Desk) -> None:
    given = {"task": "extract", "documents": "nemo.txt", "schema": SCHEMA}
    made = row(desk, ScriptedChat(reply(said(12, "12 billion"))), given)
    assert made["values"] == {"billions": 12}
    assert made["fields"]["billions"] == {
        "value": 12,
        "document": "nemo.txt",
        "page": None,
        "start": 9,
        "end": 19,
        "quote": "12 billion",
        "verdict": "supported",
        "reason": None,
    }


def test_a_schema_may_be_a_text_as_in_csv(desk: Desk) -> None:
    given = {"task": "extract", "documents": "nemo.txt", "schema": json.dumps(SCHEMA)}
    made = row(desk, ScriptedChat(reply({"value": None, "reason": "not said"})), given)
    assert made["values"] == {"billions": None}
    assert made["fields"]["billions"]["reason"] == "not said"
    assert made["fields"]["billions"]["quote"] is None


def test_texts_and_documents_are_sorted(desk: Desk) -> None:
    text = {"task": "classify", "text": "A soft cheese.", "classes": CLASSES}
    chosen = {"task": "classify", "documents": "nemo.txt", "classes": "food; models"}
    answers = [
        reply({"class": "food", "reason": "cheese", "source": 1, "quote": "soft cheese"}),
        reply({"class": "models", "source": 1, "quote": "Nemo"}),
    ]
    first, second = rows(desk, ScriptedChat(*answers), text, chosen)
    assert first["sorted"][0]["class"] == "food"
    assert first["sorted"][0]["classes"][0]["quote"] == "soft cheese"
    assert first["citations"] == []
    assert second["sorted"][0]["item"] == "nemo.txt"
    assert second["sorted"][0]["classes"][0]["document"] == "nemo.txt"
    assert second["citations"][0]["quote"] == "Nemo"


def test_a_text_is_written(desk: Desk) -> None:
    given = {"task": "write", "instruction": "the parameters of Nemo", "as": "report"}
    chat = ScriptedChat(["# Nemo\n\nNemo has 12 billion parameters [1]."])
    made = row(desk, chat, given)
    assert made["answer"].startswith("# Nemo")
    assert "You write a report" in chat.prompts[0].messages[0].content


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"task": "extract", "documents": "nemo.txt"}, "no 'schema'"),
        ({"task": "extract", "schema": SCHEMA}, "there are 3"),
        ({"task": "extract", "documents": "nemo.txt", "schema": "{"}, "no JSON"),
        ({"task": "classify", "text": "x"}, "no list"),
        ({"task": "classify", "text": "x", "classes": "[1"}, "no JSON"),
        ({"task": "classify", "classes": CLASSES}, "nothing to sort"),
        ({"task": "classify", "text": "x", "classes": ["food"]}, "1 is given"),
        ({"task": "write"}, "it is empty"),
        ({"task": "translate", "text": "x"}, "task"),
        ({"task": "write", "text": "x", "as": "poem"}, "as"),
        ({"task": "ask"}, "question"),
    ],
)
def test_a_bad_row_has_an_error_and_the_next_is_done(given: Row, told: str, desk: Desk) -> None:
    chat = ScriptedChat(["Nemo has 12 billion parameters [1]."])
    bad, good = rows(desk, chat, given, {"task": "summarise", "documents": ["nemo.txt"]})
    assert told in bad["error"]
    assert (bad["answer"], good["error"]) == ("", None)


def test_a_model_that_gives_no_class_twice_is_an_error(desk: Desk) -> None:
    given = {"task": "classify", "text": "x", "classes": CLASSES}
    made = row(desk, ScriptedChat(["none"], ["none"]), given)
    assert "no JSON" in made["error"]


def test_csv_rows_need_a_question_or_a_task() -> None:
    content = "task,documents,classes\nclassify,a.pdf,x; y\n"
    (only,) = read_questions(io.StringIO(content), "csv")
    assert isinstance(only, BatchQuestion)
    assert (only.task, only.documents, only.classes) == ("classify", ("a.pdf",), "x; y")
    (bad,) = read_questions(io.StringIO("task,question\n,\nask,\n"), "csv")
    assert isinstance(bad, BadRow)
