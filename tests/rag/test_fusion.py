import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.domain import Reasons
from rag.fusion import (
    FOREIGN_MEANING,
    MEANING,
    Found,
    Weights,
    fuse,
    roughly_best,
    stretched,
    total,
    weights,
)

SCORES = st.dictionaries(st.integers(1, 30), st.floats(-5, 50), max_size=20)
EVEN = Weights(words=0.25, spelling=0.25, meaning=0.5, title=0.5)


def test_scores_are_stretched_and_added() -> None:
    found = Found(
        words={1: 10.0, 2: 5.0, 3: 0.0},
        spelling={1: 2.0, 2: 0.0},
        meaning={2: 0.9, 4: 0.5},
        title={3: 0.5},
    )

    assert fuse(found, EVEN) == {
        1: Reasons(words=0.5),
        2: Reasons(words=0.125, meaning=0.5),
        3: Reasons(title=0.25),
        4: Reasons(),
    }


def test_a_single_hit_has_the_whole_score() -> None:
    assert fuse(Found({7: 3.0}, {7: 0.1}, {7: 1.0}, {}), EVEN) == {7: Reasons(0.5, 0.5)}
    assert fuse(Found({}, {}, {}, {}), EVEN) == {}


@given(SCORES, SCORES, SCORES, st.floats(0, 1))
def test_fused_scores_keep_every_hit_between_zero_and_one(
    words: dict[int, float], meaning: dict[int, float], spelling: dict[int, float], fluency: float
) -> None:
    fused = fuse(Found(words, meaning, spelling, {}), weights(fluency))

    assert fused.keys() == words.keys() | meaning.keys()
    assert all(0 <= total(reasons) <= 1 + 1e-9 for reasons in fused.values())


def test_meaning_counts_less_in_a_language_that_the_embedder_does_not_know() -> None:
    assert weights(1.0).meaning == MEANING
    assert weights(0.0).meaning == FOREIGN_MEANING
    assert FOREIGN_MEANING < weights(0.5).meaning < MEANING
    for fluency in (0.0, 0.3, 1.0):
        counts = weights(fluency)
        assert counts.words + counts.spelling + counts.meaning == pytest.approx(1.0)


def test_equal_scores_are_all_the_best() -> None:
    assert stretched({1: 4.0, 2: 4.0}) == {1: 1.0, 2: 1.0}
    assert stretched({}) == {}


def test_the_first_by_words_is_looked_at_whatever_its_meaning() -> None:
    words = {99: 12.0, 98: 11.0, 1: 3.0} | dict.fromkeys(range(2, 6), 2.0)
    meaning = {id_: 1 - id_ / 100 for id_ in range(1, 20)}
    found = Found(words, meaning, {}, {})

    assert roughly_best(found, Weights(0.2, 0.2, 0.6), 5) == [1, 2, 3, 99, 98]
    assert roughly_best(found, Weights(0.2, 0.2, 0.6), 30)[0] == 1
    assert roughly_best(found, Weights(0.2, 0.2, 0.6), 1) == [99]
    assert roughly_best(Found({}, meaning, {}, {}), Weights(0.2, 0.2, 0.6), 3) == [1, 2, 3]
