"""Which words of a passage say what a claim says."""

from __future__ import annotations

import math
import re
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from rag.domain import Span
from rag.folding import flowing, fold
from rag.pieces import Pieces, Run, Words, pieces_of, run_of
from rag.raised import RAISED
from rag.sentences import split_sentences

LONGEST_QUOTE_SENTENCES = 3
LONGEST_SENTENCE = 800  # characters; what is longer is a list or table that was not taken apart
SHORTEST_VERBATIM_WORDS = 4
SHORTEST_TELLING_WORDS = 3  # where small words were left out
NUMBER_WEIGHT = 2.0
# How much recall of the claim's words counts above brevity of the quote (van Rijsbergen's F).
BETA = 1.5
# Shares of words: a clear match; a sound one; below that small words alone make up as much.
CLEAR, SOUND = 0.45, 0.35
# Cosines of the embedded embedder: sentences that say alike things; that are about one thing.
ALIKE, RELATED = 0.4, 0.25
KEPT_PASSAGES, KEPT_CLAIMS = 64, 256  # of those met last, taken apart
_QUOTATION_MARKS = frozenset('"“”„«»')
_QUOTED = re.compile(r'["“”„«»]([^"“”„«»]+)["“”„«»]')
_EMPHASIS = re.compile(r"[*_`]+")
_RAISED_RUN = re.compile(f"[{RAISED}]*")
_RAISED_BRACKETS = str.maketrans("", "", "⁽⁾")  # a quote has a document's raised "1" in them
_LAYOUT = re.compile(r"[#|>]+")
_WORD = re.compile(r"[^\W_]")
_NO_LAYOUT = re.compile(r"[^\s\0•▪●◦-]")


# Picks the text nearest in meaning to a claim: its position, and the cosine of the two.
Nearest = Callable[[str, Sequence[str]], tuple[int, float]]


@dataclass(frozen=True, slots=True)
class Alignment:
    """Where a passage says a claim; not `found` when it is only the best guess.

    `strength` is how well the words there are the claim's, 0 to 1, and 1 for the same words.
    """

    span: Span
    found: bool
    strength: float = 0.0


@dataclass(frozen=True, slots=True)
class _Run:
    """Neighbouring sentences; `strength` is how well their words are the claim's, 0 to 1."""

    span: Span
    strength: float
    figures: bool

    @property
    def sure(self) -> bool:
        return self.figures or self.strength >= SOUND


@dataclass(frozen=True, slots=True)
class _Candidate:
    """Up to three neighbouring sentences, their words, and what those weigh together."""

    span: Span
    words: frozenset[str]
    weight: float


@dataclass(frozen=True, slots=True)
class _Claim:
    """A claim taken apart; `bag` are all its words."""

    plain: str
    pieces: Pieces
    whole: Run
    telling: Run
    bag: frozenset[str]


@dataclass(frozen=True, slots=True)
class _Passage:
    """A passage taken apart."""

    plain: str
    pieces: Pieces
    whole: Run
    telling: Run
    sentences: tuple[Span, ...]
    words: tuple[frozenset[str], ...]  # of each sentence
    weights: Mapping[str, float]
    candidates: tuple[_Candidate, ...]


def align(claim: str, passage: str, nearest: Nearest | None = None) -> Alignment:
    """The span of the passage that carries the claim: never empty.

    Words quoted verbatim are found as such, however they are set; where only small words were left
    out, the sentences or table rows that hold them. Otherwise up to three neighbouring sentences
    are chosen by the weighted share of the claim's words they hold, rare words and figures first,
    against their length; where few are shared, as between two languages, the sentence that
    `nearest` picks, if it is near. What shares no word is nowhere found: then it is the whole
    passage, or the nearest sentence.
    """
    wanted, apart = _claim(claim), _passage(passage)
    same = _verbatim(wanted, apart)
    if same is not None:
        return Alignment(same, found=True, strength=1.0)
    run = _best_run(wanted.bag, apart)
    if run is None or run.strength < CLEAR:
        near = _nearest_sentence(wanted.plain, passage, apart, nearest)
        if near is not None and (near.strength >= ALIKE or run is None or not run.sure):
            return near
    if run is not None:
        return Alignment(run.span, found=run.sure, strength=run.strength)
    start = len(passage) - len(passage.lstrip())
    whole = Span(start, len(passage.rstrip())) if passage.strip() else Span(0, len(passage))
    return Alignment(whole, found=False)


