from __future__ import annotations

import pytest

from rag.attached import misattached
from rag.compared_periods import placed_otherwise, sides
from rag.signs import signs

REPORT = (
    "Net revenues of the harbour were $991 million in the current quarter compared to $900 million "
    "in the prior year quarter, an increase of 10%. Staff costs fell."
)
RAPPORT = "Le chiffre d'affaires du port s'élève à 58 millions, contre 63 millions un an plus tôt."


def test_the_amount_that_another_is_compared_with_is_of_the_period_before() -> None:
    assert sides(REPORT) == {REPORT.index("$991"): REPORT.index("$900")}
    assert sides(RAPPORT) == {RAPPORT.index("58 "): RAPPORT.index("63 ")}
    assert sides("It paid $9 million, compared to $8 million for the other ship.") == {}


@pytest.mark.parametrize(
    ("claim", "found"),
    [
        (
            "The harbour had net revenues of $991 million in the prior year quarter.",
            ("$900 million", "$991 million"),
        ),
        (
            "The harbour had net revenues of $900 million in the current quarter.",
            ("$991 million", "$900 million"),
        ),
    ],
)
def test_an_amount_of_the_other_period_is_found(claim: str, found: tuple[str, str]) -> None:
    assert placed_otherwise(claim, REPORT) == found


@pytest.mark.parametrize(
    "claim",
    [
        "The harbour earned net revenues of $991 million, up 10% on the same quarter of the "
        "previous year.",
        "The harbour had net revenues of $900 million in the prior year quarter.",
        "Net revenues of the harbour rose to $991 million from $900 million in the prior year.",
    ],
)
def test_an_amount_of_its_own_period_is_let_through(claim: str) -> None:
    assert placed_otherwise(claim, REPORT) is None
    assert misattached(claim, REPORT) is None


def test_what_leaves_the_amount_of_now_out_is_no_quotation() -> None:
    text = REPORT.replace("prior year quarter", "prior year\r\nquarter")
    claim = "Net revenues of the harbour were $991 million in the prior year quarter."

    found = signs(claim, text)

    assert not found.verbatim
    assert found.fault
    assert signs(claim.replace("prior year", "current"), text).fault is None
