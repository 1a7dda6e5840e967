"""Ranking by spelling: BM25 over the letter sequences of words, whatever the language.

Sequences of four letters match inflected and compound words without a stemmer or a dictionary of
the language ("Leistungsfähigkeit" shares most of its own with "leistungsfähig"): McNamee and
Mayfield, Character N-Gram Tokenization for European Language Text Retrieval, 2004. They are
counted over a few hundred candidates at question time, so no index has to hold them.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

LETTERS = 4
K1, B = 1.2, 0.75  # as for words
_BETWEEN_WORDS = re.compile(r"[\W_]+")
_BORDER = "_"
# Code points have 21 bits, so four of them do not fit 64; they are mixed instead.
_MIX = np.uint64(0x9E3779B97F4A7C15)


def spelling_scores(question: str, texts: Sequence[str]) -> list[float]:
    """The BM25 score of each text for the letter sequences of the question, 0 for none in common.

    How rare a sequence is, is taken from these texts themselves.
    """
    wanted = np.unique(_sequences(question))
    if not len(wanted) or not texts:
        return [0.0] * len(texts)
    found = [_sequences(text) for text in texts]
    counts = np.stack([_count(wanted, sequences) for sequences in found])
    lengths = np.array([len(sequences) for sequences in found], dtype=np.float64)
    frequency = (counts > 0).sum(axis=0)
    rarity = np.log1p((len(texts) - frequency + 0.5) / (frequency + 0.5))
    relative = lengths / max(lengths.mean(), 1.0)
    weights = counts * (K1 + 1) / (counts + K1 * (1 - B + B * relative[:, None]))
    return [float(score) for score in weights @ rarity]


def _count(wanted: NDArray[np.uint64], sequences: NDArray[np.uint64]) -> NDArray[np.float64]:
    """How often each wanted sequence occurs; `wanted` is sorted."""
    places = np.searchsorted(wanted, sequences)
    places[places == len(wanted)] = 0
    hits = places[wanted[places] == sequences]
    return np.bincount(hits, minlength=len(wanted)).astype(np.float64)


def _sequences(text: str) -> NDArray[np.uint64]:
    """Every run of four letters inside a word, its borders being letters too, as numbers."""
    folded = text.lower()
    if not folded.isascii():
        folded = unicodedata.normalize("NFKD", folded)
        folded = "".join(letter for letter in folded if not unicodedata.combining(letter))
    words = _BETWEEN_WORDS.sub(_BORDER, f" {folded} ")
    letters = np.frombuffer(words.encode("utf-32-le", "replace"), dtype=np.uint32)
    if len(letters) < LETTERS:
        return np.empty(0, dtype=np.uint64)
    windows = np.lib.stride_tricks.sliding_window_view(letters.astype(np.uint64), LETTERS)
    # A window over a border between two words is no sequence of either.
    inside = (windows[:, 1:-1] != ord(_BORDER)).all(axis=1)
    mixed = np.zeros(int(inside.sum()), dtype=np.uint64)
    for column in windows[inside].T:
        mixed = (mixed ^ column) * _MIX
    return mixed
