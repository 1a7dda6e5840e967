from __future__ import annotations

import json
import logging
import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from rag.store.derived import (
    MANIFEST,
    PURGES,
    DiscardedError,
    discard_all,
    discard_before,
    earlier,
    provide,
)
from rag.store.workplaces import own_folder
from tests.rag.store.shelves import start_python, together

EXPECTED = {"format": 1, "generation": 5}


def write(text: str) -> Callable[[Path], None]:
    def build(folder: Path) -> None:
        (folder / "content").write_text(text)

    return build


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def must_not_build(_folder: Path) -> None:
    raise AssertionError("it was built again")


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path / "derived" / "words-5"


def test_a_folder_is_built_once(place: Path) -> None:
    assert provide(place, EXPECTED, write("made")) == place
    assert (place / "content").read_text() == "made"
    assert provide(place, EXPECTED, must_not_build) == place
    assert names_in(place.parent) == ["words-5"]


def delete_a_file(folder: Path) -> None:
    (folder / "content").unlink()


def flip_a_bit(folder: Path) -> None:
    content = bytearray((folder / "content").read_bytes())
    content[len(content) // 2] ^= 1
    (folder / "content").write_bytes(content)


def truncate(folder: Path) -> None:
    (folder / "content").write_bytes((folder / "content").read_bytes()[:-1])


def empty(folder: Path) -> None:
    (folder / "content").write_bytes(b"")


def delete_the_manifest(folder: Path) -> None:
    (folder / MANIFEST).unlink()


def tear_the_manifest(folder: Path) -> None:
    (folder / MANIFEST).write_bytes((folder / MANIFEST).read_bytes()[:-5])


def foreign_manifest(folder: Path) -> None:
    (folder / MANIFEST).write_text(json.dumps(["another", "program"]))


def binary_manifest(folder: Path) -> None:
    (folder / MANIFEST).write_bytes(b"\xff\x00\xfe")


def replace_by_a_file(folder: Path) -> None:
    delete_a_file(folder)
    delete_the_manifest(folder)
    folder.rmdir()
    folder.write_text("no folder")


def replace_a_file_by_a_folder(folder: Path) -> None:
    delete_a_file(folder)
    (folder / "content").mkdir()


def remove_all(folder: Path) -> None:
    delete_a_file(folder)
    delete_the_manifest(folder)
    folder.rmdir()


DAMAGES = [
    delete_a_file,
    flip_a_bit,
    truncate,
    empty,
    delete_the_manifest,
    tear_the_manifest,
    foreign_manifest,
    binary_manifest,
    replace_by_a_file,
    replace_a_file_by_a_folder,
    remove_all,
]


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_folder_is_made_again(damage: Callable[[Path], None], place: Path) -> None:
    provide(place, EXPECTED, write("first"))
    damage(place)
    assert provide(place, EXPECTED, write("second")) == place
    assert (place / "content").read_text() == "second"
    assert names_in(place.parent) == ["words-5"]


@pytest.mark.parametrize("changed", ["format", "generation"])
def test_a_folder_made_from_something_else_is_made_again(changed: str, place: Path) -> None:
    provide(place, EXPECTED | {changed: 4}, write("first"))
    provide(place, EXPECTED, write("second"))
    assert (place / "content").read_text() == "second"


def test_earlier_generations_are_removed_and_later_ones_kept(place: Path) -> None:
    for name in ("words-4", "words-6", "words-10", "vectors-4", "words-x"):
        (place.parent / name).mkdir(parents=True)
    provide(place, EXPECTED, write("made"))
    assert names_in(place.parent) == [
        "vectors-4",
        "words-10",
        "words-5",
        "words-6",
        "words-x",
    ]


def test_what_a_crash_left_behind_is_removed_and_what_is_in_use_is_not(place: Path) -> None:
    for name in (".new-left", ".old-left"):
        (place.parent / name).mkdir(parents=True)
    with own_folder(place.parent, ".new-") as used:
        os.utime(used, (1, 1))  # whatever the clock says
        provide(place, EXPECTED, write("made"))
        assert names_in(place.parent) == [used.name, "words-5"]


def test_a_folder_that_cannot_be_made_is_none_with_a_warning(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "derived").write_text("a file where the folder should be")
    with caplog.at_level(logging.WARNING):
        assert provide(tmp_path / "derived" / "words-5", EXPECTED, must_not_build) is None
    assert "cannot be written in" in caplog.text


def test_a_build_that_cannot_write_is_none_and_leaves_nothing(place: Path) -> None:
    def build(folder: Path) -> None:
        (folder / "half").write_text("half")
        raise OSError(28, "No space left on device")

    assert provide(place, EXPECTED, build) is None
    assert names_in(place.parent) == []


def test_a_build_that_is_interrupted_leaves_nothing(place: Path) -> None:
    def build(folder: Path) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        provide(place, EXPECTED, build)
    assert names_in(place.parent) == []


def test_a_folder_that_another_process_made_meanwhile_is_used(place: Path) -> None:
    def build(folder: Path) -> None:
        (folder / "content").write_text("slow")
        provide(place, EXPECTED, write("quick"))

    assert provide(place, EXPECTED, build) == place
    assert (place / "content").read_text() == "quick"
    assert names_in(place.parent) == ["words-5"]


PROVIDE = """
import os, sys
from pathlib import Path
from rag.store.derived import provide
place = Path(sys.argv[1])

def build(folder):
    (folder / "content").write_text("x" * 2_000_000)

print("ready", flush=True)
input()
print(provide(place, {"format": 1, "generation": 5}, build))
"""


@pytest.mark.parametrize("before", ["absent", "damaged"])
def test_processes_that_build_at_once_leave_one_whole_folder(before: str, place: Path) -> None:
    if before == "damaged":
        provide(place, EXPECTED, write("first"))
        flip_a_bit(place)
    assert together(PROVIDE, 3, str(place)) == [str(place)] * 3
    assert provide(place, EXPECTED, must_not_build) == place
    assert names_in(place.parent) == ["words-5"]


BUILDING = """
import sys
from pathlib import Path
from rag.store.derived import provide

def build(folder):
    (folder / "content").write_text("half")
    print(folder, flush=True)
    input()
    (folder / "more").write_text("whole")

print(provide(Path(sys.argv[1]), {"generation": 4}, build))
"""


def test_what_another_process_is_building_is_left_alone_until_that_one_is_dead(
    place: Path,
) -> None:
    process = start_python(BUILDING, str(place.with_name("words-4")))
    assert process.stdout is not None
    building = Path(process.stdout.readline().strip())
    os.utime(building, (1, 1))
    provide(place, EXPECTED, write("made"))
    assert (building / "content").read_text() == "half"
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    provide(place.with_name("words-6"), EXPECTED | {"generation": 6}, write("made"))
    assert names_in(place.parent) == ["words-6"]


def test_a_purge_ends_what_was_begun_before_it_without_a_warning(
    place: Path, caplog: pytest.LogCaptureFixture
) -> None:
    before, after = EXPECTED | {PURGES: 2}, EXPECTED | {PURGES: 3}
    provide(place.with_name("words-3"), before, write("the purged words"))

    def build(folder: Path) -> None:
        (folder / "content").write_text("the purged words")
        provide(place.with_name("vectors-5"), after, write("what stays"))
        discard_before(place.parent, 3)
        (folder / "more").write_text("words")

    with caplog.at_level(logging.INFO), pytest.raises(DiscardedError):
        provide(place, before, build)
    assert caplog.messages == []
    assert names_in(place.parent) == ["vectors-5"]
    assert (place.with_name("vectors-5") / "content").read_text() == "what stays"


def test_a_process_whose_folder_a_purge_removes_finds_it_gone(place: Path) -> None:
    process = start_python(BUILDING, str(place.with_name("words-4")))
    assert process.stdout is not None
    assert process.stdout.readline()
    discard_before(place.parent, 1)
    assert names_in(place.parent) == []
    said, _ = process.communicate("go on\n")
    assert (said, process.returncode) == ("", 1)
    assert names_in(place.parent) == []


def test_nothing_begins_from_what_was_made_before_a_purge(place: Path) -> None:
    provide(place.with_name("words-3"), EXPECTED | {PURGES: 2}, write("the purged words"))
    assert earlier(place, 3) is None
    assert earlier(place, 2) == place.with_name("words-3")


def test_all_that_is_there_is_discarded_at_once(place: Path) -> None:
    provide(place, EXPECTED | {PURGES: 7}, write("made"))
    discard_all(place.parent)
    assert names_in(place.parent) == []
    discard_all(place.parent.with_name("none"))


def test_a_build_that_is_told_to_stop_is_none_without_a_warning(
    place: Path, caplog: pytest.LogCaptureFixture
) -> None:
    def build(_folder: Path) -> None:
        raise InterruptedError("told to stop")

    assert provide(place, EXPECTED, build) is None
    assert caplog.messages == []
