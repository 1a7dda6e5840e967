"""A server on this machine that speaks `/v1/rerank` as vLLM does, on a script.

    with RerankLoopback(replies=[Status(503)]) as server:
        RerankServer(server.url, model=None, api_key=None, timeout_seconds=5)
        server.asked("/v1/rerank")[0].body["documents"]

Each request takes the next reply; after the last one the server is well, and scores a document by
the share of the question's words in it. `reads` is how many characters of question and document it
takes before it refuses, as vLLM words it.
"""

from __future__ import annotations

import json
import re
import select
import threading
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any

from tests.loopback import Request, Status, vllm_error

RERANK, MODELS = "/v1/rerank", "/v1/models"
RERANKER = "tiny-reranker"
STALL = Status(0)  # stays silent until the client goes


def results(*scores: tuple[object, object]) -> dict[str, Any]:
    """A reply with these pairs of index and score, as vLLM writes it."""
    rows = [
        {"index": index, "document": {"text": "…"}, "relevance_score": score}
        for index, score in scores
    ]
    return {"id": "score-1", "model": RERANKER, "usage": {"total_tokens": 9}, "results": rows}


def overlap(question: str, text: str) -> float:
    """The share of the words of a question that a text holds."""
    words = set(re.findall(r"\w+", question.lower()))
    return len(words & set(re.findall(r"\w+", text.lower()))) / max(1, len(words))


class RerankLoopback:
    """The server; a context manager that listens on a free port while it is entered."""

    def __init__(
        self,
        *,
        replies: Iterable[Status] = (),
        models: Iterable[Status] = (),
        served: Sequence[Mapping[str, Any]] = ({"id": RERANKER, "max_model_len": 8192},),
        api_key: str | None = None,
        reads: int | None = None,
    ) -> None:
        """Take the scripts; with an `api_key`, requests without it are refused."""
        self.scripts = {RERANK: deque(replies), MODELS: deque(models)}
        self.served = list(served)
        self.api_key = api_key
        self.reads = reads
        self.requests: list[Request] = []
        self.closing = threading.Event()
        self._http = _Server(("127.0.0.1", 0), self)
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.01,))

    @property
    def url(self) -> str:
        """The address, without `/v1`."""
        return f"http://127.0.0.1:{self._http.server_address[1]}"

    def asked(self, path: str = RERANK) -> list[Request]:
        """The requests to one path."""
        return [request for request in self.requests if request.path == path]

    def reply(self, request: Request) -> Status:
        """What a request gets."""
        if self.api_key and request.headers.get("authorization") != f"Bearer {self.api_key}":
            return Status(401, {"error": "Unauthorized"})
        script = self.scripts.get(request.path)
        if script is None:
            return Status(404, {"detail": "Not Found"})
        if script:
            return script.popleft()
        if request.path == MODELS:
            return Status(200, {"object": "list", "data": self.served})
        return self._scored(request.body)

    def _scored(self, body: Mapping[str, Any]) -> Status:
        model, question, texts = body.get("model"), body["query"], body["documents"]
        if model is not None and model not in [each["id"] for each in self.served]:
            return Status(404, vllm_error(f"The model `{model}` does not exist.", 404))
        if self.reads and max(len(question) + len(text) for text in texts) > self.reads:
            said = "This model's maximum context length is 256 tokens. However, your prompt"
            return Status(400, vllm_error(f"{said} contains at least 257 input tokens."))
        scores = [(index, overlap(question, text)) for index, text in enumerate(texts)]
        return Status(200, results(*sorted(scores, key=lambda pair: -pair[1])))

    def __enter__(self) -> RerankLoopback:
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

    def __init__(self, address: tuple[str, int], loopback: RerankLoopback) -> None:
        super().__init__(address, _Handler)
        self.loopback = loopback


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def log_message(self, format: str, *args: object) -> None:
        """Write nothing."""

    def do_GET(self) -> None:
        """Answer a list of models."""
        self._answer({})

    def do_POST(self) -> None:
        """Answer a request to rerank."""
        self._answer(json.loads(self.rfile.read(int(self.headers["content-length"]))))

    def _answer(self, body: dict[str, Any]) -> None:
        headers = {name.lower(): value for name, value in self.headers.items()}
        request = Request(self.path, body, headers)
        self.server.loopback.requests.append(request)
        reply = self.server.loopback.reply(request)
        if reply is STALL:
            self._stall()
            return
        content = reply.body
        if not isinstance(content, bytes):
            content = (content if isinstance(content, str) else json.dumps(content)).encode()
        self.send_response(reply.code)
        own = {"Content-Type": reply.content_type, "Content-Length": str(len(content))}
        for name, value in {**own, **reply.headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def _stall(self) -> None:
        """Wait until the client hangs up or the server closes."""
        while not self.server.loopback.closing.is_set():
            readable, _, _ = select.select([self.connection], [], [], 0.02)
            if readable and not self.connection.recv(1):
                return
