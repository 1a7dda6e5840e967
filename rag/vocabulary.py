"""What people say in questions, and how documents put it.

A measure such as "operating margin" stands in few accounts: they state what it is worked out of.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from rag.errors import SettingsError
from rag.exact import without_quoted

SHIPPED = Path(__file__).with_name("vocabulary.txt")
LARGEST = 1_000_000  # bytes of a file
LONGEST_TERM = 100  # characters
SHORTEST_PLURAL = 3
MOST_PHRASES = 12  # added to a question
_WORD = re.compile(r"[^\W_]+(?:[&'’][^\W_]+)*")


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """Phrases by the terms that stand for them.

    `words` are those of the terms, and `longest` is the most words that a term has.
    """

    phrases: Mapping[str, tuple[str, ...]]
    words: frozenset[str] = field(init=False)
    longest: int = field(init=False)

    def __post_init__(self) -> None:
        """Work out what is looked up for every question."""
        terms = [term.split() for term in self.phrases]
        object.__setattr__(self, "words", frozenset(word for term in terms for word in term))
        object.__setattr__(self, "longest", max(map(len, terms), default=0))

    def said(self, question: str) -> tuple[str, ...]:
        """The phrases by which documents may say what a question asks for.

        The longest terms win; what the question says already is left out, and what it puts in
        quotation marks is searched as it stands.
        """
        words = [_plain(match.group()) for match in _WORD.finditer(without_quoted(question))]
        asked = f" {' '.join(words)} "
        found: dict[str, None] = {}
        at = 0
        while at < len(words):
            length, phrases = self._at(words, at)
            found |= dict.fromkeys(phrases)
            at += max(length, 1)
        new = [phrase for phrase in found if f" {_key(phrase)} " not in asked]
        return tuple(new[:MOST_PHRASES])

    def has(self, word: str) -> bool:
        """Whether a word is part of any term."""
        return _plain(word) in self.words

    def _at(self, words: list[str], at: int) -> tuple[int, tuple[str, ...]]:
        """The longest term that begins here: its number of words, and its phrases."""
        for length in range(min(self.longest, len(words) - at), 0, -1):
            phrases = self.phrases.get(" ".join(words[at : at + length]))
            if phrases:
                return length, phrases
        return 0, ()


def load_vocabulary(own: Path | None = None) -> Vocabulary:
    """The shipped vocabulary, with the lines of a file of one's own, whose terms win.

    Raises:
        SettingsError: the file cannot be read, or a line of it is not "terms = phrases".
    """
    phrases = dict(_read(SHIPPED))
    if own is not None:
        phrases |= _read(own)
    return Vocabulary(phrases)


def _read(path: Path) -> dict[str, tuple[str, ...]]:
    """The terms of a file, each with its phrases."""
    try:
        if path.stat().st_size > LARGEST:
            raise SettingsError(f"The vocabulary {path} is larger than a megabyte. Shorten it.")
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(
            f"The vocabulary {path} cannot be read. Give a file of UTF-8 text, or none."
        ) from error
    read: dict[str, tuple[str, ...]] = {}
    for number, line in enumerate(lines, start=1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        terms, phrases = (_items(side) for side in (*line.partition("=")[::2],))
        keys = [_key(term) for term in terms]
        if not phrases or not all(keys) or not keys:
            raise SettingsError(
                f"Line {number} of the vocabulary {path} is not as it should be: terms, an equals "
                'sign, phrases, such as "capex; capital spending = capital expenditures".'
            )
        for key in keys:
            read[key] = (*read.get(key, ()), *phrases)
    return read


def _items(side: str) -> tuple[str, ...]:
    items = (item.strip() for item in side.split(";"))
    return tuple(item[:LONGEST_TERM] for item in items if item)


def _key(text: str) -> str:
    """A term or phrase as it is compared."""
    return " ".join(_plain(match.group()) for match in _WORD.finditer(text))


def _plain(word: str) -> str:
    """A word in lower case, without the end of a plural or possessive."""
    word = word.casefold().replace("’", "'").removesuffix("'s").removesuffix("'")
    if len(word) > SHORTEST_PLURAL and word.endswith("s") and not word.endswith("ss"):
        word = word[:-3] + "y" if word.endswith("ies") else word[:-1]
    return word
