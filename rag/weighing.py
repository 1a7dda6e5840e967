"""How much the best passages promise to answer a question."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from rag.calibration import FEW_CHUNKS, Calibrations
from rag.domain import Passage
from rag.evidence import Evidence, SentenceScorer, rarity, weigh
from rag.exact import telling_numbers
from rag.expectation import can_judge
from rag.folding import flowing, unaccented
from rag.fusion import TITLE
from rag.headed_rows import BORDER
from rag.identifiers import lacking, names
from rag.languages import SMALL_WORDS, Language
from rag.mentions import strange_names
from rag.periods import periods_of
from rag.scripts import is_grammar
from rag.spelled import as_written
from rag.store.catalog import Catalog
from rag.store.indexes import LibraryIndex
from rag.store.lexical import MOST_WITH_CODE, LexicalIndex
from rag.store.words import Words
from rag.vocabulary import Vocabulary
from rag.wording import LANGUAGES

NAMED = 0.5  # from how far on a document counts as the one that the question names
ELSEWHERE = 0.25  # what a name counts that the library has, but not the passages
TELLING_LETTERS = 5
GRAMMAR = 0.2  # what a pair of letters counts that only writes endings and particles, in Japanese
SHARE_OF_REST = 0.25
SHORTEST_OF_REST = 3
_SMALL = frozenset(
    word
    for words in (*SMALL_WORDS.values(), *(wording.function for wording in LANGUAGES))
    for word in words
)
_IGNORED = re.compile(r"(?i)[fc]y\d*|[qh][1-4].*|usd|\d.*")


class Weigher:
    """Measures the sentences of passages against a question in the measures of a library."""

    def __init__(self, catalog: Catalog, scorer: SentenceScorer, vocabulary: Vocabulary) -> None:
        """Take what holds the chunks, what measures sentences, and the words that mean others."""
        self._scorer = scorer
        self._vocabulary = vocabulary
        self._words = Words()
        self._calibrations = Calibrations(catalog)

    def weighed(
        self, question: str, also: Sequence[str], read: Sequence[Passage], index: LibraryIndex
    ) -> Evidence:
        """Whether the best passages answer a question in one piece.

        They may answer it in the words that documents have for it, if they speak of the rest too:
        the cost of sales of one company does not answer for the gross margin of another.

        Args:
            question: as it is searched.
            also: the phrases it was searched for besides.
            read: the passages, best first.
            index: of the library they are from.
        """
        question = as_written(question, _read(read))
        evidence = self._evidence(question, read, index)
        if not also or self._asks_more(question, read, index.words):
            return evidence
        said = self._evidence(" ".join(also), read, index)
        if said.score <= evidence.score:
            return evidence
        return Evidence(said.score, evidence.missing, evidence.judged)

    def _asks_more(self, question: str, read: Sequence[Passage], index: LexicalIndex) -> bool:
        """Whether the rest of a question, beside what the phrases stand for, is not spoken of.

        So it is where it has a name that the passages and their documents have not, a word that the
        library has not, or hardly anything of what tells is held.
        """
        texts = _read(read)
        rest = self._vocabulary.rest(question)
        plain = " ".join(rest).casefold()
        if any(name in plain for name in strange_names(question, " ".join(texts))):
            return True
        language = index.language_of(question)
        held = {word for text in texts for word in self._words(flowing(text), language)}
        told_apart = [text for text in rest if not {text.casefold(), unaccented(text)} & _SMALL]
        asked = " ".join(text for text in told_apart if not _IGNORED.fullmatch(text))
        total = told = 0.0
        for word in {
            word for word in self._words(asked, language) if len(word) >= SHORTEST_OF_REST
        }:
            frequency = index.document_frequency(word)
            if not frequency and word not in held:
                return True
            weight = rarity(frequency, len(index))
            total += weight
            told += weight * (word in held)
        return told < SHARE_OF_REST * total

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
        coded = _holds_code(question, read, index.words)
        unheard = self._unheard(question, read, index.words)
        return weigh(sentences, missing, judged=judged, named=named, coded=coded, unheard=unheard)

    def _unheard(self, question: str, read: Sequence[Passage], index: LexicalIndex) -> float:
        """How far a question names what is not spoken of: 1 for a name that the library never has.

        Of XQuAD's questions 4 % have a name that the passages of their answer do not, and half of
        those whose article is missing. German is not read: it writes every noun like a name.
        """
        language = index.language_of(question)
        if language is Language.GERMAN:
            return 0.0
        text = " ".join([*_read(read), *_column_names(read)])
        strange = strange_names(question, text, acronyms=False)
        years = {period for period in periods_of(question) if period.isdigit()}
        if not strange and years <= set(periods_of(text)):
            return 0.0
        nowhere = any(
            not any(map(index.document_frequency, self._words(name, language)))
            and not index.resembles(name)
            for name in strange
        )
        return 1.0 if nowhere else ELSEWHERE


def _holds_code(question: str, read: Sequence[Passage], index: LexicalIndex) -> bool:
    """Whether the passages, and no title of theirs, hold a rare code of the question."""
    titles = [f"{it.document.title} {Path(it.document.name).stem}" for it in read]
    held = {number for it in read for number in telling_numbers(it.text)}
    if any(
        number in held and 0 < len(index.chunks_with(number)) <= MOST_WITH_CODE
        for number in telling_numbers(question)
    ):
        return True
    return any(
        code in lacking(question, titles) and 0 < len(index.chunks_with(code)) <= MOST_WITH_CODE
        for code in names(question) - lacking(question, [it.text for it in read])
    )


def _read(passages: Sequence[Passage]) -> list[str]:
    """What passages and their documents say."""
    return [f"{it.document.title} {Path(it.document.name).stem} {it.text}" for it in passages]


def _column_names(passages: Sequence[Passage]) -> list[str]:
    """The heads of the tables that passages are rows of, where those stand before them."""
    return [heading for it in passages for heading in it.heading[-1:] if BORDER in heading]


def _weight(word: str, index: LexicalIndex) -> float:
    """How much a word of a question tells: by its rarity and, if it has few letters, less.

    The small words of a language are rare in a library that is mostly in another.
    """
    letters = 1.0 if word[0].isdigit() else min(1.0, len(word) / TELLING_LETTERS)
    letters *= GRAMMAR if is_grammar(word) else 1.0
    frequency, chunks = index.document_frequency(word), len(index)
    known = 1.0 if frequency else chunks / (chunks + FEW_CHUNKS)
    return letters * known * rarity(frequency, chunks)
