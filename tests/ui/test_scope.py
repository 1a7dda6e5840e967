from __future__ import annotations

import pytest

from rag.domain import Manner, ModelCard
from rag.errors import NotFoundError
from rag.evidence import MODEL_SHARE
from rag.wiring import Application
from ui.chat import LIBRARY_GONE, Choice, Inquiry, ask, choose_scope
from ui.conversation import Conversation, TurnState
from ui.evidence import usually_needed


def test_without_a_document_what_is_still_read_is_named(application: Application) -> None:
    with pytest.raises(NotFoundError, match="There is no document to ask yet"):
        choose_scope(application, Choice())
    with pytest.raises(NotFoundError) as caught:
        choose_scope(application, Choice(), ["a.pdf", "b.pdf"])
    assert str(caught.value) == "Still being read: a.pdf, b.pdf. Ask again in a moment."
    with pytest.raises(NotFoundError, match=r"3\.pdf, 4\.pdf and 2 more\. Ask again"):
        choose_scope(application, Choice(), [f"{number}.pdf" for number in range(7)])


def test_a_question_waits_for_what_its_visitor_can_mend(application: Application) -> None:
    *_, last = ask(application, Inquiry("Boats?", Choice()), Conversation())
    assert last.turns[0].state is TurnState.HELD
    assert last.turns[0].error == "There is no document to ask yet. Add one on the left."


def test_no_other_library_is_asked_in_the_place_of_one_that_was_deleted(
    application: Application,
) -> None:
    alone = Manner(documents=False)
    for manner in (Manner(), alone):
        inquiry = Inquiry("Boats?", Choice(library="deleted"), manner)
        *_, last = ask(application, inquiry, Conversation())
        assert last.turns[0].state is TurnState.HELD
        assert last.turns[0].error == LIBRARY_GONE
    inquiry = Inquiry("Boats?", Choice(library=application.library.id))
    *_, last = ask(application, inquiry, Conversation())
    assert last.turns[0].error != LIBRARY_GONE


def test_a_model_that_can_say_no_needs_less_evidence() -> None:
    assert usually_needed(0.05, ModelCard("reader", "here", 0, instructable=False)) == 0.05
    assert usually_needed(0.05, ModelCard("small", "there", 0)) == 0.05 * MODEL_SHARE
