"""Whether what bytes were decoded to is a text that somebody wrote, or figures in disguise.

Two bytes together are nearly always some character of UTF-16, so what was decoded must look like
writing: in every language a few characters come again and again, and nobody writes characters that
are not assigned.
"""

from __future__ import annotations

import unicodedata
from collections import Counter

WINDOW = 4_096  # characters that are looked at in the beginning, the middle and the end
MAX_ODD_SHARE = 0.005  # of the characters of a text
MAX_ODD_SHARE_MARKED = 0.02  # where a byte order mark says what it is
STRAY = 4  # odd characters of a short text with such a mark
LEAST_COUNTED = 400  # characters, for how often they come again to tell anything
MOST_USED = 5
LEAST_USED_SHARE = 0.1  # English has 45 %, Japanese 18 %, Chinese 14 %, noise of 80 values 7 %
LEAST_IDEOGRAPHS = 300
MAX_DIFFERENT_SHARE = 0.85  # of ideographs: a page of Chinese has half of them twice

_ODD_CATEGORIES = frozenset({"Cc", "Cn", "Co", "Cs"})
_LAYOUT = "\t\n\r\f\v"


def is_odd(character: str) -> bool:
    """Whether nobody writes a character: a control, a surrogate, a private or unassigned one."""
    is_control = unicodedata.category(character) in _ODD_CATEGORIES
    return (is_control and character not in _LAYOUT) or character == "\ufffd"


def is_written(text: str) -> bool:
    """Whether characters come again as often as they do in a text, of whatever language."""
    if len(text) < LEAST_COUNTED:
        return True
    counts = Counter(text)
    used = sum(count for _, count in counts.most_common(MOST_USED))
    if used < LEAST_USED_SHARE * len(text):
        return False
    ideographs = {each: count for each, count in counts.items() if "\u3400" <= each <= "\u9fff"}
    total = sum(ideographs.values())
    return total < LEAST_IDEOGRAPHS or len(ideographs) <= MAX_DIFFERENT_SHARE * total


def is_text_throughout(text: str, *, marked: bool) -> bool:
    """Whether the beginning, the middle and the end of what was decoded are text.

    What is `marked` by a byte order mark is believed to be one, unless much of it is odd.
    """
    middle = len(text) // 2
    windows = [text[:WINDOW], text[middle : middle + WINDOW], text[-WINDOW:]]
    most, fewest = (MAX_ODD_SHARE_MARKED, STRAY) if marked else (MAX_ODD_SHARE, 1)
    return all(
        sum(map(is_odd, window)) <= max(fewest, most * len(window))
        and (marked or is_written(window))
        for window in windows
    )
