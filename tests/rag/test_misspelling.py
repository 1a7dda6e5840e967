from __future__ import annotations

import pytest

from rag.misspelling import is_correctable, is_within, one_letter_off


@pytest.mark.parametrize("meant", ["harbour", "arbor", "harbors", "harobr", "harber"])
def test_words_one_letter_away_are_neighbours(meant: str) -> None:
    assert (meant in one_letter_off("harbor")) == (meant != "harbor")


def test_a_word_is_not_its_own_neighbour() -> None:
    assert "boats" not in one_letter_off("boats")


def test_letters_between_two_words_are_counted() -> None:
    assert is_within("management", "managmennt", 2)
    assert not is_within("management", "managmennt", 1)
    assert not is_within("management", "manager", 2)
    assert is_within("", "ab", 2)


def test_numbers_and_short_words_are_not_corrected() -> None:
    assert [is_correctable(word) for word in ("boats", "boat", "8x22b", "2016679")] == [
        True,
        False,
        False,
        False,
    ]
