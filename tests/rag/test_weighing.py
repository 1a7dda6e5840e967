"""How much the best passages promise, in the question's own words and in those of documents."""

from __future__ import annotations

import pytest

from rag.mentions import strange_names
from tests.rag.desk import Desk

MARGIN = "What was the gross margin of Arden?"
ACCOUNT = "Arden's gross profit was 410 million and its cost of sales 790 million."


def evidence(desk: Desk, question: str, *, widen: bool = True) -> float:
    return desk.retriever.retrieve(question, desk.scope, 4, widen=widen).evidence.score


def test_an_answer_in_the_words_of_documents_counts(desk: Desk) -> None:
    desk.add("arden.txt", ACCOUNT)

    assert evidence(desk, MARGIN) > evidence(desk, MARGIN, widen=False) + 0.2


def test_the_account_of_another_company_does_not_count(desk: Desk) -> None:
    desk.add("arden.txt", ACCOUNT)
    other = MARGIN.replace("Arden", "Borealis")

    assert evidence(desk, other) == evidence(desk, other, widen=False)
    assert evidence(desk, other) < evidence(desk, MARGIN)


def test_what_the_rest_of_a_question_asks_must_be_spoken_of(desk: Desk) -> None:
    desk.add("arden.txt", ACCOUNT)
    desk.add("staff.txt", "The company has 300 employees, and its chief executive officer rests.")

    assert evidence(desk, "who is the ceo") > 0.05
    for question in ("who is the ceo of lufthansa", "how many staff work at the eiffel tower"):
        assert evidence(desk, question) < 0.05


def test_a_company_known_by_its_file_is_no_other(desk: Desk) -> None:
    desk.add("Cormorant_2022.txt", "The gross profit was 410 million, the cost of sales 790.")
    question = MARGIN.replace("Arden", "Cormorant")

    assert evidence(desk, question) > evidence(desk, question, widen=False)


def test_what_is_weighed_in_other_words_keeps_what_is_missing(desk: Desk) -> None:
    desk.add("arden.txt", ACCOUNT)

    found = desk.retriever.retrieve("What was the gross margin of XK-4711?", desk.scope, 4)

    assert found.evidence.missing == {"xk-4711"}


@pytest.mark.parametrize(
    ("question", "text", "strange"),
    [
        ("What did Arden earn?", "Borealis earned 3 million.", ["arden"]),
        ("What did Arden earn?", "ARDEN CORP", []),
        ("What did arden earn?", "", []),
        ("Arden earned what?", "", []),  # a first word is always written so
        ("How did AMCOR do? Did Amcor grow?", "", ["amcor", "amcor"]),
        ("What is the DPO (Days Payable) in USD in FY2022 and Q2?", "", ["dpo"]),
        ("Was zahlte Müller?", "muller zahlte", []),
        ("What did “Arden” earn?", "", ["arden"]),
        ("", "", []),
    ],
)
def test_names_that_a_text_does_not_have(question: str, text: str, strange: list[str]) -> None:
    assert strange_names(question, text) == strange


def test_a_company_that_the_library_never_names_has_no_answer(desk: Desk) -> None:
    for number in range(6):
        desk.add(f"staff{number}.txt", f"At year end {number} the company had 288,000 employees.")
    desk.add("arden.txt", "Arden had 300 employees in 2021.")

    known = evidence(desk, "How many employees did Arden have in 2021?")
    unknown = evidence(desk, "How many employees did Borealis have in 2021?")

    assert known > 0.05 > unknown


def test_an_acronym_or_a_misspelt_name_may_still_be_meant(desk: Desk) -> None:
    desk.add("arden.txt", "Arden Grain Corporation had 300 employees in 2021.")

    meant = [evidence(desk, f"How many employees has {name}?") for name in ("AGC", "Ardem")]
    stranger = evidence(desk, "How many employees has Lufthansa?")

    assert min(meant) > stranger


@pytest.mark.parametrize("code", ["KX-4711", "KX4711", "kx 4711"])
def test_a_code_counts_however_it_is_parted(desk: Desk, code: str) -> None:
    desk.add("KX-4711 manual.txt", "The pump draws a current of 2 A at most. It has IP54.")
    question = f"What current does the {code} draw?"

    assert evidence(desk, question) == evidence(desk, question.replace(code, "KX-4711")) > 0.05


def test_a_number_that_is_another_is_not_answered(desk: Desk) -> None:
    desk.add("privacy.txt", "We process personal data under Regulation (EU) 2016/679.")

    assert evidence(desk, "What is Regulation (EU) 2016/679?") > 0.3
    assert evidence(desk, "What is Regulation (EU) 2016/680?") < 0.05
