from __future__ import annotations

from dataclasses import replace

import pytest

from rag.domain import Answer, Citation, Quote, Span
from tests.fakes import document
from ui.printing import cited, say_answer


def citation(number: int, text: str, *, name: str = "guide.pdf", page: int = 4) -> Citation:
    quote = Quote(document(name), page, "", 0, len(text), text)
    return Citation(number, Span(0, 0), Span(0, 0), quote)


def test_each_source_is_listed_once_with_its_quotes() -> None:
    citations = [
        citation(1, "It has experts."),
        citation(2, "It is new.", page=5),
        citation(1, "It is\nsparse."),
        citation(1, "It has experts."),
    ]

    assert cited(citations) == [
        "[1] guide.pdf, p. 4: “It has experts.”\n“It is sparse.”",
        "[2] guide.pdf, p. 5: “It is new.”",
    ]


def test_a_quote_within_another_is_left_out() -> None:
    parts = [citation(1, "sparse"), citation(1, "It is sparse."), citation(1, "It is")]

    assert cited(parts) == ["[1] guide.pdf, p. 4: “It is sparse.”"]


def test_two_documents_of_one_name_are_told_apart() -> None:
    one, other = citation(1, "It is sparse."), citation(2, "It is sparse.")
    renamed = replace(other.quote, document=replace(other.quote.document, id="0f"))

    assert cited([one, replace(other, quote=renamed)]) == [
        f"[1] guide.pdf ({one.quote.document.id}), p. 4: “It is sparse.”",
        "[2] guide.pdf (0f), p. 4: “It is sparse.”",
    ]


def test_two_sources_with_the_same_quote_share_a_line() -> None:
    same = [citation(number, "It is sparse.") for number in (1, 3)]
    other = citation(2, "It is sparse.", name="other.pdf")

    assert cited([*same, other]) == [
        "[1][3] guide.pdf, p. 4: “It is sparse.”",
        "[2] other.pdf, p. 4: “It is sparse.”",
    ]


@pytest.mark.parametrize(
    ("needed", "said"),
    [
        (0.05, "(evidence 4.9%, needs 5%). With --bar 0 it is answered all the same."),
        (0.0, "(evidence 4.9%, enough to ask small, which found no answer)."),
    ],
)
def test_a_refusal_tells_the_evidence_beside_the_bar(
    needed: float, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    say_answer(Answer("No.", "Boats?", "small", refused=True, evidence=0.0496), needed)

    assert capsys.readouterr().err == f"\nSearched: Boats? {said}\n"


def test_where_nothing_was_searched_no_bar_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    say_answer(Answer("No.", "how high is the tower?", "small", refused=True), 0.05)

    assert capsys.readouterr().err == "\nSearched: how high is the tower?\n"
