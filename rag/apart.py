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

from rag.errors import InvalidReplyError
from rag.stopping import heeded

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
        InvalidReplyError: the thread that asks was told to stop; it is left to itself, too.
    """
    outcomes: SimpleQueue[Returned[T] | Raised | None] = SimpleQueue()
    context, stop = copy_context(), heeded()

    def attempt() -> None:
        try:
            outcomes.put(Returned(context.run(work)))
        except (Exception, SystemExit) as error:  # noqa: BLE001 - the code is not ours
            outcomes.put(Raised(error))

    def hang_up() -> None:
        outcomes.put(None)

    threading.Thread(target=attempt, name="apart", daemon=True).start()
    if stop is not None:
        stop.open(hang_up)
    try:
        outcome = outcomes.get(timeout=limit_seconds)
    except Empty as error:
        raise TimeoutError(f"{limit_seconds} seconds have passed.") from error
    finally:
        if stop is not None:
            stop.close(hang_up)
    if outcome is None:
        raise InvalidReplyError("The answer was stopped. Ask again.")
    return outcome
