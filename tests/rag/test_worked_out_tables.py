"""Figures that follow from those of a table, or of sentences about several things."""

from __future__ import annotations

from dataclasses import replace

import pytest

from rag.amounts import amounts
from rag.arithmetic import is_computed
from rag.contradiction import evidence_of, faults
from rag.domain import Span
from rag.grids import cells
from rag.languages import Language
from rag.quantities import Quantity, same
from rag.refuted import refutation

STAFF = """At the end of 2023 the large majority (91%) worked full time and 89% had done so
before, as far as is known.
Number of staff (in thousands)
2023 2022 2021
Northern Ireland 192,000 181,000 167,000
Wales 47,000 46,000 42,000
Scotland 9,000 9,000 8,000
Total staff 248,000 236,000 217,000
"""
GAME = (
    "Davis made four tackles, while Kuhl led the team in tackles (118) and caught four passes. "
    "The side also had Norman, who added 88 tackles and four catches."
)
PARTS = (
    "East Coast\nNet revenues of $870 million were reported. Staff costs fell. Fuel was cheap.\n"
    "West Coast\nNet revenues of $320 million were reported, and debt of $100 million."
)
PLAGUE = (
    "Between 1701 and 1750, thirty-seven epidemics were recorded in Brenn, and an additional "
    "thirty-one between 1751 and 1800."
)
SMALL = Quantity(((1.0, 1.0),), "", Span(0, 1))
LOST = "Port Hale lost 30 to 50 thousand inhabitants to the flood of 1620."


def fault(claim: str, passage: str) -> str:
    """What the rules find wrong with a claim."""
    evidence = evidence_of(passage, passage, 0)
    return next((each.reason for each in faults(claim, evidence)), "") or refutation(claim, passage)


@pytest.mark.parametrize(
    ("claim", "passage"),
    [
        ("Wales had 5 million more staff in 2023 than in 2021.", STAFF),
        ("Staff in Wales grew by 5 million from 2021 to 2023.", STAFF),
        ("In 2023, 56 million people worked outside Northern Ireland.", STAFF),
        ("In each of the three years the staff of Wales was smaller.", STAFF),
        ("Kuhl made 30 more tackles than Norman.", GAME),
        ("Between 30,000 and 50,000 inhabitants of Port Hale were lost.", LOST),
        ("Together the coasts had net revenues of $1,190 million.", PARTS),
        ("Brenn recorded 68 epidemics between 1701 and 1800.", PLAGUE),
    ],
)
def test_a_figure_that_follows_is_no_fault(claim: str, passage: str) -> None:
    assert fault(claim, passage) == ""


@pytest.mark.parametrize(
    ("claim", "passage"),
    [
        ("Staff in Wales grew by 6.1 million from 2021 to 2023.", STAFF),
        ("Staff in Wales grew by 42.8 million in 2023.", STAFF),  # 91 % of its 47
        ("In 2023, 57 million people worked outside Northern Ireland.", STAFF),
        ("In each of the four years the staff of Wales was smaller.", STAFF),
        ("Kuhl made 40 more tackles than Norman.", GAME),
        ("Between 30,000 and 60,000 inhabitants of Port Hale were lost.", LOST),
        ("Together the coasts had net revenues of $970 million.", PARTS),
        ("Brenn recorded 58 epidemics between 1701 and 1800.", PLAGUE),
        ("Between 20,000 and 50,000 inhabitants of Port Hale were lost.", LOST),
    ],
)
def test_a_figure_that_does_not_follow_is_a_fault(claim: str, passage: str) -> None:
    assert fault(claim, passage)


def test_figures_of_six_digits_side_by_side_are_cells_of_their_own() -> None:
    assert [cell.text for cell in cells(STAFF)][:3] == ["192,000", "181,000", "167,000"]


def test_half_a_million_is_as_much_as_rounds_to_it() -> None:
    (claimed,) = amounts("half a million more inhabitants", Language.ENGLISH)
    (near,) = amounts("492,214 inhabitants", Language.ENGLISH)
    (far,) = amounts("592,214 inhabitants", Language.ENGLISH)

    assert claimed.readings[0][0] == 500_000
    assert same(claimed, near, loosely=True)
    assert not same(claimed, far, loosely=True)


def test_a_year_before_a_word_is_no_amount() -> None:
    assert amounts("It grew from 2019 to 2021.", Language.ENGLISH) == ()


def test_of_many_figures_those_in_the_magnitude_of_the_claim_are_tried_first() -> None:
    many = [replace(SMALL, readings=((float(at), 1.0),)) for at in range(60)]
    large = [replace(SMALL, readings=((value, 1e5),), scaled=True) for value in (4.9e7, 4.4e7)]
    wanted = replace(SMALL, readings=((5e6, 1e5),), scaled=True)

    assert is_computed(wanted, [*many, *large], "it grew by 5.0 million")
    assert not is_computed(wanted, [*many, large[0]], "it grew by 5.0 million")
