"""The embedded reader: answers by quoting the sentences that answer, without a language model."""

from __future__ import annotations

from collections.abc import Iterator

from rag.domain import Finish, ModelCard, Prompt, TextDelta, ToolCall
from rag.evidence import Sentence, SentenceScorer
from rag.folding import flowing

READER = "embedded reader"
CONTEXT_TOKENS = 100_000  # it reads what retrieval finds, whatever its length
READ_SOURCES = 5
MOST_SENTENCES = 3
# A further sentence is quoted when it scores at least this share of the best one.
WORTH_QUOTING = 0.85
SIMILARITY, COVERAGE, RANK = 1.0, 0.5, 0.1


class EmbeddedReader:
    """A chat model that quotes. It needs no key, no server and no download."""

    def __init__(self, scorer: SentenceScorer) -> None:
        """Take what measures sentences."""
        self._scorer = scorer

    @property
    def card(self) -> ModelCard:
        """What it is: a reader that runs here and follows no instructions."""
        return ModelCard(READER, "this computer", CONTEXT_TOKENS, instructable=False)

    def connect(self) -> ModelCard:
        """Nothing is left to find out."""
        return self.card

    def stream(self, prompt: Prompt) -> Iterator[TextDelta | ToolCall | Finish]:
        """Quote up to three sentences of the prompt's sources, best first, each with its marker."""
        sources = prompt.sources[:READ_SOURCES]
        passages = [source.passage for source in sources]
        sentences = self._scorer.score(prompt.question, passages)
        for position, sentence in enumerate(choose(sentences)):
            source = sources[sentence.passage]
            text = flowing(source.passage.text[sentence.span.start : sentence.span.end])
            yield TextDelta(f"{'' if position == 0 else chr(10) * 2}“{text}” [{source.number}]")
        yield Finish()


def choose(sentences: list[Sentence]) -> list[Sentence]:
    """The sentences worth quoting, best first."""
    ranked = sorted(sentences, key=_score, reverse=True)[:MOST_SENTENCES]
    if not ranked:
        return []
    bar = WORTH_QUOTING * _score(ranked[0])
    return [sentence for sentence in ranked if _score(sentence) >= bar]


def _score(sentence: Sentence) -> float:
    return SIMILARITY * sentence.similarity + COVERAGE * sentence.coverage - RANK * sentence.passage
