"""Embeddings and reranking on a real vLLM, which serves a model of one layer for each."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import pytest

from rag.doctor import Level, examine
from rag.errors import ContextLengthError, ModelNotFoundError, NotBegunError
from rag.providers.embedding_replies import read_vectors
from rag.providers.embedding_server import EmbeddingServer
from rag.providers.embedding_wire import EmbeddingWire, embedding_endpoint
from rag.providers.rerank_server import RerankServer
from rag.wiring import checks
from tests.rag.applications import QUESTION, application, fill, settings
from tests.vllm.serving import Vllm, missing, serving
from tests.vllm.tiny_encoders import (
    DIMENSION,
    MAX_TOKENS,
    write_tiny_embedder,
    write_tiny_reranker,
)

pytestmark = pytest.mark.timeout(900)  # the first test waits for the servers

EMBEDDER, RERANKER = "intfloat/multilingual-e5-large", "BAAI/bge-reranker-v2-m3"
SMALL = ("--runner", "pooling", "--gpu-memory-utilization", "0.1", "--enforce-eager")
TEXTS = ["Boats sail in winter.", "Camembert is a cheese.", "A cheese of Normandy: Camembert."]


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Vllm, Vllm]]:
    """An embedding server and a reranker, started side by side."""
    if reason := missing():
        pytest.skip(reason)
    folder = tmp_path_factory.mktemp("pooling")
    write_tiny_embedder(folder / "embedder")
    write_tiny_reranker(folder / "reranker")
    with ExitStack() as opened, ThreadPoolExecutor(2) as pool:

        def start(kind: str, name: str) -> Vllm:
            log = folder / f"log of {kind}"
            log.mkdir()
            options = ("--served-model-name", name, *SMALL)
            return opened.enter_context(serving(folder / kind, log, options))

        started = list(pool.map(start, ("embedder", "reranker"), (EMBEDDER, RERANKER)))
        yield started[0], started[1]


@pytest.fixture
def embedder(servers: tuple[Vllm, Vllm]) -> EmbeddingServer:
    return embedding(servers[0].url)


def embedding(url: str, model: str | None = None) -> EmbeddingServer:
    return EmbeddingServer(url, model=model, api_key=None, timeout_seconds=60)


def test_what_is_served_is_found_out(embedder: EmbeddingServer) -> None:
    embedder.connect()

    assert (embedder.model, embedder.dimension) == (EMBEDDER, DIMENSION)
    assert embedder.max_tokens == MAX_TOKENS == 512


def test_vectors_are_of_unit_length_in_order_and_of_their_text_alone(
    embedder: EmbeddingServer,
) -> None:
    vectors = embedder.embed(TEXTS)
    others = embedder.embed(TEXTS[::-1] + ["and one more"] * 40)

    assert vectors.shape == (3, DIMENSION)
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    assert np.allclose(others[:3], vectors[::-1], atol=1e-3)
    assert others.shape == (43, DIMENSION)
    alike = vectors @ vectors.T
    assert alike[1, 2] > 0.7 > 0.5 > alike[0, 1]


def test_questions_find_the_passage_that_shares_their_words(embedder: EmbeddingServer) -> None:
    asked = embedder.embed_questions(["Which cheese is of Normandy?"])

    assert int((embedder.embed(TEXTS) @ asked[0]).argmax()) == 2


def test_the_tokens_of_long_texts_are_those_that_the_server_counts(
    embedder: EmbeddingServer,
) -> None:
    short, long, longer = embedder.count_tokens(["x", "harbour " * 300, "harbour " * 600])

    assert short < 20
    assert (long, longer) == (304, 604)  # with `passage :` and the two special ones
    assert embedder.embed_counted(["harbour " * 300])[1] == 304


def test_a_text_too_long_is_embedded_by_its_beginning(embedder: EmbeddingServer) -> None:
    vectors, tokens = embedder.embed_counted(["harbour " * 600])

    assert np.linalg.norm(vectors[0]) == pytest.approx(1, abs=1e-5)
    assert MAX_TOKENS / 2 < tokens <= MAX_TOKENS


def test_the_server_says_itself_what_is_too_long(servers: tuple[Vllm, Vllm]) -> None:
    wire = EmbeddingWire(embedding_endpoint(servers[0].url, None, None, 60))

    with pytest.raises(ContextLengthError):
        wire.embeddings(EMBEDDER, ["harbour " * 600])


def test_base64_says_the_same_as_numbers(servers: tuple[Vllm, Vllm]) -> None:
    wire = EmbeddingWire(embedding_endpoint(servers[0].url, None, None, 60))
    asked = {"model": EMBEDDER, "input": TEXTS}

    numbers, packed = (
        read_vectors(
            wire.asked("/embeddings", {**asked, "encoding_format": encoding}), 3, wire.endpoint
        )
        for encoding in ("float", "base64")
    )

    assert np.allclose(numbers.vectors, packed.vectors, atol=1e-6)
    assert numbers.tokens == packed.tokens


def test_a_model_that_is_not_served_is_named(servers: tuple[Vllm, Vllm]) -> None:
    with pytest.raises(ModelNotFoundError, match=f"does not serve nope. It lists: {EMBEDDER}"):
        embedding(servers[0].url, "nope").embed(["a"])
    wire = EmbeddingWire(embedding_endpoint(servers[0].url, None, None, 60))
    with pytest.raises(ModelNotFoundError, match="does not serve nope"):
        wire.embeddings("nope", ["a"])


def test_a_reranker_makes_no_embeddings(servers: tuple[Vllm, Vllm]) -> None:
    with pytest.raises(NotBegunError, match="makes no embeddings"):
        embedding(servers[1].url).embed(["a"])


def test_a_library_is_embedded_searched_and_looked_at(
    servers: tuple[Vllm, Vllm], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    chosen = {"embedding": servers[0].url, "rerank": servers[1].url}
    with application(embedding=servers[0].url) as opened:
        fill(opened)
        found = opened.retriever.search(QUESTION, opened.scope(), 1)
        assert [passage.document.name for passage in found] == ["nemo.txt"]
    with application(**chosen) as opened:
        assert (opened.library.embedding_model, opened.library.dimension) == (EMBEDDER, DIMENSION)
        found = opened.retriever.search(QUESTION, opened.scope(), 2)
        assert {passage.document.name for passage in found} == {"nemo.txt", "cheese.txt"}

    looked = {each.subject: each for each in examine(Path("data"), checks(settings(**chosen)))}
    assert looked["embedding"].sentence == (
        f"{EMBEDDER} gives vectors of 1,024 numbers, and reads 512 tokens of a text."
    )
    assert Level.WRONG not in {each.level for each in looked.values()}


def test_a_cross_encoder_scores_each_pair_by_itself(servers: tuple[Vllm, Vllm]) -> None:
    reranker = RerankServer(servers[1].url, model=None, api_key=None, timeout_seconds=60)

    scores = reranker.rerank("cheese", TEXTS)
    turned = reranker.rerank("cheese", [*TEXTS[::-1], "harbour " * 5000])

    assert reranker.model == RERANKER
    assert turned[:3] == pytest.approx(scores[::-1], abs=1e-4)
    assert len(set(scores)) == 3
    assert all(0 < score < 1 for score in [*scores, *turned])
