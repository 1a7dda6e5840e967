import logging
from collections.abc import Callable, Iterator

import numpy as np
import pytest

from rag.citations import MarkerReader, cite
from rag.domain import Message, Prompt, TextDelta
from rag.errors import (
    AuthenticationError,
    ContextLengthError,
    InvalidReplyError,
    ModelNotFoundError,
    NotBegunError,
    ProviderError,
    RateLimitError,
    RefusedRequestError,
    SettingsError,
    UnavailableError,
)
from rag.providers.mistral import MistralChat, MistralEmbedder
from rag.providers.mistral_models import probe_mistral
from tests.fakes import sources
from tests.loopback import (
    DIMENSION,
    Events,
    LoopbackServer,
    Reply,
    Say,
    Status,
    Vectors,
    bag_of_words,
    chunk,
    listed_model,
    mistral_error,
    rate_limited,
)

KEY = "s3cr3t-k3y-0123456789"
EMBEDDINGS = "/v1/embeddings"
PROMPT = Prompt((Message("user", "How many?"),))
TOO_MANY_INPUTS = Status(
    400, mistral_error("Too many inputs in request, split into more batches.", code="3210")
)
TOO_MANY_TOKENS = Status(
    400, mistral_error("Too many tokens in batch. Max is 16384 got 17555", "invalid_request_prompt")
)

Start = Callable[..., tuple[LoopbackServer, MistralEmbedder]]


@pytest.fixture
def start() -> Iterator[Start]:
    servers: list[LoopbackServer] = []

    def started(*replies: Reply) -> tuple[LoopbackServer, MistralEmbedder]:
        server = LoopbackServer(embeddings=replies)
        servers.append(server)
        server.__enter__()
        waits: list[float] = []
        return server, MistralEmbedder(KEY, url=server.url, timeout_seconds=5, sleep=waits.append)

    yield started
    for server in servers:
        server.__exit__(None, None, None)


def sent(server: LoopbackServer) -> list[list[str]]:
    return [request.body["input"] for request in server.asked(EMBEDDINGS)]


def test_vectors_are_unit_float32_in_the_order_of_the_texts(start: Start) -> None:
    _, embedder = start()
    texts = ["twelve billion parameters", "the price of bread"]

    vectors = embedder.embed(texts)

    assert vectors.shape == (2, DIMENSION)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(vectors, [bag_of_words(text) for text in texts], atol=1e-6)


def test_no_text_needs_no_request(start: Start) -> None:
    server, embedder = start()

    assert embedder.embed([]).shape == (0, DIMENSION)
    assert server.requests == []


def test_vectors_are_put_in_order_by_index(start: Start) -> None:
    first, second = bag_of_words("first"), bag_of_words("second")
    _, embedder = start(Vectors([(1, second), (0, first)]))

    np.testing.assert_allclose(embedder.embed(["first", "second"]), [first, second], atol=1e-6)


def test_vectors_are_scaled_to_length_one(start: Start) -> None:
    _, embedder = start(Vectors([(0, [3.0] * DIMENSION)]))

    assert np.linalg.norm(embedder.embed(["text"])[0]) == pytest.approx(1.0, abs=1e-6)


def test_batches_hold_at_most_128_texts(start: Start) -> None:
    server, embedder = start()
    texts = [f"text {number}" for number in range(300)]

    vectors = embedder.embed(texts)

    assert [len(batch) for batch in sent(server)] == [128, 128, 44]
    assert [text for batch in sent(server) for text in batch] == texts
    np.testing.assert_allclose(vectors[299], bag_of_words("text 299"), atol=1e-6)


def test_batches_hold_at_most_15000_tokens(start: Start) -> None:
    server, embedder = start()
    texts = ["4" * 4000] * 10

    embedder.embed(texts)

    assert [len(batch) for batch in sent(server)] == [3, 3, 3, 1]
    assert all(sum(embedder.count_tokens(batch)) <= 15_000 for batch in sent(server))


@pytest.mark.parametrize("reply", [TOO_MANY_INPUTS, TOO_MANY_TOKENS], ids=["inputs", "tokens"])
def test_batch_that_is_too_large_is_halved(start: Start, reply: Status) -> None:
    server, embedder = start(reply)
    texts = ["one", "two", "three", "four", "five"]

    vectors = embedder.embed(texts)

    assert sent(server) == [texts, texts[:2], texts[2:]]
    np.testing.assert_allclose(vectors, [bag_of_words(text) for text in texts], atol=1e-6)


def test_single_text_that_is_too_long_is_refused(start: Start) -> None:
    _, embedder = start(TOO_MANY_TOKENS)

    with pytest.raises(ContextLengthError, match="A text of 3 characters"):
        embedder.embed(["one"])


