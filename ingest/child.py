"""A process that reads files, seen from the application: asked, watched, and ended if need be.

Nothing it says is trusted: the file that it reads may have taken it over.
"""

from __future__ import annotations

import logging
import os
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import IO

from pydantic import TypeAdapter, ValidationError

from ingest.answer import NO_SENSE, TOO_HUNGRY, Answer
from ingest.wire import FrameReader, Kind, TooLongError, WireError, pack, write
from rag.domain import DocumentState
from rag.errors import DocumentError

TICK_SECONDS = 0.1  # between two looks whether the answer is still wanted
START_SECONDS = 60.0
ENDING_SECONDS = 1.0  # between its last word and its end
PIECE_BYTES = 1 << 18
MAX_PRINTED_BYTES = 16_000  # of what it prints, for the log
MAX_FIGURES_BYTES = 4_000_000  # of progress, and of errors
MEMORY_SIGNS = (b"MemoryError", b"bad_alloc", b"ut of memory")
TIME_SIGNALS = (-signal.SIGXCPU, -signal.SIGALRM)
TOO_SLOW = (
    "Reading the file took longer than {:.0f} seconds, so it was stopped. "
    "Split it, or save it in another format, and add it again."
)
BROKE_DOWN = (
    "The program that reads it broke down on this file, which is probably damaged. "
    "Save it again with the program that made it, and add it again."
)
TOO_LONG = {
    Kind.DOCUMENT: "The file holds more text than can be taken in. Split it and add the parts.",
    Kind.CONTENT: "The files in it are larger than can be taken in. Add them one by one.",
}
DID_NOT_START = (
    "The program that reads files could not be started. Try again; the log says what happened."
)

_ROOT = Path(__file__).parents[1]
_FIGURES = TypeAdapter(tuple[int, int])
_NUMBER = TypeAdapter(int)
_logger = logging.getLogger(__name__)


class TooSlowError(DocumentError):
    """Reading a file, or drawing a page of it, took longer than is allowed."""

    def __init__(self, reason: str) -> None:
        super().__init__(DocumentState.FAILED, reason)


@dataclass(frozen=True, slots=True)
class SandboxLimits:
    """What reading one file may take, and how long one process is used.

    A file has `idle_seconds` for each step, and in all `page_seconds` more for each of its pages,
    up to `most_seconds`. `memory_bytes` are beyond what the process has before it reads.
    A process that has read `files`, or keeps more than `kept_bytes`, makes way for a new one.
    """

    idle_seconds: float = 30.0
    page_seconds: float = 0.15
    most_seconds: float = 300.0
    memory_bytes: int = 1 << 30
    text_bytes: int = 64_000_000
    attachment_bytes: int = 200_000_000
    image_bytes: int = 64_000_000
    files: int = 100
    kept_bytes: int = 400_000_000


class CancelledError(Exception):
    """Reading was ended because its result is not wanted any more."""


@dataclass(slots=True)
class _Clock:
    """How long a file may still take."""

    limits: SandboxLimits
    start: float = field(default_factory=time.monotonic)
    last: float = field(default_factory=time.monotonic)
    done: int = 0
    for_pages: float = 0.0

    def hear(self, done: int, total: int) -> None:
        """Only a page more than ever before is progress."""
        if done > self.done:
            self.done, self.last = done, time.monotonic()
            self.for_pages = total * self.limits.page_seconds

    @property
    def left(self) -> float:
        limits = self.limits
        whole = min(limits.idle_seconds + self.for_pages, limits.most_seconds)
        return min(self.start + whole, self.last + limits.idle_seconds) - time.monotonic()

    @property
    def too_slow(self) -> TooSlowError:
        taken = max(time.monotonic() - self.start, 1.0)
        return TooSlowError(TOO_SLOW.format(taken))


