"""Who asked goes away: the server sees it within a second, whatever it was doing."""

import threading
import time
from collections.abc import Callable

import pytest

from rag.errors import InvalidReplyError, ProviderError
from rag.protocols import ChatModel
from rag.providers.retries import Retries
from rag.stopping import Stop, hearing, heeded, heeding, rest
from tests.chat_rig import PROMPT, mistral, openai_compatible
from tests.rag.wire_faults import FIRST, refused, said
from tests.wire import Ending, Wire, WireServer
from ui.background import in_batches

Build = Callable[[str, float, Callable[[float], None]], ChatModel]

SILENT = {
    "before the headers": Wire(ending=Ending.SILENCE),
    "before the first token": said(ending=Ending.SILENCE),
    "after the first token": said(FIRST, ending=Ending.SILENCE),
    "with signs of life": said(FIRST, b": ping\n\n", ending=Ending.REPEAT),
}


@pytest.mark.parametrize("build", [mistral, openai_compatible])
@pytest.mark.parametrize("wire", SILENT.values(), ids=SILENT)
def test_server_sees_within_a_second_that_nobody_waits(build: Build, wire: Wire) -> None:
    before = set(threading.enumerate())
    with WireServer([wire]) as server:
        chat = build(server.url, 60.0, rest)
        batches = in_batches(iter(chat.stream(PROMPT)), every=0.0, at_least_every=0.05)
        next(batches)
        assert server.connected.wait(5)

        started = time.monotonic()
        batches.close()
        assert server.hung_up.wait(5)
        seconds = time.monotonic() - started
        left = set(threading.enumerate()) - before
        for thread in left:
            if thread.name in ("answer", "time limit"):
                thread.join(2)
                assert not thread.is_alive()

    assert seconds < 1
    assert len(server.asked) == 1


@pytest.mark.parametrize("build", [mistral, openai_compatible])
def test_stop_ends_the_wait_between_two_attempts(build: Build) -> None:
    busy = refused(429, {"message": "Slow down"}, {"Retry-After": "19"})
    ended: list[ProviderError] = []
    stop = Stop()

    def ask(url: str) -> None:
        chat = build(url, 60.0, rest)
        with heeding(stop):
            try:
                list(chat.stream(PROMPT))
            except ProviderError as error:
                ended.append(error)

    with WireServer([busy]) as server:
        thread = threading.Thread(target=ask, args=(server.url,))
        thread.start()
        assert server.connected.wait(5)
        started = time.monotonic()
        stop.say()
        thread.join(5)
        seconds = time.monotonic() - started

    assert not thread.is_alive()
    assert seconds < 1
    assert isinstance(ended[0], InvalidReplyError)
    assert "stopped" in str(ended[0])
    assert len(server.asked) == 1


@pytest.mark.parametrize("build", [mistral, openai_compatible])
def test_why_a_server_is_waited_for_is_told_while_it_is(build: Build) -> None:
    heard: list[str] = []
    busy = refused(429, {"message": "Slow down"}, {"Retry-After": "2"})
    with WireServer([busy, said(FIRST)]) as server:
        chat = build(server.url, 60.0, lambda _seconds: heard.append("waits"))
        with hearing(heard.append), pytest.raises(InvalidReplyError, match="cut off"):
            list(chat.stream(PROMPT))

    why, *then = heard
    assert why.endswith(
        " has had too many requests or tokens for now. It is asked again in 3 seconds."
    )
    assert then == ["waits", ""]


def test_nothing_is_asked_once_it_is_said() -> None:
    stop = Stop()
    stop.say()
    with WireServer([said(FIRST)]) as server, heeding(stop):
        chat = mistral(server.url, 5.0, rest)
        with pytest.raises(InvalidReplyError, match="stopped"):
            list(chat.stream(PROMPT))

    assert server.asked == []


def test_lines_are_hung_up_once_and_forgotten_when_they_end() -> None:
    stop, hung_up = Stop(), list[str]()
    first, second, late = (lambda word=word: hung_up.append(word) for word in ("1", "2", "late"))

    stop.open(first)
    stop.open(second)
    stop.close(first)
    stop.close(first)
    stop.say()
    stop.open(late)

    assert hung_up == ["2", "late"]


def test_stop_is_heeded_in_its_own_thread_only() -> None:
    seen: list[Stop | None] = []
    with heeding(Stop()) as _:
        thread = threading.Thread(target=lambda: seen.append(heeded()))
        thread.start()
        thread.join()
        assert heeded() is not None

    assert seen == [None]
    assert heeded() is None


def test_rest_without_anybody_to_heed_only_takes_its_time() -> None:
    started = time.monotonic()
    rest(0.01)

    assert time.monotonic() - started >= 0.01
    assert Retries().sleep is rest
