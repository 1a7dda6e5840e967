"""Rows of a batch that are asked side by side."""

import threading
from collections.abc import Iterator

import pytest

from rag.batch import BadRow, BatchQuestion, Row, failed_row, run
from rag.errors import QuestionError, SettingsError
from rag.stopping import heeded


def question(number: int) -> BatchQuestion:
    return BatchQuestion(id=str(number), question=f"Question {number}?")


def row(asked: BatchQuestion) -> Row:
    return failed_row(asked.id, asked.question, "") | {"error": None}


def test_rows_are_answered_side_by_side_and_come_in_their_order() -> None:
    together = 4
    all_there = threading.Barrier(together)

    def answer(asked: BatchQuestion) -> Row:
        all_there.wait(10)  # breaks where fewer than all four are under way
        return row(asked)

    rows = list(run(map(question, range(8)), answer, together))

    assert [each["id"] for each in rows] == [str(number) for number in range(8)]
    assert {each["error"] for each in rows} == {None}


def test_what_goes_wrong_with_one_is_its_own_error() -> None:
    def answer(asked: BatchQuestion) -> Row:
        if asked.id == "1":
            raise QuestionError("No.")
        return row(asked)

    rows = list(run([question(0), question(1), BadRow("2", "Bad."), question(3)], answer, 3))

    assert [each["error"] for each in rows] == [None, "No.", "Bad.", None]


def test_no_more_rows_are_read_than_are_soon_asked() -> None:
    read: list[int] = []

    def questions() -> Iterator[BatchQuestion]:
        for number in range(1000):
            read.append(number)
            yield question(number)

    rows = run(questions(), row, 2)
    next(rows)

    assert len(read) <= 8
    rows.close()  # type: ignore[attr-defined]  # a generator


def test_when_nobody_wants_the_rest_what_is_under_way_is_stopped() -> None:
    stopped = threading.Event()

    def answer(asked: BatchQuestion) -> Row:
        if asked.id == "0":
            return row(asked)
        stop = heeded()
        assert stop is not None
        stop.open(stopped.set)
        assert stopped.wait(10)
        return row(asked)

    rows = run(map(question, range(8)), answer, 2)
    assert next(rows)["id"] == "0"

    rows.close()  # type: ignore[attr-defined]  # a generator

    assert stopped.is_set()
    assert not [each for each in threading.enumerate() if each.name.startswith("row")]


def test_a_file_that_cannot_be_read_on_ends_the_run() -> None:
    def questions() -> Iterator[BatchQuestion]:
        yield question(0)
        raise SettingsError("There is no such column.")

    with pytest.raises(SettingsError):
        list(run(questions(), row, 2))
