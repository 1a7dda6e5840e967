"""Word from another thread that nobody waits any more: what is asked of a server ends at once."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

HangUp = Callable[[], None]


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
