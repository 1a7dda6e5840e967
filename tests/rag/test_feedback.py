import json
from dataclasses import replace
from pathlib import Path

import pytest

from rag.domain import Answer, Citation, Claim, Quote, Span, Verdict
from rag.known_questions import marked_questions, marked_row
from rag.marks import (
    QUESTIONS,
    MarkedClaim,
    MarkedQuote,
    Marks,
    Opinion,
    Place,
    marked_answer,
)
from tests.fakes import document

LIBRARY = "a1b2"
TEXT = "The tower is 12 m high [1]. It is red [2]."
FIRST, SECOND = Span(0, 27), Span(28, 42)


def cited(number: int, claim: Span, page: int, verdict: Verdict | None) -> Citation:
    quote = Quote(document("brest.pdf"), page, str(page), 5, 12, "12 m hi", 0)
    return Citation(number, Span(claim.end - 4, claim.end - 1), claim, quote, verdict)


ANSWER = Answer(
    TEXT,
    "How high is the tower?",
    "small",
    (cited(1, FIRST, 4, Verdict.SUPPORTED), cited(2, SECOND, 9, Verdict.UNSUPPORTED)),
    claims=(
        Claim(FIRST, Verdict.SUPPORTED),
        Claim(SECOND, Verdict.UNSUPPORTED, "the source does not say this"),
    ),
)


def test_a_mark_keeps_what_the_answer_rests_on(tmp_path: Path) -> None:
    marked = marked_answer("And how high?", ANSWER, "  exactly ", opinion=Opinion.RIGHT)
    Marks(tmp_path).mark(LIBRARY, marked)

    (found,) = Marks(tmp_path).marked(LIBRARY)
    assert found == marked
    assert (found.opinion, found.reason, found.model) == (Opinion.RIGHT, "exactly", "small")
    assert found.quotes[0] == MarkedQuote("brest.pdf", 4, 5, 12, "12 m hi", Verdict.SUPPORTED)
    assert found.claims[1] == MarkedClaim(
        "It is red.", Verdict.UNSUPPORTED, "the source does not say this", True, (1,)
    )


def test_a_mark_of_an_older_version_is_read(tmp_path: Path) -> None:
    row = {
        "question": "How high?",
        "asked": "How high?",
        "answer": "12 m",
        "refused": False,
        "reason": "no",
        "cited": [{"document": "brest.pdf", "page": 4}],
        "evidence": [],
        "id": "00ff",
        "marked_at": 1.5e9,
    }
    (tmp_path / QUESTIONS).mkdir()
    (tmp_path / QUESTIONS / f"{LIBRARY}.jsonl").write_text(json.dumps(row) + "\n")

    (found,) = Marks(tmp_path).marked(LIBRARY)

    assert (found.id, found.opinion, found.quotes) == ("00ff", Opinion.WRONG, ())
    assert marked_row(found)["kind"] == "marked wrong"


def test_who_marks_again_changes_the_mark(tmp_path: Path) -> None:
    marks = Marks(tmp_path)
    first = marked_answer("How high?", ANSWER)
    id_ = marks.mark(LIBRARY, first)

    marks.mark(LIBRARY, replace(first, id=id_, opinion=Opinion.RIGHT))

    assert [each.opinion for each in marks.marked(LIBRARY)] == [Opinion.RIGHT]


def test_a_right_answer_is_a_question_whose_supported_pages_are_right() -> None:
    marked = marked_answer("How high?", ANSWER, opinion=Opinion.RIGHT)
    unchecked = replace(marked, quotes=tuple(replace(it, verdict=None) for it in marked.quotes))

    (question,) = marked_questions([marked])
    row = marked_row(marked)

    assert question.gold == {Place("brest.pdf", 4)}
    assert question.kind == "marked right"
    assert not question.cited
    assert set(unchecked.right_places) == {Place("brest.pdf", 4), Place("brest.pdf", 9)}
    assert row["marked"]["answer"] == TEXT
    assert [each["verdict"] for each in row["marked"]["claims"]] == ["supported", "unsupported"]


REFUSED = Answer("The documents do not say.", "Who?", "small", refused=True)
BARE = Answer("It is red.", "Who?", "small")


@pytest.mark.parametrize(
    ("answer", "opinion", "named", "answerable"),
    [
        (ANSWER, Opinion.UNANSWERABLE, (), False),
        (ANSWER, Opinion.UNANSWERABLE, (Place("brest.pdf", 7),), True),
        (ANSWER, Opinion.WRONG, (), None),
        (ANSWER, Opinion.WRONG, (Place("brest.pdf", 7),), True),
        (ANSWER, Opinion.RIGHT, (), True),
        (REFUSED, Opinion.RIGHT, (), False),
        (REFUSED, Opinion.WRONG, (), None),
        (BARE, Opinion.RIGHT, (), None),
    ],
)
def test_an_opinion_says_whether_there_is_an_answer(
    answer: Answer, opinion: Opinion, named: tuple[Place, ...], answerable: bool | None
) -> None:
    marked = replace(marked_answer("Q?", answer, opinion=opinion), evidence=named)

    (question,) = marked_questions([marked])

    assert marked.is_answerable is answerable
    assert question.has_no_answer is (answerable is False)
    assert bool(question.gold) is (answerable is True)
