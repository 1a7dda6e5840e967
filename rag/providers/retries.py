"""Trying again, within bounds, what may pass by itself: never once an answer has begun."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from dataclasses import dataclass
from typing import TypeVar

from rag.errors import ProviderError

T = TypeVar("T")

MAX_ATTEMPTS = 3
FIRST_WAIT_SECONDS = 0.5
LONGEST_WAIT_SECONDS = 20.0  # a server that asks for more is reported, not waited for


class TransientFault(Exception):
    """A fault that may pass by itself; `error` is what to raise when it does not."""

    def __init__(self, error: ProviderError, retry_after_seconds: float | None = None) -> None:
        super().__init__(str(error))
        self.error = error
        self.retry_after_seconds = retry_after_seconds


@dataclass(frozen=True, slots=True)
class Retries:
    """How often a request is tried, waiting in between; raises only `ProviderError`."""

    max_attempts: int = MAX_ATTEMPTS
    sleep: Callable[[float], None] = time.sleep
    longest_wait_seconds: float = LONGEST_WAIT_SECONDS

    def call(self, request: Callable[[], T]) -> T:
        """The result of `request`, tried again while its faults are transient.

        Raises:
            ProviderError: what the last attempt failed with.
        """
        for attempt in range(1, self.max_attempts + 1):
            try:
                return request()
            except TransientFault as fault:
                wait_seconds = _wait_seconds(attempt, fault.retry_after_seconds)
                if attempt == self.max_attempts or wait_seconds > self.longest_wait_seconds:
                    raise fault.error from fault
                self.sleep(wait_seconds)
        raise ValueError("max_attempts must be at least 1")

    def stream(self, request: Callable[[], Generator[T, None, None]]) -> Iterator[T]:
        """The items of `request`, which yields at least one; tried again only before the first.

        Raises:
            ProviderError: at any point of the iteration.
        """
        first, rest = self.call(lambda: _started(request()))
        try:
            with closing(rest):
                yield first
                yield from rest
        except TransientFault as fault:
            raise fault.error from fault


def _started(items: Generator[T, None, None]) -> tuple[T, Generator[T, None, None]]:
    return next(items), items


def _wait_seconds(attempt: int, retry_after_seconds: float | None) -> float:
    if retry_after_seconds is not None:
        return retry_after_seconds
    longest = FIRST_WAIT_SECONDS * 2**attempt
    return random.uniform(longest / 2, longest)  # noqa: S311 - jitter, not a secret
