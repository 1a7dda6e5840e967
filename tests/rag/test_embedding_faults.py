"""What goes wrong with an embedding server: each fault ends, as a plain sentence of its kind."""

from __future__ import annotations

import base64
import time
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pytest

from rag.errors import (
    AuthenticationError,
    ContextLengthError,
    InvalidReplyError,
    ModelNotFoundError,
    NotBegunError,
    ProviderError,
    RateLimitError,
    RefusedRequestError,
    UnavailableError,
)
from rag.providers.embedding_server import EmbeddingServer
from rag.providers.retries import MAX_ATTEMPTS
from tests.loopback import (
    LoopbackServer,
    Reply,
    Status,
    Vectors,
    listed_model,
    rate_limited,
    vllm_error,
)
from tests.wire import Ending, Wire, WireServer, head

KEY = "s3cr3t-k3y-0123456789"
MODEL = "BAAI/bge-m3"
GOOD = Vectors([(1, [0.0, 2.0]), (0, [3.0, 4.0])])
SILENCE_SECONDS = 0.2
BOUND_SECONDS = 10 * SILENCE_SECONDS + 3  # a drip may last ten silences


def embedder(url: str, waits: list[float] | None = None, api_key: str | None = None) -> Any:
    slept = [] if waits is None else waits
    return EmbeddingServer(
        f"{url}/v1",
        model=None,
        api_key=api_key,
        timeout_seconds=SILENCE_SECONDS * 5,
        sleep=slept.append,
    )


def plain(error: ProviderError) -> str:
    """The sentence, which is fit for a user: it ends, and shows neither key nor trace."""
    sentence = str(error)
    assert sentence.endswith(".")
    assert KEY not in sentence
    assert "Traceback" not in sentence
    assert "\n" not in sentence
    return sentence


def failure(
    replies: Sequence[Reply], kind: type[ProviderError], api_key: str | None = None
) -> tuple[str, int]:
    """The sentence, and how often the server was asked."""
    served = [listed_model(MODEL, max_model_len=8192)]
    with LoopbackServer(served=served, embeddings=replies) as server:
        with pytest.raises(ProviderError) as caught:
            embedder(server.url, api_key=api_key).embed(["a", "b"])
        times = len(server.asked("/v1/embeddings"))
    assert type(caught.value) is kind
    return plain(caught.value), times


@pytest.mark.parametrize("passing", [rate_limited("3"), Status(500), Status(503), Status(502, "")])
def test_a_fault_that_passes_is_waited_out(passing: Reply) -> None:
    waits: list[float] = []
    with LoopbackServer(served=[listed_model(MODEL)], embeddings=[passing, GOOD]) as server:
        vectors = embedder(server.url, waits).embed(["a", "b"])

    assert np.allclose(vectors, np.array([[0.6, 0.8], [0, 1]]))
    assert len(waits) == 1
    if passing == rate_limited("3"):
        assert 3 <= waits[0] <= 3.3


STATUSES: list[tuple[Status, type[ProviderError], str, int]] = [
    (rate_limited("1"), RateLimitError, "too many requests", MAX_ATTEMPTS),
    (rate_limited("100"), RateLimitError, "Try again in 100 seconds", 1),
    (rate_limited("soon"), RateLimitError, "Try again in a minute", MAX_ATTEMPTS),
    (Status(500, "boom"), NotBegunError, "a fault of its own (500)", MAX_ATTEMPTS),
    (Status(503, "loading"), NotBegunError, "a fault of its own (503)", MAX_ATTEMPTS),
    (Status(504), NotBegunError, "a fault of its own (504)", MAX_ATTEMPTS),
    (Status(401, "no"), AuthenticationError, "wants a key. Set TRAMONTANE_EMBEDDING_API_KEY", 1),
    (Status(403, "no"), AuthenticationError, "TRAMONTANE_EMBEDDING_API_KEY may use", 1),
    (Status(402, "pay"), RateLimitError, "The budget at the embedding server", 1),
    (Status(404, {"detail": "Not Found"}), NotBegunError, "--runner pooling", 1),
    (Status(501, "no pooling"), NotBegunError, "llama.cpp: --embeddings", 1),
    (
        Status(404, vllm_error("The model `x` does not exist.", 404)),
        ModelNotFoundError,
        f"does not serve {MODEL}",
        1,
    ),
    (Status(400, vllm_error("dimensions is not supported")), RefusedRequestError, "(400)", 1),
    (Status(422, {"detail": [{"msg": "bad\nfield"}]}), RefusedRequestError, "bad field", 1),
    (Status(307, headers={"Location": "http://192.0.2.1/v1"}), NotBegunError, "answers 307", 1),
]