@pytest.mark.parametrize(
    "rows",
    [
        [(0, bag_of_words("one"))],
        [(0, bag_of_words("one")), (0, bag_of_words("two"))],
        [(0, bag_of_words("one")), (1, bag_of_words("two")), (2, bag_of_words("three"))],
        [(0, bag_of_words("one")), (1, [1.0] * 512)],
        [(0, bag_of_words("one")), (1, [float("nan")] * DIMENSION)],
        [(0, bag_of_words("one")), (1, [float("inf")] * DIMENSION)],
        [(0, bag_of_words("one")), (1, [0.0] * DIMENSION)],
        [(0, bag_of_words("one")), (1, [])],
    ],
    ids=["too few", "twice", "too many", "short", "NaN", "infinite", "zero", "empty"],
)
def test_vectors_that_cannot_be_right_are_refused(
    start: Start, rows: list[tuple[int, list[float]]]
) -> None:
    _, embedder = start(Vectors(rows))

    with pytest.raises(InvalidReplyError, match="La Plateforme sent"):
        embedder.embed(["one", "two"])


def test_embedding_tells_the_tokens_that_are_billed(start: Start) -> None:
    server, embedder = start()
    texts = [f"text {number}" for number in range(200)]

    vectors, tokens = embedder.embed_counted(texts)

    assert vectors.shape == (200, DIMENSION)
    assert sent(server) == embedder.requests_of(texts)
    assert tokens == 10 * len(sent(server)) == 20


def test_embedding_is_tried_again_after_a_passing_fault(start: Start) -> None:
    server, embedder = start(Status(503), rate_limited("0"))

    assert embedder.embed(["one"]).shape == (1, DIMENSION)
    assert len(server.requests) == 3


@pytest.mark.parametrize(
    ("reply", "error"),
    [
        (Status(401, {"detail": "Unauthorized"}), AuthenticationError),
        (rate_limited("3600"), RateLimitError),
        (Status(400, mistral_error("Invalid model", "invalid_model")), ModelNotFoundError),
        (Status(422, {"detail": []}), RefusedRequestError),
        (Status(501, ""), NotBegunError),
        (Status(200, "{oops"), InvalidReplyError),
        (Status(200, "<html>", content_type="text/html"), InvalidReplyError),
        (Status(200, b'{"data": "\xff"}'), InvalidReplyError),
    ],
    ids=["401", "429", "model", "422", "501", "invalid JSON", "web page", "invalid UTF-8"],
)
def test_embedding_faults_are_typed(
    start: Start, reply: Status, error: type[ProviderError]
) -> None:
    _, embedder = start(reply)

    with pytest.raises(error) as caught:
        embedder.embed(["one"])
    assert type(caught.value) is error
    assert KEY not in str(caught.value)


def test_tokens_are_never_counted_short(start: Start) -> None:
    _, embedder = start()

    assert embedder.count_tokens(["", "12345", "日本", "in small letters"]) == [2, 7, 8, 10]


def test_model_and_limits_are_those_of_mistral_embed(start: Start) -> None:
    _, embedder = start()

    assert (embedder.model, embedder.dimension) == ("mistral-embed", 1024)
    assert embedder.max_tokens == 8000


def test_card_comes_from_the_catalogue() -> None:
    chat = MistralChat(KEY, "mistral-large-2512", url="http://127.0.0.1:9", timeout_seconds=1)

    assert chat.card.place == "La Plateforme"
    assert chat.card.context_tokens == 256_000
    assert (chat.card.input_price, chat.card.output_price) == (0.5, 1.5)
    assert chat.card.tools


def test_retired_model_is_refused_before_any_request() -> None:
    with pytest.raises(ModelNotFoundError, match="mistral-small-latest"):
        MistralChat(KEY, "open-mistral-7b", url="http://127.0.0.1:9", timeout_seconds=1)


@pytest.mark.parametrize("key", ["", "  ", "two words", "clé", "line\nbreak"])
def test_key_that_no_request_can_carry_is_refused(key: str) -> None:
    with pytest.raises(AuthenticationError, match="MISTRAL_API_KEY"):
        MistralChat(key, "mistral-small-latest", url="http://127.0.0.1:9", timeout_seconds=1)


@pytest.mark.parametrize("url", ["http://[::1", "http://127.0.0.1:99999", "ftp://x", "x"])
def test_address_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(SettingsError, match="TRAMONTANE_MISTRAL_URL"):
        MistralEmbedder(KEY, url=url, timeout_seconds=1)


def test_address_holds_no_key() -> None:
    with pytest.raises(SettingsError, match="The key goes into MISTRAL_API_KEY") as refused:
        MistralEmbedder(KEY, url="https://127.0.0.1:9/?key=SECRET", timeout_seconds=1)
    assert "SECRET" not in str(refused.value)


