import math
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ingest.loaders.load import load
from ingest.pipeline import Ingestor
from rag.domain import Scope
from rag.errors import EmbeddingMismatchError, NotFoundError, QuestionError
from rag.evidence import USUAL_BAR, SentenceScorer
from rag.protocols import Vectors
from rag.retrieval import Retriever
from rag.store.catalog import Catalog
from rag.store.indexes import Indexes
from rag.store.words import Words
from rag.vocabulary import Vocabulary, load_vocabulary
from tests.fakes import HashEmbedder
from tests.rag.desk import LIMITS, Desk

QUESTION = "How many parameters does Nemo have?"


def test_the_best_passage_comes_first_with_exact_positions(desk: Desk) -> None:
    passages = desk.retriever.search(QUESTION, desk.scope, 3)

    assert passages[0].document.name == "nemo.txt"
    assert [each.score for each in passages] == sorted(
        (each.score for each in passages), reverse=True
    )
    for found in passages:
        page = desk.catalog.page(found.document.id, found.page)
        assert page.text[found.start : found.end] == found.text != ""


def test_no_two_passages_overlap(desk: Desk) -> None:
    for number in range(3):
        text = "\n\n".join(f"Ducks fly {n * number} miles. " + "word " * 120 for n in range(20))
        desk.add(f"ducks{number}.txt", text)

    passages = desk.retriever.search("How many miles do ducks fly?", desk.scope, 20)

    places = [
        (found.document.id, found.page, position)
        for found in passages
        for position in range(found.start, found.end)
    ]
    chunks = [id_ for found in passages for id_ in found.chunk_ids]
    assert len(passages) > 3
    assert len(places) == len(set(places))
    assert len(chunks) == len(set(chunks))


@pytest.mark.parametrize("k", [1, 2, 3, 50])
def test_there_are_at_most_k_passages(desk: Desk, k: int) -> None:
    assert len(desk.retriever.search(QUESTION, desk.scope, k)) == min(k, 3)


def test_only_the_scope_is_searched(desk: Desk) -> None:
    found = desk.retriever.search(QUESTION, desk.only("cheese.txt", "mixtral.txt"), 8)

    assert {each.document.name for each in found} == {"cheese.txt", "mixtral.txt"}
    assert desk.retriever.search(QUESTION, desk.only(), 8) == ()


def test_a_removed_document_is_gone_at_once(desk: Desk) -> None:
    before = desk.retriever.search(QUESTION, desk.scope, 1)
    desk.catalog.remove(before[0].document.id)

    after = desk.retriever.search(QUESTION, desk.scope, 8)

    assert {each.document.name for each in after} == {"cheese.txt", "mixtral.txt"}


def test_a_document_added_later_is_found(desk: Desk) -> None:
    desk.retriever.search(QUESTION, desk.scope, 8)
    desk.add("okapi.txt", "The okapi lives in the Congo.")

    found = desk.retriever.search("Where does the okapi live?", desk.scope, 1)

    assert found[0].document.name == "okapi.txt"


def test_evidence_tells_an_answer_from_none(desk: Desk) -> None:
    there = desk.retriever.retrieve("Has Nemo 12 billion parameters?", desk.scope, 4)
    elsewhere = desk.retriever.retrieve("Zzyzx qwertz uiop?", desk.scope, 4)

    assert there.evidence.score > USUAL_BAR > elsewhere.evidence.score
    assert there.passages == desk.retriever.search("Has Nemo 12 billion parameters?", desk.scope, 4)


@pytest.mark.parametrize(
    "question",
    [
        "?!",
        "…",
        "日本語の質問",
        '"unclosed AND (OR NOT text:nemo^5 [1 TO *]',
        "nemo\x00parameters",
        "\ud83d half a character",
        "x" * 8000,
        "word " * 1600,
    ],
)
def test_any_question_can_be_searched(desk: Desk, question: str) -> None:
    assert len(desk.retriever.search(question, desk.scope, 8)) <= 3


def test_a_name_with_a_sign_of_multiplication_is_searched_as_it_is_typed(desk: Desk) -> None:
    found = desk.retriever.retrieve("What is Mixtral 8×22B?", desk.scope, 3)

    assert found == desk.retriever.retrieve("What is Mixtral 8x22B?", desk.scope, 3)


@pytest.mark.parametrize("question", ["", " \n\t", "x" * 8001])
def test_a_question_that_is_empty_or_too_long_is_refused(desk: Desk, question: str) -> None:
    with pytest.raises(QuestionError):
        desk.retriever.search(question, desk.scope, 8)
    with pytest.raises(QuestionError):
        desk.retriever.retrieve(question, desk.scope, 8)


def test_a_library_of_another_embedder_is_refused(desk: Desk) -> None:
    other = Retriever(
        desk.catalog, Indexes(desk.catalog), HashEmbedder("another"), desk.scorer, load_vocabulary()
    )

    with pytest.raises(EmbeddingMismatchError, match="hashed-words, and another is in use"):
        other.search(QUESTION, desk.scope, 8)


def test_a_library_that_is_gone_is_refused(desk: Desk) -> None:
    with pytest.raises(NotFoundError):
        desk.retriever.search(QUESTION, replace(Scope("nowhere")), 8)


PART, REFUND = "XK-4711", "How do I get my money back?"
# A text, and how near it is in meaning to each of the two questions.
MEANT = {
    "My engine hums, and nobody knows how.": (0.9, 0.1),
    "The pump is made of steel.": (0.8, 0.1),
    "Put the money into the box at the back of the shop.": (0.1, 0.1),
    "Order XK-4711 for twelve euros.": (0.5, 0.0),
    "Whoever is unhappy is reimbursed within a week.": (0.0, 0.9),
    PART: (1.0, 0.0),
    REFUND: (0.0, 1.0),
}


