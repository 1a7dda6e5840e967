"""A conversation as the page keeps it: frozen values, and how an event changes them."""

from __future__ import annotations

import re
from collections import OrderedDict
from dataclasses import dataclass, replace
from enum import StrEnum
from threading import Lock

from rag.domain import (
    Answer,
    Event,
    Manner,
    Message,
    ModelCard,
    Passage,
    Retrieved,
    Rewritten,
    Span,
    SummedUp,
    TextDelta,
    ToolCall,
    ToolResult,
)
from rag.marks import Opinion
from ui.steps import SUMMED_UP, step_done, step_of

CONVERSATIONS_KEPT = 64
TURNS_KEPT = 20
PASSAGE_CHARACTERS_KEPT = 400  # more than a list of passages shows
USUAL = Manner()
KEY = re.compile(r"[0-9a-f]{32}")


class TurnState(StrEnum):
    """Where a turn stands; what is held can be asked once the visitor has mended something."""

    RUNNING = "running"
    DONE = "done"
    STOPPED = "stopped"
    FAILED = "failed"
    HELD = "held"


@dataclass(frozen=True, slots=True)
class Reach:
    """How much a question searched: `documents` of the `library`, and their pages.

    `texts` is how many of them have no pages; `names` are theirs where not all are searched.
    """

    documents: int
    library: int
    pages: int
    texts: int
    names: tuple[str, ...] = ()

    @property
    def is_limited(self) -> bool:
        """Whether some documents were left out."""
        return self.documents < self.library


@dataclass(frozen=True, slots=True)
class Mark:
    """What was said of an answer: the question's id in the evaluation set, and the right page.

    `place` is that page in words, empty while none was named.
    """

    id: str
    place: str = ""
    opinion: Opinion = Opinion.WRONG

    @property
    def is_complete(self) -> bool:
        """Whether no page is left to be named."""
        return bool(self.place) or self.opinion is not Opinion.WRONG


@dataclass(frozen=True, slots=True)
class Turn:
    """A question, in what manner it was asked, and what became of it.

    `error` is one plain sentence when it failed or is held. `needed` is the evidence below which
    whoever answered usually refuses; `telling` is for each passage of the answer the part of its
    page to be read first, empty while nothing is known of any. `card` is who answers, and
    `still_read` how many files were on their way in, and not searched; `spent_today` are the
    dollars that whoever asks had spent by then; `rests` says why it waits for a server now.
    """

    number: int
    question: str
    manner: Manner = USUAL
    state: TurnState = TurnState.RUNNING
    reach: Reach | None = None
    rewritten: str = ""
    parts: tuple[str, ...] = ()
    also: tuple[str, ...] = ()
    tools: tuple[str, ...] = ()
    text: str = ""
    answer: Answer | None = None
    error: str = ""
    mark: Mark | None = None
    needed: float | None = None
    telling: tuple[Span | None, ...] = ()
    card: ModelCard | None = None
    rests: str = ""
    still_read: int = 0
    spent_today: float = 0.0

    @property
    def instructable(self) -> bool:
        """Whether who answers can do more than quote."""
        return self.card is not None and self.card.instructable

    @property
    def is_thin(self) -> bool:
        """Whether it was answered on less evidence than is usually needed."""
        evidence = None if self.answer is None else self.answer.evidence
        return evidence is not None and self.needed is not None and evidence < self.needed

    def telling_part(self, passage: Passage) -> Span | None:
        """The part of a passage's page to be read first; None where none stands out."""
        if self.answer is None:
            return None
        for found, part in zip(self.answer.passages, self.telling, strict=False):
            if _place(found) == _place(passage):
                return part
        return None

    def after(self, event: Event) -> Turn:
        """The turn once the event has happened."""
        match event:
            case Rewritten(question, parts, also):
                return replace(self, rewritten=question, parts=parts, also=also)
            case SummedUp():
                return replace(self, tools=(*self.tools, SUMMED_UP))
            case ToolCall():
                return replace(self, tools=(*self.tools, step_of(event)))
            case ToolResult(call):
                steps = (step_of(call), step_done(event))
                tools = tuple(steps[1] if each == steps[0] else each for each in self.tools)
                return replace(self, tools=tools)
            case Retrieved():
                return self
            case TextDelta(text):
                return replace(self, text=self.text + text)
            case Answer():
                return replace(self, answer=event, text=event.text, state=TurnState.DONE)


