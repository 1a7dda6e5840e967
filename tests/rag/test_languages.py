from __future__ import annotations

import json
from pathlib import Path

import pytest

from rag.languages import Language, detect

ROOT = Path(__file__).parents[2]
XQUAD = ROOT.parent / "shared" / "eval" / "xquad"

SENTENCES = {
    Language.ENGLISH: "The cat lies on the table and does not want to come down.",
    Language.FRENCH: "Le chat est sur la table et ne veut pas descendre.",
    Language.GERMAN: "Die Katze liegt auf dem Tisch und will nicht herunter.",
    Language.SPANISH: "El gato está sobre la mesa y no quiere bajar.",
    Language.ITALIAN: "Il gatto è sul tavolo e non vuole scendere.",
    Language.PORTUGUESE: "O gato está em cima da mesa e não quer descer.",
    Language.DUTCH: "De kat ligt op de tafel en wil niet naar beneden komen.",
}
QUESTIONS = {
    Language.ENGLISH: "How many boats does the harbour hold?",
    Language.FRENCH: "Quelle est la capitale de la France ?",
    Language.GERMAN: "Wie heißt die Hauptstadt von Österreich?",
    Language.SPANISH: "¿Cuál es la capital?",
    Language.ITALIAN: "Qual è la capitale d'Italia?",
    Language.PORTUGUESE: "Qual é a capital de Portugal?",
    Language.DUTCH: "Wat is de hoofdstad van Nederland?",
}


@pytest.mark.parametrize("language", Language)
def test_sentences_and_questions_are_told(language: Language) -> None:
    assert detect(SENTENCES[language]) is language
    assert detect(QUESTIONS[language]) is language
    assert detect(SENTENCES[language].upper()) is language


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   ",
        "12 34 5,678 $",
        "revenue 2022",
        "\ud83d\x00",
        "Katten sitter på bordet og vil ikke komme ned fordi den er redd for hunden.",
        "Kot siedzi na stole i nie chce zejść, bo boi się psa.",
        "Pisica stă pe masă și nu vrea să coboare pentru că îi este frică de câine.",
        "Кошка сидит на столе и не хочет спускаться.",
        "ネコはテーブルの上にいます。",
    ],
)
def test_other_languages_and_too_little_text_are_none(text: str) -> None:
    assert detect(text) is None


def test_sample_documents_are_told() -> None:
    folder = ROOT / "sample_docs"
    found = {path.name: detect(path.read_text("utf-8")) for path in folder.glob("*.[tm]*")}
    assert found.pop("les-modeles-mistral.txt") is Language.FRENCH
    assert set(found.values()) == {Language.ENGLISH}


@pytest.mark.skipif(not XQUAD.is_dir(), reason="the evaluation sets are not beside the checkout")
@pytest.mark.parametrize(
    ("name", "language"),
    [("en", Language.ENGLISH), ("de", Language.GERMAN), ("es", Language.SPANISH)],
)
def test_real_paragraphs_and_questions_are_told(name: str, language: Language) -> None:
    assert _share_told(XQUAD / f"{name}.passages.jsonl", "text", language) > 0.99
    assert _share_told(XQUAD / f"{name}.questions.jsonl", "question", language) > 0.96


def _share_told(path: Path, key: str, language: Language) -> float:
    texts = [json.loads(line)[key] for line in path.read_text("utf-8").splitlines()]
    return sum(detect(text) is language for text in texts) / len(texts)
