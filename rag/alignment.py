"""Which words of a passage say what a claim says."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from rag.domain import Span
from rag.folding import flowing, fold
from rag.sentences import split_sentences

LONGEST_QUOTE_SENTENCES = 3
SHORTEST_VERBATIM_WORDS = 4
NUMBER_WEIGHT = 2.0
# How much recall of the claim's words counts above brevity of the quote (van Rijsbergen's F).
BETA = 1.5
# Shares of words: a clear match; a sound one; below that small words alone make up as much.
CLEAR, SOUND = 0.45, 0.35
# Cosines of the embedded embedder: sentences that say alike things; that are about one thing.
ALIKE, RELATED = 0.4, 0.25
_DECIMAL_COMMA = re.compile(r"\d{1,3}(?:\.\d{3})*,\d{1,2}|\d+,\d{1,2}")
_TOKEN = re.compile(r"\d[\d.,]*\d|\d|[^\W\d_]+(?:\d+\w*)?|\d\w+")
_QUOTED = re.compile(r'"([^"]+)"')
_EMPHASIS = re.compile(r"[*_`]+")
_LAYOUT = re.compile(r"[#|>]+")
# Scripts that put no spaces between words: two letters at a time stand for one.
_UNSPACED = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]{2,}")
_SPACED = re.compile(r"[^\W\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]")


# Picks the text nearest in meaning to a claim: its position, and the cosine of the two.
Nearest = Callable[[str, Sequence[str]], tuple[int, float]]


@dataclass(frozen=True, slots=True)
class Alignment:
    """Where a passage says a claim; not `found` when it is only the best guess."""

    span: Span
    found: bool


@dataclass(frozen=True, slots=True)
class _Near:
    span: Span
    similarity: float


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
    span: Span
    words: frozenset[str]


def align(claim: str, passage: str, nearest: Nearest | None = None) -> Alignment:
    """The span of the passage that carries the claim: never empty, at sentence borders.

    Words quoted verbatim are found as such. Otherwise up to three neighbouring sentences are
    chosen by the weighted share of the claim's words they hold, rare words and figures first,
    against their length; where few are shared, as between two languages, the sentence that
    `nearest` picks, if it is near. What shares no word is nowhere found: then it is the whole
    passage, or the nearest sentence.
    """
    claim, plain = _unmarked(claim), _unmarked(passage)
    verbatim = _verbatim(claim, plain)
    if verbatim is not None:
        return Alignment(verbatim, found=True)
    spans = split_sentences(passage)
    sentences = [_Candidate(span, _words(plain[span.start : span.end])) for span in spans]
    run = _best_run(_words(claim), sentences)
    if run is None or run.strength < CLEAR:
        near = _nearest_sentence(claim, passage, sentences, nearest)
        if near is not None and (near.similarity >= ALIKE or run is None or not run.sure):
            return Alignment(near.span, found=near.similarity >= RELATED)
    if run is not None:
        return Alignment(run.span, found=run.sure)
    start = len(passage) - len(passage.lstrip())
    whole = Span(start, len(passage.rstrip())) if passage.strip() else Span(0, len(passage))
    return Alignment(whole, found=False)


def _nearest_sentence(
    claim: str, passage: str, sentences: Sequence[_Candidate], nearest: Nearest | None
) -> _Near | None:
    worded = [each.span for each in sentences if len(each.words) >= SHORTEST_VERBATIM_WORDS]
    if nearest is None or not worded:
        return None
    texts = [flowing(passage[span.start : span.end]) for span in worded]
    position, similarity = nearest(claim, texts)
    return _Near(worded[position], similarity)


def _unmarked(text: str) -> str:
    """The text without the marks of Markdown, each character where it was.

    What stands for emphasis becomes a control character, which comparing leaves out.
    """
    text = _EMPHASIS.sub(lambda match: "\0" * len(match.group()), text)
    return _LAYOUT.sub(lambda match: " " * len(match.group()), text)


def _verbatim(claim: str, passage: str) -> Span | None:
    folded = fold(passage)
    plain = fold(claim).text.strip()
    quoted = sorted(_QUOTED.findall(plain), key=len, reverse=True)
    for wanted in [plain.strip(' "'), *quoted]:
        words = wanted.strip()
        if len(words.split()) < SHORTEST_VERBATIM_WORDS:
            continue
        for form in (words, words.rstrip(".;,:")):
            found = re.search(_whole_words(form), folded.text)
            if found:
                return Span(*folded.original(*found.span()))
    return None


def _whole_words(form: str) -> str:
    """A pattern for these very words: "it is 12" is not said by "it is 12.5" or "it is 128"."""
    before = r"(?<!\w)(?<!\d[.,])" if _SPACED.match(form) else ""
    after = r"(?!\w)(?![.,]\d)" if _SPACED.match(form[-1]) else r"(?!\d)"
    return before + re.escape(form) + after


def _best_run(wanted: frozenset[str], sentences: Sequence[_Candidate]) -> _Run | None:
    frequency = Counter(word for sentence in sentences for word in sentence.words)

    def weigh(word: str) -> float:
        return _weight(word, frequency[word], len(sentences))

    weights = {word: weigh(word) for word in wanted}
    total = math.fsum(weights.values())
    best: _Run | None = None
    best_score = 0.0
    for first in range(len(sentences)):
        for last in range(first, min(first + LONGEST_QUOTE_SENTENCES, len(sentences))):
            run = sentences[first : last + 1]
            if not run[0].words or not run[-1].words:  # a divider or a rule belongs to no quote
                continue
            words = frozenset().union(*(sentence.words for sentence in run))
            matched = math.fsum(weights[word] for word in wanted & words)
            if not matched:
                continue
            extra = math.fsum(weigh(word) for word in words - wanted)
            recall, precision = matched / total, matched / (matched + extra)
            score = (1 + BETA**2) * precision * recall / (BETA**2 * precision + recall)
            if score > best_score:
                best_score = score
                figures = any(word[0].isdigit() for word in wanted & words)
                best = _Run(Span(run[0].span.start, run[-1].span.end), score, figures)
    return best


def _weight(word: str, frequency: int, sentences: int) -> float:
    rarity = math.log(1 + (sentences + 1) / (frequency + 0.5))
    return rarity * (NUMBER_WEIGHT if word[0].isdigit() else min(1.0, len(word) / 4))


def _words(text: str) -> frozenset[str]:
    words: set[str] = set()
    for token in _TOKEN.findall(fold(text).text):
        if _UNSPACED.fullmatch(token):
            words.update(token[at : at + 2] for at in range(len(token) - 1))
        else:
            words.add(_figure(token) if token[0].isdigit() else _stem(token))
    return frozenset(words)


def _figure(token: str) -> str:
    """A figure as English writes it, without separators: "12,9" is 12.9, "1,577" is 1577."""
    if _DECIMAL_COMMA.fullmatch(token):
        return token.replace(".", "").replace(",", ".")
    return token.replace(",", "").rstrip(".")


def _stem(token: str) -> str:
    return token[:-1] if len(token) > 3 and token.endswith("s") else token