def test_address_may_end_in_v1() -> None:
    with LoopbackServer() as server:
        assert probe_mistral(KEY, url=server.url + "/v1/", timeout_seconds=5)
    assert server.requests[0].path == "/v1/models"


def test_deprecated_model_still_streams_and_is_logged(
    caplog: pytest.LogCaptureFixture,
) -> None:
    leaving = Events(
        [chunk({"content": "Yes."}, "stop")],
        headers={"x-model-deprecation-timestamp": "2026-12-31T00:00:00Z"},
    )
    with LoopbackServer(chat=[leaving]) as server, caplog.at_level(logging.WARNING):
        chat = MistralChat(KEY, "mistral-small-2506", url=server.url, timeout_seconds=5)
        items = list(chat.stream(PROMPT))

    assert items[0] == TextDelta("Yes.")
    assert "2026-12-31" in caplog.text


def test_references_become_markers_in_the_text() -> None:
    said = Events(
        [
            chunk({"content": "Twelve billion"}),
            chunk({"content": [{"type": "reference", "reference_ids": [1, "2"]}]}),
            chunk({"content": [{"type": "text", "text": ", says "}]}),
            chunk(
                {
                    "content": [
                        {"type": "reference", "reference_ids": ["doc-2", "", 0, -1, 2024, " 3 "]}
                    ]
                }
            ),
            chunk({"content": [{"type": "reference", "reference_ids": []}]}),
            chunk(
                {
                    "content": [
                        {"type": "text", "text": "Nemo"},
                        {"type": "reference", "reference_ids": ["01"]},
                    ]
                }
            ),
            chunk({"content": "."}, "stop"),
        ]
    )
    with LoopbackServer(chat=[said]) as server:
        chat = MistralChat(KEY, "mistral-small-latest", url=server.url, timeout_seconds=5)
        pieces = [item.text for item in chat.stream(PROMPT) if isinstance(item, TextDelta)]

    assert "".join(pieces) == "Twelve billion[1][2], says [3]Nemo[1]."


def test_references_cite_as_markers_do() -> None:
    said = Events(
        [
            chunk({"content": "Nemo has 12 billion parameters"}),
            chunk({"content": [{"type": "reference", "reference_ids": [2]}]}),
            chunk({"content": "."}, "stop"),
        ]
    )
    reader = MarkerReader()
    reader.offer(sources("Mixtral has 8 experts.", "Nemo has 12 billion parameters."))
    with LoopbackServer(chat=[said]) as server:
        chat = MistralChat(KEY, "mistral-small-latest", url=server.url, timeout_seconds=5)
        pieces = [item.text for item in chat.stream(PROMPT) if isinstance(item, TextDelta)]
    text = "".join([*map(reader.feed, pieces), reader.rest()])

    (citation,) = cite(text, reader.sources)

    assert text == "Nemo has 12 billion parameters[1]."
    assert citation.quote.text == "Nemo has 12 billion parameters."


def test_tool_call_in_fragments_is_an_invalid_reply() -> None:
    fragment = {"index": 0, "function": {"arguments": '{"q'}}
    with LoopbackServer(chat=[Events([chunk({"tool_calls": [fragment]})])]) as server:
        chat = MistralChat(KEY, "mistral-small-latest", url=server.url, timeout_seconds=5)
        with pytest.raises(InvalidReplyError):
            list(chat.stream(PROMPT))


def test_only_what_la_plateforme_knows_is_sent() -> None:
    with LoopbackServer(chat=[Say("Yes.")]) as server:
        chat = MistralChat(KEY, "mistral-small-latest", url=server.url, timeout_seconds=5)
        list(chat.stream(PROMPT))

    assert set(server.requests[0].body) == {
        "model",
        "messages",
        "stream",
        "temperature",
        "max_tokens",
    }


def test_probe_lists_the_models() -> None:
    served = [
        listed_model("mistral-small-latest", max_context_length=131072),
        listed_model("mistral-tiny-latest"),
        listed_model("odd", type="new-kind"),
    ]
    with LoopbackServer(served=served, api_key=KEY) as server:
        models = probe_mistral(KEY, url=server.url, timeout_seconds=5)

    assert models == {"mistral-small-latest": 131072, "mistral-tiny-latest": None}


def test_probe_with_a_wrong_key_says_so() -> None:
    with (
        LoopbackServer(api_key="another") as server,
        pytest.raises(AuthenticationError, match="Check MISTRAL_API_KEY"),
    ):
        probe_mistral(KEY, url=server.url, timeout_seconds=5)


def test_probe_asks_once() -> None:
    with LoopbackServer(models=[Status(503)] * 3) as server, pytest.raises(UnavailableError):
        probe_mistral(KEY, url=server.url, timeout_seconds=5)

    assert len(server.requests) == 1
