import io
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.batch import (
    BadRow,
    BatchQuestion,
    Format,
    Row,
    answer_row,
    citation_row,
    passage_row,
    read_questions,
    retrieval_row,
    run,
)
from rag.domain import Answer, Citation, Quote, Span, Usage
from rag.errors import ProviderError, RagError, SettingsError
from rag.evidence import Evidence
from rag.retrieval import Retrieval
from tests.fakes import document, passage


def read(content: str | bytes, form: Format = "csv") -> list[BatchQuestion | BadRow]:
    raw = content.encode() if isinstance(content, str) else content
    stream = io.TextIOWrapper(
        io.BytesIO(raw), encoding="utf-8", errors="surrogateescape", newline=""
    )
    return list(read_questions(stream, form))


def asked(rows: list[BatchQuestion | BadRow]) -> list[tuple[str, str]]:
    return [
        (row.id, row.question if isinstance(row, BatchQuestion) else f"BAD {row.reason}")
        for row in rows
    ]


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize("line", ["\n", "\r\n"])
def test_csv_is_read_with_any_usual_separator(separator: str, mark: str, line: str) -> None:
    rows = [["id", "Question", "library"], ["a", "How many?", "one"], ["", "Which?", ""]]
    content = mark + line.join(separator.join(row) for row in rows) + line

    assert read(content) == [
        BatchQuestion(id="a", question="How many?", library="one"),
        BatchQuestion(id="2", question="Which?", library=None),
    ]


def test_quoted_cells_may_hold_separators_quotes_and_lines() -> None:
    content = 'question,documents\n"One, ""two""\nthree?","a.pdf; b.pdf"\n'

    assert read(content) == [
        BatchQuestion(id="1", question='One, "two"\nthree?', documents=("a.pdf", "b.pdf"))
    ]


def test_a_single_column_may_hold_commas() -> None:
    assert asked(read('question\nWho, what; and when?\n"Quoted, too?"\n')) == [
        ("1", "Who, what; and when?"),
        ("2", "Quoted, too?"),
    ]


def test_other_columns_and_empty_lines_are_passed_over() -> None:
    assert asked(read("answer,question\nyes,Is it?\n\n,,\nno,Was it?,\n")) == [
        ("1", "Is it?"),
        ("2", "Was it?"),
    ]


@pytest.mark.parametrize("content", ["", "\n", "id,text\n1,Who?\n", "Who?\n", '"question'])
def test_a_file_without_the_column_is_refused(content: str) -> None:
    with pytest.raises(SettingsError, match="no column named 'question'"):
        read(content)


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        ("b,", "Row 2 cannot be used: question: it is empty."),
        ("b", "Row 2 cannot be used: question: Field required."),
        ("b,Who, what?", "This row has 3 values for 2 columns"),
        ('b,"Who" is it?', "This row is not CSV"),
        ('b,"Who is it?', "This row is not CSV"),
        (f"b,{'x' * 200_000}", "This row is not CSV: field larger than field limit"),
    ],
)
def test_a_bad_row_costs_itself_alone(bad: str, reason: str) -> None:
    rows = asked(read(f"id,question\na,One?\n{bad}\nc,Three?\nd,Four?\n"))

    assert rows[0] == ("a", "One?")
    assert reason in rows[1][1]
    assert rows[2:] == [("c", "Three?"), ("d", "Four?")]


@pytest.mark.parametrize("form", ["csv", "jsonl"])
def test_a_row_that_is_not_utf8_costs_itself_alone(form: Format) -> None:
    rows = {
        "csv": b"question\nOne?\nCaf\xe9?\nThree?\n",
        "jsonl": b'{"question": "One?"}\n{"question": "Caf\xe9?"}\n{"question": "Three?"}\n',
    }

    found = asked(read(rows[form], form))

    assert [found[0], found[2]] == [("1", "One?"), ("3", "Three?")]
    assert "not UTF-8 text; save the file as UTF-8" in found[1][1]


def test_an_id_that_is_not_utf8_can_be_written_out_again() -> None:
    (row,) = read(b"id,question\ncaf\xe9,One?\n")

    assert json.dumps(row.id, ensure_ascii=False).encode() == b'"caf?"'


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ({"id": 7, "question": "Who?"}, BatchQuestion(id="7", question="Who?")),
        ({"id": 0, "question": "Who?"}, BatchQuestion(id="0", question="Who?")),
        ({"id": None, "question": "Who?"}, BatchQuestion(id="1", question="Who?")),
        (
            {"question": "Who?", "documents": ["a;b.pdf", "c.pdf"], "library": "x"},
            BatchQuestion(id="1", question="Who?", documents=("a;b.pdf", "c.pdf"), library="x"),
        ),
        ({"question": "Who?", "documents": None}, BatchQuestion(id="1", question="Who?")),
        ({"question": 12, "more": [1]}, BatchQuestion(id="1", question="12")),
    ],
)
def test_json_lines_are_questions(line: Row, expected: BatchQuestion) -> None:
    assert read(json.dumps(line), "jsonl") == [expected]


