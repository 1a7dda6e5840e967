import threading
import time
from pathlib import Path

import pytest

from rag.apart import Raised, Returned, run_apart
from rag.errors import InvalidReplyError
from rag.stopping import Stop, heeded, heeding


def stop() -> None:
    raise SystemExit(3)


def test_what_the_work_gives_is_given() -> None:
    assert run_apart(lambda: 3, 20) == Returned(3)


def test_what_the_work_raises_is_told_with_its_line() -> None:
    outcome = run_apart(stop, 20)

    assert isinstance(outcome, Raised)
    assert (outcome.kind, str(outcome.error)) == ("SystemExit", "3")
    line = stop.__code__.co_firstlineno + 1
    assert [outcome.line_in(path) for path in (__file__, "elsewhere.py", None)] == [
        line,
        None,
        None,
    ]


def test_a_fault_of_syntax_has_its_line() -> None:
    outcome = run_apart(lambda: compile("\n(", "code.py", "exec"), 20)

    assert isinstance(outcome, Raised)
    assert outcome.line_in("code.py") == 2


def test_nobody_waits_longer_than_the_limit() -> None:
    go_on = threading.Event()
    with pytest.raises(TimeoutError):
        run_apart(lambda: go_on.wait(20), 0.01)
    go_on.set()


def test_nobody_waits_for_it_once_told_to_stop() -> None:
    told, begun, go_on = Stop(), threading.Event(), threading.Event()

    def work() -> None:
        begun.set()
        go_on.wait(20)

    def tell() -> None:
        begun.wait(10)
        told.say()

    threading.Thread(target=tell).start()
    started = time.monotonic()
    with heeding(told), pytest.raises(InvalidReplyError, match="stopped"):
        run_apart(work, 20)
    assert time.monotonic() - started < 5
    with heeding(told), pytest.raises(InvalidReplyError, match="stopped"):
        run_apart(work, 20)
    go_on.set()


def test_the_work_heeds_whom_its_asker_heeds() -> None:
    told = Stop()
    with heeding(told):
        assert run_apart(heeded, 20) == Returned(told)
    assert run_apart(heeded, 20) == Returned(None)


def test_a_file_is_told_by_its_path_not_by_its_words(tmp_path: Path) -> None:
    path = tmp_path / "work.py"
    code = compile("1 / 0", str(path), "exec")
    outcome = run_apart(lambda: exec(code), 20)  # noqa: S102 - a constant

    assert isinstance(outcome, Raised)
    assert outcome.line_in(str(path)) == 1
