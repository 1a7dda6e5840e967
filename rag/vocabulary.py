"""What people say in questions, and how documents put it.

A measure such as "operating margin" stands in few accounts: they state what it is worked out of.
"""

from __future__ import annotations

import re
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from rag.errors import SettingsError
from rag.exact import without_quoted

SHIPPED = Path(__file__).with_name("vocabulary.txt")
LARGEST = 1_000_000  # bytes of a file
LONGEST_TERM = 100  # characters
SHORTEST_PLURAL = 3
MOST_PHRASES = 12  # added to a question
NONE: Literal["none"] = "none"  # the word for no vocabulary at all
GIVE = "Give a file of UTF-8 text, or the word none for no vocabulary."
# A question gives them a meaning that a phrase has no use for; see `rag.exact.quoted_phrases`.
_QUOTATION_MARKS = str.maketrans(dict.fromkeys('"“”„«»', " "))
_WORD = re.compile(r"[^\W_]+(?:[&'’][^\W_]+)*")


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """Phrases by the terms that stand for them.

    `longest` is the most words that a term has.
    """

    phrases: Mapping[str, tuple[str, ...]]
    longest: int = field(init=False)

    def __post_init__(self) -> None:
        """Work out what is looked up for every question."""
        longest = max((len(term.split()) for term in self.phrases), default=0)
        object.__setattr__(self, "longest", longest)

    def said(self, question: str) -> tuple[str, ...]:
        """The phrases by which documents may say what a question asks for.

        The longest terms win; what the question says already is left out, and what it puts in
        quotation marks is searched as it stands.
        """
        words = [_plain(match.group()) for match in _WORD.finditer(without_quoted(question))]
        asked = f" {' '.join(words)} "
        found: dict[str, None] = {}
        for _, phrases in self._read(words):
            found |= dict.fromkeys(phrases)
        new = [phrase for phrase in found if f" {_key(phrase)} " not in asked]
        return tuple(new[:MOST_PHRASES])

    def rest(self, question: str) -> list[str]:
        """The words of a question, as they stand, that are of none of its terms."""
        words = _WORD.findall(without_quoted(question))
        read = self._read([_plain(word) for word in words])
        return [words[at] for at, phrases in read if not phrases]

    def _read(self, words: list[str]) -> Iterator[tuple[int, tuple[str, ...]]]:
        """The position of each word or term, and the phrases of a term."""
        at = 0
        while at < len(words):
            length, phrases = self._at(words, at)
            yield at, phrases
            at += max(length, 1)

    def _at(self, words: list[str], at: int) -> tuple[int, tuple[str, ...]]:
        """The longest term that begins here: its number of words, and its phrases."""
        for length in range(min(self.longest, len(words) - at), 0, -1):
            phrases = self.phrases.get(" ".join(words[at : at + length]))
            if phrases:
                return length, phrases
        return 0, ()


def load_vocabulary(own: Path | Literal["none"] | None = None) -> Vocabulary:
    """The shipped vocabulary, with the lines of a file of one's own, whose terms win.

    With "none" it is empty.

    Raises:
        SettingsError: the file cannot be read, or a line of it is not "terms = phrases".
    """
    if own == NONE:
        return Vocabulary({})
    phrases = dict(_read(SHIPPED))
    if isinstance(own, Path):
        phrases |= _read(own)
    return Vocabulary(phrases)


def _read(path: Path) -> dict[str, tuple[str, ...]]:
    """The terms of a file, each with its phrases."""
    read: dict[str, tuple[str, ...]] = {}
    for number, line in enumerate(_text(path).splitlines(), start=1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        terms, phrases = (_items(side) for side in (*line.partition("=")[::2],))
        keys = [_key(term) for term in terms]
        if not (keys and phrases and all(keys) and all(map(_key, phrases))):
            raise SettingsError(
                f"Line {number} of the vocabulary {path} is not as it should be: terms, an equals "
                'sign, phrases, such as "capex; capital spending = capital expenditures".'
            )
        if any(len(item) > LONGEST_TERM for item in (*terms, *phrases)):
            raise SettingsError(
                f"Line {number} of the vocabulary {path} has a term or phrase of more than "
                f"{LONGEST_TERM} characters. Shorten it, or put semicolons between several."
            )
        for key in keys:
            read[key] = (*read.get(key, ()), *phrases)
    return read


def _text(path: Path) -> str:
    """What a file says; a pipe or a device, which may have no end, is not opened."""
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise SettingsError(f"The vocabulary {path} cannot be read: it is no file. {GIVE}")
        with path.open("rb") as file:
            content = file.read(LARGEST + 1)
        if len(content) > LARGEST:
            raise SettingsError(f"The vocabulary {path} is larger than a megabyte. Shorten it.")
        return content.decode("utf-8-sig")
    except (OSError, ValueError) as error:
        raise SettingsError(f"The vocabulary {path} cannot be read. {GIVE}") from error


def _items(side: str) -> tuple[str, ...]:
    """Terms or phrases; those in quotation marks without them."""
    items = (" ".join(item.translate(_QUOTATION_MARKS).split()) for item in side.split(";"))
    return tuple(item for item in items if item)


def _key(text: str) -> str:
    """A term or phrase as it is compared."""
    return " ".join(_plain(match.group()) for match in _WORD.finditer(text))


def _plain(word: str) -> str:
    """A word in lower case, without the end of a plural or possessive."""
    word = word.casefold().replace("’", "'").removesuffix("'s").removesuffix("'")
    if len(word) > SHORTEST_PLURAL and word.endswith("s") and not word.endswith("ss"):
        word = word[:-3] + "y" if word.endswith("ies") else word[:-1]
    return word