def test_json_lines_may_begin_with_a_mark_and_hold_empty_lines() -> None:
    assert asked(read('\ufeff{"question": "One?"}\r\n\n  \n{"question": "Two?"}', "jsonl")) == [
        ("1", "One?"),
        ("2", "Two?"),
    ]


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        ("{", "This line is not JSON"),
        ("[1]", "This line is not a JSON object."),
        ('"Who?"', "This line is not a JSON object."),
        ("[" * 100_000, "This line is not JSON"),
        ('{"id": "b"}', "Row 2 cannot be used: question: Field required."),
        ('{"question": ""}', "Row 2 cannot be used: question: it is empty."),
        ('{"question": null}', "question: Input should be a valid string"),
        ('{"question": ["Who?"]}', "question: Input should be a valid string"),
        ('{"question": "Half \\ud83d"}', "not UTF-8 text"),
        ('{"question": "Who?", "library": "\\udc80"}', "library: it is not UTF-8 text"),
        ('{"question": "Who?", "documents": [["a"]]}', "documents.0: Input should be"),
        ('{"question": "Who?", "documents": 3}', "documents: Input should be a valid tuple"),
    ],
)
def test_a_bad_line_costs_itself_alone(bad: str, reason: str) -> None:
    rows = asked(read(f'{{"question": "One?"}}\n{bad}\n{{"question": "Three?"}}\n', "jsonl"))

    assert rows[0] == ("1", "One?")
    assert reason in rows[1][1]
    assert rows[2] == ("3", "Three?")


CELLS = st.text(st.sampled_from('ab,;\t"\n\r é\x00\ufeff'), max_size=12)


@given(st.lists(CELLS, max_size=8), st.sampled_from(["question", "id,question", "question;id"]))
def test_whatever_a_file_holds_every_row_is_a_question_or_says_why(
    lines: list[str], header: str
) -> None:
    rows = read("\n".join([header, *lines]))

    assert all(
        row.question.strip() if isinstance(row, BatchQuestion) else row.reason.endswith(".")
        for row in rows
    )


def test_what_goes_wrong_with_a_row_is_its_error() -> None:
    def answer(question: BatchQuestion) -> Row:
        if question.id == "2":
            raise ProviderError("The server is away.")
        return retrieval_row(question, Retrieval((passage("Text."),), Evidence(0.5)), 0.05)

    rows = list(run([*read("question\nOne?\nTwo?\n\x00\n,\n"), BadRow("9", "Why.")], answer))

    assert [(row["id"], row["question"], row["error"]) for row in rows][:2] == [
        ("1", "One?", None),
        ("2", "Two?", "The server is away."),
    ]
    assert rows[-1]["error"] == "Why."
    assert len({tuple(row) for row in rows}) == 1


def test_rows_are_read_as_they_are_answered(tmp_path: Path) -> None:
    taken: list[str] = []

    def answer(question: BatchQuestion) -> Row:
        taken.append(question.id)
        return retrieval_row(question, Retrieval((), Evidence(0.0)), 0.05)

    path = tmp_path / "questions.csv"
    path.write_text("question\nOne?\nTwo?\n", encoding="utf-8")
    with path.open(encoding="utf-8", newline="") as stream:
        rows = run(read_questions(stream, "csv"), answer)
        next(rows)
        assert taken == ["1"]


@pytest.mark.parametrize(
    ("evidence", "bar", "refused"),
    [(0.04, 0.05, True), (0.05, 0.05, False), (0.0, 0.0, False), (0.9, 1.0, True)],
)
def test_what_is_retrieved_is_refused_below_the_bar(
    evidence: float, bar: float, refused: bool
) -> None:
    question, found = BatchQuestion(question="Why?"), (passage("Text."),)

    row = retrieval_row(question, Retrieval(found, Evidence(evidence)), bar)

    assert row["refused"] is refused
    assert len(row["passages"]) == 1
    assert retrieval_row(question, Retrieval((), Evidence(1.0)), bar)["refused"] is True


def test_other_errors_than_ours_are_not_hidden() -> None:
    def answer(question: BatchQuestion) -> Row:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        list(run(read("question\nOne?\n"), answer))
    assert not issubclass(ZeroDivisionError, RagError)


def test_an_answer_is_a_row_of_the_contract() -> None:
    found = passage("Nemo has 12 billion.", page=4, score=0.123456789)
    quote = Quote(found.document, 4, "4", 5, 8, "has", 100)
    citation = Citation(1, Span(4, 7), Span(0, 7), quote)
    answer = Answer(
        "12B [1]",
        "How many?",
        "small",
        (citation,),
        (found,),
        usage=Usage(10, 5),
        cost=0.25,
    )

    row = answer_row(BatchQuestion(id="7", question="How many?"), answer)

    assert json.loads(json.dumps(row)) == {
        "id": "7",
        "question": "How many?",
        "answer": "12B [1]",
        "refused": False,
        "citations": [
            {
                "document": "guide.pdf",
                "page": 4,
                "start": 5,
                "end": 8,
                "quote": "has",
                "verdict": None,
            }
        ],
        "passages": [
            {
                "document": "guide.pdf",
                "page": 4,
                "score": 0.123457,
                "reasons": None,
                "text": "Nemo has 12 billion.",
            }
        ],
        "model": "small",
        "usage": {"input_tokens": 10, "output_tokens": 5},
        "cost": 0.25,
        "spent_today": None,
        "evidence": None,
        "complete": True,
        "notice": "",
        "grounded": True,
        "claims": [],
        "disagreements": [],
        "error": None,
    }


def test_positions_in_a_document_without_pages_count_from_its_beginning() -> None:
    notes = document("notes.md", paginated=False)
    quote = Quote(notes, 2, "2", 5, 8, "has", 100)

    row = citation_row(Citation(1, Span(0, 3), Span(0, 3), quote))

    assert (row["page"], row["start"], row["end"]) == (None, 105, 108)
    assert passage_row(passage("Text.", paginated=False))["page"] is None


def test_an_answer_without_usage_has_none() -> None:
    row = answer_row(BatchQuestion(id="1", question="?"), Answer("No.", "?", "small"))

    assert (row["usage"], row["cost"], row["citations"]) == (None, None, [])
