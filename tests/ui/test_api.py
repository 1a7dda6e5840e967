from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from openai import APIError, APIStatusError, APITimeoutError, OpenAI
from openai.types.chat import ChatCompletionChunk

from ingest.queue import IngestQueue
from rag.assistant import Assistant
from rag.batch import BatchQuestion, answer_row
from rag.domain import Finish, ModelCard, Prompt, TextDelta
from rag.errors import RateLimitError
from rag.protocols import ChatModel
from rag.providers.minilm.embedder import MiniLmEmbedder
from rag.providers.minilm.judge import MiniLmJudge
from rag.settings import load_settings
from rag.store.catalog import Catalog
from rag.turns import FILTERED, TRUNCATED
from rag.wiring import Application
from tests.fakes import CARD, ScriptedChat
from tests.loopback import Events, LoopbackServer, Reply, Say, Status, chunk
from tests.rag import applications
from tests.rag.applications import QUESTION, fill
from tests.ui.serving import KEY, serving
from ui.guard import MAX_BODY_BYTES
from ui.server import create_app

MODEL = "mistral-small-latest"
ANY = ""  # OpenAI's client must name one
SAID = "Nemo has 12 billion parameters [1]."
ASKED: Any = [{"role": "user", "content": QUESTION}]


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@contextmanager
def connected(opened: Application) -> Iterator[OpenAI]:
    with (
        serving(opened) as address,
        OpenAI(base_url=address, api_key=KEY, max_retries=0) as client,
    ):
        yield client


@contextmanager
def answering(*replies: Reply) -> Iterator[tuple[OpenAI, LoopbackServer, Application]]:
    """OpenAI's client before an application whose model says what is given."""
    with (
        LoopbackServer(chat=replies) as server,
        applications.application(chat=server.url + "/v1") as opened,
    ):
        fill(opened)
        with connected(opened) as client:
            yield client, server, opened


class Talking(Application):
    """An application in which somebody of our own answers."""

    def __init__(self, folder: Path, chat: ChatModel) -> None:
        settings = load_settings({"data_dir": folder, "chat": "reader"})
        super().__init__(settings, Catalog(folder), MiniLmEmbedder(), MiniLmJudge())
        self.chat = chat

    def assistant(self, model: str | None = None, *, passages: int | None = None) -> Assistant:
        return Assistant(
            self.chat,
            self.retriever,
            lambda scope, manner, retriever, sources: (),
            4,
            self.verifier,
        )


class Endless:
    """A model that talks on until it is stopped."""

    def __init__(self) -> None:
        self.card = CARD
        self.stopped = threading.Event()

    def connect(self) -> ModelCard:
        return self.card

    def stream(self, prompt: Prompt) -> Iterator[TextDelta | Finish]:
        try:
            while not self.stopped.wait(0.01):
                yield TextDelta("word ")
        finally:
            self.stopped.set()


def test_the_models_are_listed() -> None:
    with answering() as (client, _, opened):
        listed = client.models.list().data

    assert [model.id for model in listed] == [card.name for card in opened.models()]
    assert [model.id for model in listed] == [MODEL, "embedded reader"]
    assert listed[1].owned_by == "this computer"


def test_a_reply_holds_the_answer_and_what_was_found_out_as_a_batch_writes_it() -> None:
    with answering(Say(SAID), Say(SAID)) as (client, server, opened):
        reply = client.chat.completions.create(model=MODEL, messages=ASKED)
        answer = opened.assistant().answer(QUESTION, opened.scope())

    row = answer_row(BatchQuestion(question=QUESTION, id="1"), answer)
    assert reply.model_extra is not None
    found = reply.model_extra["tramontane"]
    assert {name: found[name] for name in found if name in row} == {
        name: row[name] for name in row if name in found
    }
    assert set(found) == {
        *("question", "parts", "notice", "refused", "complete", "grounded", "evidence", "cost"),
        *("citations", "claims", "disagreements", "nearest"),
    }
    assert [claim["verdict"] for claim in found["claims"]] == ["supported"]
    assert reply.choices[0].message.content == SAID
    assert reply.choices[0].message.role == "assistant"
    assert reply.choices[0].finish_reason == "stop"
    assert reply.usage is not None
    assert (reply.usage.prompt_tokens, reply.usage.completion_tokens) == (10, 5)
    assert (reply.model, reply.object) == (MODEL, "chat.completion")
    assert QUESTION in server.asked("/v1/chat/completions")[0].body["messages"][-1]["content"]


def test_a_stream_ends_with_what_was_found_out() -> None:
    with answering(Say(SAID)) as (client, _, _):
        pieces = list(client.chat.completions.create(model=MODEL, messages=ASKED, stream=True))

    assert pieces[0].choices[0].delta.role == "assistant"
    assert "".join(piece.choices[0].delta.content or "" for piece in pieces) == SAID
    assert [piece.choices[0].finish_reason for piece in pieces[:-1]] == [None] * (len(pieces) - 1)
    assert pieces[-1].choices[0].finish_reason == "stop"
    assert pieces[-1].usage is not None
    assert pieces[-1].usage.total_tokens == 15
    assert pieces[-1].model_extra is not None
    assert pieces[-1].model_extra["tramontane"]["citations"][0]["document"] == "nemo.txt"
    assert len({(piece.id, piece.model, piece.object) for piece in pieces}) == 1