class ScriptedMeaning(HashEmbedder):
    """Knows what the texts above mean, and every language as well as it is told."""

    def __init__(self, fluency: float) -> None:
        super().__init__("scripted", 3)
        self._fluency = fluency

    def fluency(self, text: str) -> float:
        return self._fluency

    def embed(self, texts: Sequence[str]) -> Vectors:
        found = [next(near for known, near in MEANT.items() if known in text) for text in texts]
        rows = [(*near, math.sqrt(1 - sum(each**2 for each in near))) for near in found]
        return np.array(rows, dtype=np.float32)


@pytest.mark.parametrize("fluency", [0.0, 1.0], ids=["a foreign language", "a known language"])
def test_what_only_words_or_only_meaning_can_find_is_found(tmp_path: Path, fluency: float) -> None:
    with closing(Catalog(tmp_path / "data")) as catalog:
        embedder = ScriptedMeaning(fluency)
        library = catalog.create_library("documents", embedder.model, embedder.dimension)
        for number, text in enumerate(list(MEANT)[:-2]):
            path = tmp_path / f"{number}.txt"
            path.write_text(text)
            Ingestor(catalog, embedder, LIMITS, load).add(path, library)
        scorer = SentenceScorer(HashEmbedder(), Words())
        retriever = Retriever(catalog, Indexes(catalog), embedder, scorer, Vocabulary({}))

        by_words = retriever.search(PART, Scope(library.id), 2)
        by_meaning = retriever.search(REFUND, Scope(library.id), 3)

        assert by_words[0].text == "Order XK-4711 for twelve euros."
        assert "Whoever is unhappy is reimbursed within a week." in [it.text for it in by_meaning]


def test_a_question_is_searched_in_the_words_of_documents_too(desk: Desk) -> None:
    desk.add("flows.txt", "Purchases of property, plant and equipment: 1,577 million.")
    question = "How much is spent on capex?"

    widened = desk.retriever.search(question, desk.scope, 3)
    as_typed = desk.retriever.search(question, desk.scope, 3, widen=False)

    assert "capital expenditures" in desk.retriever.also(question)
    assert widened[0].document.name == "flows.txt"
    assert as_typed[0].document.name != "flows.txt"


def test_what_holds_a_rare_code_of_the_question_comes_first(desk: Desk) -> None:
    for number in range(12):
        desk.add(
            f"mean{number}.txt", f"What does an error mean? It means that part {number} fails."
        )
    desk.add("codes.txt", "E-07: the tank is full. E-12: the sensor is dirty.")

    found = desk.retriever.retrieve("What does E-12 mean?", desk.scope, 3)

    assert found.passages[0].document.name == "codes.txt"
    assert found.evidence.score > 0.05


def test_what_holds_a_quoted_phrase_comes_first(desk: Desk) -> None:
    for number in range(12):
        desk.add(f"heron{number}.txt", f"The heron is a blue bird; its protocol has rule {number}.")
    desk.add("phrase.txt", "It follows the blue heron protocol.")

    found = desk.retriever.search('How blue is the bird, "blue heron protocol"?', desk.scope, 3)

    assert found[0].document.name == "phrase.txt"


def test_a_phrase_that_stands_nowhere_is_told(desk: Desk) -> None:
    nowhere = desk.retriever.retrieve('What is "soft Nemo", a "soft cheese"?', desk.scope, 3)
    somewhere = desk.retriever.retrieve('What is a "soft cheese"?', desk.scope, 3)

    assert nowhere.notice == "No passage says “soft Nemo” word for word."
    assert nowhere.passages
    assert somewhere.notice == ""


def test_a_passage_says_why_it_came(desk: Desk) -> None:
    first, *others = desk.retriever.search(QUESTION, desk.scope, 3)

    assert first.reasons is not None
    total = first.reasons.words + first.reasons.meaning + first.reasons.title
    assert first.score == pytest.approx(total)
    assert first.reasons.words > max(it.reasons.words for it in others if it.reasons)


def test_a_document_that_the_question_names_is_preferred(desk: Desk) -> None:
    for number, company in enumerate(("Borealis", "Cormorant", "Dunlin"), start=11):
        text = f"Revenue was {number} million in the year, and costs were {number - 3}."
        desk.add(f"{company}_2022.txt", text)

    found = desk.retriever.search("What was the revenue of Cormorant?", desk.scope, 3)

    assert found[0].document.name == "Cormorant_2022.txt"
    assert found[0].reasons is not None
    assert found[0].reasons.title > 0


def test_the_same_text_twice_makes_one_passage(desk: Desk) -> None:
    text = "The lighthouse keeper counts forty ships each night, and writes them into a blue book."
    for number in range(3):
        desk.add(f"copy{number}.txt", text + " " * number)

    found = desk.retriever.search("How many ships does the keeper count?", desk.scope, 8)

    assert sum("lighthouse keeper" in it.text for it in found) == 1


def test_the_parts_of_a_question_take_turns(desk: Desk) -> None:
    parts = (QUESTION, "How long does Camembert ripen?")

    found = desk.retriever.search(" and ".join(parts), desk.scope, 2, parts)

    assert {it.document.name for it in found} == {"nemo.txt", "cheese.txt"}


def test_the_evidence_for_a_part_is_evidence(desk: Desk) -> None:
    question = "Zzyzx qwertz uiop, and has Nemo 12 billion parameters?"
    parts = ("Zzyzx qwertz uiop?", "Has Nemo 12 billion parameters?")

    in_parts = desk.retriever.retrieve(question, desk.scope, 4, parts)
    part = desk.retriever.retrieve(parts[1], desk.scope, 4)

    assert in_parts.evidence.score >= part.evidence.score
