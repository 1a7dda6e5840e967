"""A cross-encoder behind `POST /v1/rerank`: vLLM, llama.cpp, and whoever speaks as Cohere and Jina.

The request is `{"model", "query", "documents", "top_n"}`; the reply holds an index and a score for
each document, in any order: `{"results": [{"index", "relevance_score"}]}` from vLLM, llama.cpp,
Cohere and Jina, `{"data": […]}` from Voyage, a bare list with `score` from Text Embeddings
Inference. Nothing is asked of any host but the one given: no proxy, no redirect.
"""

from __future__ import annotations

import json
import re
import socket
import sys
import threading
import time
import weakref
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, TypeGuard

import httpx2

from rag.errors import ContextLengthError, ModelNotFoundError, UnavailableError
from rag.policy import Gate, open_gate
from rag.providers import faults
from rag.providers.faults import Endpoint
from rag.providers.retries import Retries

URL_SETTING = "TRAMONTANE_RERANK"
MODEL_SETTING = "TRAMONTANE_RERANK_MODEL"
KEY_SETTING = "TRAMONTANE_RERANK_API_KEY"

BATCH_TEXTS = 32  # what Text Embeddings Inference takes at once unless told otherwise
LONGEST_PAIR = 4_000  # characters of question and text together
SHORTEST_PAIR = 200
# Careful: English has 4 to 5 characters a token, other languages and figures fewer.
CHARACTERS_PER_TOKEN = 2.5
CONNECT_TIMEOUT_SECONDS = 5.0
# A question waits for this and can do without: it is not waited for as long as for an answer.
LONGEST_SILENCE_SECONDS = 15.0
TIMES_SILENCE = 2  # as long as a silence may be, a whole reply may take
CONNECTED = ("connection.connect_tcp.complete", "connection.start_tls.complete")
LARGEST_REPLY = 4_000_000  # bytes; a server may send the texts back
KEPT_HEADERS = ("retry-after", "content-type")
LONGEST_WAIT_SECONDS = 2.0
MAX_ATTEMPTS = 2
MODELS_SHOWN = 10

