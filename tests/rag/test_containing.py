import pytest

from rag.containing import contains

MILLIONS = "What is the FY2018 capital expenditure (in USD millions)?"


@pytest.mark.parametrize(
    ("text", "wanted", "question"),
    [
        ("It has 12 billion  PARAMETERS.", "12 Billion parameters", ""),
        ("It cost $1,577 million [1].", "$1.577 billion", ""),
        ("Il a coûté 1 577 millions de dollars.", "$1.577 billion", ""),
        ("Capital expenditure was $1,577 million.", "$1577.00", MILLIONS),
        ("Capital expenditure was 1,577.", "$1.577 billion", MILLIONS),
        ("The ratio is 8.7 in all.", "8.70", ""),
        ("There are 41 boats in winter.", "forty-one boats", ""),
        ("It rose by 12.5 percent.", "12.5%", ""),
        ("In l’été the café opens", "Été the CAFE", ""),
        ("Es war das Straßburger Münster.", "Straßburger Münster", ""),
    ],
)
def test_a_known_answer_is_found_in_another_form(text: str, wanted: str, question: str) -> None:
    assert contains(text, wanted, question)


@pytest.mark.parametrize(
    ("text", "wanted", "question"),
    [
        ("It has 112 billion parameters.", "12 billion", ""),
        ("It is 8.75 in all.", "8.7", ""),
        ("It cost $1,577.", "$1.577 billion", ""),
        ("Capital expenditure was $1,578 million.", "$1577.00", MILLIONS),
        ("There are 41 boats.", "41 ships", ""),
        ("It rose by 12.5 dollars.", "12.5%", ""),
        ("The documents do not say.", "forty-one", ""),
        ("Anything", "  ", ""),
    ],
)
def test_another_answer_is_not_taken_for_it(text: str, wanted: str, question: str) -> None:
    assert not contains(text, wanted, question)
