"""How well the sentences of passages answer a question, and whether anything does."""

from __future__ import annotations

import math
import threading
from collections import Counter, OrderedDict
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rag.asked_rows import asked_rows
from rag.calibration import LetterRarity, letter_rarity
from rag.domain import Passage, Span
from rag.folding import flowing
from rag.headed_rows import BORDER
from rag.languages import Language, detect
from rag.markers import is_fence
from rag.pipe_rows import is_rule
from rag.protocols import Embedder, Vectors
from rag.row_spans import sentences_of
from rag.scripts import is_without_words
from rag.sentences import split_sentences
from rag.shares import Place, Shares, going_on_from, heads_of_none, spelled_shares, subjects_of
from rag.table_lines import heads_among, table_rows

REMEMBERED_SENTENCES = 20_000
USUAL_BAR = 0.05  # what is below it counts as not answered by the documents; see `Evidence`
LANGUAGE_CHARACTERS = 600  # of a passage that tell its language
FEWEST_RUNNING = 4  # words of a cell that tell a language: those of names tell a wrong one
UNREAD = 0.75  # the similarity taken for sentences of a script that the embedder was not taught
LONGEST_SENTENCE = 1_000  # characters that are embedded of one
Words = Callable[[str, Language], Sequence[str]]
Rarity = Callable[[str], float]


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence of a passage, measured against the question.

    `similarity` is the cosine of the two. Three shares of the question's words, by their rarity:
    `coverage` is held by the sentence, `context` by it with the one before (a row of a table: with
    its head, wherever it stands, if it is asked for), `around` by its whole passage. `named` says
    that it has an identifier of the question, `contradicted` that it speaks of a sibling of one.
    `passage` is the position of its passage. `spelled_context` and `spelled_around` are shares like
    `context` and `around`, of the question's letter sequences. `words` are those of the question
    that it holds, as indexed. `asked` says that it is the row of a table that the question asks
    for.
    """

    passage: int
    span: Span
    similarity: float
    coverage: float
    context: float
    around: float
    named: bool = False
    contradicted: bool = False
    spelled_context: float = 0.0
    spelled_around: float = 0.0
    words: frozenset[str] = frozenset()
    asked: bool = False


class SentenceScorer:
    """Measures sentences with an embedder that costs nothing; remembers their vectors."""

    def __init__(self, embedder: Embedder, words: Words) -> None:
        """Take the embedder, and what splits a text into words as they are indexed."""
        self._embedder = embedder
        self._words = words
        self._lock = threading.Lock()
        self._vectors: OrderedDict[str, Vectors] = OrderedDict()

    def score(
        self,
        question: str,
        passages: Sequence[Passage],
        rarity: Rarity | None = None,
        letters: LetterRarity | None = None,
    ) -> list[Sentence]:
        """Every sentence of the passages, in order.

        Args:
            question: as it is searched.
            passages: where the sentences are.
            rarity: the weight of a word; by default how rare it is among these sentences.
            letters: the weights of letter sequences; by default as rare as in these passages.
        """
        places = [
            Place(position, span)
            for position, passage in enumerate(passages)
            for span in sentences_of(passage)
            if not _is_bare(passage.text[span.start : span.end])
        ]
        if not places:
            return []
        texts = [flowing(passages[at].text[span.start : span.end]) for at, span in places]
        language = _language_of(question, passages)
        found = [set(self._words(text, language)) for text in texts]
        similarities = self._similarities(question, texts)
        if rarity is None:
            rarity = _rarity_among(found)
        weights = {word: rarity(word) for word in self._words(question, language)}
        heads = heads_among(places, passages)
        before = going_on_from(places, heads)
        rows = table_rows(places, passages, heads)
        asked = asked_rows(question, rows, lambda text: self._words(text, language), language)
        headed = {at: set(self._words(" ".join(rows[at].heads), language)) for at in asked.rows}
        shares = Shares(weights, places, found, before, headed)
        subjects = subjects_of(question, places, texts)
        others = asked.siblings | heads_of_none(rows, asked.siblings)
        letters = letters or letter_rarity([passage.text for passage in passages])
        spelled = spelled_shares(question, places, texts, letters, before)
        return [
            Sentence(
                at,
                span,
                float(similarity),
                *shares.of(position),
                subjects[position][0],
                position in others or (subjects[position][1] and position not in asked.rows),
                *spelled[position],
                frozenset(weights.keys() & found[position]),
                position in asked.rows,
            )
            for position, ((at, span), similarity) in enumerate(
                zip(places, similarities, strict=True)
            )
        ]

    def best(self, question: str, texts: Sequence[str]) -> list[float]:
        """The cosine of the question and the best sentence of each text; 0 for one without any."""
        sentences = [
            (position, flowing(text[span.start : span.end]))
            for position, text in enumerate(texts)
            for span in split_sentences(text)
        ]
        best = [0.0] * len(texts)
        if sentences:
            vectors = self._embed([sentence for _, sentence in sentences])
            similarities = vectors @ self._embedder.embed([question])[0]
            for (position, _), similarity in zip(sentences, similarities, strict=True):
                best[position] = max(best[position], float(similarity))
        return best

    def nearest(self, claim: str, texts: Sequence[str]) -> tuple[int, float]:
        """The position of the text nearest in meaning to a claim, and the cosine of the two."""
        similarities = self._embed(texts) @ self._embedder.embed([claim])[0]
        position = int(similarities.argmax())
        return position, float(similarities[position])

    def _similarities(self, question: str, texts: Sequence[str]) -> NDArray[np.float32]:
        if is_without_words(question):
            return np.full(len(texts), UNREAD, dtype=np.float32)
        similarities: NDArray[np.float32] = self._embed(texts) @ self._embedder.embed([question])[0]
        return similarities

    def vectors(self, texts: Sequence[str]) -> Vectors:
        """The unit vectors of some sentences or short texts, in their order; one at least."""
        return self._embed(texts)

    def fluency(self, text: str) -> float:
        """How well the embedder behind it knows the language of a text, 0 to 1."""
        return self._embedder.fluency(text)

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


def _is_bare(line: str) -> bool:
    """Whether a line says nothing: a rule between rows, or the fence of code."""
    return is_rule(line) or is_fence(line)


def _language_of(question: str, passages: Sequence[Passage]) -> Language:
    """The language in which a question and the best passages are compared word by word."""
    heads = (passage.text[:LANGUAGE_CHARACTERS] for passage in passages[:2])
    told = (line for head in heads for line in head.splitlines())
    running = (cell for line in told for cell in _running(line))
    return detect(" ".join([*running, question])) or Language.ENGLISH


def _running(line: str) -> list[str]:
    """What of a line is running text: of a row of a table only long cells, and no names."""
    cells = line.split(BORDER)
    return cells if len(cells) == 1 else [c for c in cells if len(c.split()) >= FEWEST_RUNNING]


def _rarity_among(sentences: Sequence[Collection[str]]) -> Rarity:
    frequency = Counter(word for words in sentences for word in words)
    return lambda word: rarity(frequency[word], len(sentences))


def rarity(frequency: int, chunks: int) -> float:
    """The inverse document frequency of a word, as in BM25 (Robertson and Sparck Jones)."""
    return math.log(1 + (chunks - frequency + 0.5) / (frequency + 0.5))


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the best sentences promise.

    Of the questions that the passages of a library answer, about the share `score` looks worse than
    this one: a bar at 0.05 refuses one in twenty of them. `judged` is false where this cannot tell,
    because the question is in another language than the passages, about a document as a whole, or
    about what a document is named for.
    """

    score: float
    missing: frozenset[str] = frozenset()
    judged: bool = True

    def is_below(self, bar: float, *, instructable: bool) -> bool:
        """Whether to refuse.

        A model that can say no itself is asked where this cannot tell, and stopped only far below
        the bar: what it refuses wrongly costs more than what it refuses itself.
        """
        if instructable:
            return self.judged and self.score < bar * MODEL_SHARE
        return self.score < bar


