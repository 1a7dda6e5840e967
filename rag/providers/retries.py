"""Trying again, within bounds, what may pass by itself: never once an answer has begun."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Generator, Iterator
from contextlib import closing, contextmanager, nullcontext
from dataclasses import dataclass
from typing import TypeVar

from rag.errors import ProviderError
from rag.providers.breaker import Breaker
from rag.stopping import rest, resting

T = TypeVar("T")

MAX_ATTEMPTS = 3
FIRST_WAIT_SECONDS = 0.5
LONGEST_WAIT_SECONDS = 20.0  # a server that asks for more is reported, not waited for
LONGEST_WAITS_SECONDS = 30.0  # all attempts together: somebody sits before the page
WORTH_TELLING_SECONDS = 2.0  # a shorter wait is over before it is read about
MOST_LATE = 1.1  # times what a server asks for, so that those it sent away do not return at once


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
    sleep: Callable[[float], None] = rest
    longest_wait_seconds: float = LONGEST_WAIT_SECONDS
    breaker: Breaker | None = None

    def call(self, request: Callable[[], T]) -> T:
        """The result of `request`, tried again while its faults are transient.

        Raises:
            ProviderError: what the last attempt failed with, or that none was made.
        """
        with self._counted():
            return self._tried(request)

    def stream(self, request: Callable[[], Generator[T, None, None]]) -> Iterator[T]:
        """The items of `request`, which yields at least one; tried again only before the first.

        Raises:
            ProviderError: at any point of the iteration.
        """
        with self._counted():
            first, others = self._tried(lambda: _started(request()))
            with closing(others):
                yield first
                yield from others

    @contextmanager
    def _counted(self) -> Iterator[None]:
        """Count what happens within it, and say what a fault that did not pass comes to."""
        try:
            with self.breaker.counted(TransientFault) if self.breaker else nullcontext():
                yield
        except TransientFault as fault:
            raise fault.error from fault

    def _tried(self, request: Callable[[], T]) -> T:
        left_seconds = LONGEST_WAITS_SECONDS
        for attempt in range(1, self.max_attempts + 1):
            try:
                return request()
            except TransientFault as fault:
                wait_seconds = _wait_seconds(attempt, fault.retry_after_seconds)
                asked_seconds = fault.retry_after_seconds or 0.0
                if attempt == self.max_attempts or asked_seconds > self.longest_wait_seconds:
                    raise
                if wait_seconds > left_seconds:
                    raise
                left_seconds -= wait_seconds
                is_long = wait_seconds >= WORTH_TELLING_SECONDS
                with resting(_why(fault.error, wait_seconds)) if is_long else nullcontext():
                    self.sleep(wait_seconds)
        raise ValueError("max_attempts must be at least 1")


def _started(items: Generator[T, None, None]) -> tuple[T, Generator[T, None, None]]:
    return next(items), items


def _why(error: ProviderError, wait_seconds: float) -> str:
    """What went wrong, and when the server is asked again, in place of what to do about it."""
    wrong = str(error).split(". ")[0].rstrip(".")
    seconds = math.ceil(wait_seconds)
    return f"{wrong}. It is asked again in {seconds} second{'s' * (seconds > 1)}."


def _wait_seconds(attempt: int, retry_after_seconds: float | None) -> float:
    if retry_after_seconds is not None:
        return retry_after_seconds * random.uniform(1.0, MOST_LATE)  # noqa: S311 - no secret
    longest = FIRST_WAIT_SECONDS * 2**attempt
    return random.uniform(longest / 2, longest)  # noqa: S311 - jitter, not a secret
