"""From a question to the passages that may answer it, and how much they promise."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import zip_longest
from statistics import median

import numpy as np

from rag.domain import Page, Passage, Reasons, Scope
from rag.errors import EmbeddingMismatchError, QuestionError
from rag.evidence import Evidence, SentenceScorer
from rag.folding import encodable
from rag.fusion import Found, Weights, fuse, rough, total, weights
from rag.joining import Repeats, grow
from rag.mentions import Mentions
from rag.protocols import Embedder, Reranker, Vectors
from rag.registries import Registries
from rag.reranking import RERANKED, reranked
from rag.spelling import spelling_scores
from rag.store.catalog import Catalog
from rag.store.indexes import Indexes, LibraryIndex
from rag.store.lexical import LexicalIndex, Words
from rag.store.places import ChunkedPage, Place, PlacedChunk
from rag.store.rows import StoredChunk
from rag.vocabulary import Vocabulary
from rag.weighing import Weigher

CANDIDATES = 100  # of each kind of search
LOADED = 40  # of them, whose texts are read and compared by spelling
LOADED_FOR_EACH = 3  # passage that is wanted, where that is more
REFINED = 16  # of those, whose sentences are compared one by one
SENTENCE = 0.5  # what the best sentence counts beside the whole chunk
SAID = 0.4  # what the way documents put a question counts beside the question, in meaning
NAMED = 0.5  # how far a document is preferred that is searched on its own as well
LONGEST_QUESTION = 8_000  # characters
WEIGHED_PASSAGES = 5

Hit = tuple[StoredChunk, Reasons]


@dataclass(frozen=True, slots=True)
class Retrieval:
    """Passages, best first, and the evidence that the answer is among them.

    `notice` is a sentence for the user on how they were found, empty when there is nothing to say.
    """

    passages: tuple[Passage, ...]
    evidence: Evidence
    notice: str = ""


@dataclass(frozen=True, slots=True)
class Candidates:
    """Chunks that were found for a question, with what each kind of search said of them.

    `rest` is the question without the names of documents.
    """

    rest: str
    chunks: Sequence[StoredChunk]
    found: Found
    counts: Weights

    @property
    def hits(self) -> list[Hit]:
        """The chunks, best first."""
        return _sorted(self.chunks, fuse(self.found, self.counts))

    def refined(self, best: Sequence[float]) -> list[Hit]:
        """The chunks, best first, with the similarities of best sentences worked in.

        `best` has that of each of the first hits. The mean of a paragraph's and its best
        sentence's similarity finds more than either alone (SQuAD: 73 against 63 and 70 % at rank
        1). What counts is how much better the best sentence of one fits than those of the others.
        """
        by_meaning, hits = self.found.meaning, self.hits[: len(best)]
        if not best or not by_meaning:
            return self.hits
        least = min(by_meaning.values())
        whole = [by_meaning.get(chunk.id, least) for chunk, _ in hits]
        usual = median(ours - all_ for ours, all_ in zip(best, whole, strict=True))
        lifted = {
            chunk.id: all_ + SENTENCE * (ours - all_ - usual)
            for (chunk, _), ours, all_ in zip(hits, best, whole, strict=True)
        }
        found = replace(self.found, meaning={**by_meaning, **lifted})
        return _sorted(self.chunks, fuse(found, self.counts))


class Retriever:
    """Searches a scope by words and by meaning."""

    def __init__(
        self,
        catalog: Catalog,
        indexes: Indexes,
        embedder: Embedder,
        scorer: SentenceScorer,
        vocabulary: Vocabulary,
        *,
        reranker: Reranker | None = None,
    ) -> None:
        self._catalog = catalog
        self._indexes = indexes
        self._embedder = embedder
        self._scorer = scorer
        self._vocabulary = vocabulary
        self._reranker = reranker
        self._registries = Registries(catalog)
        self._words = Words()
        self._weigher = Weigher(catalog, scorer, vocabulary)

    def search(
        self,
        question: str,
        scope: Scope,
        k: int,
        parts: Sequence[str] = (),
        *,
        widen: bool = True,
    ) -> tuple[Passage, ...]:
        """The `k` best passages for a question, best first; no two of them overlap.

        A question taken apart is searched as a whole and by each of its `parts`, whose passages
        take turns. Where it may `widen`, it is searched by what `also` gives for it, too.

        Raises:
            QuestionError: it is empty, or too long.
            NotFoundError: the library was deleted.
            EmbeddingMismatchError: it was embedded with another model.
            ProviderError: the embedder's server failed.
        """
        return self._search(question, scope, k, parts, widen)[0]

    def retrieve(
        self,
        question: str,
        scope: Scope,
        k: int,
        parts: Sequence[str] = (),
        *,
        widen: bool = True,
    ) -> Retrieval:
        """Search, and weigh whether what was found answers the question. Raises as `search`."""
        question = checked_question(question)
        passages, notice = self._search(question, scope, k, parts, widen)
        read = passages[:WEIGHED_PASSAGES]
        index = self._index(scope)
        evidence = [
            self._weigher.weighed(asked, self.also(asked) if widen else (), read, index)
            for asked in (question, *map(checked_question, parts))
        ]
        return Retrieval(passages, max(evidence, key=lambda found: found.score), notice)

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

    def _search(
        self, question: str, scope: Scope, k: int, parts: Sequence[str], widen: bool
    ) -> tuple[tuple[Passage, ...], str]:
        """The passages, and a notice on how they were found."""
        questions = list(dict.fromkeys(checked_question(text) for text in [question, *parts]))
        index = self._index(scope)
        rankings: list[list[Hit]] = []
        notice = ""
        for asked in questions:
            also = self.also(asked) if widen else ()
            hits = self._ranked(asked, also, index, scope, max(LOADED, LOADED_FOR_EACH * k))
            read = [_as_read(chunk) for chunk, _ in hits[:RERANKED]]
            order = reranked(asked, [(hit, total(hit[1])) for hit in hits], read, self._reranker)
            rankings.append([hit for hit, _ in order.hits])
            notice = notice or order.notice
        return self._joined(in_turns(rankings), scope, k), notice

    def _ranked(
        self, question: str, also: Sequence[str], index: LibraryIndex, scope: Scope, count: int
    ) -> list[Hit]:
        """The chunks found for a question in one piece, best first."""
        vector = self._embedded(question, also) if len(index.vectors) else None
        found = self._candidates(question, also, vector, index, scope, count)
        best = self._scorer.best(found.rest, [chunk.text for chunk, _ in found.hits[:REFINED]])
        return found.refined(best)

    def also(self, question: str) -> tuple[str, ...]:
        """The phrases that are searched for besides a question's own words; see `Vocabulary`."""
        return self._vocabulary.said(question)

    def _embedded(self, question: str, also: Sequence[str]) -> Vectors:
        """The vector of a question, drawn towards the way that documents put it."""
        texts = [question, ", ".join(also)] if also else [question]
        vectors = self._embedder.embed(texts)
        drawn: Vectors = (1 - SAID) * vectors[0] + SAID * vectors[-1]
        length: np.float32 = np.linalg.norm(drawn)
        return drawn / length if length else drawn

    def candidates(self, question: str, vector: Vectors | None, scope: Scope) -> Candidates:
        """What is found by words, by meaning and by name, fused, with its text.

        Args:
            question: as it is searched, in one piece.
            vector: the question's own, by the library's embedder; None to search by words alone.
            scope: where to look.
        """
        index = self._index(scope)
        question = checked_question(question)
        return self._candidates(question, self.also(question), vector, index, scope, LOADED)

    def _candidates(
        self,
        question: str,
        also: Sequence[str],
        vector: Vectors | None,
        index: LibraryIndex,
        scope: Scope,
        count: int,
    ) -> Candidates:
        language = index.words.language_of(question)
        mentions = self._registries.of(index.library).mentions(
            question, lambda text: _share_of_chunks(self._words(text, language), index.words)
        )
        said = " ".join([mentions.rest, *also])
        found = self._found(said, vector, mentions, index, scope)
        first = rough(found, weights(self._embedder.fluency(question)))
        best = sorted(first, key=lambda id_: (-first[id_], id_))[:count]
        chunks = self._catalog.chunks(best, scope)
        spelled = spelling_scores(said, [chunk.text for chunk in chunks])
        by_spelling = {chunk.id: score for chunk, score in zip(chunks, spelled, strict=True)}
        read = f"{question} {chunks[0].text}" if chunks else question
        counts = weights(self._embedder.fluency(read))
        return Candidates(mentions.rest, chunks, replace(found, spelling=by_spelling), counts)

    def _found(
        self,
        said: str,
        vector: Vectors | None,
        mentions: Mentions,
        index: LibraryIndex,
        scope: Scope,
    ) -> Found:
        """What the searches find: everywhere, and once more in the documents that are named.

        `said` are the words to search by, and `vector` has the meaning.
        """
        documents = scope.document_ids
        named = frozenset(id_ for id_, share in mentions.preferred.items() if share >= NAMED)
        if documents is not None:
            named &= documents
        places = [documents, named] if named and named != documents else [documents]
        words: dict[int, float] = {}
        meaning: dict[int, float] = {}
        for place in places:
            words |= dict(index.words.search(said, CANDIDATES, place))
            if vector is not None:
                allowed = None if place is None else index.ranges_of(place)
                meaning |= dict(index.vectors.search(vector, CANDIDATES, allowed))
        title = {
            id_: share
            for id_ in (words.keys() | meaning.keys() if mentions.preferred else ())
            if (share := mentions.preferred.get(index.document_of(id_), 0.0))
        }
        return Found(words, meaning, {}, title)

    def _joined(self, hits: Sequence[Hit], scope: Scope, k: int) -> tuple[Passage, ...]:
        """The first `k` passages; a hit that is in one already, or says the same, makes none."""
        passages: list[Passage] = []
        taken: set[int] = set()
        repeats = Repeats()
        read: dict[Place, ChunkedPage] = {}
        for position, (hit, reasons) in enumerate(hits):
            if len(passages) == k:
                break
            if hit.id in taken:
                continue
            if _place(hit) not in read:
                following = {_place(other) for other, _ in hits[position : position + k]}
                read |= self._catalog.chunked_pages([*(following - read.keys())], scope)
            page = read.get(_place(hit))  # none when its document was removed meanwhile
            run = grow(hit.id, page.chunks, taken) if page else []
            if page and run and not repeats.holds(hit.text):
                taken |= {chunk.id for chunk in run}
                # What was reranked, or took its turn with other parts, still falls.
                score = min([total(reasons), *(before.score for before in passages[-1:])])
                passages.append(replace(_passage(hit, page.page, run, reasons), score=score))
        return tuple(passages)


