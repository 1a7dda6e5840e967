"""Word between a thread that asks a server and whoever waits for it.

One way: nobody waits any more, what is asked ends at once. The other: why it takes so long.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

HangUp = Callable[[], None]
Hear = Callable[[str], None]


class Stop:
    """Said once, by any thread; the thread that heeds it hangs up on whoever it listens to."""

    def __init__(self) -> None:
        self._said = threading.Event()
        self._lock = threading.Lock()
        self._lines: list[HangUp] = []

    @property
    def is_said(self) -> bool:
        """Whether nobody waits any more."""
        return self._said.is_set()

    def say(self) -> None:
        """Hang up every line that is open, and every one that is opened from now on."""
        with self._lock:
            self._said.set()
            lines = list(self._lines)
        for hang_up in lines:
            hang_up()

    def wait(self, seconds: float) -> None:
        """Let time pass, but none once it is said."""
        self._said.wait(seconds)

    def open(self, hang_up: HangUp) -> None:
        """Take in how to end what is listened to now."""
        with self._lock:
            self._lines.append(hang_up)
        if self.is_said:
            hang_up()

    def close(self, hang_up: HangUp) -> None:
        """Forget a line that has ended."""
        with self._lock:
            if hang_up in self._lines:
                self._lines.remove(hang_up)


_HEEDED: ContextVar[Stop | None] = ContextVar("heeded", default=None)
_HEARS: ContextVar[Hear | None] = ContextVar("hears", default=None)


@contextmanager
def heeding(stop: Stop) -> Iterator[None]:
    """Within it, what this thread asks of a server ends when `stop` is said."""
    token = _HEEDED.set(stop)
    try:
        yield
    finally:
        _HEEDED.reset(token)


def heeded() -> Stop | None:
    """What this thread heeds now."""
    return _HEEDED.get()


def rest(seconds: float) -> None:
    """Sleep, unless this thread is told to stop."""
    stop = heeded()
    if stop is None:
        time.sleep(seconds)
    else:
        stop.wait(seconds)


@contextmanager
def hearing(hear: Hear) -> Iterator[None]:
    """Within it, `hear` is told in a sentence why this thread rests, and "" once it goes on."""
    token = _HEARS.set(hear)
    try:
        yield
    finally:
        _HEARS.reset(token)


@contextmanager
def resting(why: str) -> Iterator[None]:
    """Within it, this thread waits before it asks a server again; whoever hears is told why."""
    hear = _HEARS.get() or _ignore
    hear(why)
    try:
        yield
    finally:
        hear("")


def _ignore(_why: str) -> None:
    pass
