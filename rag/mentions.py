"""Which documents a question names: by company, year, title, people or places.

A document is known by the words of its title and its file name, and by the names on its first page.
How much a word tells is how few documents it could mean: nothing is known beforehand of any kind of
document.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest

from rag.exact import exact_words, other_forms
from rag.folding import flowing, unaccented
from rag.identifiers import contradicts
from rag.identifiers import names as codes
from rag.languages import SMALL_WORDS
from rag.periods import PERIOD_WORDS, periods_of

FIRST_PAGE = 4_000  # characters of it that are read
ON_FIRST_PAGE = 0.4  # what a name there weighs beside a word of the title
YEAR_ALONE = 0.5  # how far a year without a name prefers a document
PERIOD_SHARE = 0.25  # of the preference for a named document that hangs on the year asked for
SHORTEST_NAME = 2
TELLING = 0.5  # from how much on a name tells of a document
COMMON = 0.1  # the share of chunks above which a word in lower case names nothing
_WORD = re.compile(r"[^\W_]+(?:[&'’][^\W_]+)*")
_PIECE = re.compile(r"[^\W\d_]+|\d+")
_CAMEL = re.compile(r"(?<=[a-zà-þ])(?=[A-ZÀ-Þ])")
_POSSESSIVE = re.compile(r"['’]s?$", re.IGNORECASE)
_QUOTED = re.compile(r"\"[^\"]{1,300}\"|“[^”]{1,300}”|„[^“”]{1,300}[“”]|«[^»]{1,300}»")
_BRACKETS = re.compile(r"\([^()]*\)")
_NO_NAME = re.compile(r"(?:[fc]y|[qh][1-4])?\d*|[1-4][qh](?:\d\d){0,2}")
_LISTING = frozenset({"and", "or", "vs", "versus", "et", "ou", "und", "oder", "y", "o", "e", "en"})
CURRENCIES = frozenset({"usd", "us", "eur", "gbp", "chf", "jpy", "cny"})
_ASKING = frozenset(word for words in SMALL_WORDS.values() for word in words)


@dataclass(frozen=True, slots=True)
class Profile:
    """What one document is known by: words and periods, each with its weight.

    `codes` are the names with figures in its title, such as those of products.
    """

    names: Mapping[str, float]
    periods: Mapping[str, float]
    codes: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Mentions:
    """The documents a question names, from 0 to 1 each, and the question without those names.

    `named` has for each name, in the order of the question, the documents it tells of.
    """

    preferred: Mapping[str, float]
    rest: str
    named: tuple[frozenset[str], ...] = ()


class Registry:
    """Knows the documents of a library by their names."""

    def __init__(self, profiles: Mapping[str, Profile]) -> None:
        """Take the profile of each document, by its id."""
        self._profiles = profiles
        self._count = len(profiles)
        self._by_name: dict[str, dict[str, float]] = {}
        self._by_period: dict[str, dict[str, float]] = {}
        for id_, profile in profiles.items():
            for word, weight in profile.names.items():
                self._by_name.setdefault(word, {})[id_] = weight
            for period, weight in profile.periods.items():
                self._by_period.setdefault(period, {})[id_] = weight

    def mentions(self, question: str, how_common: Callable[[str], float]) -> Mentions:
        """The documents that a question names.

        Args:
            question: as it is searched.
            how_common: the share of the library's chunks that hold a word.
        """
        names: dict[str, dict[int, float]] = {}
        named: list[tuple[int, int]] = []
        run, end = -1, -1
        quoted = [match.span() for match in _QUOTED.finditer(question)]
        for word in _candidates(question):
            if any(start < word.end and word.start < stop for start, stop in quoted):
                continue  # a phrase is searched as it stands
            if word.text in _ASKING:
                continue
            holders = self._by_name.get(word.text, {})
            strength = self._strength(len(holders))
            titled = any(weight == 1.0 for weight in holders.values())
            if strength <= 0 or not (titled or word.is_name):
                continue
            if not word.is_name and how_common(question[word.start : word.end]) > COMMON:
                continue
            run += question[end : word.start].strip(" -&") != "" if end >= 0 else 1
            end = max(end, word.end)
            if titled:
                named.append((word.start, word.end))
            for id_, weight in holders.items():
                runs = names.setdefault(id_, {})
                runs[run] = max(runs.get(run, 0.0), strength * weight)
        periods: dict[str, float] = {}
        for period in periods_of(question):
            holders = self._by_period.get(period, {})
            for id_, weight in holders.items():
                periods[id_] = periods.get(id_, 0.0) + self._strength(len(holders)) * weight
        kept = self._of_the_kind(question, names)
        return Mentions(_preferred(kept, periods), _without(question, named), _by_run(kept))

    def _of_the_kind(
        self, question: str, names: Mapping[str, dict[int, float]]
    ) -> dict[str, dict[int, float]]:
        """The documents without those about another of the kind asked: HX-4420 for HX-4410."""
        asked = codes(question)
        return {
            id_: runs
            for id_, runs in names.items()
            if not contradicts(asked, self._profiles[id_].codes)
        }

    def _strength(self, holders: int) -> float:
        """How much a word tells that so many documents are known by, from 0 to 1.

        All, up to a quarter of the documents; nothing from a half of them on.
        """
        if not holders or 2 * holders >= self._count + 1:
            return 0.0
        few = max(1.0, self._count / 4)
        return min(1.0, self._rarity(holders) / self._rarity(few))

    def _rarity(self, holders: float) -> float:
        return math.log((self._count + 1) / (2 * holders))


def strange_names(question: str, text: str, *, acronyms: bool = True) -> list[str]:
    """The names in a question that a text does not have, folded.

    What stands in brackets explains, and a period or a currency names nothing. Without `acronyms`,
    what is in capitals is left out, since documents may well spell it out.
    """
    known = unaccented(text)
    question = _BRACKETS.sub(" ", question)
    names = [
        word.text
        for word in _candidates(question, joined=False)
        if word.is_name and (acronyms or not question[word.start : word.end].isupper())
    ]
    return [
        name
        for name in names
        if name not in known and not _NO_NAME.fullmatch(name) and name not in CURRENCIES
    ]


def profile(title: str, name: str, first_page: str) -> Profile:
    """What a document is known by.

    Args:
        title: its title.
        name: its file's name.
        first_page: the text of its first page.
    """
    names: dict[str, float] = {}
    head = flowing(first_page[:FIRST_PAGE])
    words = set(_WORD.findall(head))
    ordinary = {unaccented(word) for word in words if word.islower()}
    for word in words:
        if _is_name(word):
            names |= {form: ON_FIRST_PAGE for form in _forms(word) if form not in ordinary}
    stem = name.rpartition(".")[0] or name
    for text in (title, stem):
        for word in _WORD.findall(text.replace("_", " ")):
            for form in _forms(word):
                names[form] = 1.0
    periods = dict.fromkeys(periods_of(head), ON_FIRST_PAGE)
    periods |= dict.fromkeys(periods_of(f"{title} {stem.replace('_', ' ')}"), 1.0)
    named = f"{title} {stem.replace('_', ' ')}"
    names |= dict.fromkeys(other_forms(exact_words(named)), 1.0)
    kept = {word: weight for word, weight in names.items() if _may_name(word)}
    return Profile(kept, periods, codes(named))


def _may_name(word: str) -> bool:
    return len(word) >= SHORTEST_NAME and not _NO_NAME.fullmatch(word) and word not in PERIOD_WORDS


def _forms(word: str) -> Iterable[str]:
    """A word as it is compared: folded, whole and in its pieces."""
    whole = _POSSESSIVE.sub("", word)
    yield unaccented(whole)
    pieces = [piece for part in _CAMEL.split(whole) for piece in _PIECE.findall(part)]
    if len(pieces) > 1:
        yield from (unaccented(piece) for piece in pieces if len(piece) > SHORTEST_NAME)


@dataclass(frozen=True, slots=True)
class _Word:
    """What may be a name in a question; `is_name` when it is written like one."""

    text: str
    start: int
    end: int
    is_name: bool


def _candidates(question: str, *, joined: bool = True) -> list[_Word]:
    """The words of a question and, if `joined`, two words as one ("Best Buy", "bestbuy")."""
    words = list(_WORD.finditer(question))
    found: list[_Word] = []
    begins = True
    for match, following in zip_longest(words, words[1:]):
        word, end = match.group(), match.end()
        folded = unaccented(_POSSESSIVE.sub("", word))
        leads = begins and word.istitle() and word.isalpha()
        listed = following is not None and following.group() in _LISTING
        is_name = _is_name(word) and (listed or not leads)
        if _may_name(folded):
            found.append(_Word(folded, match.start(), end, is_name))
        begins = False
        if following is not None:
            between = question[end : following.start()].strip()
            begins = between[-1:] in (".", "?", "!", ":")
            if joined and between in ("", "-", "&"):
                both = folded + unaccented(_POSSESSIVE.sub("", following.group()))
                is_code = following.group().isdigit() and not both.isdigit()
                found.append(_Word(both, match.start(), following.end(), is_name or is_code))
    return found


def _is_name(word: str) -> bool:
    """Whether a word is written like a name: with a digit or a capital, which many scripts lack."""
    return word != word.lower() or any(letter.isdigit() for letter in word)


def _preferred(
    names: Mapping[str, Mapping[int, float]], periods: Mapping[str, float]
) -> dict[str, float]:
    """How far each document is preferred: by its names first, then by its period.

    `names` has for each document how much each run of words in the question tells of it: a name of
    several words is one name.
    """
    most_period = max(periods.values(), default=0.0)
    timely = {id_: score / most_period for id_, score in periods.items()} if most_period else {}
    if not names:
        return {id_: YEAR_ALONE * share for id_, share in timely.items()}
    most = max(sum(runs.values()) for runs in names.values())
    on_time = PERIOD_SHARE if timely else 0.0
    return {
        id_: max(runs.values())
        * (sum(runs.values()) / most)
        * (1 - on_time + on_time * timely.get(id_, 0.0))
        for id_, runs in names.items()
    }


def _by_run(names: Mapping[str, Mapping[int, float]]) -> tuple[frozenset[str], ...]:
    """The documents that each run of words tells of, those of two under the one that tells more."""
    groups: dict[int, set[str]] = {}
    for id_, runs in names.items():
        best = max(sorted(runs), key=lambda run: runs[run])
        if runs[best] >= TELLING:
            groups.setdefault(best, set()).add(id_)
    return tuple(frozenset(groups[run]) for run in sorted(groups))


def _without(question: str, places: Sequence[tuple[int, int]]) -> str:
    """A question without what names the documents; whole where nothing else is left."""
    kept, at = [], 0
    for start, end in sorted(places):
        if start >= at:
            kept.append(question[at:start])
        at = max(at, end)
    rest = flowing("".join([*kept, question[at:]])).strip()
    return rest if _WORD.search(rest) else question
