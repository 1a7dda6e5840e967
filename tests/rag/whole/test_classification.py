from __future__ import annotations

import pytest

from rag.errors import NotFoundError, QuestionError, RateLimitError
from rag.protocols import ChatModel
from rag.providers.minilm.embedder import MiniLmEmbedder
from rag.whole.classification import Class, Sorted, read_classes
from rag.whole.tasks import drained
from tests.fakes import ScriptedChat
from tests.rag.desk import Desk
from tests.rag.whole.works import checked_answer, named, reader, reply, tasks

TICKETS = read_classes("billing: invoices and payments; technical problem: errors; account: login")


def sort(
    desk: Desk, chat: ChatModel, text: str, *, most: int | None = 1, classes: list[Class] = TICKETS
) -> Sorted:
    _, (found,) = drained(tasks(desk, chat).classify([text], classes, most=most))
    return found


def names(found: Sorted) -> list[str]:
    return [fit.name for fit in found.fits]


@pytest.mark.parametrize(
    "given",
    [
        "invoice, letter",
        "invoice; letter",
        "- invoice\n- letter\n",
        ["invoice", "letter"],
        [{"name": "invoice"}, {"name": "letter", "examples": []}],
        {"invoice": "", "letter": None},
        {"classes": ["invoice", "letter"]},
    ],
)
def test_classes_are_given_in_any_usual_way(given: object) -> None:
    assert [each.name for each in read_classes(given)] == ["invoice", "letter"]


def test_classes_may_have_descriptions_and_examples() -> None:
    text = read_classes("invoice: asks for money\nletter: says something")
    assert text[0] == Class("invoice", "asks for money")
    rows = read_classes([{"name": "a", "description": "b", "examples": ["c"]}, "d"])
    assert rows[0] == Class("a", "b", ("c",))


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ("invoice", "1 is given"),
        ("", "0 are given"),
        ([], "0 are given"),
        (["a", "A"], "named twice"),
        (["a", ""], "empty name"),
        (["a", 3], "needs a name"),
        (7, "no list"),
        ([f"c{at}" for at in range(101)], "101 are given"),
    ],
)
def test_classes_that_are_none_say_why(given: object, told: str) -> None:
    with pytest.raises(QuestionError, match=told):
        read_classes(given)


def test_a_model_names_a_class_with_its_reason_and_quote(desk: Desk) -> None:
    said = {"class": "Billing", "reason": "a payment", "source": 1, "quote": "charged twice"}
    chat = ScriptedChat(reply(said))
    found = sort(desk, chat, "I was charged twice.")
    (fit,) = found.fits
    assert (fit.name, fit.reason) == ("billing", "a payment")
    assert fit.quote is not None
    assert fit.quote.text == "charged twice"
    assert "- technical problem: errors" in chat.prompts[0].messages[1].content


def test_an_unknown_class_may_be_mended_once(desk: Desk) -> None:
    chat = ScriptedChat(reply({"class": "money"}), reply({"class": "billing"}))
    assert names(sort(desk, chat, "I was charged twice.")) == ["billing"]
    assert "'money' is none of the classes: billing, technical problem, account." in (
        chat.prompts[1].messages[-1].content
    )


def test_a_class_that_is_unknown_twice_is_none_and_says_why(desk: Desk) -> None:
    chat = ScriptedChat(reply({"class": "money"}), ["It is about money."])
    found = sort(desk, chat, "I was charged twice.")
    assert (names(found), found.failed) == ([], True)
    assert "holds no JSON" in found.reason


def test_a_model_may_say_that_none_fits(desk: Desk) -> None:
    found = sort(desk, ScriptedChat(reply({"class": None, "reason": "a poem"})), "Roses are red.")
    assert (names(found), found.reason, found.failed) == ([], "a poem", False)


def test_a_text_may_have_several_classes(desk: Desk) -> None:
    rows = {"classes": [{"class": "account"}, {"class": "billing"}, {"class": "account"}]}
    assert names(sort(desk, ScriptedChat(reply(rows)), "x", most=None)) == ["account", "billing"]
    assert names(sort(desk, ScriptedChat(reply({"classes": []})), "x", most=None)) == []


def test_a_failing_server_and_an_empty_text_are_told_of(desk: Desk) -> None:
    with pytest.raises(RateLimitError):
        sort(desk, ScriptedChat([RateLimitError("Wait.")]), "x")
    with pytest.raises(NotFoundError, match="nothing to sort"):
        sort(desk, reader(desk), " \n")


def test_a_document_is_sorted_with_a_quote_that_opens(desk: Desk) -> None:
    said = {"class": "cheese", "reason": "names one", "source": 1, "quote": "Camembert"}
    events: list[object] = []
    answer, _ = drained(
        tasks(desk, ScriptedChat(reply(said))).classify(
            [named(desk, "cheese.txt")], read_classes("cheese, models")
        ),
        events.append,
    )
    checked_answer(desk, [*events[:-1], answer])  # type: ignore[list-item]
    assert answer.text == "- **cheese** (names one): “Camembert” [1]"


@pytest.fixture(scope="module")
def embedder() -> MiniLmEmbedder:
    return MiniLmEmbedder()


CASES = [
    ("I was charged twice this month, please refund one payment.", "billing"),
    ("The app shows an error and crashes when I open it.", "technical problem"),
    ("I forgot my password and cannot log in.", "account"),
    ("The lake was lovely yesterday.", None),
]


@pytest.mark.parametrize(("text", "name"), CASES)
def test_without_a_model_the_nearest_class_is_given_if_one_is_near(
    text: str, name: str | None, desk: Desk, embedder: MiniLmEmbedder
) -> None:
    desk.scorer._embedder = embedder
    found = sort(desk, reader(desk), text)
    assert names(found) == ([name] if name else [])
    if name is None:
        assert "undecided" in found.reason
    else:
        assert found.fits[0].score is not None
        assert found.fits[0].margin is not None
        assert found.fits[0].margin > 0
