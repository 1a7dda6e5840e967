from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest
from starlette.types import Message, Receive, Scope, Send

from ui.guard import MAX_BODY_BYTES, UPLOADS, Guard, Setting

PIECE = b"x" * 400_000


class Reader:
    """An application that reads the whole body, and remembers what it got."""

    def __init__(self) -> None:
        self.received: list[Message] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        while True:
            message = await receive()
            self.received.append(message)
            if message["type"] == "http.disconnect" or not message.get("more_body"):
                break
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    @property
    def size(self) -> int:
        return sum(len(message.get("body", b"")) for message in self.received)


def send_to(
    app: Reader,
    path: str,
    pieces: Sequence[bytes],
    headers: Sequence[tuple[bytes, bytes]] = ((b"host", b"127.0.0.1:7860"),),
    *,
    loopback_only: bool = True,
) -> int:
    """The status of the answer to a request whose body comes in pieces."""
    guard = Guard(app, Setting(loopback_only=loopback_only, on_space=not loopback_only))
    waiting = [
        {"type": "http.request", "body": piece, "more_body": number < len(pieces)}
        for number, piece in enumerate(pieces, start=1)
    ]
    sent: list[Message] = []

    async def receive() -> Message:
        return waiting.pop(0)

    async def send(message: Message) -> None:
        sent.append(message)

    scope = {"type": "http", "method": "POST", "path": path, "headers": list(headers)}
    asyncio.run(guard(scope, receive, send))
    return int(sent[0]["status"])


def test_a_body_that_does_not_tell_its_length_is_cut_off() -> None:
    app = Reader()
    send_to(app, "/gradio_api/queue/join", [PIECE] * 8)
    assert app.received[-1] == {"type": "http.disconnect"}
    assert app.size <= MAX_BODY_BYTES
    assert len(app.received) == 3


def test_a_body_within_the_limit_arrives_whole() -> None:
    app = Reader()
    assert send_to(app, "/gradio_api/queue/join", [PIECE, PIECE]) == 200
    assert app.size == 2 * len(PIECE)


def test_an_upload_has_the_limit_of_its_route() -> None:
    app = Reader()
    assert send_to(app, UPLOADS, [PIECE] * 8) == 200
    assert app.size == 8 * len(PIECE)


@pytest.mark.parametrize("loopback_only", [True, False])
@pytest.mark.parametrize("host", [b"[::1", b"[bad", b"[v1.x"])
def test_a_host_that_cannot_be_is_refused(host: bytes, loopback_only: bool) -> None:
    app = Reader()
    status = send_to(app, "/", [b""], [(b"host", host)], loopback_only=loopback_only)
    assert status == 400
    assert app.received == []


@pytest.mark.parametrize("origin", [b"http://[bad", b"http://[::1", b"//", b"\xff", b"http://a]"])
def test_an_origin_that_cannot_be_is_foreign(origin: bytes) -> None:
    app = Reader()
    headers = [(b"host", b"127.0.0.1:7860"), (b"origin", origin)]
    assert send_to(app, UPLOADS, [b""], headers) == 403
    assert app.received == []
