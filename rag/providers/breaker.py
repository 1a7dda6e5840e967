"""A server that fails again and again is left alone for a while, and whoever asks is told so."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rag.errors import (
    InvalidReplyError,
    NotBegunError,
    ProviderError,
    RateLimitError,
    UnavailableError,
)

MAX_FAULTS = 5
REST_SECONDS = 20.0

_COUNTED = (UnavailableError, RateLimitError)


class Breaker:
    """Counts faults in a row; after the last one allowed it refuses, then lets one request try.

    Only a server that fails or has too much to do counts: a refused key or prompt is an answer,
    and a reply that makes no sense counts neither way.
    """

    def __init__(
        self,
        name: str,
        *,
        max_faults: int = MAX_FAULTS,
        rest_seconds: float = REST_SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Take the server's name as it begins a sentence, and what is too much for it."""
        self._name = name
        self._max_faults = max_faults
        self._rest_seconds = rest_seconds
        self._clock = clock
        self._lock = threading.Lock()
        self._faults = 0
        self._closed_until = 0.0
        self._is_tried = False

    @contextmanager
    def counted(self, *passing: type[Exception]) -> Iterator[None]:
        """A request within it counts; so do faults of the kinds that may pass by themselves.

        Raises:
            NotBegunError: the server is left alone for now; nothing was asked of it.
        """
        kinds: tuple[type[Exception], ...] = (*_COUNTED, *passing)
        tries = self._admit()
        try:
            yield
        except kinds:
            self._fail()
            raise
        except InvalidReplyError:
            raise
        except ProviderError:
            self._recover()
            raise
        else:
            self._recover()
        finally:
            if tries:
                self._end_trial()

    def _admit(self) -> bool:
        """Let a request pass; whether it is the one that tries out a server that had failed."""
        with self._lock:
            if self._faults < self._max_faults:
                return False
            left = self._closed_until - self._clock()
            if left > 0 or self._is_tried:
                raise NotBegunError(
                    f"{self._name} failed {self._faults} times in a row and is left alone for "
                    f"now. Try again in {max(math.ceil(left), 1)} seconds, or choose another model."
                )
            self._is_tried = True
            return True

    def _fail(self) -> None:
        with self._lock:
            self._faults += 1
            self._closed_until = self._clock() + self._rest_seconds

    def _recover(self) -> None:
        with self._lock:
            self._faults = 0

    def _end_trial(self) -> None:
        with self._lock:
            self._is_tried = False
