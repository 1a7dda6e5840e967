from __future__ import annotations

import os
import signal
from contextlib import suppress
from pathlib import Path

import pytest

from rag.store import workplaces
from rag.store.workplaces import PREFIX, abandoned, sweep, workplace
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


def test_a_workplace_vanishes_when_its_work_fails(tmp_path: Path) -> None:
    with suppress(ZeroDivisionError), workplace(tmp_path, "test") as folder:
        (folder / "file").write_text("words")
        raise ZeroDivisionError
    assert not folder.exists()
    assert list(tmp_path.iterdir()) == []


def test_only_what_nobody_works_in_any_more_is_swept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workplaces, "UNLOCKED_SECONDS", -1)
    (tmp_path / f"{PREFIX}test-is-a-file").write_text("words")
    process = start_python(HELD, str(tmp_path))
    assert process.stdout is not None
    folder = Path(process.stdout.readline().strip())
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


def test_a_workplace_that_is_just_being_made_is_not_swept(tmp_path: Path) -> None:
    fresh = tmp_path / f"{PREFIX}test-x"
    fresh.mkdir()
    sweep(tmp_path)
    assert fresh.exists()
    os.utime(fresh, (1, 1))
    sweep(tmp_path)
    assert not fresh.exists()
