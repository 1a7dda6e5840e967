"""Text as it is read and compared, with the way back to the characters it came from."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

# pdfium marks a hyphen at the end of a line, whose word goes on in the next, as U+0002 or U+FFFE.
_BROKEN_WORD = re.compile(r"[\x02\ufffe\u00ad]\s*|(?<=[a-zà-ÿ])-[ \t]*\r?\n[ \t]*(?=[a-zà-ÿ])")
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff]")
_SAME = str.maketrans(
    {
        **dict.fromkeys("‘’‚‛′`´ʼ", "'"),
        **dict.fromkeys("“”„‟″«»", '"'),
        **dict.fromkeys("‐‑‒–—―−", "-"),
        "×": "x",
        "…": "...",
        "⁄": "/",
    }
)


@dataclass(frozen=True, slots=True)
class Folded:
    """A text made comparable; `offsets[i]` is where character `i` came from in the original."""

    text: str
    offsets: tuple[int, ...]

    def original(self, start: int, end: int) -> tuple[int, int]:
        """The half-open range of the original that a range of the folded text covers."""
        return self.offsets[start], self.offsets[end - 1] + 1


def readable(text: str) -> str:
    """A text as a reader or a model should see it: words whole, no control characters."""
    return _CONTROLS.sub("", _BROKEN_WORD.sub("", text)).replace("\r\n", "\n").replace("\r", "\n")


def flowing(text: str) -> str:
    """A text on one line, words whole, single spaces."""
    return " ".join(readable(text).split())


def fold(text: str) -> Folded:
    """Fold case, white space, quotation marks, dashes, ligatures and words broken at a line's end.

    Two passages that a reader would call the same words fold to the same text.
    """
    skipped = {
        position for match in _BROKEN_WORD.finditer(text) for position in range(*match.span())
    }
    letters: list[str] = []
    offsets: list[int] = []
    for position, character in enumerate(text):
        if position in skipped or _CONTROLS.match(character):
            continue
        if character.isspace():
            if letters and letters[-1] == " ":
                continue
            piece = " "
        elif character.isascii():
            piece = character.lower()
        else:
            piece = unicodedata.normalize("NFKC", character).translate(_SAME).casefold()
        for letter in piece:
            letters.append(letter)
            offsets.append(position)
    return Folded("".join(letters), tuple(offsets))
