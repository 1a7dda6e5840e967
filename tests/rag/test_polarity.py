from __future__ import annotations

import pytest

from rag.polarity import denials, generalised, opposed


@pytest.mark.parametrize(
    ("claim", "evidence", "pair"),
    [
        ("Sales rose in May.", "Sales fell in May.", ("rose", "fell")),
        ("Le bénéfice a augmenté.", "Le bénéfice a diminué.", ("augmente", "diminue")),
        ("It is mandatory.", "Participation is optional.", ("mandatory", "optional")),
    ],
)
def test_opposites(claim: str, evidence: str, pair: tuple[str, str]) -> None:
    assert opposed(claim, evidence) == pair


def test_words_of_one_side_are_not_opposed() -> None:
    assert opposed("Sales increased.", "Sales rose.") is None
    assert opposed("Sales rose and costs fell.", "Sales fell and costs rose.") is None


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("It does not cover theft.", 1),
        ("It covers theft.", 0),
        ("Le contrat ne couvre pas le vol.", 1),
        ("Not only theft is covered.", 0),
    ],
)
def test_denials(text: str, count: int) -> None:
    assert denials(text) == count


def test_words_for_all_where_the_evidence_has_words_for_some() -> None:
    assert generalised("All patients improved.", "Most patients improved.") == "all"
    assert generalised("All patients improved.", "All patients improved.") == ""
