from __future__ import annotations

import pytest

from rag.refuted import RULES, refutation

DIVISIONS = (
    "The tiles division contributed £171 million and the sanitaryware division £113 million. The "
    "dividend is payable on 18 November 2022 to holders registered on 21 October 2022."
)
LAW = (
    "A council may grant a licence for a period not exceeding three years. The Harbour Authority "
    "may, with the approval of the Minister, add areas. Three of the nine members are lawyers. "
    "The two groups, Ormond and Castell, paid 21% and 14%, respectively."
)
LEAFLET = (
    "The tablets must not be taken together with potassium. Check the kidneys twice weekly. "
    "At least 4 weeks must lie between two doses. No deaths were attributed to treatment."
)
TABLE = (
    "Staff (headcount)\nSite            2021    2022\nNantes           540     575\n"
    "Lille            310     295\nGrenoble         125     160"
)
LEASE = (
    "The landlord and the tenant sign two copies. Upon termination the tenant shall return all "
    "keys within ten days, and the deposit shall be refunded. The supplier of the locks is "
    "informed."
)


@pytest.mark.parametrize(
    ("claim", "passage", "reason"),
    [
        (
            "Sanitaryware contributed £171 million.",
            DIVISIONS,
            "the source says £113 million of this, not £171 million",
        ),
        ("Grenoble had 295 employees in 2022.", TABLE, "the table has 160 there, not 295"),
        ("Nantes had 575 employees in 2021.", TABLE, "the table has 540 there, not 575"),
        (
            "A licence may be granted for at least three years.",
            LAW,
            "the source says “exceeding”, not “at least”",
        ),
        (
            "The Minister may, with the approval of the Harbour Authority, add areas.",
            LAW,
            "the source has “minister” and “harbour” the other way round",
        ),
        ("Four of the nine members are lawyers.", LAW, "the source says Three, not Four"),
        ("Castell paid 21%.", LAW, "the source says 14%, not 21%"),
        (
            "The tablets can be taken together with potassium.",
            LEAFLET,
            "the source says “not” of this",
        ),
        (
            "The kidneys are checked twice a month.",
            LEAFLET,
            "the source says “a week”, not “a month”",
        ),
        (
            "Upon termination the supplier shall return all keys within ten days.",
            LEASE,
            "the source does not say this of “supplier”",
        ),
    ],
)
def test_what_is_said_of_something_else_is_refuted(claim: str, passage: str, reason: str) -> None:
    assert refutation(claim, passage) == reason


@pytest.mark.parametrize(
    ("claim", "passage"),
    [
        ("Sanitaryware contributed £113 million.", DIVISIONS),
        ("Tiles contributed £171 million.", DIVISIONS),
        ("Grenoble had 160 employees in 2022.", TABLE),
        ("Licences are valid for three years at most.", LAW),
        ("The Harbour Authority may add areas with the approval of the Minister.", LAW),
        ("Three members of the nine are lawyers.", LAW),
        ("Ormond paid 21%.", LAW),
        ("Potassium and the tablets must not be combined.", LEAFLET),
        ("Kidneys are checked two times a week.", LEAFLET),
        ("No less than 4 weeks must lie between two doses.", LEAFLET),
        ("Upon termination the deposit shall be refunded.", LEASE),
    ],
)
def test_what_is_said_in_other_words_is_not(claim: str, passage: str) -> None:
    assert refutation(claim, passage) == ""


def test_rules_for_running_text_leave_tables_alone() -> None:
    claim = "Lille had 310 employees in 2021."

    assert RULES["attached"].found(claim, TABLE) is None
    assert RULES["cell"].found(claim, TABLE) is None


def test_rates_are_compared_however_they_are_said() -> None:
    passage = "Tours leave every three months. The pump turns 50 times a minute."
    assert RULES["rate"].found("Tours leave every quarter.", passage) is None
    assert RULES["rate"].found("The pump turns 50 times a second.", passage)


def test_more_than_three_are_four_or_more() -> None:
    passage = "Whoever owns more than three boats pays the toll of ten crowns."
    assert refutation("Whoever owns four or more boats pays the toll.", passage) == ""


def test_a_bound_may_be_denied_from_afar() -> None:
    passage = "Do not leave the film in the open tray for more than five minutes."
    assert RULES["bound"].found("The film may lie there for five minutes at most.", passage) is None


def test_rules_read_the_prose_below_a_table() -> None:
    passage = f"{TABLE}\nThe canteen opened in May and its prices fell."
    assert refutation("The prices of the canteen rose.", passage)
