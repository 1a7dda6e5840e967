"""Text as it is read and compared, with the way back to the characters it came from."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

from rag import raised

# pdfium marks a hyphen at the end of a line, whose word goes on in the next, as U+0002 or U+FFFE.
_BROKEN_WORD = re.compile(
    r"[\x02\ufffe\u00ad]\s*|(?<=[a-zß-öø-ÿ])-[ \t]*\r?\n[ \t]*(?=[a-zß-öø-ÿ])"
)
# Where a hyphen at a line's end is one of the word's own: "year-over-year".
_LINKS = "over|to|of|the|by|in|on|and|for|or|up|at|a|de|en|à|und"
_LINK_AFTER = re.compile(rf"(?:{_LINKS})-(?=[^\W_])", re.IGNORECASE)
_LINK_BEFORE = re.compile(rf"[^\W_]-(?:{_LINKS})\Z", re.IGNORECASE)
_LONGEST_LINK = 6  # characters, with what stands before it
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff]")
_INVISIBLE = re.compile(r"[\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff]")
# What is left out of what is shown: space of no width, but where it parts the words of a script
# that has no other; joiners of words; and what turns the direction of a line.
_UNSEEN = re.compile(
    r"(?<![\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff])\u200b"
    r"|[\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff]"
)
# Signs that one font draws, as the bullets of Symbol and Wingdings.
_PRIVATE = re.compile(r"[\ue000-\uf8ff\U000f0000-\U0010fffd]")
_TIMES_IN_NAME = re.compile(r"(?<=\d)×(?=\d+[^\W\d_])")
_ACCENTS = re.compile(r"[\u0300-\u036f]+")
_SAME = str.maketrans(
    {
        **dict.fromkeys("‘’‚‛′`´ʼ", "'"),
        **dict.fromkeys("“”„‟″«»", '"'),
        **dict.fromkeys("‐‑‒–—―−", "-"),
        "[": "(",
        "]": ")",
        "×": "x",
        "…": "...",
        "⁄": "/",
    }
)


@dataclass(frozen=True, slots=True)
class Folded:
    """A text made comparable.

    Character `i` stands for `original[offsets[i]:ends[i]]`, more than one character where an
    accent of its own follows a letter.
    """

    text: str
    offsets: tuple[int, ...]
    ends: tuple[int, ...]

    def original(self, start: int, end: int) -> tuple[int, int]:
        """The half-open range of the original that a non-empty range of the folded text covers."""
        return self.offsets[start], self.ends[end - 1]


def encodable(text: str) -> str:
    """A text with lone surrogates, which no UTF-8 can hold, replaced."""
    return text.encode("utf-8", "replace").decode("utf-8")


def typed(text: str) -> str:
    """A text with its names as most type them: "8×22B" is "8x22B"."""
    return _TIMES_IN_NAME.sub("x", text)


def readable(text: str) -> str:
    """A text as a reader or a model should see it: words whole, no control characters.

    Nor what has no width, and what only the font of its document can draw, which parts words.
    """
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    if not lines.replace("\n", "").isprintable():
        seen = _PRIVATE.sub(" ", _UNSEEN.sub("", lines))
        return _CONTROLS.sub("", whole_words(seen))
    if "-" in lines and "\n" in lines:  # all else that breaks a word is not printable
        return whole_words(lines)
    return lines


def whole_words(text: str) -> str:
    """A text with the words whole that the ends of lines break.

    A hyphen there stays where it is seen to be one of the word's own: "year-over-year".
    """
    return _BROKEN_WORD.sub(_joint, text)


def _joint(broken: re.Match[str]) -> str:
    before = broken.string[max(0, broken.start() - _LONGEST_LINK) : broken.start()]
    is_linked = _LINK_AFTER.match(broken.string, broken.end()) or _LINK_BEFORE.search(before)
    return "-" if is_linked and not broken[0].startswith("\u00ad") else ""


def unaccented(text: str) -> str:
    """A text without capitals, accents and marks of notes; it may be of another length."""
    letters = unicodedata.normalize("NFKD", raised.without_marks(text).casefold())
    return "".join(letter for letter in letters if not unicodedata.combining(letter))


def flowing(text: str) -> str:
    """A text on one line, words whole, single spaces."""
    return " ".join(readable(text).split())


def fold(text: str) -> Folded:
    """Fold case, accents, white space, quotation marks, dashes, ligatures and broken words.

    Two passages that a reader would call the same words fold to the same text; marks of notes
    behind figures are none of it.
    """
    stated = raised.stated(text)
    plain = _fold(stated.text)
    if stated.text == text:
        return plain
    spans = [stated.original(*span) for span in zip(plain.offsets, plain.ends, strict=True)]
    return Folded(plain.text, tuple(start for start, _ in spans), tuple(end for _, end in spans))


def _fold(text: str) -> Folded:
    letters: list[str] = []
    offsets: list[int] = []
    ends: list[int] = []
    done = 0
    for broken in [*(match.span() for match in _BROKEN_WORD.finditer(text)), (len(text),) * 2]:
        for position in range(done, broken[0]):
            piece = _fold_character(text[position])
            if piece is None:
                if ends and ends[-1] == position:
                    ends[-1] = position + 1
                continue
            for letter in piece:
                if letter == " " and letters and letters[-1] == " ":
                    continue
                letters.append(letter)
                offsets.append(position)
                ends.append(position + 1)
        done = broken[1]
    return Folded("".join(letters), tuple(offsets), tuple(ends))


@lru_cache(maxsize=4096)
def _fold_character(character: str) -> str | None:
    """What a character is compared as: nothing when unseen, None for the accent of a letter."""
    if character.isspace() or _PRIVATE.match(character):
        return " "
    if _CONTROLS.match(character) or _INVISIBLE.match(character):
        return ""
    if _ACCENTS.match(character):
        return None
    plain = unicodedata.normalize("NFKD", character.translate(_SAME)).translate(_SAME)
    folded = unicodedata.normalize("NFC", _ACCENTS.sub("", plain.casefold()))
    return "".join(" " if letter.isspace() else letter for letter in folded)
