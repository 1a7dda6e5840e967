"""What the list of documents and the bar on top do when they are used."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import gradio as gr

from ingest.queue import IngestQueue
from rag.errors import RagError
from ui.chat import ANSWERABLE, Choice
from ui.conversation import Conversation
from ui.documents import Shelf, are_running, render_documents, state_of
from ui.header import render_head
from ui.viewer import INVITATION

if TYPE_CHECKING:
    from rag.wiring import Application

MODEL_PROBLEM = "The models cannot be listed: {}"


class DocumentHandlers:
    """What gestures in the list of documents and in the bar on top do to the page."""

    def __init__(
        self,
        application: Application,
        queue: IngestQueue,
        show_thread: Callable[[Conversation], list[str]],
    ) -> None:
        """Take what is shown, and what shows a conversation."""
        self._application = application
        self._queue = queue
        self._show_thread = show_thread

    def show(self, choice: Choice) -> str:
        """The list as it is now."""
        library, jobs = self._application.library, self._queue.jobs()
        documents = self._application.catalog.documents(library.id)
        limit = self._application.settings.max_file_mb
        state = state_of(library, jobs)
        return render_documents(Shelf(documents, jobs, choice.excluded, state, limit))

    def refresh(self, choice: Choice, conversation: Conversation) -> tuple[Any, ...]:
        """The list, polled while files are read, and the examples that can be asked now."""
        running = are_running(self._queue.jobs())
        thread = gr.skip() if conversation.turns else self._show_thread(conversation)
        return self.show(choice), gr.Timer(active=running), thread

    def show_head(self, choice: Choice) -> str:
        """The bar, with the models that answer now."""
        try:
            return render_head(self._application.models(), choice.model, self._application.away())
        except RagError as error:
            gr.Warning(MODEL_PROBLEM.format(error))
            return render_head([], None)

    def open_page(self, choice: Choice, conversation: Conversation) -> tuple[Any, ...]:
        """The page as a visitor finds it."""
        return self.show_head(choice), *self.refresh(choice, conversation)

    def choose(self, choice: Choice, event: gr.EventData) -> tuple[Choice, str]:
        """Ask a document, or leave it out."""
        choice = replace(choice, excluded=choice.excluded ^ {str(event.id)})
        return choice, self.show(choice)

    def choose_all_or_none(self, choice: Choice) -> tuple[Choice, str]:
        """Ask every document, or none when every one is asked already."""
        documents = self._application.catalog.documents(self._application.library.id)
        able = frozenset(document.id for document in documents if document.state in ANSWERABLE)
        choice = replace(choice, excluded=frozenset() if able & choice.excluded else able)
        return choice, self.show(choice)

    def retry(
        self, choice: Choice, conversation: Conversation, event: gr.EventData
    ) -> tuple[Any, ...]:
        """Take in once more a file that could not be."""
        self._queue.retry(int(event.id))
        return self.refresh(choice, conversation)

    def dismiss(self, choice: Choice, event: gr.EventData) -> str:
        """Forget a file that could not be taken in."""
        self._queue.dismiss(int(event.id))
        return self.show(choice)

    def remove(
        self, choice: Choice, conversation: Conversation, event: gr.EventData
    ) -> tuple[Any, ...]:
        """Take a document out of the library."""
        try:
            self._application.catalog.remove(str(event.id))
        except RagError as error:
            gr.Warning(str(error))
        return *self.refresh(choice, conversation), INVITATION

    def pick(self, choice: Choice, event: gr.EventData) -> Choice:
        """Ask another model from now on."""
        return replace(choice, model=str(event.value))
