import io
import json
from dataclasses import asdict

import pytest

from rag.batch import BadRow
from rag.domain import Answer, Scope
from rag.evaluation import (
    EvaluationQuestion,
    Evaluator,
    marked_questions,
    read_evaluation,
)
from rag.marks import MarkedAnswer, Place
from rag.scores import figures
from tests.rag.desk import QUESTION, Desk

BAR = 0.05


def read(text: str) -> list[EvaluationQuestion | BadRow]:
    return list(read_evaluation(io.StringIO(text), "jsonl"))


def question(**fields: object) -> EvaluationQuestion:
    return EvaluationQuestion.model_validate({"id": "1", "question": QUESTION} | fields)


def evaluator(desk: Desk, *, answers: bool = False) -> Evaluator:
    assistant = desk.reader() if answers else None
    return Evaluator(desk.catalog, desk.retriever, assistant, bar=BAR)


def test_evidence_a_passage_and_columns_say_where_the_answer_is() -> None:
    by_evidence = question(evidence=[{"document": "a.pdf", "page": 3}, {"document": "b.pdf"}])
    by_passage = question(passage="p17")
    by_columns = question(document="c.pdf", page="4")

    assert by_evidence.gold == {Place("a.pdf", 3), Place("b.pdf", None)}
    assert by_passage.gold == {Place("p17.txt", None)}
    assert by_columns.gold == {Place("c.pdf", 4)}
    assert not question().gold


def test_no_evidence_means_no_answer_and_none_said_means_unknown() -> None:
    assert question(evidence=[]).has_no_answer
    assert question(unanswerable=True).has_no_answer
    assert not question().has_no_answer
    assert not question(evidence="").has_no_answer


@pytest.mark.parametrize(
    "row",
    [
        '{"question": ""}',
        '{"question": "Q?", "evidence": [{"page": 3}]}',
        '{"question": "Q?", "page": "three"}',
        '{"question": ["Q?"]}',
        '{"question": null}',
        '{"question": NaN}',
        '{"question": "Q?", "document": "a.pdf", "page": true}',
        '{"question": "Q?", "document": "a.pdf", "page": 0}',
        '{"question": "Q?", "evidence": "page 3"}',
        '{"question": "Q?", "evidence": [{"document": "a.pdf", "page": NaN}]}',
        '{"id": 3}',
        "[1]",
        "{",
    ],
)
def test_a_bad_row_is_said_and_costs_itself_alone(row: str) -> None:
    good = json.dumps({"question": "Q?", "passage": "p"})

    bad, after = read(f"{row}\n{good}\n")

    assert isinstance(bad, BadRow)
    assert bad.reason.endswith(".")
    assert isinstance(after, EvaluationQuestion)


OPTIONAL = ("id", "kind", "evidence", "passage", "document", "page", "answers", "answer", "cited")


@pytest.mark.parametrize("name", [*OPTIONAL, "unanswerable"])
@pytest.mark.parametrize("value", ["null", '""', '"  "'])
def test_what_is_null_or_empty_is_not_there(name: str, value: str) -> None:
    (found,) = read(f'{{"question": "Q?", "{name}": {value}}}')

    assert found == EvaluationQuestion(question="Q?", id="1")


def test_a_table_may_leave_cells_empty_and_have_lists_as_json() -> None:
    head = f"question,unanswerable,{','.join(OPTIONAL)}"
    cells = ',,,"[{""document"": ""a.pdf"", ""page"": 3}]",,,,"[""x"", ""y""]",,'
    rows = [head, f"Q?{',' * 10}", "Q?,true,,,,,,,,,", f"Q?,{cells}", "Q?,,,,,,,,12 boats,,"]

    plain, nothing, listed, one = read_evaluation(io.StringIO("\n".join(rows)), "csv")

    assert isinstance(plain, EvaluationQuestion)
    assert not plain.gold
    assert not plain.has_no_answer
    assert isinstance(nothing, EvaluationQuestion)
    assert nothing.has_no_answer
    assert isinstance(listed, EvaluationQuestion)
    assert listed.gold == {Place("a.pdf", 3)}
    assert listed.accepted == ("x", "y")
    assert isinstance(one, EvaluationQuestion)
    assert one.accepted == ("12 boats",)