def test_a_stream_is_one_of_events() -> None:
    with answering(Say(SAID)) as (client, _, _):
        asked = {"messages": ASKED, "stream": True}
        reply = httpx2.post(f"{client.base_url}chat/completions", json=asked)

    assert reply.headers["content-type"].startswith("text/event-stream")
    events = [event for event in reply.text.split("\n\n") if event and event[0] != ":"]
    assert all(event.startswith("data: ") for event in events)
    assert events[-1] == "data: [DONE]"
    assert "tramontane" in json.loads(events[-2].removeprefix("data: "))


def test_what_was_said_before_is_the_history() -> None:
    before: Any = [
        {"role": "system", "content": "Talk like a pirate."},
        {"role": "user", "content": QUESTION},
        {"role": "assistant", "content": SAID},
        {"role": "user", "content": [{"type": "text", "text": "Who built it?"}]},
    ]
    built = "Mistral built it together with NVIDIA [1]."
    with answering(Say("Who built Nemo?"), Say(built)) as (client, server, _):
        reply = client.chat.completions.create(model=MODEL, messages=before)

    assert reply.choices[0].message.content == built
    assert reply.model_extra is not None
    assert reply.model_extra["tramontane"]["question"] == "Who built Nemo?"
    sent = [request.body for request in server.asked("/v1/chat/completions")]
    assert "12 billion" in json.dumps(sent[-1])
    assert "pirate" not in json.dumps(sent)


@pytest.mark.parametrize(
    ("reason", "notice"), [("length", TRUNCATED), ("content_filter", FILTERED)]
)
def test_an_answer_that_was_cut_off_says_so(reason: str, notice: str) -> None:
    with answering(*[Say(SAID, finish_reason=reason)] * 2) as (client, _, _):
        reply = client.chat.completions.create(model=MODEL, messages=ASKED)
        *_, last = client.chat.completions.create(model=MODEL, messages=ASKED, stream=True)

    for each in (reply, last):
        assert each.choices[0].finish_reason == reason
        assert each.model_extra is not None
        found = each.model_extra["tramontane"]
        assert (found["complete"], found["notice"]) == (False, notice)


def test_the_embedded_reader_answers_too_and_what_is_unknown_is_ignored() -> None:
    with answering() as (client, server, _):
        reply = client.chat.completions.create(
            model="embedded reader",
            messages=ASKED,
            temperature=0.3,
            n=3,
            extra_body={"safe_prompt": True},
        )

    assert "12 billion" in (reply.choices[0].message.content or "")
    assert len(reply.choices) == 1
    assert reply.usage is None
    assert server.asked("/v1/chat/completions") == []


