from __future__ import annotations

import subprocess
import sys
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rag.piece_tokens import _ranks, count_pieces

# What Google's own sentencepiece 0.2.3 says of them with the same file.
COUNTED = {
    "": 0,
    " ": 1,
    "Hello, how are you?": 6,
    "   >.": 3,
    "a\n\nb\tc": 6,
    "\u2581a \u2581": 3,
    "1234": 5,
    "[INST] <s>": 6,
    "字漢é👍🏽": 8,
    "e\u0301": 2,
    "Combien de paramètres Mixtral emploie-t-il ?": 16,
    "internationalization": 2,
    "if x:\n        return  None": 8,
    "\x00": 2,
    "<0x41>": 6,
    "the" * 100: 100,
    " " * 52 + "x": 5,
}
LONG = {
    "a" * 300_000: 37_503,
    " " * 300_000 + "x": 18_751,
    "\n" * 300_000: 300_001,
    "漢" * 100_000: 300_001,
}


@pytest.mark.parametrize(("text", "count"), COUNTED.items())
def test_counts_are_those_of_sentencepiece(text: str, count: int) -> None:
    assert count_pieces([text]) == [count]


def test_the_vocabulary_is_read_whole() -> None:
    assert len(_ranks()) == 31_741
    assert _ranks()["\u2581t"] < _ranks()["\u2581the"] < _ranks()["\u2581\u2581"]


def test_very_long_runs_are_counted_in_a_moment() -> None:
    began = time.perf_counter()

    assert count_pieces(list(LONG)) == list(LONG.values())
    assert time.perf_counter() - began < 10


def test_half_a_character_is_counted_as_one_that_is_broken() -> None:
    assert count_pieces(["a\ud800b"]) == [5]


def test_counting_imports_no_library_of_tokens() -> None:
    check = (
        "import sys; from rag import piece_tokens; "
        "assert not piece_tokens._ranks.cache_info().currsize; "
        "assert piece_tokens.count_pieces(['a']) == [1]; "
        "assert not {'mistral_common', 'sentencepiece', 'google.protobuf'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", check], check=True, timeout=60)


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=100))
def test_a_text_takes_no_more_tokens_than_bytes(text: str) -> None:
    (count,) = count_pieces([text])

    assert count <= len(text.encode()) + 1
    assert (count > 0) == bool(text)
