from __future__ import annotations

import pytest

from rag.domain import Scope
from rag.errors import InvalidReplyError, NotFoundError, QuestionError
from rag.whole.tasks import Tasks, drained, only_document
from tests.fakes import ScriptedChat, document
from tests.rag.desk import Desk
from tests.rag.whole.works import checked_answer, reader, reply, said, tasks


def run(desk: Desk, works: Tasks, text: str, scope: Scope | None = None) -> str:
    events = works.run(text, scope or desk.scope)
    assert events is not None
    return checked_answer(desk, list(events)).text


def test_a_question_is_no_task(desk: Desk) -> None:
    assert (
        tasks(desk, ScriptedChat()).run("How many parameters does Nemo have?", desk.scope) is None
    )


def test_a_summary_is_typed(desk: Desk) -> None:
    text = run(desk, tasks(desk, reader(desk)), "Summarise the document cheese.txt")
    assert text.splitlines()[0] == "- “Camembert is a soft cheese from Normandy.” [1]"


def test_a_form_is_typed(desk: Desk) -> None:
    chat = ScriptedChat(
        reply(said(12, "12 billion parameters")),
        reply({"value": None, "reason": "no price is named"}),
    )
    text = run(desk, tasks(desk, chat), "/extract nemo.txt: billions (number), price (number)")
    assert text == "- **billions**: 12 [1]\n- **price**: not found (no price is named)"


def test_classes_are_typed(desk: Desk) -> None:
    chat = ScriptedChat(
        *[reply({"class": "food", "source": 1, "quote": "soft cheese"})],
        reply({"class": None, "reason": "a model"}),
    )
    text = run(desk, tasks(desk, chat), "/classify cheese.txt nemo.txt: food, drink")
    assert text == ("- cheese.txt: **food**: “soft cheese” [1]\n- nemo.txt: no class (a model)")
    own = run(
        desk, tasks(desk, ScriptedChat(reply({"class": "food"}))), "/classify “Brie”: food, drink"
    )
    assert own == "- **food**"


def test_a_text_is_typed(desk: Desk) -> None:
    chat = ScriptedChat(["Subject: Nemo\n\nNemo has 12 billion parameters [1]."])
    text = run(desk, tasks(desk, chat), "/write email to Anna about the parameters of Nemo")
    assert text.startswith("Subject: Nemo")


def test_only_documents_of_the_scope_are_meant(desk: Desk) -> None:
    works = tasks(desk, reader(desk))
    scope = desk.only("cheese.txt")
    assert works.run("Summarise nemo.txt", scope) is None
    with pytest.raises(QuestionError, match=r"There are: cheese\.txt\."):
        works.run("/summarise nemo.txt", scope)
    assert "Nemo" not in run(desk, works, "Summarise my documents", scope)


def test_a_scope_without_text_is_told_of(desk: Desk) -> None:
    desk.add("blank.txt", "\n")
    with pytest.raises(NotFoundError, match=r"blank\.txt has no text to read"):
        tasks(desk, reader(desk)).run("/summarise", desk.only("blank.txt"))
    with pytest.raises(NotFoundError, match="no document with text"):
        tasks(desk, reader(desk)).run("/summarise", Scope(desk.library.id, frozenset()))


def test_a_stream_without_an_answer_is_told_of() -> None:
    with pytest.raises(InvalidReplyError):
        drained(_ for _ in ())


def test_a_form_is_filled_in_from_one_document() -> None:
    assert only_document([document()]) == document()
    with pytest.raises(QuestionError, match="there are 2"):
        only_document([document(), document("other.pdf")])
