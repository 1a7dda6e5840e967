"""Asking: drains `assistant.ask` into a conversation, one event at a time."""

from __future__ import annotations

import time
from collections.abc import Generator, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from rag.domain import DocumentState, Manner, Scope
from rag.errors import ModerationError, NotFoundError, QuestionError, RagError
from ui.background import Rests, in_batches
from ui.conversation import USUAL, Conversation, Reach, TurnState
from ui.evidence import usually_needed
from ui.namesakes import signs_of
from ui.telling import telling_parts

if TYPE_CHECKING:
    from rag.wiring import Application

MAX_QUESTION_CHARACTERS = 8000
TOO_LONG = f"A question has at most {MAX_QUESTION_CHARACTERS:,} characters. Shorten it."
SECONDS_BETWEEN_UPDATES = 0.06  # sixteen pictures a second look like a flow
SECONDS_OF_SILENCE = 0.5  # how soon a closed tab is noticed while a model thinks
UNEXPECTED = "Something went wrong on our side. Ask again; the server's log says more."
NAMES_SHOWN = 5
ANSWERABLE = frozenset({DocumentState.READY, DocumentState.PARTIAL})

LIBRARY_IS_GONE = "This library was deleted, and nothing was done."
LIBRARY_OFFER = "Bring it back, or choose another one, on the left."
LIBRARY_GONE = f"{LIBRARY_IS_GONE} {LIBRARY_OFFER}"


@dataclass(frozen=True, slots=True)
class Choice:
    """What a visitor has set: the model (None: the default) and the documents left out.

    `library` is the id of the one the visitor is in, None for the one the server began with.
    `set_ms` is when the library or its documents were chosen last, in milliseconds since 1970.
    """

    model: str | None = None
    excluded: frozenset[str] = frozenset()
    library: str | None = None
    set_ms: int = field(default=0, compare=False)

    def after(self, before: Choice) -> Choice:
        """The choice as made now, in place of another: later than that one, whatever the clock."""
        return replace(self, set_ms=max(before.set_ms + 1, time.time_ns() // 1_000_000))

    def is_in(self, library_id: str) -> bool:
        """Whether a library is the one that the visitor is in, not one in its place."""
        return self.library in (None, library_id)

    def require(self, library_id: str) -> None:
        """Refuse to act in a library in the place of the one that the visitor is in.

        Raises:
            NotFoundError: that one was deleted meanwhile.
        """
        if not self.is_in(library_id):
            raise NotFoundError(LIBRARY_GONE)


@dataclass(frozen=True, slots=True)
class Inquiry:
    """A question as it is put: with what a visitor has set, and in what manner it is answered.

    `still_read` are the names of the files that are on their way in, and not searched.
    """

    question: str
    choice: Choice
    manner: Manner = USUAL
    still_read: tuple[str, ...] = ()


def ask(
    application: Application, inquiry: Inquiry, conversation: Conversation
) -> Generator[Conversation, None, None]:
    """Yield the conversation as the answer to one more question, or a work asked for, arrives.

    An expected failure ends the turn with its sentence; what the visitor can mend before asking
    again only holds it. Closing the generator stops the model.
    """
    question, choice, manner = inquiry.question, inquiry.choice, inquiry.manner
    library_id = choice.library or application.library.id
    asked = conversation.within(library_id).asking(question, manner)
    yield asked
    turn = asked.turns[-1]
    try:
        choice.require(application.library.id)
        if len(question) > MAX_QUESTION_CHARACTERS:
            raise QuestionError(TOO_LONG)
        scope = application.scope()
        if manner.documents:
            scope = choose_scope(application, choice, inquiry.still_read)
            reach = measure_reach(application, scope)
            turn = replace(turn, reach=reach, still_read=len(inquiry.still_read))
            yield asked.with_last(turn)
        model = choice.model or usual_model(application)
        assistant = application.assistant(model)
        turn = replace(turn, card=assistant.card)
        work = application.tasks(model).run(question, scope) if manner.documents else None
        history = conversation.within(library_id).history()
        events = work or assistant.ask(question, history, scope, manner)
        rests = Rests()
        for batch in in_batches(
            events,
            every=SECONDS_BETWEEN_UPDATES,
            at_least_every=SECONDS_OF_SILENCE,
            hear=rests.hear,
        ):
            turn = replace(turn, rests=rests.why)
            for event in batch:
                turn = turn.after(event)
            if turn.answer is not None:
                turn = replace(
                    turn,
                    needed=usually_needed(application.settings.bar, assistant.card),
                    telling=telling_parts(turn.answer, application.scorer),
                    apart=signs_of(application.catalog, scope.library_id),
                    spent_today=application.catalog.spending.today(scope.principal).dollars,
                )
            yield asked.with_last(turn)
        if turn.answer is None:
            yield asked.with_last(turn).ended(TurnState.FAILED, UNEXPECTED)
    except ModerationError as error:  # what was shown of the answer goes with it
        yield asked.with_last(replace(turn, text="")).ended(TurnState.HELD, str(error))
    except (NotFoundError, QuestionError) as error:
        yield asked.with_last(turn).ended(TurnState.HELD, str(error))
    except RagError as error:
        application.look_again()  # the server that failed may be gone
        yield asked.with_last(turn).ended(TurnState.FAILED, str(error))


def usual_model(application: Application) -> str | None:
    """The model that the bar shows where none was picked: the first that the library may use."""
    return application.offers()[0].id if application.library.stays_here else None


def choose_scope(application: Application, choice: Choice, still_read: Sequence[str] = ()) -> Scope:
    """The library, or the documents of it that are chosen.

    Raises:
        NotFoundError: the library holds nothing that can be asked.
        QuestionError: every document is left out.
    """
    library = application.library.id
    documents = application.catalog.documents(library)
    answerable = {document.id for document in documents if document.state in ANSWERABLE}
    if not answerable and still_read:
        more = f" and {len(still_read) - NAMES_SHOWN} more" * (len(still_read) > NAMES_SHOWN)
        names = ", ".join(still_read[:NAMES_SHOWN])
        raise NotFoundError(f"Still being read: {names}{more}. Ask again in a moment.")
    if not answerable:
        raise NotFoundError("There is no document to ask yet. Add one on the left.")
    if not answerable & choice.excluded:
        return application.scope()
    if not answerable - choice.excluded:
        raise QuestionError("No document is chosen. Tick at least one on the left.")
    return application.scope(frozenset(answerable - choice.excluded))


def measure_reach(application: Application, scope: Scope) -> Reach:
    """How much a question in that scope searches."""
    documents = [
        document
        for document in application.catalog.documents(scope.library_id)
        if document.state in ANSWERABLE
    ]
    chosen = [
        document
        for document in documents
        if scope.document_ids is None or document.id in scope.document_ids
    ]
    pages = sum(document.page_count for document in chosen if document.paginated)
    texts = sum(not document.paginated for document in chosen)
    names = tuple(document.title or document.name for document in chosen)
    return Reach(
        len(chosen), len(documents), pages, texts, names if len(chosen) < len(documents) else ()
    )
