from __future__ import annotations

import pytest

from ui.pages import page_words


@pytest.mark.parametrize(
    ("label", "words"),
    [("", "p. 7"), ("12", "p. 12"), ("iv", "p. iv"), ("S-3", "p. S-3"), ("A.12", "p. A.12")],
)
def test_numbers_of_pages_are_called_pages(label: str, words: str) -> None:
    assert page_words(7, label) == words


@pytest.mark.parametrize("label", ["Quarters", "Sales 2023", "Introduction", "Übersicht"])
def test_names_of_sheets_stand_for_themselves(label: str) -> None:
    assert page_words(7, label) == label
