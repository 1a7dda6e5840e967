"""One ranking from several: words, spelling, meaning, and the documents that a question names."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from rag.domain import Reasons

# The share of meaning in the fused score; words and their spelling share the rest. Convex fusion
# of normalised scores (Bruch et al. 2023, arXiv:2210.11934) keeps how far the best stand out; ranks
# do not.
MEANING = 0.6
FOREIGN_MEANING = 0.2  # where the embedder does not know the language
SPELLING = 0.5  # of what words and their spelling share
CODE = 0.5  # what holding a rare code of the question adds to words
FIRST_BY_WORDS = 3  # chunks that are looked at whatever their meaning
TITLE = 0.8  # what a document's being named adds, beside 1 for the best words and meaning


@dataclass(frozen=True, slots=True)
class Weights:
    """What each kind of score counts in a fused one; `meaning` and the two of words add up to 1."""

    words: float
    spelling: float
    meaning: float
    title: float = TITLE


@dataclass(frozen=True, slots=True)
class Found:
    """The scores that each kind of search gave, by chunk; a chunk it did not find is absent.

    `codes` is the share of the question's rare codes ("E-07") that a chunk holds.
    """

    words: Mapping[int, float]
    meaning: Mapping[int, float]
    spelling: Mapping[int, float]
    title: Mapping[int, float]
    codes: Mapping[int, float] = field(default_factory=dict)

    @property
    def ids(self) -> set[int]:
        """Every chunk that was found by words or by meaning."""
        return self.words.keys() | self.meaning.keys() | self.codes.keys()


def weights(fluency: float) -> Weights:
    """The weights for how well the embedder knows the language, 0 to 1."""
    meaning = FOREIGN_MEANING + (MEANING - FOREIGN_MEANING) * fluency
    return Weights((1 - meaning) * (1 - SPELLING), (1 - meaning) * SPELLING, meaning)


def fuse(found: Found, counts: Weights) -> dict[int, Reasons]:
    """What each kind of search gives to the score of each chunk; the score is their sum.

    Each kind is stretched over 0 to 1 first; what it did not find has its 0.
    """
    words, spelling = stretched(found.words), stretched(found.spelling)
    meaning = stretched(found.meaning)
    return {
        id_: Reasons(
            counts.words * words.get(id_, 0.0)
            + counts.spelling * spelling.get(id_, 0.0)
            + CODE * found.codes.get(id_, 0.0),
            counts.meaning * meaning.get(id_, 0.0),
            counts.title * found.title.get(id_, 0.0),
        )
        for id_ in found.ids
    }


def rough(found: Found, counts: Weights) -> dict[int, float]:
    """The score of each chunk before its text was looked at, so without its spelling."""
    words, meaning = stretched(found.words), stretched(found.meaning)
    return {
        id_: counts.words * words.get(id_, 0.0)
        + counts.meaning * meaning.get(id_, 0.0)
        + counts.title * found.title.get(id_, 0.0)
        + CODE * found.codes.get(id_, 0.0)
        for id_ in found.ids
    }


def roughly_best(found: Found, counts: Weights, most: int) -> list[int]:
    """The chunks with the best rough scores, and for the last of them the first by words alone.

    A row of a long table is found by a name in it that is nowhere else, and means nothing.
    """
    first = rough(found, counts)
    ranked = sorted(first, key=lambda id_: (-first[id_], id_))
    by_words = sorted(found.words, key=lambda id_: (-found.words[id_], id_))[:FIRST_BY_WORDS]
    left_out = [id_ for id_ in by_words if id_ not in ranked[:most]]
    return [*ranked[: max(most - len(left_out), 0)], *left_out][:most]


def total(reasons: Reasons) -> float:
    """The fused score that these reasons add up to."""
    return reasons.words + reasons.meaning + reasons.title


def stretched(scores: Mapping[int, float]) -> dict[int, float]:
    """The scores over 0 to 1; all 1 where they are all the same."""
    if not scores:
        return {}
    low, high = min(scores.values()), max(scores.values())
    width = high - low
    return {id_: (score - low) / width if width else 1.0 for id_, score in scores.items()}


def supposed(
    words: Mapping[int, float], meaning: Mapping[int, float], is_embedded: Callable[[int], bool]
) -> dict[int, float]:
    """What is taken for the meaning of chunks found by words whose vectors are to come.

    As far up between the least and the best meaning as they are between the least and the best
    words: a document that was just added is neither behind the others for it nor ahead of them.
    """
    if not meaning:
        return {}
    low, high = min(meaning.values()), max(meaning.values())
    return {
        id_: low + share * (high - low)
        for id_, share in stretched(words).items()
        if not is_embedded(id_)
    }