@dataclass(frozen=True, slots=True)
class Conversation:
    """The turns of one visitor, oldest first, all about one library; empty: none is known yet."""

    turns: tuple[Turn, ...] = ()
    library_id: str = ""

    @property
    def last(self) -> Turn | None:
        """The newest turn."""
        return self.turns[-1] if self.turns else None

    @property
    def is_running(self) -> bool:
        """Whether an answer is being written."""
        return self.last is not None and self.last.state is TurnState.RUNNING

    def asking(self, question: str, manner: Manner = USUAL) -> Conversation:
        """With one more turn, which is running."""
        number = self.last.number + 1 if self.last else 0
        return replace(self, turns=(*self.turns, Turn(number, question, manner)))

    def within(self, library_id: str) -> Conversation:
        """The conversation as far as it is about a library: none of it, where it is another's."""
        if self.library_id in ("", library_id):
            return replace(self, library_id=library_id)
        return Conversation(library_id=library_id)

    def with_last(self, turn: Turn) -> Conversation:
        """With the newest turn replaced."""
        return replace(self, turns=(*self.turns[:-1], turn))

    def without_last(self) -> Conversation:
        """Without the newest turn."""
        return replace(self, turns=self.turns[:-1])

    def marking(self, number: int, mark: Mark | None) -> Conversation:
        """With the turn of that number marked, or no longer."""
        turns = tuple(
            replace(turn, mark=mark) if turn.number == number else turn for turn in self.turns
        )
        return replace(self, turns=turns)

    def ended(self, state: TurnState, error: str = "") -> Conversation:
        """With the newest turn ended, if it was still running."""
        if self.last is None or not self.is_running:
            return self
        return self.with_last(replace(self.last, state=state, error=error))

    def turn(self, number: int) -> Turn | None:
        """The turn of that number, None when it is gone."""
        return next((turn for turn in self.turns if turn.number == number), None)

    def history(self) -> tuple[Message, ...]:
        """The answered turns as messages, for the question that follows them."""
        messages: list[Message] = []
        for turn in self.turns:
            if turn.answer is not None:
                messages.append(Message("user", turn.question))
                messages.append(Message("assistant", turn.answer.text))
        return tuple(messages)


class KeptConversations:
    """The last conversations of this process, for tabs that are loaded again.

    Each is kept under the random key of its tab: whoever knows the key may read it. Only what the
    page shows is kept, and the oldest ones give way.
    """

    def __init__(self) -> None:
        self._kept: OrderedDict[str, Conversation] = OrderedDict()
        self._lock = Lock()

    def keep(self, key: str, conversation: Conversation) -> None:
        """Keep a conversation, in place of what the key held; an empty one is forgotten."""
        if KEY.fullmatch(key) is None:
            return
        turns = tuple(_slim(turn) for turn in conversation.turns[-TURNS_KEPT:])
        with self._lock:
            self._kept.pop(key, None)
            if turns:
                self._kept[key] = replace(conversation, turns=turns)
            while len(self._kept) > CONVERSATIONS_KEPT:
                self._kept.popitem(last=False)

    def find(self, key: str) -> Conversation:
        """The conversation of a key, ended if it was running; empty when none is kept."""
        with self._lock:
            return self._kept.get(key, Conversation()).ended(TurnState.STOPPED)


def _slim(turn: Turn) -> Turn:
    if turn.answer is None:
        return turn
    passages = tuple(
        _excerpt(passage, turn.telling_part(passage)) for passage in turn.answer.passages
    )
    return replace(turn, answer=replace(turn.answer, passages=passages, tool_results=()))


def _excerpt(passage: Passage, part: Span | None) -> Passage:
    """The passage with its text up to what is shown of it; where it stands on its page is kept."""
    shown_from = 0 if part is None else part.start - passage.start
    return replace(passage, text=passage.text[: shown_from + PASSAGE_CHARACTERS_KEPT])


def _place(passage: Passage) -> tuple[str, int, int]:
    return passage.document.id, passage.page, passage.start
