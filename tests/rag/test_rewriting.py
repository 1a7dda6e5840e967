from itertools import chain, combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rag.domain import Message
from rag.rewriting import LONGEST_STANDALONE, standalone
from rag.wording import words
from tests.rag.dialogues import COMPLETE, DIALOGUES, Turn

BEFORE = (
    "What was 3M's revenue in 2022?",
    "How long is the notice period for tenants?",
    "Quel était le chiffre d'affaires de Danone en 2022 ?",
    "Wie hoch war der Umsatz von Siemens im Jahr 2022?",
    "¿Cuáles fueron los ingresos de Iberdrola en 2021?",
)
WORDS = sorted(
    words(
        "and what about it its in 2022 Q3 3M Pfizer the year before that et en son elle und die "
        "ihr damit y su el año anterior ? , ¿ ' - ( ) ß İ how many employees same for more one who"
    )
)


def asked(*questions: str) -> list[Message]:
    """A history of answered questions."""
    exchanges = ((Message("user", text), Message("assistant", "So.")) for text in questions)
    return list(chain.from_iterable(exchanges))


@pytest.mark.parametrize("name", DIALOGUES)
def test_every_turn_of_a_conversation_is_searched_as_a_question_of_its_own(name: str) -> None:
    turns = DIALOGUES[name]

    found = [
        standalone(turn.asked, asked(*(before.asked for before in turns[:position])))
        for position, turn in enumerate(turns)
    ]

    wrong = [
        (turn.asked, text, _wrong(turn, text)) for turn, text in zip(turns, found, strict=True)
    ]
    assert [each for each in wrong if each[2]] == []


def _wrong(turn: Turn, text: str) -> list[str]:
    """What is missing, and what should not be there."""
    said = text.casefold()
    if not turn.says and not turn.lacks and text != turn.asked:
        return ["changed"]
    missing = [f"no {each}" for each in turn.says if each.casefold() not in said]
    return missing + [each for each in turn.lacks if each.casefold() in said]


def test_the_dialogues_are_many_and_in_four_languages() -> None:
    assert sum(map(len, DIALOGUES.values())) >= 90
    assert len(COMPLETE) >= 25


@pytest.mark.parametrize("before", BEFORE)
@pytest.mark.parametrize("question", COMPLETE)
def test_a_question_that_stands_alone_stays_as_it_is(question: str, before: str) -> None:
    assert standalone(question, asked(before)) == question


def test_without_history_nothing_changes() -> None:
    assert standalone("And in 2021?", []) == "And in 2021?"


def test_what_the_assistant_said_is_not_read() -> None:
    history = [Message("user", "What is 3M?"), Message("assistant", "Ask about Pfizer in 1999.")]

    assert standalone("Who owns it?", history) == "Who owns 3M?"


def test_follow_ups_in_a_row_are_each_understood_from_the_one_before() -> None:
    history = asked("What was 3M's revenue in 2022?", "and Pfizer's?", "in 2019?", "and in Q3?")

    assert standalone("the year after?", history) == "What was Pfizer's revenue in Q3 2020?"


def test_a_long_text_is_left_alone() -> None:
    question = "And it " * 50

    assert standalone(question, asked(BEFORE[0])) == question


@pytest.mark.parametrize("piece", ["Q1 ", "2022 ", "„a", "A ", "Aa of ", "(", "they ", "'s "])
def test_a_page_of_anything_is_understood_or_left_alone(piece: str) -> None:
    text = (piece * 32_000)[:32_000]

    for question, before in ((text, BEFORE[0]), ("And in 2023?", text), ("Do they pay?", text)):
        assert len(standalone(question, asked(before))) <= max(LONGEST_STANDALONE, len(question))


@settings(max_examples=150, deadline=None)
@given(st.lists(st.lists(st.sampled_from(WORDS) | st.text(max_size=4), max_size=8), max_size=6))
def test_whatever_is_typed_gives_a_question_of_bounded_length(lines: list[list[str]]) -> None:
    *before, question = [*(" ".join(line) for line in lines), "And then?"]

    for text in (question, *before):
        found = standalone(text, asked(*before))
        assert found == text or 0 < len(found) <= LONGEST_STANDALONE


def test_a_new_topic_takes_nothing_over() -> None:
    complete = [question for question in COMPLETE if question.endswith("?")]

    for before, question in combinations(complete[:12], 2):
        assert standalone(question, asked(before)) == question
