"""Which words of a passage say what a claim says."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from rag.domain import Span
from rag.folding import fold
from rag.sentences import split_sentences

LONGEST_QUOTE_SENTENCES = 3
SHORTEST_VERBATIM_WORDS = 4
NUMBER_WEIGHT = 2.0
# How much recall of the claim's words counts above brevity of the quote (van Rijsbergen's F).
BETA = 1.5
_TOKEN = re.compile(r"\d[\d.,]*\d|\d|[^\W\d_]+(?:\d+\w*)?|\d\w+")
_QUOTED = re.compile(r'"([^"]+)"')
_EMPHASIS = re.compile(r"[*_`]+")
_LAYOUT = re.compile(r"[#|>]+")
# Scripts that put no spaces between words: two letters at a time stand for one.
_UNSPACED = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]{2,}")
_SPACED = re.compile(r"[^\W\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]")


@dataclass(frozen=True, slots=True)
class _Candidate:
    span: Span
    words: frozenset[str]


def align(claim: str, passage: str) -> Span:
    """The span of the passage that carries the claim: never empty, at sentence borders.

    Words quoted verbatim are found as such. Otherwise up to three neighbouring sentences are
    chosen by the weighted share of the claim's words they hold, rare words and figures first,
    against their length. A passage that shares no word with the claim is returned whole.
    """
    claim, plain = _unmarked(claim), _unmarked(passage)
    verbatim = _verbatim(claim, plain)
    if verbatim is not None:
        return verbatim
    sentences = [
        _Candidate(span, _words(plain[span.start : span.end])) for span in split_sentences(passage)
    ]
    best = _best_run(_words(claim), sentences)
    if best is not None:
        return best
    start = len(passage) - len(passage.lstrip())
    return Span(start, len(passage.rstrip())) if passage.strip() else Span(0, len(passage))


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


def _best_run(wanted: frozenset[str], sentences: Sequence[_Candidate]) -> Span | None:
    frequency = Counter(word for sentence in sentences for word in sentence.words)

    def weigh(word: str) -> float:
        return _weight(word, frequency[word], len(sentences))

    weights = {word: weigh(word) for word in wanted}
    total = math.fsum(weights.values())
    best, best_score = None, 0.0
    for first in range(len(sentences)):
        for last in range(first, min(first + LONGEST_QUOTE_SENTENCES, len(sentences))):
            run = sentences[first : last + 1]
            words = frozenset().union(*(sentence.words for sentence in run))
            matched = math.fsum(weights[word] for word in wanted & words)
            if not matched:
                continue
            extra = math.fsum(weigh(word) for word in words - wanted)
            recall, precision = matched / total, matched / (matched + extra)
            score = (1 + BETA**2) * precision * recall / (BETA**2 * precision + recall)
            if score > best_score:
                best, best_score = Span(run[0].span.start, run[-1].span.end), score
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
            words.add(_stem(token))
    return frozenset(words)


def _stem(token: str) -> str:
    if token[0].isdigit():
        return token.replace(",", "").rstrip(".")
    return token[:-1] if len(token) > 3 and token.endswith("s") else token
