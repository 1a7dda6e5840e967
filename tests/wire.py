"""A server that sends bytes as they are told, and ends or hangs as it is told.

    with WireServer([Wire(head(200), b"data: {oops", ending=RESET)]) as server:
        MistralChat("key", "mistral-small-latest", url=server.url, timeout_seconds=0.2)

Each connection takes the next wire; the last one is played again for all that follow.
"""

from __future__ import annotations

import json
import select
import socket
import struct
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from types import TracebackType
from typing import Any

DRIP_SECONDS = 0.02


class Ending(Enum):
    """What the server does once it has sent everything."""

    CLOSE = "close"
    RESET = "reset"
    SILENCE = "silence"
    REPEAT = "repeat"  # the last part, without end


@dataclass(frozen=True, slots=True)
class Wire:
    """What is sent for one request; `drips` a byte at a time; not `asked` reads no request."""

    parts: Sequence[bytes] = ()
    ending: Ending = Ending.CLOSE
    drips: bool = False
    asked: bool = True


def head(
    status: int = 200,
    headers: Mapping[str, str] | None = None,
    *,
    kind: str = "text/event-stream",
) -> bytes:
    """The head of a reply whose body ends with its connection."""
    lines = {"Content-Type": kind, "Connection": "close", **(headers or {})}
    fields = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    return f"HTTP/1.1 {status} Word\r\n{fields}\r\n".encode("latin-1")


def event(content: object) -> bytes:
    """A server-sent event with this JSON."""
    return b"data: " + json.dumps(content).encode() + b"\n\n"


DONE = b"data: [DONE]\n\n"


class WireServer:
    """The server; a context manager that listens on a free port while it is entered."""

    def __init__(self, wires: Sequence[Wire]) -> None:
        self._wires = list(wires)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._closing = threading.Event()
        self._threads: list[threading.Thread] = []
        self.asked: list[bytes] = []
        self.hung_up = threading.Event()
        self.connected = threading.Event()

    @property
    def url(self) -> str:
        """The address, without `/v1`."""
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def __enter__(self) -> WireServer:
        self._start(self._accept)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._closing.set()
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for thread in self._threads:
            thread.join()

    def _start(self, work: Any, *given: object) -> None:
        thread = threading.Thread(target=work, args=given)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while not self._closing.is_set():
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            wire = self._wires.pop(0) if len(self._wires) > 1 else self._wires[0]
            self._start(self._serve, connection, wire)

    def _serve(self, connection: socket.socket, wire: Wire) -> None:
        with connection:
            connection.settimeout(5)
            try:
                if wire.asked:
                    self.asked.append(_request(connection))
                self.connected.set()
                self._play(connection, wire)
            except OSError:
                self.hung_up.set()

    def _play(self, connection: socket.socket, wire: Wire) -> None:
        for part in wire.parts:
            self._send(connection, part, wire)
        while wire.ending is Ending.REPEAT and not self._closing.is_set():
            self._send(connection, wire.parts[-1], wire)
            self._closing.wait(DRIP_SECONDS)
        if wire.ending is Ending.SILENCE:
            self._wait_for_the_end(connection)
        elif wire.ending is Ending.RESET:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    def _send(self, connection: socket.socket, part: bytes, wire: Wire) -> None:
        pieces = [part[at : at + 1] for at in range(len(part))] if wire.drips else [part]
        for piece in pieces:
            connection.sendall(piece)
            if wire.drips and self._closing.wait(DRIP_SECONDS):
                return

    def _wait_for_the_end(self, connection: socket.socket) -> None:
        while not self._closing.is_set():
            readable, _, _ = select.select([connection], [], [], 0.02)
            if readable and not connection.recv(4096):
                self.hung_up.set()
                return


def _request(connection: socket.socket) -> bytes:
    """The whole request, by its length."""
    received = b""
    while b"\r\n\r\n" not in received:
        received += _some(connection)
    said, _, body = received.partition(b"\r\n\r\n")
    lengths = [line for line in said.lower().splitlines() if line.startswith(b"content-length:")]
    length = int(lengths[0].partition(b":")[2]) if lengths else 0
    while len(body) < length:
        body += _some(connection)
    return said + b"\r\n\r\n" + body


def _some(connection: socket.socket) -> bytes:
    part = connection.recv(65_536)
    if not part:
        raise ConnectionError("the client went before it had asked")
    return part
