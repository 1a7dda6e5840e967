"""The words of a text as they are compared, each with the characters it came from."""

from __future__ import annotations

import itertools
import re
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from rag.domain import Span
from rag.folding import fold, unaccented
from rag.languages import SMALL_WORDS

KEPT_WORDS = 50_000  # of those met last, as they are compared
_DENIALS = (
    "no not nor never pas ne n non sans jamais nicht kein keine keinen keiner nie sin ni nunca nao "
    "sem niet geen senza"
)
_FURTHER = (  # small words by which no language is told
    "also am again both each few further here itself just me my myself now once only own same some "
    "so themselves then too up upon very whom yourself cet lui moi si tres bien doch mich mir uns "
    "dort hier muy mi tu ya"
)
_TOLD_BY = {unaccented(word) for words in SMALL_WORDS.values() for word in words}
_DENYING = frozenset(_DENIALS.split())
_SMALL = _DENYING.union(_TOLD_BY, _FURTHER.split())
_DECIMAL_COMMA = re.compile(r"\d{1,3}(?:\.\d{3})*,\d{1,2}|\d+,\d{1,2}")
_TOKEN = re.compile(r"\d[\d.,]*\d|\d|[^\W\d_]+(?:\d+\w*)?|\d\w+")
# Scripts that put no spaces between words: two letters at a time stand for one.
_UNSPACED = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]{2,}")
_UNSEEN = r"\x00-\x08\x0e-\x1f\x7f\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff\ufffe\uffff"
# A word with what breaks it: an accent of its own, what is not seen, the end of a line after a
# hyphen, and the hyphens, apostrophes and points inside it.
_PIECE = re.compile(
    rf"[^\W_](?:[^\W_]|[\u0300-\u036f{_UNSEEN}]++(?=[^\W_])|[\u0300-\u036f]"
    r"|[\x02\u00ad\ufffe]\s*+(?=[^\W_])|(?<=\d)[.,](?=\d)|['’](?=[^\W\d_])"
    r"|[-‐‑](?:[ \t]*+\r?\n[ \t]*+)?(?=[^\W_]))*+"
)
_HYPHENATED = re.compile(r"(?<=[^\W\d_])[-‐‑][ \t]*\r?\n[ \t]*(?=[^\W\d_])")


@dataclass(frozen=True, slots=True)
class Words:
    """What one piece of a text is compared as.

    `key` is it without capitals, accents, hyphens and separators of thousands; `bag` are the words
    that it consists of, in the singular; a `small` one joins others, or is `denying` them.
    """

    key: str
    bag: frozenset[str]
    small: bool
    denying: bool


@dataclass(frozen=True, slots=True)
class Pieces:
    """The pieces of a text in order: their spans, and what they are compared as."""

    spans: tuple[Span, ...]
    words: tuple[Words, ...]


@dataclass(frozen=True, slots=True)
class Run:
    """The keys of pieces as one text, in which those of another are looked for.

    `starts` and `ends` are the places in it where pieces begin and end; `places` are the positions
    of those pieces among all.
    """

    text: str
    starts: tuple[int, ...]
    ends: tuple[int, ...]
    places: tuple[int, ...]

    def find(self, wanted: str) -> list[tuple[int, int]]:
        """Where whole pieces are what is wanted: the positions of the first and the last of each.

        Spaces and hyphens count for nothing, as they are lost and made where a line ends.
        """
        found = []
        start = self.text.find(wanted) if wanted else -1
        while start >= 0:
            end = start + len(wanted)
            first, last = bisect_left(self.starts, start), bisect_left(self.ends, end)
            if self.starts[first : first + 1] == (start,) and self.ends[last : last + 1] == (end,):
                found.append((self.places[first], self.places[last]))
            start = self.text.find(wanted, start + 1)
        return found


def pieces_of(text: str) -> Pieces:
    """The words of a text."""
    spans, words = [], []
    for match in _PIECE.finditer(text):
        each = _words(match.group())
        if each.key:
            spans.append(Span(*match.span()))
            words.append(each)
    return Pieces(tuple(spans), tuple(words))


def run_of(words: Sequence[Words], *, small: bool) -> Run:
    """The keys of words as one text, with the small words or without them."""
    places = [place for place, each in enumerate(words) if small or not each.small]
    keys = [words[place].key for place in places]
    ends = tuple(itertools.accumulate(map(len, keys)))
    return Run("".join(keys), (0, *ends)[: len(ends)], ends, tuple(places))


@lru_cache(maxsize=KEPT_WORDS)
def _words(piece: str) -> Words:
    folded = fold(_HYPHENATED.sub("", piece)).text
    tokens = _TOKEN.findall(folded)
    bag: set[str] = set()
    for token in tokens:
        if _UNSPACED.fullmatch(token):
            bag.update(token[at : at + 2] for at in range(len(token) - 1))
        else:
            bag.add(_figure(token) if token[0].isdigit() else _stem(token))
    key = "".join(_figure(token) if token[0].isdigit() else token for token in tokens)
    return Words(key, frozenset(bag), key in _SMALL, key in _DENYING)


def _figure(token: str) -> str:
    """A figure as English writes it, without separators: "12,9" is 12.9, "1,577" is 1577."""
    if _DECIMAL_COMMA.fullmatch(token):
        return token.replace(".", "").replace(",", ".")
    return token.replace(",", "").rstrip(".")


def _stem(token: str) -> str:
    return token[:-1] if len(token) > 3 and token.endswith("s") else token
