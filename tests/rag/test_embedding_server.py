"""Vectors from a server of one's own: what is asked of it, and what is made of its replies."""

from __future__ import annotations

import base64

import numpy as np
import pytest

from rag.errors import (
    AuthenticationError,
    EmbeddingMismatchError,
    ModelNotFoundError,
    SettingsError,
)
from rag.protocols import Asymmetric, Counting, Embedder, embed_questions
from rag.providers.embedding_server import (
    BATCH_TEXTS,
    BATCH_TOKENS,
    DEFAULT_MAX_TOKENS,
    EmbeddingServer,
)
from rag.providers.token_bounds import token_bound
from tests.fakes import HashEmbedder
from tests.loopback import (
    DIMENSION,
    LoopbackServer,
    Request,
    Status,
    Vectors,
    bag_of_words,
    listed_model,
    vllm_error,
)

KEY = "s3cr3t-k3y-0123456789"
BGE = listed_model("BAAI/bge-m3", max_model_len=8192)
E5 = listed_model("intfloat/multilingual-e5-large", max_model_len=512)


def connected(
    server: LoopbackServer,
    *,
    path: str = "/v1",
    model: str | None = None,
    dimension: int | None = None,
    api_key: str | None = None,
    timeout_seconds: float = 5,
    waits: list[float] | None = None,
) -> EmbeddingServer:
    slept = [] if waits is None else waits
    return EmbeddingServer(
        server.url + path,
        model=model,
        dimension=dimension,
        api_key=api_key,
        timeout_seconds=timeout_seconds,
        sleep=slept.append,
    )


def asked(server: LoopbackServer) -> list[Request]:
    return server.asked("/v1/embeddings")


def told_rows(*rows: object, **fields: object) -> Status:
    return Status(200, {"object": "list", "data": list(rows), **fields})


def test_vectors_are_of_unit_length_and_in_the_order_of_the_texts() -> None:
    texts = ["Boats in winter.", "Cheese from Normandy.", ""]
    with LoopbackServer(served=[BGE]) as server:
        embedder = connected(server)
        vectors = embedder.embed(texts)

    assert vectors.dtype == np.float32
    assert np.allclose(vectors, [bag_of_words(text) for text in [*texts[:2], "…"]], atol=1e-6)
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-6)
    assert (embedder.model, embedder.dimension) == ("BAAI/bge-m3", DIMENSION)
    assert (embedder.max_tokens, embedder.place) == (8192, f"{server.url}/v1")
    assert asked(server)[0].body == {
        "model": "BAAI/bge-m3",
        "input": [*texts[:2], "…"],
        "encoding_format": "float",
    }
    assert "authorization" not in asked(server)[0].headers


def test_it_is_an_embedder_that_tells_what_it_read_and_knows_questions() -> None:
    with LoopbackServer(served=[BGE]) as server:
        embedder: Embedder = connected(server)

        assert isinstance(embedder, Asymmetric)
        assert isinstance(embedder, Counting)
        assert embedder.embed_counted(["one", "two"])[1] == 10  # as the loopback always tells
        assert embedder.fluency("Guten Tag") == 1.0


def test_rows_out_of_order_are_put_into_it() -> None:
    with LoopbackServer(served=[BGE], embeddings=[Vectors([(1, [0, 2]), (0, [3, 4])])]) as server:
        vectors = connected(server).embed(["a", "b"])

    assert np.allclose(vectors, np.array([[0.6, 0.8], [0, 1]]))


def test_rows_without_numbers_are_in_order() -> None:
    reply = told_rows({"embedding": [3, 4]}, {"embedding": [0.0, 2.5]})
    with LoopbackServer(served=[BGE], embeddings=[reply]) as server:
        vectors, tokens = connected(server).embed_counted(["a", "b"])

    assert np.allclose(vectors, np.array([[0.6, 0.8], [0, 1]]))
    assert tokens == token_bound("a") + token_bound("b")  # where the server tells none


