"""The way to a server, within bounds: of time, even for a drip of bytes; of size; and of patience.

What is over its bound ends as an error of httpx2, which both SDKs pass on: `TooLong`, `TooLarge`,
or `Stopped` where another thread said so.
"""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from functools import cache
from typing import Any

import httpx2

from rag.stopping import heeded

TIMES_SILENCE = 10  # so many time-outs a whole reply may take
TIMES_BEFORE = 2  # and so many may pass before its first line
MAX_REPLY_BYTES = 64_000_000
MAX_STREAM_BYTES = 16_000_000
MAX_EVENT_BYTES = 1_000_000
CONNECTED = frozenset({"connection.connect_tcp.complete", "connection.start_tls.complete"})

_MARK = b"\xef\xbb\xbf"
_HEADWAY = (b"data:", b":")  # a piece of an answer, or a sign that the server is at work


class TooLong(httpx2.ReadTimeout):
    """The server has not been silent, and yet does not come to an end."""


class TooLarge(httpx2.DecodingError):
    """No reply of a model is that large."""


class Stopped(httpx2.ReadError):
    """Nobody waits for the reply any more."""


class BoundedTransport(httpx2.BaseTransport):
    """Passes requests on, each on a connection of its own that can be hung up at any time."""

    def __init__(self, silence_seconds: float) -> None:
        """Take how long a server may be silent; all other times follow from it."""
        self._silence_seconds = silence_seconds
        self._inner = httpx2.HTTPTransport(
            verify=_trusted(),
            limits=httpx2.Limits(max_connections=None, max_keepalive_connections=0),
        )

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        """The response, its body within bounds.

        Raises:
            httpx2.RequestError: the connection failed, took too long or was stopped.
        """
        line = _Line(TIMES_BEFORE * self._silence_seconds)
        request.headers["accept-encoding"] = "identity"
        request.extensions = {**request.extensions, "trace": line.traced}
        reply = None
        try:
            line.check()
            reply = self._inner.handle_request(request)
        except httpx2.RequestError as error:
            line.check(error)
            raise
        finally:
            if reply is None:
                line.end()
        line.allow(TIMES_SILENCE * self._silence_seconds)
        stream = _BoundedStream(reply, line, self._silence_seconds)
        if reply.headers.get("content-encoding", "identity") != "identity":
            stream.close()
            raise TooLarge("the reply is compressed, and may unfold to any size")
        return httpx2.Response(
            reply.status_code, headers=reply.headers, stream=stream, extensions=reply.extensions
        )

    def close(self) -> None:
        """Close every connection."""
        self._inner.close()


@cache
def _trusted() -> ssl.SSLContext:
    """The certificates that are trusted, read once."""
    return httpx2.create_ssl_context(trust_env=False)


class _Line:
    """The connection of one request, which ends by itself after a while or when it is hung up."""

    def __init__(self, seconds: float) -> None:
        self._is_over = False
        self._socket: socket.socket | None = None
        self._stop = heeded()
        self._timer = self._started(seconds)
        if self._stop is not None:
            self._stop.open(self._hang_up)

    def traced(self, event: str, details: Mapping[str, Any]) -> None:
        """Note the connection of a request, as httpcore2 tells its `trace` extension."""
        if event in CONNECTED:
            self._socket = details["return_value"].get_extra_info("socket")
            if self._is_over or (self._stop is not None and self._stop.is_said):
                self._hang_up()

    def allow(self, seconds: float) -> None:
        """Begin the time anew."""
        self._timer.cancel()
        self._timer = self._started(seconds)

    def check(self, cause: Exception | None = None) -> None:
        """Say why the line is dead, if it was hung up."""
        if self._stop is not None and self._stop.is_said:
            raise Stopped("nobody waits any more") from cause
        if self._is_over:
            raise TooLong("the reply came to no end") from cause

    def end(self) -> None:
        """Nothing more is expected."""
        self._timer.cancel()
        if self._stop is not None:
            self._stop.close(self._hang_up)

    def _started(self, seconds: float) -> threading.Timer:
        timer = threading.Timer(seconds, self._expire)
        timer.daemon = True
        timer.name = "time limit"
        timer.start()
        return timer

    def _expire(self) -> None:
        self._is_over = True
        self._hang_up()

    def _hang_up(self) -> None:
        if self._socket is not None:
            with suppress(OSError):  # it was closed at this very moment
                socket.socket.shutdown(self._socket, socket.SHUT_RDWR)  # past the TLS around it


def _without_mark(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """The pieces without a byte order mark, which would cost OpenAI's SDK the first event."""
    begun: bytes | None = b""
    for piece in pieces:
        if begun is None:
            yield piece
            continue
        begun += piece
        if begun == _MARK or not _MARK.startswith(begun):
            yield begun.removeprefix(_MARK)
            begun = None
    if begun:
        yield begun


class _BoundedStream(httpx2.SyncByteStream):
    """A body that is refused as soon as it is too long in coming, or too large."""

    def __init__(self, reply: httpx2.Response, line: _Line, silence_seconds: float) -> None:
        self._reply = reply
        self._line = line
        self._silence_seconds = silence_seconds
        self._has_events = reply.headers.get("content-type", "").startswith("text/event-stream")
        self._max_bytes = MAX_STREAM_BYTES if self._has_events else MAX_REPLY_BYTES
        self._bytes = 0
        self._waited_seconds = 0.0
        self._begun = b""  # how the unfinished line starts
        self._length = 0  # and how long it is

    def __iter__(self) -> Iterator[bytes]:
        stream = self._reply.stream
        if not isinstance(stream, httpx2.SyncByteStream):
            raise TypeError("the transport is a synchronous one")
        try:
            since = time.monotonic()
            for piece in _without_mark(stream):
                self._waited_seconds += time.monotonic() - since
                self._measure(piece)
                yield piece
                since = time.monotonic()
        except httpx2.RequestError as error:
            self._line.check(error)
            raise
        self._line.check()

    def close(self) -> None:
        """Hang up."""
        self._line.end()
        self._reply.close()

    def _measure(self, piece: bytes) -> None:
        self._bytes += len(piece)
        if self._bytes > self._max_bytes:
            raise TooLarge(f"more than {self._max_bytes} bytes")
        if self._has_events:
            self._follow(piece)

    def _follow(self, piece: bytes) -> None:
        """Tell headway from bytes that drip."""
        *whole, rest = piece.replace(b"\r", b"\n").split(b"\n")
        if whole:
            if any(line.startswith(_HEADWAY) for line in (self._begun + whole[0], *whole[1:])):
                self._waited_seconds = 0.0
            self._begun, self._length = b"", 0
        self._begun = (self._begun + rest)[: len(_HEADWAY[0])]
        self._length += len(rest)
        if self._length > MAX_EVENT_BYTES:
            raise TooLarge(f"a line of more than {MAX_EVENT_BYTES} bytes")
        if self._waited_seconds > self._silence_seconds:
            raise TooLong("bytes, and no piece of an answer")
