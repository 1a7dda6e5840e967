from __future__ import annotations

import pytest

from rag.domain import Answer, Citation, Document, DocumentState, Passage, Quote, Span
from rag.evidence import SentenceScorer
from rag.store.words import Words
from tests.fakes import HashEmbedder
from ui.telling import citation_of, telling_parts

DOCUMENT = Document(
    *("d1", "l1", "guide.pdf", "A guide", "application/pdf", "00", 1),
    *(DocumentState.READY, "", 9, True),
)
BEST = "The harbour holds forty-one boats in winter."
TEXT = f"Boats\nNobody is here at night. {BEST} Sailors like it."
START = 100  # where the passage stands on its page
QUESTION = "How many boats does the harbour hold in winter?"


@pytest.fixture
def scorer() -> SentenceScorer:
    return SentenceScorer(HashEmbedder(), Words())


def passage(text: str, page: int = 2) -> Passage:
    return Passage(DOCUMENT, page, str(page), START, START + len(text), text, (), 1.0, (1,))


def cited(start: int, end: int) -> Citation:
    quote = Quote(DOCUMENT, 2, "2", START + start, START + end, TEXT[start:end])
    return Citation(3, Span(0, 3), Span(0, 0), quote)


def test_the_best_sentence_tells_most(scorer: SentenceScorer) -> None:
    other = "Wholly unlike words stand upon this page."
    answer = Answer("a", QUESTION, "small", passages=(passage(TEXT), passage(other, 3)))
    first, second = telling_parts(answer, scorer)
    assert first is not None
    assert TEXT[first.start - START : first.end - START] == BEST
    assert second is None or second == Span(START, START + len(other))


def test_what_is_quoted_tells_most(scorer: SentenceScorer) -> None:
    citation = cited(6, 30)
    answer = Answer("a [3]", QUESTION, "small", (citation,), (passage(TEXT),))
    assert telling_parts(answer, scorer) == (Span(START + 6, START + 30),)
    assert citation_of(passage(TEXT), [citation]) is citation
    assert citation_of(passage(TEXT, 3), [citation]) is None
    assert citation_of(passage(TEXT[:20]), [citation]) is None


def test_a_few_words_tell_less_than_a_sentence(scorer: SentenceScorer) -> None:
    text = f"Harbour boats.\n\n{BEST}"
    (part,) = telling_parts(
        Answer("a", "Harbour boats?", "small", passages=(passage(text),)), scorer
    )
    assert part == Span(START + text.index(BEST), START + len(text))


def test_without_passages_nothing_tells(scorer: SentenceScorer) -> None:
    assert telling_parts(Answer("a", QUESTION, "small"), scorer) == ()
