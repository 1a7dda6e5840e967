from __future__ import annotations

import pytest

from rag.trends import is_moved, moved_by_otherwise, moved_otherwise

SALES = """2023 2022 2021
Shoes 40% 41% 38%
Hats and gloves 20% 20% 21%
Coats 16% 15% 15%
"""


@pytest.mark.parametrize(
    "claim",
    [
        "The share of shoes fell.",
        "The share of coats rose in 2023.",
        "The share of shoes rose from 2021 to 2023.",
        "The share of hats and gloves declined in 2022.",
    ],
)
def test_a_row_that_moved_as_the_claim_says_is_borne_out(claim: str) -> None:
    assert is_moved(claim, SALES)
    assert moved_otherwise(claim, SALES) is None


@pytest.mark.parametrize(
    ("claim", "found"),
    [
        ("The share of shoes rose.", ("41%, then 40%,", "rose")),
        ("The share of shoes fell in 2022.", ("38%, then 41%,", "fell")),
        ("The share of coats declined between 2021 and 2023.", ("15%, then 16%,", "declined")),
    ],
)
def test_a_row_that_moved_the_other_way_is_found(claim: str, found: tuple[str, str]) -> None:
    assert moved_otherwise(claim, SALES) == found
    assert not is_moved(claim, SALES)


@pytest.mark.parametrize(
    "claim",
    [
        "The share of shoes did not rise.",
        "Growth in shoes fell.",
        "The share of scarves rose.",
        "The share of shoes rose in 2019.",
    ],
)
def test_of_other_claims_nothing_is_said(claim: str) -> None:
    assert moved_otherwise(claim, SALES) is None
    assert not is_moved(claim, SALES)


VOLUMES = "Packaging grew mainly through prices, as volumes fell by 2%. Profit rose by €4 million."
BAISSE = "Le prix du cuivre a augmenté de 3 % en mai, tandis que celui du zinc a baissé de 7 %."


@pytest.mark.parametrize(
    ("claim", "text", "found"),
    [
        ("Volumes in packaging rose by 2%.", VOLUMES, ("fell", "rose")),
        ("Profit declined by €4 million.", VOLUMES, ("rose", "declined")),
        ("Le prix du zinc a augmenté de 7 %.", BAISSE, ("baisse", "augmente")),
    ],
)
def test_a_rise_by_as_much_as_the_text_has_a_fall_is_found(
    claim: str, text: str, found: tuple[str, str]
) -> None:
    assert moved_by_otherwise(claim, text) == found


@pytest.mark.parametrize(
    ("claim", "text"),
    [
        ("Volumes in packaging dropped by 2%.", VOLUMES),
        ("Profit grew by €4 million.", VOLUMES),
        ("Volumes rose by 3%.", VOLUMES),
        ("Le prix du cuivre a progressé de 3 %.", BAISSE),
    ],
)
def test_a_rise_as_the_text_has_it_is_let_through(claim: str, text: str) -> None:
    assert moved_by_otherwise(claim, text) is None
