"""Questions in scripts that write no words apart, or no capitals: found, answered, refused."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from ingest.loaders.load import load
from ingest.pipeline import Ingestor, Limits
from rag.domain import Scope
from rag.evidence import USUAL_BAR
from rag.mentions import strange_names
from rag.providers.minilm.embedder import MiniLmEmbedder
from rag.scripts import apart, is_grammar, is_without_words
from rag.spelling import spelling_scores
from rag.store.words import Words
from rag.wiring import Application
from tests.rag.applications import application

ROWS = [
    json.loads(line)
    for line in (Path(__file__).parents[1] / "fixtures" / "scripts.jsonl")
    .read_text(encoding="utf-8")
    .splitlines()
]
ANSWERED = [row for row in ROWS if "answer" in row]
OFF_TOPIC = [row["question"] for row in ROWS if "answer" not in row]


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Application]:
    folder = tmp_path_factory.mktemp("scripts")
    given = {"data_dir": folder / "data", "chat": "reader", "embedding": "all-MiniLM-L6-v2"}
    with application(**given) as built:
        ingestor = Ingestor(built.catalog, built.embedder, Limits(10**6, 100), load)
        for number, row in enumerate(ANSWERED):
            path = folder / f"{number}.txt"
            path.write_text(row["text"], encoding="utf-8")
            ingestor.add(path, built.library)
        yield built


def without(library: Application, row: dict[str, str]) -> Scope:
    name = f"{ANSWERED.index(row)}.txt"
    documents = library.catalog.documents(library.library.id)
    kept = frozenset(document.id for document in documents if document.name != name)
    return library.catalog.scope(library.library.id, document_ids=kept)


@pytest.mark.parametrize("row", ANSWERED, ids=lambda row: f"{row['language']}-{row['answer']}")
def test_an_obvious_answer_is_quoted(library: Application, row: dict[str, str]) -> None:
    answer = library.assistant().answer(row["question"], library.scope())

    assert not answer.refused
    assert row["answer"] in answer.text
    assert answer.passages[0].document.name == f"{ANSWERED.index(row)}.txt"


@pytest.mark.parametrize("question", OFF_TOPIC)
def test_what_no_document_speaks_of_is_refused(library: Application, question: str) -> None:
    assert library.assistant().answer(question, library.scope()).refused


def test_a_question_whose_document_is_missing_is_refused(library: Application) -> None:
    promised = [
        row["question"]
        for row in ANSWERED
        if library.retriever.retrieve(row["question"], without(library, row), 8).evidence.score
        >= USUAL_BAR
    ]

    assert len(promised) <= 0.05 * len(ANSWERED)


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("名古屋の工場", "名古 古屋 屋の の工 工場"),
        ("부산 공장은", "부산 공장 장은"),
        ("สะพานใหม่", "สะพ ะพา พาน านใ นให ใหม"),
        ("水", "水"),
        ("iPhone15の価格", "iPhone15 の価 価格"),
        ("Straße 12, Волга", "Straße 12, Волга"),
    ],
)
def test_scripts_without_words_fall_into_pieces(text: str, pieces: str) -> None:
    assert " ".join(apart(text).split()) == pieces


def test_pieces_are_indexed_as_words() -> None:
    assert Words()("Nemo は東京に") == ["nemo", "は東", "東京", "京に"]


def test_particles_and_small_words_tell_little() -> None:
    assert [is_grammar(piece) for piece in ("です", "什么", "東京", "京に", "カー")] == [
        *(True, True, False, False, False)
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("図書館は何時", True),
        ("สะพาน", True),
        ("공장은", False),
        ("Tokyo 2024", False),
        ("", False),
    ],
)
def test_texts_without_words_are_told(text: str, expected: bool) -> None:
    assert is_without_words(text) is expected


def test_pairs_of_han_and_vowel_signs_are_spelling() -> None:
    assert spelling_scores("投資額", ["三十億円を投資した", "工事は秋に始まる"])[0] > 0
    hindi = spelling_scores("संग्रहालय", ["संग्रहालय बंद है", "संतरा ग्रह हाल यह"])
    assert hindi[0] > 2 * hindi[1]


@pytest.mark.parametrize("question", ["프린터의 보증 기간은", "من صمم جسر النهر", "ใครเป็น ผู้จัดการ"])
def test_a_word_without_capitals_is_no_name(question: str) -> None:
    assert strange_names(question, "") == []


def test_the_embedder_does_not_know_what_it_cannot_spell() -> None:
    assert MiniLmEmbedder(threads=1).fluency("คนที่อยู่ใน บ้าน หลังนี้ ชอบ แมว") == 0.0
