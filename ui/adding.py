"""The commands that take files in and say, page by page, how that went."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated

import typer

from ingest.outcomes import READABLE, page_counts
from ingest.queue import IngestQueue
from ingest.taken import ADDED, Added, says_already
from rag.domain import Document, DocumentState
from rag.errors import DocumentError, NotFoundError, RagError, SettingsError
from rag.intake import Container, Job, Member, Origin, Stage
from rag.store.catalog import Catalog
from rag.store.presence import has_library, library_names
from ui import bars, inputs, printing
from ui.containing import container_row, counts_words, member_lines, member_row
from ui.estimates import say_estimates
from ui.intake import open_queue
from ui.naming import (
    containers_named,
    containers_of,
    document_row,
    documents_named,
    documents_of,
    lost_row,
    lost_within,
    same_named,
    shown,
    told_apart,
    version_row,
)
from ui.opening import DONE, SOME_FAILED, open_for_adding, settings_of
from ui.options import AsJson, DataDir, LibraryName, Paths
from ui.pages import page_words
from ui.paying import Yes, agrees
from ui.placing import catalog_of, where_it_went
from ui.progress import fault_of
from ui.times import written_day

if TYPE_CHECKING:
    from rag.wiring import Application

LOOK_SECONDS = 0.2
STUCK_SECONDS = 20.0  # without any change, while the catalog cannot be written
AGAIN = "{}: {} It is tried again while this command runs."
OFF_THE_LIST = "It was taken off the list of files before it came in. Add it again."
ELSEWHERE = "Another process took it in."

OnlyEstimate = Annotated[
    bool, typer.Option("--estimate", help="Only say what it would take and cost; add nothing.")
]
Named = Annotated[
    list[str] | None, typer.Argument(metavar="DOCUMENT", help="Names or ids; all when left out.")
]


def add(
    paths: Paths,
    data_dir: DataDir = None,
    library: LibraryName = None,
    estimate: OnlyEstimate = False,
    yes: Yes = False,
    json: AsJson = False,
) -> int:
    """Take files in, or all files of a folder."""
    files, missing = inputs.files(paths)
    if len(missing) == len(paths):
        raise SettingsError(" ".join(missing))
    for sentence in missing:
        printing.tell(sentence)
    if not files:
        printing.tell("There are no files in it.")
        return SOME_FAILED if missing else DONE
    if estimate:
        with _to_estimate(data_dir, library) as application:
            failed = say_estimates(files, application, json=json)
        return SOME_FAILED if failed + len(missing) else DONE
    known = library_names(settings_of(data_dir, library).data_dir)
    with open_for_adding(data_dir, library) as application:
        if where := where_it_went(known, application.library.name, application.settings.data_dir):
            printing.tell(where)
        with closing(open_queue(application)) as queue:
            origins = inputs.origins(files, paths)
            failed = _take_in(origins, application, queue, yes=yes, json=json)
    return SOME_FAILED if failed + len(missing) else DONE


@contextmanager
def _to_estimate(data_dir: Path | None, library: str | None) -> Iterator[Application]:
    """The library that files would go into; one that is not there is made elsewhere, and gone."""
    settings = settings_of(data_dir, library)
    with ExitStack() as opened:
        if not has_library(settings.data_dir, settings.library):
            data_dir = Path(opened.enter_context(TemporaryDirectory(prefix="tramontane-")))
        yield opened.enter_context(open_for_adding(data_dir, library))


def report(
    documents: Named = None,
    data_dir: DataDir = None,
    library: LibraryName = None,
    json: AsJson = False,
) -> int:
    """Say page by page how documents were read: text, OCR, empty, failed, and why."""
    settings = settings_of(data_dir, library)
    missing = 0
    with catalog_of(settings) as catalog:
        found = documents_of(catalog, settings.library) if not documents else []
        held = containers_of(catalog, settings.library) if not documents else []
        for name in documents or ():
            within = containers_named(catalog, settings.library, name)
            held += within
            try:
                found += documents_named(catalog, settings.library, name)
            except NotFoundError as error:
                if not within:
                    printing.tell(str(error))
                missing += not within
        several = same_named(documents_of(catalog, settings.library))
        for document in dict.fromkeys(found):
            called = told_apart(document, several)
            _report(catalog, document, called, json=json)
        for container in dict.fromkeys(held):
            _report_container(container, catalog.containers.members(container), json=json)
    return SOME_FAILED if missing else DONE


def _report_container(container: Container, members: Sequence[Member], *, json: bool) -> None:
    if json:
        printing.say_row(container_row(container, members))
        return
    printing.say(f"{container.name}: {counts_words(members)}.")
    for line in member_lines(members, container.name):
        printing.say(f"  {line}")


def _report(catalog: Catalog, document: Document, called: str, *, json: bool) -> None:
    pages, versions = catalog.pages(document.id), catalog.trash.versions(document.id)
    members = catalog.containers.within(document)
    also = catalog.aliases.of(document.library_id, document.sha256)
    if json:
        rows = [
            {"page": page.number, "label": page.label, "state": page.state}
            | {"characters": len(page.text), "reason": page.reason}
            for page in pages
        ]
        earlier = [version_row(version) for version in versions]
        within = {"files": [member_row(member) for member in members], "also_added_as": also}
        told = {"page_states": rows, "versions": earlier} | within
        printing.say_row(document_row(document) | told)
        return
    printing.say(f"{called}: {page_counts(pages)}. {document.reason}".rstrip())
    for page in pages:
        if page.reason:
            printing.say(f"  {page_words(page.number, page.label)}: {page.reason}")
    for name in also:
        printing.say(f"  It was also added as {name}.")
    for name in catalog.containers.holding(document):
        printing.say(f"  It is also in {name}.")
    if members:
        printing.say(f"  In it, {counts_words(members)}.")
    for line in member_lines(members, document.name):
        printing.say(f"    {line}")
    for version in versions:
        since, id_ = written_day(version.since), version.document.id
        printing.say(f"  An earlier version was replaced on {since}. Its id is {id_}.")


class _Watch:
    """Follows the files that a command has queued, and tells of each once it ends."""

    def __init__(self, application: Application, queue: IngestQueue, *, yes: bool, json: bool):
        self._catalog = application.catalog
        self._queue = queue
        self._yes = yes
        self._json = json
        self._library_id = application.library.id
        documents = application.catalog.documents(self._library_id)
        self._known = {document.id for document in documents if document.state in READABLE}
        self._ended = {job.id for job in queue.jobs() if job.has_ended}  # before this command
        self._numbers: dict[int, None] = {}
        self._own: set[int] = set()  # its own, with what came in them
        self._names: dict[int, str] = {}  # of the files that it was given
        self._told: set[int] = set()
        self._faults: set[tuple[int, str]] = set()
        self._last: list[Job] = []
        self._moved = time.monotonic()
        self.failed = 0

    def submit(self, path: Path, origin: Origin) -> None:
        """Queue a file; one that cannot be stored is told at once."""
        try:
            number = self._queue.submit(path, shown(path), keep=True, origin=origin)
            self._numbers[number], self._names[number] = None, shown(path)
            self._own.add(number)
        except RagError as error:
            self._lose(shown(path), str(error))

    def follow(self) -> None:
        """Return once every file has ended, with those that came in others."""
        with bars.queue_progress() as show:
            while True:
                jobs = self._jobs()
                show(jobs)
                self._tell_of_forgotten({job.id for job in jobs})
                waiting = [job for job in jobs if job.id not in self._told]
                if not waiting:
                    return
                if self._is_stuck(jobs):
                    printing.tell(self._queue.fault)
                    self.failed += len(waiting)
                    return
                for job in waiting:
                    if job.id in self._told:  # in place of another, a moment ago
                        continue
                    if job.has_ended or job.stage is Stage.CONFIRM:
                        self._end(job)
                    else:
                        self._say_fault(job)
                self._queue.rest(LOOK_SECONDS)

    def _is_stuck(self, jobs: list[Job]) -> bool:
        """Whether nothing has moved for long, and the queue says why: such as a full disk."""
        if jobs != self._last or not self._queue.fault:
            self._last, self._moved = jobs, time.monotonic()
        return time.monotonic() - self._moved > STUCK_SECONDS

    @property
    def left(self) -> int:
        """How many files have not ended."""
        return len(self._numbers.keys() - self._told)

    def _jobs(self) -> list[Job]:
        found = []
        for job in self._queue.jobs():
            if job.id in self._numbers or job.parent_id in self._numbers:
                self._numbers[job.id] = None
                if job.parent_id in self._own:
                    self._own.add(job.id)
                found.append(job)
        return found

    def _tell_of_forgotten(self, known: Collection[int]) -> None:
        """Tell of the files whose jobs nobody remembers: of many, or taken off the list."""
        for number, name in self._names.items():
            if number in known or number in self._told:
                continue
            self._told.add(number)
            documents = self._catalog.documents(self._library_id)
            found = [document for document in documents if document.name == name]
            if not found:
                self._lose(name, OFF_THE_LIST)
                continue
            self.failed += found[-1].state not in READABLE
            is_new = found[-1].id not in self._known
            if self._json:
                printing.say_row(document_row(found[-1]) | {"new": is_new})
            else:
                printing.say(Added(name, found[-1], is_new).sentence)

    def _say_fault(self, job: Job) -> None:
        if (fault := fault_of(job)) and (job.id, fault) not in self._faults:
            self._faults.add((job.id, fault))
            printing.tell(AGAIN.format(job.name, fault))

    def _end(self, job: Job) -> None:
        if job.stage is Stage.CONFIRM:
            if agrees(job.name, job.estimate, yes=self._yes):
                self._queue.confirm(job.id)
                return
            self.failed += 1
            self._told.add(job.id)
            return
        other = self._taken_by(job)
        if other is None:
            self._told.add(job.id)
            self._tell(job)
        elif not other.has_ended:
            self._say_fault(other)
        else:
            self._numbers[other.id] = None  # with what came in it
            self._told.add(job.id)
            if other.id not in self._told:
                self._told.add(other.id)
                self._tell(other)

    def _tell(self, job: Job) -> None:
        document = self._document(job)
        if document is None and job.stage is not Stage.DONE:
            self._lose(job.name, job.outcome)
            return
        self.failed += job.stage is not Stage.DONE
        if not self._json:
            said = [job.outcome or ADDED.format(job.name), self._others(document)]
            is_elsewhere = job.id not in self._own and job.id not in self._queue.worked
            said += [ELSEWHERE] if is_elsewhere else []
            printing.say(" ".join(filter(None, said)))
        elif document is not None:
            printing.say_row(document_row(document) | {"new": document.id not in self._known})
        if job.stage is Stage.DONE:
            self._tell_of_lost(job)

    def _others(self, document: Document | None) -> str:
        """A sentence saying that another document has the name of a new one; "" if none has."""
        if document is None or document.id in self._known:
            return ""
        known = self._catalog.documents(document.library_id)
        ids = [it.id for it in known if it.name == document.name and it.id != document.id]
        which = f"the document {ids[0]} is" if len(ids) == 1 else f"{len(ids)} documents are"
        return f"It has the id {document.id}; {which} called so, too." if ids else ""

    def _tell_of_lost(self, job: Job) -> None:
        """Tell of the files within that no job of this command tells of."""
        told = {other.name for other in self._queue.jobs() if other.parent_id == job.id}
        for name, reason in lost_within(self._catalog, job, told):
            if name in job.outcome:
                self.failed += 1
            else:
                self._lose(name, reason)

    def _taken_by(self, job: Job) -> Job | None:
        """The other job that took in the file of a job that found it in the library, or is at it.

        One that was cut off before this command, or that another process has beside it.
        """
        if job.stage is not Stage.DONE or not says_already(job.name, job.outcome):
            return None
        others = [
            other
            for other in self._queue.jobs()
            if (other.sha256, other.name) == (job.sha256, job.name)
            if other.id not in self._own and other.id not in self._ended
            if other.id not in self._told or job.parent_id is not None
            if other.stage is Stage.DONE or not (other.has_ended or other.stage is Stage.CONFIRM)
            if not (other.has_ended and says_already(other.name, other.outcome))
        ]
        # The one that ended tells enough.
        return max(others, key=lambda other: other.has_ended, default=None)

    def _document(self, job: Job) -> Document | None:
        if job.document_id is None:
            return None
        try:
            return self._catalog.document(job.document_id)
        except NotFoundError:  # removed while it was taken in
            return None

    def _lose(self, name: str, reason: str) -> None:
        self.failed += 1
        printing.tell(reason if name in reason else f"{name}: {reason}")
        if self._json:
            error = DocumentError(DocumentState.FAILED, reason)
            printing.say_row(lost_row(Path(name), error))


def _take_in(
    files: Mapping[Path, Origin],
    application: Application,
    queue: IngestQueue,
    *,
    yes: bool,
    json: bool,
) -> int:
    """Take the files in, telling of each once it ends; how many failed."""
    watch = _Watch(application, queue, yes=yes, json=json)
    for path, origin in files.items():
        watch.submit(path, origin)
    try:
        watch.follow()
    except KeyboardInterrupt:
        count = "1 file waits" if watch.left == 1 else f"{watch.left} files wait"
        printing.tell(f"Stopped. {count}: the next `tramontane add` or `tramontane serve` goes on.")
        raise
    return watch.failed
