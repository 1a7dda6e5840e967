"""The tokens of texts by the count of the server that reads them, where it counts."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from rag.errors import ProviderError
from rag.providers.retries import TransientFault

COUNTED_AT_ONCE = 8
MOST_REMEMBERED = 5_000
REST_SECONDS = 30.0  # before a server that did not count is asked again

# Asks a server for the tokens of a text: None, or a fault, where it cannot tell.
Count = Callable[[str], int | None]


class ServerCounts:
    """Remembers what a server counted, and leaves it alone for a while once it does not."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """Nothing is known yet."""
        self._clock = clock
        self._lock = threading.Lock()
        self._asked_from = 0.0
        self._known: dict[str, int] = {}

    def of(self, texts: Sequence[str], count: Count) -> dict[str, int]:
        """The tokens of each text that the server counts now, or did before."""
        with self._lock:
            known = {text: self._known[text] for text in texts if text in self._known}
        new = [text for text in dict.fromkeys(texts) if text not in known]
        if not new or self._clock() < self._asked_from:
            return known
        with ThreadPoolExecutor(COUNTED_AT_ONCE) as pool:
            told = zip(new, pool.map(partial(self._asked, count), new), strict=True)
            found = {text: tokens for text, tokens in told if tokens is not None}
        with self._lock:
            if len(self._known) + len(found) > MOST_REMEMBERED:
                self._known = {}
            self._known |= found
        return known | found

    def _asked(self, count: Count, text: str) -> int | None:
        if self._clock() < self._asked_from:
            return None
        try:
            tokens = count(text)
        except (ProviderError, TransientFault):
            tokens = None
        if tokens is None:
            self._asked_from = self._clock() + REST_SECONDS
        return tokens
