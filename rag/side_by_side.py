"""Rows of a batch asked side by side, and written in their order as they are done."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from contextlib import suppress
from queue import SimpleQueue

from rag.batch import BadRow, BatchQuestion, Row, answered
from rag.stopping import Stop, heeding

TIMES_AHEAD = (
    4  # so many rows are begun for each that is worked on, so that a long one holds up none
)
Write = Callable[[Row], None]


def run_side_by_side(
    questions: Iterable[BatchQuestion | BadRow],
    answer: Callable[[BatchQuestion], Row],
    write: Write,
    at_once: int,
) -> None:
    """Answer every question, `at_once` of them at a time, each in a thread.

    A row is written as soon as it and all before it are done, however long the next question lets
    wait; `write` is called by one thread alone, never by this one. What goes wrong with a question
    is its row's `error`. Where this thread is interrupted, what is under way is stopped, and the
    rows that are done are written before it goes on, also those that others stand before.

    Raises:
        Exception: what reading the questions, or writing a row, raised.
    """
    stop, work = Stop(), _Work(write, TIMES_AHEAD * at_once)

    def ask(question: BatchQuestion | BadRow) -> Row | None:
        with heeding(stop):
            row = answered(question, answer)
        return None if stop.is_said and row["error"] is not None else row

    with (
        ThreadPoolExecutor(1, thread_name_prefix="rows written") as writer,
        ThreadPoolExecutor(at_once, thread_name_prefix="row") as pool,
    ):
        writing = writer.submit(work.write_all)
        try:
            left = iter(questions)
            while work.has_room() and (question := next(left, None)) is not None:
                work.add(pool.submit(ask, question))
            work.end()
            writing.result()
        finally:
            stop.say()
            pool.shutdown(cancel_futures=True)
            work.end()


class _Work:
    """The rows that are under way, in their order."""

    def __init__(self, write: Write, most: int) -> None:
        self._write = write
        self._room = threading.Semaphore(most)
        self._waiting: SimpleQueue[Future[Row | None] | None] = SimpleQueue()
        self._is_over = False

    def has_room(self) -> bool:
        """Wait until one more may begin; false where nobody writes any more."""
        self._room.acquire()
        return not self._is_over

    def add(self, row: Future[Row | None]) -> None:
        """Take in the next row."""
        self._waiting.put(row)

    def end(self) -> None:
        """Take in no more."""
        self._waiting.put(None)

    def write_all(self) -> None:
        """Write each row once it is done, but none that was stopped."""
        try:
            while (waiting := self._waiting.get()) is not None:
                with suppress(CancelledError):
                    row = waiting.result()
                    if row is not None:
                        self._write(row)
                self._room.release()
        finally:
            self._is_over = True
            self._room.release()
