from __future__ import annotations

from typing import Any

import pytest

from rag.errors import (
    AuthenticationError,
    ContextLengthError,
    InvalidReplyError,
    ModelNotFoundError,
    NotBegunError,
    ProviderError,
    RateLimitError,
    SettingsError,
    UnavailableError,
)
from rag.providers.rerank_server import BATCH_TEXTS, LONGEST_PAIR, RerankServer
from tests.loopback import Status, mistral_error, rate_limited
from tests.loopback_rerank import MODELS, RERANKER, STALL, RerankLoopback, results

KEY = "s3cr3t-k3y-0123456789"
GOOD = Status(200, results((1, 0.9), (0, -2)))


def connected(
    server: RerankLoopback,
    *,
    model: str | None = None,
    api_key: str | None = None,
    timeout_seconds: float = 5,
    path: str = "",
    waits: list[float] | None = None,
) -> RerankServer:
    slept = [] if waits is None else waits
    return RerankServer(
        server.url + path,
        model=model,
        api_key=api_key,
        timeout_seconds=timeout_seconds,
        sleep=slept.append,
    )


def failure(kind: type[ProviderError], *replies: Status, timeout_seconds: float = 5) -> str:
    with RerankLoopback(replies=replies) as server, pytest.raises(kind) as caught:
        connected(server, timeout_seconds=timeout_seconds).rerank("Q?", ["a", "b"])
    assert type(caught.value) in (kind, NotBegunError)  # which is an UnavailableError
    return str(caught.value)


def test_scores_come_back_in_the_order_of_the_texts() -> None:
    with RerankLoopback(replies=[GOOD]) as server:
        reranker = connected(server)

        assert reranker.rerank("Q?", ["a", "b"]) == [-2.0, 0.9]

    assert server.asked()[0].body == {
        "model": RERANKER,
        "query": "Q?",
        "documents": ["a", "b"],
        "top_n": 2,
    }
    assert "authorization" not in server.asked()[0].headers
    assert reranker.model == RERANKER


@pytest.mark.parametrize(
    "body",
    [
        {"results": [{"index": 1, "relevance_score": 0.9}, {"index": 0, "relevance_score": 0.1}]},
        {"data": [{"index": 0, "relevance_score": 0.1}, {"index": 1, "relevance_score": 0.9}]},
        [{"index": 1, "score": 0.9}, {"index": 0, "score": 0.1}],
    ],
    ids=["vLLM, llama.cpp, Cohere, Jina", "Voyage", "Text Embeddings Inference"],
)
def test_replies_of_several_servers_are_read(body: object) -> None:
    with RerankLoopback(replies=[Status(200, body)]) as server:
        assert connected(server).rerank("Q?", ["a", "b"]) == [0.1, 0.9]


@pytest.mark.parametrize("path", ["", "/", "/v1", "/v1/", "/v1/rerank"])
def test_address_may_be_given_short_or_whole(path: str) -> None:
    with RerankLoopback() as server:
        connected(server, path=path).rerank("Q?", ["a", "b"])

        assert len(server.asked()) == 1


def test_many_texts_go_in_batches() -> None:
    with RerankLoopback() as server:
        scores = connected(server).rerank("the answer", ["no"] * BATCH_TEXTS + ["the answer"])

    assert [len(request.body["documents"]) for request in server.asked()] == [BATCH_TEXTS, 1]
    assert scores == [0.0] * BATCH_TEXTS + [1.0]
    assert len(server.asked(MODELS)) == 1


def test_named_model_and_key_are_sent() -> None:
    with RerankLoopback(api_key=KEY) as server:
        reranker = connected(server, model=RERANKER, api_key=KEY)

        assert reranker.rerank("a b", ["a", "b c"]) == [0.5, 0.5]

    assert server.asked()[0].headers["authorization"] == f"Bearer {KEY}"


def test_server_without_a_list_is_asked_without_a_name() -> None:
    with RerankLoopback(models=[Status(404, {"detail": "Not Found"})]) as server:
        assert connected(server).rerank("a", ["a", "b"]) == [1.0, 0.0]

    assert "model" not in server.asked()[0].body


def test_texts_are_cut_to_what_the_model_reads() -> None:
    with RerankLoopback(served=[{"id": RERANKER, "max_model_len": 512}]) as server:
        connected(server).rerank("why", ["word " * 2000, "b"])

    longest = max(map(len, server.asked()[0].body["documents"]))
    assert 1200 < longest + len("why") <= 1280


def test_texts_are_cut_where_the_server_does_not_say() -> None:
    with RerankLoopback(served=[{"id": RERANKER}]) as server:
        connected(server).rerank("why " * 5000, ["word " * 2000])

    body = server.asked()[0].body
    assert len(body["query"]) + len(body["documents"][0]) <= LONGEST_PAIR


def test_refused_length_is_halved_and_remembered() -> None:
    with RerankLoopback(reads=1100) as server:
        reranker = connected(server)
        reranker.rerank("why", ["word " * 2000, "b"])
        reranker.rerank("why", ["word " * 2000, "b"])

    lengths = [len(request.body["documents"][0]) for request in server.asked()]
    assert len(lengths) == 4
    assert lengths[2] == lengths[3] <= 1100 < lengths[1]


def test_server_that_refuses_every_length_is_given_up() -> None:
    with RerankLoopback(reads=10) as server, pytest.raises(ContextLengthError):
        connected(server).rerank("why", ["word " * 2000])

    assert len(server.asked()) < 8


