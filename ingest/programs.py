"""Programs of others that are run for one picture each, and do not outlive the work on it."""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from ingest.child import CancelledError


class Programs:
    """Starts programs; once closed, those that run are ended and no other starts.

    Each is in a session of its own: a Ctrl+C at the terminal is ours to act on, and does not end a
    program in the middle of its page as if the page had broken it. Safe from many threads.
    """

    def __init__(self) -> None:
        self._running: set[subprocess.Popen[bytes]] = set()
        self._lock = threading.Lock()
        self._closed = threading.Event()

    @contextmanager
    def started(
        self, command: Sequence[str], environment: Mapping[str, str]
    ) -> Iterator[subprocess.Popen[bytes]]:
        """A program at work with all three streams open, waited for at the end.

        Raises:
            CancelledError: this was closed, before or meanwhile: what it printed is not whole.
            OSError: it cannot be started.
        """
        with self._lock:
            if self._closed.is_set():
                raise CancelledError
            process = subprocess.Popen(  # noqa: S603 - whoever calls found it and made its options
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env=environment,
                start_new_session=True,
            )
            self._running.add(process)
        try:
            with process:
                yield process
        finally:
            with self._lock:
                self._running.discard(process)
        if self._closed.is_set() and process.returncode:
            raise CancelledError

    def close(self) -> None:
        """End those that run; whoever waits for one gets a `CancelledError`."""
        with self._lock:
            self._closed.set()
            for process in self._running:
                process.kill()
