from __future__ import annotations

import pytest

from rag.denied import denials_in, denied_otherwise


@pytest.mark.parametrize(
    ("claim", "passage", "found"),
    [
        ("Prices were raised.", "We did not raise prices in any market.", ("not", "")),
        ("The guarantee does not cover batteries.", "The guarantee covers batteries.", ("", "not")),
        ("La porte peut être ouverte.", "N'ouvrez jamais la porte.", ("n", "")),
        (
            "The vaccine cannot be given at the same visit.",
            "The vaccine can be given at the same visit, but not on one arm.",
            ("", "cannot"),
        ),
    ],
)
def test_one_affirms_what_the_other_denies(
    claim: str, passage: str, found: tuple[str, str]
) -> None:
    assert denied_otherwise(claim, passage) == found


@pytest.mark.parametrize(
    ("claim", "passage"),
    [
        ("Up to six hours are allowed.", "Maintenance shall not exceed six hours."),
        ("Ships below 400 tons are not covered.", "This does not apply to ships below 400 tons."),
        ("The permit may be withdrawn.", "The permit may be withdrawn without compensation."),
        ("The bill stays unpaid.", "The customer does not pay the bill."),
        ("Le préavis est d'un mois.", "Le locataire n'a qu'un mois de préavis."),
    ],
)
def test_other_words_for_the_same_are_no_contradiction(claim: str, passage: str) -> None:
    assert denied_otherwise(claim, passage) is None


def test_a_bound_is_no_denial() -> None:
    assert denials_in("Take no more than two. A stay is not to be longer than a week.") == ()
    assert [each.said for each in denials_in("It is not sold, nor lent.")] == ["not", "nor"]


def test_a_denial_of_excluding_affirms() -> None:
    passage = "Le conseil n'exclut pas de vendre la halle."
    assert denied_otherwise("Le conseil pourrait vendre la halle.", passage) is None


def test_a_denial_of_another_word_does_not_make_even() -> None:
    passage = "Spare keys are kept by the porter, who does not lend the ladder."
    assert denied_otherwise("Spare keys are not kept by the porter.", passage)


@pytest.mark.parametrize(
    ("claim", "passage", "found"),
    [
        (
            "No city in Marl has more inhabitants than Brenn.",
            "Brenn is the largest city in Marl by inhabitants.",
            None,
        ),
        (
            "No city in Marl has inhabitants with a vote.",
            "Brenn is the largest city in Marl, where inhabitants have a vote.",
            ("", "no"),
        ),
    ],
)
def test_that_none_is_more_denies_nothing_of_what_is_most(
    claim: str, passage: str, found: tuple[str, str] | None
) -> None:
    assert denied_otherwise(claim, passage) == found
