from __future__ import annotations

from pathlib import Path

import pytest

from rag.evidence import SentenceScorer
from rag.folding import flowing
from rag.providers.minilm.embedder import MiniLmEmbedder
from rag.store.words import Words
from rag.whole.central import central_quotes
from rag.whole.resources import Resources
from tests.fakes import ScriptedChat
from tests.rag.desk import Desk
from tests.rag.whole.works import named, reader, resources

SAMPLES = Path(__file__).parents[3] / "sample_docs"


@pytest.fixture(scope="module")
def scorer() -> SentenceScorer:
    return SentenceScorer(MiniLmEmbedder(), Words())


def works(desk: Desk, scorer: SentenceScorer) -> Resources:
    parts = resources(desk, ScriptedChat())
    return Resources(
        reader(desk), parts.catalog, parts.retriever, scorer, parts.verifier, parts.passages
    )


def texts(desk: Desk, scorer: SentenceScorer, name: str) -> list[str]:
    quotes = central_quotes(named(desk, name), works(desk, scorer))
    for quote in quotes:
        page = desk.catalog.page(quote.document.id, quote.page)
        assert page.text[quote.start : quote.end] == quote.text
    return [flowing(quote.text) for quote in quotes]


def test_a_french_guide_is_quoted_by_whole_sentences_of_its_own(
    desk: Desk, scorer: SentenceScorer
) -> None:
    name = "les-modeles-mistral.txt"
    desk.add(name, (SAMPLES / name).read_text(encoding="utf-8"))
    found = texts(desk, scorer, name)
    assert 5 <= len(found) <= 10
    assert found[0] == "Depuis septembre 2023, Mistral AI publie des modèles de langage."
    assert all(text.endswith(".") and len(text.split()) >= 8 for text in found)


def test_tables_headings_questions_and_forms_are_not_quoted(
    desk: Desk, scorer: SentenceScorer
) -> None:
    desk.add(
        "mixed.md",
        "# The ferry company and all its routes in winter\n\n"
        "| Route | Price in euros | Minutes it takes | Boats |\n|---|---|---|---|\n"
        "| Camarat to Porquerolles | 12 | 40 | 3 |\n\n"
        "Indicate by check mark whether the ferry company is a small company of the coast. ☐\n\n"
        "Where does the ferry company have its seat and who are its owners?\n\n"
        "The ferry company carries two million passengers a year between the islands.\n\n"
        "It was sold by the town to its employees after the storm of that winter.\n\n"
        "In winter the ferry company runs three boats to the islands every day.\n",
    )
    assert texts(desk, scorer, "mixed.md") == [
        "The ferry company carries two million passengers a year between the islands.",
        "It was sold by the town to its employees after the storm of that winter.",
        "In winter the ferry company runs three boats to the islands every day.",
    ]


def test_what_says_the_same_is_quoted_once_where_there_is_more_to_say(
    desk: Desk, scorer: SentenceScorer
) -> None:
    same = "The harbour of the town holds more than forty boats in the winter months."
    others = [
        "A lighthouse of white stone was built on the cape by the engineers.",
        "The fishermen of the village sell sardines on the quay every morning.",
        "A railway along the coast was closed because of falling rocks.",
        "The school of the village teaches sailing to all of its pupils.",
        "Visitors from abroad fill every hotel during the warm season.",
    ]
    text = "\n\n".join([same, same.replace("more than", "over"), *others])
    desk.add("same.txt", text)
    found = texts(desk, scorer, "same.txt")
    assert len(found) == 5
    assert sum("harbour" in each for each in found) == 1


def test_a_document_without_running_text_is_quoted_by_its_lines(
    desk: Desk, scorer: SentenceScorer
) -> None:
    desk.add("list.txt", "Boats in the harbour\n\nNets on the quay of the village\n\nab 12")
    assert texts(desk, scorer, "list.txt") == [
        "Boats in the harbour",
        "Nets on the quay of the village",
    ]


def test_other_scripts_are_quoted_too(desk: Desk, scorer: SentenceScorer) -> None:
    desk.add(
        "zh.txt",
        "米斯特拉尔是一家法国人工智能公司，成立于二零二三年四月。它发布开放权重的语言模型，并提供付费服务平台。",
    )
    assert len(texts(desk, scorer, "zh.txt")) == 2


def test_without_text_nothing_is_quoted(desk: Desk, scorer: SentenceScorer) -> None:
    desk.add("blank.txt", "\n")
    assert texts(desk, scorer, "blank.txt") == []
