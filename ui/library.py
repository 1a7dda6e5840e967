"""What the list of documents, their reports and the bar on top do when they are used."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import gradio as gr

from ingest.queue import IngestQueue
from ingest.within import TOO_DEEP
from rag.errors import NotFoundError, RagError
from rag.intake import Job, Stage
from rag.purging import purge, still_there
from rag.spending import day_in_words
from rag.store.reembeddings import Reembedding
from ui.absent import Standing, render_deleted, standing_of
from ui.chat import ANSWERABLE, Choice
from ui.containing import NO_RECORD, REF, render_container, staying_words
from ui.conversation import Conversation
from ui.documents import Shelf, are_running, render_documents, state_of
from ui.header import render_head
from ui.namesakes import signs_of
from ui.notices import News, render_notices
from ui.progress import EVERY, is_at_work
from ui.report import PAGES_AT_ONCE, UNREAD, Report, place, render_report
from ui.rereading import Again, Rereading
from ui.thread import told_price

if TYPE_CHECKING:
    from rag.wiring import Application

MODEL_PROBLEM = "The models cannot be listed: {}"
BACK = "{} is in the library again."
STILL_UNREAD = "{} could still not be read. {}"


class DocumentHandlers:
    """What gestures in the list of documents and in the bar on top do to the page."""

    def __init__(
        self,
        application: Application,
        queue: IngestQueue,
        invite: Callable[[], str],
        rereading: Rereading,
    ) -> None:
        """Take what is shown, what invites to ask it, and what notes pages that are read again."""
        self._application = application
        self._queue = queue
        self._invite = invite
        self._quiet_until: int | None = None  # the newest job when nothing was going on
        self._rereading = rereading

    def show(self, choice: Choice) -> str:
        """The list as it is now."""
        return self._show(choice, self._queue.jobs())

    def refresh(self, choice: Choice, conversation: Conversation) -> tuple[Any, ...]:
        """The list, polled while files are read, and the examples that can be asked now."""
        return self._after(choice, conversation, ())

    def show_head(self, choice: Choice) -> str:
        """The bar, with the models that answer now."""
        application, meter = self._application, self._application.meter
        try:
            spent = meter.spent_today()
            today = told_price(spent) if spent > 0 else ""
            return render_head(
                application.offers(), choice.model, today=today, day=day_in_words(meter)
            )
        except RagError as error:
            return render_head([], None) + render_notices([MODEL_PROBLEM.format(error)])

    def open_page(self, choice: Choice, conversation: Conversation) -> tuple[Any, ...]:
        """The page as a visitor finds it."""
        return self.show_head(choice), *self.refresh(choice, conversation)

    def choose(self, choice: Choice, event: gr.EventData) -> tuple[Choice, str]:
        """Ask a document, or leave it out."""
        choice = replace(choice, excluded=choice.excluded ^ {str(event.id)}).after(choice)
        return choice, self.show(choice)

    def choose_all_or_none(self, choice: Choice) -> tuple[Choice, str]:
        """Ask every document, or none when every one is asked already."""
        documents = self._application.catalog.documents(self._application.library.id)
        able = frozenset(document.id for document in documents if document.state in ANSWERABLE)
        excluded = frozenset[str]() if able & choice.excluded else able
        choice = replace(choice, excluded=excluded).after(choice)
        return choice, self.show(choice)

    def retry(
        self, choice: Choice, conversation: Conversation, event: gr.EventData
    ) -> tuple[Any, ...]:
        """Take in once more a file that could not be, or go on with one that was stopped."""
        with _telling() as said:
            self._require(choice)
            for number in self._meant(event, self._stalled()):
                self._queue.retry(number)
        return self._after(choice, conversation, said)

    def cancel(
        self, choice: Choice, conversation: Conversation, event: gr.EventData
    ) -> tuple[Any, ...]:
        """Stop taking a file in, or every file."""
        with _telling() as said:
            self._require(choice)
            self._cancel(self._meant(event, filter(is_at_work, self._queue.jobs())))
        return self._after(choice, conversation, said)

    def decline(
        self, choice: Choice, conversation: Conversation, event: gr.EventData
    ) -> tuple[Any, ...]:
        """Pay for no file that waits for a person's word: what was read of them stays."""
        with _telling() as said:
            self._require(choice)
            self._cancel(self._meant(event, self._asking()))
        return self._after(choice, conversation, said)

    def confirm(
        self, choice: Choice, conversation: Conversation, event: gr.EventData
    ) -> tuple[Any, ...]:
        """Let a file go on that waits for a person's word, or all of them."""
        with _telling() as said:
            self._require(choice)
            for number in self._meant(event, self._asking()):
                self._queue.confirm(number)
        return self._after(choice, conversation, said)

    def dismiss(self, choice: Choice, event: gr.EventData) -> str:
        """Forget a file that could not be taken in, or hide an archive that lost some."""
        key = str(event.id)
        with _telling() as said:
            self._require(choice)
            if key.startswith(REF):
                self._application.catalog.containers.hide(int(key.removeprefix(REF)))
            else:
                self._queue.dismiss(int(key))
        return self._show(choice, self._queue.jobs(), said)

    def remove(
        self, choice: Choice, conversation: Conversation, event: gr.EventData
    ) -> tuple[Any, ...]:
        """Take a document out of the library; one that was taken out meanwhile is no fault."""
        with _telling() as said:
            self._require(choice)
            catalog = self._application.catalog
            key = str(event.id)
            if standing_of(catalog, key) not in (Standing.REMOVED, Standing.PURGED):
                document = catalog.document(key)
                members = catalog.containers.within(document)
                catalog.remove(key)
                if staying := staying_words(members, document.title or document.name):
                    said.append(News(staying, about=key))
        return self._after(choice, conversation, said)

    def bring_back(
        self, choice: Choice, conversation: Conversation, event: gr.EventData
    ) -> tuple[Any, ...]:
        """Put a document back that was removed, or an earlier version beside the present one."""
        with _telling() as said:
            self._require(choice)
            document = self._application.catalog.trash.bring_back(str(event.id))
            said.append(News(BACK.format(document.title or document.name), about=document.id))
        return self._after(choice, conversation, said)

    def purge(
        self, choice: Choice, conversation: Conversation, event: gr.EventData
    ) -> tuple[Any, ...]:
        """Delete a document of the trash for good."""
        catalog = self._application.catalog
        with _telling() as said:
            self._require(choice)
            removed = catalog.trash.of(self._application.library.id)
            if not purge(catalog, [kept for kept in removed if kept.document.id == str(event.id)]):
                said.append(still_there(catalog))
        return self._after(choice, conversation, said)

    def report(self, document_id: str) -> str:
        """The report of a document as it is now, or of an archive by its reference.

        Raises:
            NotFoundError: it was removed.
        """
        catalog, jobs = self._application.catalog, self._queue.jobs()
        if document_id.startswith(REF):
            return self._report_container(int(document_id.removeprefix(REF)), jobs)
        document = catalog.document(document_id)
        job = Shelf([document], jobs).job_of.get(document_id)
        pages, tables = catalog.pages(document_id), catalog.tables(document_id)
        state, again = self._state(jobs), self._again
        price = self._dollars_per_page
        versions = catalog.trash.versions(document_id)
        others = [each for each in catalog.libraries.all() if each.id != document.library_id]
        library = self._application.library
        report = Report(
            *(document, pages, tables, job, self._rereading.pages(document_id), state, price),
            versions=versions,
            again=again.get(document_id),
            apart=signs_of(catalog, document.library_id),
            members=catalog.containers.within(document),
            also=catalog.aliases.of(document.library_id, document.sha256),
            also_in=catalog.containers.holding(document),
            library=library,
            others=others,
        )
        return render_report(report)

    def _report_container(self, number: int, jobs: Sequence[Job]) -> str:
        containers = self._application.catalog.containers
        container = containers.with_id(number)
        if container is None or container.library_id != self._application.library.id:
            raise NotFoundError(NO_RECORD)
        state = self._state(jobs)
        return render_container(container, containers.members(container), state)

    def read_again(
        self, choice: Choice, conversation: Conversation, event: gr.EventData
    ) -> tuple[Any, ...]:
        """Read neighbouring pages of a document once more; this can take seconds."""
        key, first = str(event.id), int(event.first)
        numbers = range(first, min(int(event.last) + 1, first + PAGES_AT_ONCE))
        with _telling() as said:
            self._require(choice)
            with self._rereading.claimed(self._application.library.id, key, numbers) as claim:
                if claim.pages:
                    self._queue.retry_pages(key, claim.pages, claim.report)
            said += self._still_unread(key, claim.pages)
        return self._after(choice, conversation, said)

    def pick(self, choice: Choice, event: gr.EventData) -> Choice:
        """Ask another model from now on, if it is one of those that are offered."""
        offered = {offer.id for offer in self._application.offers()}
        return replace(choice, model=str(event.value)) if event.value in offered else choice

    def _after(
        self, choice: Choice, conversation: Conversation, said: Sequence[str]
    ) -> tuple[Any, ...]:
        """The page after something was done, with what there is to say about it."""
        if not choice.is_in(self._application.library.id):
            welcome = gr.skip() if conversation.turns else ""
            return self._show(choice, (), said), gr.Timer(active=False), welcome
        jobs = self._queue.jobs()
        welcome = gr.skip() if conversation.turns else self._invite()
        timer = gr.Timer(active=are_running(jobs, self._anew, self._again))
        return self._show(choice, jobs, said), timer, welcome

    @property
    def _anew(self) -> Reembedding | None:
        """Whether the library is being embedded anew."""
        application = self._application
        return application.catalog.reembeddings.of(application.library.id)

    @property
    def _again(self) -> dict[str, Again]:
        """What of the library is being read again."""
        return self._rereading.going(self._application.library.id)

    def _state(self, jobs: Sequence[Job]) -> str:
        return state_of(self._application.library, jobs, self._anew, self._again)

    def _show(self, choice: Choice, jobs: Sequence[Job], said: Sequence[str] = ()) -> str:
        # After the jobs: what they have published by then is there.
        library = self._application.library
        catalog = self._application.catalog
        if not choice.is_in(library.id):
            return render_deleted(catalog, str(choice.library), said)
        documents, removed = catalog.documents(library.id), catalog.trash.of(library.id)
        limit = self._application.settings.max_file_mb
        anew = self._anew
        again = self._again
        state, since = state_of(library, jobs, anew, again), self._quiet_since(jobs)
        excluded = choice.excluded
        shelf = Shelf(
            *(documents, jobs, excluded, state, limit, since, tuple(said)),
            removed=removed,
            now=time.time(),
            places=catalog.containers.places(library.id),
            lost=catalog.containers.troubled(library.id),
            left_out=catalog.containers.left_out(library.id, TOO_DEEP),
            library=library,
            anew=anew,
            has_ocr=self._dollars_per_page is not None,
            again=again,
            apart=signs_of(catalog, library.id),
        )
        # By this the page knows a drawing of an older choice, however late it comes.
        return f'{render_documents(shelf)}<i hidden data-set="{choice.set_ms}"></i>'

    def _require(self, choice: Choice) -> None:
        """Do nothing here in the place of another library. Raises as `Choice.require`."""
        choice.require(self._application.library.id)

    def _quiet_since(self, jobs: Sequence[Job]) -> int:
        """The newest job of when nothing was going on: those after it are told of together."""
        running = [job.id for job in jobs if is_at_work(job)]
        if not running:
            self._quiet_until = max((job.id for job in jobs), default=0)
        elif self._quiet_until is None:
            self._quiet_until = min(running) - 1
        return self._quiet_until or 0

    def _meant(self, event: gr.EventData, every: Iterable[Job]) -> list[int]:
        """The job that a gesture is about, or every one of these."""
        return [job.id for job in every] if str(event.id) == EVERY else [int(event.id)]

    @property
    def _dollars_per_page(self) -> float | None:
        """What OCR takes for a page, None where there is none."""
        recogniser = self._queue.intake.recogniser
        ocr = None if recogniser is None else recogniser.ocr
        return None if ocr is None else ocr.dollars_per_page

    def _asking(self) -> list[Job]:
        return [job for job in self._queue.jobs() if job.stage is Stage.CONFIRM]

    def _stalled(self) -> list[Job]:
        jobs = self._queue.jobs()
        documents = self._application.catalog.documents(self._application.library.id)
        has_ocr = self._dollars_per_page is not None
        return Shelf(documents, jobs, has_ocr=has_ocr).stalled

    def _cancel(self, numbers: Iterable[int]) -> None:
        """Cancel jobs; one of which nothing is left is forgotten, with its file."""
        numbers = list(numbers)
        for number in numbers:
            self._queue.cancel(number)
        for job in self._queue.jobs_of(numbers):
            if job.stage is Stage.CANCELLED and job.document_id is None:
                self._queue.dismiss(job.id)

    def _still_unread(self, document_id: str, numbers: Iterable[int]) -> list[str]:
        """What is to say of pages that were read again, and in vain."""
        catalog = self._application.catalog
        document = catalog.document(document_id)
        for number in numbers:
            page = catalog.page(document_id, number)
            if page.state in UNREAD:
                where = place(document, page, page)
                return [STILL_UNREAD.format(where, page.reason).strip()]
        return []


@contextmanager
def _telling() -> Iterator[list[str]]:
    """What there is to say above the page: what goes wrong as expected, too."""
    said: list[str] = []
    try:
        yield said
    except RagError as error:
        said.append(str(error))
