from __future__ import annotations

import pytest

from rag.expectation import is_of_the_kind


@pytest.mark.parametrize(
    ("question", "text", "expected"),
    [
        ("How many parameters?", "It has 12.9 billion.", True),
        ("How many parameters?", "It came out in 2023.", False),
        ("How many parameters?", "Mixtral 8x7B is fast.", False),
        ("Combien de jetons ?", "Il en compte 131 072.", True),
        ("Wie viele Stufen?", "Es sind 92.", True),
        ("When was it released?", "It was released in 2023.", True),
        ("When was it released?", "It has 12 experts.", False),
        ("Quand est-il sorti ?", "Il est sorti en 2023.", True),
        ("When does it expire?", "Valid until 30 June", True),
        ("When does it expire?", "Valid until June 30th", True),
        ("Wann läuft er ab?", "Gültig bis 30. Juni", True),
        ("Quand expire-t-il ?", "Valable jusqu'au 1er juin", True),
        ("When does it expire?", "Valid until 30/06", True),
        ("When does it expire?", "Version 3.14 of 41 marches", False),
        ("Why is it fast?", "It has 12 experts since 2023.", False),
    ],
)
def test_an_amount_or_a_date_is_told_by_the_way_of_asking(
    question: str, text: str, expected: bool
) -> None:
    assert is_of_the_kind(question, text) is expected
