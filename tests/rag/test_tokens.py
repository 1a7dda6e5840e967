from __future__ import annotations

import subprocess
import sys
import threading
import time

from hypothesis import given, settings
from hypothesis import strategies as st

from rag import tokens


def test_counts_are_those_of_the_published_tokenizer() -> None:
    # Mistral's documentation gives 22177 1044 2606 1584 1636 1063 for the greeting.
    assert tokens.count_tokens(["Hello, how are you?", "", "1234"]) == [6, 0, 4]
    assert tokens.count("Hello, how are you?") == 6


def test_importing_loads_neither_the_vocabulary_nor_mistral_common() -> None:
    check = (
        "import sys; from rag import tokens; assert not tokens._encoding.cache_info().currsize; "
        "tokens.count('a'); assert 'mistral_common' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", check], check=True, timeout=60)


def test_threads_share_one_vocabulary() -> None:
    counts: list[int] = []
    threads = [
        threading.Thread(target=lambda: counts.append(tokens.count("one two"))) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert counts == [2] * 4
    assert tokens._encoding.cache_info().currsize == 1


def test_very_long_runs_are_counted_in_a_moment() -> None:
    texts = [
        "a" * 300_000,
        " " * 300_000 + "x",
        "\n" * 300_000,
        "漢" * 300_000,
        "e\u0301" * 150_000,
    ]
    began = time.perf_counter()

    counts = tokens.count_tokens(texts)

    assert all(count > 1000 for count in counts)
    assert time.perf_counter() - began < 5


@settings(max_examples=50, deadline=None)
@given(st.lists(st.text(max_size=200), max_size=5))
def test_a_list_counts_as_its_texts_do(texts: list[str]) -> None:
    assert tokens.count_tokens(texts) == [tokens.count(text) for text in texts]
