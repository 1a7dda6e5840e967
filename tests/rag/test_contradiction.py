from __future__ import annotations

import pytest

from rag.contradiction import evidence_of, faults, names_in

REPORT = (
    "In fiscal 2022, net sales were $1,577 million, compared with $1,402 million a year earlier. "
    "Halvorsen Tooling employed 3,200 people in Tulsa."
)


def fault(claim: str, passage: str = REPORT, context: str = "") -> str:
    found = next(faults(claim, evidence_of(passage, passage, 0, context)), None)
    return found.reason if found else ""


@pytest.mark.parametrize(
    "claim",
    [
        "Net sales came to $1.577 billion in 2022.",
        "Sales were $1,402 million in 2021.",  # "a year earlier"
        "Net sales rose by $175 million.",
        "Net sales grew by 12.5 %.",
        "Sales increased by about 12 percent.",
        "About 3,200 people work in Tulsa.",
    ],
)
def test_what_the_figures_bear_out_has_no_fault(claim: str) -> None:
    assert fault(claim) == ""


@pytest.mark.parametrize(
    ("claim", "reason"),
    [
        ("Net sales were $1,677 million.", "the source says $1,577 million, not $1,677 million"),
        ("Net sales were $1,577 billion.", "the source says $1,577 million, not $1,577 billion"),
        ("Net sales grew by 15 %.", "the source does not say 15 %"),
        ("In 2023, net sales were $1,577 million.", "the source says 2022, not 2023"),
        ("The firm Brightwater employed 3,200 people.", "the source does not name Brightwater"),
        ("It has the RX-200 in stock.", "the source does not name rx-200"),
    ],
)
def test_what_they_do_not_is_named(claim: str, reason: str) -> None:
    assert fault(claim) == reason


def test_figures_of_a_table_are_read_in_its_unit() -> None:
    table = "Population (thousands)\nLower Vale 1,012\nHighmoor 187"

    assert fault("Lower Vale has 1.012 million inhabitants.", table) == ""
    assert fault("Lower Vale has 1.112 million inhabitants.", table) != ""


def test_what_a_passage_stands_under_need_not_be_named_in_it() -> None:
    passage = "Net sales were $5 million."

    assert fault("The sales of Acme were $5 million in 2021.", passage, "Acme report 2021") == ""
    assert fault("The sales of Acme were $5 million in 2021.", passage) != ""


def test_sums_and_remainders_are_worked_out() -> None:
    passage = "Police +$1.31 million, roads +$0.74 million, debt +$0.52 million. 70 % is insured."

    assert fault("Together the three add $2.57 million.", passage) == ""
    assert fault("Together the three add $2.67 million.", passage) != ""
    assert fault("The remaining 30 % is not insured.", passage) == ""


def test_years_between_two_dates() -> None:
    passage = "She headed the laboratory from 1957 until her retirement in 1973."

    assert fault("She headed it for 16 years.", passage) == ""
    assert fault("She headed it for 26 years.", passage) != ""


def test_names() -> None:
    assert names_in("In March, the firm Acme met NASA and Mr Jones.") == [
        "Acme",
        "NASA",
        "Mr",
        "Jones",
    ]


def test_a_day_of_the_week_that_is_another_is_named() -> None:
    passage = "The market is held every Thursday at noon."
    assert (
        fault("The market is held on Fridays.", passage) == "the source says Thursday, not Friday"
    )
    assert fault("Le marché a lieu le jeudi.", passage) == ""


def test_a_share_is_no_bare_number() -> None:
    assert fault("Rents rose by 12%.", "Rents rose in 12 towns.") == "the source does not say 12%"
    assert fault("Rents rose by 5%.", "Rents rose by 5 to 9%.") == ""


def test_cents_are_no_euros_but_a_part_of_one() -> None:
    assert fault("A stamp costs 85 cents.", "A stamp costs 85 euros.")
    assert fault("A stamp costs 85 cents.", "A stamp costs €0.85.") == ""


def test_a_number_of_a_section_is_no_amount_with_a_unit() -> None:
    passage = "(3) A permit is valid for two years."
    assert fault("A permit is valid for three months.", passage)


def test_a_multiple_in_words_that_the_figures_do_not_give_is_a_fault() -> None:
    passage = "The east gate counted 6,300 visitors and the west gate 2,100."
    assert fault("The east gate counted twice as many visitors as the west gate.", passage)
    assert fault("The east gate counted three times as many as the west gate.", passage) == ""


NAMES = "Marl Group has 50 shops in the U.S. and 20 in the United Kingdom; the EU fined it in 2021."


@pytest.mark.parametrize(
    "claim",
    [
        "The group has 50 shops in the United States.",
        "The group has 50 shops in the US.",
        "The group has 20 shops in the U.K. of its own.",
        "In 2021 the European Union fined the group.",
    ],
)
def test_a_name_written_out_is_its_letters(claim: str) -> None:
    assert list(faults(claim, evidence_of(NAMES, NAMES, 0))) == []


@pytest.mark.parametrize(
    "claim", ["The group has 50 shops in Canada.", "The group has shops in Norway."]
)
def test_a_name_that_is_not_there_stays_a_fault(claim: str) -> None:
    assert [fault.reason for fault in faults(claim, evidence_of(NAMES, NAMES, 0))]
