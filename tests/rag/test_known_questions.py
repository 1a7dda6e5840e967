import io
import json
from dataclasses import asdict

import pytest

from rag.batch import BadRow, Format
from rag.domain import Answer
from rag.known_questions import EvaluationQuestion, marked_questions, read_evaluation
from rag.marks import MarkedAnswer, Place


def read(text: str, form: Format = "jsonl") -> list[EvaluationQuestion | BadRow]:
    return list(read_evaluation(io.StringIO(text), form))


def question(**fields: object) -> EvaluationQuestion:
    return EvaluationQuestion.model_validate({"id": "1", "question": "Q?"} | fields)


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
    assert question(answerable="false").has_no_answer
    assert not question(answerable=True).has_no_answer
    assert not question().has_no_answer
    assert not question(evidence="").has_no_answer


PLACES = 'must be a list such as [{"document": "report.pdf", "page": 3}]'
PAGE = "page must be a whole number from 1 on"


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ('{"question": ""}', "it has no question"),
        ('{"question": null}', "it has no question"),
        ('{"id": 3}', "it has no question"),
        ('{"question": ["Q?"]}', "question must be a text, not ['Q?']"),
        ('{"question": "caf\udce9?"}', "question is not UTF-8 text; save the file as UTF-8"),
        ('{"question": "Q?", "document": ["a"]}', "document must be a text, not ['a']"),
        ('{"question": "Q?", "page": 3}', "it has a page and no document"),
        ('{"question": "Q?", "document": "a", "page": "three"}', PAGE),
        ('{"question": "Q?", "document": "a", "page": 3.5}', PAGE),
        ('{"question": "Q?", "document": "a", "page": true}', PAGE),
        ('{"question": "Q?", "document": "a", "page": 0}', PAGE),
        ('{"question": "Q?", "unanswerable": "maybe"}', "unanswerable must be true or false"),
        ('{"question": "Q?", "answerable": 3}', "answerable must be true or false"),
        ('{"question": "Q?", "answers": [["x"]]}', "answers must be a text or a list of texts"),
        ('{"question": "Q?", "answers": "[x"}', "answers must be a text or a list of texts"),
        ('{"question": "Q?", "evidence": "page 3"}', f"evidence {PLACES}"),
        ('{"question": "Q?", "evidence": ["a.pdf"]}', f"evidence {PLACES}"),
        ('{"question": "Q?", "evidence": {"document": "a"}}', f"evidence {PLACES}"),
        ('{"question": "Q?", "evidence": [{"page": 3}]}', f"evidence {PLACES}"),
        ('{"question": "Q?", "evidence": [{"document": " "}]}', f"evidence {PLACES}"),
        (f'{{"question": "Q?", "evidence": "{"[" * 99_999}"}}', f"evidence {PLACES}"),
        ('{"question": "Q?", "cited": [{"document": "a", "page": -1}]}', f"cited {PLACES}"),
        ('{"question": "Q?", "cited": [{"document": "a", "page": true}]}', f"cited {PLACES}"),
        (r'{"question": "Q?", "evidence": "[{\"document\": NaN}]"}', f"evidence {PLACES}"),
        ('{"question": "Q?", "answers": "[1e999]"}', "answers must be a text or a list of texts"),
        ('{"question": true}', "question must be a text, not True"),
    ],
)
def test_a_bad_row_is_said_with_its_line_and_costs_itself_alone(row: str, says: str) -> None:
    good = json.dumps({"question": "Q?", "passage": "p"})

    bad, after = read(f"\n{row}\n{good}\n")

    assert isinstance(bad, BadRow)
    assert bad.reason == f"Line 2 cannot be used: {says}."
    assert after == question(id="2", passage="p")


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("[1]", "Line 2 is not a JSON object."),
        ("{", "Line 2 is not JSON: Expecting property name enclosed in double quotes (character 2"),
        ('{"question": NaN}', "Line 2 is not JSON: NaN is no number."),
        ('{"question": "Q?", "page": -Infinity}', "Line 2 is not JSON: -Infinity is no number."),
        ('{"question": 1e999}', "Line 2 is not JSON: 1e999 is no number."),
    ],
)
def test_a_line_that_is_no_row_is_said(line: str, says: str) -> None:
    (_, bad) = read(f'{{"question": "Q?"}}\n{line}\n')

    assert isinstance(bad, BadRow)
    assert bad.reason.startswith(says)


def test_the_line_in_a_table_is_that_on_which_the_row_begins() -> None:
    rows = ["question,document,page", '"Two', 'lines?",a.pdf,1', "", "Q?,a.pdf,one", "Q?,a,1,b"]
    rows += ['Q?,"a"b,1', "Q?,,3"]

    good, *bad = read("\n".join(rows), "csv")

    assert isinstance(good, EvaluationQuestion)
    assert good.question == "Two\nlines?"
    reasons = [each.reason for each in bad if isinstance(each, BadRow)]
    assert [reason.split(maxsplit=3)[:2] for reason in reasons] == [
        ["Line", "5"], ["Line", "6"], ["Line", "7"], ["Line", "8"]
    ]  # fmt: skip
    assert reasons[1].startswith("Line 6 has 4 values for 3 columns")
    assert reasons[2].startswith("Line 7 is not CSV")
    assert reasons[3] == "Line 8 cannot be used: it has a page and no document."


OPTIONAL = ("id", "kind", "evidence", "passage", "document", "page", "answers", "answer", "cited")


@pytest.mark.parametrize("name", [*OPTIONAL, "unanswerable", "answerable"])
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


def test_what_the_documents_do_not_answer_has_no_place() -> None:
    both = question(unanswerable=True, document="a.pdf")

    assert both.has_no_answer
    assert not both.gold


@pytest.mark.parametrize(("id_", "kept"), [(0, "0"), (" a ", "a"), (None, "1"), ("", "1")])
def test_a_question_without_an_id_is_numbered(id_: object, kept: str) -> None:
    (found,) = read(json.dumps({"question": "Q?", "id": id_}))

    assert found == question(id=kept)


def test_marked_answers_are_questions() -> None:
    answer = Answer("text", "searched?", "m")
    known = MarkedAnswer("q?", "q?", answer.text, False, evidence=(Place("a.pdf", 2),))
    unknown = MarkedAnswer("r?", "r?", "", True, cited=(Place("b.pdf", 1),))

    first, second = marked_questions([known, unknown])

    assert first.gold == {Place("a.pdf", 2)}
    assert not second.gold
    assert not second.has_no_answer
    assert [place.model_dump() for place in second.cited] == [asdict(Place("b.pdf", 1))]
