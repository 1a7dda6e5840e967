"""The words of a text as they are compared, and the parts of its sentences that they stand in."""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass
from functools import lru_cache

from rag.domain import Span
from rag.languages import SMALL_WORDS, Language
from rag.numerals import SPELLED
from rag.raised import RAISED, without_marks
from rag.sentences import split_sentences
from rag.synonyms import concept
from rag.wording import folded, words

MOST_TERMS = 4_000  # of a text, what comes after is not compared
_WORD = re.compile(
    rf"\d+(?:[.,]\d+)+(?=[{RAISED}]|(?![\w-]))|-{{0,2}}(?![{RAISED}])[^\W_]+(?:[-_.][^\W_]+)*"
)
_FIGURE = re.compile(r"\d[\d.,  ]*\d|\d")
_CODE = re.compile(r"(?=.*\d)(?=.*[^\W\d])|.*_|--")
_SMALL = SMALL_WORDS[Language.ENGLISH] | SMALL_WORDS[Language.FRENCH]
_SMALL_TOO = words(
    "than been being am ours each other same so if then up down out off per via them they her "
    "him it its own very just cannot lui y en celui celle ceux celles afin ainsi cela ca etre "
    "avoir soit chacun chaque autre autres meme memes etant ayant vers"
)
_BREAK = re.compile(
    r"[;:]\s|,\s|\s[–—-]\s|[()]|\n|\|"
    r"|(?<=\s)(?:and|but|while|whereas|or|et|mais|ou|tandis\s+que|alors\s+que|dont|contre|versus|vs|"
    r"against|compared)(?=\s)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Term:
    """A word: what it is compared by, whether it tells anything, and where it stands.

    `part` and `sentence` number the part of a sentence and the sentence that it is in.
    """

    key: str
    word: str
    small: bool
    span: Span
    part: int
    sentence: int


@lru_cache(maxsize=512)
def terms(text: str) -> tuple[Term, ...]:
    """The words of a text in their order."""
    sentences = [span.start for span in split_sentences(text)]
    parts = sorted({*sentences, *(match.end() for match in _BREAK.finditer(text))})
    flat = folded(text)
    found = []
    for match in _WORD.finditer(text):
        for start, word in _pieces(match):
            plain = flat[start : start + len(word)]
            found.append(
                Term(
                    _key(plain),
                    plain,
                    plain in _SMALL or plain in _SMALL_TOO or (len(plain) < 2 and plain.isalpha()),
                    Span(start, start + len(word)),
                    bisect_right(parts, start),
                    bisect_right(sentences, start),
                )
            )
        if len(found) >= MOST_TERMS:
            break
    return tuple(found)


def _pieces(match: re.Match[str]) -> list[tuple[int, str]]:
    """A word, or those that hyphens join, unless they make up a code."""
    word = match.group()
    if _CODE.match(word) or word.lower() in SPELLED or "-" not in word:
        bare = word.lstrip("-") if not word.startswith("--") else word
        return [(match.end() - len(bare), _without_mark(bare))]
    return [(match.start() + piece.start(), piece.group()) for piece in re.finditer(r"[^-]+", word)]


def _without_mark(word: str) -> str:
    """A word without the mark of a note behind it."""
    meant = without_marks(word)
    return meant if word.startswith(meant) else word


def _key(plain: str) -> str:
    if plain in SPELLED:
        return f"{SPELLED[plain]:g}"
    if plain[0].isdigit() and _FIGURE.fullmatch(plain):
        return plain.replace(",", "")
    return plain if _CODE.match(plain) else concept(plain)


def told(text: str) -> frozenset[str]:
    """What the telling words of a text are compared by."""
    return frozenset(term.key for term in terms(text) if not term.small)
