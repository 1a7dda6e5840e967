"""A server on this machine that speaks La Plateforme's and vLLM's wire format, on a script.

    with LoopbackServer(chat=[Say("Twelve billion [1].")]) as server:
        MistralChat("key", "mistral-small-latest", url=server.url, timeout_seconds=5)
        OpenAiCompatibleChat(server.url + "/v1", ...)
        server.requests[0].body["messages"]

Each request takes the next reply of its script: `chat`, `embeddings` and so on. After the last
one the server is well: a chat answers with the sentence of its numbered sources that shares the
most words with the question, embeddings are bags of hashed words, and moderation finds nothing.

By hand: `python -m tests.loopback --port 8000`.
"""

from __future__ import annotations

import argparse
import json
import math
import re
import select
import sys
import threading
import zlib
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any

from tests.quoting import quoted_answer
from tests.verdicts import judged

DIMENSION = 1024
MODEL = "mistral-small-latest"
USAGE = {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15}


@dataclass(frozen=True, slots=True)
class Say:
    """A streamed answer, a few words an event."""

    text: str
    finish_reason: str = "stop"
    usage: Mapping[str, int] | None = field(default_factory=lambda: USAGE)


@dataclass(frozen=True, slots=True)
class Events:
    """A stream given event by event: JSON, or bytes that are sent as they are.

    `done` says whether `[DONE]` follows; a stream that is not `closed` properly breaks in the
    middle of its chunked encoding; one that `stalls` stays open and silent until the client goes.
    """

    events: Sequence[Mapping[str, Any] | bytes]
    done: bool = True
    closed: bool = True
    stalls: bool = False
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Status:
    """One whole reply: a refusal, or something that no client expects."""

    code: int
    body: object = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    content_type: str = "application/json"


@dataclass(frozen=True, slots=True)
class Vectors:
    """An embeddings reply with these rows, whatever the texts: `(index, vector)`."""

    rows: Sequence[tuple[int, Sequence[float]]]


Reply = Say | Events | Status | Vectors


@dataclass(frozen=True, slots=True)
class Request:
    """What a client sent."""

    path: str
    body: dict[str, Any]
    headers: Mapping[str, str]


def chunk(
    delta: Mapping[str, Any] | None = None,
    finish_reason: str | None = None,
    usage: Mapping[str, int] | None = None,
) -> dict[str, Any]:
    """An event of a chat stream; without a delta it has no choices, as a usage event has none."""
    choice = {"index": 0, "delta": delta, "finish_reason": finish_reason}
    event: dict[str, Any] = {
        "id": "cmpl-1",
        "object": "chat.completion.chunk",
        "created": 1,
        "model": MODEL,
        "choices": [] if delta is None else [choice],
    }
    if usage is not None:
        event["usage"] = usage
    return event


