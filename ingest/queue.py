"""Files waiting to be taken in: durable jobs in the catalog, worked on by threads.

Words first: threads read whatever waits; when nothing does, two give documents their vectors, and
take turns with the model. A job survives the process; many processes may work on one queue.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Collection
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path

from ingest.attachments import display_name
from ingest.child import CancelledError
from ingest.incoming import Incoming, size_of
from ingest.intake import Intake
from ingest.outcomes import PASSING, READABLE, REFUSED
from ingest.pipeline import Progress, Report
from ingest.taken import DISPLACED, Added, added_after
from ingest.within import NESTED, Within, with_left_out
from rag.domain import Document, DocumentState, Library
from rag.errors import EmbeddingMismatchError, NotFoundError, RagError, StoreError
from rag.intake import NOWHERE, Job, Origin, Stage
from rag.saying import SaidOnce
from rag.store.holds import Held, LostHoldError, new_holder
from rag.store.jobs import CANCEL, CONFIRMED, MOST_ATTEMPTS, REMOVED
from rag.store.rows import storable

logger = logging.getLogger(__name__)

JOIN_SECONDS = 10.0
POLL_SECONDS = 1.0  # how soon jobs of other processes are noticed
LOOK_SECONDS = 0.1  # how soon it is noticed that a job has ended
REPORT_SECONDS = 0.4  # how often the catalog is told how far a job is
RENEW_SECONDS = 15.0
RETRY_SECONDS = 30.0  # after the first fault of a provider; twice that after the second
EMBEDDERS = 2  # documents that take turns
REOPENED_SECONDS = 5.0  # the same where the library has another embedding model by now
TO_READ = (Stage.WAITING, Stage.READING)
OFFERED = "offered"
CANNOT_GO_ON = "files cannot be taken into the library %r: %s"


class _Closing(Exception):
    """The program ends: stop between two pages."""


class _Yielding(Exception):
    """Another file can be read at once: pages that need OCR wait for it."""


class _Cancelled(Exception):
    """A person does not want the file after all."""


class IngestQueue:
    """Takes files in behind the page. Safe from many threads, beside other processes."""

    def __init__(
        self,
        intake: Intake,
        library: Callable[[], Library],
        incoming: Incoming,
        *,
        readers: int = 2,
        retry_seconds: float = RETRY_SECONDS,
    ) -> None:
        """Work on the jobs of the library that `library` gives, reading so many files at once.

        After a fault of a provider a job rests for `retry_seconds`, and longer after the next.
        """
        self._retry_seconds = retry_seconds
        self.fault = ""  # what last kept it from going on, if anything
        self.incoming, self._said = incoming, SaidOnce()
        self._catalog, self._jobs = intake.catalog, intake.catalog.jobs
        self.intake = intake
        self._library = library
        self._holder = new_holder()
        self._within = Within(self._catalog, incoming)
        self._held: dict[int, Held] = {}
        self.worked: set[int] = set()  # the numbers of jobs that were worked on here, not elsewhere
        self._changed = threading.Condition()
        self._closed = False
        works = [self._read_next] * readers + [self._embed_next] * EMBEDDERS
        self._threads = [
            threading.Thread(target=self._run, args=(work,), name="ingest", daemon=True)
            for work in works
        ]
        self._threads.append(threading.Thread(target=self._renew, name="holds", daemon=True))
        for thread in self._threads:
            thread.start()

    def resume(self) -> None:
        """Queue what a release before this one accepted and did not take in."""
        for file in self.incoming.waiting():
            self.submit(file.path, file.name)
            self.incoming.discard(file)

    def submit(
        self, path: Path, name: str, *, keep: bool = False, mark: str = "", origin: Origin = NOWHERE
    ) -> int:
        """Queue a file and return the number of its job.

        The file is moved into the store, unless it is to be kept where it is: once this returns it
        is taken in, if need be by the next start, or stays until it is dismissed. `mark` is set in
        the catalog once the library has a document of it, readable or not.

        Raises:
            DocumentError: it is too large.
            StoreError: it cannot be stored.
        """
        name, size = display_name(storable(name), "unnamed"), size_of(path)
        self.intake.ingestor.check_size(name, size)
        blobs = self._catalog.blobs
        sha256 = blobs.put(path) if keep else blobs.adopt(path)
        library_id = self._library().id
        job = self._jobs.submit(library_id, name, sha256, size, mark=mark, origin=origin)
        if not blobs.path(sha256).exists():  # removed by another process in this very moment
            self._jobs.cancel(job.id)
            raise StoreError(f"{name} could not be stored. Add it again.")
        self._notify()
        return job.id

    def retry(self, number: int) -> None:
        """Queue a file once more that failed or was cancelled; any other is left as it is."""
        with suppress(NotFoundError):
            job = self._jobs.get(number)
            stage = Stage.WAITING
            if job.document_id is not None:
                stage = self.intake.next_stage(job.document_id)
                price = self.intake.price(self._catalog.document(job.document_id))
                if stage is not Stage.DONE and self.intake.asks(price, job):
                    stage = Stage.CONFIRM
            # What is left of a document that could not be read is to read it.
            self._jobs.restart(number, Stage.WAITING if stage is Stage.DONE else stage)
            self._notify()

    def cancel(self, number: int) -> None:
        """Stop taking a file in: before it is read, nothing of it stays; later, its words do."""
        self._jobs.cancel(number)
        self._notify()

    def confirm(self, number: int) -> None:
        """Let a file go on that waits for a person's word on what it will cost."""
        try:
            job = self._jobs.get(number)
            self._jobs.confirm(number, self.intake.next_stage(job.document_id or ""))
        except NotFoundError:  # its document was removed
            self._jobs.cancel(number)
        self._notify()

    def dismiss(self, number: int) -> None:
        """Forget a job that has ended, with the file that was kept for it."""
        job = self._jobs.dismiss(number)
        if job is not None:
            self._within.note_lost(job)
            self._catalog.trash.discard_file(job.sha256)

    def retry_pages(
        self, document_id: str, numbers: Collection[int], report: Report = lambda _told: None
    ) -> Document:
        """Read pages of a document again, by OCR if they need it; `report` is told how far it is.

        Raises:
            NotFoundError: the document was removed.
            StoreError: it cannot be stored.
        """
        recogniser = self.intake.recogniser
        if recogniser is None:
            return self._catalog.document(document_id)
        document = recogniser.read_pages(document_id, numbers, report, report)
        self._complete(document)
        return document

    def _complete(self, document: Document) -> None:
        """Queue what a document has not embedded, unless a job that goes on does it."""
        if document.embedded < document.chunks:
            jobs = self._jobs.of(document.library_id)
            if all(job.has_ended for job in jobs if job.document_id == document.id):
                self._jobs.submit_embedding(document)
                self._notify()

    def jobs(self) -> list[Job]:
        """Every job that is remembered, in the order of submission."""
        return self._jobs.of(self._library().id)

    def wait(self, numbers: Collection[int]) -> list[Job]:
        """Wait until these jobs have ended, or wait for a person, or the queue is closed.

        Returns:
            Those that have ended.
        """
        while True:
            jobs = self.jobs_of(numbers)
            settled = all(job.has_ended or job.stage is Stage.CONFIRM for job in jobs)
            if self._closed or settled:
                return [job for job in jobs if job.has_ended]
            self.rest(LOOK_SECONDS)

    def rest(self, seconds: float) -> None:
        """Wait so long, or until a job that is worked on here has changed."""
        with self._changed:
            self._changed.wait(seconds)

    def jobs_of(self, numbers: Collection[int]) -> list[Job]:
        """These jobs, as far as they are remembered."""
        return [job for job in self.jobs() if job.id in numbers]

    def close(self) -> None:
        """Stop at once, except what is paid; files that still wait are for the next start."""
        self._closed = True
        self._notify()
        self.intake.close()
        for thread in self._threads:
            thread.join(timeout=JOIN_SECONDS)

    def _notify(self) -> None:
        with self._changed:
            self._changed.notify_all()

    def _run(self, work: Callable[[], bool]) -> None:
        while not self._closed:
            try:
                worked = work()
            except RagError as error:  # the catalog is busy, or its disk is full
                self.fault, worked = str(error), False
                if self._said.is_new(work.__name__, self.fault):  # it is tried every second
                    logger.warning(CANNOT_GO_ON, self.incoming.library, self.fault)
            with self._changed:
                if worked:
                    self._changed.notify_all()
                elif not self._closed:
                    self._changed.wait(POLL_SECONDS)

    def _renew(self) -> None:
        while not self._closed:
            with self._changed:
                self._changed.wait_for(lambda: self._closed, RENEW_SECONDS)
                held = list(self._held)
            if held and not self._closed:
                with suppress(StoreError):
                    self._jobs.renew(held, self._holder)

    def _read_next(self) -> bool:
        claim = partial(self._jobs.claim, self._library().id, self._holder)
        # What can be read at once goes before pages that OCR takes seconds for.
        held = claim(TO_READ) or claim((Stage.OCR,))
        if held is None:
            return False
        step = self._recognise if held.job.stage is Stage.OCR else self._read
        return self._work(held, step)

    def _embed_next(self) -> bool:
        library = self._library()
        if self._jobs.count(library.id, TO_READ):
            return False
        held = self._jobs.claim(library.id, self._holder, (Stage.EMBEDDING,))
        return held is not None and self._work(held, self._embed)

    def _work(self, held: Held, step: Callable[[Held], None]) -> bool:
        with self._changed:
            self._held[held.job.id] = held
            self.worked.add(held.job.id)
        try:
            step(held)
        except (_Closing, _Yielding, CancelledError, LostHoldError):
            self._jobs.put_back(held, tried=False)
        except (_Cancelled, NotFoundError) as error:
            outcome = "Cancelled." if isinstance(error, _Cancelled) else REMOVED
            self._end(held, Stage.CANCELLED, outcome)
            if outcome == REMOVED:
                self._catalog.trash.discard_file(held.job.sha256)
        except REFUSED as error:
            self._end(held, Stage.FAILED, with_left_out(str(error), held.job.outcome))
        except PASSING as error:
            self._fail_for_now(held, str(error), self._retry_seconds)
        except EmbeddingMismatchError as error:  # whoever opens the library anew takes it soon
            self._fail_for_now(held, str(error), min(self._retry_seconds, REOPENED_SECONDS))
        except RagError as error:
            self._end(held, Stage.FAILED, str(error))
        except Exception:  # a fault of ours must cost one file, never the queue
            logger.exception("taking in a file failed")
            self._end(
                held, Stage.FAILED, "Something went wrong inside Tramontane. The log says what."
            )
        finally:
            with self._changed:
                self._held.pop(held.job.id, None)
        return True

    def _end(self, held: Held, stage: Stage, outcome: str) -> None:
        with suppress(LostHoldError):
            self._jobs.advance(held, stage, outcome=outcome)

    def _fail_for_now(self, held: Held, fault: str, rest_seconds: float) -> None:
        attempts, outcome = held.job.attempts, with_left_out(fault, held.job.outcome)
        if attempts >= MOST_ATTEMPTS:
            self._end(held, Stage.FAILED, outcome)
        else:
            rest = rest_seconds * attempts
            self._jobs.put_back(held, tried=True, seconds=rest, outcome=outcome)

    def _reporter(self, held: Held) -> Callable[[Progress], None]:
        told = [0.0]

        def report(progress: Progress) -> None:
            if self._closed:
                raise _Closing
            if time.monotonic() - told[0] < REPORT_SECONDS:
                return
            told[0] = time.monotonic()
            wish = self._jobs.report(held, progress.stage, progress.done, progress.total)
            if wish == CANCEL:
                raise _Cancelled

        return report

    def _read(self, held: Held) -> None:
        job = held.job
        report = self._reporter(held)
        report(Progress(job.name, Stage.READING, 0, 0))
        bring = partial(self._within.queue, job)
        take = partial(self.intake.ingestor.take, report=report, bring=bring, held=held)
        taken = take(self._catalog.blobs.path(job.sha256), self._library(), job.name)
        if taken.loaded is not None and self._within.is_nested(job, taken.loaded):
            self._jobs.advance(held, Stage.FAILED, outcome=NESTED.format(job.name))
            return
        if taken.added is not None:
            self._within.record(job, taken.added, self.intake.ingestor)
            self._was_read(held, taken.added, taken.reason)
        elif taken.loaded is not None:
            outcome = self._within.open(job, taken.loaded)
            self._jobs.advance(held, Stage.DONE, outcome=outcome)
            self._catalog.trash.discard_file(job.sha256)

    def _was_read(self, held: Held, added: Added, left_out: str) -> None:
        document = added.document
        if self._catalog.aliases.note(held.job):
            left_out = f"{DISPLACED.format(held.job.name)} {left_out}".strip()
        if held.mark:
            self._catalog.set_mark(held.mark, OFFERED)
        stage, estimate = Stage.DONE, None
        waits = document.state is DocumentState.NEEDS_OCR  # since before
        if not added.new and self.intake.is_elsewhere(held.job) and waits:
            self._jobs.advance(held, stage, outcome=added.already, document_id=document.id)
            return
        if added.new or waits or document.embedded < document.chunks:
            stage = self.intake.next_stage(document.id)
            estimate = self.intake.price(document)
            is_agreed = stage is Stage.DONE or held.wish == CONFIRMED
            if not is_agreed and self.intake.asks(estimate, held.job):
                stage = Stage.CONFIRM
        added = replace(added, document=self._catalog.document(document.id))  # as it is by now
        if stage is Stage.DONE and added.document.state not in READABLE:
            stage = Stage.FAILED
        outcome = f"{added.sentence} {left_out}".strip()
        self._jobs.advance(held, stage, outcome=outcome, document_id=document.id, estimate=estimate)

    def _recognise(self, held: Held) -> None:
        recogniser, document_id = self.intake.recogniser, held.job.document_id or ""
        report = self._reporter(held)

        def aside(progress: Progress) -> None:
            report(progress)
            if progress.done and self._jobs.count(held.job.library_id, (Stage.WAITING,)):
                raise _Yielding

        if recogniser is not None:
            recogniser.read_pages(document_id, recogniser.waiting_pages(document_id), aside)
        self._finish(held, self._catalog.document(document_id))

    def _embed(self, held: Held) -> None:
        report = self._reporter(held)

        def patiently(progress: Progress) -> None:
            report(progress)
            while self._jobs.count(held.job.library_id, TO_READ):
                self.rest(LOOK_SECONDS)
                report(progress)

        document_id = held.job.document_id or ""
        self.intake.ingestor.embed(document_id, report=patiently)
        self._finish(held, self._catalog.document(document_id))

    def _finish(self, held: Held, document: Document) -> None:
        stage = Stage.EMBEDDING if document.embedded < document.chunks else Stage.DONE
        if stage is Stage.DONE and document.state not in READABLE:
            stage = Stage.FAILED
        sentence = added_after(held.job.name, document, held.job.outcome).sentence
        outcome = with_left_out(sentence, held.job.outcome)
        self._jobs.advance(held, stage, outcome=outcome, document_id=document.id)
        if stage is Stage.DONE:  # pages may have been read again in the very moment it ended
            self._complete(self._catalog.document(document.id))