@pytest.mark.parametrize(("status", "kind", "said", "times"), STATUSES)
def test_a_refusal_is_told_by_its_kind(
    status: Status, kind: type[ProviderError], said: str, times: int
) -> None:
    sentence, asked = failure([status] * MAX_ATTEMPTS, kind)

    assert said in sentence
    assert asked == times


def test_a_wrong_key_is_named_and_what_echoes_it_is_not_shown() -> None:
    assert "does not accept the key" in failure([Status(401)], AuthenticationError, KEY)[0]
    echo = Status(400, vllm_error(f"bad header Bearer {KEY}"))
    assert "bad header Bearer …" in failure([echo], RefusedRequestError, KEY)[0]


def test_a_text_refused_at_any_length_is_given_up() -> None:
    refused = [Status(400, vllm_error("maximum context length is 4 tokens"))] * 9

    sentence, asked = failure(refused, ContextLengthError)

    assert f"finds 1 characters too long for {MODEL}" in sentence
    assert asked == 2  # both, then the first alone


def rows(*embeddings: object, **fields: object) -> dict[str, Any]:
    numbered = [{"index": index, "embedding": each} for index, each in enumerate(embeddings)]
    return {"object": "list", "data": numbered, **fields}


def numbered(*indexes: object) -> dict[str, Any]:
    return {"data": [{"index": index, "embedding": [1.0, 2.0]} for index in indexes]}


UNEVEN = base64.b64encode(b"12345").decode()
NOT_FINITE = base64.b64encode(np.array([1, np.nan], "<f4").tobytes()).decode()


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (rows([1.0, 2.0]), "1 vectors for 2 texts"),
        (rows([1.0], [2.0], [3.0]), "3 vectors for 2 texts"),
        (numbered(0, 0), "numbered them wrongly"),
        (numbered(1, 2), "numbered them wrongly"),
        (numbered(0, "1"), "numbered them wrongly"),
        (numbered(0, None), "numbered them wrongly"),
        (numbered(False, True), "numbered them wrongly"),
        (rows([1.0, 2.0], [1.0]), "vectors of different lengths"),
        (rows([], []), "or of none"),
        (rows([1.0] * 20_000, [1.0] * 20_000), "or of none"),
        (rows([1.0, float("nan")], [1.0, 2.0]), "no numbers"),
        (rows([1.0, float("inf")], [1.0, 2.0]), "no numbers"),
        (rows([0.0, 0.0], [1.0, 2.0]), "nothing but zeros"),
        (rows([1.0, 10**400], [1.0, 2.0]), "makes no sense"),
        (rows([1.0, None], [1.0, 2.0]), "makes no sense"),
        (rows([1.0, "2"], [1.0, 2.0]), "makes no sense"),
        (rows([1.0, True], [1.0, 2.0]), "makes no sense"),
        (rows([[1.0], [2.0]], [1.0, 2.0]), "makes no sense"),
        (rows(None, None), "makes no sense"),
        (rows("not base64!", UNEVEN), "makes no sense"),
        (rows(UNEVEN, UNEVEN), "makes no sense"),
        (rows(NOT_FINITE, NOT_FINITE), "no numbers"),
        ({"data": "none"}, "makes no sense"),
        ({"data": [[1.0], [2.0]]}, "makes no sense"),
        ({"error": {"message": "no", "code": 500}}, "makes no sense"),
        ({"object": "list"}, "makes no sense"),
        ([1.0, 2.0], "makes no sense"),
        ("oops {", "makes no sense"),
        (b"\xff\xfe", "makes no sense"),
        ("[" * 100_000, "makes no sense"),
        (None, "makes no sense"),
    ],
)
def test_a_reply_that_makes_no_sense_is_an_error(body: object, said: str) -> None:
    sentence, asked = failure([Status(200, body)], InvalidReplyError)

    assert said in sentence
    assert asked == 1


@pytest.mark.parametrize(
    "models",
    [
        Status(200, {"data": "none"}),
        Status(200, "<html>"),
        Status(200, [1]),
        Status(200, {"data": [1]}),
    ],
)
def test_a_list_of_models_that_makes_no_sense_is_an_error(models: Status) -> None:
    with LoopbackServer(models=[models]) as server, pytest.raises(InvalidReplyError) as caught:
        embedder(server.url).embed(["a"])

    assert "makes no sense" in plain(caught.value)


