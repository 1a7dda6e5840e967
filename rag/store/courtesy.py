"""Work behind somebody's back that lets those go first who wait for an answer.

Of the threads of one process a single one runs Python code at a time, and keeps its turn for 5 ms
while another waits, which a question would do each time that it reads from the catalog.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

TURN_SECONDS = 0.0005
PAUSE_SECONDS = 0.0001  # which is long enough to give somebody else the turn


class _Turn(threading.local):
    since: float | None = None  # when the turn of this thread began, if it gives way


_turn = _Turn()


@contextmanager
def giving_way() -> Iterator[None]:
    """Have the work of this thread pause for a moment wherever it calls `give_way`."""
    _turn.since = time.perf_counter()
    try:
        yield
    finally:
        _turn.since = None


def give_way() -> None:
    """Let another thread go first, where this one is `giving_way` and has had its turn."""
    if _turn.since is not None and time.perf_counter() - _turn.since > TURN_SECONDS:
        time.sleep(PAUSE_SECONDS)
        _turn.since = time.perf_counter()
