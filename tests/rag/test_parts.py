"""Questions with several parts, and those that name several things, from search to answer."""

from __future__ import annotations

from rag.domain import Manner
from tests.rag.desk import QUESTION, Desk, answer_of

CHEESE = "Where is Camembert from?"


def quoted(desk: Desk, question: str, manner: Manner | None = None) -> str:
    return answer_of(list(desk.reader().ask(question, (), desk.scope, manner or Manner()))).text


def test_each_part_is_quoted_for(desk: Desk) -> None:
    text = quoted(desk, "How many parameters does Nemo have and where is Camembert from?")

    assert "“Nemo has 12 billion parameters.” [1]" in text
    assert "“Camembert is a soft cheese from Normandy.”" in text
    assert "do not say" not in text


def test_a_part_without_evidence_is_left_open(desk: Desk) -> None:
    text = quoted(desk, "How many parameters does Nemo have and who won the world cup?")

    assert text.startswith("“Nemo has 12 billion parameters.” [1]")
    assert text.endswith("\n\nThe documents do not say: Who won the world cup?")


def test_without_evidence_for_any_part_all_is_refused(desk: Desk) -> None:
    text = quoted(desk, "When did Rome fall and who won the world cup?")

    assert text == "The documents do not say."


def test_each_part_is_weighed(desk: Desk) -> None:
    parts = (QUESTION, "Who won the world cup?")

    found = desk.retriever.retrieve(" ".join(parts), desk.scope, 4, parts)

    first, second = found.by_part
    assert first.score > 0.1 > 0.05 > second.score
    assert desk.retriever.retrieve(QUESTION, desk.scope, 4).by_part == ()


def test_every_company_that_is_named_has_its_passages(desk: Desk) -> None:
    for company in ("Arden", "Borealis", "Cormorant"):
        for year in (2021, 2022):
            texts = [
                f"In {year} the revenue of {company} in region {n} was {n} million." + " word" * 60
                for n in range(12)
            ]
            desk.add(f"{company}_{year}.txt", "\n\n".join(texts))
    for number in range(6):
        desk.add(f"note{number}.txt", f"Note {number} says nothing.")

    for question in ("Arden and Borealis in 2022", "How does Borealis's revenue compare to Arden?"):
        found = desk.retriever.search(question, desk.scope, 4)
        names = [passage.document.name.partition("_")[0] for passage in found]
        assert sorted(names.count(name) for name in ("Arden", "Borealis")) == [2, 2]
    of_one = desk.retriever.search("Arden's revenue in 2022", desk.scope, 4)
    assert of_one[0].document.name == "Arden_2022.txt"
    assert all(passage.document.name.startswith("Arden") for passage in of_one)
    only_names = ("Borealis_2022.txt", "Cormorant_2022.txt")
    found = desk.retriever.search("Arden and Borealis in 2022", desk.only(*only_names), 3)
    assert found[0].document.name == "Borealis_2022.txt"
    assert all(passage.document.name in only_names for passage in found)
