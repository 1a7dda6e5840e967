"""Exact token counts for Mistral's current models: the Tekken vocabulary, offline.

The vocabulary is a data file of mistral-common; importing that package would cost half a second
and 60 MB, so the file is found without importing it and handed to tiktoken.
"""

from __future__ import annotations

import base64
import importlib.util
import json
import re
import threading
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

import tiktoken

VOCABULARY = "tekken_240911.json"  # one vocabulary for every Tekken model; only specials differ
LONGEST_RUN = 1000  # characters; unbroken runs beyond it make the pattern and the merges slow
TEXTS_KEPT = 4096  # a chunk is measured before it is counted; rows of tables come again
_LONG_RUN = re.compile(rf"\s{{{LONGEST_RUN},}}|\S{{{LONGEST_RUN},}}")
_loading = threading.Lock()


def count(text: str) -> int:
    """The number of Tekken tokens of a text, without any special tokens."""
    return count_tokens([text])[0]


def count_tokens(texts: Sequence[str]) -> list[int]:
    """The number of Tekken tokens of each text, without any special tokens.

    A text with an unbroken run of more than `LONGEST_RUN` characters is counted in pieces, which
    can give a few tokens too many, never too few.
    """
    with _loading:
        _encoding()
    return [_count(text) for text in texts]


def vocabulary_path(name: str) -> Path:
    """Where a vocabulary of mistral-common lies.

    Raises:
        ModuleNotFoundError: mistral-common is not installed.
    """
    spec = importlib.util.find_spec("mistral_common")
    if spec is None or not spec.submodule_search_locations:
        raise ModuleNotFoundError("mistral-common is not installed; it holds the vocabulary.")
    return Path(spec.submodule_search_locations[0]) / "data" / name


@lru_cache(maxsize=TEXTS_KEPT)
def _count(text: str) -> int:
    if len(text) >= LONGEST_RUN and _LONG_RUN.search(text):
        return _count_in_pieces(_encoding(), text)
    return len(_encoding().encode_ordinary(text))


def _count_in_pieces(encoding: tiktoken.Encoding, text: str) -> int:
    pieces: list[str] = []
    done = 0
    for run in _LONG_RUN.finditer(text):
        pieces.append(text[done : run.start()])
        starts = range(run.start(), run.end(), LONGEST_RUN)
        pieces.extend(text[start : min(start + LONGEST_RUN, run.end())] for start in starts)
        done = run.end()
    pieces.append(text[done:])
    return sum(len(encoding.encode_ordinary(piece)) for piece in pieces)


@lru_cache(maxsize=1)
def _encoding() -> tiktoken.Encoding:
    content = json.loads(vocabulary_path(VOCABULARY).read_text(encoding="utf-8"))
    config = content["config"]
    size = config["default_vocab_size"] - config["default_num_special_tokens"]
    ranks = {
        base64.b64decode(entry["token_bytes"]): entry["rank"] for entry in content["vocab"][:size]
    }
    return tiktoken.Encoding(
        "tekken", pat_str=config["pattern"], mergeable_ranks=ranks, special_tokens={}
    )
