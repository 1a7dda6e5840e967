"""On whose account something billed is done, from the question down to the request."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from typing import Protocol, Self, TypeVar, runtime_checkable

from rag.domain import Finish, Prompt, TextDelta, ToolCall
from rag.protocols import ChatModel


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


def replies(
    chat: ChatModel, prompt: Prompt, besides: Account
) -> Iterator[TextDelta | ToolCall | Finish]:
    """What a model does, at the expense of the person whose account it is. Raises as the model.

    What a request says that it used is the caller's to count; one that ends without saying so is
    added to the account, at what was noted for it.
    """
    own, is_told = Account(besides.person), False
    try:
        for item in charged_to(chat, own).stream(replace(prompt, principal=besides.person)):
            is_told = is_told or (isinstance(item, Finish) and item.usage is not None)
            yield item
    finally:
        if not is_told:
            besides.add(own.dollars)
