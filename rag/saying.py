"""What is tried again and again, and fails each time for one cause, is said once."""

from __future__ import annotations

import threading
from collections.abc import Hashable

MOST_REMEMBERED = 1000


class SaidOnce:
    """Remembers what was said. Safe from many threads."""

    def __init__(self) -> None:
        self._said: dict[Hashable, set[str]] = {}
        self._lock = threading.Lock()

    def is_new(self, subject: Hashable, cause: str) -> bool:
        """Whether this was not said of the subject yet; it counts as said from now on."""
        with self._lock:
            said = self._said.setdefault(subject, set())
            if cause in said:
                return False
            if sum(map(len, self._said.values())) >= MOST_REMEMBERED:
                self._said = {subject: (said := set())}
            said.add(cause)
        return True

    def is_well(self, subject: Hashable) -> None:
        """Forget what was said of a subject: should it come again, that is news."""
        with self._lock:
            self._said.pop(subject, None)
