"""Reading in processes of their own: what works, and what each way of going wrong comes to."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from ingest.answer import NO_SENSE, TOO_HUNGRY
from ingest.child import BROKE_DOWN, DID_NOT_START, TOO_LONG, CancelledError, SandboxLimits
from ingest.loaders.load import load
from ingest.rendering import page_image
from ingest.sandbox import Sandbox
from ingest.wire import Kind
from rag.domain import DocumentState
from rag.errors import DocumentError, NotFoundError
from tests.builders import Bookmark, paragraph, pdf
from tests.ingest.sandboxes import HOSTILE, LIMITS, hostile_processes


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    """One process for one test after the other, whatever they do to it."""
    with Sandbox(1, LIMITS, command=HOSTILE) as sandbox:
        yield sandbox
    assert hostile_processes() == []


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "fichier à lire.txt"
    path.write_text("Bonjour à tous 👋", encoding="utf-8")
    return path


def text(sandbox: Sandbox, path: Path, name: str) -> str:
    return sandbox.read(path, name, max_pages=5).pages[0].text


def refusal(sandbox: Sandbox, path: Path, name: str) -> DocumentError:
    with pytest.raises(DocumentError) as refused:
        sandbox.read(path, name, max_pages=5)
    return refused.value


# The real program


def test_a_file_reads_as_it_does_without_a_sandbox(file: Path, tmp_path: Path) -> None:
    document = tmp_path / "report.pdf"
    pages = (paragraph("Winds of the south"), paragraph("The mistral", "blows"))
    document.write_bytes(pdf(pages, outline=(Bookmark("The mistral", 2),)))
    broken = tmp_path / "broken.pdf"
    broken.write_bytes(b"%PDF-1.7\nnothing else")
    seen: list[tuple[int, int]] = []
    with Sandbox(1) as sandbox:
        for path in (file, document):
            expected = load(path, path.name, max_pages=5)
            assert sandbox.read(path, path.name, max_pages=5) == expected
        sandbox.read(
            document, "report.pdf", max_pages=5, progress=lambda *counts: seen.append(counts)
        )
        with pytest.raises(DocumentError) as expected_refusal:
            load(broken, "broken.pdf", max_pages=5)
        refused = refusal(sandbox, broken, "broken.pdf")
        with pytest.raises(FileNotFoundError):
            sandbox.read(tmp_path / "gone.pdf", "gone.pdf", max_pages=5)
        assert sandbox.image(document, 2, 200) == page_image(document, 2, 200)
    assert seen[-1] == (2, 2)
    assert (refused.state, refused.reason) == (
        expected_refusal.value.state,
        expected_refusal.value.reason,
    )


# What comes back


def test_text_comes_back_exactly(sandbox: Sandbox, file: Path) -> None:
    assert text(sandbox, file, "say") == "Bonjour à tous 👋"


def test_attachments_come_back_exactly(sandbox: Sandbox, file: Path) -> None:
    attachments = sandbox.read(file, "attach 3", max_pages=1).attachments
    assert [(each.name, each.content) for each in attachments] == [
        ("0.bin", b"\0" * 100_000),
        ("1.bin", b"\1" * 100_000),
        ("2.bin", b"\2" * 100_000),
    ]


def test_progress_comes_back_up_to_the_last_page(sandbox: Sandbox, file: Path) -> None:
    seen: list[tuple[int, int]] = []
    sandbox.read(file, "count", max_pages=500, progress=lambda *counts: seen.append(counts))
    assert seen == sorted(set(seen))
    assert seen[-1] == (500, 500)


@pytest.mark.parametrize("state", ["needs_password", "empty", "damaged", "too_large"])
def test_a_refusal_comes_back_with_its_state_and_reason(
    sandbox: Sandbox, file: Path, state: str
) -> None:
    refused = refusal(sandbox, file, f"refuse {state}")
    assert (refused.state, refused.reason) == (DocumentState(state), "No, thank you.")


def test_a_file_that_is_not_there_is_named(sandbox: Sandbox, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="No such file"):
        sandbox.read(tmp_path / "gone.txt", "say", max_pages=1)


def test_a_picture_comes_back_exactly(sandbox: Sandbox, file: Path) -> None:
    assert sandbox.image(file, 1, 3) == file.read_bytes() * 3
    with pytest.raises(NotFoundError, match="no page 2"):
        sandbox.image(file, 2, 3)


def test_no_key_is_within_reach(
    sandbox: Sandbox, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MISTRAL_API_KEY", "the-secret")
    known = json.loads(text(sandbox, file, "environment"))
    assert "the-secret" not in known.values()
    assert known.keys() <= {
        *("PATH", "LANG", "PYTHONPATH", "OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"),
        *("LC_CTYPE", "__CF_USER_TEXT_ENCODING"),  # which Python and macOS set themselves
    }


def test_what_is_printed_does_no_harm(sandbox: Sandbox, file: Path) -> None:
    assert text(sandbox, file, "shout") == "hoarse"


# One process for many files, as long as nothing is odd


def test_a_process_is_used_again(sandbox: Sandbox, file: Path) -> None:
    first = text(sandbox, file, "process")
    refusal(sandbox, file, "refuse empty")
    assert text(sandbox, file, "process") == first


@pytest.mark.parametrize("name", ["refuse damaged", "segfault", "allocate", "stumble", "stray"])
def test_a_process_is_replaced_after_anything_odd(sandbox: Sandbox, file: Path, name: str) -> None:
    first = text(sandbox, file, "process")
    refusal(sandbox, file, name)
    assert text(sandbox, file, "process") != first


def test_a_process_is_replaced_after_its_share_of_files(file: Path) -> None:
    with Sandbox(1, replace(LIMITS, files=2), command=HOSTILE) as sandbox:
        served = [text(sandbox, file, "process") for _ in range(4)]
    assert served[0] == served[1] != served[2] == served[3]


def test_a_process_that_has_grown_is_replaced(file: Path) -> None:
    with Sandbox(1, replace(LIMITS, kept_bytes=100_000_000), command=HOSTILE) as sandbox:
        grown = text(sandbox, file, "grow 100000000")
        assert text(sandbox, file, "process") != grown


def test_a_process_that_died_of_itself_is_replaced(sandbox: Sandbox, file: Path) -> None:
    late = text(sandbox, file, "die_later")
    os.waitid(os.P_PID, int(late), os.WEXITED | os.WNOWAIT)
    assert text(sandbox, file, "process") != late


def test_files_are_read_side_by_side_and_the_others_wait(file: Path) -> None:
    with Sandbox(2, LIMITS, command=HOSTILE) as sandbox, ThreadPoolExecutor(6) as threads:
        read = [threads.submit(text, sandbox, file, "process") for _ in range(30)]
        assert len({each.result() for each in read}) <= 2


def test_a_process_outlives_the_thread_that_needed_it_first(sandbox: Sandbox, file: Path) -> None:
    served: list[str] = []
    for _ in range(2):
        thread = threading.Thread(target=lambda: served.append(text(sandbox, file, "process")))
        thread.start()
        thread.join()
    assert served[0] == served[1]


# What costs too much, and what breaks


@pytest.mark.parametrize(
    ("name", "state", "reason"),
    [
        ("allocate", DocumentState.TOO_LARGE, TOO_HUNGRY),
        ("vanish", DocumentState.TOO_LARGE, TOO_HUNGRY),
        ("write 2000000", DocumentState.TOO_LARGE, TOO_LONG[Kind.DOCUMENT]),
        ("attach 5", DocumentState.TOO_LARGE, TOO_LONG[Kind.CONTENT]),
        ("segfault", DocumentState.DAMAGED, BROKE_DOWN),
        ("abort free(): invalid pointer", DocumentState.DAMAGED, BROKE_DOWN),
        ("abort what():  std::bad_alloc", DocumentState.TOO_LARGE, TOO_HUNGRY),
        ("abort", DocumentState.TOO_LARGE, TOO_HUNGRY),
        ("leave", DocumentState.FAILED, NO_SENSE),
        ("stumble", DocumentState.FAILED, NO_SENSE),
        ("recurse", DocumentState.FAILED, NO_SENSE),
        ("hide", DocumentState.FAILED, NO_SENSE),
        ("babble", DocumentState.FAILED, NO_SENSE),
        ("boast", DocumentState.TOO_LARGE, TOO_LONG[Kind.DOCUMENT]),
        ("lie", DocumentState.FAILED, NO_SENSE),
        ("skip", DocumentState.FAILED, NO_SENSE),
        ("stray", DocumentState.FAILED, NO_SENSE),
    ],
)
def test_a_hostile_file_costs_only_itself(
    sandbox: Sandbox, file: Path, name: str, state: DocumentState, reason: str
) -> None:
    refused = refusal(sandbox, file, name)
    assert refused.state is state
    assert reason in refused.reason
    assert text(sandbox, file, "say") == "Bonjour à tous 👋"


def test_files_that_never_end_are_stopped(file: Path) -> None:
    names = ("loop", "sleep", "repeat", "creep")
    before = hostile_processes()
    short = replace(LIMITS, idle_seconds=2.0, most_seconds=4.0)
    with Sandbox(4, short, command=HOSTILE) as sandbox, ThreadPoolExecutor(4) as threads:
        refused = list(threads.map(lambda name: refusal(sandbox, file, name), names))
        assert hostile_processes() == before
    assert {each.state for each in refused} == {DocumentState.FAILED}
    assert [each.reason.split(",")[0] for each in refused] == [
        *["Reading the file took longer than 2 seconds"] * 3,
        "Reading the file took longer than 3 seconds",
    ]


def test_a_program_that_does_not_start_is_no_fault_of_the_file(file: Path) -> None:
    for command in (("/nonexistent/python",), (HOSTILE[0], "-c", "import nothing_of_that_name")):
        with Sandbox(1, LIMITS, command=command) as sandbox:
            assert refusal(sandbox, file, "say").reason == DID_NOT_START


# What is not wanted any more


class StopError(Exception):
    pass


def test_what_progress_raises_ends_the_reading(sandbox: Sandbox, file: Path) -> None:
    def progress(_done: int, _total: int) -> None:
        raise StopError

    with pytest.raises(StopError):
        sandbox.read(file, "creep", max_pages=5, progress=progress)
    assert hostile_processes() == []
    assert text(sandbox, file, "say") == "Bonjour à tous 👋"


def test_reading_can_be_cancelled_from_another_thread(file: Path) -> None:
    cancelled, reading = threading.Event(), threading.Event()
    patient = SandboxLimits()
    with Sandbox(1, patient, command=HOSTILE) as sandbox, ThreadPoolExecutor(2) as threads:
        running, waiting = (
            threads.submit(
                sandbox.read,
                file,
                "repeat",
                max_pages=5,
                progress=lambda *_: reading.set(),
                cancelled=cancelled,
            )
            for _ in range(2)
        )
        reading.wait()
        cancelled.set()
        for each in (running, waiting):
            with pytest.raises(CancelledError):
                each.result(timeout=10)
        assert text(sandbox, file, "say") == "Bonjour à tous 👋"


def test_closing_ends_what_is_being_read(file: Path) -> None:
    reading = threading.Event()
    with ThreadPoolExecutor(1) as threads:
        with Sandbox(1, SandboxLimits(), command=HOSTILE) as sandbox:
            running = threads.submit(
                sandbox.read,
                file,
                "repeat",
                max_pages=5,
                progress=lambda *_: reading.set(),
            )
            reading.wait()
        with pytest.raises(CancelledError):
            running.result(timeout=10)
    with pytest.raises(CancelledError):
        sandbox.read(file, "say", max_pages=5)
