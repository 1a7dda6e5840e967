from __future__ import annotations

import pytest

from rag.amounts import amounts
from rag.derived import is_derived, is_disproved, is_sum_of_named
from rag.languages import detect
from rag.quantities import Quantity
from rag.worked_out import is_worked_out

MILL = (
    "The mill turned out 8,640 bricks in twelve days. It had 412 workers, 38 fewer than a year "
    "earlier. It owned 60 carts, 12 more than before. A lock costs 40 euros, a key 6 euros."
)
TOWN = (
    "Of the 24,000 euros, two thirds were paid by the town and the rest by the school. The "
    "Rent is $18,000. Late tenants owe 5% of the Rent. The works lasted from 20 March to 4 April "
    "1911. The bell rings at 22:15 and again at 06:05."
)
GROUPS = "Asthma occurred in 14 children in the mountain group and 9 in the valley group."
FRENCH = (
    "La pompe débite 4 litres toutes les 10 secondes. Le prix est payé en quatre versements égaux "
    "sur un total de 60 000 euros. Le délai fut de 18 jours, soit 3 de plus qu'auparavant."
)


def follows(claim: str, passage: str, at: int = 0) -> bool:
    return is_derived(_wanted(claim, at), claim, passage)


def _wanted(claim: str, at: int = 0) -> Quantity:
    return amounts(claim, detect(claim))[at]


@pytest.mark.parametrize(
    ("claim", "passage"),
    [
        ("The mill made 720 bricks a day.", MILL),
        ("A year earlier the mill had 450 workers.", MILL),
        ("Before that it owned 48 carts.", MILL),
        ("Late tenants owe $900.", TOWN),
        ("The school paid 8,000 euros.", TOWN),
        ("The works took 16 days.", TOWN),
        ("Some 23 children had asthma.", GROUPS),
        ("La pompe débite 24 litres par minute.", FRENCH),
        ("Chaque versement est de 15 000 euros.", FRENCH),
    ],
)
def test_what_takes_a_step_more_follows(claim: str, passage: str) -> None:
    assert follows(claim, passage)


@pytest.mark.parametrize(
    ("claim", "passage"),
    [
        ("The mill made 620 bricks a day.", MILL),
        ("A year earlier the mill had 374 workers.", MILL),
        ("Before that it owned 58 carts.", MILL),
        ("Late tenants owe $950.", TOWN),
        ("The school paid 6,000 euros.", TOWN),
        ("The works took 26 days.", TOWN),
        ("Some 25 children had asthma.", GROUPS),
        ("La pompe débite 30 litres par minute.", FRENCH),
        ("Chaque versement est de 12 000 euros.", FRENCH),
    ],
)
def test_another_figure_does_not(claim: str, passage: str) -> None:
    assert not follows(claim, passage)


def test_a_claim_may_count_what_it_adds_up() -> None:
    claim = "Two locks and a key come to 86 euros."
    assert follows(claim, MILL, at=1)
    assert not follows("Two locks and a key come to 96 euros.", MILL, at=1)


def test_a_sum_is_of_both_that_a_claim_names() -> None:
    both = "In the mountain group and in the valley group, 23 children had asthma."
    assert is_sum_of_named(_wanted(both), both, GROUPS)


def test_a_multiple_in_words_is_held_to_the_figures() -> None:
    claim = "The valley group had half as many children with asthma as the mountain group."
    assert is_disproved(_wanted(claim), claim, GROUPS)
    elsewhere = "Half of the town likes brass bands."
    assert not is_disproved(_wanted(elsewhere), elsewhere, GROUPS)


def test_a_bound_is_no_difference() -> None:
    passage = "The lamp flashes below 10 bars. Five or six turns are left; 79 pages, 92 lines."
    claim = "The lamp flashes when less than 20% is left."
    stated = amounts(passage, detect(passage))
    assert not is_worked_out(_wanted(claim), claim, passage, stated)


def test_days_of_a_month_are_no_operands() -> None:
    passage = "The fee is 1.15 euros. The board meets on 23 May."
    claim = "The fee is 5 centimes more per share."
    stated = amounts(passage, detect(passage))
    assert not is_worked_out(_wanted(claim), claim, passage, stated)
