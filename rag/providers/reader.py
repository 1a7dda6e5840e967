"""The embedded reader: answers by quoting the sentences that answer, without a language model."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence

from rag.citations import disarmed
from rag.domain import Finish, ModelCard, Prompt, TextDelta, ToolCall
from rag.evidence import Sentence, SentenceScorer
from rag.expectation import is_of_the_kind
from rag.folding import flowing

READER = "embedded reader"
CONTEXT_TOKENS = 100_000  # it reads what retrieval finds, whatever its length
READ_SOURCES = 5
MOST_SENTENCES = 3
# A further sentence is quoted when it scores at least this share of the best one.
WORTH_QUOTING = 0.6
INHERITED = 0.9
LEAST_SCORE = 0.05
SIMILARITY, COVERAGE, NAMED, EXPECTED, RANK = 0.5, 0.5, 0.15, 0.15, 0.1
LONGEST_LABEL_WORDS = 12
FRAGMENT_WORDS = 8
TELLING_LETTERS = 4
_WORD = re.compile(r"\w+")
_NUMBERING = re.compile(r"^(?:\d+(?:\.\d+)*\.?|[A-Z]\.|(?:Table|Figure|Tableau|Tabelle) \d+\.?)\s+")
_FIGURE = re.compile(r"\d")
_MARKS = re.compile(r"^\s*(?:[-*•▪●◦]|#{1,6})\s+")


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
        texts = [passages[at.passage].text[at.span.start : at.span.end] for at in sentences]
        titles = {_title(title) for passage in passages for title in passage.heading}
        for quoted, position in enumerate(choose(prompt.question, sentences, texts, titles)):
            source = sources[sentences[position].passage]
            first = position - 1 if _needs_its_question(position, sentences, texts) else position
            span = slice(sentences[first].span.start, sentences[position].span.end)
            break_ = "\n\n" if quoted else ""
            yield TextDelta(f"{break_}“{_quoted(source.passage.text[span])}” [{source.number}]")
        yield Finish()


def choose(
    question: str,
    sentences: Sequence[Sentence],
    texts: Sequence[str],
    titles: Collection[str] = (),
) -> list[int]:
    """The positions of the sentences worth quoting, best first.

    A question, a heading, a line that ends in a colon and what only says the question again answer
    nothing, but what follows them may: the next sentence inherits their score. `titles` are the
    headings that are known.
    """
    scores = [
        _score(sentence) + EXPECTED * is_of_the_kind(question, text)
        for sentence, text in zip(sentences, texts, strict=True)
    ]
    asked = _telling_words(question)
    for position, text in enumerate(texts):
        if not _leads_on(text, titles) and _telling_words(text) - asked:
            continue
        following = position + 1
        if following < len(texts) and sentences[following].passage == sentences[position].passage:
            scores[following] = max(scores[following], INHERITED * scores[position])
        scores[position] = -1.0
    ranked = sorted(range(len(scores)), key=lambda at: (-scores[at], at))[:MOST_SENTENCES]
    return [
        at for at in ranked if scores[at] > 0 and scores[at] >= WORTH_QUOTING * scores[ranked[0]]
    ]


def _telling_words(text: str) -> set[str]:
    """The figures of a text, and its words of four letters and more."""
    words = _WORD.findall(flowing(text).casefold())
    return {word for word in words if len(word) >= TELLING_LETTERS or word[0].isdigit()}


def _needs_its_question(position: int, sentences: Sequence[Sentence], texts: Sequence[str]) -> bool:
    """Whether a sentence is so short that only the question before it says what it is about."""
    return (
        position > 0
        and len(texts[position].split()) <= FRAGMENT_WORDS
        and texts[position - 1].rstrip().endswith("?")
        and sentences[position - 1].passage == sentences[position].passage
    )


def _leads_on(text: str, titles: Collection[str]) -> bool:
    line = text.strip()
    return (
        line.endswith(("?", ":", "？", "："))
        or line[0] == "#"
        or _title(line) in titles
        or _is_label(line)
    )


def _is_label(line: str) -> bool:
    """Whether a line reads like a heading or a caption: short, no full stop, no closing figure."""
    if line[0] in "|-*•" or line.endswith((".", "!", "…", "。", '"', "”", "»", ")", ";")):
        return False
    words = _NUMBERING.sub("", flowing(line)).split()
    return len(words) <= LONGEST_LABEL_WORDS and not (words and _FIGURE.search(words[-1]))


def _title(text: str) -> str:
    return flowing(_MARKS.sub("", text)).casefold()


def _score(sentence: Sentence) -> float:
    if sentence.contradicted:
        return -1.0
    return (
        SIMILARITY * sentence.similarity
        + COVERAGE * (sentence.coverage + sentence.context)
        + NAMED * sentence.named
        - RANK * sentence.passage
    )


def _quoted(text: str) -> str:
    """A sentence on one line, without the marks of a list item, a heading or a table row.

    A document's own `[3]` must not be taken for a marker of ours.
    """
    return disarmed(flowing(_MARKS.sub("", text)).strip(" |"))
