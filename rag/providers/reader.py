"""The embedded reader: answers by quoting the sentences that answer, without a language model."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

import regex

from rag.citations import disarmed
from rag.domain import Finish, ModelCard, Passage, Prompt, Source, TextDelta, ToolCall
from rag.emphasis import without_pairs
from rag.evidence import Sentence, SentenceScorer
from rag.expectation import MONTH, gives_asked_date, is_of_the_kind
from rag.folding import flowing
from rag.headed_rows import cells_of
from rag.languages import SMALL_WORDS
from rag.numerals import SPELLED
from rag.pipe_rows import is_pipe_row
from rag.quantities import quantities
from rag.scripts import apart, is_piece
from rag.sentences import is_labelled
from rag.spelled import as_written
from rag.table_lines import head_of, heads_among
from rag.vocabulary import Vocabulary
from rag.wrapping import ASKS, SAYS

READER = "embedded reader"
MARKDOWN = "text/markdown"
CONTEXT_TOKENS = 100_000  # it reads what retrieval finds, whatever its length
READER_CARD = ModelCard(READER, "this computer", CONTEXT_TOKENS, instructable=False)
READ_SOURCES = 5
MOST_SENTENCES = 3
MOST_FOR_PARTS = 4
# A further sentence is quoted when it scores at least this share of the best one.
WORTH_QUOTING = 0.6
INHERITED = 0.9
HEADED = 0.5  # what the head of a table counts for a row with a word of the question
LEAST_SCORE = 0.05
IN_ITS_WORDS = 0.6  # what the words of documents count beside those of the question
SIMILARITY, COVERAGE, NAMED, EXPECTED, RANK = 0.5, 0.5, 0.15, 0.15, 0.1
LONGEST_LABEL_WORDS = 12
FRAGMENT_WORDS = 8
LONGEST_HEAD = 200  # characters
TELLING_LETTERS, TELLING_ELSEWHERE = 4, 3  # of a word, in Latin letters and in others
GREEK = "\u0370"  # the first letters that are not Latin
_WORD = re.compile(r"\w+")
_MARKED_WORD = regex.compile(r"[\w\p{M}]+")  # vowels may be marks, as in Hindi and Thai
_NUMBERING = re.compile(r"^(?:\d+(?:\.\d+)*\.?|[A-Z]\.|(?:Table|Figure|Tableau|Tabelle) \d+\.?)\s+")
_NUMBERED_HEAD = re.compile(r"\d+(?:\.\d+)*\.?\s+[^\W\d_][^\W\d]*(?:\s[^\W\d]+){0,2}\.?")
_FIGURE = re.compile(r"\d")
_YEAR = re.compile(r"\b(?:19|20)\d\d\b")
_NO_AMOUNTS = frozenset({"", "time", "months"})
_CONTENTS = re.compile(r"\d+(?:\.\d+)+\.?\s+[^\W\d].*?(?:\s|\.{2,})\d{1,4}|.*\.{4,}\s*\d{1,4}")
_IN_BRACKETS = re.compile(r"\([^()]*\)\W*")
_ADDRESS = re.compile(r"<[^<>\s]+@[^<>\s]+>")
_SETS = re.compile(r"\w\]?\s?[:+-]?=\s?\S")  # a line of code or of settings: "speed = 12 # knots"
_MARKS = re.compile(r"^\s*(?:(?:[-*•▪●◦>]|#{1,6})\s+)+")
_ENDS = tuple('.!…。！।॥۔។။።"”»」』);')
_SMALL = frozenset(word for words in SMALL_WORDS.values() for word in words)
_NO_HEADS: Mapping[int, int] = MappingProxyType({})


class EmbeddedReader:
    """A chat model that quotes. It needs no key, no server and no download."""

    def __init__(self, scorer: SentenceScorer, vocabulary: Vocabulary) -> None:
        """Take what measures sentences, and the words that documents have for what is asked."""
        self._scorer = scorer
        self._vocabulary = vocabulary

    @property
    def card(self) -> ModelCard:
        """What it is: a reader that runs here and follows no instructions."""
        return READER_CARD

    def connect(self) -> ModelCard:
        """Nothing is left to find out."""
        return self.card

    def stream(self, prompt: Prompt) -> Iterator[TextDelta | ToolCall | Finish]:
        """Quote up to three sentences of the prompt's sources, best first, each with its marker.

        Of a question with parts, up to four are quoted, as many for each part.
        """
        asked = prompt.parts or (prompt.question,)
        sources = prompt.sources[: READ_SOURCES + len(prompt.parts)]
        most = max(1, MOST_FOR_PARTS // len(asked)) if prompt.parts else MOST_SENTENCES
        quotes: dict[str, None] = {}
        for question in asked:
            quotes |= dict.fromkeys(self._quotes(question, sources, widen=prompt.widen)[:most])
        for number, quote in enumerate(quotes):
            yield TextDelta("\n\n" * bool(number) + quote)
        yield Finish()

    def _quotes(self, question: str, sources: Sequence[Source], *, widen: bool) -> list[str]:
        """The sentences that answer a question in one piece, best first, with their markers."""
        passages = [source.passage for source in sources]
        question = as_written(question, [passage.text for passage in passages])
        sentences = self._scorer.score(question, passages)
        also = ", ".join(self._vocabulary.said(question)) if widen else ""
        in_its_words = self._scorer.score(also, passages) if also else []
        texts = [passages[at.passage].text[at.span.start : at.span.end] for at in sentences]
        titles = {_title(title) for passage in passages for title in _titles(passage)}
        heads = heads_among(sentences, passages)
        quotes, shown = [], set[str]()
        chosen = choose(question, sentences, texts, titles, in_its_words, heads)
        rest = [] if any(sentences[at].asked for at in chosen) else chosen
        for position in [*chosen, *_on_next_page(rest, sentences, passages)]:
            source = sources[sentences[position].passage]
            first = position - 1 if _needs_its_question(position, sentences, texts) else position
            span = slice(sentences[first].span.start, sentences[position].span.end)
            below = texts[heads[position]] if position in heads else ""
            head = head_of(sentences[position], source.passage, below)
            said, named = (_legible(text, source) for text in (source.passage.text[span], head))
            quote = f"“{_quoted(said, named)}” [{source.number}]"
            if head and head not in shown:  # on a line that only introduces the row
                shown.add(head)
                quote = f"“{_quoted(named)}”:\n\n{quote}"
            quotes.append(quote)
        return quotes


def _on_next_page(
    chosen: Sequence[int], sentences: Sequence[Sentence], passages: Sequence[Passage]
) -> list[int]:
    """The sentence of a page beside that of the best one which speaks of the rest of the question.

    None where that has no telling word of the question which it alone holds, or enough is chosen.
    """
    if not chosen or len(chosen) >= MOST_SENTENCES:
        return []
    best = passages[sentences[chosen[0]].passage]
    held = {word for position in chosen for word in sentences[position].words}
    counts = Counter(word for sentence in sentences for word in sentence.words)
    rest: dict[int, int] = {}
    for position, sentence in enumerate(sentences):
        other = passages[sentence.passage]
        if other.document.id == best.document.id and abs(other.page - best.page) == 1:
            fresh = sentence.words - held - _SMALL
            alone = (word for word in fresh if counts[word] == 1 and _tells(word))
            rest[position] = 0 if sentence.contradicted else sum(1 for _ in alone)
    most = max(rest, key=lambda at: rest[at], default=0)
    return [most] if rest.get(most, 0) else []


def choose(
    question: str,
    sentences: Sequence[Sentence],
    texts: Sequence[str],
    titles: Collection[str] = (),
    in_its_words: Sequence[Sentence] = (),
    heads: Mapping[int, int] = _NO_HEADS,
) -> list[int]:
    """The positions of the sentences worth quoting, best first.

    A question, a heading, a date or unit alone, a line that ends in a colon and what only says the
    question again answer nothing, but what follows them may: the next sentence inherits their
    score. `titles` are the headings that are known. `in_its_words` are the sentences measured
    against the words that documents have for what is asked; those are mostly words for figures.
    `heads` are those of rows, which stand for a row that has a word of the question, too.
    """
    sentences, in_its_words = (_by_themselves(each, heads) for each in (sentences, in_its_words))
    scores = _scores(question, sentences, texts, in_its_words)
    lent = _lead_on(question, sentences, texts, titles, heads, scores)
    asked = [at for at, sentence in enumerate(sentences) if sentence.asked]
    if asked:
        return sorted(asked, key=lambda at: (-scores[at], at))[:MOST_SENTENCES]
    best = max(scores, default=0.0)
    others = [scores[row] for row in heads if sentences[row].coverage > 0 and row not in lent]
    is_asked = max(others, default=0.0) > WORTH_QUOTING * best
    for row, own in lent.items():
        if is_asked or scores[row] < best:
            scores[row] = own
    ranked = sorted(range(len(scores)), key=lambda at: (-scores[at], at))[:MOST_SENTENCES]
    return [
        at for at in ranked if scores[at] > 0 and scores[at] >= WORTH_QUOTING * scores[ranked[0]]
    ]


def _by_themselves(sentences: Sequence[Sentence], heads: Mapping[int, int]) -> Sequence[Sentence]:
    """The sentences, rows that have no word of the question without what their heads have."""
    return [
        replace(sentence, context=0.0) if at in heads and not sentence.coverage else sentence
        for at, sentence in enumerate(sentences)
    ]


def _scores(
    question: str,
    sentences: Sequence[Sentence],
    texts: Sequence[str],
    in_its_words: Sequence[Sentence],
) -> list[float]:
    scores = [
        _score(sentence) + EXPECTED * is_of_the_kind(question, text)
        for sentence, text in zip(sentences, texts, strict=True)
    ]
    for position, sentence in enumerate(in_its_words):
        said = _score(sentence) + EXPECTED * bool(_FIGURE.search(texts[position]))
        scores[position] = max(scores[position], IN_ITS_WORDS * said)
    return scores


def _lead_on(
    question: str,
    sentences: Sequence[Sentence],
    texts: Sequence[str],
    titles: Collection[str],
    heads: Mapping[int, int],
    scores: list[float],
) -> dict[int, float]:
    """Hand the scores of what only leads on to what it leads to.

    The first row below a head of which no row is asked for stands for it: of such rows the scores
    that they have by themselves are returned.
    """
    lent: dict[int, float] = {}
    asked = _telling_words(question)
    told = {row: head for row, head in heads.items() if sentences[row].coverage > 0}
    for row, head in told.items():
        scores[row] += HEADED * max(scores[head], 0.0)
    for position, text in enumerate(texts):
        following = position + 1
        is_last = following == len(texts) or (
            sentences[following].passage != sentences[position].passage
        )
        is_bare = (  # no label of what follows
            is_last or _is_row(position, sentences, texts) or gives_asked_date(question, text)
        )
        leads_on = (
            position in heads.values()
            or (position not in heads and _leads_on(text, titles, is_bare=is_bare))
            or (
                position not in heads
                and _is_column_head(text)
                and not is_of_the_kind(question, text)
            )
        )
        only_names = not leads_on and _only_names(text, asked)
        if not leads_on and not only_names and _telling_words(text) - asked:
            continue
        if not is_last and sentences[following].contradicted:  # a row of something else
            scores[position] = scores[position] if _FIGURE.search(text) else -1.0
            continue
        if not is_last and not only_names and position not in told.values():
            if position in heads.values():
                lent[following] = scores[following]
            scores[following] = max(scores[following], INHERITED * scores[position])
        scores[position] = -1.0
    return lent


def _only_names(text: str, asked: Collection[str]) -> bool:
    """Whether a labelled line gives what the question names: "From: Clara Weiss"."""
    value = _ADDRESS.sub("", text.partition(":")[2])
    return is_labelled(text) and bool(value.strip()) and not _telling_words(value) - set(asked)


def _telling_words(text: str) -> set[str]:
    """The figures of a text, its longer words, and pieces of what has no words."""
    words = _MARKED_WORD.findall(apart(flowing(text)).casefold())
    return {word for word in words if _tells(word)}


def _tells(word: str) -> bool:
    least = TELLING_LETTERS if word[0] < GREEK else TELLING_ELSEWHERE
    return len(word) >= least or word[0].isdigit() or word in SPELLED or is_piece(word)


def _needs_its_question(position: int, sentences: Sequence[Sentence], texts: Sequence[str]) -> bool:
    """Whether a sentence is so short that only the question before it says what it is about."""
    return (
        position > 0
        and len(texts[position].split()) <= FRAGMENT_WORDS
        and texts[position - 1].rstrip().endswith("?")
        and sentences[position - 1].passage == sentences[position].passage
    )


def _is_row(position: int, sentences: Sequence[Sentence], texts: Sequence[str]) -> bool:
    """Whether a sentence is one of several rows, with cells or labelled.

    The first row with cells is none: it may name the columns.
    """

    def are_alike(other: int) -> bool:
        if not 0 <= other < len(texts) or sentences[other].passage != sentences[position].passage:
            return False
        if other < position and all(len(cells_of(texts[at])) > 1 for at in (other, position)):
            return True
        return is_labelled(texts[position]) and is_labelled(texts[other])

    return are_alike(position - 1) or are_alike(position + 1)


def _leads_on(text: str, titles: Collection[str], *, is_bare: bool) -> bool:
    line = text.strip()
    return (
        bool(_NUMBERED_HEAD.fullmatch(flowing(line)))
        or line.endswith(("?", ":", "？", "：", "؟"))
        or line[0] == "#"
        or _title(line) in titles
        or (not is_bare and _is_label(line))
    )


def _is_column_head(text: str) -> bool:
    """Whether a text is a date, a year, a unit in brackets or a row of bare figures.

    So is a line of a table of contents: it heads what is elsewhere.
    """
    line = flowing(text).strip(" |*")
    words = [word for word in _WORD.findall(line.casefold()) if not word[0].isdigit()]
    if len(line) > LONGEST_HEAD:
        return False
    if _IN_BRACKETS.fullmatch(line) or _CONTENTS.fullmatch(line):
        return True
    return all(re.fullmatch(MONTH, word) for word in words)


def _is_label(line: str) -> bool:
    """Whether a line reads like a heading or a caption: short, no full stop, no closing figure."""
    if line[0] in "|-*•" or line.endswith(_ENDS):
        return False
    if _gives_amount(line) or _SETS.search(line) or (SAYS.search(line) and not ASKS.match(line)):
        return False
    words = apart(_NUMBERING.sub("", flowing(line))).split()
    return len(words) <= LONGEST_LABEL_WORDS and not (words and _FIGURE.search(words[-1]))


def _gives_amount(line: str) -> bool:
    """Whether a line says how much something is: "Two pairs 184.00 EUR", "Beam: 4.20 m, oak".

    A year is no amount, and neither is a stretch of time, which heads columns.
    """
    told = _NUMBERING.sub("", flowing(line))
    if is_labelled(told) and _FIGURE.search(_YEAR.sub("", told.partition(":")[2])):
        return True
    return any(
        each.kind not in _NO_AMOUNTS and not _YEAR.match(told, each.span.start)
        for each in quantities(told)
    )


def _titles(passage: Passage) -> tuple[str, ...]:
    """The title of a passage's document, and its headings."""
    return (passage.document.title, *passage.heading)


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


def _legible(text: str, source: Source) -> str:
    """A text as it is read: without the marks of emphasis, where it is Markdown."""
    return without_pairs(text) if source.passage.document.media_type == MARKDOWN else text


def _quoted(text: str, head: str = "") -> str:
    """A sentence on one line, without the marks of a list item, a heading or a table row.

    A row whose first or last cell is empty keeps it below its head. A document's own `[3]` must
    not be taken for a marker of ours.
    """
    line = flowing(_MARKS.sub("", text)).strip()
    is_whole = head and len(cells_of(line, like=head)) == len(cells_of(head))
    return disarmed(line if is_whole and not is_pipe_row(head) else line.strip(" |"))