# A logistic regression, fitted on the English XQuAD with articles and single paragraphs left out.
# With 5 % of the answerable refused it refuses, of the questions on missing articles and on missing
# paragraphs, 98 and 80 % in English, 92 and 63 % in German, 92 and 70 % in Spanish; the English
# figures are of articles that it was not fitted on.
BIAS, BOTH, TOGETHER, WORDS_AHEAD, MEANING_AHEAD = -6.9, 9.4, 1.6, 2.4, 4.9
# How far the first of fewer than four passages is taken to stand out, in words and in meaning.
USUALLY_AHEAD = (0.6, 0.22)
BESIDE = 4  # the best passage is compared with the fourth
# What is lost, in log odds, where the passages never name what the question names.
MISSING_NAME = 3.0
# What is gained where the question names the document: questions over company filings are further
# from the words of their pages than those of XQuAD.
NAMED_DOCUMENT = 1.5
# What is gained where the passages hold a rare code of the question, as "E-07".
HELD_CODE = 2.0
# What is gained where a row of a table is asked for by all that the question says.
ASKED_ROW = 4.0
# A model that can say no itself is stopped at this share of the bar.
MODEL_SHARE = 0.1
# The share of XQuAD's answerable questions, of all three languages alike, with lower log odds.
WORSE_ODDS = (-8.0, -4.15, -2.88, -1.53, -0.7, 0.54, 1.96, 3.26, 5.56, 7.66, 11.6)
WORSE_SHARE = (0.0, 0.001, 0.01, 0.05, 0.1, 0.2, 0.35, 0.5, 0.75, 0.9, 1.0)