MESSAGES: list[tuple[object, int, str, str]] = [
    (b"{", 400, "invalid_json", "The request is not JSON"),
    (b"\xff", 400, "invalid_json", "The request is not JSON"),
    (b"[" * 5000, 400, "invalid_json", "The request is not JSON"),
    ([], 422, "invalid_request", "The request cannot be used: body: "),
    ({}, 422, "invalid_request", "The request cannot be used: messages: Field required."),
    ({"messages": []}, 422, "invalid_request", "messages: "),
    ({"messages": [{"role": "owner"}]}, 422, "invalid_request", "messages.0.role: "),
    ({"messages": [{"role": "user", "content": 7}]}, 422, "invalid_request", "content: "),
    (
        {"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {}}]}]},
        *(422, "invalid_request", "only text can be asked"),
    ),
    ({"messages": [{"role": "system", "content": "x"}]}, 422, "invalid_request", "no question"),
    ({"messages": [{"role": "user", "content": " "}]}, 422, "invalid_question", "is empty"),
    ({"messages": ASKED, "stream": "maybe"}, 422, "invalid_request", "stream: "),
    ({"messages": ASKED, "model": "gpt-9"}, 404, "model_not_found", "no model named 'gpt-9'"),
    (b"x" * (MAX_BODY_BYTES + 1), 413, "refused", "larger than this server takes in"),
]  # fmt: skip


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """An API without a language model."""
    folder = tmp_path_factory.mktemp("api")
    with (
        applications.application(data_dir=folder / "data", chat="reader") as opened,
        serving(opened) as url,
    ):
        yield url


@pytest.mark.parametrize("streamed", [False, True])
@pytest.mark.parametrize(("body", "status", "code", "sentence"), MESSAGES)
def test_a_bad_request_is_told_why(
    address: str, body: object, status: int, code: str, sentence: str, streamed: bool
) -> None:
    if isinstance(body, dict):
        body = {"stream": streamed, **body}
    content = body if isinstance(body, bytes) else json.dumps(body).encode()

    reply = httpx2.post(f"{address}/chat/completions", content=content)

    assert reply.status_code == status
    error = reply.json()["error"]
    assert sentence in error["message"]
    assert (error["type"], error["code"]) == ("invalid_request_error", code)


def test_a_body_without_end_is_cut_off(address: str) -> None:
    def endless() -> Iterator[bytes]:
        yield b'{"messages": ['
        for _ in range(30):
            yield b" " * 100_000

    reply = httpx2.post(f"{address}/chat/completions", content=endless())

    assert reply.status_code == 413
    assert reply.json()["error"]["code"] == "request_too_large"


@pytest.mark.parametrize(
    ("path", "headers", "status"),
    [
        ("chat/completions", {"origin": "https://evil.example"}, 403),
        ("chat/completions", {"sec-fetch-site": "cross-site", "sec-fetch-mode": "cors"}, 403),
        ("chat/completions", {"host": "evil.example"}, 421),
        ("embeddings", {}, 404),
        ("files/../chat", {}, 404),
    ],
)
def test_the_api_is_behind_the_guard(
    address: str, path: str, headers: dict[str, str], status: int
) -> None:
    reply = httpx2.post(f"{address}/{path}", json={"messages": ASKED}, headers=headers)

    assert reply.status_code == status
    assert reply.json()["error"]["type"] == "invalid_request_error"
    assert "access-control-allow-origin" not in reply.headers


def failure(client: OpenAI, *, stream: bool) -> APIStatusError:
    with pytest.raises(APIStatusError) as caught:
        client.chat.completions.create(model=ANY, messages=ASKED, stream=stream)
    return caught.value


@pytest.mark.parametrize("stream", [False, True])
def test_a_model_that_fails_at_once_is_a_status(stream: bool) -> None:
    with answering(Status(401, {"detail": "Unauthorized"})) as (client, _, _):
        error = failure(client, stream=stream)

    assert (error.status_code, error.code, error.type) == (502, "provider_refused", "server_error")
    assert isinstance(error.body, dict)
    assert error.body["message"].count("\n") == 0
    assert "key" in error.body["message"]


@pytest.mark.parametrize("stream", [False, True])
def test_a_spent_budget_is_too_many_requests(tmp_path: Path, stream: bool) -> None:
    chat = ScriptedChat([RateLimitError("The budget is spent. Wait a minute.")])
    with closing(Talking(tmp_path / "data", chat)) as opened:
        fill(opened)
        with connected(opened) as client:
            error = failure(client, stream=stream)

    assert (error.status_code, error.type) == (429, "rate_limit_error")
    assert "The budget is spent" in error.message


HALF = [
    chunk({"role": "assistant", "content": "Nemo has 12 billion parameters [1]. "}),
    chunk({"content": "It also "}),
]
BROKEN = Events(HALF, closed=False, done=False)


def test_an_answer_that_breaks_off_is_no_answer() -> None:
    with answering(BROKEN) as (client, _, _):
        error = failure(client, stream=False)

    assert error.status_code in (502, 503)
    assert "Nemo" not in error.message


def test_a_stream_that_breaks_off_ends_in_an_error() -> None:
    seen: list[ChatCompletionChunk] = []
    with answering(BROKEN) as (client, _, _):
        stream = client.chat.completions.create(model=MODEL, messages=ASKED, stream=True)
        with pytest.raises(APIError) as caught:
            seen.extend(stream)

    text = "".join(piece.choices[0].delta.content or "" for piece in seen)
    assert text.startswith("Nemo has 12 billion")
    assert {piece.choices[0].finish_reason for piece in seen} == {None}
    assert all("tramontane" not in (piece.model_extra or {}) for piece in seen)
    assert caught.value.type == "server_error"


def test_a_reader_who_leaves_a_stream_stops_the_model(tmp_path: Path) -> None:
    chat = Endless()
    with closing(Talking(tmp_path / "data", chat)) as opened:
        fill(opened)
        with connected(opened) as client:
            stream = client.chat.completions.create(model=ANY, messages=ASKED, stream=True)
            words = [next(stream).choices[0].delta.content for _ in range(3)]
            assert not chat.stopped.is_set()
            stream.close()
            assert chat.stopped.wait(20)

    assert "word" in (words[-1] or "")


def test_a_caller_who_gives_up_stops_the_model(tmp_path: Path) -> None:
    chat = Endless()
    with closing(Talking(tmp_path / "data", chat)) as opened:
        fill(opened)
        with connected(opened) as client, pytest.raises(APITimeoutError):
            client.chat.completions.create(model=ANY, messages=ASKED, timeout=0.5)
        assert chat.stopped.wait(20)


def test_the_page_and_the_api_are_served_together(
    application: Application, queue: IngestQueue
) -> None:
    async def make() -> FastAPI:
        return create_app(application, queue)  # where no loop runs, Gradio opens and leaves some

    with TestClient(asyncio.run(make()), base_url="http://127.0.0.1:7860") as client:
        models = client.get("/v1/models").json()
        reply = client.post("/v1/chat/completions", json={"messages": ASKED}).json()

    assert [model["id"] for model in models["data"]] == ["embedded reader"]
    assert reply["tramontane"]["refused"] is True
    assert reply["tramontane"]["nearest"] == []
    assert client.get("/v1/chat/completions").status_code in (404, 405)
