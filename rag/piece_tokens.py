"""Exact token counts for the SentencePiece models: Mistral 7B, Mixtral, Codestral, Mathstral.

The vocabulary is a data file of mistral-common, read here without its libraries. Versions 1 to 7
of the tokenizer split text with the same pieces: they differ in control tokens alone, and in some
reserved names that later ones know in one token.

The method is byte-pair encoding with scores (Kudo and Richardson 2018, arXiv:1808.06226): of all
neighbours that make up a piece, those of the best piece are joined first, from left to right. What
is no piece is written in its bytes.
"""

from __future__ import annotations

import heapq
import re
import struct
import threading
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache

from rag.tokens import vocabulary_path

VOCABULARY = "tokenizer.model.v1"
WORDS_KEPT = 50_000
LONGEST_KEPT = 40  # characters; longer words hardly come again
SURROGATE_BYTES = 3  # half of a character, sent as the sign for one that is broken

_SPACE = "\u2581"
# No piece has the sign for a space behind another character: what follows splits by itself.
_WORDS = re.compile(rf"{_SPACE}+[^{_SPACE}\n]*|[^{_SPACE}\n]+|\n+")
_PIECE, _TEXT, _SCORE, _KIND = 1, 1, 2, 3  # fields of the file's messages
_NORMAL, _NO_SCORE = 1, bytes(4)  # what a piece is that says neither kind nor score
_UNREADABLE = f"{VOCABULARY} is no vocabulary of SentencePiece. Install mistral-common again."
_loading = threading.Lock()


def count_pieces(texts: Sequence[str]) -> list[int]:
    """The number of SentencePiece tokens of each text, without any special tokens."""
    with _loading:
        _ranks()
    return [_count(text) for text in texts]


def _count(text: str) -> int:
    if not text:
        return 0
    marked = _SPACE + text.replace(" ", _SPACE)
    return sum(
        _word_tokens(word) if len(word) <= LONGEST_KEPT else _joined_tokens(word)
        for word in _WORDS.findall(marked)
    )


@lru_cache(maxsize=WORDS_KEPT)
def _word_tokens(word: str) -> int:
    return _joined_tokens(word)


def _joined_tokens(word: str) -> int:
    """The tokens of a word once all its characters are joined that can be."""
    ranks = _ranks()
    if word in ranks:
        return 1
    parts: list[str] = list(word)  # a part that was joined to the one before is empty
    after = list(range(1, len(parts) + 1))
    before = list(range(-1, len(parts) - 1))
    waiting = [
        (rank, place, pair)
        for place, pair in enumerate(map(str.__add__, parts, parts[1:]))
        if (rank := ranks.get(pair)) is not None
    ]
    heapq.heapify(waiting)
    while waiting:
        _, place, pair = heapq.heappop(waiting)
        other = after[place]
        if not parts[place] or other == len(parts) or parts[place] + parts[other] != pair:
            continue
        parts[place], parts[other] = pair, ""
        after[place] = after[other]
        if after[place] < len(parts):
            before[after[place]] = place
        for left in (before[place], place):
            right = after[left] if left >= 0 else len(parts)
            if right < len(parts) and (rank := ranks.get(parts[left] + parts[right])) is not None:
                heapq.heappush(waiting, (rank, left, parts[left] + parts[right]))
    return sum(1 if part in ranks else _bytes(part) for part in parts if part)


def _bytes(character: str) -> int:
    if "\ud800" <= character <= "\udfff":
        return SURROGATE_BYTES
    return len(character.encode())


@lru_cache(maxsize=1)
def _ranks() -> Mapping[str, float]:
    """Every piece that text is split into, by its rank: the lower, the sooner it is joined.

    Runs of spaces share the last rank.
    """
    content = vocabulary_path(VOCABULARY).read_bytes()
    ranks: dict[str, float] = {}
    for piece in (dict(_fields(value)) for number, value in _fields(content) if number == _PIECE):
        text, score = piece[_TEXT], piece.get(_SCORE, _NO_SCORE)
        if isinstance(text, int) or isinstance(score, int):
            raise ValueError(_UNREADABLE)
        if piece.get(_KIND, _NORMAL) == _NORMAL:
            ranks[text.decode()] = -struct.unpack("<f", score)[0]
    return ranks


def _fields(content: object) -> Iterator[tuple[int, int | bytes]]:
    """The fields of a message of Protocol Buffers, by number."""
    if not isinstance(content, bytes):
        raise ValueError(_UNREADABLE)
    place = 0
    while place < len(content):
        key, place = _varint(content, place)
        size = {1: 8, 5: 4}.get(key & 7, 0)
        if key & 7 == 0:
            number, place = _varint(content, place)
            yield key >> 3, number
            continue
        if key & 7 == 2:
            size, place = _varint(content, place)
        yield key >> 3, content[place : place + size]
        place += size


def _varint(content: bytes, place: int) -> tuple[int, int]:
    number = shift = 0
    while content[place] & 0x80:
        number |= (content[place] & 0x7F) << shift
        place, shift = place + 1, shift + 7
    return number | content[place] << shift, place + 1