def test_the_rank_is_that_of_the_first_right_place(desk: Desk) -> None:
    ask = evaluator(desk).ask
    first = ask(question(passage="nemo"), desk.scope, 8)
    page = ask(question(evidence=[{"document": "nemo.txt", "page": 1}]), desk.scope, 8)
    later = ask(question(passage="cheese"), desk.scope, 8)

    assert (first.rank, first.document_rank, page.rank) == (1, 1, 1)
    assert first.reason == ""
    assert later.rank in (2, 3)
    assert later.reason.startswith(f"rank {later.rank}: cheese.txt (words 0.")
    assert "; the first is nemo.txt (words 0." in later.reason
    assert first.answerable
    assert first.evidence is not None


def test_a_miss_says_why(desk: Desk) -> None:
    ask = evaluator(desk).ask
    unknown = ask(question(passage="nowhere"), desk.scope, 8)
    beyond = ask(question(evidence=[{"document": "nemo.txt", "page": 9}]), desk.scope, 8)
    left_out = ask(question(passage="nemo"), desk.only("cheese.txt"), 8)

    assert unknown.reason == "nowhere.txt is not in the library"
    assert beyond.reason == "nemo.txt has no page 9"
    assert "no passage of nemo.txt was found; the first is cheese.txt" in left_out.reason
    assert "words" in left_out.reason


def test_a_question_in_parts_is_searched_by_each_as_a_batch_does(desk: Desk) -> None:
    both = f"{QUESTION[:-1]} and where is Camembert from?"
    ask = evaluator(desk).ask

    for passage in ("nemo", "cheese"):
        rank = ask(question(question=both, passage=passage), desk.scope, 8).rank
        assert rank is not None
        assert rank <= 2


def test_what_goes_wrong_is_the_error_of_its_question(desk: Desk) -> None:
    outcome = evaluator(desk).ask(question(question="x" * 9000), desk.scope, 8)
    gone = evaluator(desk).ask(question(), Scope("nowhere"), 8)

    assert "8,000" in outcome.error
    assert gone.error
    assert figures([outcome, gone])["errors"] == 2


def test_answers_are_looked_into(desk: Desk) -> None:
    ask = evaluator(desk, answers=True).ask
    held = ask(question(answers=["99", "12 BILLION"]), desk.scope, 4)
    not_held = ask(question(answer="13 billion"), desk.scope, 4)
    cited = [{"document": "nemo.txt", "page": None}]
    again = ask(question(cited=cited), desk.scope, 4)

    assert held.contained is True
    assert not_held.contained is False
    assert again.cites_wrong is True
    assert held.cites_wrong is None


def test_a_question_without_an_answer_is_refused(desk: Desk) -> None:
    outcome = evaluator(desk).ask(
        question(question="Zzyzx qwertz uiop?", unanswerable=True), desk.scope, 4
    )

    assert outcome.answerable is False
    assert outcome.refused
    assert outcome.reason == ""


def test_marked_answers_are_questions() -> None:
    answer = Answer("text", "searched?", "m")
    known = MarkedAnswer("q?", "q?", answer.text, False, evidence=(Place("a.pdf", 2),))
    unknown = MarkedAnswer("r?", "r?", "", True, cited=(Place("b.pdf", 1),))

    first, second = marked_questions([known, unknown])

    assert first.gold == {Place("a.pdf", 2)}
    assert not second.gold
    assert not second.has_no_answer
    assert [place.model_dump() for place in second.cited] == [asdict(Place("b.pdf", 1))]
