"""Reading a slow iterator in a thread of its own.

Gradio cannot stop a generator that waits for a model, and while one waits nobody else's answers
go on. So the waiting is done elsewhere, and the page's generator is never silent for long.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Generator, Iterator
from queue import Empty, SimpleQueue
from typing import TypeVar

from rag.errors import RagError
from rag.stopping import Hear, Stop, hearing, heeding

Item = TypeVar("Item")


class _End:
    """Follows the last item; carries the expected failure that ended the iteration."""

    def __init__(self, failure: RagError | None) -> None:
        self.failure = failure


class Rests:
    """Why what is read in another thread waits now; `why` is empty while it does not."""

    why = ""

    def hear(self, why: str) -> None:
        """Take in why it waits, or "" that it goes on."""
        self.why = why


def in_batches(
    items: Iterator[Item], *, every: float, at_least_every: float, hear: Hear | None = None
) -> Generator[list[Item]]:
    """Yield what has arrived: at most once in `every` seconds, empty when nothing has for long.

    Closing the generator hangs up on the model's server, and then closes `items`. `hear` is called
    by the thread that reads them, with why it waits for a server and "" once it goes on.

    Raises:
        RagError: as `items` does, once what came before has been yielded.
    """
    arrived: SimpleQueue[Item | _End] = SimpleQueue()
    stop = Stop()
    reading = (items, arrived, stop, hear or Rests().hear)
    threading.Thread(target=_read, args=reading, name="answer", daemon=True).start()
    try:
        while True:
            batch, end = _collect(arrived, every, at_least_every)
            if batch or end is None:
                yield batch
            if end is not None:
                if end.failure is not None:
                    raise end.failure
                return
    finally:
        stop.say()


def _read(items: Iterator[Item], arrived: SimpleQueue[Item | _End], stop: Stop, hear: Hear) -> None:
    failure = None
    try:
        with heeding(stop), hearing(hear):
            for item in items:
                if stop.is_said:
                    if isinstance(items, Generator):
                        items.close()  # whoever else still holds it, such as a traceback
                    return
                arrived.put(item)
    except RagError as error:
        failure = error
    finally:
        arrived.put(_End(failure))


def _collect(
    arrived: SimpleQueue[Item | _End], every: float, at_least_every: float
) -> tuple[list[Item], _End | None]:
    """The items of the next `every` seconds after the first one, and the end if it was reached."""
    batch: list[Item] = []
    until = time.monotonic() + at_least_every
    while (left := until - time.monotonic()) > 0:
        try:
            item = arrived.get(timeout=left)
        except Empty:
            break
        if isinstance(item, _End):
            return batch, item
        if not batch:
            until = time.monotonic() + every
        batch.append(item)
    return batch, None