def _nearest_sentence(
    claim: str, passage: str, apart: _Passage, nearest: Nearest | None
) -> Alignment | None:
    worded = [
        span
        for span, words in zip(apart.sentences, apart.words, strict=True)
        if len(words) >= SHORTEST_VERBATIM_WORDS
    ]
    if nearest is None or not worded:
        return None
    texts = [flowing(passage[span.start : span.end]) for span in worded]
    position, similarity = nearest(claim, texts)
    return Alignment(worded[position], found=similarity >= RELATED, strength=similarity)


def _unmarked(text: str) -> str:
    """The text without the marks of Markdown, each character where it was.

    What stands for emphasis becomes a control character, which comparing leaves out.
    """
    text = _EMPHASIS.sub(lambda match: "\0" * len(match.group()), text)
    return _LAYOUT.sub(lambda match: " " * len(match.group()), text)


@lru_cache(maxsize=KEPT_CLAIMS)
def _claim(claim: str) -> _Claim:
    plain = _unmarked(claim.translate(_RAISED_BRACKETS))
    pieces = pieces_of(plain)
    return _Claim(
        plain,
        pieces,
        run_of(pieces.words, small=True),
        run_of(pieces.words, small=False),
        frozenset().union(*(each.bag for each in pieces.words)),
    )


@lru_cache(maxsize=KEPT_PASSAGES)
def _passage(passage: str) -> _Passage:
    plain = _unmarked(passage)
    pieces = pieces_of(plain)
    sentences = split_sentences(passage)
    starts = [span.start for span in pieces.spans]
    borders = [bisect_left(starts, span.end) for span in sentences]
    words = [
        frozenset().union(*(each.bag for each in pieces.words[first:last]))
        for first, last in zip([0, *borders], borders, strict=False)
    ]
    frequency = Counter(word for sentence in words for word in sentence)
    weights = {
        word: _rarity(count, len(words)) * _weight(word) for word, count in frequency.items()
    }
    return _Passage(
        plain,
        pieces,
        run_of(pieces.words, small=True),
        run_of(pieces.words, small=False),
        tuple(sentences),
        tuple(words),
        weights,
        tuple(_candidates(sentences, words, weights)),
    )


def _candidates(
    sentences: Sequence[Span], words: Sequence[frozenset[str]], weights: Mapping[str, float]
) -> list[_Candidate]:
    """Runs of neighbouring sentences; a divider or a rule, without words, ends none."""
    found = []
    for first in range(len(sentences)):
        for last in range(first, min(first + LONGEST_QUOTE_SENTENCES, len(sentences))):
            if words[first] and words[last]:
                held = frozenset().union(*words[first : last + 1])
                span = Span(sentences[first].start, sentences[last].end)
                found.append(_Candidate(span, held, math.fsum(weights[word] for word in held)))
    return found


def _verbatim(claim: _Claim, passage: _Passage) -> Span | None:
    """Where the passage says the claim, or what it quotes, in the same words."""
    found = passage.whole.find(claim.whole.text)
    if found:
        spans = [_set_as(claim, passage, first, last) for first, last in found]
        best = max(spans, key=lambda span: _ends_at_borders(passage, span))
        words = len(claim.whole.places)
        if words >= SHORTEST_VERBATIM_WORDS or (words > 1 and _ends_at_borders(passage, best) == 2):
            return best
    if len(claim.telling.places) >= SHORTEST_TELLING_WORDS:
        found = passage.telling.find(claim.telling.text)
        if found:
            denials = sum(each.denying for each in claim.pieces.words)
            spans = [_to_borders(passage, first, last) for first, last in found]
            return min(spans, key=lambda span: (_denials(passage, span) != denials, _length(span)))
    for words_quoted in sorted(_QUOTED.findall(claim.plain), key=len, reverse=True):
        quoted = _claim(f'"{words_quoted}"')
        if len(quoted.whole.places) >= SHORTEST_VERBATIM_WORDS:
            for first, last in passage.whole.find(quoted.whole.text):
                return _set_as(quoted, passage, first, last)
    return None


def _set_as(claim: _Claim, passage: _Passage, first: int, last: int) -> Span:
    """From one piece of a passage to another, with the marks around them that the claim has."""
    text = passage.plain
    start, end = passage.pieces.spans[first].start, passage.pieces.spans[last].end
    for mark in reversed(_marks(claim.plain[: claim.pieces.spans[0].start])):
        before = len(text[:start].rstrip()) - 1
        if before < 0 or fold(text[before]).text != fold(mark).text:
            break
        start = before
    behind = _RAISED_RUN.match(text, end)  # a mark in brackets is no part of the word before
    end = behind.end() if behind else end
    for mark in _marks(claim.plain[claim.pieces.spans[-1].end :]):
        after = end + len(text[end:]) - len(text[end:].replace("\0", " ").lstrip())
        if after == len(text) or fold(text[after]).text != fold(mark).text:
            break
        end = after + 1
    return _widened(passage, Span(start, end), quoted=claim.plain.strip()[:1] in _QUOTATION_MARKS)