def call(
    index: int | None,
    call_id: str | None = None,
    name: str | None = None,
    arguments: str | Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """A tool call in a delta, or a fragment of one: only what is given is there."""
    function = {"name": name, "arguments": arguments}
    fragment = {"index": index, "id": call_id, "type": "function"}
    return {
        **{key: value for key, value in fragment.items() if value is not None},
        "function": {key: value for key, value in function.items() if value is not None},
    }


def mistral_error(
    message: object, kind: str = "invalid_request_error", code: str = "1000"
) -> dict[str, Any]:
    """An error body as La Plateforme writes it."""
    return {"object": "error", "message": message, "type": kind, "param": None, "code": code}


def vllm_error(message: str, status: int = 400, kind: str = "BadRequestError") -> dict[str, Any]:
    """An error body as vLLM writes it."""
    return {"error": {"message": message, "type": kind, "param": None, "code": status}}


def rate_limited(retry_after: str | None = None) -> Status:
    """A 429, with the `Retry-After` given."""
    headers = {} if retry_after is None else {"Retry-After": retry_after}
    body = mistral_error("Requests rate limit exceeded", "rate_limited", "1300")
    return Status(429, body, headers)


def listed_model(name: str = MODEL, **fields: object) -> dict[str, Any]:
    """A model in a list of models, as La Plateforme writes it and vLLM nearly does."""
    return {
        "id": name,
        "object": "model",
        "created": 1,
        "owned_by": "tests",
        "type": "base",
        "capabilities": {"completion_chat": True, "function_calling": True},
        "max_model_len": 32768,
        **fields,
    }


def bag_of_words(text: str) -> list[float]:
    """A unit vector in which texts with the same words, or beginnings of words, are close."""
    vector = [0.0] * DIMENSION
    for word in re.findall(r"\w+", text.lower()) or [""]:
        vector[zlib.crc32(word[:6].encode()) % DIMENSION] += 1.0
    length = math.sqrt(sum(value * value for value in vector))
    return [value / length for value in vector]


class LoopbackServer:
    """The server; a context manager that listens on a free port while it is entered."""

    def __init__(
        self,
        *,
        chat: Iterable[Reply] = (),
        embeddings: Iterable[Reply] = (),
        models: Iterable[Reply] = (),
        ocr: Iterable[Reply] = (),
        moderations: Iterable[Reply] = (),
        tokenize: Iterable[Reply] = (),
        served: Sequence[Mapping[str, Any]] | None = None,
        pages: Mapping[str, Any] | None = None,
        api_key: str | None = None,
        port: int = 0,
    ) -> None:
        """Take the scripts, as `pages` all other answers, and an `api_key` to insist on."""
        self.scripts = {
            "/v1/chat/completions": deque(chat),
            "/v1/embeddings": deque(embeddings),
            "/v1/models": deque(models),
            "/v1/ocr": deque(ocr),
            "/v1/chat/moderations": deque(moderations),
            "/tokenize": deque(tokenize),
        }
        self.served = [listed_model()] if served is None else list(served)
        self.pages = pages
        self.api_key = api_key
        self.requests: list[Request] = []
        self.hung_up = threading.Event()
        self.closing = threading.Event()
        self._http = _Server(("127.0.0.1", port), self)
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.01,))

    @property
    def url(self) -> str:
        """The address, without `/v1`."""
        return f"http://127.0.0.1:{self._http.server_address[1]}"

    def asked(self, path: str) -> list[Request]:
        """The requests to one path, such as `/v1/embeddings`."""
        return [request for request in self.requests if request.path == path]

    def __enter__(self) -> LoopbackServer:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.closing.set()
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, address: tuple[str, int], loopback: LoopbackServer) -> None:
        super().__init__(address, _Handler)
        self.loopback = loopback

    def handle_error(self, request: object, client_address: object) -> None:
        """Stay silent about clients that hang up; anything else is an error of the test."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def log_message(self, format: str, *args: object) -> None:
        """Write nothing."""

    def do_GET(self) -> None:
        """Answer `GET /v1/models`."""
        loopback = self._received({})
        if self._refused(loopback):
            return
        listed = Status(200, {"object": "list", "data": loopback.served})
        self._send(self._page(loopback) or self._next(loopback, listed))

    def do_POST(self) -> None:
        """Answer chats, embeddings, vLLM's `/tokenize`, and pages for OCR by their script."""
        length = int(self.headers.get("content-length") or 0)
        body: dict[str, Any] = json.loads(self.rfile.read(length))
        loopback = self._received(body)
        if self._refused(loopback):
            return
        if self.path == "/v1/chat/completions":
            self._send(self._next(loopback, Say(quoted_answer(body["messages"]))))
        elif self.path == "/v1/embeddings":
            texts = [body["input"]] if isinstance(body["input"], str) else body["input"]
            rows = [(index, bag_of_words(text)) for index, text in enumerate(texts)]
            self._send(self._next(loopback, Vectors(rows)))
        elif self.path == "/v1/chat/moderations":
            self._send(self._next(loopback, Status(200, judged())))
        elif (page := self._page(loopback)) is not None:
            self._send(page)
        elif self.path == "/tokenize":
            words = json.dumps(body.get("messages") or body.get("prompt")).split()
            counted = {"count": len(words), "max_model_len": 32768}
            self._send(self._next(loopback, Status(200, counted)))
        else:
            self._send(self._next(loopback, Status(404, {"detail": "Not Found"})))

    def _received(self, body: dict[str, Any]) -> LoopbackServer:
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.server.loopback.requests.append(Request(self.path, body, headers))
        return self.server.loopback

    def _refused(self, loopback: LoopbackServer) -> bool:
        expected = f"Bearer {loopback.api_key}"
        if loopback.api_key is None or self.headers.get("authorization") == expected:
            return False
        self._send(Status(401, {"detail": "Unauthorized"}))
        return True

    def _page(self, loopback: LoopbackServer) -> Status | None:
        if loopback.pages is None or self.path in loopback.pages:
            return Status(200, loopback.pages[self.path]) if loopback.pages else None
        return Status(404, {"detail": "Not Found"})

    def _next(self, loopback: LoopbackServer, otherwise: Reply) -> Reply:
        script = loopback.scripts.get(self.path)
        if script is None:
            return Status(404, {"detail": "Not Found"})
        return script.popleft() if script else otherwise

    def _send(self, reply: Reply) -> None:
        match reply:
            case Status():
                self._send_whole(reply)
            case Vectors():
                self._send_whole(Status(200, _embeddings(reply)))
            case Say():
                self._send_events(Events(_spoken(reply)))
            case Events():
                self._send_events(reply)

    def _send_whole(self, reply: Status) -> None:
        body = reply.body
        if not isinstance(body, bytes):
            body = body.encode() if isinstance(body, str) else json.dumps(body).encode()
        own = {"Content-Type": reply.content_type, "Content-Length": str(len(body))}
        self._send_head(reply.code, {**own, **reply.headers})
        self.wfile.write(body)

    def _send_head(self, code: int, headers: Mapping[str, str]) -> None:
        self.send_response(code)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Connection", "close")
        self.end_headers()

    def _send_events(self, reply: Events) -> None:
        own = {"Content-Type": "text/event-stream", "Transfer-Encoding": "chunked"}
        self._send_head(200, {**own, **reply.headers})
        for event in reply.events:
            raw = event if isinstance(event, bytes) else b"data: " + json.dumps(event).encode()
            self._write_chunk(raw + b"\n\n")
        if reply.stalls:
            self._stall()
            return
        if reply.done:
            self._write_chunk(b"data: [DONE]\n\n")
        if reply.closed:
            self._write_chunk(b"")

    def _write_chunk(self, part: bytes) -> None:
        self.wfile.write(b"%x\r\n%b\r\n" % (len(part), part))
        self.wfile.flush()

    def _stall(self) -> None:
        """Wait until the client hangs up or the server closes."""
        while not self.server.loopback.closing.is_set():
            readable, _, _ = select.select([self.connection], [], [], 0.02)
            if readable and not self.connection.recv(1):
                self.server.loopback.hung_up.set()
                return


def _spoken(reply: Say) -> list[dict[str, Any]]:
    pieces = re.findall(r"\S+\s*|\s+", reply.text)
    events = [chunk({"role": "assistant", "content": ""})]
    events += [chunk({"content": piece}) for piece in pieces]
    return [*events, chunk({"content": ""}, reply.finish_reason, reply.usage)]


def _embeddings(reply: Vectors) -> dict[str, Any]:
    rows = [
        {"object": "embedding", "index": index, "embedding": list(vector)}
        for index, vector in reply.rows
    ]
    return {"id": "e-1", "object": "list", "model": "mistral-embed", "data": rows, "usage": USAGE}


def main() -> None:
    """Serve until interrupted."""
    parser = argparse.ArgumentParser(description="A model server that quotes its prompt.")
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument("--api-key")
    arguments = parser.parse_args()
    with LoopbackServer(port=arguments.port, api_key=arguments.api_key) as server:
        sys.stdout.write(f"Serving on {server.url}/v1, Ctrl-C stops.\n")
        sys.stdout.flush()
        try:
            threading.Event().wait()
        except KeyboardInterrupt:
            sys.stdout.write("Stopped.\n")


if __name__ == "__main__":
    main()
