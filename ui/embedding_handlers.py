"""What choosing another embedding model for a library does to the page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import gradio as gr

from ingest.reembedding import price_of_reembedding
from rag.domain import Library
from rag.errors import LibraryError, RagError
from rag.protocols import Embedder
from ui.chat import Choice
from ui.conversation import Conversation
from ui.embedding_menu import Question
from ui.library_handlers import LibraryHandlers
from ui.rooms import Rooms

NOT_OFFERED = "{} cannot be chosen here (any more). Load the page again."


class EmbeddingHandlers:
    """Says what embedding a library anew takes, has it done, and stops it."""

    def __init__(self, rooms: Rooms, menu: LibraryHandlers) -> None:
        """Take the libraries that are open, and who shows the menu."""
        self._rooms, self._menu = rooms, menu
        self._catalog = rooms.catalog

    def price(self, choice: Choice, event: gr.EventData) -> str:
        """The menu with what another model takes; this can take seconds."""
        try:
            library, embedder = self._chosen(str(event.id), str(event.model))
            price = price_of_reembedding(self._catalog, library, embedder)
        except RagError as error:
            return self._menu.show(choice, [str(error)])
        question = Question(str(event.model), embedder.model, price)
        return self._menu.show(choice, question=question)

    def embed(
        self, choice: Choice, conversation: Conversation, event: gr.EventData
    ) -> tuple[Any, ...]:
        """Embed a library with another model; what was agreed to goes on without the tab."""
        said: list[str] = []
        try:
            library, embedder = self._chosen(str(event.id), str(event.model))
            self._rooms.runs.ask(library.id, embedder.model)
        except RagError as error:
            said.append(str(error))
        return self._menu.show(choice, said), *self._refreshed(choice, conversation)

    def go_on(
        self, choice: Choice, conversation: Conversation, event: gr.EventData
    ) -> tuple[Any, ...]:
        """Take up what a fault has stopped."""
        said: list[str] = []
        try:
            stopped = self._catalog.reembeddings.of(str(event.id))
            if stopped is not None:
                self._rooms.runs.ask(stopped.library_id, stopped.model)
        except RagError as error:
            said.append(str(error))
        return self._menu.show(choice, said), *self._refreshed(choice, conversation)

    def stop(
        self, choice: Choice, conversation: Conversation, event: gr.EventData
    ) -> tuple[Any, ...]:
        """Stop it, or forget how it ended."""
        said: list[str] = []
        try:
            self._catalog.reembeddings.cancel(str(event.id))
        except RagError as error:
            said.append(str(error))
        return self._menu.show(choice, said), *self._refreshed(choice, conversation)

    def show(self, choice: Choice) -> str:
        """The menu, once a library has another model."""
        return self._menu.show(choice)

    def _chosen(self, library_id: str, model: str) -> tuple[Library, Embedder]:
        """The library, and who embeds with a model that is offered for it.

        Raises:
            RagError: it is not offered, or cannot be had.
        """
        library = self._catalog.library_with_id(library_id)
        application = self._rooms.any_application
        if model not in [offer.model for offer in application.embedding_offers(library)]:
            application.embedder_of(library, model)  # which says why, as a rule
            raise LibraryError(NOT_OFFERED.format(model))
        return library, application.embedder_of(library, model)

    def _refreshed(self, choice: Choice, conversation: Conversation) -> Sequence[Any]:
        return self._rooms.of(choice).documents.refresh(choice, conversation)
