"""Codes and amounts in the spelling of the texts."""

from __future__ import annotations

import pytest

from rag.spelled import as_written

TEXT = "The KX-4711 has IP54 and costs $2,140; ZB 100/A too. See the Form 10-K, 95,000 EUR."


@pytest.mark.parametrize(
    ("question", "written"),
    [
        ("the KX4711?", "the KX-4711?"),
        ("the kx 4711?", "the KX-4711?"),
        ("Has it IP 54?", "Has it IP54?"),
        ("price of ZB100A", "price of ZB 100/A"),
        ("What costs 2140 dollars?", "What costs 2,140 dollars?"),
        ("EUR 95000", "EUR 95,000"),
        ("the 10K", "the 10-K"),
        ("in 2021, KX-4712", "in 2021, KX-4712"),
        ("", ""),
    ],
)
def test_codes_and_amounts_are_put_as_they_stand(question: str, written: str) -> None:
    assert as_written(question, ["Nothing.", TEXT]) == written


def test_the_first_text_that_has_it_decides() -> None:
    assert as_written("E07", ["E-07", "E 07"]) == "E-07"
