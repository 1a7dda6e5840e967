from __future__ import annotations

import pytest

from rag.amounts import amounts
from rag.languages import Language
from rag.worked_out import has_worked_out, is_worked_out

SALES = "Sales were 120 units in May and 90 units in June. The fee is 2.60 euros a day."
TABLE = (
    "Site            2021    2022    2023\nNantes           540     575     610\n"
    "Lille            310     295     280\nGrenoble         125     160     190"
)


def follows(claim: str, passage: str) -> bool:
    (wanted,) = amounts(claim, Language.ENGLISH)
    return is_worked_out(wanted, claim, passage, amounts(passage, Language.ENGLISH))


@pytest.mark.parametrize(
    "claim",
    [
        "Sales fell by 25 %.",
        "Together 210 units were sold.",
        "In May 30 units more were sold.",
        "June reached 75 % of the sales of May.",
    ],
)
def test_what_the_claim_works_out_follows(claim: str) -> None:
    assert follows(claim, SALES)


@pytest.mark.parametrize(
    "claim",
    ["Sales fell by 75 %.", "Sales were 210 units in May.", "Sales were 30 units in May."],
)
def test_another_sum_than_the_claim_speaks_of_does_not(claim: str) -> None:
    assert not follows(claim, SALES)


def test_figures_of_a_table_are_of_one_row_or_column_that_is_named() -> None:
    assert follows("Lille lost 30 people between 2021 and 2023.", TABLE)
    assert not follows("Lille lost 70 people between 2021 and 2023.", TABLE)
    assert follows("In 2021 there were 975 people in total.", TABLE)


def test_a_stated_figure_is_not_worked_out() -> None:
    assert has_worked_out("Together 210 units were sold.", SALES)
    assert not has_worked_out("In May 120 units were sold.", SALES)
