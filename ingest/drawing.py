"""Draws pages that people look at; one that took too long is not drawn anew at each look."""

from __future__ import annotations

import threading
from collections import OrderedDict
from pathlib import Path

from ingest.child import TooSlowError
from ingest.recognition import Picture

MOST_REMEMBERED = 1_000


class Drawing:
    """Draws pages, and remembers the last that took too long. Safe from many threads."""

    def __init__(self, draw: Picture) -> None:
        """Files are taken to stay as they are, as stored ones do."""
        self._draw = draw
        self._too_slow: OrderedDict[tuple[Path, int], str] = OrderedDict()
        self._lock = threading.Lock()

    def __call__(self, path: Path, number: int, width_pixels: int) -> bytes:
        """A picture of a page; one that took too long is refused at once. Raises as `draw` does.

        Raises:
            TooSlowError: it takes too long, or did so before.
        """
        with self._lock:
            reason = self._too_slow.get((path, number))
        if reason is not None:
            raise TooSlowError(reason)
        try:
            return self._draw(path, number, width_pixels)
        except TooSlowError as error:
            with self._lock:
                self._too_slow[path, number] = error.reason
                if len(self._too_slow) > MOST_REMEMBERED:
                    self._too_slow.popitem(last=False)
            raise
