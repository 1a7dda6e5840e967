"""What asking, asking again in another manner, stopping and starting afresh do to the page."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import gradio as gr

from ingest.queue import IngestQueue
from rag.domain import Manner
from ui.chat import Choice, Inquiry, ask
from ui.conversation import USUAL, Conversation, KeptConversations, Turn, TurnState
from ui.endings import being_read
from ui.viewer import INVITATION

if TYPE_CHECKING:
    from rag.wiring import Application

AS_TYPED = Manner(rewrite=False)
ALONE = Manner(documents=False)
NO_BAR = 0.0  # whatever was found is evidence enough


class ChatHandlers:
    """What gestures in the conversation and in the box do to the page."""

    def __init__(
        self,
        application: Application,
        queue: IngestQueue,
        kept: KeptConversations,
        show: Callable[[Conversation], list[str]],
    ) -> None:
        """Take who answers, what is being read, and where conversations are kept and shown."""
        self._application = application
        self._queue = queue
        self._kept = kept
        self._show = show

    def stream(
        self, question: str, conversation: Conversation, choice: Choice, key: str
    ) -> Iterator[tuple[Any, ...]]:
        """The conversation as it grows; the box is emptied once, so that typing can go on."""
        question = question.strip()
        if not question:
            yield gr.skip(), gr.skip(), gr.skip()
            return
        conversation = conversation.ended(TurnState.STOPPED)  # by a stop that was overtaken
        box: Any = ""
        for state in self._ask(question, conversation, choice, key, USUAL):
            yield state, self._show(state), box
            box = gr.skip()

    def again(
        self, conversation: Conversation, choice: Choice, key: str
    ) -> Iterator[tuple[Any, ...]]:
        """The last question once more, in place of its answer; the box keeps its text."""
        yield from self._again(conversation, choice, key, USUAL)

    def as_typed(
        self, conversation: Conversation, choice: Choice, key: str
    ) -> Iterator[tuple[Any, ...]]:
        """The last question once more, searched in the words it was typed in."""
        yield from self._again(conversation, choice, key, AS_TYPED)

    def all_the_same(
        self, conversation: Conversation, choice: Choice, key: str, event: gr.EventData
    ) -> Iterator[tuple[Any, ...]]:
        """A refused question once more, answered however thin the evidence is."""
        turn = conversation.turn(int(event.turn))
        if turn is not None:
            manner = replace(turn.manner, bar=NO_BAR)
            yield from self._anew(turn, conversation, choice, key, manner)

    def without_documents(
        self, conversation: Conversation, choice: Choice, key: str, event: gr.EventData
    ) -> Iterator[tuple[Any, ...]]:
        """A refused question once more, answered by what the model knows."""
        turn = conversation.turn(int(event.turn))
        if turn is not None:
            yield from self._anew(turn, conversation, choice, key, ALONE)

    def example(
        self, conversation: Conversation, choice: Choice, key: str, event: gr.EventData
    ) -> Iterator[tuple[Any, ...]]:
        """An example question, asked as it stands."""
        yield from self.stream(str(event.question), conversation, choice, key)

    def halt(self, conversation: Conversation, key: str) -> tuple[Any, ...]:
        """The conversation with its running turn stopped."""
        conversation = self._kept.halt(key, conversation)
        return conversation, self._show(conversation)

    def start_afresh(self, choice: Choice, key: str) -> tuple[Any, ...]:
        """An empty conversation about the chosen library, and an empty source pane."""
        self._kept.keep(key, Conversation(library_id=choice.library or ""))
        return Conversation(), self._show(Conversation()), INVITATION

    def _again(
        self, conversation: Conversation, choice: Choice, key: str, manner: Manner
    ) -> Iterator[tuple[Any, ...]]:
        if conversation.last is not None:
            question = conversation.last.question
            for state in self._ask(question, conversation.without_last(), choice, key, manner):
                yield state, self._show(state)

    def _anew(
        self, turn: Turn, conversation: Conversation, choice: Choice, key: str, manner: Manner
    ) -> Iterator[tuple[Any, ...]]:
        """The last question in place of its answer; an older one as it was searched, at the end."""
        if turn == conversation.last:
            yield from self._again(conversation, choice, key, manner)
        elif turn.answer is not None and not conversation.is_running:
            for state in self._ask(turn.answer.question, conversation, choice, key, manner):
                yield state, self._show(state)

    def _ask(
        self, question: str, conversation: Conversation, choice: Choice, key: str, manner: Manner
    ) -> Iterator[Conversation]:
        """The conversation as it grows, and as it is kept; no more of it once it was stopped."""
        still_read = tuple(job.name for job in being_read(self._queue.jobs()))
        inquiry = Inquiry(question, choice, manner, still_read)
        states = ask(self._application, inquiry, conversation)
        with closing(states):
            first = next(states)
            self._kept.keep(key, first)
            yield first
            for state in states:
                if not self._kept.follow(key, state):
                    return
                yield state