_TOO_LARGE = re.compile(r"too large to process|physical batch size", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _Served:
    """The model in use, None where the server names none, and how much of a pair it reads.

    `listed` are all the models of the server, as far as it says.
    """

    model: str | None
    characters: int = LONGEST_PAIR
    listed: tuple[str, ...] = ()


class RerankServer:
    """A reranker behind an address, found out when it is first needed."""

    def __init__(
        self,
        url: str,
        *,
        model: str | None,
        api_key: str | None,
        timeout_seconds: float,
        gate: Gate = open_gate,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """Check address and key; the server may start later.

        Raises:
            AuthenticationError: the key cannot be one.
            SettingsError: the address is none.
        """
        self._endpoint = replace(_endpoint(url, model, api_key, timeout_seconds), gate=gate)
        self._model = model
        self._http = _http_client(self._endpoint)
        weakref.finalize(self, self._http.close)
        self._retries = Retries(MAX_ATTEMPTS, sleep, LONGEST_WAIT_SECONDS)
        self._lock = threading.Lock()
        self._served: _Served | None = None

    @property
    def model(self) -> str:
        """The configured model, or the one that the server lists once it was asked."""
        served = self._served
        return self._model or (served.model if served else None) or "the model"

    @property
    def place(self) -> str:
        """The address of the server."""
        return self._endpoint.url

    def rerank(self, question: str, texts: Sequence[str]) -> list[float]:
        """A score for each text, in their order; long texts are judged by their beginning.

        Raises:
            ProviderError: the server cannot be used, or its reply makes no sense.
        """
        scores: list[float] = []
        for start in range(0, len(texts), BATCH_TEXTS):
            scores += self._fitted(question, texts[start : start + BATCH_TEXTS])
        return scores

    def _fitted(self, question: str, texts: Sequence[str]) -> list[float]:
        """The scores of a batch, cut shorter until the model can read each beside the question."""
        while True:
            served = self._connected()
            asked = question[: served.characters // 2]
            room = served.characters - len(asked)
            cut = [text[:room].strip() or "…" for text in texts]
            try:
                return self._retries.call(partial(self._scores, served.model, asked, cut))
            except ModelNotFoundError as error:
                self._served = None  # the server may have been started with another model
                raise _not_served(self._endpoint, served) from error
            except ContextLengthError:
                longest = len(asked) + max(map(len, cut))
                if longest <= SHORTEST_PAIR:
                    raise
                self._served = replace(served, characters=longest // 2)

    def _connected(self) -> _Served:
        with self._lock:
            if self._served is None:
                self._served = self._retries.call(self._found)
            return self._served

    def _found(self) -> _Served:
        """The model to ask for: the configured one, or the first that the server lists."""
        reply = self._reply(self._endpoint, "GET", "/models")
        if reply.status_code in (404, 405, 501):  # it lists none, and may rerank all the same
            return _Served(self._model)
        rows = _rows(_content(self._endpoint, reply), "data", self._endpoint)
        listed = {str(row["id"]): row for row in rows if isinstance(row.get("id"), str)}
        model = self._model or next(iter(listed), None)
        return _Served(model, _readable_characters(listed.get(model or "")), tuple(listed))

    def _scores(self, model: str | None, question: str, texts: Sequence[str]) -> list[float]:
        endpoint = replace(self._endpoint, model=model or "the model")
        request = {"query": question, "documents": list(texts), "top_n": len(texts)}
        if model is not None:
            request["model"] = model
        reply = self._reply(endpoint, "POST", "/rerank", request)
        if reply.status_code >= 400 and _TOO_LARGE.search(reply.text):  # llama.cpp: a 500
            raise ContextLengthError(f"A passage is longer than {endpoint.model} reads.")
        rows = _rows(_content(endpoint, reply), "results", endpoint)
        return _in_order(rows, len(texts), endpoint)

    def _reply(
        self, endpoint: Endpoint, method: str, path: str, request: object = None
    ) -> httpx2.Response:
        """The whole reply, unless it takes longer or is larger than one can be."""
        body = bytearray()
        with (
            _limited(endpoint) as limit,
            self._http.stream(
                method, endpoint.url + path, json=request, extensions={"trace": limit.traced}
            ) as reply,
        ):
            for piece in reply.iter_bytes():
                body += piece
                if len(body) > LARGEST_REPLY:
                    raise faults.nonsense(endpoint)
        headers = {name: reply.headers[name] for name in KEPT_HEADERS if name in reply.headers}
        return httpx2.Response(reply.status_code, headers=headers, content=bytes(body))


def _endpoint(url: str, model: str | None, api_key: str | None, timeout_seconds: float) -> Endpoint:
    address = faults.checked_address(url, URL_SETTING)
    shown = str(address).rstrip("/").removesuffix("/rerank")
    if address.path in ("", "/"):
        shown += "/v1"
    return Endpoint(
        name=f"the reranker at {shown}",
        url=shown,
        model=model or "the model",
        unreachable=f"Nothing answers at {shown}. "
        f"Start the reranker there, or set {URL_SETTING} to another address or to off.",
        key_setting=KEY_SETTING,
        model_setting=MODEL_SETTING,
        timeout_seconds=min(timeout_seconds, LONGEST_SILENCE_SECONDS),
        api_key=None if api_key is None else faults.checked_key(api_key, KEY_SETTING),
    )


def _http_client(endpoint: Endpoint) -> httpx2.Client:
    headers = {"User-Agent": "tramontane"}
    if endpoint.api_key is not None:
        headers["Authorization"] = f"Bearer {endpoint.api_key}"
    connect = min(endpoint.timeout_seconds, CONNECT_TIMEOUT_SECONDS)
    return httpx2.Client(
        timeout=httpx2.Timeout(endpoint.timeout_seconds, connect=connect),
        limits=httpx2.Limits(max_keepalive_connections=0),  # so that `_TimeLimit` sees each
        trust_env=False,
        headers=headers,
        event_hooks={"request": [endpoint.admit]},
    )


class _TimeLimit:
    """Hangs up on a server after some time, even one that sends a byte now and then."""

    def __init__(self, seconds: float) -> None:
        self.is_over = False
        self._socket: socket.socket | None = None
        self._timer = threading.Timer(seconds, self._hang_up)
        self._timer.daemon = True
        self._timer.start()

    def traced(self, event: str, details: Mapping[str, Any]) -> None:
        """Note the connection of a request, as httpcore2 tells its `trace` extension."""
        if event in CONNECTED:
            self._socket = details["return_value"].get_extra_info("socket")
            if self.is_over:
                self._hang_up()

    def end(self) -> None:
        self._timer.cancel()

    def _hang_up(self) -> None:
        self.is_over = True
        if self._socket is not None:
            with suppress(OSError):  # it was closed at this very moment
                self._socket.shutdown(socket.SHUT_RDWR)


@contextmanager
def _limited(endpoint: Endpoint) -> Iterator[_TimeLimit]:
    """Turn a connection that breaks, or lasts too long, into an error of ours."""
    seconds = TIMES_SILENCE * endpoint.timeout_seconds
    limit = _TimeLimit(seconds)
    too_long = UnavailableError(
        f"{endpoint.subject} took longer than {seconds:g} seconds. Try again, or set "
        f"{URL_SETTING} to off."
    )
    try:
        yield limit
    except httpx2.RequestError as error:
        raise (too_long if limit.is_over else faults.failed_connection(endpoint, error)) from error
    finally:
        limit.end()
    if limit.is_over:  # what came may be a part only
        raise too_long


def _content(endpoint: Endpoint, reply: httpx2.Response) -> object:
    """The JSON of a reply that is one."""
    if reply.status_code != 200:
        raise faults.refusal(endpoint, reply, reply.text)
    try:
        content: object = json.loads(reply.content)
    except (ValueError, RecursionError) as error:  # neither JSON nor text, or nested without end
        raise faults.nonsense(endpoint) from error
    return content


def _not_served(endpoint: Endpoint, served: _Served) -> ModelNotFoundError:
    sentence = f"{endpoint.subject} does not serve {served.model or 'a model'}."
    if served.listed:
        sentence += f" It lists: {', '.join(served.listed[:MODELS_SHOWN])}."
    return ModelNotFoundError(f"{sentence} Set {MODEL_SETTING} to one that it serves.")


def _rows(content: object, key: str, endpoint: Endpoint) -> list[Mapping[str, object]]:
    """The objects in a reply: under `key`, under `data`, or the reply itself."""
    if isinstance(content, Mapping):
        content = content.get(key, content.get("data"))
    if not isinstance(content, list) or not all(isinstance(row, Mapping) for row in content):
        raise faults.nonsense(endpoint)
    return content


def _in_order(rows: Sequence[Mapping[str, object]], count: int, endpoint: Endpoint) -> list[float]:
    """The scores by the position of their text: one finite number for each."""
    scores: dict[int, float] = {}
    for row in rows:
        index, score = row.get("index"), row.get("relevance_score", row.get("score"))
        if isinstance(index, bool) or not isinstance(index, int):
            index = -1
        if index in scores or not _is_finite(score):
            raise faults.nonsense(endpoint)
        scores[index] = float(score)
    if scores.keys() != set(range(count)):
        raise faults.nonsense(endpoint)
    return [scores[index] for index in range(count)]


def _is_finite(score: object) -> TypeGuard[int | float]:
    """Whether a score is a number that can be compared with others; a huge whole one is none."""
    if not isinstance(score, int | float) or isinstance(score, bool):
        return False
    return abs(score) <= sys.float_info.max  # false for what is not a number, and for infinity


def _readable_characters(row: Mapping[str, object] | None) -> int:
    """How many characters of question and text the model surely reads, as vLLM tells its length."""
    tokens = row.get("max_model_len") if row else None
    if isinstance(tokens, int) and tokens > 1:  # true is 1
        return min(LONGEST_PAIR, int(min(tokens, LONGEST_PAIR) * CHARACTERS_PER_TOKEN))
    return LONGEST_PAIR
