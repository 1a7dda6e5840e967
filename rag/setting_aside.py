"""Setting money aside where what others have set aside is in the way: waited for, in turn.

Most requests cost far less than they could at most, so a cap that only requests under way fill up
has room again as soon as one of them ends.
"""

from __future__ import annotations

import threading
import time
from collections import deque

from rag.errors import SetAsideError
from rag.stopping import heeded, rest
from rag.store.spending import Caps, Purpose, Reservation, Spending

POLL_SECONDS = 0.05


class Queue:
    """Who waits for room under a cap in this process, first come first served.

    No reservation is waited for longer than `patience_seconds` after it was first seen: whoever
    made it may have died. Nor does whoever is first wait longer than that.
    """

    def __init__(self, patience_seconds: float) -> None:
        self._patience_seconds = patience_seconds
        self._lock = threading.Lock()
        self._waiting: deque[object] = deque()
        self._first_seen: dict[int, float] = {}

    def reserve(
        self, spending: Spending, person: str, purpose: Purpose, dollars: float, caps: Caps
    ) -> Reservation:
        """Set a sum aside as `Spending.reserve` does, once there is room for it.

        Raises:
            BudgetError: what is spent leaves no room for it.
            SetAsideError: what is set aside leaves none for too long, or the wait was stopped.
        """
        if not self._waiting:
            try:
                return spending.reserve(person, purpose, dollars, caps)
            except SetAsideError:
                if self._patience_seconds <= 0:
                    raise
        ticket = object()
        self._waiting.append(ticket)
        try:
            self._await_turn(ticket)
            return self._first(spending, person, purpose, dollars, caps)
        finally:
            self._waiting.remove(ticket)

    def _await_turn(self, ticket: object) -> None:
        while self._waiting[0] is not ticket and not _is_stopped():
            rest(POLL_SECONDS)

    def _first(
        self, spending: Spending, person: str, purpose: Purpose, dollars: float, caps: Caps
    ) -> Reservation:
        deadline = time.monotonic() + self._patience_seconds
        while True:
            try:
                return spending.reserve(person, purpose, dollars, caps)
            except SetAsideError:
                late = time.monotonic() >= deadline
                if late or _is_stopped() or not self._may_end(spending.held()):
                    raise
            rest(POLL_SECONDS)

    def _may_end(self, held: frozenset[int]) -> bool:
        """Whether any reservation is recent enough to be somebody's who is still at work."""
        now = time.monotonic()
        with self._lock:
            self._first_seen = {number: self._first_seen.get(number, now) for number in held}
            return any(now - seen < self._patience_seconds for seen in self._first_seen.values())


def _is_stopped() -> bool:
    stop = heeded()
    return stop is not None and stop.is_said
