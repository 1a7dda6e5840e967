"""What marking an answer as wrong does: its question joins the evaluation set."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import gradio as gr

from ui.conversation import Conversation, KeptConversations

if TYPE_CHECKING:
    from rag.wiring import Application

NOT_STORED = "There is no evaluation set yet: the answer was not marked."


class MarkHandlers:
    """What gestures about wrong answers do to the page."""

    def __init__(
        self,
        application: Application,
        kept: KeptConversations,
        show: Callable[[Conversation], list[str]],
    ) -> None:
        """Take where questions are stored, and where conversations are kept and shown."""
        self._application = application
        self._kept = kept
        self._show = show

    def mark(self, conversation: Conversation, key: str, event: gr.EventData) -> tuple[Any, ...]:
        """The conversation with an answer marked as wrong."""
        return self._refused()

    def unmark(self, conversation: Conversation, key: str, event: gr.EventData) -> tuple[Any, ...]:
        """The conversation with the mark taken back."""
        return self._refused()

    def name_page(
        self, conversation: Conversation, key: str, event: gr.EventData
    ) -> tuple[Any, ...]:
        """The newest marked question with the page that answers it."""
        return self._refused()

    def _refused(self) -> tuple[Any, ...]:
        gr.Warning(NOT_STORED)
        return gr.skip(), gr.skip()
