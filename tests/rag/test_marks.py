import fcntl
import logging
import os
import stat
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from rag.domain import Answer, Citation, Quote, Span
from rag.errors import NotFoundError, StoreError
from rag.marks import QUESTIONS, MarkedAnswer, Marks, Place, marked_answer
from rag.store.catalog import Catalog
from tests.fakes import document
from tests.rag.store.shelves import library_in

LIBRARY = "a1b2"
WRONG = MarkedAnswer(
    "How high is the tower of Brest?",
    "And the one of Brest?",
    "It is 12 m high. [1]",
    False,
    "The chapel is 12 m high, not the tower.",
    (Place("brest.pdf", 4),),
)


def test_a_mark_is_there_tomorrow(tmp_path: Path) -> None:
    id_ = Marks(tmp_path).mark(LIBRARY, WRONG)

    assert Marks(tmp_path).marked(LIBRARY) == [WRONG]
    assert id_ == WRONG.id
    assert Marks(tmp_path).marked("another") == []


def test_marks_of_anothers_library_are_as_of_one_that_never_was(tmp_path: Path) -> None:
    with closing(Catalog(tmp_path)) as catalog:
        mine, hers = library_in(catalog), library_in(catalog.acting("ann"))
        Marks(tmp_path, catalog.acting("ann").library_with_id).mark(hers.id, WRONG)
        marks = Marks(tmp_path, catalog.library_with_id)
        marks.mark(mine.id, WRONG)
        ways: list[Callable[[str], object]] = [
            marks.marked,
            lambda id_: marks.mark(id_, WRONG),
            lambda id_: marks.withdraw(id_, WRONG.id),
            lambda id_: marks.name_page(id_, WRONG.id, Place("brest.pdf", 7)),
        ]
        for way in ways:
            for id_ in (hers.id, "f" * 16):
                with pytest.raises(NotFoundError, match="This library no longer exists"):
                    way(id_)
        assert Marks(tmp_path).marked(hers.id) == marks.marked(mine.id) == [WRONG]
        assert not (tmp_path / QUESTIONS / f"{'f' * 16}.jsonl").exists()


def test_only_its_owner_may_read_the_file(tmp_path: Path) -> None:
    Marks(tmp_path).mark(LIBRARY, WRONG)

    path = tmp_path / QUESTIONS / f"{LIBRARY}.jsonl"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_the_right_page_can_be_named_later(tmp_path: Path) -> None:
    marks = Marks(tmp_path)
    id_ = marks.mark(LIBRARY, WRONG)

    marks.name_page(LIBRARY, id_, Place("brest.pdf", 7))

    assert [each.evidence for each in marks.marked(LIBRARY)] == [(Place("brest.pdf", 7),)]


def test_a_mark_that_is_taken_back_is_gone(tmp_path: Path) -> None:
    marks = Marks(tmp_path)
    id_ = marks.mark(LIBRARY, WRONG)

    marks.withdraw(LIBRARY, id_)

    assert marks.marked(LIBRARY) == []
    with pytest.raises(NotFoundError):
        marks.name_page(LIBRARY, id_, Place("brest.pdf", 7))


def test_a_page_named_just_after_the_mark_was_taken_back_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Marks(tmp_path).mark(LIBRARY, WRONG)
    flock = fcntl.flock

    def overtaken(file: int, operation: int) -> None:
        """Another process takes the mark back while this one waits for the file."""
        monkeypatch.undo()
        Marks(tmp_path).withdraw(LIBRARY, WRONG.id)
        flock(file, operation)

    monkeypatch.setattr("fcntl.flock", overtaken)

    with pytest.raises(NotFoundError, match="taken back"):
        Marks(tmp_path).name_page(LIBRARY, WRONG.id, Place("brest.pdf", 7))

    assert Marks(tmp_path).marked(LIBRARY) == []
    assert "right" not in (tmp_path / QUESTIONS / f"{LIBRARY}.jsonl").read_text()


def test_a_page_is_named_while_nobody_else_writes(tmp_path: Path) -> None:
    other = threading.Thread(target=Marks(tmp_path).withdraw, args=(LIBRARY, WRONG.id))

    class Watched(Marks):
        """Somebody takes the mark back once it was seen, and has to wait."""

        def marked(self, library_id: str) -> list[MarkedAnswer]:
            found = super().marked(library_id)
            other.start()
            return found

    Marks(tmp_path).mark(LIBRARY, WRONG)

    Watched(tmp_path).name_page(LIBRARY, WRONG.id, Place("brest.pdf", 7))
    other.join()

    lines = (tmp_path / QUESTIONS / f"{LIBRARY}.jsonl").read_text().splitlines()
    assert ["withdrawn" in line for line in lines] == [False, False, True]
    assert Marks(tmp_path).marked(LIBRARY) == []


