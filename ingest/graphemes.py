"""Where a text may be cut without taking a character apart."""

from __future__ import annotations

import unicodedata

_JOINER = "\u200d"
_MODIFIERS = range(0x1F3FB, 0x1F400)  # skin tones
_FLAG_LETTERS = "".join(map(chr, range(0x1F1E6, 0x1F200)))
LONGEST_FLAG_RUN = 2000  # letters looked back over, an even number


def is_boundary(text: str, index: int) -> bool:
    """Whether `text[index]` begins a new character as a reader sees it.

    Combining marks, variation selectors, joined emoji, flags and CR LF stay in one piece.
    """
    if not 0 < index < len(text):
        return True
    before, after = text[index - 1], text[index]
    if after.isascii():
        return not (before == "\r" and after == "\n")
    if after == _JOINER or before == _JOINER or unicodedata.category(after).startswith("M"):
        return False
    if after in _FLAG_LETTERS:
        return _flag_letters_before(text, index) % 2 == 0
    return ord(after) not in _MODIFIERS


def boundary_before(text: str, index: int, start: int) -> int:
    """The last boundary after `start` that is not beyond `index`; `index` when there is none."""
    place = index
    while place > start + 1 and not is_boundary(text, place):
        place -= 1
    return place if is_boundary(text, place) else index


def boundary_near(text: str, index: int, start: int, end: int) -> int | None:
    """The boundary inside a span nearest to `index`; None for a span of one character."""
    for distance in range(end - start):
        for place in (index - distance, index + distance):
            if start < place < end and is_boundary(text, place):
                return place
    return None


def _flag_letters_before(text: str, index: int) -> int:
    before = text[max(0, index - LONGEST_FLAG_RUN) : index]
    return len(before) - len(before.rstrip(_FLAG_LETTERS))
