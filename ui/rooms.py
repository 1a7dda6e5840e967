"""The libraries that the page has open: each with who answers, what is read, and its handlers.

A visitor is in one of them, as the `Choice` of the tab says; what a gesture does, it does there.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from functools import partial, wraps
from typing import TYPE_CHECKING, Any

from ingest.queue import IngestQueue
from ingest.reembedding_runs import ReembeddingRuns
from rag.domain import Library
from rag.errors import RagError
from rag.intake import Stage
from ui.asking import ChatHandlers
from ui.chat import Choice
from ui.containing import library_of
from ui.conversation import KeptConversations
from ui.drafts import DraftHandlers
from ui.intake import open_queue
from ui.library import DocumentHandlers
from ui.rereading import Rereading
from ui.thread import render_thread

if TYPE_CHECKING:
    from rag.wiring import Application

Handler = Callable[..., Any]
Invite = Callable[["Application"], str]
UNFINISHED = (Stage.WAITING, Stage.READING, Stage.OCR, Stage.EMBEDDING)


@dataclass(frozen=True, slots=True)
class Room:
    """One open library, with what gestures in it do."""

    application: Application
    queue: IngestQueue
    documents: DocumentHandlers
    chat: ChatHandlers
    drafts: DraftHandlers

    @property
    def library(self) -> Library:
        """The library as it is now. Raises `NotFoundError` where it was deleted."""
        return self.application.library


class Rooms:
    """Opens libraries as they are asked for. Safe from many threads."""

    def __init__(self, application: Application, queue: IngestQueue, invite: Invite) -> None:
        """Take the library that the server began with, and what invites to ask one."""
        self.kept = KeptConversations()
        self.catalog = application.catalog
        self.rereading = Rereading()
        self._invite = invite
        self._lock = threading.Lock()
        self._first = self._furnished(application, queue)
        self._open = {application.library.id: self._first}
        self._own: list[Room] = []  # to be closed here
        self._end = (
            ExitStack()
        )  # of models in this process, which outlive the rooms they answered in
        self.runs = ReembeddingRuns(self.catalog, application.embedder_of, self._try_to_open)

    @property
    def any_application(self) -> Application:
        """One of them, for what is of no library: the settings, and what they lead to."""
        return self._first.application

    def first(self) -> Application:
        """That of the library which the server began with, with the model that it has now.

        Raises as `open`.
        """
        return self.open(self._first.application.library.id).application

    def of(self, choice: Choice) -> Room:
        """The room of the library that was chosen; of another, where that was deleted.

        Raises:
            RagError: it cannot be opened: as its embedding model is another than is asked for.
        """
        wanted = choice.library
        known = self._known()
        if self._open.keys() - known:
            self._leave_deleted()
        if wanted is None or wanted not in known:
            wanted = next((id_ for id_ in self._open if id_ in known), known[0])
        return self.open(wanted)

    def open(self, library_id: str) -> Room:
        """The room of a library; a new one, once that was embedded again with another model.

        Raises as `of`, and `NotFoundError` where it was deleted.
        """
        library = self.catalog.library_with_id(library_id)
        with self._lock:
            room = self._open.get(library_id)
            if room is None or not _is_of_its_model(room, library):
                return self._renewed(library, room)
            return room

    def _renewed(self, library: Library, before: Room | None) -> Room:
        """A new room of a library; the one there was where its new model cannot be had.

        There files are still taken in, and everything else says what is wrong.
        """
        try:
            room = self._opened(library)
        except RagError:
            if before is None:
                raise
            return before
        self._open[library.id] = room
        self._own = [*(own for own in self._own if own is not before), room]
        if before is not None:
            self._leave(before)
        return room

    def _known(self) -> list[str]:
        return [library.id for library in self.catalog.libraries.all()]

    def _leave_deleted(self) -> None:
        """Leave the rooms of libraries that were deleted: one that comes back has a new one."""
        with self._lock:
            known = self._known()  # a library that has a room by now was there before
            gone = {id_: room for id_, room in self._open.items() if id_ not in known}
            rooms = [self._open.pop(id_) for id_ in gone if gone[id_] is not self._first]
            self._own = [room for room in self._own if room not in rooms]
        for room in rooms:
            self._leave(room)

    def _leave(self, room: Room) -> None:
        """End the work of a room that nobody enters any more; who is being answered still is."""
        room.queue.close()
        if room is not self._first:
            self._end.callback(room.application.leave_beside().close)

    def _opened(self, library: Library) -> Room:
        application = self._first.application.beside(library)
        try:
            return self._furnished(application, open_queue(application))
        except RagError:
            application.close_beside()
            raise

    def _try_to_open(self, library_id: str) -> None:
        """Open a library with the model that it has by now, so that files are taken in with it."""
        with suppress(RagError):  # it says so once somebody chooses it
            self.open(library_id)

    def resume(self) -> None:
        """Open the libraries that files wait for, so that they are taken in.

        One that was being embedded anew when its process ended goes on.
        """
        self.runs.wake()
        for library in self.catalog.libraries.all():
            if self.catalog.jobs.count(library.id, UNFINISHED):
                self._try_to_open(library.id)

    def close(self) -> None:
        """Close what was opened here; not the library that the server began with."""
        self.runs.close()
        for room in self._own:
            room.queue.close()
            room.application.close_beside()
        self._end.close()

    def quick(self, pick: Callable[[Room], Handler]) -> Handler:
        """A handler that does what the picked one does, in the room of the visitor's choice."""
        model = pick(self._first)

        @wraps(model)
        def handle(*arguments: Any) -> Any:
            return pick(self.of(_choice(arguments)))(*arguments)

        return handle

    def stream(self, pick: Callable[[Room], Handler]) -> Handler:
        """The same for a handler that yields."""
        model = pick(self._first)

        @wraps(model)
        def handle(*arguments: Any) -> Iterator[Any]:
            yield from pick(self.of(_choice(arguments)))(*arguments)

        return handle

    def report(self, asked: str) -> str:
        """The report of a document, or of an archive by its reference, of whichever library.

        Raises:
            NotFoundError: it was removed.
        """
        library_id = library_of(self.catalog, asked)
        return self.open(library_id).documents.report(asked)

    def _furnished(self, application: Application, queue: IngestQueue) -> Room:
        invite = partial(self._invite, application)
        return Room(
            application,
            queue,
            DocumentHandlers(application, queue, invite, self.rereading),
            ChatHandlers(application, queue, self.kept, render_thread),
            DraftHandlers(application, queue),
        )


def _is_of_its_model(room: Room, library: Library) -> bool:
    embedder = room.application.embedder
    recorded = (library.embedding_model, library.dimension)
    return (embedder.model, embedder.dimension) == recorded


def _choice(arguments: tuple[Any, ...]) -> Choice:
    return next((each for each in arguments if isinstance(each, Choice)), Choice())
