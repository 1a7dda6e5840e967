"""Which rows of tables a question asks for: by what names the row, and by the head of a column.

A long table is full of rows that are all alike in meaning and in most of their words. One is asked
for only if every telling word of the question stands in it, in a head of its columns, in what the
table stands under, or right above its head: "the price of Animal 150" is in the row "Animal 150"
below "Price", and in no other.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from rag.expectation import MONTH
from rag.languages import SMALL_WORDS, Language
from rag.synonyms import concept
from rag.table_lines import Row
from rag.wording import folded, wording_of
from rag.wording import words as word_set

MOST_ROWS = 3  # of one table: what fits more rows picks none
BEGINNING = 3  # letters that two forms of a word have in common
LONGEST_NAME = 4  # words at the beginning of a row whose cells only spaces part
Stems = Callable[[str], Sequence[str]]
_TOKEN = re.compile(r"[^\W_]+")
_YEAR = re.compile(r"(?:19|20)\d\d")
_NAMES_YEARS = re.compile(r"(?i)\b(?:year|jahr|ann[ée]e|exercice|a[ñn]o|anno|ano|jaar|period)")
_MONTH = re.compile(MONTH, re.IGNORECASE)
# What asks for a column without its name, and what asks for any.
_MEANT = {
    "heavy": "weight",
    "old": "age",
    "tall": "height",
    "expensive": "price",
    "earn": "salary",
    "earns": "salary",
    "kostet": "preis",
    "kosten": "preis",
    "schwer": "gewicht",
    "verdient": "gehalt",
    "coute": "prix",
    "pese": "poids",
    "gagne": "salaire",
}
_OF_ANY = word_set(
    "number count counted amount value figure listed recorded row entry there here work works "
    "nombre montant valeur ligne travaille anzahl betrag wert zeile arbeitet numero cantidad valor "
    "fila trabaja y t il eu"
)
# What rain does says nothing of its own: "the rain that fell" is the rain.
_FALLING = word_set(
    "fell fall falls fallen fiel fielen fallt gefallen tombe tombee tombees cayo cayeron cae "
    "caduta caduto caiu viel gevallen"
)
_WEATHER = word_set(
    "rain rainfall snow snowfall hail precipitation regen schnee niederschlag pluie neige lluvia "
    "nieve pioggia neve chuva sneeuw neerslag"
)


@dataclass(frozen=True, slots=True)
class Asked:
    """The rows that a question asks for, and those of siblings of what it names ("Animal 151")."""

    rows: frozenset[int]
    siblings: frozenset[int]


@dataclass(frozen=True, slots=True)
class _Word:
    """A word of a question, the word before it, and what either is compared by."""

    plain: str
    keys: frozenset[str]
    before: frozenset[str]
    joined: bool  # to the word before it: both are written like parts of one name

    @property
    def is_number(self) -> bool:
        return self.plain[0].isdigit()


def asked_rows(question: str, rows: Mapping[int, Row], stems: Stems, language: Language) -> Asked:
    """The rows that a question asks for, by their numbers; see `Asked`.

    `stems` splits a text into its words as they are indexed in a language.
    """
    if not rows:
        return Asked(frozenset(), frozenset())
    compare = _Comparison(stems)
    words = _telling(question, compare, language)
    numbered = [word for word in words if word.is_number and word.before]
    siblings = {at for at, row in rows.items() if compare.is_sibling(numbered, row)}
    fitting = {
        at: rows[at]
        for at in _likely(words, rows, compare)
        if at not in siblings and compare.is_asked(words, rows[at])
    }
    fitting = _holding_whole(words, fitting)
    often = Counter(heads for heads, _ in {(row.heads, row.cells) for row in fitting.values()})
    picked = {at for at, row in fitting.items() if often[row.heads] <= MOST_ROWS}
    return Asked(frozenset(picked), frozenset(siblings))


def _holding_whole(words: Sequence[_Word], fitting: dict[int, Row]) -> dict[int, Row]:
    """The rows that fit, without those that hold only the like of a name that others hold whole.

    "Vindenstad" is not the Vindenberg that a comparison by the beginnings of words takes it for.
    """
    for word in words:
        whole = {at: row for at, row in fitting.items() if _names_whole(word, row)}
        fitting = whole or fitting
    return fitting


def _names_whole(word: _Word, row: Row) -> bool:
    """Whether a word stands in the cells of a row as it is written in the question."""
    return any(word.plain in _TOKEN.findall(folded(cell)) for cell in row.cells)


def _likely(words: Sequence[_Word], rows: Mapping[int, Row], compare: _Comparison) -> list[int]:
    """The rows that may be asked for, told by the first letters of their words: that is quick."""
    begun = {at: _beginnings(" ".join(row.cells)) for at, row in rows.items()}
    heads = {head for row in rows.values() for head in (*row.heads, row.under, row.above)}
    named = frozenset().union(*map(compare.keys, heads))
    anywhere = frozenset().union(*begun.values())
    wanted = [_beginnings(" ".join(word.keys)) for word in words]
    if not all(
        word.keys & named or starts & anywhere for word, starts in zip(words, wanted, strict=True)
    ):
        return []
    every = frozenset().union(*wanted)
    return [at for at, starts in begun.items() if starts & every]


def _beginnings(text: str) -> frozenset[str]:
    plain = text.casefold() if text.isascii() else folded(text)
    return frozenset(token[:BEGINNING] for token in _TOKEN.findall(plain))


def _telling(question: str, compare: _Comparison, language: Language) -> list[_Word]:
    """The words of a question that name something, in order."""
    small = wording_of(question).function | SMALL_WORDS[language] | _OF_ANY
    tokens = list(_TOKEN.finditer(question))
    if any(folded(token.group()) in _WEATHER for token in tokens):
        small |= _FALLING
    found: list[_Word] = []
    for place, token in enumerate(tokens):
        plain = folded(token.group())
        is_month = place > 0 and token.group()[0].isupper() and _MONTH.fullmatch(token.group())
        if not is_month and (plain in small or (len(plain) == 1 and plain.isalpha())):
            continue
        previous = tokens[place - 1].group() if place else ""
        is_named = bool(previous) and folded(previous) not in small
        names = previous[:1].isupper() and token.group()[0].isupper() and place > 1
        joined = is_named and names and question[tokens[place - 1].end() : token.start()] == " "
        before = compare.keys(previous) if is_named and previous[0].isalpha() else frozenset()
        found.append(_Word(plain, compare.keys(token.group()), before, joined))
    return found


class _Comparison:
    """Compares words by their stems, and by what they mean where a synonym is known."""

    def __init__(self, stems: Stems) -> None:
        self._stems = stems
        self._known: dict[str, frozenset[str]] = {}

    def keys(self, text: str) -> frozenset[str]:
        if text not in self._known:
            found = set(self._stems(text))
            for token in _TOKEN.findall(folded(text)):
                found.add(token)
                if not token[0].isdigit():
                    found |= {concept(token), *self._stems(_MEANT.get(token, ""))}
            self._known[text] = frozenset(found)
        return self._known[text]

    def is_sibling(self, numbered: Iterable[_Word], row: Row) -> bool:
        """Whether a row is named like what is asked about, but for its number."""
        wanted = list(numbered)  # mostly none
        for word in wanted:
            cells = [self._numbers(word, row, column) for column in range(len(row.cells))]
            numbers = set().union(*cells)
            if numbers and not numbers & {each.plain for each in wanted}:
                return True
        return False

    def _numbers(self, word: _Word, row: Row, column: int) -> set[str]:
        """The number of a cell that gives one of the thing that a word numbers."""
        tokens = _TOKEN.findall(folded(row.cells[column]))
        if len(row.cells) == 1:
            tokens = tokens[:2]
        if len(tokens) == 2 and tokens[1].isdecimal() and self.keys(tokens[0]) & word.before:
            return {tokens[1]}
        is_own = column == 0 and len(tokens) == 1 and tokens[0].isdecimal()
        return set(tokens) if is_own and self.keys(row.heads[0]) & word.before else set()

    def is_asked(self, words: Sequence[_Word], row: Row) -> bool:
        """Whether a row and its heads hold all the words, and a column is asked for."""
        named = [self._columns(word, row) for word in words]
        if not any(named):
            return False
        labels = set().union(*named)
        if any(
            word.joined and held and before and not held & before
            for word, (before, held) in zip(words[1:], pairwise(named), strict=True)
        ):
            return False
        under = self.keys(row.under) | self.keys(row.above)
        is_column = False
        for word, held in zip(words, named, strict=True):
            heads = {at for at, head in enumerate(row.heads) if self.keys(head) & word.keys}
            is_column |= any(self._is_filled(row, at) for at in heads - labels)
            if not held and not heads and (word.is_number or not under & word.keys):
                return False
        has_number = any(word.is_number and held for word, held in zip(words, named, strict=True))
        return is_column or (has_number and all(named))

    def _columns(self, word: _Word, row: Row) -> set[int]:
        """The columns in whose cells a word of a question stands as a name, not as a value."""
        held = set()
        for column, cell in enumerate(row.cells):
            if len(row.cells) == 1:  # of a whole line only its beginning is a name
                cell = " ".join(_TOKEN.findall(cell)[:LONGEST_NAME])
            if not self.keys(cell) & word.keys:
                continue
            if not word.is_number or self._is_number_of(word, row, column):
                held.add(column)
        return held

    def _is_number_of(self, word: _Word, row: Row, column: int) -> bool:
        """Whether a number in a cell numbers what the question says, or is a year by itself."""
        cell, head = row.cells[column], row.heads[column]
        tokens = _TOKEN.findall(folded(cell))
        pairs = list(pairwise(tokens))[: 1 if len(row.cells) == 1 else None]
        if any(self.keys(one) & word.before and two == word.plain for one, two in pairs):
            return True
        if _YEAR.fullmatch(word.plain):
            return cell == word.plain and (not column or bool(_NAMES_YEARS.search(head)))
        return tokens[:1] == [word.plain] and bool(self.keys(head) & word.before)

    def _is_filled(self, row: Row, column: int) -> bool:
        if len(row.cells) == 1:
            return True
        return column < len(row.cells) and bool(row.cells[column])
