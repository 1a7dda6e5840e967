"""What a process that reads files may not do, tried from within one."""

from __future__ import annotations

import ctypes
import platform
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from ingest.sandbox import Sandbox
from tests.ingest.sandboxes import HOSTILE, LIMITS, hostile_processes

IS_LINUX = sys.platform == "linux"


def landlock_version() -> int:
    return int(ctypes.CDLL(None).syscall(444, None, ctypes.c_size_t(0), 1)) if IS_LINUX else 0


needs_seccomp = pytest.mark.skipif(
    not IS_LINUX or platform.machine() not in ("x86_64", "aarch64"),
    reason="only Linux can take these rights away",
)
needs_landlock = pytest.mark.skipif(
    landlock_version() < 6, reason="this kernel has no Landlock, or an old one"
)


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    """One process for one test after the other, whatever they do to it."""
    with Sandbox(1, LIMITS, command=HOSTILE) as sandbox:
        yield sandbox
    assert hostile_processes() == []


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "victim").write_text("as it was")
    return tmp_path


def outcome(sandbox: Sandbox, name: str) -> list[str]:
    return sandbox.read(Path(__file__), name, max_pages=1).pages[0].text.split()


@needs_seccomp
def test_no_process_is_started(sandbox: Sandbox) -> None:
    assert outcome(sandbox, "fork") == ["PermissionError"]
    assert outcome(sandbox, "execute") == ["PermissionError"] * 2
    assert len(hostile_processes()) == 1


@needs_seccomp
def test_no_connection_is_made(sandbox: Sandbox) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setblocking(False)
        port = listener.getsockname()[1]
        assert outcome(sandbox, f"connect {port}") == ["PermissionError"]
        with pytest.raises(BlockingIOError):
            listener.accept()


def test_nothing_is_written(sandbox: Sandbox, folder: Path) -> None:
    outcome(sandbox, f"change {folder}")
    contents = [path.read_text() for path in folder.rglob("*") if path.is_file()]
    assert "changed" not in contents
    assert "new" not in contents


@needs_landlock
def test_nothing_on_disk_is_changed(sandbox: Sandbox, folder: Path) -> None:
    tried = outcome(sandbox, f"change {folder}")
    assert tried == [*["PermissionError"] * 6, "FileNotFoundError"]
    assert [path.name for path in folder.iterdir()] == ["victim"]
    assert (folder / "victim").read_text() == "as it was"


@needs_landlock
def test_other_processes_are_out_of_reach(sandbox: Sandbox) -> None:
    assert outcome(sandbox, "spy") == ["PermissionError"]
    assert outcome(sandbox, "kill") == ["PermissionError"]


PARENT = """
import sys
from pathlib import Path
from ingest.sandbox import Sandbox
from tests.ingest.sandboxes import HOSTILE
sandbox = Sandbox(1, command=HOSTILE)
progress = lambda *_: print("reading", flush=True)
sandbox.read(Path(sys.executable), "repeat", max_pages=1, progress=progress)
"""


@pytest.mark.skipif(not IS_LINUX, reason="elsewhere it ends when its time is over")
def test_a_process_ends_with_its_parent() -> None:
    before = hostile_processes()
    root = Path(__file__).parents[2]
    with subprocess.Popen(
        [sys.executable, "-c", PARENT], cwd=root, stdout=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stdout is not None
        assert parent.stdout.readline() == "reading\n"
        assert len(hostile_processes(parent.pid)) == 1
        parent.kill()
        parent.wait()
    while hostile_processes() != before:
        pass
