from __future__ import annotations

import pytest

from rag.ranks import is_ranked, misranked

STAFF = """Staff by region
2023 2022 2021
Northern Ireland 192,000 181,000 167,000
Wales 47,000 46,000 46,000
Other regions 49,000 45,000 45,000
Total staff 288,000 272,000 258,000
"""
SALES = """13 Weeks Ended
2023 2022
Shoes 40% 41%
Hats and gloves 20% 20%
Coats 16% 15%
52 Weeks Ended
2023 2022
Shoes 42% 43%
Hats and gloves 21% 20%
Coats 17% 17%
"""
VENTES = """Chiffre d'affaires par région
2023  2022
Bretagne  1 200  1 100
Normandie  900  950
Occitanie  400  300
"""


@pytest.mark.parametrize(
    ("claim", "table"),
    [
        ("Wales had the fewest staff in 2023.", STAFF),
        ("Other regions had the second largest number of staff in 2023.", STAFF),
        ("Northern Ireland had the most staff in each of the three years.", STAFF),
        ("More than half of the staff worked in Northern Ireland.", STAFF),
        ("Less than half of the staff worked in Wales in 2022.", STAFF),
        ("Shoes were the largest category.", SALES),
        ("La Bretagne a le plus gros chiffre d'affaires en 2023.", VENTES),
    ],
)
def test_a_rank_or_majority_that_the_table_gives_is_borne_out(claim: str, table: str) -> None:
    assert is_ranked(claim, table)
    assert misranked(claim, table) is None


@pytest.mark.parametrize(
    ("claim", "table", "found"),
    [
        ("Wales had the most staff in 2023.", STAFF, ("Northern Ireland", "Wales")),
        ("Wales had the second most staff in 2023.", STAFF, ("Other regions", "Wales")),
        ("Most of the staff worked in Wales in 2023.", STAFF, ("16%", "Wales")),
        ("Coats were the second largest category.", SALES, ("Hats and gloves", "Coats")),
        ("L'Occitanie a le plus gros chiffre d'affaires.", VENTES, ("Bretagne", "Occitanie")),
    ],
)
def test_a_rank_or_majority_of_another_row_is_found(
    claim: str, table: str, found: tuple[str, str]
) -> None:
    assert misranked(claim, table) == found
    assert not is_ranked(claim, table)


@pytest.mark.parametrize(
    "claim",
    [
        "Wales had the fewest staff.",  # in 2022 another row had
        "Outside Northern Ireland, Wales had the most staff in 2023.",
        "Wales had the largest increase in staff.",
        "Scotland had the most staff in 2023.",
    ],
)
def test_of_what_the_table_does_not_say_for_sure_nothing_is_said(claim: str) -> None:
    assert misranked(claim, STAFF) is None
    assert not is_ranked(claim, STAFF)


def test_rows_of_different_kinds_have_no_rank() -> None:
    table = "2023 2022\nRevenue $40 $41\nMargin 20% 20%\nOutput 160 150\n"

    assert misranked("Margin was the largest item in 2023.", table) is None
