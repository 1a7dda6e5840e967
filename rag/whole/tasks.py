"""The works on whole documents, each as a stream of events that ends in an `Answer`."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence
from typing import TypeVar

from rag.domain import Answer, Document, Event, ModelCard, Scope
from rag.errors import InvalidReplyError, QuestionError
from rag.moderation import Moderation
from rag.store.spending import PERSON
from rag.whole.classification import Class, Item, Sorted, Sorter, item_of_document, item_of_text
from rag.whole.commands import Command, read_command
from rag.whole.composing import TextKind, compose
from rag.whole.extraction import Extraction, extract
from rag.whole.pages import readable_documents
from rag.whole.resources import Resources
from rag.whole.schemas import Field
from rag.whole.sheet import Sheet, step
from rag.whole.summaries import summarise
from rag.whole.telling import notice_on_fields, notice_on_sorting, tell_fields, tell_sorted

T = TypeVar("T")


class Tasks:
    """Summarises, fills in forms, sorts and writes, from the documents of a scope."""

    def __init__(
        self,
        resources: Resources,
        moderation: Moderation | None = None,
        principal: str = PERSON,
    ) -> None:
        """Take what all of it draws on, who judges what is wished for and written, and who pays.

        `principal` pays for what has no scope.
        """
        self._resources = resources
        self._moderation = moderation
        self._principal = principal

    @property
    def card(self) -> ModelCard:
        """The model that works."""
        return self._resources.card

    @property
    def bar(self) -> float:
        """The evidence below which nothing is said."""
        return self._resources.bar

    def run(self, text: str, scope: Scope) -> Iterator[Event] | None:
        """What a typed text asks for, if that is one of these works; None for a question.

        Recognised are `/summarise [document]`, `/extract [document]: fields or a JSON schema`,
        `/classify [document]: classes`, `/write email …`, `/write report …`, and plain requests to
        summarise documents that are named.

        Raises:
            NotFoundError: there is no document with text in the scope.
            QuestionError: a command is not complete; the message says what to type.
        """
        command = read_command(text, lambda: readable_documents(self._resources.catalog, scope))
        if command is None:
            return None
        tasks = Tasks(self._resources, self._moderation, scope.principal)
        return tasks._run(command, text.strip(), scope)

    def summarise(self, documents: Sequence[Document], wish: str = "") -> Iterator[Event]:
        """Summarise documents, cited by page; see `rag.whole.summaries`."""
        return self._judged(wish, summarise(documents, self._opened(), wish), self._principal)

    def write(self, instruction: str, kind: TextKind, scope: Scope) -> Iterator[Event]:
        """Write an e-mail or a report from facts; see `rag.whole.composing`."""
        resources = self._resources.opened_for(scope.principal)
        events = compose(instruction, kind, scope, resources)
        return self._judged(instruction, events, scope.principal)

    def _judged(self, wish: str, events: Iterator[Event], principal: str) -> Iterator[Event]:
        """The events of a work, unless moderation finds something in the wish or the result."""
        if self._moderation is None:
            return events
        written = self.card.instructable
        return self._moderation.over(wish, events, principal=principal, is_written=written)

    def extract(
        self, document: Document, form: Field, request: str = ""
    ) -> Generator[Event, None, Extraction]:
        """Fill in a form from a document; the generator returns it, see `rag.whole.extraction`."""
        resources = self._opened()
        sheet = Sheet(resources, request or f"Fill in a form from {document.name}")
        extraction = yield from extract(document, form, resources, sheet)
        yield from tell_fields(extraction, sheet)
        yield sheet.answer(notice=notice_on_fields(extraction, self.card))
        return extraction

    def classify(
        self,
        things: Sequence[Document | str],
        classes: Sequence[Class],
        request: str = "",
        *,
        most: int | None = 1,
    ) -> Generator[Event, None, list[Sorted]]:
        """Sort documents and texts into classes; the generator returns them with their classes.

        `most` is how many classes each may have, None for any number.
        """
        resources = self._opened()
        resources.chat.connect()
        sheet = Sheet(resources, request or f"Sort {len(things)} into {len(classes)} classes")
        sorter = Sorter(classes, resources, most=most)
        made: list[Sorted] = []
        for number, thing in enumerate(things, start=1):
            if len(things) > 1 and isinstance(thing, Document):
                yield step(number, f"sorted {thing.name} ({number} of {len(things)})")
            made.append(sorter.sort(self._item(thing), sheet))
            yield from tell_sorted(made[-1], sheet, alone=len(things) == 1)
        yield sheet.answer(notice=notice_on_sorting(self.card))
        return made

    def _opened(self) -> Resources:
        return self._resources.opened_for(self._principal)

    def _item(self, thing: Document | str) -> Item:
        if isinstance(thing, str):
            return item_of_text(thing)
        return item_of_document(thing, self._resources)

    def _run(self, command: Command, text: str, scope: Scope) -> Iterator[Event]:
        if command.task == "summarise":
            return self.summarise(command.documents, command.wish)
        if command.task == "write":
            return self.write(command.wish, command.kind, scope)
        if command.task == "extract" and command.form is not None:
            return self.extract(command.documents[0], command.form, text)
        things = [command.text] if command.text else command.documents
        return self.classify(things, command.classes, text)


def drained(
    events: Generator[Event, None, T], tell: Callable[[Event], None] = lambda event: None
) -> tuple[Answer, T]:
    """The answer at the end of a stream of events, and what its generator returns.

    Args:
        events: to be drained.
        tell: is given each event on the way.

    Raises:
        InvalidReplyError: the stream ends without an answer.
        RagError: whatever the stream raises.
    """
    answer: Answer | None = None
    while True:
        try:
            event = next(events)
        except StopIteration as end:
            if answer is None:
                raise InvalidReplyError("No answer came. Ask again.") from end
            returned: T = end.value
            return answer, returned
        tell(event)
        if isinstance(event, Answer):
            answer = event


def only_document(documents: Sequence[Document]) -> Document:
    """The one document that is asked for.

    Raises:
        QuestionError: there are several.
    """
    if len(documents) != 1:
        raise QuestionError(
            f"A form is filled in from one document, and there are {len(documents)}. Name one."
        )
    return documents[0]
