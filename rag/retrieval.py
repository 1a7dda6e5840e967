"""From a question to the passages that may answer it, and how much they promise."""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from rag.accounts import Account, charged_to
from rag.bearing import bearing
from rag.candidates import Candidates, Hit, absent_phrases, holding_codes, in_turns
from rag.domain import Passage, Scope
from rag.errors import EmbeddingMismatchError, QuestionError
from rag.evidence import Evidence, SentenceScorer, rarity
from rag.folding import encodable, typed
from rag.fusion import Found, roughly_best, supposed, total, weights
from rag.joining import Repeats, grow, passage_of
from rag.mentions import Mentions
from rag.narrowing import WHOLE, Narrowing, Within, within
from rag.protocols import Embedder, Reranker, Vectors, embed_questions
from rag.registries import Registries
from rag.reranking import RERANKED, reranked
from rag.spelling import spelling_scores
from rag.store.catalog import Catalog
from rag.store.indexes import Indexes, LibraryIndex
from rag.store.lexical import Among, LexicalIndex
from rag.store.places import ChunkedPage, Place
from rag.store.rows import StoredChunk
from rag.store.scopes import check_scope, documents_in
from rag.store.words import Words
from rag.vocabulary import Vocabulary
from rag.weighing import Weigher

CANDIDATES = 100  # of each kind of search
LOADED = 40  # of them, whose texts are read and compared by spelling
LOADED_FOR_EACH = 3  # passage that is wanted, where that is more
REFINED = 16  # of those, whose sentences are compared one by one
SAID = 0.4  # what the way documents put a question counts beside the question, in meaning
SAID_HELD = 0.5  # and in what its sentences hold
NAMED = 0.5  # how far a document is preferred that is searched on its own as well
LONGEST_QUESTION = 8_000  # characters
WEIGHED_PASSAGES = 5
NOT_WORD_FOR_WORD = "No passage says {phrases} word for word."
CHUNKS_OF_PASSAGE = 4  # about as many at most, where a passage is left out
MOST_COMPARED = 4  # documents or companies, each searched on its own