def _as_read(chunk: StoredChunk) -> str:
    """A chunk as a reranker reads it: under its title and headings."""
    return "\n".join([" · ".join([chunk.document.title, *chunk.chunk.heading]), chunk.text])


def _place(hit: StoredChunk) -> Place:
    return hit.document.id, hit.chunk.page


def _passage(hit: StoredChunk, page: Page, run: Sequence[PlacedChunk], reasons: Reasons) -> Passage:
    start, end = run[0].chunk.start, run[-1].chunk.end
    return Passage(
        hit.document,
        page.number,
        page.label,
        start,
        end,
        page.text[start:end],
        hit.chunk.heading,
        total(reasons),
        (hit.id, *(chunk.id for chunk in run if chunk.id != hit.id)),
        page.offset,
        reasons,
    )


def in_turns(rankings: Sequence[Sequence[Hit]]) -> list[Hit]:
    """Several rankings as one: the best of each, then the second of each, none of them twice."""
    taken: dict[int, Hit] = {}
    for row in zip_longest(*rankings):
        for hit in row:
            if hit is not None:
                taken.setdefault(hit[0].id, hit)
    return list(taken.values())


def _sorted(chunks: Sequence[StoredChunk], scores: Mapping[int, Reasons]) -> list[Hit]:
    ranked = sorted(chunks, key=lambda chunk: (-total(scores[chunk.id]), chunk.id))
    return [(chunk, scores[chunk.id]) for chunk in ranked]


def _share_of_chunks(words: Sequence[str], index: LexicalIndex) -> float:
    """How common the rarest of these words is."""
    counts = [index.document_frequency(word) for word in words]
    return min(counts, default=0) / max(len(index), 1)


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