class Child:
    """One process, to be closed; it is asked one thing at a time.

    It may be asked again as long as it `is_fit`: nothing odd happened, and it has not grown.
    """

    is_fit: bool

    def __init__(self, command: Sequence[str], limits: SandboxLimits) -> None:
        """Start it: its life ends with that of the thread in which this happens."""
        self.is_fit = False
        self._limits = limits
        self._files = 0
        self._printed = bytearray()
        self._process = subprocess.Popen(  # noqa: S603 - our own program
            [*command, str(limits.memory_bytes)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            bufsize=0,
            env=_environment(),
            cwd="/",
            start_new_session=True,
        )
        self._questions, self._answers, self._prints = _streams(self._process)
        self._selector = selectors.DefaultSelector()
        for stream in (self._answers, self._prints):
            os.set_blocking(stream.fileno(), False)
            self._selector.register(stream, selectors.EVENT_READ)

    @property
    def is_alive(self) -> bool:
        """Whether it can be asked at all."""
        return self._process.poll() is None

    def wait_until_ready(self, check: Callable[[], None]) -> None:
        """Wait until it has started; `check` is called often, and may raise.

        Raises:
            DocumentError: it did not start.
        """
        patience = replace(self._limits, idle_seconds=START_SECONDS, most_seconds=START_SECONDS)
        try:
            next(self._frames(FrameReader({Kind.READY: 0}), _Clock(patience), check))
        except DocumentError as error:
            _logger.error("A process that reads files did not start: %s", self.printed)
            raise DocumentError(DocumentState.FAILED, DID_NOT_START) from error
        self.is_fit = True

    def ask(
        self,
        request: Mapping[str, object],
        progress: Callable[[int, int], None],
        check: Callable[[], None],
    ) -> Answer:
        """The answer; `check` is called often, and may raise, as may `progress`.

        Raises:
            DocumentError: there is none, and the process has ended or is to be ended.
        """
        self.is_fit = False
        self._files += 1
        self._printed.clear()
        with suppress(BrokenPipeError):  # then there is no answer either
            content = pack({**request, "seconds": self._limits.most_seconds})
            write(self._questions, Kind.REQUEST, content)
        try:
            return self._answer(progress, check)
        except ValidationError as error:
            raise DocumentError(DocumentState.FAILED, NO_SENSE) from error

    def _answer(self, progress: Callable[[int, int], None], check: Callable[[], None]) -> Answer:
        clock = _Clock(self._limits)
        results: list[tuple[Kind, bytes]] = []
        for kind, content in self._frames(self._reader(), clock, check):
            if kind is Kind.PROGRESS:
                done, total = _FIGURES.validate_json(content)
                clock.hear(done, total)
                progress(done, total)
            elif kind is not Kind.END:
                results.append((kind, content))
            elif results and all(kind is Kind.CONTENT for kind, _ in results[1:]):
                resident = _NUMBER.validate_json(content)
                fresh = self._files < self._limits.files
                sound = results[0][0] is not Kind.OUT_OF_MEMORY
                self.is_fit = sound and fresh and resident <= self._limits.kept_bytes
                return Answer(*results[0], tuple(content for _, content in results[1:]))
            else:
                break
        raise DocumentError(DocumentState.FAILED, NO_SENSE)

    def _reader(self) -> FrameReader:
        limits = self._limits
        figures = (Kind.PROGRESS, Kind.REFUSED, Kind.NOT_FOUND, Kind.OS_ERROR, Kind.END)
        return FrameReader(
            {
                **dict.fromkeys(figures, MAX_FIGURES_BYTES),
                Kind.OUT_OF_MEMORY: 0,
                Kind.DOCUMENT: limits.text_bytes,
                Kind.CONTENT: limits.attachment_bytes,
                Kind.IMAGE: limits.image_bytes,
            }
        )

    def _frames(
        self, reader: FrameReader, clock: _Clock, check: Callable[[], None]
    ) -> Iterator[tuple[Kind, bytes]]:
        try:
            for piece in self._pieces(clock, check):
                yield from reader.feed(piece)
        except TooLongError as error:
            sentence = TOO_LONG.get(error.kind, NO_SENSE)
            state = DocumentState.TOO_LARGE if error.kind in TOO_LONG else DocumentState.FAILED
            raise DocumentError(state, sentence) from error
        except WireError as error:
            raise DocumentError(DocumentState.FAILED, NO_SENSE) from error
        raise self._reason_of_its_end(clock)

    def _pieces(self, clock: _Clock, check: Callable[[], None]) -> Iterator[bytes]:
        while True:
            check()
            left = clock.left
            if left <= 0:
                raise clock.too_slow
            for key, _ in self._selector.select(min(TICK_SECONDS, left)):
                piece = os.read(key.fd, PIECE_BYTES)
                if key.fileobj is self._prints:
                    self._keep_printed(piece)
                elif piece:
                    yield piece
                else:
                    return

    def _keep_printed(self, piece: bytes) -> None:
        if not piece:
            self._selector.unregister(self._prints)
        self._printed += piece[: MAX_PRINTED_BYTES - len(self._printed)]

    def _reason_of_its_end(self, clock: _Clock) -> DocumentError:
        try:
            code = self._process.wait(ENDING_SECONDS)
        except subprocess.TimeoutExpired:
            return DocumentError(DocumentState.FAILED, NO_SENSE)
        with suppress(BlockingIOError):
            self._printed += self._prints.read(MAX_PRINTED_BYTES) or b""
        if code in TIME_SIGNALS:
            return clock.too_slow
        # pdfium aborts without a word when it is out of memory; others have something to say.
        speechless = code == -signal.SIGABRT and not self._printed
        short = code == -signal.SIGKILL or any(sign in self._printed for sign in MEMORY_SIGNS)
        if speechless or short:
            return DocumentError(DocumentState.TOO_LARGE, TOO_HUNGRY)
        if code < 0:
            return DocumentError(DocumentState.DAMAGED, BROKE_DOWN)
        return DocumentError(DocumentState.FAILED, NO_SENSE)

    @property
    def printed(self) -> str:
        """The beginning of what it printed on its last file; it may quote the file."""
        return self._printed.decode(errors="replace").strip()

    def close(self) -> None:
        """End it, with all it started."""
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        if self._printed:
            _logger.debug("A process that reads files printed: %s", self.printed)
        self._selector.close()
        for stream in (self._questions, self._answers, self._prints):
            with suppress(BrokenPipeError):
                stream.close()


def _environment() -> dict[str, str]:
    """Nothing of ours, keys above all, but where to find Python's modules and our own."""
    folders = [str(_ROOT), *(str(Path(folder).absolute()) for folder in sys.path if folder)]
    return {
        "PATH": os.defpath,
        "LANG": "C.UTF-8",
        "PYTHONPATH": os.pathsep.join(dict.fromkeys(folders)),
        # Threads would take address space by the number of processors.
        "OPENBLAS_NUM_THREADS": "1",
        "OMP_NUM_THREADS": "1",
    }


def _streams(process: subprocess.Popen[bytes]) -> tuple[IO[bytes], IO[bytes], IO[bytes]]:
    if process.stdin is None or process.stdout is None or process.stderr is None:
        raise ValueError("a process that reads files needs all three streams")
    return process.stdin, process.stdout, process.stderr