def test_base64_is_read_as_well() -> None:
    packed = base64.b64encode(np.array([3, 4], "<f4").tobytes()).decode()
    reply = told_rows({"index": 0, "embedding": packed}, usage={"total_tokens": 7})
    with LoopbackServer(served=[BGE], embeddings=[reply]) as server:
        vectors, tokens = connected(server).embed_counted(["a"])

    assert np.allclose(vectors, [[0.6, 0.8]])
    assert tokens == 7


def test_numbers_too_large_to_square_keep_their_direction() -> None:
    with LoopbackServer(served=[BGE], embeddings=[Vectors([(0, [3e300, 4e300])])]) as server:
        assert np.allclose(connected(server).embed(["a"]), [[0.6, 0.8]])


def test_no_texts_have_no_vectors() -> None:
    with LoopbackServer(served=[BGE]) as server:
        assert connected(server, model="BAAI/bge-m3", dimension=3).embed([]).shape == (0, 3)

    assert server.requests == []


def test_texts_go_in_batches_by_number_and_by_length() -> None:
    long = "x" * 10_000
    with LoopbackServer(served=[BGE]) as server:
        embedder = connected(server)
        assert embedder.embed(["a"] * (BATCH_TEXTS + 1)).shape == (BATCH_TEXTS + 1, DIMENSION)
        embedder.embed([long] * 4)

    sizes = [len(request.body["input"]) for request in asked(server)]
    assert 4 * token_bound(long) > BATCH_TOKENS >= 3 * token_bound(long)
    assert sizes == [BATCH_TEXTS, 1, 3, 1]
    assert len(server.asked("/v1/models")) == 1


def test_halves_of_characters_are_replaced() -> None:
    with LoopbackServer(served=[BGE]) as server:
        connected(server).embed(["lone \ud800"])

    assert asked(server)[0].body["input"] == ["lone ?"]


@pytest.mark.parametrize(
    ("model", "question", "passage"),
    [
        ("BAAI/bge-m3", "", ""),
        ("intfloat/multilingual-e5-large", "query: ", "passage: "),
        ("multilingual-e5-base", "query: ", "passage: "),
        (
            "intfloat/multilingual-e5-large-instruct",
            "Instruct: Given a web search query, retrieve relevant passages that answer the "
            "query\nQuery: ",
            "",
        ),
        (
            "Qwen/Qwen3-Embedding-0.6B",
            "Instruct: Given a web search query, retrieve relevant passages that answer the "
            "query\nQuery:",
            "",
        ),
        ("nomic-embed-text", "search_query: ", "search_document: "),
        (
            "BAAI/bge-large-en-v1.5",
            "Represent this sentence for searching relevant passages: ",
            "",
        ),
        ("Snowflake/snowflake-arctic-embed-l-v2.0", "query: ", ""),
        ("somebody/embedder", "", ""),
    ],
)
def test_models_are_told_questions_from_passages_as_they_learnt_it(
    model: str, question: str, passage: str
) -> None:
    with LoopbackServer(served=[listed_model(model)]) as server:
        embedder = connected(server)
        embedder.embed_questions(["Why?"])
        embedder.embed(["So."])

    assert [request.body["input"] for request in asked(server)] == [
        [f"{question}Why?"],
        [f"{passage}So."],
    ]


def test_questions_of_other_embedders_are_embedded_like_passages() -> None:
    embedder = HashEmbedder()

    assert np.array_equal(embed_questions(embedder, ["Why?"]), embedder.embed(["Why?"]))


# The server and its model


@pytest.mark.parametrize("path", ["", "/", "/v1", "/v1/", "/v1/embeddings"])
def test_the_address_may_be_given_short_or_whole(path: str) -> None:
    with LoopbackServer(served=[BGE]) as server:
        assert connected(server, path=path).embed(["a"]).shape == (1, DIMENSION)


def test_a_named_model_and_the_key_are_sent() -> None:
    with LoopbackServer(served=[BGE, E5], api_key=KEY) as server:
        embedder = connected(server, model=str(E5["id"]), api_key=KEY)
        embedder.embed(["a"])

    assert asked(server)[0].body["model"] == embedder.model == E5["id"]
    assert asked(server)[0].headers["authorization"] == f"Bearer {KEY}"


