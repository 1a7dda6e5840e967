"""Which part of a passage tells most: what an answer quotes of it, or its best sentence."""

from __future__ import annotations

from collections.abc import Sequence

from rag.domain import Answer, Citation, Passage, Span
from rag.evidence import Sentence, SentenceScorer

MOST_PASSAGES = 20  # whose sentences are measured
FEWEST_WORDS = 4  # of a sentence that tells more than "2023" or a name


def citation_of(passage: Passage, citations: Sequence[Citation]) -> Citation | None:
    """The first citation that quotes a passage; None for one that is not quoted."""
    for citation in citations:
        quote = citation.quote
        same = (quote.document.id, quote.page) == (passage.document.id, passage.page)
        if same and passage.start <= quote.start and quote.end <= passage.end:
            return citation
    return None


def telling_parts(answer: Answer, scorer: SentenceScorer) -> tuple[Span | None, ...]:
    """For each passage of an answer, the part of its page to be read first.

    None where no sentence of it has anything of the question.
    """
    passages = answer.passages
    sentences = scorer.score(answer.question, passages[:MOST_PASSAGES]) if passages else []
    by_passage: dict[int, list[Sentence]] = {}
    for sentence in sentences:
        by_passage.setdefault(sentence.passage, []).append(sentence)
    return tuple(
        _quoted(passage, answer.citations) or _best(passage, by_passage.get(position, ()))
        for position, passage in enumerate(passages)
    )


def _quoted(passage: Passage, citations: Sequence[Citation]) -> Span | None:
    citation = citation_of(passage, citations)
    return None if citation is None else Span(citation.quote.start, citation.quote.end)


def _best(passage: Passage, sentences: Sequence[Sentence]) -> Span | None:
    """The sentence with most of the question's words and meaning, on its page."""
    worded = [
        sentence
        for sentence in sentences
        if len(passage.text[sentence.span.start : sentence.span.end].split()) >= FEWEST_WORDS
    ]
    best = max(worded or sentences, key=_worth, default=None)
    if best is None or _worth(best) <= 0:
        return None
    return Span(passage.start + best.span.start, passage.start + best.span.end)


def _worth(sentence: Sentence) -> float:
    return sentence.similarity + sentence.coverage
