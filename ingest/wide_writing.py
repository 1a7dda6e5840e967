"""Whether what reads as UTF-16 without a byte order mark may be that, by its bytes and letters.

Any two bytes together are nearly always some letter. Two things give away what is none: words of
ASCII that stand in the bytes unbroken, which letters of two bytes make only by chance, and letters
of scripts that nobody writes side by side.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter

MAX_WORDS_SHARE = 0.3  # of the bytes; a page of Chinese has 2 % of them in such runs
MAX_STRAY_SHARE = 0.1  # of the letters beyond ASCII, outside the two scripts that most are of
_WORD = re.compile(rb"[A-Za-z]{5,}")
_EAST_ASIA = frozenset(
    (
        *("CJK", "HIRAGANA", "KATAKANA", "KATAKANA-HIRAGANA", "HANGUL"),
        *("FULLWIDTH", "HALFWIDTH", "BOPOMOFO", "IDEOGRAPHIC", "MODIFIER"),
    )
)


def may_be_wide(content: bytes, text: str) -> bool:
    """Whether bytes may be this text in UTF-16 or UTF-32."""
    in_words = sum(map(len, _WORD.findall(content)))
    if in_words > MAX_WORDS_SHARE * len(content):
        return False
    counts = Counter(_script(letter) for letter in text if letter > "\x7f" and letter.isalpha())
    main = sum(count for _, count in counts.most_common(2))
    return counts.total() - main <= MAX_STRAY_SHARE * counts.total()


def _script(letter: str) -> str:
    """The script of a letter; those of East Asia are written together, and count as one."""
    first = unicodedata.name(letter, "").partition(" ")[0]
    return "CJK" if first in _EAST_ASIA else first