def test_length_refused_as_llama_cpp_does_is_known_and_not_tried_again() -> None:
    said = "input (901 tokens) is too large to process. increase the physical batch size"
    refused = Status(500, {"error": {"code": 500, "message": said, "type": "server_error"}})
    with RerankLoopback(replies=[refused]) as server:
        assert connected(server).rerank("a", ["a " * 900, "b"]) == [1.0, 0.0]

    assert len(server.asked()) == 2


def test_empty_texts_are_sent_as_something() -> None:
    with RerankLoopback() as server:
        connected(server).rerank("why", ["", " \n"])

    assert server.asked()[0].body["documents"] == ["…", "…"]


def test_no_texts_ask_nothing() -> None:
    with RerankLoopback() as server:
        assert connected(server).rerank("why", []) == []

    assert server.requests == []


@pytest.mark.parametrize(
    "body",
    [
        results((0, 0.5)),
        results((0, 0.5), (0, 0.6)),
        results((0, 0.5), (2, 0.6)),
        results((0, 0.5), (-1, 0.6)),
        results((0, 0.5), (1, 0.6), (2, 0.7)),
        results((0, 0.5), (1, float("nan"))),
        results((0, 0.5), (1, float("inf"))),
        results((0, 0.5), (1, None)),
        results((0, 0.5), (1, "0.6")),
        results((0, 0.5), (1, True)),
        results((0, 0.5), ("1", 0.6)),
        results((0, 0.5), (None, 0.6)),
        results((0, 0.5), (1, 10**400)),
        {"results": "none"},
        {"results": [0.5, 0.6]},
        {"id": "score-1"},
        "oops {",
        b"\xff\xfe",
        5,
        None,
    ],
)
def test_reply_that_makes_no_sense_is_an_error(body: Any) -> None:
    assert "makes no sense" in failure(InvalidReplyError, Status(200, body))


@pytest.mark.parametrize("code", [429, 500, 502, 503, 504])
def test_passing_fault_is_tried_once_more(code: int) -> None:
    waits: list[float] = []
    with RerankLoopback(replies=[Status(code, "upstream"), GOOD]) as server:
        assert connected(server, waits=waits).rerank("Q?", ["a", "b"]) == [-2.0, 0.9]

    assert len(waits) == 1


@pytest.mark.parametrize(
    ("code", "kind"),
    [(429, RateLimitError), (500, UnavailableError), (503, UnavailableError)],
)
def test_lasting_fault_is_raised_after_two_attempts(code: int, kind: type[ProviderError]) -> None:
    assert "Try again" in failure(kind, Status(code), Status(code))


def test_long_wait_is_not_waited_for() -> None:
    waits: list[float] = []
    with RerankLoopback(replies=[rate_limited("5")]) as server, pytest.raises(RateLimitError):
        connected(server, waits=waits).rerank("Q?", ["a", "b"])

    assert waits == []


def test_silence_is_given_up() -> None:
    assert "silent for 0.2 seconds" in failure(UnavailableError, STALL, timeout_seconds=0.2)


def test_nothing_that_answers_is_unavailable() -> None:
    with RerankLoopback() as gone:
        pass

    with pytest.raises(UnavailableError, match=r"Nothing answers at .*TRAMONTANE_RERANK"):
        connected(gone).rerank("Q?", ["a"])


def test_server_that_does_not_rerank_is_named() -> None:
    refused = failure(UnavailableError, Status(404, {"detail": "Not Found"}))

    assert "(it answers 404). Check the address." in refused


def test_redirect_is_not_followed() -> None:
    failure(UnavailableError, Status(307, headers={"Location": "http://192.0.2.1/v1/rerank"}))


def test_model_that_is_not_served_is_named_with_those_that_are() -> None:
    with RerankLoopback() as server, pytest.raises(ModelNotFoundError) as caught:
        connected(server, model="nope").rerank("Q?", ["a"])

    assert str(caught.value) == (
        f"The reranker at {server.url}/v1 does not serve nope. It lists: tiny-reranker. "
        "Set TRAMONTANE_RERANK_MODEL to one that it serves."
    )


def test_model_is_asked_for_again_after_it_was_missed() -> None:
    missing = Status(404, mistral_error("The model `x` does not exist."))
    with RerankLoopback(replies=[missing, GOOD]) as server:
        reranker = connected(server)
        with pytest.raises(ModelNotFoundError):
            reranker.rerank("Q?", ["a", "b"])
        assert reranker.rerank("Q?", ["a", "b"]) == [-2.0, 0.9]

    assert len(server.asked(MODELS)) == 2


@pytest.mark.parametrize("key", [None, "wrong-key"])
def test_refused_key_is_named_but_not_shown(key: str | None) -> None:
    with RerankLoopback(api_key=KEY) as server, pytest.raises(AuthenticationError) as caught:
        connected(server, api_key=key).rerank("Q?", ["a"])

    assert "TRAMONTANE_RERANK_API_KEY" in str(caught.value)
    assert "wrong-key" not in str(caught.value)


@pytest.mark.parametrize("url", ["ftp://host", "http://", "http://user:secret@host/v1"])
def test_what_is_no_address_is_refused_at_once(url: str) -> None:
    with pytest.raises(SettingsError, match="TRAMONTANE_RERANK"):
        RerankServer(url, model=None, api_key=None, timeout_seconds=5)
