"""From a question to the passages that may answer it, and how much they promise."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rag.domain import Passage, Scope
from rag.errors import EmbeddingMismatchError, NotFoundError, QuestionError
from rag.evidence import Evidence, SentenceScorer, rarity, weigh
from rag.folding import encodable
from rag.identifiers import names
from rag.protocols import Embedder
from rag.spelling import spelling_scores
from rag.store.catalog import Catalog
from rag.store.indexes import Indexes, LibraryIndex
from rag.store.lexical import LexicalIndex
from rag.store.rows import StoredChunk

CANDIDATES = 100  # of each kind of search
LONGEST_QUESTION = 8_000  # characters
NEIGHBOURS_TOKENS = 600  # a passage grows by neighbouring chunks up to this size
WEIGHED_PASSAGES = 5
TELLING_LETTERS = 5
# The share of meaning in the fused score; words and their spelling share the rest. Convex fusion
# of normalised scores (Bruch et al. 2023, arXiv:2210.11934) keeps how far the best stand out; ranks
# do not.
MEANING = 0.5
FOREIGN_MEANING = 0.2  # where the embedder does not know the language


@dataclass(frozen=True, slots=True)
class Retrieval:
    """Passages, best first, and the evidence that the answer is among them."""

    passages: tuple[Passage, ...]
    evidence: Evidence


class Retriever:
    """Searches a scope by words and by meaning."""

    def __init__(
        self, catalog: Catalog, indexes: Indexes, embedder: Embedder, scorer: SentenceScorer
    ) -> None:
        self._catalog = catalog
        self._indexes = indexes
        self._embedder = embedder
        self._scorer = scorer

    def search(self, question: str, scope: Scope, k: int) -> tuple[Passage, ...]:
        """The `k` best passages for a question, best first; no two of them overlap.

        Raises:
            QuestionError: it is empty, or too long.
            NotFoundError: the library was deleted.
            EmbeddingMismatchError: it was embedded with another model.
            ProviderError: the embedder's server failed.
        """
        question = checked_question(question)
        candidates = self._candidates(question, self._index(scope), scope)
        return self._joined(candidates, scope, k)

    def retrieve(self, question: str, scope: Scope, k: int) -> Retrieval:
        """Search, and weigh whether what was found answers the question. Raises as `search`."""
        question = checked_question(question)
        passages = self.search(question, scope, k)
        words = self._index(scope).words
        read = passages[:WEIGHED_PASSAGES]
        sentences = self._scorer.score(question, read, lambda word: self._weight(word, words))
        texts = [f"{passage.document.title} {passage.text}" for passage in read]
        missing = names(question).difference(*(names(text) for text in texts))
        fluency = self._scorer.fluency(" ".join([question, *texts[:1]]))
        return Retrieval(passages, weigh(sentences, fluency, missing))

    def _weight(self, word: str, index: LexicalIndex) -> float:
        """How much a word of a question tells: by its rarity and, if it has few letters, less.

        The small words of a language are rare in a library that is mostly in another.
        """
        letters = 1.0 if word[0].isdigit() else min(1.0, len(word) / TELLING_LETTERS)
        return letters * rarity(index.document_frequency(word), len(index))

    def nearest(self, claim: str, texts: Sequence[str]) -> tuple[int, float]:
        """The position of the text nearest in meaning to a claim, and the cosine of the two."""
        return self._scorer.nearest(claim, texts)

    def _index(self, scope: Scope) -> LibraryIndex:
        index = self._indexes.current(scope.library_id)
        library = index.library
        if library.embedding_model != self._embedder.model:
            raise EmbeddingMismatchError(
                f"The library {library.name!r} was embedded with {library.embedding_model}, and "
                f"{self._embedder.model} is in use now. Restart Tramontane."
            )
        return index

    def _candidates(
        self, question: str, index: LibraryIndex, scope: Scope
    ) -> list[tuple[StoredChunk, float]]:
        """What is found by words or by meaning, best first by both and by spelling."""
        documents = scope.document_ids
        allowed = None if documents is None else index.chunks_of(documents)
        by_words = dict(index.words.search(question, CANDIDATES, documents))
        by_meaning: dict[int, float] = {}
        if len(index.vectors):
            vector = self._embedder.embed([question])[0]
            by_meaning = dict(index.vectors.search(vector, CANDIDATES, allowed))
        chunks = self._catalog.chunks(list(by_words | by_meaning), scope)
        spelled = spelling_scores(question, [chunk.text for chunk in chunks])
        by_spelling = {chunk.id: score for chunk, score in zip(chunks, spelled, strict=True)}
        first = next((chunk.text for chunk in chunks), "")  # the best by words
        meaning = meaning_weight(self._embedder.fluency(f"{question} {first}"))
        scores = fuse(by_words, by_spelling, by_meaning, meaning)
        ranked = sorted(chunks, key=lambda chunk: (-scores[chunk.id], chunk.id))
        return [(chunk, scores[chunk.id]) for chunk in ranked]

    def _joined(
        self, hits: Sequence[tuple[StoredChunk, float]], scope: Scope, k: int
    ) -> tuple[Passage, ...]:
        passages: list[Passage] = []
        taken: set[int] = set()
        for hit, score in hits:
            if len(passages) == k:
                break
            if hit.id in taken:
                continue
            page = self._catalog.chunks_on_pages([(hit.document.id, hit.chunk.page)], scope)
            run = _grow(hit, page, taken)
            passage = self._passage(hit, run, score) if run else None
            if passage is not None:
                taken |= {chunk.id for chunk in run}
                passages.append(passage)
        return tuple(passages)

    def _passage(
        self, hit: StoredChunk, run: Sequence[StoredChunk], score: float
    ) -> Passage | None:
        """The passage of a run of chunks; None when its document was removed meanwhile."""
        start, end = run[0].chunk.start, run[-1].chunk.end
        try:
            page = self._catalog.page(hit.document.id, hit.chunk.page)
        except NotFoundError:
            return None
        ids = (hit.id, *(chunk.id for chunk in run if chunk.id != hit.id))
        return Passage(
            hit.document,
            hit.chunk.page,
            hit.label,
            start,
            end,
            page.text[start:end],
            hit.chunk.heading,
            score,
            ids,
            page.offset,
        )


def meaning_weight(fluency: float) -> float:
    """The share of meaning in a fused score, for how well the embedder knows the language."""
    return FOREIGN_MEANING + (MEANING - FOREIGN_MEANING) * fluency


def fuse(
    by_words: Mapping[int, float],
    by_spelling: Mapping[int, float],
    by_meaning: Mapping[int, float],
    meaning: float,
) -> dict[int, float]:
    """Add three kinds of scores, each stretched over 0 to 1; what one did not find has its 0.

    `meaning` is the share of the last; the other two have halves of the rest.
    """
    weighted = (
        (_stretched(by_words), (1 - meaning) / 2),
        (_stretched(by_spelling), (1 - meaning) / 2),
        (_stretched(by_meaning), meaning),
    )
    return {
        id_: sum(weight * scores.get(id_, 0.0) for scores, weight in weighted)
        for id_ in by_words.keys() | by_spelling.keys() | by_meaning.keys()
    }


def _stretched(scores: Mapping[int, float]) -> dict[int, float]:
    if not scores:
        return {}
    low, high = min(scores.values()), max(scores.values())
    width = high - low
    return {id_: (score - low) / width if width else 1.0 for id_, score in scores.items()}


def _grow(hit: StoredChunk, page: Sequence[StoredChunk], taken: set[int]) -> list[StoredChunk]:
    """The hit with its neighbours on the page, nearest first, until the passage is full."""
    position = next((n for n, chunk in enumerate(page) if chunk.id == hit.id), None)
    if position is None:  # removed since it was found
        return []
    first = last = position
    tokens = hit.chunk.tokens
    grown = True
    while grown:
        grown = False
        for neighbour in (last + 1, first - 1):
            if not 0 <= neighbour < len(page) or page[neighbour].id in taken:
                continue
            if tokens + page[neighbour].chunk.tokens > NEIGHBOURS_TOKENS:
                continue
            tokens += page[neighbour].chunk.tokens
            first, last = min(first, neighbour), max(last, neighbour)
            grown = True
    return list(page[first : last + 1])


def checked_question(question: str) -> str:
    """A question as it is searched.

    Raises:
        QuestionError: it is empty, or too long.
    """
    question = encodable(question).strip()
    if not question:
        raise QuestionError("The question is empty. Type one and send it again.")
    if len(question) > LONGEST_QUESTION:
        raise QuestionError(
            f"The question has {len(question):,} characters; {LONGEST_QUESTION:,} are read at "
            "most. Shorten it, or add the long text as a document."
        )
    return question
