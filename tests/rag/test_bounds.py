"""Bounds of the way to a server: what is over them ends, and what is slow by itself does not."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import httpx2
import pytest

from rag.providers import bounds
from rag.providers.bounds import BoundedTransport, Stopped, TooLarge, TooLong
from rag.stopping import Stop, heeding
from tests.rag.wire_faults import FIRST, GOOD, LAST, said
from tests.wire import Ending, Wire, WireServer, head


@contextmanager
def replies(*wires: Wire, silence_seconds: float = 5.0) -> Iterator[tuple[httpx2.Client, str]]:
    transport = BoundedTransport(silence_seconds)
    with (
        WireServer(wires) as server,
        httpx2.Client(transport=transport, timeout=silence_seconds, trust_env=False) as client,
    ):
        yield client, server.url


def test_stream_without_end_is_too_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounds, "MAX_STREAM_BYTES", 200_000)
    flood = said(FIRST * 400, ending=Ending.REPEAT)

    with replies(flood) as (client, url), pytest.raises(TooLarge):
        client.get(url)


def test_body_without_end_is_too_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounds, "MAX_REPLY_BYTES", 200_000)
    flood = Wire([head(kind="application/json"), b"x" * 90_000], Ending.REPEAT)

    with replies(flood) as (client, url), pytest.raises(TooLarge):
        client.get(url)


def test_long_body_that_is_no_stream_may_have_long_lines() -> None:
    body = b"x" * (bounds.MAX_EVENT_BYTES + 1)

    with replies(Wire([head(kind="application/json"), body])) as (client, url):
        assert client.get(url).content == body


def test_drip_is_too_long_though_never_silent() -> None:
    drip = said(b"data: " + b"x" * 500, drips=True)

    with replies(drip, silence_seconds=0.1) as (client, url), pytest.raises(TooLong):
        client.get(url)


def test_reader_may_take_its_time() -> None:
    with replies(GOOD, silence_seconds=0.2) as (client, url), client.stream("GET", url) as reply:
        pieces = reply.iter_bytes(30)
        read = next(pieces)
        threading.Event().wait(0.3)  # more than the server may be silent
        read += b"".join(pieces)

    assert read.startswith(FIRST)
    assert LAST in read


def test_reply_that_was_stopped_is_no_whole_reply() -> None:
    stop = Stop()
    with (
        heeding(stop),
        replies(said(FIRST, ending=Ending.SILENCE)) as (client, url),
        client.stream("GET", url) as reply,
    ):
        pieces = reply.iter_bytes()
        assert next(pieces) == FIRST
        stop.say()
        with pytest.raises(Stopped):
            next(pieces)


def test_no_compression_is_asked_for() -> None:
    with WireServer([GOOD]) as server, httpx2.Client(transport=BoundedTransport(5.0)) as client:
        client.get(server.url)

    assert b"accept-encoding: identity" in server.asked[0].lower()
    assert b"gzip" not in server.asked[0]