def test_a_server_that_lists_no_model_is_told() -> None:
    with LoopbackServer(served=[]) as server, pytest.raises(ModelNotFoundError) as caught:
        embedder(server.url).embed(["a"])

    assert "does not serve a model" in plain(caught.value)


# On the wire

LISTED = Wire([head(kind="application/json"), b'{"data": [{"id": "m", "max_model_len": 512}]}'])
BEGUN = [head(kind="application/json"), b'{"data": [{"index": 0, "emb']


@pytest.mark.parametrize(
    ("wire", "kind", "said"),
    [
        (Wire([], Ending.SILENCE), UnavailableError, "was silent for 1 seconds"),
        (Wire(BEGUN, Ending.SILENCE), UnavailableError, "was silent for 1 seconds"),
        (Wire([], Ending.CLOSE), InvalidReplyError, "was cut off"),
        (Wire([], Ending.RESET), InvalidReplyError, "was cut off"),
        (Wire(BEGUN, Ending.RESET), InvalidReplyError, "was cut off"),
        (Wire(BEGUN, Ending.CLOSE), InvalidReplyError, "makes no sense"),
        (
            Wire([head(headers={"Content-Length": "5000"}, kind="application/json"), b"{"]),
            InvalidReplyError,
            "was cut off",
        ),
        (
            Wire([head(headers={"Content-Encoding": "gzip"}), b"\x1f\x8b"]),
            InvalidReplyError,
            "makes no sense",
        ),
        (Wire([b"SSH-2.0-OpenSSH_9.2\r\n"]), InvalidReplyError, "was cut off"),
        (
            Wire([head(kind="application/json"), b" " * 2_000_000], Ending.REPEAT),
            InvalidReplyError,
            "makes no sense",
        ),
    ],
    ids=[
        *("silent", "silent midway", "closed", "reset", "reset midway", "ended midway"),
        *("shorter than announced", "compressed", "not HTTP", "without end"),
    ],
)
def test_a_broken_connection_ends_within_its_bound(
    wire: Wire, kind: type[ProviderError], said: str
) -> None:
    with WireServer([LISTED, wire]) as server:
        began = time.monotonic()
        with pytest.raises(ProviderError) as caught:
            embedder(server.url).embed(["a"])
        lasted = time.monotonic() - began

    assert isinstance(caught.value, kind)
    assert said in plain(caught.value)
    assert lasted < 10


def test_a_reply_that_drips_is_not_waited_for_to_the_end() -> None:
    drip = Wire([head(kind="application/json"), b" " * 1000], drips=True)
    with WireServer([LISTED, drip]) as server:
        slow = EmbeddingServer(
            f"{server.url}/v1", model=None, api_key=None, timeout_seconds=SILENCE_SECONDS
        )
        began = time.monotonic()
        with pytest.raises(UnavailableError) as caught:
            slow.embed(["a"])
        lasted = time.monotonic() - began

    assert "did not come to an end in time" in plain(caught.value)
    assert lasted < BOUND_SECONDS


def test_a_server_that_keeps_failing_is_left_alone() -> None:
    served = [listed_model(MODEL)]
    with LoopbackServer(served=served, embeddings=[Status(503)] * 50) as server:
        failing = embedder(server.url)
        for _ in range(5):
            with pytest.raises(UnavailableError):
                failing.embed(["a"])
        before = len(server.requests)
        with pytest.raises(NotBegunError, match="is left alone for now"):
            failing.embed(["a"])

        assert len(server.requests) == before


def test_nothing_that_answers_is_told_at_once() -> None:
    with LoopbackServer() as gone:
        pass
    with pytest.raises(NotBegunError) as caught:
        embedder(gone.url).embed(["a"])

    assert plain(caught.value) == (
        f"Nothing answers at {gone.url}/v1. Start the embedding server there, or set "
        "TRAMONTANE_EMBEDDING to its address."
    )


def test_a_length_that_is_no_number_is_none() -> None:
    told: Mapping[str, object] = {"id": "m", "max_model_len": True}
    with LoopbackServer(served=[told], embeddings=[Vectors([(0, [1.0])])]) as server:
        asked = embedder(server.url)
        asked.embed(["a"])

    assert (asked.model, asked.max_tokens, asked.dimension) == ("m", 512, 1)
