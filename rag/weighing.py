"""How much the best passages promise to answer a question."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rag.calibration import FEW_CHUNKS, Calibrations
from rag.domain import Passage
from rag.evidence import Evidence, SentenceScorer, rarity, weigh
from rag.expectation import can_judge
from rag.fusion import TITLE
from rag.identifiers import lacking
from rag.mentions import strange_names
from rag.store.catalog import Catalog
from rag.store.indexes import LibraryIndex
from rag.store.lexical import LexicalIndex
from rag.vocabulary import Vocabulary

NAMED = 0.5  # from how far on a document counts as the one that the question names
TELLING_LETTERS = 5


class Weigher:
    """Measures the sentences of passages against a question in the measures of a library."""

    def __init__(self, catalog: Catalog, scorer: SentenceScorer, vocabulary: Vocabulary) -> None:
        """Take what holds the chunks, what measures sentences, and the words that mean others."""
        self._scorer = scorer
        self._vocabulary = vocabulary
        self._calibrations = Calibrations(catalog)

    def weighed(
        self, question: str, also: Sequence[str], read: Sequence[Passage], index: LibraryIndex
    ) -> Evidence:
        """Whether the best passages answer a question in one piece.

        They may answer it in the words that documents have for it, if they speak of what it names:
        the cost of sales of one company does not answer for the gross margin of another. (With it
        13 and without it 50 % of answerable questions over company filings are below the usual bar;
        with the right filing taken out, 76 % are either way.)

        Args:
            question: as it is searched.
            also: the phrases it was searched for besides.
            read: the passages, best first.
            index: of the library they are from.
        """
        evidence = self._evidence(question, read, index)
        if not also or self._names_others(question, read):
            return evidence
        said = self._evidence(" ".join(also), read, index)
        if said.score <= evidence.score:
            return evidence
        return Evidence(said.score, evidence.missing, evidence.judged)

    def _names_others(self, question: str, read: Sequence[Passage]) -> bool:
        """Whether a question names what the passages and their documents do not."""
        strange = strange_names(question, " ".join(_read(read)))
        return any(not self._vocabulary.has(name) for name in strange)

    def _evidence(self, question: str, read: Sequence[Passage], index: LibraryIndex) -> Evidence:
        letters = self._calibrations.of(
            index.library, lambda: index.ranges_of(index.chunks_by_document)
        )
        sentences = self._scorer.score(
            question, read, lambda word: _weight(word, index.words), letters
        )
        missing = lacking(question, _read(read))
        first = read[0].reasons if read else None
        named = first.title / TITLE if first else 0.0
        judged = named < NAMED and can_judge(question, read, self._scorer.fluency)
        return weigh(sentences, missing, judged=judged, named=named)


def _read(passages: Sequence[Passage]) -> list[str]:
    """What passages and their documents say."""
    return [f"{it.document.title} {Path(it.document.name).stem} {it.text}" for it in passages]


def _weight(word: str, index: LexicalIndex) -> float:
    """How much a word of a question tells: by its rarity and, if it has few letters, less.

    The small words of a language are rare in a library that is mostly in another.
    """
    letters = 1.0 if word[0].isdigit() else min(1.0, len(word) / TELLING_LETTERS)
    frequency, chunks = index.document_frequency(word), len(index)
    known = 1.0 if frequency else chunks / (chunks + FEW_CHUNKS)
    return letters * known * rarity(frequency, chunks)
