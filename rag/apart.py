"""Running code that may hang or raise anything, such as tools, apart from what asks for it."""

from __future__ import annotations

import threading
import traceback
from collections.abc import Callable
from contextvars import copy_context
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Returned(Generic[T]):
    """What the code gave."""

    value: T


@dataclass(frozen=True, slots=True)
class Raised:
    """What the code raised instead."""

    error: BaseException

    @property
    def kind(self) -> str:
        """The name of the exception's type, which tells no secrets."""
        return type(self.error).__name__

    def line_in(self, path: str | None) -> int | None:
        """The last line of a file that was run; None where nothing of it was."""
        if path is None:
            return None
        if isinstance(self.error, SyntaxError) and self.error.filename == path:
            return self.error.lineno
        frames = traceback.extract_tb(self.error.__traceback__)
        lines = [frame.lineno for frame in frames if Path(frame.filename) == Path(path)]
        return lines[-1] if lines else None


def run_apart(work: Callable[[], T], limit_seconds: float) -> Returned[T] | Raised:
    """Run some work in a thread of its own; the program may end before it does.

    It sees the context variables of the thread that asks, such as whom that heeds.

    Raises:
        TimeoutError: it takes longer than the limit; it is left to itself then.
    """
    outcomes: SimpleQueue[Returned[T] | Raised] = SimpleQueue()
    context = copy_context()

    def attempt() -> None:
        try:
            outcomes.put(Returned(context.run(work)))
        except (Exception, SystemExit) as error:  # noqa: BLE001 - the code is not ours
            outcomes.put(Raised(error))

    threading.Thread(target=attempt, name="apart", daemon=True).start()
    try:
        return outcomes.get(timeout=limit_seconds)
    except Empty as error:
        raise TimeoutError(f"{limit_seconds} seconds have passed.") from error
