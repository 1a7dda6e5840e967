from __future__ import annotations

import fcntl
import os
import signal
from contextlib import suppress
from pathlib import Path

import pytest

from rag.store.workplaces import MARK, PREFIX, abandoned, sweep, workplace
from tests.rag.store.shelves import start_python

HELD = """
import sys
from pathlib import Path
from rag.store.workplaces import workplace
with workplace(Path(sys.argv[1]), "test") as folder:
    (folder / "file").write_text("half")
    print(folder, flush=True)
    input()
"""


def test_a_workplace_is_ones_own_and_vanishes(tmp_path: Path) -> None:
    with workplace(tmp_path, "test") as first, workplace(tmp_path, "test") as second:
        assert first != second
        assert {first.parent, second.parent} == {tmp_path}
        assert first.stat().st_mode & 0o777 == 0o700
        (first / "folder").mkdir()
        (first / "folder" / "file").write_text("words")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "name", [".tramontane-test", ".tramontane-test-of-mine", f"{PREFIX}test-x"]
)
def test_a_persons_own_folder_is_never_swept_for_its_name(tmp_path: Path, name: str) -> None:
    own = tmp_path / name
    own.mkdir()
    (own / "catalog.sqlite").write_text("mine")
    os.utime(own, (1, 1))
    (tmp_path / f"{PREFIX}test-link").symlink_to(own)
    assert abandoned(tmp_path) == []
    with workplace(tmp_path, "test"):
        pass
    sweep(tmp_path)
    assert (own / "catalog.sqlite").read_text() == "mine"


def test_a_workplace_bears_its_mark_until_all_else_is_gone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = Path.unlink

    def stuck(path: Path, *, missing_ok: bool = False) -> None:
        if path.name == "half":
            raise PermissionError
        real(path, missing_ok=missing_ok)

    with workplace(tmp_path, "test") as folder:
        assert [path.name for path in folder.iterdir()] == [MARK]
        (folder / "half").write_text("words")
        monkeypatch.setattr(Path, "unlink", stuck)
    assert {path.name for path in folder.iterdir()} == {MARK, "half"}
    monkeypatch.undo()
    assert abandoned(tmp_path) == [folder]  # at once, without a while of waiting
    sweep(tmp_path)
    assert not folder.exists()


def test_a_folder_that_is_swept_before_it_is_locked_is_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lock, swept = fcntl.flock, list[Path]()

    def late(descriptor: int, how: int) -> None:
        if not swept:
            swept.extend(tmp_path.iterdir())
            swept[0].rmdir()
        lock(descriptor, how)

    monkeypatch.setattr(fcntl, "flock", late)
    with workplace(tmp_path, "test") as folder:
        assert folder != swept[0]
        assert (folder / MARK).is_file()


def test_a_workplace_vanishes_when_its_work_fails(tmp_path: Path) -> None:
    with suppress(ZeroDivisionError), workplace(tmp_path, "test") as folder:
        (folder / "file").write_text("words")
        raise ZeroDivisionError
    assert not folder.exists()
    assert list(tmp_path.iterdir()) == []


def test_only_what_nobody_works_in_any_more_is_swept(tmp_path: Path) -> None:
    (tmp_path / f"{PREFIX}test-is-a-file").write_text("words")
    process = start_python(HELD, str(tmp_path))
    assert process.stdout is not None
    folder = Path(process.stdout.readline().strip())
    os.utime(folder, (1, 1))  # whatever the clock says
    assert abandoned(tmp_path) == []
    sweep(tmp_path)
    assert (folder / "file").exists()
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    assert abandoned(tmp_path, "other") == []
    assert abandoned(tmp_path) == abandoned(tmp_path, "test") == [folder]
    with workplace(tmp_path, "test"):
        assert not folder.exists()
    assert [path.name for path in tmp_path.iterdir()] == [f"{PREFIX}test-is-a-file"]
