from __future__ import annotations

import pytest

from rag.exact import (
    exact_words,
    numbered_names,
    other_forms,
    quoted_phrases,
    telling_numbers,
)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Form 10-K,", ["10-k", "form_10-k"]),
        ("Regulation (EU) 2016/679", ["2016/679", "eu_2016/679"]),
        ("in Q2 2023.", ["q2_2023"]),
        ("the mistral-large-2411!", ["mistral-large-2411"]),
        ("the 8x22B", []),
        ("the 8×22-B", ["8x22-b"]),
        ("§ 12(3)", ["12(3)", "§_12(3)", "§_12"]),
        ("Article 17(1)(a)", ["17(1)(a)", "article_17(1)(a)", "article_17"]),
        ("(see 4.2.1)", ["4.2.1", "see_4.2.1"]),
        ("2019–2022", ["2019-2022"]),
        ("(EU)2016/679", ["2016/679", "eu_2016/679"]),
        ("US$1,577 and C$12.5", ["1577", "12.5"]),
        ("no figures at all", []),
        ("(12) and 7", []),
    ],
)
def test_identifiers_are_words(text: str, words: list[str]) -> None:
    assert exact_words(text) == words


@pytest.mark.parametrize(
    "text", ["1,577", "$1,577", "1.577", "1'577", "1 577", "1\u202f577 €", "(1,577)", "1,577."]
)
def test_a_number_is_the_same_however_its_thousands_are_parted(text: str) -> None:
    assert "1577" in exact_words(text)


def test_a_number_is_the_same_with_either_decimal_sign() -> None:
    assert exact_words("46,7") == exact_words("46.7") == exact_words("46.7%") == ["46.7"]
    assert exact_words("1,577.50") == exact_words("1.577,50") == ["1577.50"]


@pytest.mark.parametrize(
    ("text", "forms"),
    [
        ("Form 10-K", ["10k"]),
        ("KX-4711", ["kx4711"]),
        ("the KX 4711", ["kx4711"]),
        ("page 12 in 2016/679", []),
        ("mistral-large-2411", []),
    ],
)
def test_a_code_is_written_in_one_piece_too(text: str, forms: list[str]) -> None:
    assert other_forms(exact_words(text)) == forms


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("What does § 7 say?", ["§_7"]),
        ("Art. 6(1)(b)", ["art_6(1)(b)", "art_6"]),
        ("Who gets $1577 or EUR 95,000?", ["95000", "1577"]),
        ("in 2021, 12 of them, E-07", []),
    ],
)
def test_numbers_that_may_tell_of_one_thing(text: str, numbers: list[str]) -> None:
    assert telling_numbers(text) == numbers


def test_what_is_too_long_is_cut() -> None:
    assert [len(word) for word in exact_words("1-" * 5000)] == [40]


def test_quotation_marks_of_every_shape_hold_a_phrase() -> None:
    text = 'say "net sales" or “free cash” or «à la carte» or „gut so“ or ”på norsk”'
    assert quoted_phrases(text) == ["net sales", "free cash", "à la carte", "gut so", "på norsk"]


def test_unpaired_and_empty_quotation_marks_hold_none() -> None:
    assert quoted_phrases('a 6" pipe, “open') == []
    assert quoted_phrases('"" " "') == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("How many riders did Metro 050 have in 2021?", ["metro_050"]),
        ("Animal 61 and the animal 62 of Fiscal 2022", ["animal_61"]),
        ("In 50 of Q2 2023, Line 7.5 and I 5", []),
    ],
)
def test_names_with_their_numbers_are_codes_and_years_are_not(text: str, found: list[str]) -> None:
    assert numbered_names(text) == found
    assert set(found) <= set(exact_words(text))
