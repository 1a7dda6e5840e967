"""Work in an event loop, seen from other threads."""

import asyncio
import threading
from collections.abc import AsyncGenerator, Iterator
from contextlib import closing

import pytest

from rag.providers.event_loop import CalledOffError, EventLoop
from rag.stopping import Stop, heeding


class ToldError(Exception):
    pass


def told(fault: BaseException) -> Exception:
    return ToldError(f"{type(fault).__name__}: {fault}")


class Source:
    """Gives its numbers, then waits for ever or fails; it knows when it was closed."""

    def __init__(self, *numbers: int, fault: Exception | None = None, ends: bool = True) -> None:
        self.numbers = numbers
        self.fault = fault
        self.ends = ends
        self.closed = threading.Event()

    async def items(self) -> AsyncGenerator[int, None]:
        try:
            for number in self.numbers:
                yield number
            if self.fault is not None:
                raise self.fault
            if not self.ends:
                await asyncio.Event().wait()
        finally:
            self.closed.set()


@pytest.fixture
def loop() -> Iterator[EventLoop]:
    with closing(EventLoop("test")) as opened:
        yield opened


def test_items_come_in_order_and_end(loop: EventLoop) -> None:
    assert list(loop.items(Source(1, 2, 3).items(), told, silence_seconds=5)) == [1, 2, 3]


def test_what_the_source_raises_is_told_after_what_came(loop: EventLoop) -> None:
    items = loop.items(Source(1, fault=ValueError("no")).items(), told, silence_seconds=5)

    assert next(items) == 1
    with pytest.raises(ToldError, match="ValueError: no"):
        next(items)


def test_closing_the_generator_closes_the_source(loop: EventLoop) -> None:
    source = Source(1, ends=False)
    items = loop.items(source.items(), told, silence_seconds=5)
    next(items)

    items.close()

    assert source.closed.wait(1)


def test_a_silent_source_is_given_up(loop: EventLoop) -> None:
    source = Source(1, ends=False)
    items = loop.items(source.items(), told, silence_seconds=0.05)
    next(items)

    with pytest.raises(TimeoutError):
        next(items)
    assert source.closed.wait(1)


def test_one_that_waits_while_others_go_on_is_not_silent(loop: EventLoop) -> None:
    async def slow() -> AsyncGenerator[int, None]:
        for number in range(8):
            await asyncio.sleep(0.1)
            yield number

    async def late() -> AsyncGenerator[int, None]:
        await asyncio.sleep(0.7)
        yield 1

    other = threading.Thread(
        target=lambda: list(loop.items(slow(), told, silence_seconds=5)), daemon=True
    )
    other.start()
    assert list(loop.items(late(), told, silence_seconds=0.4)) == [1]
    other.join(5)


def test_a_thread_that_is_told_to_stop_waits_no_more(loop: EventLoop) -> None:
    source, stop = Source(1, ends=False), Stop()
    with heeding(stop):
        items = loop.items(source.items(), told, silence_seconds=30)
        next(items)
        threading.Timer(0.05, stop.say).start()
        with pytest.raises(CalledOffError):
            next(items)
    assert source.closed.wait(1)


def test_one_that_was_told_to_stop_before_asks_nothing(loop: EventLoop) -> None:
    stop = Stop()
    stop.say()
    with heeding(stop), pytest.raises(CalledOffError):
        list(loop.items(Source(ends=False).items(), told, silence_seconds=30))


def test_calling_off_ends_every_stream(loop: EventLoop) -> None:
    sources = [Source(1, ends=False), Source(2, ends=False)]
    streams = [loop.items(source.items(), told, silence_seconds=30) for source in sources]
    assert [next(stream) for stream in streams] == [1, 2]

    loop.call_off()

    for stream in streams:
        with pytest.raises(CalledOffError):
            next(stream)


def test_streams_of_several_threads_run_side_by_side(loop: EventLoop) -> None:
    together = 5
    begun: list[int] = []
    all_begun = threading.Event()

    async def source(number: int) -> AsyncGenerator[int, None]:
        begun.append(number)
        if len(begun) == together:
            all_begun.set()
        while not all_begun.is_set():
            await asyncio.sleep(0)
        yield number

    found: list[int] = []
    threads = [
        threading.Thread(
            target=lambda n=n: found.extend(loop.items(source(n), told, silence_seconds=5)),
            daemon=True,
        )
        for n in range(together)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert sorted(found) == list(range(together))


def test_the_result_of_a_call_or_what_it_raised(loop: EventLoop) -> None:
    async def add(first: int, second: int) -> int:
        return first + second

    async def fail() -> None:
        raise RuntimeError("broken")

    assert loop.call(add(1, 2), told) == 3
    with pytest.raises(ToldError, match="RuntimeError: broken"):
        loop.call(fail(), told)


def test_a_closed_loop_says_so_and_leaves_no_thread() -> None:
    loop = EventLoop("soon closed")
    loop.close()
    loop.close()

    with pytest.raises(CalledOffError):
        list(loop.items(Source(1).items(), told, silence_seconds=5))
    assert "soon closed" not in [thread.name for thread in threading.enumerate()]
