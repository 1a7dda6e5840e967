"""How well the sentences of passages answer a question, and whether anything does."""

from __future__ import annotations

import math
import threading
from collections import Counter, OrderedDict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from rag.domain import Passage, Span
from rag.folding import flowing
from rag.protocols import Embedder, Vectors
from rag.sentences import split_sentences

REMEMBERED_SENTENCES = 20_000
LONGEST_SENTENCE = 1_000  # characters that are embedded of one
BIAS, SIMILARITY_WEIGHT, COVERAGE_WEIGHT = -6.0, 8.0, 4.0
Words = Callable[[str], Sequence[str]]
Rarity = Callable[[str], float]


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence of a passage, measured against the question.

    `similarity` is the cosine of the two; `coverage` the share of the question's words, by their
    rarity, that the sentence holds; `passage` the position of its passage.
    """

    passage: int
    span: Span
    similarity: float
    coverage: float


class SentenceScorer:
    """Measures sentences with an embedder that costs nothing; remembers their vectors."""

    def __init__(self, embedder: Embedder, words: Words) -> None:
        """Take the embedder, and what splits a text into words as they are indexed."""
        self._embedder = embedder
        self._words = words
        self._lock = threading.Lock()
        self._vectors: OrderedDict[str, Vectors] = OrderedDict()

    def score(
        self, question: str, passages: Sequence[Passage], rarity: Rarity | None = None
    ) -> list[Sentence]:
        """Every sentence of the passages, in order.

        Args:
            question: as it is searched.
            passages: where the sentences are.
            rarity: the weight of a word; by default how rare it is among these sentences.
        """
        places = [
            (position, span)
            for position, passage in enumerate(passages)
            for span in split_sentences(passage.text)
        ]
        if not places:
            return []
        texts = [flowing(passages[at].text[span.start : span.end]) for at, span in places]
        found = [set(self._words(text)) for text in texts]
        similarities = self._embed(texts) @ self._embedder.embed([question])[0]
        if rarity is None:
            rarity = _rarity_among(found)
        weights = {word: rarity(word) for word in self._words(question)}
        total = sum(weights.values()) or 1.0
        return [
            Sentence(at, span, float(similarity), _sum(weights, words) / total)
            for (at, span), words, similarity in zip(places, found, similarities, strict=True)
        ]

    def _embed(self, texts: Sequence[str]) -> Vectors:
        texts = [text[:LONGEST_SENTENCE] for text in texts]
        with self._lock:
            known = {text: self._vectors[text] for text in texts if text in self._vectors}
        missing = list(dict.fromkeys(text for text in texts if text not in known))
        if missing:
            known |= dict(zip(missing, self._embedder.embed(missing), strict=True))
        with self._lock:
            for text, vector in known.items():
                self._vectors[text] = vector
                self._vectors.move_to_end(text)
            while len(self._vectors) > REMEMBERED_SENTENCES:
                self._vectors.popitem(last=False)
        return np.stack([known[text] for text in texts])


def _sum(weights: Mapping[str, float], words: Collection[str]) -> float:
    return sum(weight for word, weight in weights.items() if word in words)


def _rarity_among(sentences: Sequence[Collection[str]]) -> Rarity:
    frequency = Counter(word for words in sentences for word in words)
    return lambda word: rarity(frequency[word], len(sentences))


def rarity(frequency: int, chunks: int) -> float:
    """The inverse document frequency of a word, as in BM25 (Robertson and Sparck Jones)."""
    return math.log(1 + (chunks - frequency + 0.5) / (frequency + 0.5))


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the best sentences promise: `probability` that the answer is among them, 0 to 1."""

    probability: float
    similarity: float
    coverage: float


def weigh(sentences: Sequence[Sentence]) -> Evidence:
    """Weigh the measured sentences of the best passages."""
    if not sentences:
        return Evidence(0.0, 0.0, 0.0)
    similarity = max(sentence.similarity for sentence in sentences)
    coverage = max(sentence.coverage for sentence in sentences)
    score = BIAS + SIMILARITY_WEIGHT * similarity + COVERAGE_WEIGHT * coverage
    return Evidence(1 / (1 + math.exp(-score)), similarity, coverage)
