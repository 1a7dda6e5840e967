from __future__ import annotations

import io
import signal
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.builders import paragraph, pdf
from tests.ui.cli.rig import BOATS, LIGHT, Output, Run
from ui.cli import main


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No `.env` and no data directory of this machine's are found."""
    monkeypatch.chdir(tmp_path)


@pytest.fixture(autouse=True)
def _as_at_a_terminal() -> Iterator[None]:
    """Commands can be interrupted, also where the tests run behind a shell's `&`.

    Such a shell has SIGINT ignored, which every process that is started inherits.
    """
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture
def run(capfd: pytest.CaptureFixture[str]) -> Run:
    def run_command(*arguments: str | Path) -> Output:
        capfd.readouterr()
        code = main([str(argument) for argument in arguments])
        return Output(code, *capfd.readouterr())

    return run_command


@pytest.fixture
def stdin(monkeypatch: pytest.MonkeyPatch) -> Callable[[bytes], None]:
    def fill(content: bytes) -> None:
        stream = io.BufferedReader(io.BytesIO(content))
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(stream, "ascii"))

    return fill


@pytest.fixture
def notes(tmp_path: Path) -> Path:
    folder = tmp_path / "notes"
    (folder / ".git").mkdir(parents=True)
    (folder / ".git" / "config").write_text("hidden")
    (folder / ".hidden.txt").write_text("hidden")
    (folder / "inner").mkdir()
    (folder / "inner" / "light.txt").write_text(LIGHT)
    (folder / "boats.pdf").write_bytes(pdf([paragraph("A cover."), paragraph(BOATS)]))
    return folder


@pytest.fixture
def filled(run: Run, notes: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data directory, named in the environment, that holds both notes."""
    data = tmp_path / "data"
    monkeypatch.setenv("TRAMONTANE_DATA_DIR", str(data))
    assert run("add", notes).code == 0
    return data


@pytest.fixture
def nobody() -> Iterator[str]:
    """An address on which nobody listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{taken.getsockname()[1]}"
