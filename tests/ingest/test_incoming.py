from __future__ import annotations

import json
import os
import time
from pathlib import Path

import pytest

from ingest.incoming import ABANDONED_SECONDS, UNFINISHED, Incoming
from rag.errors import StoreError


@pytest.fixture
def incoming(tmp_path: Path) -> Incoming:
    return Incoming(tmp_path / "incoming", "documents")


def received(incoming: Incoming, text: str) -> Path:
    with incoming.new_file() as path:
        path.write_text(text)
        kept = path.with_name(f"{UNFINISHED}{text.replace(' ', '-')}")
        path.rename(kept)
    return kept


def accepted(folder: Path, number: int, name: str, library: str = "documents") -> Path:
    """A file as an earlier release kept it until it was taken in."""
    folder.mkdir(exist_ok=True)
    path = folder / f"{number:08d}-0123abcd"
    path.write_text(f"the text of {name}")
    note = {"name": name, "library": library, "attempts": 1}
    path.with_name(f"{path.name}.json").write_text(json.dumps(note))
    return path


def test_what_an_earlier_release_accepted_still_waits(incoming: Incoming, tmp_path: Path) -> None:
    accepted(tmp_path / "incoming", 12, "b \u00e9/..\\.txt")
    first = accepted(tmp_path / "incoming", 3, "a.txt")
    accepted(tmp_path / "incoming", 4, "theirs.txt", library="other")
    found = incoming.waiting()
    assert [(file.number, file.name) for file in found] == [(3, "a.txt"), (12, "b \u00e9/..\\.txt")]
    assert found[0].path == first
    incoming.discard(found[0])
    assert [file.number for file in incoming.waiting()] == [12]
    assert not first.exists()


def test_a_damaged_note_leaves_its_file_alone(
    incoming: Incoming, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = accepted(tmp_path / "incoming", 5, "a.txt")
    for content in ("{", "[]", ""):
        path.with_name(f"{path.name}.json").write_text(content)
        assert incoming.waiting() == []
    assert path.exists()
    assert "without a note that can be read" in caplog.text


def test_what_is_still_received_does_not_wait(incoming: Incoming, tmp_path: Path) -> None:
    with incoming.new_file() as path:
        path.write_text("half a fi")
        os.utime(path, (1, 1))  # whatever the clock says
        assert incoming.waiting() == []
        assert list((tmp_path / "incoming").iterdir()) == [path]
    assert list((tmp_path / "incoming").iterdir()) == []


def test_what_a_crash_left_half_received_is_deleted_at_once(
    incoming: Incoming, tmp_path: Path
) -> None:
    received(incoming, "just now")
    note, fresh = (tmp_path / "incoming" / f"0000000{n}-0123abcd.json" for n in (1, 2))
    for path in (note, fresh):
        path.write_text("{}")
    long_ago = time.time() - 2 * ABANDONED_SECONDS
    os.utime(note, (long_ago, long_ago))
    assert incoming.waiting() == []
    assert list((tmp_path / "incoming").iterdir()) == [fresh]


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "incoming").write_text("a file")
    incoming = Incoming(tmp_path / "incoming", "documents")
    assert incoming.waiting() == []
    with pytest.raises(StoreError, match="cannot be written"), incoming.new_file():
        pass
