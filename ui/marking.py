"""What marking an answer as good or wrong does: its question joins the evaluation set."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import gradio as gr

from rag.errors import RagError
from rag.marks import Marks, Opinion, Place, marked_answer
from ui.conversation import Conversation, KeptConversations, Mark, Turn
from ui.feedback import judged
from ui.notices import render_notices

if TYPE_CHECKING:
    from rag.wiring import Application


class MarkHandlers:
    """What opinions about answers do to the page: to what is kept, shown, and said above it."""

    def __init__(
        self,
        application: Application,
        kept: KeptConversations,
        show: Callable[[Conversation], list[str]],
    ) -> None:
        """Take where questions are stored, and where conversations are kept and shown."""
        self._application = application
        catalog = application.catalog
        self._marks = Marks(catalog.data_dir, catalog.library_with_id)
        self._kept = kept
        self._show = show

    def mark(self, conversation: Conversation, key: str, event: gr.EventData) -> tuple[Any, ...]:
        """The conversation with an answer marked as wrong."""
        said = event._data
        turn = conversation.turn(int(event.turn))
        if turn is None or turn.answer is None:
            return _nothing()
        opinion, reason = judged(turn.answer, said.get("kind", ""), said.get("reason", ""))
        return self._mark(conversation, key, turn, opinion, reason)

    def praise(self, conversation: Conversation, key: str, event: gr.EventData) -> tuple[Any, ...]:
        """The conversation with an answer marked as good."""
        turn = conversation.turn(int(event.turn))
        if turn is None:
            return _nothing()
        return self._mark(conversation, key, turn, Opinion.RIGHT, "")

    def unmark(self, conversation: Conversation, key: str, event: gr.EventData) -> tuple[Any, ...]:
        """The conversation with the mark taken back."""
        turn = conversation.turn(int(event.turn))
        if turn is None or turn.mark is None or conversation.is_running:
            return _nothing()
        try:
            self._marks.withdraw(self._library_id(conversation), turn.mark.id)
        except RagError as error:
            return _warned(error)
        return self._changed(conversation.marking(turn.number, None), key)

    def name_page(
        self, conversation: Conversation, key: str, event: gr.EventData
    ) -> tuple[Any, ...]:
        """A marked question with the page that answers it."""
        turn = conversation.turn(int(event.turn))
        if turn is None or turn.mark is None or conversation.is_running:
            return _nothing()
        try:
            document = self._application.catalog.document(str(event.id))
            page = int(event.page) if document.paginated else None
            place = Place(document.name, page)
            self._marks.name_page(self._library_id(conversation), turn.mark.id, place)
        except RagError as error:
            return _warned(error)
        words = document.title if page is None else f"{document.title}, p. {page}"
        named = replace(turn.mark, place=words)
        return self._changed(conversation.marking(turn.number, named), key)

    def _mark(
        self, conversation: Conversation, key: str, turn: Turn, opinion: Opinion, reason: str
    ) -> tuple[Any, ...]:
        if turn.answer is None or conversation.is_running:
            return _nothing()
        marked = marked_answer(turn.question, turn.answer, reason, opinion=opinion)
        try:
            id_ = self._marks.mark(self._library_id(conversation), marked)
        except RagError as error:
            return _warned(error)
        mark = Mark(id_, opinion=opinion)
        return self._changed(conversation.marking(turn.number, mark), key)

    def _library_id(self, conversation: Conversation) -> str:
        return conversation.library_id or self._application.library.id

    def _changed(self, conversation: Conversation, key: str) -> tuple[Any, ...]:
        self._kept.keep(key, conversation)
        return conversation, self._show(conversation), gr.skip()


def _nothing() -> tuple[Any, ...]:
    return gr.skip(), gr.skip(), gr.skip()


def _warned(error: RagError) -> tuple[Any, ...]:
    """Nothing changes, so that what was typed is still there; what went wrong is said."""
    return gr.skip(), gr.skip(), render_notices([str(error)])
