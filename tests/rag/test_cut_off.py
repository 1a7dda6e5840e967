"""Answers that a model did not finish: never told as complete, and told why."""

import pytest

from rag.assistant import ALONE, UNBACKED
from rag.batch import BadRow, BatchQuestion, answer_row, run
from rag.domain import Answer, Finish, Manner, Usage
from rag.errors import InvalidReplyError
from rag.turns import FILTERED, TRUNCATED
from tests.fakes import CARD, ScriptedChat
from tests.rag.desk import QUESTION, Desk, answer_of
from tests.rag.whole.works import checked_answer, named, tasks

CUTS = [
    (Finish(Usage(1, 1), complete=False), TRUNCATED),
    (Finish(Usage(1, 1), complete=False, filtered=True), FILTERED),
]


@pytest.fixture(params=CUTS, ids=["length", "filter"])
def cut(request: pytest.FixtureRequest) -> tuple[Finish, str]:
    end, why = request.param
    assert isinstance(end, Finish)
    assert isinstance(why, str)
    return end, why


def test_a_row_says_that_its_answer_was_cut_off_and_why(
    desk: Desk, cut: tuple[Finish, str]
) -> None:
    end, why = cut
    answer = answer_of(
        desk.ask(ScriptedChat(["Nemo has 12 billion parameters [1]", end]), QUESTION)
    )

    row = answer_row(BatchQuestion(question=QUESTION, id="1"), answer)

    assert (row["complete"], row["notice"], row["error"], row["refused"]) == (
        False,
        why,
        None,
        False,
    )
    assert answer.filtered is end.filtered


def test_a_row_of_a_whole_answer_is_complete_and_one_with_an_error_is_not() -> None:
    def answer(asked: BatchQuestion) -> dict[str, object]:
        return answer_row(asked, Answer("No [1].", "?", "small"))

    rows = list(run([BatchQuestion(question="?", id="1"), BadRow("2", "Bad.")], answer))

    assert [(row["complete"], row["notice"]) for row in rows] == [(True, ""), (False, "")]


def test_what_a_model_says_by_itself_is_told_to_be_cut_off_too(
    desk: Desk, cut: tuple[Finish, str]
) -> None:
    end, why = cut
    asked = desk.assistant(ScriptedChat(["It is a fish that", end])).ask(
        "What is Nemo?", (), desk.scope, Manner(documents=False)
    )

    answer = answer_of(list(asked))

    assert answer.notice == f"{ALONE.format(model=CARD.name)} {why}"


def test_an_answer_that_is_refused_for_what_came_of_it_is_told_to_be_cut_off(
    desk: Desk, cut: tuple[Finish, str]
) -> None:
    end, why = cut
    answer = answer_of(
        desk.ask(ScriptedChat(["Nemo has 99 billion parameters [1]. It", end]), QUESTION)
    )

    assert (answer.refused, answer.complete) == (True, False)
    assert answer.notice == f"{UNBACKED} {why}"


def test_an_answer_of_which_the_filter_left_nothing_is_an_error_that_says_so(desk: Desk) -> None:
    chat = ScriptedChat([Finish(complete=False, filtered=True)])

    with pytest.raises(InvalidReplyError, match="filter stopped"):
        desk.ask(chat, QUESTION)


def test_a_summary_that_was_cut_off_says_why(desk: Desk, cut: tuple[Finish, str]) -> None:
    end, why = cut
    chat = ScriptedChat(["Nemo has 12 billion parameters [1]", end])

    answer = checked_answer(desk, list(tasks(desk, chat).summarise([named(desk, "nemo.txt")])))

    assert (answer.complete, answer.filtered, answer.notice) == (False, end.filtered, why)