def weigh(
    sentences: Sequence[Sentence],
    missing: frozenset[str],
    *,
    judged: bool = True,
    named: float = 0.0,
    coded: bool = False,
    unheard: float = 0.0,
) -> Evidence:
    """Weigh the measured sentences of the best passages.

    Args:
        sentences: see `SentenceScorer.score`.
        missing: the identifiers of the question that no passage has.
        judged: whether words and meaning can tell at all; see `Evidence`.
        named: how far the question names the document of the best passage, from 0 to 1.
        coded: whether the passages hold a rare code that the question asks about.
        unheard: 1 where the question names what the library never does, less where only the
            passages do not.
    """
    fitting = [sentence for sentence in sentences if not sentence.contradicted]
    if not fitting:
        return Evidence(0.0, missing, judged)
    both = max(sentence.similarity * _context(sentence) for sentence in fitting)
    together = max(
        sentence.similarity + sentence.spelled_context + sentence.spelled_around
        for sentence in fitting
    )
    odds = BIAS + BOTH * both + TOGETHER * together - MISSING_NAME * bool(missing)
    odds += NAMED_DOCUMENT * named + HELD_CODE * coded - MISSING_NAME * unheard
    odds += WORDS_AHEAD * _ahead(fitting, lambda at: _context(at) + _around(at), USUALLY_AHEAD[0])
    odds += MEANING_AHEAD * _ahead(fitting, lambda at: at.similarity, USUALLY_AHEAD[1])
    odds += ASKED_ROW * any(sentence.asked for sentence in fitting)
    score = float(np.interp(odds, WORSE_ODDS, WORSE_SHARE))
    return Evidence(score, missing, judged)


def _context(sentence: Sentence) -> float:
    return (sentence.context + sentence.spelled_context) / 2


def _around(sentence: Sentence) -> float:
    return (sentence.around + sentence.spelled_around) / 2


def _ahead(
    sentences: Sequence[Sentence], measure: Callable[[Sentence], float], usual: float
) -> float:
    """How much better the best passage is than the fourth; the usual where there is none."""
    best: dict[int, float] = {}
    for sentence in sentences:
        best[sentence.passage] = max(best.get(sentence.passage, 0.0), measure(sentence))
    ranked = sorted(best.values(), reverse=True)
    return ranked[0] - ranked[BESIDE - 1] if len(ranked) >= BESIDE else usual