def _marks(text: str) -> str:
    """A text without white space and what stood for emphasis."""
    return "".join(text.replace("\0", " ").split())


def _widened(passage: _Passage, span: Span, *, quoted: bool) -> Span:
    """A span to the borders of its sentences where only layout is between, or small words.

    What was quoted has no small words left out.
    """

    def is_nothing(start: int, end: int) -> bool:
        if not _NO_LAYOUT.search(passage.plain, start, end):
            return True
        return not quoted and _has_words(passage, start, end) and _only_small(passage, start, end)

    sentences = _sentences_around(passage, span)
    return Span(
        sentences.start if is_nothing(sentences.start, span.start) else span.start,
        sentences.end if is_nothing(span.end, sentences.end) else span.end,
    )


def _to_borders(passage: _Passage, first: int, last: int) -> Span:
    """The sentences that hold the pieces from one to another, or else the lines."""
    start, end = passage.pieces.spans[first].start, passage.pieces.spans[last].end
    sentences = _sentences_around(passage, Span(start, end))
    lines = _lines(passage.plain, start, end)
    for span in (sentences, lines):
        if _only_small(passage, span.start, start) and _only_small(passage, end, span.end):
            return span
    return sentences if _length(sentences) <= LONGEST_SENTENCE else lines


def _lines(text: str, start: int, end: int) -> Span:
    """The lines that hold a part of a text, without the white space around them."""
    begin = text.rfind("\n", 0, start) + 1
    stop = text.find("\n", end)
    lines = text[begin : None if stop < 0 else stop]
    return Span(begin + len(lines) - len(lines.lstrip()), begin + len(lines.rstrip()))


def _only_small(passage: _Passage, start: int, end: int) -> bool:
    """Whether two positions are on one line with only small words between."""
    if "\n" in passage.plain[start:end].strip():
        return False
    return all(each.small for each in _words_of(passage, Span(start, end)))


def _has_words(passage: _Passage, start: int, end: int) -> bool:
    return bool(_WORD.search(passage.plain, start, end))


def _denials(passage: _Passage, span: Span) -> int:
    return sum(each.denying for each in _words_of(passage, span))


def _words_of(passage: _Passage, span: Span) -> Sequence[Words]:
    """The words that begin within a span."""
    begin = bisect_left(passage.pieces.spans, span.start, key=lambda each: each.start)
    stop = bisect_left(passage.pieces.spans, span.end, key=lambda each: each.start)
    return passage.pieces.words[begin:stop]


def _length(span: Span) -> int:
    return span.end - span.start


def _ends_at_borders(passage: _Passage, span: Span) -> int:
    """How many ends of a span are those of sentences, 0 to 2."""
    sentences = _sentences_around(passage, span)
    before = _has_words(passage, sentences.start, span.start)
    return (before, _has_words(passage, span.end, sentences.end)).count(False)


def _sentences_around(passage: _Passage, span: Span) -> Span:
    """From the beginning of the sentence that holds the first position to the end of the last."""
    return Span(
        passage.sentences[_sentence_at(passage, span.start)].start,
        passage.sentences[_sentence_at(passage, span.end - 1)].end,
    )


def _sentence_at(passage: _Passage, position: int) -> int:
    """The sentence that holds a position of a piece."""
    return bisect_right(passage.sentences, position, key=lambda span: span.start) - 1


def _best_run(wanted: frozenset[str], passage: _Passage) -> _Run | None:
    shared = wanted & passage.weights.keys()
    if not shared:
        return None
    rarity = _rarity(0, len(passage.sentences))
    rest = [rarity * _weight(word) for word in wanted - shared]
    total = math.fsum([*[passage.weights[word] for word in shared], *rest])
    weights = passage.weights
    best: _Candidate | None = None
    best_score = 0.0
    for candidate in passage.candidates:
        common = shared & candidate.words
        if not common:
            continue
        matched = math.fsum([weights[word] for word in common])
        recall, precision = matched / total, matched / candidate.weight
        score = (1 + BETA**2) * precision * recall / (BETA**2 * precision + recall)
        if score > best_score:
            best, best_score = candidate, score
    if best is None:
        return None
    figures = any(word[0].isdigit() for word in shared & best.words)
    return _Run(best.span, best_score, figures)


def _rarity(frequency: int, sentences: int) -> float:
    return math.log(1 + (sentences + 1) / (frequency + 0.5))


def _weight(word: str) -> float:
    return NUMBER_WEIGHT if word[0].isdigit() else min(1.0, len(word) / 4)
