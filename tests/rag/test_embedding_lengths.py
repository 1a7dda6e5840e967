"""How long a text is for an embedding server, and what becomes of one that is too long for it."""

from __future__ import annotations

import numpy as np
import pytest

from rag.errors import ContextLengthError, UnavailableError
from rag.providers.embedding_server import DEFAULT_MAX_TOKENS, SHORTEST_TEXT
from rag.providers.token_bounds import token_bound
from tests.loopback import (
    DIMENSION,
    LoopbackServer,
    Reply,
    Status,
    bag_of_words,
    vllm_error,
)
from tests.rag.test_embedding_server import BGE, E5, asked, connected

LONG = "harbour" + " harbour" * 199


def test_short_texts_are_bounded_and_long_ones_counted_by_the_server() -> None:
    with LoopbackServer(served=[E5]) as server:
        embedder = connected(server)
        counts = embedder.count_tokens(["Boats.", LONG, LONG])
        again = embedder.count_tokens([LONG])

    assert counts == [token_bound("passage: Boats."), 201, 201]  # the loopback counts words
    assert again == [201]
    assert [request.body["prompt"] for request in server.asked("/tokenize")] == [f"passage: {LONG}"]


def test_a_model_that_reads_much_need_not_count() -> None:
    with LoopbackServer(served=[BGE]) as server:
        assert connected(server).count_tokens([LONG]) == [token_bound(LONG)]

    assert server.asked("/tokenize") == []


@pytest.mark.parametrize(
    ("reply", "count"),
    [
        (Status(200, {"tokens": [5] * 300}), 300),  # llama.cpp
        (Status(404, {"detail": "Not Found"}), None),
        (Status(500, "down"), None),
        (Status(200, "oops {"), None),
        (Status(200, {"tokens": "many"}), None),
        (Status(200, [1]), None),
    ],
)
def test_without_a_count_the_bound_is_believed(reply: Reply, count: int | None) -> None:
    with LoopbackServer(served=[E5], tokenize=[reply]) as server:
        embedder = connected(server)
        counts = embedder.count_tokens([LONG])
        embedder.count_tokens([f"{LONG} and more"])

    assert counts == [count or token_bound(f"passage: {LONG}")]
    assert len(server.asked("/tokenize")) == (1 if count is None else 2)  # it is left alone then


def test_a_server_that_is_away_leaves_a_careful_size_and_fails_who_embeds() -> None:
    with LoopbackServer() as gone:
        pass
    embedder = connected(gone, model="BAAI/bge-m3", dimension=DIMENSION)

    assert embedder.max_tokens == DEFAULT_MAX_TOKENS
    assert embedder.count_tokens([LONG]) == [token_bound(LONG)]
    with pytest.raises(UnavailableError, match=r"Nothing answers at .*TRAMONTANE_EMBEDDING"):
        embedder.embed(["a"])


def refuses(said: str, code: int = 400) -> Status:
    return Status(code, vllm_error(said, code))


@pytest.mark.parametrize(
    "refused",
    [
        refuses("This model's maximum context length is 512 tokens. However, you requested 9"),
        refuses(
            "input (901 tokens) is too large to process. increase the physical batch size", 500
        ),
        refuses("Input validation error: `inputs` must have less than 512 tokens. Given: 901", 413),
        refuses("the input length exceeds the context length"),
    ],
    ids=["vLLM", "llama.cpp", "Text Embeddings Inference", "Ollama"],
)
def test_a_text_too_long_is_embedded_by_its_beginning(refused: Status) -> None:
    with LoopbackServer(served=[E5], embeddings=[refused]) as server:
        assert connected(server).embed([LONG]).shape == (1, DIMENSION)

    sent = [request.body["input"][0] for request in asked(server)]
    assert sent[0] == f"passage: {LONG}"
    assert sent[1] == sent[0][: len(sent[0]) // 2]


def test_a_batch_with_a_text_too_long_is_halved() -> None:
    refused = refuses("batch size 32 > maximum allowed batch size 2", 422)
    texts = ["one", "two", "three", "four"]
    with LoopbackServer(served=[BGE], embeddings=[refused]) as server:
        vectors = connected(server).embed(texts)

    assert np.allclose(vectors, [bag_of_words(text) for text in texts], atol=1e-6)
    assert [len(request.body["input"]) for request in asked(server)] == [4, 2, 2]


def test_a_short_text_that_is_refused_is_no_longer_cut() -> None:
    refused = [refuses("maximum context length is 8 tokens")] * 9
    with (
        LoopbackServer(served=[E5], embeddings=refused) as server,
        pytest.raises(ContextLengthError, match=f"finds {SHORTEST_TEXT} characters too long"),
    ):
        connected(server).embed([LONG])

    assert len(asked(server)) == 5
