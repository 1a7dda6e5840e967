"""A conversation as the page keeps it: frozen values, and how an event changes them."""

from __future__ import annotations

import re
from collections import OrderedDict
from dataclasses import dataclass, field, replace
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
from ui.namesakes import Signs
from ui.steps import SUMMED_UP, step_done, step_of

TABS_KEPT = 64
LIBRARIES_KEPT = 16  # of a tab
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
    dollars that whoever asks had spent by then; `rests` says why it waits for a server now;
    `apart` is what tells documents of one name apart.
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
    apart: Signs = field(default_factory=dict, hash=False)

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


class _Tab:
    """What is kept of one tab: its conversations by their libraries, and where it is."""

    __slots__ = ("conversations", "library_id")

    def __init__(self, library_id: str) -> None:
        self.conversations: OrderedDict[str, Conversation] = OrderedDict()
        self.library_id = library_id


class KeptConversations:
    """The last conversations of this process, for tabs that are loaded again or change the library.

    Each is kept under the random key of its tab, one for each library: whoever knows the key may
    read them. Only what the page shows is kept, and the oldest ones give way.
    """

    def __init__(self) -> None:
        self._tabs: OrderedDict[str, _Tab] = OrderedDict()
        self._lock = Lock()

    def keep(self, key: str, conversation: Conversation) -> None:
        """Keep a conversation in place of the one about its library; an empty one is forgotten."""
        with self._lock:
            self._keep(key, conversation)

    def follow(self, key: str, conversation: Conversation) -> bool:
        """Keep a conversation whose answer has grown; not, and False, once that was stopped."""
        with self._lock:
            before = self._last_of(key, conversation)
            if before is not None and before.state is TurnState.STOPPED:
                return False
            self._keep(key, conversation)
        return True

    def halt(self, key: str, conversation: Conversation) -> Conversation:
        """The conversation stopped where its answer was by now, which stays as it is kept."""
        with self._lock:
            now = self._last_of(key, conversation) if conversation.is_running else None
            if now is not None:
                conversation = conversation.with_last(now)
            conversation = conversation.ended(TurnState.STOPPED)
            self._keep(key, conversation)
        return conversation

    def enter(self, key: str, library_id: str) -> Conversation:
        """The conversation of a tab about the library that it is in from now on, as `find`."""
        if KEY.fullmatch(key) is not None:
            with self._lock:
                self._tab(key, library_id).library_id = library_id
        return self.find(key)

    def find(self, key: str) -> Conversation:
        """The conversation of a tab about the library that it is in, ended if it was running.

        It is empty when none is kept, and about no library when nothing is known of the tab.
        """
        with self._lock:
            tab = self._tabs.get(key)
            if tab is None:
                return Conversation()
            nothing = Conversation(library_id=tab.library_id)
            return tab.conversations.get(tab.library_id, nothing).ended(TurnState.STOPPED)

    def forget(self, library_id: str) -> None:
        """Forget what was said about a library that is deleted for good."""
        with self._lock:
            for tab in self._tabs.values():
                tab.conversations.pop(library_id, None)

    def _keep(self, key: str, conversation: Conversation) -> None:
        if KEY.fullmatch(key) is None:
            return
        turns = tuple(_slim(turn) for turn in conversation.turns[-TURNS_KEPT:])
        kept = self._tab(key, conversation.library_id).conversations
        kept.pop(conversation.library_id, None)
        if turns:
            kept[conversation.library_id] = replace(conversation, turns=turns)
        while len(kept) > LIBRARIES_KEPT:
            kept.popitem(last=False)

    def _last_of(self, key: str, conversation: Conversation) -> Turn | None:
        """The newest turn of a conversation as it is kept; None where another one is kept."""
        tab, wanted = self._tabs.get(key), conversation.last
        kept = None if tab is None else tab.conversations.get(conversation.library_id)
        last = None if kept is None else kept.last
        if last is None or wanted is None:
            return None
        is_same = (last.number, last.question) == (wanted.number, wanted.question)
        return last if is_same else None

    def _tab(self, key: str, library_id: str) -> _Tab:
        """The tab of a key, the newest from now on; a new one is in that library."""
        tab = self._tabs.setdefault(key, _Tab(library_id))
        tab.library_id = tab.library_id or library_id
        self._tabs.move_to_end(key)
        while len(self._tabs) > TABS_KEPT:
            self._tabs.popitem(last=False)
        return tab


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
