"""The doctor says what a server of one's own runs, and what to change about it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from rag.doctor import Level, examine
from rag.providers.products import (
    LLAMA_CPP_PYTHON,
    LLAMA_SERVER,
    OLLAMA,
    OTHER,
    TRANSFORMERS,
    VLLM,
    Product,
)
from rag.wiring import checks
from tests.products import MODEL, standing_in
from tests.rag.applications import settings

CUTS = "It cuts longer prompts without a word."
RAISE = "set OLLAMA_CONTEXT_LENGTH=32768 or more where it runs and start it again"


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def told(
    product: Product, answers: Mapping[str, Any] | None = None, **given: object
) -> tuple[Level, str]:
    """What the doctor says of the model that answers, without where that is."""
    with standing_in(product, answers) as server:
        chosen = settings(chat=f"{server.url}/v1", **given)
        found = {each.subject: each for each in examine(chosen.data_dir, checks(chosen))}
        place = server.url.removeprefix("http://")
    answers_found = found["answers"]
    return answers_found.level, answers_found.sentence.replace(f" on {place}", "")


def test_software_is_named() -> None:
    assert told(VLLM) == (Level.GOOD, f"{MODEL} (vLLM) answers, and reads 8,192 tokens.")
    assert told(OTHER) == (Level.GOOD, f"{MODEL} answers, and reads 4,096 tokens.")


def test_a_model_is_served_under_all_its_names() -> None:
    level, sentence = told(LLAMA_SERVER, chat_model="also-so-called")

    assert level is Level.GOOD
    assert sentence == "also-so-called (llama.cpp) answers, and reads 6,144 tokens."


def test_quirk_is_told() -> None:
    level, sentence = told(OLLAMA)

    assert level is Level.GOOD
    assert sentence == f"{MODEL} (Ollama) answers, and reads 16,384 tokens. {CUTS}"


def test_ollama_s_small_context_is_warned_of() -> None:
    loaded = {"models": [{"name": MODEL, "context_length": 4096}]}

    assert told(OLLAMA, {"/api/ps": loaded}) == (
        Level.NOTE,
        f"{MODEL} (Ollama) answers, and reads 4,096 tokens. {CUTS} "
        f"That is little for passages and a conversation: {RAISE}.",
    )


def test_an_assumed_context_is_warned_of() -> None:
    assert told(OLLAMA, {"/api/ps": {"models": []}}) == (
        Level.NOTE,
        f"{MODEL} (Ollama) answers, and reads 4,096 tokens. {CUTS} Ollama did not say how much it "
        f"reads, so 4,096 tokens are assumed. For more, {RAISE}, and set "
        "TRAMONTANE_CHAT_CONTEXT_TOKENS to as much.",
    )
    level, sentence = told(LLAMA_CPP_PYTHON)
    assert level is Level.NOTE
    assert "--interrupt_requests false" in sentence
    assert "2,048 tokens are assumed. For more, start it with a larger --n_ctx" in sentence


def test_a_context_set_larger_than_the_server_s_is_warned_of() -> None:
    level, sentence = told(LLAMA_SERVER, chat_model=MODEL, chat_context_tokens=32_768)

    assert level is Level.NOTE
    assert sentence.endswith(
        "reads 32,768 tokens. Its server says that it reads only 6,144. "
        "Set TRAMONTANE_CHAT_CONTEXT_TOKENS to 6144, or unset it."
    )


@pytest.mark.parametrize("product", [LLAMA_CPP_PYTHON, TRANSFORMERS])
def test_a_context_that_is_set_where_none_is_told_is_well(product: Product) -> None:
    level, sentence = told(product, chat_model=MODEL, chat_context_tokens=8192)

    assert level is Level.GOOD
    assert f"({product.name}) answers, and reads 8,192 tokens." in sentence
