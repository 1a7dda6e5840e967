"""Whether bytes are Hebrew, which other scripts fit as well.

Five letters of Hebrew have another form at the end of a word, which stands nowhere else. Read so,
Cyrillic and Greek have them anywhere. Where these are few, four of its most used letters tell,
which read as Cyrillic are rare.
"""

from __future__ import annotations

import re

FEWEST = 4  # letters with two forms, below which these alone tell nothing
FEWEST_USUAL = 3  # of the most used ones, then
MAX_WRONG_SHARE = 0.1  # of them: abbreviations, names and loan words end otherwise
_WORD = re.compile(rb"[\x80-\xff]+")
_LETTERS = re.compile(rb"[\xe0-\xfa]+")  # of ISO 8859-8 and Windows-1255
_FINAL = b"\xea\xed\xef\xf3\xf5"
_INNER = b"\xeb\xee\xf0\xf4\xf6"
_USUAL = b"\xe9\xf8\xf9\xfa"  # yod, resh, shin and tav: й, ш, щ and ъ in Windows-1251
_UNUSUAL = b"\xe2\xe8\xf1\xf2"  # gimel, tet, samekh and ayin: в, и, с and т


def is_hebrew(sample: bytes) -> bool:
    """Whether a text is in a set of single bytes with the letters of Hebrew, without vowels."""
    words = _WORD.findall(sample)
    if not all(map(_LETTERS.fullmatch, words)):
        return False
    inner = b"".join(word[:-1] for word in words)
    ends = b"".join(word[-1:] for word in words if len(word) > 1)
    told = _count(inner + ends, _FINAL + _INNER)
    wrong = _count(inner, _FINAL) + _count(ends, _INNER)
    if told >= FEWEST:
        return wrong <= MAX_WRONG_SHARE * told
    letters = inner + ends
    usual, unusual = _count(letters, _USUAL), _count(letters, _UNUSUAL)
    return told > 0 and not wrong and usual >= max(FEWEST_USUAL, 2 * unusual)


def _count(letters: bytes, among: bytes) -> int:
    return len(letters) - len(letters.translate(None, among))
