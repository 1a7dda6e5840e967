"""Words of the scripts that write none apart, as overlapping runs of characters.

Chinese and Japanese put no space between words, Thai, Lao, Khmer and Burmese between sentences at
best, and Korean joins its particles to the words. Their pairs of characters find as much as words
that a dictionary tells apart (Nie, Gao, Zhang and Zhou, On the Use of Words and N-grams for Chinese
Information Retrieval, 2000), and need none; the alphabets of South-East Asia take runs of three.
"""

from __future__ import annotations

import re

_HIRAGANA = "\u3041-\u309f"
_KATAKANA = "\u30a1-\u30fa\u30fc-\u30ff\u31f0-\u31ff\uff66-\uff9f"
_HAN = "\u3005-\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_HANGUL = "\uac00-\ud7a3"
_SOUTH_EAST = (  # Thai, Lao, Burmese, Khmer; no digits and no marks of punctuation
    "\u0e01-\u0e3a\u0e40-\u0e4e\u0e81-\u0ece\u1000-\u103f\u1050-\u108f\u1780-\u17d3"
)
_TONES = re.compile("[\u0e47-\u0e4c\u0e4e\u0ec8-\u0ece\u1037\u1039\u103a\u17c9-\u17d3]")
_PAIRS = f"{_HIRAGANA}{_KATAKANA}{_HAN}{_HANGUL}"
_RUN = re.compile(f"[{_PAIRS}]+|[{_SOUTH_EAST}]+")
_IN_THREES = re.compile(f"[{_SOUTH_EAST}]")
# What Chinese asks and joins with.
_SMALL_HAN = "的了是在和与或及吗呢吧什么怎样哪谁几这那个应该可以如何为"
_GRAMMAR = re.compile(f"[{_HIRAGANA}\u30fc{_SMALL_HAN}]+")
_DENSE = re.compile(f"(?![{_SMALL_HAN}])[{_KATAKANA}{_HAN}]")
_LETTER = re.compile(r"[^\W\d_]")
_WITHOUT_WORDS = re.compile(f"[{_HIRAGANA}{_KATAKANA}{_HAN}{_SOUTH_EAST}]")


def apart(text: str) -> str:
    """A text whose runs of these scripts are their pairs or threes of characters, spaces between.

    A run that is shorter stays whole. Tone marks and the like are left out.
    """
    return text if text.isascii() else _RUN.sub(_pieces, text)


def is_piece(word: str) -> bool:
    """Whether a word is such a piece that tells something; see `apart` and `is_grammar`."""
    return bool(_RUN.fullmatch(word)) and not is_grammar(word)


def is_grammar(piece: str) -> bool:
    """Whether a piece is all Hiragana, as Japanese endings are, or of small Chinese words."""
    return bool(_GRAMMAR.fullmatch(piece))


def is_dense(character: str) -> bool:
    """Whether a character tells as much as half a word: Han and Katakana, but for grammar."""
    return bool(_DENSE.match(character))


def is_without_words(text: str) -> bool:
    """Whether most of a text is in scripts that put no space between words.

    The embedded model was taught none of them: to it the sentences of one are nearly all alike.
    """
    if text.isascii():
        return False
    return 2 * len(_WITHOUT_WORDS.findall(text)) > len(_LETTER.findall(text))


def _pieces(match: re.Match[str]) -> str:
    run = match.group()
    size = 2
    if _IN_THREES.match(run):
        size = 3
        run = _TONES.sub("", run)
    pieces = (run[at : at + size] for at in range(max(1, len(run) - size + 1)))
    return f" {' '.join(pieces)} "
