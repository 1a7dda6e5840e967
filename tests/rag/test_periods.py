"""The periods that texts name."""

from __future__ import annotations

import pytest

from rag.periods import is_century_of, periods_of


@pytest.mark.parametrize(
    ("text", "periods"),
    [
        ("FY2022 and FY 2021", ["2022", "2021"]),
        ("FY22", ["2022"]),
        ("Q2'2023", ["2023", "q2"]),
        ("2023Q2 results, 4Q22", ["2023", "q2", "q4"]),
        ("Q22023", ["2023", "q2"]),
        ("page 12022, 1,999 items", []),
        ("the second quarter of 2023", ["2023", "q2"]),
        ("au deuxième trimestre", ["q2"]),
        ("What was decided in March?", ["m03"]),
        ("minutes-2024-03", ["2024", "m03"]),
        ("20240314 call", ["2024", "m03"]),
        ("Letter of 3 May 2026", ["2026", "m05"]),
        ("le 3 août", ["m08"]),
        ("en marzo", ["m03"]),
        ("Protokoll, März", ["m03"]),
        ("May I march to Mars?", []),
        ("3M 2022 10-K", ["2022"]),
    ],
)
def test_periods_are_read_in_many_spellings(text: str, periods: list[str]) -> None:
    assert periods_of(text) == periods


@pytest.mark.parametrize(
    ("name", "text", "wanted"),
    [
        ("1800s", "in the early nineteenth century", True),
        ("1800s", "au 19e siecle", True),
        ("2000s", "the 21st century", True),
        ("1800s", "in the eighteenth century", False),
        ("1920s", "the twentieth century", False),
    ],
)
def test_a_name_of_a_century_in_figures_is_one_in_words(name: str, text: str, wanted: bool) -> None:
    assert is_century_of(name, text) is wanted
