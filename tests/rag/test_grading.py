from typing import Any

from rag.answer_rows import AnswerRow
from rag.grading import Grade, grade, is_contained, still_cites
from rag.known_questions import EvaluationQuestion
from rag.marks import Place

ROW: dict[str, Any] = {
    "answer": "Forty-one boats [1]. It is large [2][3]. It is blue.",
    "citations": [
        {"document": "a.pdf", "page": 2, "quote": "holds 41 boats", "verdict": "supported"},
        {"document": "a.pdf", "page": 3, "quote": "x", "verdict": "unsupported"},
        {"document": "b.pdf", "pages": [1, 2], "quote": "y", "verdict": "partly"},
    ],
    "claims": [
        {"text": "Forty-one boats.", "verdict": "supported", "citations": [0]},
        {"text": "It is large.", "verdict": "partly", "reason": "half", "citations": [1, 2]},
        {"text": "It is blue.", "verdict": "uncited", "reason": "none", "cited": False},
        {"text": "It is " + "very " * 60 + "old.", "verdict": "unsupported", "citations": [1]},
        {"text": "It is here.", "verdict": "supported", "cited": False},
    ],
}
RIGHT = {Place("a.pdf", 2), Place("b.pdf", 2)}


def graded(gold: set[Place], **changed: object) -> Grade | None:
    return grade(AnswerRow.model_validate(ROW | changed), gold)


def test_claims_and_citations_are_counted() -> None:
    found = graded(RIGHT)

    assert found is not None
    assert (found.supported, found.partly, found.unsupported, found.uncited) == (2, 1, 1, 1)
    assert (found.claims, found.support, found.borne_out) == (5, 0.4, 1)
    assert (found.citations, found.supporting, found.right) == (3, 1, 2)
    assert found.precision == 1 / 3


def test_the_worst_faults_come_first_with_their_reasons() -> None:
    found = graded({Place("b.pdf", 9)})

    assert found is not None
    unsupported, uncited, partly, pages = found.faults
    assert unsupported.startswith("unsupported: “It is very very")
    assert unsupported.endswith(" …”")
    assert uncited == "uncited: “It is blue.” (none)"
    assert partly == "partly: “It is large.” (half)"
    assert pages == (
        "cites a.pdf, p. 2; a.pdf, p. 3; b.pdf, p. 1; b.pdf, p. 2, and the answer is in b.pdf, p. 9"
    )


def test_where_the_right_pages_are_not_known_none_is_wrong() -> None:
    found = graded(set())
    document = graded({Place("b.pdf", None)})

    assert found is not None
    assert document is not None
    assert (found.right, document.right) == (None, 1)
    assert len(found.faults) == 3


def test_a_refusal_has_no_grade_and_an_answer_without_claims_has_no_fault() -> None:
    assert graded(RIGHT, refused=True) is None
    assert graded(RIGHT, grounded=False) is None
    assert graded(RIGHT, answer="") is None
    plain = graded(set(), claims=[], citations=[])
    assert plain is not None
    assert (plain.support, plain.precision, plain.faults) == (1.0, 0.0, ())
    uncited = graded(RIGHT, claims=[], citations=[])
    assert uncited is not None
    assert uncited.faults[0].startswith("cites nothing, and the answer is in a.pdf, p. 2; b.pdf")


def test_the_known_answer_may_stand_in_the_answer_or_in_a_quote() -> None:
    row = AnswerRow.model_validate(ROW)

    def contained(*texts: str) -> bool | None:
        return is_contained(row, EvaluationQuestion(question="Q?", answers=texts))

    assert contained("99 ships", "41 BOATS") is True
    assert contained("holds 41") is True
    assert contained("42 boats") is False
    assert contained() is None


def test_a_place_that_was_wrong_before_may_be_cited_again() -> None:
    row = AnswerRow.model_validate(ROW)

    assert still_cites(row, {Place("a.pdf", 3)}) is True
    assert still_cites(row, {Place("a.pdf", 4)}) is False
    assert still_cites(row, set()) is None


def test_an_answer_that_breaks_off_is_said_to() -> None:
    whole, broken = graded(RIGHT), graded(RIGHT, complete=False)

    assert whole
    assert broken
    assert (whole.cut_off, broken.cut_off) == (False, True)
    assert broken.faults[-1] == "breaks off before its end"
    assert "breaks off before its end" not in whole.faults
