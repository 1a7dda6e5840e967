"""Files waiting to be taken in, one after the other, by one thread."""

from __future__ import annotations

import itertools
import logging
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from queue import Empty, SimpleQueue

from ingest.pipeline import READABLE, Ingestor, Progress, Stage
from rag.domain import Library
from rag.errors import RagError

logger = logging.getLogger(__name__)

REMEMBERED_JOBS = 200
JOIN_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Job:
    """A file on its way in: `done` of `total` pages or chunks; at the end, `outcome` in words."""

    id: int
    name: str
    stage: Stage
    done: int = 0
    total: int = 0
    outcome: str = ""
    document_id: str | None = None


@dataclass(frozen=True, slots=True)
class _Task:
    id: int
    path: Path
    keep: bool


class _Closing(Exception):
    """The program ends: stop between two pages."""


class IngestQueue:
    """Takes files in behind the page. Safe from many threads."""

    def __init__(self, ingestor: Ingestor, library: Callable[[], Library]) -> None:
        """Start waiting for files; `library` says where they go when their turn comes."""
        self._ingestor = ingestor
        self._library = library
        self._numbers = itertools.count(1)
        self._lock = threading.Lock()
        self._jobs: dict[int, Job] = {}
        self._tasks: SimpleQueue[_Task | None] = SimpleQueue()
        self._closed = False
        self._thread = threading.Thread(target=self._run, name="ingest", daemon=True)
        self._thread.start()

    def submit(self, path: Path, name: str, *, keep: bool = False) -> int:
        """Queue a file and return the number of its job.

        The file is deleted once it is in the library's own store, unless it is to be kept.
        """
        number = next(self._numbers)
        with self._lock:
            self._jobs[number] = Job(number, name, Stage.WAITING)
            for old in list(self._jobs)[:-REMEMBERED_JOBS]:
                if self._jobs[old].stage in (Stage.DONE, Stage.FAILED):
                    del self._jobs[old]
        self._tasks.put(_Task(number, path, keep))
        return number

    def jobs(self) -> list[Job]:
        """Every job that is remembered, in the order of submission."""
        with self._lock:
            return list(self._jobs.values())

    def close(self) -> None:
        """Stop after the page that is being read; files that still wait are not taken in."""
        self._closed = True
        self._tasks.put(None)
        self._thread.join(timeout=JOIN_SECONDS)
        with suppress(Empty):
            while True:
                if task := self._tasks.get_nowait():
                    _discard(task)

    def _run(self) -> None:
        while (task := self._tasks.get()) is not None:
            if self._closed:
                _discard(task)
                continue
            try:
                self._take_in(task)
            except _Closing:
                return
            except RagError as error:
                self._update(task.id, stage=Stage.FAILED, outcome=str(error))
            except Exception:  # a fault of ours must cost one file, never the queue
                logger.exception("taking in a file failed")
                self._update(
                    task.id,
                    stage=Stage.FAILED,
                    outcome="Something went wrong inside Tramontane. The log says what.",
                )
            finally:
                _discard(task)

    def _take_in(self, task: _Task) -> None:
        name = self._jobs[task.id].name
        added = self._ingestor.add(
            task.path, self._library(), name, report=partial(self._report, task.id)
        )
        document = added.document
        stage = Stage.DONE if document.state in READABLE else Stage.FAILED
        self._update(task.id, stage=stage, outcome=added.sentence, document_id=document.id)

    def _report(self, number: int, progress: Progress) -> None:
        if self._closed:
            raise _Closing
        self._update(number, stage=progress.stage, done=progress.done, total=progress.total)

    def _update(
        self,
        number: int,
        *,
        stage: Stage,
        done: int = 0,
        total: int = 0,
        outcome: str = "",
        document_id: str | None = None,
    ) -> None:
        with self._lock:
            self._jobs[number] = replace(
                self._jobs[number],
                stage=stage,
                done=done,
                total=total,
                outcome=outcome,
                document_id=document_id,
            )


def _discard(task: _Task) -> None:
    """Delete a file that was handed over; that it cannot be must not stop the queue."""
    if task.keep:
        return
    try:
        task.path.unlink(missing_ok=True)
    except OSError as error:
        logger.warning("%s cannot be deleted (%s)", task.path, error.strerror)
