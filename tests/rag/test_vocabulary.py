"""What people say in questions, and how documents put it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from rag.errors import SettingsError
from rag.vocabulary import MOST_PHRASES, SHIPPED, Vocabulary, load_vocabulary


@pytest.fixture(scope="module")
def shipped() -> Vocabulary:
    return load_vocabulary()


def own(folder: Path, text: str) -> Vocabulary:
    file = folder / "own.txt"
    file.write_text(text, encoding="utf-8")
    return load_vocabulary(file)


@pytest.mark.parametrize(
    "question",
    [
        "What is the CapEx of Acme?",
        "what about capital-spending?",
        "Capital spending, please",
        "Acme's capital expenditures?",
        "How much capital\nexpenditure is planned?",
    ],
)
def test_a_term_is_known_in_any_case_number_and_hyphenation(
    shipped: Vocabulary, question: str
) -> None:
    assert "purchases of property, plant and equipment" in shipped.said(question)


def test_a_measure_is_what_it_is_worked_out_of(shipped: Vocabulary) -> None:
    assert shipped.said("How did the operating margin develop?")[:2] == (
        "operating income",
        "operating profit",
    )


def test_the_longest_term_wins(tmp_path: Path) -> None:
    vocabulary = own(tmp_path, "leave = absence\nmaternity leave = birth of a child")

    assert vocabulary.said("Who may take leave?") == ("absence",)
    assert vocabulary.said("Who may take maternity leave?") == ("birth of a child",)


def test_what_the_question_says_already_is_left_out(shipped: Vocabulary) -> None:
    assert "employees" in shipped.said("How large is the workforce?")
    counted = "How large is the workforce, counted in employees or full-time employees?"
    assert shipped.said(counted) == ()


def test_what_stands_in_quotation_marks_is_searched_as_it_stands(shipped: Vocabulary) -> None:
    assert shipped.said('Where does it say "gross margin"?') == ()
    assert shipped.said('Where does it say "gross margin", and what is capex?')[0].startswith(
        "purc"
    )


@pytest.mark.parametrize(
    "question",
    ["", " ", "?", "¿Qué?", "When was Rome founded?", "margins of error", "\x00", "€" * 9],
)
def test_other_questions_are_left_alone(shipped: Vocabulary, question: str) -> None:
    assert shipped.said(question) == ()


def test_a_question_of_many_terms_is_given_no_more_than_it_bears(shipped: Vocabulary) -> None:
    many = "capex, opex, ebitda, fx, m&a, working capital, quick ratio, dso, dpo, roe and leverage"

    assert len(shipped.said(many)) == MOST_PHRASES


def test_a_very_long_question_is_read_in_a_moment(shipped: Vocabulary) -> None:
    assert shipped.said("capex " * 1_300)[0] == "purchases of property, plant and equipment"


def test_lines_of_ones_own_add_to_the_shipped_and_win(tmp_path: Path) -> None:
    vocabulary = own(
        tmp_path, "\ufeff# ours\n\nMuda; Mura = waste; unevenness\ncapex = new presses\n"
    )

    assert vocabulary.said("How much muda is there?") == ("waste", "unevenness")
    assert vocabulary.said("capex?") == ("new presses",)
    assert "employees" in vocabulary.said("headcount?")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("capex: spending", "Line 1 of the vocabulary .* is not as it should be"),
        ("# fine\ncapex =", "Line 2 "),
        ("= spending", "Line 1 "),
        ("?! = spending", "Line 1 "),
        ('capex = "', "Line 1 "),
        (f"capex = spending\n{'x' * 101} = long", "Line 2 .* more than 100 characters"),
        (f"long = short; {'x' * 101}", "Line 1 .* more than 100 characters"),
        ("x" * 1_000_001, "larger than a megabyte"),
    ],
)
def test_a_file_that_is_none_says_where(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        own(tmp_path, text)


def test_a_file_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    (tmp_path / "latin.txt").write_bytes(b"caf\xe9 = coffee")

    for path in (tmp_path / "missing.txt", tmp_path, tmp_path / "latin.txt"):
        with pytest.raises(SettingsError, match="cannot be read"):
            load_vocabulary(path)


def test_the_shipped_file_has_each_term_once() -> None:
    lines = [line for line in SHIPPED.read_text(encoding="utf-8").splitlines() if "=" in line]
    terms = [
        term.strip()
        for line in lines
        if not line.startswith("#")
        for term in line.split("=")[0].split(";")
    ]

    assert len(terms) > 100
    assert sorted(terms) == sorted(set(terms))


def test_the_rest_of_a_question_is_what_is_of_no_term(shipped: Vocabulary) -> None:
    assert shipped.rest("What's the operating margin of Arden?") == ["What's", "the", "of", "Arden"]
    assert shipped.rest("headcount?") == []
    assert Vocabulary({}).said("capex") == ()
    assert Vocabulary({}).rest("capex") == ["capex"]


def test_none_is_no_vocabulary_at_all() -> None:
    assert load_vocabulary("none") == Vocabulary({})


def test_what_has_no_end_is_not_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")

    for path in (tmp_path / "pipe", Path("/dev/zero"), tmp_path):
        with pytest.raises(SettingsError, match="cannot be read: it is no file"):
            load_vocabulary(path)


def test_phrases_lose_their_quotation_marks(tmp_path: Path) -> None:
    vocabulary = own(tmp_path, 'ferries = "large boats"; 15" hulls; «bacs»\n"odd ones" = rare')

    assert vocabulary.said("How many ferries?") == ("large boats", "15 hulls", "bacs")
    assert vocabulary.said("Any odd ones?") == ("rare",)
