"""Whatever a model's server does: a typed error in plain words or a whole answer, and in time."""

import threading
import time
from collections.abc import Callable

import pytest

from rag.domain import Finish, TextDelta
from rag.errors import ProviderError
from rag.protocols import ChatModel
from tests.chat_rig import KEY, PROMPT, Item, mistral, openai_compatible
from tests.rag.wire_faults import (
    CUT,
    GOOD,
    WHOLE,
    Fault,
    faults,
    la_plateforme_error,
    refused,
    vllm_style_error,
)
from tests.wire import WireServer

TIMEOUT_SECONDS = 0.1  # for a server that keeps silent; the longest such fault takes ten of them
PATIENCE_SECONDS = 20.0  # for all others, so that a busy machine is no fault
BOUND_SECONDS = 10.0

Build = Callable[[str, float, Callable[[float], None]], ChatModel]

CASES = [
    pytest.param(build, fault, id=f"{build.__name__}: {fault.name}")
    for build, error in ((mistral, la_plateforme_error), (openai_compatible, vllm_style_error))
    for fault in faults(error)
]


def outcome(chat: ChatModel) -> tuple[list[Item], ProviderError | None]:
    """What came, and what it ended with."""
    items: list[Item] = []
    try:
        items.extend(chat.stream(PROMPT))
    except ProviderError as error:
        return items, error
    return items, None


def wait_for_threads(before: set[threading.Thread]) -> set[threading.Thread]:
    """The threads that were not there before and have not ended shortly after."""
    until = time.monotonic() + 2
    left = set(threading.enumerate()) - before
    for thread in left:
        thread.join(max(until - time.monotonic(), 0))
    return {thread for thread in left if thread.is_alive()}


def check_words(message: str) -> None:
    """A sentence or two for a reader who knows nothing of the wire."""
    assert KEY not in message
    assert message.isprintable()
    assert message.endswith(".")
    assert message[0].isupper()
    assert len(message) < 320


@pytest.mark.parametrize(("build", "fault"), CASES)
def test_fault_ends_well(build: Build, fault: Fault) -> None:
    before = set(threading.enumerate())
    waits: list[float] = []
    with WireServer(fault.wires) as server:
        timeout_seconds = TIMEOUT_SECONDS if fault.takes_time else PATIENCE_SECONDS
        chat = build(server.url, timeout_seconds, waits.append)
        started = time.monotonic()
        items, error = outcome(chat)
        seconds = time.monotonic() - started

    ends = fault.ends if isinstance(fault.ends, tuple) else (fault.ends,)
    if error is not None:
        assert any(isinstance(end, type) and isinstance(error, end) for end in ends), repr(error)
        assert not any(isinstance(item, Finish) for item in items)
        check_words(str(error))
    else:
        assert isinstance(items[-1], Finish)
        assert (WHOLE if items[-1].complete else CUT) in ends
        text = "".join(item.text for item in items if isinstance(item, TextDelta))
        assert text == fault.text
        text.encode()
    assert seconds < BOUND_SECONDS
    assert all(0 <= wait <= 22 for wait in waits)
    assert sum(waits) <= 30
    assert len(server.asked) <= 3
    assert wait_for_threads(before) == set()


def test_there_are_faults_enough() -> None:
    names = [fault.name for fault in faults(vllm_style_error)]

    assert len(names) == len(set(names))
    assert len(names) >= 140


@pytest.mark.parametrize("build", [mistral, openai_compatible])
def test_redirect_takes_the_key_nowhere(build: Build) -> None:
    with WireServer([GOOD]) as other:
        for status in (301, 302, 303, 307, 308):
            away = refused(status, "", {"Location": f"{other.url}/v1/chat/completions"})
            with WireServer([away]) as server:
                _, error = outcome(build(server.url, 1.0, lambda seconds: None))
            assert error is not None
            assert len(server.asked) == 1
        assert other.asked == []


@pytest.mark.parametrize("build", [mistral, openai_compatible])
def test_tls_to_a_plain_port_is_unavailable(build: Build) -> None:
    with WireServer([GOOD]) as server:
        secure = server.url.replace("http:", "https:")
        items, error = outcome(build(secure, TIMEOUT_SECONDS, lambda seconds: None))

    assert items == []
    assert error is not None
    check_words(str(error))


@pytest.mark.parametrize("build", [mistral, openai_compatible])
def test_name_that_nobody_has_is_unavailable(build: Build) -> None:
    items, error = outcome(build("http://nobody.invalid", 1.0, lambda seconds: None))

    assert items == []
    assert error is not None
    check_words(str(error))
