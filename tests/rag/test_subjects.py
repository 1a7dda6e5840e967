from __future__ import annotations

import pytest

from rag.subjects import said_of_another

RULES = (
    "The harbour master may board any vessel at two hours' notice. The pilot keeps a log of all "
    "tides. A mate hoists the blue flag; the cook rings the bell at noon."
)
REGLES = (
    "Le greffier convoque les parties par lettre. Le juge entend les témoins à huis clos. "
    "L'huissier remet une copie aux héritiers."
)
LIGHTS = (
    "The violet lamp lights when the water tank is empty, the white lamp when grounds are full."
)


@pytest.mark.parametrize(
    ("claim", "passage", "named"),
    [
        ("The pilot may board any vessel at two hours' notice.", RULES, "pilot"),
        ("It is the cook that hoists the blue flag.", RULES, "cook"),
        ("L'huissier peut entendre les témoins à huis clos.", REGLES, "huissier"),
    ],
)
def test_what_is_said_of_another_is_found(claim: str, passage: str, named: str) -> None:
    found = said_of_another(claim, passage)
    assert found is not None
    assert found[1] == named


def test_a_later_part_with_its_own_subject_is_another_thing() -> None:
    assert said_of_another("A white lamp means that the water tank is empty.", LIGHTS) == (
        "violet",
        "white",
    )


@pytest.mark.parametrize(
    ("claim", "passage"),
    [
        ("The harbour master may board any vessel at two hours' notice.", RULES),
        ("At noon the bell is rung by the cook.", RULES),
        ("The pilot has to keep a log of all tides.", RULES),
        ("The sailor may board any vessel at two hours' notice.", RULES),  # of whom nothing is said
        ("C'est le juge qui entend les témoins.", REGLES),
    ],
)
def test_what_is_said_of_the_same_is_not(claim: str, passage: str) -> None:
    assert said_of_another(claim, passage) is None
