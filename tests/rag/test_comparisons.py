from __future__ import annotations

from rag.comparisons import compared_otherwise, is_compared_alike

BARGES = "Old barges need more repairs than new ones, mostly of the hull."
TRAINS = "Les autorails consomment moins que les locomotives."


def test_the_same_word_turned_round_says_the_contrary() -> None:
    assert compared_otherwise("New barges need more repairs than old ones.", BARGES) == (
        "old",
        "new",
    )
    assert compared_otherwise("Les locomotives consomment moins que les autorails.", TRAINS)


def test_the_opposite_word_turned_round_says_the_same() -> None:
    claim = "New barges need fewer repairs than old ones."
    assert is_compared_alike(claim, BARGES)
    assert compared_otherwise(claim, BARGES) is None


def test_what_is_not_turned_round_is_left_to_other_rules() -> None:
    claim = "Old barges need more repairs than new ones."
    assert compared_otherwise(claim, BARGES) is None
    assert not is_compared_alike(claim, BARGES)
