from __future__ import annotations

import pytest

from rag.stretched import added, overstated

SOURCE = (
    "Most of the terminals are in Oregon. Savings could reach $6 million a year. School closures "
    "were associated with fewer cases. Every dose is checked."
)


@pytest.mark.parametrize(
    ("claim", "found"),
    [
        ("All of the terminals are in Oregon.", ("", "all")),
        ("Savings reach $6 million a year.", ("could", "")),
        ("School closures caused fewer cases.", ("associated", "")),
    ],
)
def test_what_is_limited_may_not_be_said_of_all_or_for_sure(
    claim: str, found: tuple[str, str]
) -> None:
    assert overstated(claim, SOURCE) == found


@pytest.mark.parametrize(
    "claim",
    [
        "The majority of the terminals are in Oregon.",
        "Savings may reach $6 million a year.",
        "All doses are checked.",
        "Fewer cases went along with school closures.",
    ],
)
def test_what_keeps_the_limits_may_be_said(claim: str) -> None:
    assert overstated(claim, SOURCE) is None


def test_what_is_added_is_named() -> None:
    assert added("Every dose is checked and sold abroad.", SOURCE) == "sold abroad"
    assert added("Every dose is checked and savings could follow.", SOURCE) == ""
    assert added("Abroad it sells well.", SOURCE) == ""