@dataclass(frozen=True, slots=True)
class Retrieval:
    """Passages, best first, and the evidence that the answer is among them.

    `by_part` is the evidence for each part of the question, in their order; `notice` is a sentence
    for the user on how they were found, empty when there is nothing to say. `searched` is whether
    there was anything to search.
    """

    passages: tuple[Passage, ...]
    evidence: Evidence
    notice: str = ""
    by_part: tuple[Evidence, ...] = ()
    searched: bool = True


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
        self._account: Account | None = None
        self._registries = Registries(catalog)
        self._words = Words()
        self._weigher = Weigher(catalog, scorer, vocabulary)

    def charged_to(self, account: Account) -> Self:
        """The same on this account, whoever's scope is searched."""
        charged = copy(self)
        charged._account = account
        return charged

    def search(
        self,
        question: str,
        scope: Scope,
        k: int,
        parts: Sequence[str] = (),
        *,
        widen: bool = True,
        narrowing: Narrowing = WHOLE,
    ) -> tuple[Passage, ...]:
        """The `k` best passages for a question, best first; no two of them overlap.

        A question taken apart is searched as a whole and by each of its `parts`, whose passages
        take turns. Where it may `widen`, it is searched by what `also` gives for it, too; the
        `narrowing` holds for all of it.

        Raises:
            QuestionError: it is empty, or too long.
            NotFoundError: the library was deleted.
            EmbeddingMismatchError: it was embedded with another model.
            ProviderError: the embedder's server failed.
        """
        where = self._within(scope, narrowing)
        passages, _ = self._search(question, where, k, parts, widen)
        return passages

    def retrieve(
        self,
        question: str,
        scope: Scope,
        k: int,
        parts: Sequence[str] = (),
        *,
        widen: bool = True,
        narrowing: Narrowing = WHOLE,
    ) -> Retrieval:
        """Search, and weigh whether what was found answers the question. Raises as `search`."""
        question = checked_question(question)
        where = self._within(scope, narrowing)
        passages, notice = self._search(question, where, k, parts, widen)
        read = passages[: WEIGHED_PASSAGES + len(parts)]
        index = self._index(scope)
        evidence = [
            self._weigher.weighed(asked, self.also(asked) if widen else (), read, index)
            for asked in (question, *map(checked_question, parts))
        ]
        best = max(evidence, key=lambda found: found.score)
        searched = bool(passages) or self._holds_text(scope)
        return Retrieval(passages, best, notice, tuple(evidence[1:]), searched)

    def nearest(self, claim: str, texts: Sequence[str]) -> tuple[int, float]:
        """The position of the text nearest in meaning to a claim, and the cosine of the two."""
        return self._scorer.nearest(claim, texts)

    def _holds_text(self, scope: Scope) -> bool:
        return any(document.chunks for document in documents_in(self._catalog, scope))

    def _index(self, scope: Scope) -> LibraryIndex:
        check_scope(self._catalog, scope)
        index = self._indexes.current(scope.library_id)
        library = index.library
        if library.embedding_model != self._embedder.model:
            raise EmbeddingMismatchError(
                f"The library {library.name!r} was embedded with {library.embedding_model}, and "
                f"{self._embedder.model} is in use now. Restart Tramontane."
            )
        return index

    def _within(self, scope: Scope, narrowing: Narrowing) -> Within:
        return within(scope, narrowing, self._index(scope).chunks_by_document, self._catalog)

    def _search(
        self, question: str, where: Within, k: int, parts: Sequence[str], widen: bool
    ) -> tuple[tuple[Passage, ...], str]:
        """The passages, and a notice on how they were found."""
        scope = where.scope
        questions = list(dict.fromkeys(checked_question(text) for text in [question, *parts]))
        index = self._index(scope)
        searches = [(asked, where) for asked in questions]
        if len(questions) == 1:
            compared = self._compared(question, index, scope)
            searches += [(questions[0], replace(where, scope=each)) for each in compared]
        reranker = charged_to(self._reranker, self._account_of(scope))
        rankings: list[list[Hit]] = []
        notice = ""
        for asked, place in searches:
            also = self.also(asked) if widen else ()
            hits = self._ranked(asked, also, index, place, max(LOADED, LOADED_FOR_EACH * k))
            read = [_as_read(chunk) for chunk, _ in hits[:RERANKED]]
            order = reranked(asked, [(hit, total(hit[1])) for hit in hits], read, reranker)
            rankings.append([hit for hit, _ in order.hits])
            notice = notice or order.notice
        absent = absent_phrases(question, index.words, scope.document_ids)
        if absent:
            told = " and ".join(f"“{phrase}”" for phrase in absent)
            notice = " ".join(filter(None, [NOT_WORD_FOR_WORD.format(phrases=told), notice]))
        return self._joined(in_turns(rankings), where, k), notice

    def _compared(self, question: str, index: LibraryIndex, scope: Scope) -> list[Scope]:
        """Where to look for each of several things that a question names, as companies are.

        None where it names one, or more than a few: each is searched on its own, so that the
        passages are of all.
        """
        allowed = scope.document_ids
        named = self._mentions(question, index).named
        within = [group if allowed is None else group & allowed for group in named]
        places = [replace(scope, document_ids=group) for group in within if group]
        return places if 1 < len(places) <= MOST_COMPARED else []

    def _mentions(self, question: str, index: LibraryIndex) -> Mentions:
        """The documents that a question names."""
        language = index.words.language_of(question)
        return self._registries.of(index.library).mentions(
            question, lambda text: _share_of_chunks(self._words(text, language), index.words)
        )

    def _ranked(
        self, question: str, also: Sequence[str], index: LibraryIndex, where: Within, count: int
    ) -> list[Hit]:
        """The chunks found for a question in one piece, best first."""
        vector = self._embedded(question, also, where) if len(index.vectors) else None
        found = self._candidates(question, also, vector, index, where, count)
        texts = [chunk.text for chunk, _ in found.hits[:REFINED]]
        language = index.words.language_of(question)
        own, said = (
            bearing(
                asked,
                texts,
                lambda text: self._words(text, language),
                lambda word: rarity(index.words.document_frequency(word), len(index.words)),
            )
            for asked in (found.rest, " ".join(also))
        )
        held = [max(pair[0], SAID_HELD * pair[1]) for pair in zip(own, said, strict=True)]
        return found.refined(self._scorer.best(found.rest, texts), held)

    def also(self, question: str) -> tuple[str, ...]:
        """The phrases that are searched for besides a question's own words; see `Vocabulary`."""
        return self._vocabulary.said(question)

    def _account_of(self, scope: Scope) -> Account:
        return self._account or Account(scope.principal)

    def _embedded(self, question: str, also: Sequence[str], where: Within) -> Vectors:
        """The vector of a question, drawn towards the way that documents put it."""
        texts = [question, ", ".join(also)] if also else [question]
        vectors = embed_questions(charged_to(self._embedder, self._account_of(where.scope)), texts)
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
        also = self.also(question)
        return self._candidates(question, also, vector, index, Within(scope), LOADED)

    def _candidates(
        self,
        question: str,
        also: Sequence[str],
        vector: Vectors | None,
        index: LibraryIndex,
        where: Within,
        count: int,
    ) -> Candidates:
        mentions = self._mentions(question, index)
        said = " ".join([mentions.rest, *also])
        found = self._found(said, vector, mentions, index, where)
        most = count + CHUNKS_OF_PASSAGE * len(where.narrowing.without)
        best = roughly_best(found, weights(self._embedder.fluency(question)), most)
        loaded = self._catalog.chunks(best, where.scope)
        chunks = [chunk for chunk in loaded if where.narrowing.admits(chunk)][:count]
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
        where: Within,
    ) -> Found:
        """What the searches find: everywhere, and once more in the documents that are named.

        `said` are the words to search by, and `vector` has the meaning.
        """
        documents = where.scope.document_ids
        named = frozenset(id_ for id_, share in mentions.preferred.items() if share >= NAMED)
        if documents is not None:
            named &= documents
        places: list[Among | None] = [documents if where.ids is None else where.ids]
        if named and named != documents:
            places.append(named)
        words: dict[int, float] = {}
        meaning: dict[int, float] = {}
        coded = holding_codes(mentions.rest, index.words, places[0])
        for place in places:
            words |= dict(index.words.search(said, CANDIDATES, place))
            if vector is not None:
                allowed = None if place is None else _ranges(place, index)
                meaning |= dict(index.vectors.search(vector, CANDIDATES, allowed))
        if index.without_vectors:
            meaning |= supposed(words, meaning, index.is_embedded)
        title = {
            id_: share
            for id_ in (words.keys() | meaning.keys() | coded.keys() if mentions.preferred else ())
            if (share := mentions.preferred.get(index.document_of(id_), 0.0))
        }
        return Found(words, meaning, {}, title, coded)

    def _joined(self, hits: Sequence[Hit], where: Within, k: int) -> tuple[Passage, ...]:
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
                read |= self._catalog.chunked_pages([*(following - read.keys())], where.scope)
            page = read.get(_place(hit))  # none when its document was removed meanwhile
            if page and where.narrowing.without:
                taken |= where.narrowing.left_out(page, _place(hit))
            run = grow(hit.id, page.chunks, taken) if page else []
            if page and run and not repeats.holds(hit.text):
                taken |= {chunk.id for chunk in run}
                # What was reranked, or took its turn with other parts, still falls.
                score = min([total(reasons), *(before.score for before in passages[-1:])])
                passages.append(replace(passage_of(hit, page, run, reasons), score=score))
        return tuple(passages)


def _as_read(chunk: StoredChunk) -> str:
    """A chunk as a reranker reads it: under its title and headings."""
    above = " · ".join([chunk.document.title, *chunk.chunk.heading])
    return "\n".join(filter(None, [above, chunk.chunk.header, chunk.text]))


def _ranges(among: Among, index: LibraryIndex) -> list[range]:
    return [among][: len(among)] if isinstance(among, range) else index.ranges_of(among)


def _place(hit: StoredChunk) -> Place:
    return hit.document.id, hit.chunk.page


def _share_of_chunks(words: Sequence[str], index: LexicalIndex) -> float:
    """How common the rarest of these words is."""
    counts = [index.document_frequency(word) for word in words]
    return min(counts, default=0) / max(len(index), 1)


def checked_question(question: str) -> str:
    """A question as it is searched.

    Raises:
        QuestionError: it is empty, or too long.
    """
    question = typed(encodable(question)).strip()
    if not question:
        raise QuestionError("The question is empty. Type one and send it again.")
    if len(question) > LONGEST_QUESTION:
        raise QuestionError(
            f"The question has {len(question):,} characters; {LONGEST_QUESTION:,} are read at "
            "most. Shorten it, or add the long text as a document."
        )
    return question
