"""An event loop in a thread of its own, whose work other threads wait for and can call off."""

from __future__ import annotations

import asyncio
import queue
import threading
import time
from collections.abc import AsyncGenerator, Callable, Coroutine, Generator
from concurrent.futures import CancelledError, Future
from contextlib import aclosing, suppress
from typing import Any, TypeVar

from rag.stopping import heeded

T = TypeVar("T")

END_SECONDS = 10.0  # so long what is called off may take to tidy up

Told = Callable[[BaseException], Exception]  # what to raise for what went wrong in the loop


class CalledOffError(Exception):
    """Nobody waits for it any more, or the loop has ended."""


class EventLoop:
    """Runs coroutines for threads that know nothing of them."""

    def __init__(self, name: str) -> None:
        """Start the thread; it ends with `close`, and never holds up the end of the process."""
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name=name, daemon=True)
        self._thread.start()
        self._streams: set[Future[None]] = set()
        self._came = 0.0  # when the last item of any stream did

    def call(self, work: Coroutine[Any, Any, T], told: Told) -> T:
        """The result of a coroutine.

        Raises:
            Exception: what `told` makes of what it raised.
            CalledOffError: the loop ended meanwhile.
        """
        return _result(self._begun(work), told)

    def items(
        self, source: AsyncGenerator[T, None], told: Told, *, silence_seconds: float
    ) -> Generator[T, None, None]:
        """The items of an asynchronous generator as they come.

        It is closed in the loop as soon as this generator is, or the thread is told to stop. One
        that waits while others go on is not silent.

        Raises:
            Exception: what `told` makes of what it raised.
            CalledOffError: the thread was told to stop, or the loop ended.
            TimeoutError: nothing came for so long, here or in any other stream.
        """
        arrived: queue.SimpleQueue[tuple[T, ...]] = queue.SimpleQueue()
        work = self._begun(self._pumped(source, arrived))
        self._streams.add(work)
        stop = heeded()

        def call_off() -> None:
            work.cancel()
            arrived.put(())

        if stop is not None:
            stop.open(call_off)
        try:
            while item := self._next(arrived, silence_seconds):
                yield item[0]
            _result(work, told)
        finally:
            work.cancel()
            self._streams.discard(work)
            if stop is not None:
                stop.close(call_off)

    def call_off(self) -> None:
        """End every stream that is under way."""
        for work in list(self._streams):
            work.cancel()

    def close(self) -> None:
        """Call off what is under way, and end the thread; one that hangs is left behind."""
        if self._loop.is_closed():
            return
        with suppress(TimeoutError):
            asyncio.run_coroutine_threadsafe(_all_called_off(), self._loop).result(END_SECONDS)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(END_SECONDS)
        if not self._thread.is_alive():
            self._loop.close()

    async def _pumped(
        self, source: AsyncGenerator[T, None], arrived: queue.SimpleQueue[tuple[T, ...]]
    ) -> None:
        """Put every item into the queue, and an empty one after the last."""
        try:
            async with aclosing(source) as items:
                async for item in items:
                    self._came = time.monotonic()
                    arrived.put((item,))
        finally:
            arrived.put(())

    def _next(self, arrived: queue.SimpleQueue[tuple[T, ...]], seconds: float) -> tuple[T, ...]:
        since = time.monotonic()
        while (left := max(since, self._came) + seconds - time.monotonic()) > 0:
            with suppress(queue.Empty):
                return arrived.get(timeout=left)
        raise TimeoutError(f"nothing came for {seconds:g} seconds")

    def _begun(self, work: Coroutine[Any, Any, T]) -> Future[T]:
        if self._loop.is_closed() or not self._thread.is_alive():
            work.close()
            raise CalledOffError("the loop has ended")
        return asyncio.run_coroutine_threadsafe(work, self._loop)


async def _all_called_off() -> None:
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)


def _result(work: Future[T], told: Told) -> T:
    """What the work came to; its own exception is asked for rather than caught."""
    try:
        fault = work.exception()
    except CancelledError as error:
        raise CalledOffError("nobody waits any more") from error
    if fault is None:
        return work.result()
    raise told(fault)
