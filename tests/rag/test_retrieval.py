import math
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.pipeline import Ingestor
from rag.domain import Chunk, Scope
from rag.errors import EmbeddingMismatchError, NotFoundError, QuestionError
from rag.evidence import SentenceScorer
from rag.protocols import Vectors
from rag.retrieval import (
    FOREIGN_MEANING,
    MEANING,
    NEIGHBOURS_TOKENS,
    Retriever,
    _grow,
    fuse,
    meaning_weight,
)
from rag.store.catalog import Catalog
from rag.store.indexes import Indexes
from rag.store.lexical import Words
from rag.store.rows import StoredChunk
from tests.fakes import HashEmbedder, document
from tests.rag.desk import LIMITS, Desk

QUESTION = "How many parameters does Nemo have?"
SCORES = st.dictionaries(st.integers(1, 30), st.floats(-5, 50), max_size=20)


def chunk(id_: int, tokens: int = 100) -> StoredChunk:
    owner = document()
    return StoredChunk(id_, Chunk(1, id_ * 10, id_ * 10 + 10, (), tokens), "x" * 10, owner, "1")


PAGE = [chunk(id_) for id_ in range(1, 11)]


def grown(
    hit: int, page: list[StoredChunk] = PAGE, taken: frozenset[int] = frozenset()
) -> list[int]:
    found = next(each for each in page if each.id == hit)
    return [each.id for each in _grow(found, page, set(taken))]


def test_scores_are_stretched_and_added() -> None:
    fused = fuse({1: 10.0, 2: 5.0, 3: 0.0}, {1: 2.0, 2: 0.0}, {2: 0.9, 4: 0.5}, 0.5)

    assert fused == {1: 0.25 + 0.25, 2: 0.5 * 0.25 + 0.5, 3: 0.0, 4: 0.0}


def test_a_single_hit_has_the_whole_score() -> None:
    assert fuse({7: 3.0}, {7: 1.0}, {7: 0.1}, 0.5) == {7: 1.0}
    assert fuse({}, {}, {7: 0.1}, 0.2) == {7: 0.2}
    assert fuse({}, {}, {}, 0.5) == {}


@given(SCORES, SCORES, SCORES, st.floats(0, 1))
def test_fused_scores_keep_every_hit_between_zero_and_one(
    by_words: dict[int, float],
    by_spelling: dict[int, float],
    by_meaning: dict[int, float],
    meaning: float,
) -> None:
    fused = fuse(by_words, by_spelling, by_meaning, meaning)

    assert fused.keys() == by_words.keys() | by_spelling.keys() | by_meaning.keys()
    assert all(0 <= score <= 1 + 1e-9 for score in fused.values())


def test_meaning_counts_less_in_a_language_that_the_embedder_does_not_know() -> None:
    assert meaning_weight(1.0) == MEANING
    assert meaning_weight(0.0) == FOREIGN_MEANING
    assert FOREIGN_MEANING < meaning_weight(0.5) < MEANING


def test_a_passage_grows_by_its_neighbours_until_it_is_full() -> None:
    assert grown(5) == [3, 4, 5, 6, 7, 8]
    assert grown(1) == [1, 2, 3, 4, 5, 6]
    assert grown(10) == [5, 6, 7, 8, 9, 10]


def test_a_passage_stops_at_chunks_that_are_taken() -> None:
    assert grown(5, taken=frozenset({4, 7})) == [5, 6]


def test_a_neighbour_that_is_too_long_is_left_out() -> None:
    page = [chunk(1, 50), chunk(2, 580), chunk(3, 100), chunk(4, 100)]

    assert grown(3, page) == [3, 4]
    assert grown(2, page) == [2]


def test_a_chunk_longer_than_a_passage_stands_alone() -> None:
    assert grown(1, [chunk(1, 5000), chunk(2)]) == [1]


def test_a_chunk_that_was_removed_meanwhile_gives_nothing() -> None:
    assert _grow(chunk(99), PAGE, set()) == []


@given(
    st.lists(st.integers(1, 700), min_size=1, max_size=12),
    st.sets(st.integers(1, 12)),
    st.data(),
)
def test_a_passage_is_a_run_of_free_chunks_with_its_hit(
    lengths: list[int], taken: set[int], data: st.DataObject
) -> None:
    page = [chunk(id_, tokens) for id_, tokens in enumerate(lengths, 1)]
    hit = data.draw(st.sampled_from(page))
    taken = taken - {hit.id}

    ids = [each.id for each in _grow(hit, page, taken)]

    assert hit.id in ids
    assert ids == list(range(ids[0], ids[-1] + 1))
    assert not taken & set(ids)
    tokens = sum(lengths[id_ - 1] for id_ in ids)
    assert tokens <= max(NEIGHBOURS_TOKENS, hit.chunk.tokens)


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

    assert there.evidence.probability > 0.5 > elsewhere.evidence.probability
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


@pytest.mark.parametrize("question", ["", " \n\t", "x" * 8001])
def test_a_question_that_is_empty_or_too_long_is_refused(desk: Desk, question: str) -> None:
    with pytest.raises(QuestionError):
        desk.retriever.search(question, desk.scope, 8)
    with pytest.raises(QuestionError):
        desk.retriever.retrieve(question, desk.scope, 8)


def test_a_library_of_another_embedder_is_refused(desk: Desk) -> None:
    other = Retriever(desk.catalog, Indexes(desk.catalog), HashEmbedder("another"), desk.scorer)

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
            Ingestor(catalog, embedder, LIMITS).add(path, library)
        scorer = SentenceScorer(HashEmbedder(), Words())
        retriever = Retriever(catalog, Indexes(catalog), embedder, scorer)

        by_words = retriever.search(PART, Scope(library.id), 2)
        by_meaning = retriever.search(REFUND, Scope(library.id), 3)

        assert by_words[0].text == "Order XK-4711 for twelve euros."
        assert "Whoever is unhappy is reimbursed within a week." in [it.text for it in by_meaning]
