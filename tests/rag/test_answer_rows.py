import io
import json

import pytest

from rag.answer_rows import AnswerRow, Answers, holds_answers, questions_of, read_answers
from rag.batch import BadRow
from rag.domain import Verdict
from rag.known_questions import EvaluationQuestion
from rag.marks import Place


def read(*rows: object) -> list[AnswerRow | BadRow]:
    lines = [row if isinstance(row, str) else json.dumps(row) for row in rows]
    return read_answers(io.StringIO("\n".join(lines)))


def question(id_: str, text: str) -> EvaluationQuestion:
    return EvaluationQuestion(id=id_, question=text)


def test_an_answer_of_another_tool_needs_little() -> None:
    (row,) = read({"answer": "It is 12 m high.", "citations": [{"document": "in/a.pdf"}]})

    assert isinstance(row, AnswerRow)
    assert (row.id, row.question, row.claims) == ("1", "", None)
    assert row.is_answered
    assert row.citations[0].places == [Place("a.pdf", None)]


def test_what_is_null_is_not_there_and_a_foreign_verdict_is_none() -> None:
    cited = {"document": "a.pdf", "pages": [2, 3], "quote": None, "verdict": "entailed"}
    (row,) = read({"id": 7, "question": None, "answer": None, "citations": [cited, {}]})

    assert isinstance(row, AnswerRow)
    assert (row.id, row.answer, row.is_answered) == ("7", "", False)
    assert row.citations[0].places == [Place("a.pdf", 2), Place("a.pdf", 3)]
    assert row.citations[0].verdict is None
    assert row.citations[1].places == []


@pytest.mark.parametrize(
    "row", [{"refused": True}, {"grounded": False}, {"answer": " "}, {"answer": ""}]
)
def test_what_is_refused_or_said_without_the_documents_answers_nothing(
    row: dict[str, object],
) -> None:
    assert not AnswerRow.model_validate({"answer": "Words."} | row).is_answered


def test_what_was_checked_comes_with_its_claims() -> None:
    claim = {"text": "It is.", "verdict": "partly", "reason": "no", "cited": True, "citations": [0]}
    (row,) = read({"answer": "It is.", "citations": [], "claims": [claim]})

    assert isinstance(row, AnswerRow)
    assert row.claims is not None
    assert row.claims[0].verdict is Verdict.PARTLY


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("{", "Line 2 is not JSON: "),
        ("[1]", "Line 2 is not a JSON object."),
        ('{"citations": 3}', "Line 2 is no answer: citations: "),
        ('{"citations": [{"page": 0}]}', "Line 2 is no answer: citations.0.page: "),
        ('{"claims": [{"verdict": "so-so"}]}', "Line 2 is no answer: claims.0.verdict: "),
    ],
)
def test_a_row_that_is_no_answer_costs_itself_alone(line: str, says: str) -> None:
    (_, bad, good) = read({"answer": "A"}, line, {"answer": "B"})

    assert isinstance(bad, BadRow)
    assert bad.reason.startswith(says)
    assert good.id == "3"


def test_answers_are_told_from_questions() -> None:
    assert holds_answers({"answer": "A", "citations": []})
    assert not holds_answers({"question": "Q?", "answer": "A", "cited": []})
    assert not holds_answers("no row")


def test_an_answer_is_found_by_its_id_and_its_words() -> None:
    rows = read(
        {"id": "a", "question": "Which one?", "answer": "1"},
        {"id": "b", "question": "who is it?", "answer": "2"},
        {"id": "c", "answer": "3"},
        {"id": "d", "question": "To another?", "answer": "4"},
        {"id": "a", "question": "Which one?", "answer": "5"},
    )
    answers = Answers(rows)

    def taken(id_: str, text: str) -> str | None:
        found = answers.take(question(id_, text))
        return found.answer if isinstance(found, AnswerRow) else None

    assert taken("a", "Which  one?") == "1"
    assert taken("z", "Who is it?") == "2"
    assert taken("c", "Whatever?") == "3"
    assert taken("d", "Which?") is None
    assert taken("9", "Which one?") == "5"
    assert taken("a", "Which one?") is None
    assert [row.id for row in answers.left] == ["d"]


def test_answers_alone_are_questions_of_which_nothing_is_known() -> None:
    rows = read({"id": "a", "question": "Which?", "answer": "1"}, {"answer": "2"}, "x")

    first, second, bad = questions_of(rows)

    assert first == question("a", "Which?")
    assert isinstance(second, EvaluationQuestion)
    assert not second.gold
    assert isinstance(bad, BadRow)
    answers = Answers(rows)
    assert [answers.take(it) for it in (first, second)] == rows[:2]
