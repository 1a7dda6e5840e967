"""Reads files in processes of their own, which can be ended: a hostile file costs only itself."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

from ingest.answer import Answer
from ingest.child import DID_NOT_START, TICK_SECONDS, CancelledError, Child, SandboxLimits
from ingest.loaded import LoadedDocument
from rag.domain import DocumentState
from rag.errors import DocumentError

# `site` is left out: the paths that it finds are handed over, and it costs a third of the start.
COMMAND = (sys.executable, "-S", "-P", "-X", "utf8", "-m", "ingest.worker")
ODD_STATES = frozenset({DocumentState.DAMAGED, DocumentState.FAILED})

_Result = TypeVar("_Result")


def _ignore(_done: int, _total: int) -> None:
    pass


class Sandbox:
    """Up to `workers` processes that read files, started when first needed; to be closed.

    May be used from several threads; each call waits for a process that is free. A process serves
    many files, and makes way for a new one after anything odd.
    """

    def __init__(
        self,
        workers: int,
        limits: SandboxLimits | None = None,
        *,
        command: Sequence[str] = COMMAND,
    ) -> None:
        self._limits = limits or SandboxLimits()
        self._command = command
        self._workers = workers
        self._free: list[Child | None] = [None] * workers
        self._changed = threading.Condition()
        self._closed = threading.Event()
        # Linux ends a process with the thread that started it: this one lives as long as we do.
        self._starter = ThreadPoolExecutor(1, "sandbox")

    def read(
        self,
        path: Path,
        name: str,
        *,
        max_pages: int,
        progress: Callable[[int, int], None] = _ignore,
        cancelled: threading.Event | None = None,
    ) -> LoadedDocument:
        """Read a file as `ingest.loaders.load.load` does; `progress` comes now and then.

        What `progress` raises ends the reading and is raised here.

        Raises:
            DocumentError: the file gives nothing, or takes too much; its state says why.
            OSError: the file is not there or may not be read.
            CancelledError: `cancelled` was set, or the sandbox was closed.
        """
        request = {"task": "read", "name": name, "max_pages": max_pages}
        return self._ask(path, request, Answer.document, progress, cancelled)

    def image(
        self,
        path: Path,
        number: int,
        width_pixels: int,
        *,
        cancelled: threading.Event | None = None,
    ) -> bytes:
        """A grey picture of a page, counted from 1, of about that width, for OCR.

        Raises:
            NotFoundError: there is no page of that number.
            DocumentError: the page cannot be drawn, or takes too much.
            OSError: the file is not there or may not be read.
            CancelledError: `cancelled` was set, or the sandbox was closed.
        """
        request = {"task": "image", "number": number, "width_pixels": width_pixels}
        return self._ask(path, request, Answer.image, _ignore, cancelled)

    def page(self, path: Path, number: int, width_pixels: int) -> bytes:
        """A JPEG image of a page as displayed, counted from 1. Raises as `image`."""
        request = {"task": "page", "number": number, "width_pixels": width_pixels}
        return self._ask(path, request, Answer.image, _ignore, None)

    def close(self) -> None:
        """End all processes, also those that are reading, and wait until that is done."""
        self._closed.set()
        with self._changed:
            self._changed.wait_for(lambda: len(self._free) == self._workers)
            for child in self._free:
                if child is not None:
                    child.close()
            self._free = [None] * self._workers
        self._starter.shutdown()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _ask(
        self,
        path: Path,
        request: Mapping[str, object],
        understand: Callable[[Answer], _Result],
        progress: Callable[[int, int], None],
        cancelled: threading.Event | None,
    ) -> _Result:
        def check() -> None:
            if self._closed.is_set() or (cancelled is not None and cancelled.is_set()):
                raise CancelledError

        whole = {**request, "path": str(path.absolute())}
        with self._borrowed(check) as child:
            try:
                return understand(child.ask(whole, progress, check))
            except DocumentError as error:
                child.is_fit = child.is_fit and error.state not in ODD_STATES
                raise

    @contextmanager
    def _borrowed(self, check: Callable[[], None]) -> Iterator[Child]:
        child = self._take(check)
        try:
            if child is not None and not child.is_alive:
                child.close()
                child = None
            if child is None:
                child = self._start()
                child.wait_until_ready(check)
            yield child
        finally:
            self._give_back(child)

    def _take(self, check: Callable[[], None]) -> Child | None:
        """A process that is free, or the right to start one."""
        with self._changed:
            while True:
                check()
                if self._free:
                    return self._free.pop()
                self._changed.wait(TICK_SECONDS)

    def _start(self) -> Child:
        try:
            return self._starter.submit(Child, self._command, self._limits).result()
        except OSError as error:
            raise DocumentError(DocumentState.FAILED, DID_NOT_START) from error

    def _give_back(self, child: Child | None) -> None:
        if child is not None and not child.is_fit:
            child.close()
            child = None
        with self._changed:
            # Those that run are taken first.
            self._free.insert(0 if child is None else len(self._free), child)
            self._changed.notify_all()
