"""On whose account something billed is done, from the question down to the request."""

from __future__ import annotations

import threading
from typing import Protocol, Self, TypeVar, runtime_checkable


class Account:
    """A person's account for one piece of work, which knows what it came to. Safe from threads."""

    def __init__(self, person: str) -> None:
        """Open it at nothing."""
        self.person = person
        self._lock = threading.Lock()
        self._dollars = 0.0

    @property
    def dollars(self) -> float:
        """What was billed so far; what is under way is not yet in it."""
        return self._dollars

    def add(self, dollars: float) -> None:
        """Say what one request did cost."""
        with self._lock:
            self._dollars += dollars


@runtime_checkable
class Payable(Protocol):
    """What bills somebody, as a rule whoever uses it by himself."""

    def charged_to(self, account: Account) -> Self:
        """The same, on this account."""


T = TypeVar("T")


def charged_to(part: T, account: Account) -> T:
    """The part on an account, if it bills anybody; else as it is."""
    return part.charged_to(account) if isinstance(part, Payable) else part