@pytest.mark.parametrize("name", ["bge-m3", "bge-m3:latest", None])
def test_ollamas_tag_of_no_meaning_is_not_recorded(name: str | None) -> None:
    with LoopbackServer(served=[{"id": "bge-m3:latest", "object": "model"}]) as server:
        embedder = connected(server, model=name)
        embedder.embed(["a"])

    assert (embedder.model, embedder.max_tokens) == ("bge-m3", DEFAULT_MAX_TOKENS)
    assert asked(server)[0].body["model"] == "bge-m3:latest"


def test_nothing_is_asked_where_everything_is_known() -> None:
    with LoopbackServer(served=[BGE]) as server:
        embedder = connected(server, model="BAAI/bge-m3", dimension=DIMENSION)

        assert (embedder.model, embedder.dimension) == ("BAAI/bge-m3", DIMENSION)

    assert server.requests == []


def test_a_model_that_is_not_served_is_named_with_those_that_are() -> None:
    with LoopbackServer(served=[BGE, E5]) as server, pytest.raises(ModelNotFoundError) as caught:
        connected(server, model="nope", dimension=3).embed(["a"])

    assert str(caught.value) == (
        f"The embedding server at {server.url}/v1 does not serve nope. It lists: BAAI/bge-m3, "
        "intfloat/multilingual-e5-large. Start it with the model that is wanted, or set "
        "TRAMONTANE_EMBEDDING_MODEL to one that it serves."
    )
    assert asked(server) == []


def test_a_server_without_a_list_is_asked_by_the_name_that_is_set() -> None:
    gone = Status(404, {"detail": "Not Found"})
    with LoopbackServer(models=[gone, gone]) as server:
        embedder = connected(server, model="ours")
        assert embedder.embed(["a"]).shape == (1, DIMENSION)
        with pytest.raises(ModelNotFoundError, match=r"lists no models.*EMBEDDING_MODEL"):
            connected(server).connect()

    assert asked(server)[0].body["model"] == "ours"


def test_a_server_that_was_started_anew_is_asked_again_what_it_serves() -> None:
    missing = Status(404, vllm_error("The model `BAAI/bge-m3` does not exist.", 404))
    with LoopbackServer(served=[BGE], embeddings=[missing]) as server:
        embedder = connected(server)
        with pytest.raises(ModelNotFoundError, match=r"does not serve BAAI/bge-m3"):
            embedder.embed(["a"])
        assert embedder.embed(["a"]).shape == (1, DIMENSION)
        server.served = [E5]
        embedder._served = None
        with pytest.raises(ModelNotFoundError, match=r"does not serve BAAI/bge-m3.*e5-large"):
            embedder.embed(["a"])


def test_vectors_of_another_length_than_recorded_are_another_models() -> None:
    with LoopbackServer(served=[BGE]) as server:
        embedder = connected(server, model="BAAI/bge-m3", dimension=768)
        with pytest.raises(EmbeddingMismatchError) as caught:
            embedder.embed(["a"])

    assert str(caught.value) == (
        f"The embedding server at {server.url}/v1 gives vectors of 1,024 numbers for BAAI/bge-m3, "
        "and those before had 768: it is another model. Serve the one that the library was "
        f"embedded with, or run `tramontane rebuild --embedding {server.url}/v1` to embed it again."
    )


@pytest.mark.parametrize("url", ["ftp://host", "http://", "http://user:secret@host/v1"])
def test_what_is_no_address_is_refused_at_once(url: str) -> None:
    with pytest.raises(SettingsError, match="TRAMONTANE_EMBEDDING"):
        EmbeddingServer(url, model=None, api_key=None, timeout_seconds=5)


def test_what_is_no_key_is_refused_at_once() -> None:
    with pytest.raises(AuthenticationError, match="TRAMONTANE_EMBEDDING_API_KEY is not a key"):
        EmbeddingServer("http://host/v1", model=None, api_key="two words", timeout_seconds=5)
