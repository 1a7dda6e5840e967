"""Ranking by spelling: BM25 over the letter sequences of words, whatever the language.

Sequences of four letters match inflected and compound words without a stemmer or a dictionary of
the language ("Leistungsfähigkeit" shares most of its own with "leistungsfähig"): McNamee and
Mayfield, Character N-Gram Tokenization for European Language Text Retrieval, 2004. They are
counted over a few hundred candidates at question time, so no index has to hold them.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from functools import cache

import numpy as np
from numpy.typing import NDArray

from rag.scripts import is_dense

LETTERS = 4
LETTERS_OF_DENSE = 2  # where a character tells as much as a word's stem: Han and Katakana
K1, B = 1.2, 0.75  # as for words
_BORDER = ord("_")
_BETWEEN_TEXTS = "\x00"
_SIEVE = np.uint64(1 << 14)  # most sequences are told apart by their last bits
_PLANE = 0x10000  # letters beyond the first plane are taken as they are
# Code points have 21 bits, so four of them do not fit 64; they are mixed instead.
_MIX = np.uint64(0x9E3779B97F4A7C15)

Numbers = NDArray[np.uint64]


def spelling_scores(question: str, texts: Sequence[str]) -> list[float]:
    """The BM25 score of each text for the letter sequences of the question, 0 for none in common.

    How rare a sequence is, is taken from these texts themselves.
    """
    wanted = np.unique(sequences(question))
    if not len(wanted) or not texts:
        return [0.0] * len(texts)
    found, owners = _sequences(texts)
    lengths = np.bincount(owners, minlength=len(texts)).astype(np.float64)
    sieve = np.zeros(_SIEVE, dtype=bool)
    sieve[wanted % _SIEVE] = True
    maybe = np.flatnonzero(sieve[found % _SIEVE])
    places = np.searchsorted(wanted, found[maybe])
    places[places == len(wanted)] = 0
    hit = wanted[places] == found[maybe]
    cells = owners[maybe[hit]] * len(wanted) + places[hit]
    counts = np.bincount(cells, minlength=len(texts) * len(wanted)).reshape(len(texts), -1)
    frequency = (counts > 0).sum(axis=0)
    rarity = np.log1p((len(texts) - frequency + 0.5) / (frequency + 0.5))
    relative = lengths / max(lengths.mean(), 1.0)
    weights = counts * (K1 + 1) / (counts + K1 * (1 - B + B * relative[:, None]))
    return [float(score) for score in weights @ rarity]


def sequences(text: str) -> Numbers:
    """Every run of four letters inside a word, its borders being letters too, as numbers."""
    return _sequences([text])[0]


def _sequences(texts: Sequence[str]) -> tuple[Numbers, NDArray[np.int64]]:
    """The runs of all texts at once, and the position of the text that each is from."""
    ends = _BETWEEN_TEXTS
    folded = "".join(f"{ends} {text.replace(ends, ' ')} " for text in texts).lower()
    if not folded.isascii():
        folded = unicodedata.normalize("NFKD", folded)
    letters = np.frombuffer(folded.encode("utf-32-le", "replace"), dtype=np.uint32)
    kinds = _kinds()[np.minimum(letters, _PLANE)]
    owners = np.cumsum(letters == 0) - 1
    kept = kinds != _COMBINING
    letters = np.where(kinds == _BETWEEN, _BORDER, letters)[kept].astype(np.uint64)
    owners = owners[kept]
    if len(letters) < LETTERS:
        return np.empty(0, dtype=np.uint64), np.empty(0, dtype=np.int64)
    dense = (kinds == _DENSE)[kept]
    # A window over a border between two words is no sequence of either.
    inside = (letters[1:-2] != _BORDER) & (letters[2:-1] != _BORDER)
    fours = np.flatnonzero(inside & ~dense[1:-2] & ~dense[2:-1])
    pairs = np.flatnonzero(dense[:-1] & dense[1:])
    runs = [(fours, LETTERS), (pairs, LETTERS_OF_DENSE)]
    mixed = [_mixed(letters, starts, length) for starts, length in runs]
    return np.concatenate(mixed), owners[np.concatenate([fours, pairs])]


def _mixed(letters: Numbers, starts: NDArray[np.int64], length: int) -> Numbers:
    """The runs of so many letters that begin at some places, each as a number."""
    mixed = np.zeros(len(starts), dtype=np.uint64)
    for column in range(length):
        mixed = (mixed ^ letters[starts + column]) * _MIX
    return mixed


_LETTER, _BETWEEN, _COMBINING, _DENSE = 0, 1, 2, 3


@cache
def _kinds() -> NDArray[np.uint8]:
    """What each character is: a letter or digit, something between words, an accent, a dense one.

    The vowel signs of Indian and other alphabets are letters.
    """
    kinds = np.zeros(_PLANE + 1, dtype=np.uint8)
    for code in range(_PLANE):
        character = chr(code)
        if unicodedata.combining(character):
            kinds[code] = _COMBINING
        elif is_dense(character):
            kinds[code] = _DENSE
        elif not character.isalnum() and not unicodedata.category(character).startswith("M"):
            kinds[code] = _BETWEEN
    return kinds