def test_a_damaged_line_costs_itself_alone(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    marks = Marks(tmp_path)
    marks.mark(LIBRARY, WRONG)
    path = tmp_path / QUESTIONS / f"{LIBRARY}.jsonl"
    good = path.read_bytes()
    assert b'"opinion": "wrong"' in good
    pages = [b'"zz"', b"true", b"0", b"4.5", b"NaN"]
    odd = b"".join(good.replace(b'"page": 4', b'"page": ' + page) for page in pages)
    odd += good.replace(b'"brest.pdf"', b'" "')
    odd += good.replace(b'"How high is the tower of Brest?"', b"NaN")
    odd += good.replace(b'"marked_at": ', b'"marked_at": "x')
    odd += good.replace(b'"marked_at": ', b'"marked_at": 1e300')
    odd += good.replace(b'"opinion": "wrong"', b'"opinion": "so-so"')
    odd += good.replace(b'"quotes": []', b'"quotes": [{"document": 3}]')
    odd += good.replace(b'"claims": []', b'"claims": [{"text": "x", "verdict": "perhaps"}]')
    path.write_bytes(good + odd + b'[1]\n{"id": "half a li')
    other = MarkedAnswer("Is it open on Sundays?", "Is it open on Sundays?", "", True)
    marks.mark(LIBRARY, other)

    with caplog.at_level(logging.WARNING):
        assert marks.marked(LIBRARY) == [WRONG, other]
    assert len(caplog.records) == 14
    assert "Brest" not in caplog.text


def test_many_threads_and_two_processes_lose_nothing(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from rag.marks import Marks, MarkedAnswer\n"
        "for n in range(40): Marks(Path(sys.argv[1])).mark("
        f"{LIBRARY!r}, MarkedAnswer(f'other {{n}}?', '', 'x' * 500, False))"
    )
    other = subprocess.Popen([sys.executable, "-c", code, str(tmp_path)])
    with ThreadPoolExecutor(4) as pool:
        ours = [MarkedAnswer(f"ours {n}?", "", "y" * 500, False) for n in range(40)]
        list(pool.map(lambda each: Marks(tmp_path).mark(LIBRARY, each), ours))
    assert other.wait(timeout=30) == 0

    questions = {each.question for each in Marks(tmp_path).marked(LIBRARY)}
    assert questions == {f"{who} {n}?" for who in ("other", "ours") for n in range(40)}


def test_a_data_directory_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / QUESTIONS).write_text("a file stands in the way")

    with pytest.raises(StoreError, match="cannot be stored"):
        Marks(tmp_path).mark(LIBRARY, WRONG)


def test_the_places_of_an_answer_come_once_each() -> None:
    quote = Quote(document(), 3, "iii", 0, 4, "Four")
    span = Span(0, 1)
    answer = Answer("a [1] b [1]", "searched?", "m", (Citation(1, span, span, quote),) * 2)

    marked = marked_answer("typed?", answer, "  because  ")

    assert (marked.question, marked.asked, marked.reason) == ("searched?", "typed?", "because")
    assert len(marked.cited) == 1
    assert marked.cited[0].document == document().name


def test_any_character_of_a_text_comes_back(tmp_path: Path) -> None:
    text = "a\u2028b\u2029c\x85d\x0be\x1cf\r\ng\ud83d"
    marked = MarkedAnswer("Which lines?", "Which lines?", text, False)
    Marks(tmp_path).mark(LIBRARY, marked)

    (found,) = Marks(tmp_path).marked(LIBRARY)
    assert found.answer == text.replace("\ud83d", "?")


def test_a_write_that_was_cut_short_is_no_mark(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = os.write
    monkeypatch.setattr("os.write", lambda file, line: write(file, line[:40]))

    with pytest.raises(StoreError, match="cannot be stored"):
        Marks(tmp_path).mark(LIBRARY, WRONG)

    monkeypatch.undo()
    assert Marks(tmp_path).marked(LIBRARY) == []
