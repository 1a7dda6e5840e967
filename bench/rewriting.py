"""Texts rewritten by rules, as they come back from copying, setting and quoting."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from rag.alignment import align
from rag.domain import Span
from rag.sentences import split_sentences

PASSAGE = 3_000  # characters, some three chunks
MOST_RULES = 3
LEAST_WORDS, MOST_CHARACTERS = 4, 700
LONG_WORD = 6  # letters, of which three stand on either side of a hyphen
_STOP_WORDS = (
    "a an the of to in on at by for from with and or as is are was were be been has have had that "
    "this these those which it its our we their will would may can such than into during under "
    "le la les l un une des du de d et ou en au aux par pour sur dans avec que qui est sont ce "
    "der die das den dem des ein eine einer und oder von zu mit für auf im am bei ist sind "
    "el los las del al y con para por una es son"
)
_LIGATURES = {"ffi": "ﬃ", "ffl": "ﬄ", "ff": "ﬀ", "fi": "ﬁ", "fl": "ﬂ"}
_WORD = re.compile(r"[^\W\d_]+")
_MARGINS = re.compile(r"^\s+|[\s.;,:!?\"'”’)]+$")


@dataclass(frozen=True, slots=True)
class Sample:
    """A span of a page, and the passage around it that is searched as well."""

    page: str
    span: Span
    passage: Span

    @property
    def text(self) -> str:
        """What is rewritten."""
        return self.page[self.span.start : self.span.end]


def other_case(text: str, rng: random.Random) -> str:
    """In capitals, in small letters, or with every word capitalised."""
    return rng.choice([str.upper, str.lower, str.title])(text)


def other_spacing(text: str, rng: random.Random) -> str:
    """With other spaces, more of them, or none at signs of currency and percent."""
    if rng.random() < 0.5:
        text = re.sub(r"([$€£])[ ]?(?=\d)", lambda match: match[1] + rng.choice(["", " "]), text)
        text = re.sub(r"(?<=\d)[ ]?%", lambda match: rng.choice(["%", " %"]), text)
    spaces = rng.choice([["  "], [" ", "   "], ["\u00a0", " "], ["\t"], [" ", "\u2009", "  "]])
    return re.sub(" ", lambda match: rng.choice(spaces), text)


def line_breaks_inserted(text: str, rng: random.Random) -> str:
    """With one space in six the end of a line."""
    end = rng.choice(["\n", "\r\n", " \n"])
    return re.sub(r"[ ]+", lambda match: end if rng.random() < 1 / 6 else match.group(), text)


def line_breaks_removed(text: str, rng: random.Random) -> str:
    """On one line, words at line ends whole."""
    return " ".join(re.sub(r"[\x02\ufffe\u00ad]\s*", "", text).split())


def hyphenated(text: str, rng: random.Random) -> str:
    """With one or two long words broken at the end of a line."""
    long = [match for match in _WORD.finditer(text) if len(match.group()) >= LONG_WORD]
    for match in sorted(rng.sample(long, min(2, len(long))), key=lambda match: -match.start()):
        at = rng.randint(match.start() + 3, match.end() - 3)
        text = text[:at] + rng.choice(["-\n", "-\r\n", "\x02\r\n", "\u00ad\n"]) + text[at:]
    return text


def with_ligatures(text: str, rng: random.Random) -> str:
    """With the letters that a printer would join as one, or, where they are, as two."""
    for letters, joined in _LIGATURES.items():
        text = text.replace(joined, letters)
        if rng.random() < 0.8:
            text = text.replace(letters, joined)
    return text


def without_stop_words(text: str, rng: random.Random) -> str:
    """With half of its small words left out, or all of them."""
    share = rng.choice([0.5, 1.0])
    stop_words = _STOP_WORDS.split()
    words = re.split(r"(\s+)", text)
    kept = [
        "" if word.casefold().strip(",;") in stop_words and rng.random() < share else word
        for word in words
    ]
    return re.sub(r"(?<=\s)\s+", "", "".join(kept)).strip()


RULES: Sequence[Callable[[str, random.Random], str]] = (
    without_stop_words,
    other_case,
    with_ligatures,
    other_spacing,
    line_breaks_removed,
    line_breaks_inserted,
    hyphenated,
)


def rewritten(text: str, rng: random.Random) -> tuple[str, list[str]]:
    """A text rewritten by one to three rules, in their order, and the names of these."""
    rules = rng.sample(range(len(RULES)), rng.randint(1, MOST_RULES))
    for rule in sorted(rules):
        text = RULES[rule](text, rng)
    return text, [RULES[rule].__name__ for rule in sorted(rules)]


def samples(pages: Sequence[str], count: int, rng: random.Random) -> list[Sample]:
    """Sentences and table rows that stand once on their page, from as many pages as possible."""
    found: list[Sample] = []
    for page in rng.sample(pages, len(pages)) * 3:
        if len(found) == count:
            break
        spans = [span for span in split_sentences(page) if _is_fit(page, span)]
        if not spans:
            continue
        span = rng.choice(spans)
        begin = page.find("\n", max(0, span.start - rng.randint(0, PASSAGE)), span.start) + 1
        sample = Sample(page, span, Span(begin, max(span.end, begin + PASSAGE)))
        if sample not in found:
            found.append(sample)
    return found


def _is_fit(page: str, span: Span) -> bool:
    text = page[span.start : span.end]
    fit = len(text.split()) >= LEAST_WORDS and len(text) <= MOST_CHARACTERS
    return fit and len(_WORD.findall(text)) > 1 and _bare(page).count(_bare(text)) == 1


def _bare(text: str) -> str:
    return "".join(re.findall(r"[^\W_]+", text.casefold()))


def is_same(wanted: str, found: str) -> bool:
    """Whether two spans are equal up to white space and closing punctuation around them."""
    return _MARGINS.sub("", wanted) == _MARGINS.sub("", found)


def measure(
    chosen: Sequence[Sample], rng: random.Random
) -> Iterator[tuple[Sample, str, list[str], str, str]]:
    """Each sample, it rewritten by which rules, and what the page and the passage give for it."""
    for sample in chosen:
        claim, rules = rewritten(sample.text, rng)
        passage = sample.page[sample.passage.start : sample.passage.end]
        on_page, in_passage = align(claim, sample.page).span, align(claim, passage).span
        yield (
            sample,
            claim,
            rules,
            sample.page[on_page.start : on_page.end],
            passage[in_passage.start : in_passage.end],
        )
