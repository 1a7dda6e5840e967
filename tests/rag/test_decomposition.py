import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rag.decomposition import MOST_PARTS, parts
from rag.wording import words

APART = {
    "What was 3M's revenue in 2022 and how many employees does Pfizer have?": (
        "What was 3M's revenue in 2022?",
        "How many employees does Pfizer have?",
    ),
    "What was 3M's revenue in 2022 and how many employees does it have?": (
        "What was 3M's revenue in 2022?",
        "How many employees does 3M have (2022)?",
    ),
    "What was Adobe's revenue? And in 2021?": (
        "What was Adobe's revenue?",
        "What was Adobe's revenue in 2021?",
    ),
    "Compare 3M and Pfizer in 2022": ("3M in 2022", "Pfizer in 2022"),
    "revenue of 3M, Pfizer and Adobe in 2022": (
        "Revenue of 3M in 2022",
        "Revenue of Pfizer in 2022",
        "Revenue of Adobe in 2022",
    ),
    "What was Adobe's revenue in 2021 and 2022?": (
        "What was Adobe's revenue in 2021?",
        "What was Adobe's revenue in 2022?",
    ),
    "How do 3M's and Pfizer's margins differ?": (
        "How do 3M's margins differ?",
        "How do Pfizer's margins differ?",
    ),
    "What do article 17 and article 18 of the GDPR say?": (
        "What do article 17 of the GDPR say?",
        "What do article 18 of the GDPR say?",
    ),
    "Quand a été fondée Danone et combien d'employés a-t-elle ?": (
        "Quand a été fondée Danone ?",
        "Combien d'employés a-t-elle (Danone) ?",
    ),
    "Wie hoch war der Umsatz von Siemens und BASF 2022?": (
        "Wie hoch war der Umsatz von Siemens 2022?",
        "Wie hoch war der Umsatz von BASF 2022?",
    ),
    "¿Cuáles fueron los ingresos de Iberdrola y Repsol en 2022?": (
        "¿Cuáles fueron los ingresos de Iberdrola en 2022?",
        "¿Cuáles fueron los ingresos de Repsol en 2022?",
    ),
}
WORDS = sorted(words("What was 3M Pfizer and , ? how many 2021 2022 's of compare und et"))
IN_ONE_PIECE = (
    "What is research and development?",
    "What are the terms and conditions?",
    "between 2020 and 2022",
    "How did Adobe's revenue change between 2020 and 2022?",
    "revenue of Adobe from 2020 to 2022",
    "What did the Securities and Exchange Commission say?",
    "What was Johnson & Johnson's revenue?",
    "Who leads Johnson and Johnson?",
    "When did Syria and Egypt launch a surprise attack on Israel?",
    "What flows between Bingen and Bonn?",
    "Where is Paris, Texas?",
    "Explain how and why plants grow",
    "Was 3M's revenue larger than last year?",
    "When was the lease signed and who signed it?",
    "Wie hoch sind die Kosten von Forschung und Entwicklung?",
    "Quelles sont les conditions et les modalités de paiement ?",
    "¿Cuáles son los derechos y deberes del inquilino?",
    "vacation policy",
    "? ?",
    "",
)


@pytest.mark.parametrize("question", APART)
def test_a_question_with_several_parts_is_taken_apart(question: str) -> None:
    assert parts(question) == APART[question]


@pytest.mark.parametrize("question", IN_ONE_PIECE)
def test_a_question_in_one_piece_stays_so(question: str) -> None:
    assert parts(question) == ()


def test_a_question_that_begins_with_a_join_is_in_one_piece() -> None:
    assert parts(", and what does the lift cost?") == ()
    assert parts("… et combien coûte-t-il ?") == ()


def test_more_than_four_things_are_not_taken_apart() -> None:
    assert parts("revenue of 3M, Pfizer, Adobe, Netflix and Costco in 2022") == ()


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.sampled_from(WORDS) | st.text(max_size=3),
        max_size=14,
    )
)
def test_parts_are_none_or_a_few_different_questions(typed: list[str]) -> None:
    found = parts(" ".join(typed))

    assert len(found) in (0, *range(2, MOST_PARTS + 1))
    assert len(set(found)) == len(found)
    assert all(part.strip() for part in found)
