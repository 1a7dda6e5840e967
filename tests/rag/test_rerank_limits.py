"""A reranker that never comes to an end costs a question no more than a moment."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from rag.errors import InvalidReplyError, UnavailableError
from rag.providers.rerank_server import LARGEST_REPLY, TIMES_SILENCE, RerankServer

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n"
MODELS = HEAD + b'{"data": [{"id": "endless"}]}'
SILENCE = 0.2


@contextmanager
def answering(send: Callable[[socket.socket], None]) -> Iterator[str]:
    """The address of a server that lists a model, and answers everything else so."""
    listening = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                connection, _ = listening.accept()
            except OSError:
                return
            with connection:
                try:
                    if connection.recv(65_536).startswith(b"GET"):
                        connection.sendall(MODELS)
                    else:
                        send(connection)
                except OSError:
                    continue  # the client has gone

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        listening.shutdown(socket.SHUT_RDWR)
        listening.close()
        thread.join(10)


def reranker(url: str, silence: float) -> RerankServer:
    return RerankServer(url, model=None, api_key=None, timeout_seconds=silence)


@pytest.mark.parametrize(
    ("head", "drop"),
    [(HEAD, b" "), (b"HTTP/1.1 200 OK\r\n", b"X: y\r\n"), (b"", b"H")],
    ids=["body", "head", "first line"],
)
def test_a_reply_that_drips_is_given_up(head: bytes, drop: bytes) -> None:
    pause = threading.Event()

    def drip(connection: socket.socket) -> None:
        connection.sendall(head)
        while True:
            connection.sendall(drop)
            pause.wait(SILENCE / 10)

    with answering(drip) as url:
        started = time.monotonic()
        with pytest.raises(UnavailableError, match=r"took longer than 0\.4 seconds"):
            reranker(url, SILENCE).rerank("Q?", ["a"])

        assert TIMES_SILENCE * SILENCE <= time.monotonic() - started < 10


def test_a_reply_without_end_is_not_read_to_the_end() -> None:
    sent = 0

    def flood(connection: socket.socket) -> None:
        nonlocal sent
        connection.sendall(HEAD)
        while True:
            sent += connection.send(b" " * 100_000)

    with answering(flood) as url, pytest.raises(InvalidReplyError):
        reranker(url, 10).rerank("Q?", ["a"])

    assert LARGEST_REPLY <= sent < 4 * LARGEST_REPLY
