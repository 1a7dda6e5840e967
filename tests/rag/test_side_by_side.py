"""Rows of a batch that are asked side by side."""

import threading
from collections.abc import Callable, Iterable, Iterator

import pytest

from rag.batch import BadRow, BatchQuestion, Row, failed_row
from rag.errors import InvalidReplyError, QuestionError, SettingsError
from rag.side_by_side import run_side_by_side
from rag.stopping import heeded


def question(number: int) -> BatchQuestion:
    return BatchQuestion(id=str(number), question=f"Question {number}?")


def row(asked: BatchQuestion) -> Row:
    return failed_row(asked.id, asked.question, "") | {"error": None}


def run(
    questions: Iterable[BatchQuestion | BadRow],
    answer: Callable[[BatchQuestion], Row],
    at_once: int,
) -> list[Row]:
    rows: list[Row] = []
    run_side_by_side(questions, answer, rows.append, at_once)
    return rows


def nobody_works() -> bool:
    return not [each for each in threading.enumerate() if each.name.startswith("row")]


def test_rows_are_answered_side_by_side_and_come_in_their_order() -> None:
    together = 4
    all_there = threading.Barrier(together)

    def answer(asked: BatchQuestion) -> Row:
        all_there.wait(10)  # breaks where fewer than all four are under way
        return row(asked)

    rows = run(map(question, range(8)), answer, together)

    assert [each["id"] for each in rows] == [str(number) for number in range(8)]
    assert {each["error"] for each in rows} == {None}


def test_what_goes_wrong_with_one_is_its_own_error() -> None:
    def answer(asked: BatchQuestion) -> Row:
        if asked.id == "1":
            raise QuestionError("No.")
        return row(asked)

    rows = run([question(0), question(1), BadRow("2", "Bad."), question(3)], answer, 3)

    assert [each["error"] for each in rows] == [None, "No.", "Bad.", None]


def test_no_more_rows_are_read_than_are_soon_asked() -> None:
    read: list[int] = []
    read_at_first: list[int] = []
    eight_read = threading.Event()

    def questions() -> Iterator[BatchQuestion]:
        for number in range(30):
            read.append(number)
            if len(read) == 8:
                eight_read.set()
            yield question(number)

    def write(_: Row) -> None:
        assert eight_read.wait(10)
        read_at_first.append(len(read))

    run_side_by_side(questions(), row, write, 2)

    assert read_at_first[0] == 8
    assert len(read_at_first) == 30


def test_a_row_is_written_while_the_next_question_lets_wait() -> None:
    written: list[str] = []
    first_written = threading.Event()

    def questions() -> Iterator[BatchQuestion]:
        yield question(0)
        assert first_written.wait(10), "the row is held back"
        yield question(1)

    def write(each: Row) -> None:
        written.append(each["id"])
        first_written.set()

    run_side_by_side(questions(), row, write, 2)

    assert written == ["0", "1"]


def test_who_is_interrupted_gets_what_is_done_also_out_of_order() -> None:
    written: list[str] = []
    done = threading.Semaphore(0)

    def answer(asked: BatchQuestion) -> Row:
        if asked.id not in ("1", "4"):
            done.release()
            return row(asked)
        hung_up = threading.Event()
        stop = heeded()
        assert stop is not None
        stop.open(hung_up.set)
        assert hung_up.wait(10)
        raise InvalidReplyError("It was stopped.")

    def questions() -> Iterator[BatchQuestion]:
        yield from map(question, range(6))
        for _ in range(4):
            assert done.acquire(timeout=10)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_side_by_side(questions(), answer, lambda each: written.append(each["id"]), 3)

    assert written == ["0", "2", "3", "5"]
    assert nobody_works()


def test_what_nobody_can_be_given_ends_the_run() -> None:
    stopped = threading.Event()

    def answer(asked: BatchQuestion) -> Row:
        if asked.id == "0":
            return row(asked)
        stop = heeded()
        assert stop is not None
        stop.open(stopped.set)
        assert stopped.wait(10)
        return row(asked)

    def write(_: Row) -> None:
        raise BrokenPipeError

    with pytest.raises(BrokenPipeError):
        run_side_by_side(map(question, range(100)), answer, write, 2)

    assert stopped.is_set()
    assert nobody_works()


def test_a_file_that_cannot_be_read_on_ends_the_run() -> None:
    def questions() -> Iterator[BatchQuestion]:
        yield question(0)
        raise SettingsError("There is no such column.")

    with pytest.raises(SettingsError):
        run(questions(), row, 2)
