"""How much of a question single sentences hold."""

from __future__ import annotations

from rag.bearing import ALONE, OF_THE_KIND, WITH_ONE_BEFORE, bearing
from rag.store.words import Words

WORDS = Words()


def held(question: str, *texts: str) -> list[float]:
    return bearing(question, texts, WORDS, lambda word: float(len(word) > 3))


def test_a_text_that_says_it_in_one_sentence_holds_more() -> None:
    question = "How many boats cross the harbour?"
    together, in_two, far, none = held(
        question,
        "Forty boats cross the harbour. It rains.",
        "There are forty boats. They cross the harbour.",
        "There are forty boats. It rains. They cross the harbour.",
        "It rains.",
    )

    assert together > in_two > far > none == 0.0


def test_a_sentence_with_what_is_asked_for_holds_more() -> None:
    question = "How many boats cross the harbour?"
    figure, no_figure = held(question, "40 boats cross the harbour.", "Boats cross the harbour.")

    assert 0.5 * OF_THE_KIND < figure - no_figure <= OF_THE_KIND
    assert figure <= ALONE + WITH_ONE_BEFORE + OF_THE_KIND


def test_without_telling_words_nothing_is_held() -> None:
    assert held("is it", "It is.", "") == [0.0, 0.0]
    assert held("", "Boats.") == [0.0]
