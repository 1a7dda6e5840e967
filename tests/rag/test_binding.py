from __future__ import annotations

from rag.binding import bound

BEDS = "Beds by city\nGlasgow 2,310\nSheffield 1,875\nBristol 1,440\n"


def test_a_figure_that_stands_by_the_words_of_its_claim() -> None:
    assert bound("Sheffield has 1,875 beds.", BEDS) > 0


def test_a_figure_that_stands_by_other_words() -> None:
    assert bound("Sheffield has 2,310 beds.", BEDS) < -0.1


def test_without_a_figure_to_mistake_nothing_is_said() -> None:
    assert bound("Sheffield has beds.", BEDS) == 0
    assert bound("Sheffield has 1,875 beds.", "Sheffield has 1,875 beds.") == 0
    assert bound("Sheffield has 999 beds.", BEDS) == 0
