from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.spelling import spelling_scores

TEXTS = [
    "Die Leistungsfähigkeit der Anlage wurde 1998 geprüft.",
    "Der Bahnhof liegt im Norden der Stadt.",
    "Ein ganz anderer Satz ohne jeden Bezug.",
]


def best(question: str, texts: list[str]) -> int:
    scores = spelling_scores(question, texts)
    return scores.index(max(scores))


@pytest.mark.parametrize(
    ("question", "rank"),
    [
        ("Wie leistungsfähig ist sie?", 0),
        ("LEISTUNGSFAEHIGKEIT LEISTUNGSFÄHIGKEIT", 0),
        ("Nördliche Bahnhöfe", 1),
        ("1998", 0),
    ],
)
def test_inflected_and_compound_words_are_found(question: str, rank: int) -> None:
    assert best(question, TEXTS) == rank


def test_nothing_in_common_scores_nothing() -> None:
    assert spelling_scores("xyzzy", TEXTS) == [0.0, 0.0, 0.0]
    assert spelling_scores("", TEXTS) == [0.0, 0.0, 0.0]
    assert spelling_scores("...", TEXTS) == [0.0, 0.0, 0.0]
    assert spelling_scores("Bahnhof", []) == []
    assert spelling_scores("Bahnhof", ["", "  "]) == [0.0, 0.0]


def test_a_sequence_over_two_words_is_none() -> None:
    assert spelling_scores("abcd", ["ab cd"]) == [0.0]
    assert spelling_scores("abcd", ["abcd"])[0] > 0


def test_a_rare_word_counts_more_than_one_that_every_text_has() -> None:
    texts = ["common common common", "common unusual", "common plain"]
    assert best("common unusual", texts) == 1


def test_accents_and_their_composition_make_no_difference() -> None:
    plain, accented = spelling_scores("resume", ["resume"]), spelling_scores("résumé", ["resume"])
    assert plain == accented
    split = unicodedata.normalize("NFD", "résumé")
    assert spelling_scores(split, ["résumé"]) == plain


def test_letters_beyond_the_basic_plane_count() -> None:
    assert spelling_scores("𝒜𝒷𝒸𝒹", ["𝒜𝒷𝒸𝒹 x"])[0] > 0
    assert spelling_scores("東京都庁", ["東京都庁舎"])[0] > 0


@given(st.text(), st.lists(st.text(), max_size=5))
def test_any_text_has_a_finite_score(question: str, texts: list[str]) -> None:
    scores = spelling_scores(question, texts)
    assert len(scores) == len(texts)
    assert all(0 <= score < 10_000 for score in scores)
