"""The chunks that were found for a question, and their order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import zip_longest
from statistics import median

from rag.domain import Reasons
from rag.exact import numbered_names, quoted_phrases, telling_numbers
from rag.fusion import Found, Weights, fuse, total
from rag.identifiers import names
from rag.store.lexical import MOST_WITH_CODE, Among, LexicalIndex
from rag.store.rows import StoredChunk

SENTENCE = 0.5  # what the best sentence counts beside the whole chunk
BESIDE = 0.85  # what the words of the whole chunk count beside those of its best sentences
QUOTED = 4.0  # a phrase in quotation marks, beside 1 for all rare codes
QUOTED_PHRASES = 8

Hit = tuple[StoredChunk, Reasons]


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

    def refined(self, best: Sequence[float], held: Sequence[float]) -> list[Hit]:
        """The chunks, best first, with what their best sentences say worked in.

        The mean of a paragraph's and its best sentence's similarity finds more than either alone
        (SQuAD: 73 against 63 and 70 % at rank 1). What counts is how much better the best sentence
        of one fits than those of the others.

        Args:
            best: the similarity of the best sentence of each of the first hits.
            held: how much single sentences hold of the question; see `bearing`.
        """
        hits = self.hits[: len(best)]
        beside = {chunk.id: share for (chunk, _), share in zip(hits, held, strict=True)}
        scores = fuse(self._lifted(hits, best), self.counts)
        return _sorted(
            self.chunks,
            {
                id_: replace(reasons, words=BESIDE * reasons.words + beside.get(id_, 0.0))
                for id_, reasons in scores.items()
            },
        )

    def _lifted(self, hits: Sequence[Hit], best: Sequence[float]) -> Found:
        by_meaning = self.found.meaning
        if not hits or not by_meaning:
            return self.found
        least = min(by_meaning.values())
        whole = [by_meaning.get(chunk.id, least) for chunk, _ in hits]
        usual = median(ours - all_ for ours, all_ in zip(best, whole, strict=True))
        lifted = {
            chunk.id: all_ + SENTENCE * (ours - all_ - usual)
            for (chunk, _), ours, all_ in zip(hits, best, whole, strict=True)
        }
        return replace(self.found, meaning={**by_meaning, **lifted})


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


def holding_codes(question: str, index: LexicalIndex, among: Among | None) -> dict[int, float]:
    """The chunks that hold rare codes of a question ("E-07", "Unit 50"), and what share of those.

    What holds a phrase in quotation marks comes before all else.
    """
    codes = dict.fromkeys([*names(question), *telling_numbers(question), *numbered_names(question)])
    held = [index.chunks_with(code, among) for code in codes]
    rare = [chunks for chunks in held if 0 < len(chunks) <= MOST_WITH_CODE]
    shares: dict[int, float] = {}
    for id_ in (id_ for chunks in rare for id_ in chunks):
        shares[id_] = shares.get(id_, 0.0) + 1 / len(rare)
    for phrase in quoted_phrases(question)[:QUOTED_PHRASES]:
        shares |= dict.fromkeys(index.chunks_saying(phrase, among), QUOTED)
    return shares


def absent_phrases(question: str, index: LexicalIndex, among: Among | None) -> list[str]:
    """The phrases in quotation marks that stand nowhere."""
    phrases = quoted_phrases(question)[:QUOTED_PHRASES]
    return [phrase for phrase in phrases if not index.chunks_saying(phrase, among)]
