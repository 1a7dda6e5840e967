from __future__ import annotations

from dataclasses import replace

from rag.disagreement import Said, disagreements
from rag.domain import Document, DocumentState, Quote
from rag.evidence import SentenceScorer
from rag.providers.minilm.embedder import MiniLmEmbedder
from rag.store.words import Words
from rag.verification import Verifier

VERIFIER = Verifier(SentenceScorer(MiniLmEmbedder(), Words()).nearest)


def said(text: str, name: str, claim: str = "") -> Said:
    document = Document(
        name, "library", name, name, "text/plain", "0", 1, DocumentState.READY, "", 1, False
    )
    return Said(claim or text, Quote(document, 1, "1", 0, len(text), text))


def found(*statements: Said) -> list[tuple[str, list[str]]]:
    return [
        (each.subject, [value for value, _ in each.values])
        for each in disagreements(statements, VERIFIER)
    ]


def test_two_documents_that_give_different_values_disagree() -> None:
    handbook = said("The notice period for employees is three months.", "handbook.txt")
    contract = said("For employees the notice period is six weeks.", "contract.txt")

    assert found(handbook, contract) == []  # months and weeks are not of one kind

    other = said("For employees the notice period is two months.", "contract.txt")
    assert found(handbook, other) == [
        ("The notice period for employees is …", ["three months", "two months"])
    ]


def test_rounded_and_converted_values_agree() -> None:
    one = said("The pump delivers 90 litres in 1 h 30.", "a.txt")
    other = said("The pump delivers about 90 l in 90 minutes.", "b.txt")

    assert found(one, other) == []


def test_other_years_names_and_subjects_do_not_disagree() -> None:
    sales = said("Net sales of the group were $5 million in 2022.", "report.txt")

    assert found(sales, said("Net sales of the group were $6 million in 2023.", "b.txt")) == []
    assert found(sales, said("The canteen served 600 meals a day.", "c.txt")) == []
    assert (
        found(
            said("Net sales were $5 million.", "3m.txt", "The sales of Acme were $5 million."),
            said("Net sales were $6 million.", "p.txt", "The sales of Pfizer were $6 million."),
        )
        == []
    )


def test_one_page_does_not_disagree_with_itself() -> None:
    one = said("The deposit is 300 euros.", "a.txt")
    other = said("The deposit is 400 euros.", "a.txt")

    assert found(one, other) == []


def test_what_other_sources_have_besides_is_held_against_its_claim_alone() -> None:
    span = "The bridge of Tancarville has a main span of {} metres."
    sales = said("Net sales were $5 million.", "report.txt")
    guide = said(span.format(608), "guide.txt", sales.claim)
    leaflet = said(span.format(650), "leaflet.txt", sales.claim)
    aside = [replace(each, besides=True) for each in (guide, leaflet)]

    assert found(sales, *aside) == []

    answered = said(span.format(608), "guide.txt")
    against = replace(leaflet, claim=answered.claim, besides=True)
    assert found(sales, answered, against) == [
        ("The bridge of Tancarville has a main span of …", ["608 metres", "650 metres"])
    ]


def test_what_another_source_has_besides_is_held_against_each_claim_it_was_looked_up_for() -> None:
    one = said("The deposit for a flat is 300 euros.", "a.txt", "The deposit is 300 euros.")
    besides = "The deposit for a flat is 400 euros."
    first = replace(said(besides, "b.txt", "The deposit is 300 euros."), besides=True)
    last = replace(said(besides, "b.txt", "Deposit: 300 euros"), besides=True)

    assert [values for _, values in found(one, first, last)] == [["300 euros", "400 euros"]]


def test_the_numbers_of_sections_are_no_values() -> None:
    handbook = said("4.2 Notice of leave is given in writing to the head of team.", "handbook.txt")
    contract = said("7.1 Notice of leave is given in writing to the head of team.", "contract.txt")
    article = said("Under Article 12 notice of leave is given in writing.", "rules.txt")
    clause = said("Under Article 31 notice of leave is given in writing.", "annex.txt")

    assert found(handbook, contract) == found(article, clause) == []

    days = said("4.2 Leave is 25 days a year for every employee.", "handbook.txt")
    other = said("4.2 Leave is 30 days a year for every employee.", "contract.txt")
    assert [values for _, values in found(days, other)] == [["25 days", "30 days"]]
