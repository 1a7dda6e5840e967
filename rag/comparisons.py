"""What a text says is more than what: "older birds leave earlier than young ones".

Turned round with the opposite word it says the same, and turned round with the same word the
contrary. In English and French.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from rag.runs import nearest_run
from rag.terms import Term, terms
from rag.wording import words as word_set

REACH = 5  # words between what compares and "than"
STEM = 4  # letters by which the words of a side are compared
SIDE = 3  # telling words of what is compared
_UP = word_set(
    "more higher larger longer older later faster greater bigger better heavier wider deeper "
    "dearer stronger plus superieur superieure"
)
_DOWN = word_set(
    "less fewer lower smaller shorter younger earlier sooner slower worse lighter narrower cheaper "
    "weaker moins inferieur inferieure"
)


@dataclass(frozen=True, slots=True)
class _Comparison:
    """The telling words on both sides, what compares them, and whether that is upwards."""

    left: tuple[Term, ...]
    right: tuple[Term, ...]
    word: str
    up: bool


@lru_cache(maxsize=512)
def _compared(text: str, sentence: int) -> _Comparison | None:
    words = [word for word in terms(text) if word.sentence == sentence]
    for at, word in enumerate(words):
        if word.word not in ("than", "que", "qu"):
            continue
        near = range(max(0, at - REACH), at)
        by = next((n for n in reversed(near) if words[n].word in _UP | _DOWN), None)
        left = [each for each in words[: by or 0] if not each.small]
        right = [each for each in words[at + 1 :] if not each.small and each.part == word.part]
        if by is not None and left and right:
            return _Comparison(
                tuple(left[:SIDE]), tuple(right[:SIDE]), words[by].word, words[by].word in _UP
            )
    return None


def _both(claim: str, passage: str) -> tuple[_Comparison, _Comparison, bool] | None:
    """What a claim and its source compare, and whether they have the sides the other way round."""
    run = nearest_run(claim, passage)
    said = _compared(claim, 1)
    shown = _compared(passage, run.sentence) if run else None
    if said is None or shown is None:
        return None
    mine = [_stems(side) for side in (said.left, said.right)]
    theirs = [_stems(side) for side in (shown.left, shown.right)]
    turned = (mine[0] - theirs[0]) & theirs[1] or (mine[1] - theirs[1]) & theirs[0]
    return said, shown, bool(turned)


def _stems(side: Sequence[Term]) -> set[str]:
    """What the words of a side are compared by: "older" as "old"."""
    return {word.word.removesuffix("er")[:STEM] for word in side}


def compared_otherwise(claim: str, passage: str) -> tuple[str, str] | None:
    """What a source says is more than what a claim says is, in their place; else None."""
    found = _both(claim, passage)
    if found is None:
        return None
    said, shown, turned = found
    if not turned or said.up != shown.up:
        return None
    return shown.left[0].word, said.left[0].word


def is_compared_alike(claim: str, passage: str) -> bool:
    """Whether a claim has both the sides and the word the other way round, and so says the same."""
    found = _both(claim, passage)
    return found is not None and found[2] and found[0].up != found[1].up
