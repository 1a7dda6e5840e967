"""Files waiting to be taken in, one after the other, by one thread.

What is handed over lies in the folder of incoming files until the library has it, or has recorded
why it cannot be read, or the user gives it up. So neither a crash nor a clean stop loses one.
"""

from __future__ import annotations

import itertools
import logging
import threading
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from queue import SimpleQueue

from ingest.incoming import MOST_ATTEMPTS, Incoming, Waiting
from ingest.pipeline import READABLE, Ingestor, Progress, Stage
from rag.domain import Document, Library
from rag.errors import RagError

logger = logging.getLogger(__name__)

REMEMBERED_JOBS = 200
JOIN_SECONDS = 10.0
POISON = (
    f"Tramontane ended {MOST_ATTEMPTS} times while it read this file, so it is left alone. Try it "
    "again, or dismiss it."
)


@dataclass(frozen=True, slots=True)
class Job:
    """A file on its way in: `done` of `total` pages or chunks; at the end, `outcome` in words.

    One that failed and left no document can be tried again, for as long as it is not dismissed.
    """

    id: int
    name: str
    stage: Stage
    done: int = 0
    total: int = 0
    outcome: str = ""
    document_id: str | None = None

    @property
    def has_ended(self) -> bool:
        """Whether nothing more happens to the file by itself."""
        return self.stage in (Stage.DONE, Stage.FAILED)

    @property
    def is_lost(self) -> bool:
        """Whether it failed and nothing of it is in the library."""
        return self.stage is Stage.FAILED and self.document_id is None


Recorded = Callable[[Document], None]


def _ignore(_document: Document) -> None:
    pass


@dataclass(frozen=True, slots=True)
class _Task:
    """A file to take in; `waiting` says where it waits, None for one that stays its owner's."""

    id: int
    path: Path
    waiting: Waiting | None
    recorded: Recorded = _ignore


class _Closing(Exception):
    """The program ends: stop between two pages."""


class IngestQueue:
    """Takes files in behind the page. Safe from many threads."""

    def __init__(
        self, ingestor: Ingestor, library: Callable[[], Library], incoming: Incoming
    ) -> None:
        """Wait for files; `library` says where they go when their turn comes."""
        self.incoming = incoming
        self._ingestor = ingestor
        self._library = library
        self._lock = threading.Lock()
        self._changed = threading.Condition(self._lock)
        self._jobs: dict[int, Job] = {}
        self._lost: dict[int, _Task] = {}  # whose files are kept, to be tried again
        self._tasks: SimpleQueue[_Task | None] = SimpleQueue()
        self._closed = False
        last = max((file.number for file in incoming.waiting()), default=0)
        self._numbers = itertools.count(last + 1)
        self._thread = threading.Thread(target=self._run, name="ingest", daemon=True)
        self._thread.start()

    def resume(self) -> None:
        """Queue what an earlier start accepted and did not take in; call it once, and first."""
        for file in self.incoming.waiting():
            task = _Task(file.number, file.path, file)
            job = Job(file.number, file.name, Stage.WAITING)
            if file.is_poison:
                job = replace(job, stage=Stage.FAILED, outcome=POISON)
            with self._lock:
                self._jobs[file.number] = job
                if file.is_poison:
                    self._lost[file.number] = task
            if not file.is_poison:
                self._tasks.put(task)

    def submit(
        self, path: Path, name: str, *, keep: bool = False, recorded: Recorded = _ignore
    ) -> int:
        """Queue a file and return the number of its job.

        The file is moved among the incoming ones, unless it is to be kept where it is: once this
        returns it is taken in, if need be by the next start, or stays until it is dismissed.
        `recorded` is called once the library has a document of it, readable or not.

        Raises:
            StoreError: it cannot be moved there.
        """
        number = next(self._numbers)
        waiting = None if keep else self.incoming.accept(path, number, name)
        with self._lock:
            self._jobs[number] = Job(number, name, Stage.WAITING)
            jobs = [self._jobs[old] for old in list(self._jobs)[:-REMEMBERED_JOBS]]
        for job in jobs:
            if job.has_ended and not job.is_lost:
                self.dismiss(job.id)
        self._tasks.put(_Task(number, waiting.path if waiting else path, waiting, recorded))
        return number

    def retry(self, number: int) -> None:
        """Queue a file once more that could not be taken in; any other is left as it is."""
        with self._lock:
            task = self._lost.pop(number, None)
            if task is None:
                return
            self._jobs[number] = Job(number, self._jobs[number].name, Stage.WAITING)
        self._tasks.put(task)

    def dismiss(self, number: int) -> None:
        """Forget a job that has ended, with the file that was kept for it."""
        with self._lock:
            if number not in self._jobs or not self._jobs[number].has_ended:
                return
            del self._jobs[number]
            task = self._lost.pop(number, None)
        if task is not None:
            self._discard(task)

    def jobs(self) -> list[Job]:
        """Every job that is remembered, in the order of submission."""
        with self._lock:
            return list(self._jobs.values())

    def wait(self, numbers: Collection[int]) -> list[Job]:
        """Wait until these jobs have ended, or the queue is closed; those that have ended."""
        with self._changed:
            self._changed.wait_for(
                lambda: (
                    self._closed
                    or all(job.has_ended for job in self._jobs.values() if job.id in numbers)
                )
            )
            jobs = [self._jobs[number] for number in numbers if number in self._jobs]
        return [job for job in jobs if job.has_ended]

    def close(self) -> None:
        """Stop after the page that is being read; files that still wait are for the next start."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        self._tasks.put(None)
        self._thread.join(timeout=JOIN_SECONDS)

    def _run(self) -> None:
        while (task := self._tasks.get()) is not None and not self._closed:
            try:
                self._take_in(self._begun(task))
            except _Closing:
                self._ended(task)
                return
            except RagError as error:
                self._lose(task, str(error))
            except Exception:  # a fault of ours must cost one file, never the queue
                logger.exception("taking in a file failed")
                self._lose(task, "Something went wrong inside Tramontane. The log says what.")

    def _begun(self, task: _Task) -> _Task:
        waiting = task.waiting
        return task if waiting is None else replace(task, waiting=self.incoming.begin(waiting))

    def _ended(self, task: _Task) -> _Task:
        waiting = task.waiting
        return task if waiting is None else replace(task, waiting=self.incoming.end(waiting))

    def _discard(self, task: _Task) -> None:
        if task.waiting is not None:
            self.incoming.discard(task.waiting)

    def _lose(self, task: _Task, reason: str) -> None:
        ended = self._ended(task)
        with self._lock:
            self._lost[task.id] = ended
        self._update(task.id, stage=Stage.FAILED, outcome=reason)

    def _take_in(self, task: _Task) -> None:
        name = self._jobs[task.id].name
        self._update(task.id, stage=Stage.READING)
        added = self._ingestor.add(
            task.path, self._library(), name, report=partial(self._report, task.id)
        )
        document = added.document
        task.recorded(document)
        self._discard(task)
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
        with self._changed:
            self._jobs[number] = replace(
                self._jobs[number],
                stage=stage,
                done=done,
                total=total,
                outcome=outcome,
                document_id=document_id,
            )
            self._changed.notify_all()
