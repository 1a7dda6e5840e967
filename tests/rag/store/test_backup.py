from __future__ import annotations

import errno
import tarfile
import threading
from itertools import count
from pathlib import Path

import pytest
from sqlalchemy import Connection

from rag.domain import Document, Library
from rag.errors import StoreError
from rag.intake import Stage
from rag.store import backup, database
from rag.store.archives import verify_archive
from rag.store.backup import back_up
from rag.store.catalog import Catalog
from rag.store.holds import new_holder
from rag.store.originals import named_originals
from rag.store.restoring import restore
from tests.rag.store.failing import Disk, no_file_above, raising
from tests.rag.store.shelves import finish, library_in, start_python
from tests.rag.store.stock import (
    add,
    assert_whole,
    content_of,
    files_below,
    nothing,
    remove_for_good,
)


@pytest.fixture
def target(tmp_path: Path) -> Path:
    (tmp_path / "elsewhere").mkdir()
    return tmp_path / "elsewhere" / "backup.tar"


def test_a_backup_gives_back_every_document_with_its_original(
    catalog: Catalog, library: Library, target: Path, tmp_path: Path
) -> None:
    other = library_in(catalog, "other")
    add(catalog, library, "The first page.", "The second page.", name="a.txt")
    add(catalog, library, "Another text.", name="b.txt")
    add(catalog, other, "Another text.", name="the same bytes.txt")
    catalog.set_mark("samples", "offered")
    made = back_up(catalog.data_dir, target, nothing)
    assert made.manifest.missing == ()
    assert made.manifest.counts == {
        "libraries": 2,
        "documents": 3,
        "pages": 4,
        "chunks": 4,
        "originals": 2,
    }
    assert made.size_bytes == target.stat().st_size
    expected = [content_of(catalog, each) for each in (library, other)]
    restore(target, tmp_path / "new", nothing)
    restored = Catalog(tmp_path / "new")
    try:
        assert [content_of(restored, each) for each in (library, other)] == expected
        assert restored.mark("samples") == "offered"
    finally:
        restored.close()


def test_what_can_be_made_again_or_is_on_its_way_is_left_out(
    catalog: Catalog, library: Library, target: Path
) -> None:
    added = add(catalog, library, "words")
    for name in ("derived/x/vectors-1/matrix.index", "incoming/.new-1", "reembedding/x"):
        path = catalog.data_dir / name
        path.parent.mkdir(parents=True)
        path.write_text("canary")
    back_up(catalog.data_dir, target, nothing)
    sha256 = added.document.sha256
    with tarfile.open(target) as tar:  # any program that reads tar opens it
        assert tar.getnames() == ["manifest.json", "catalog.sqlite", f"blobs/{sha256[:2]}/{sha256}"]
    assert b"canary" not in target.read_bytes()


def test_only_its_owner_may_read_a_backup(catalog: Catalog, target: Path) -> None:
    back_up(catalog.data_dir, target, nothing)
    assert target.stat().st_mode & 0o777 == 0o600


def test_marked_answers_are_backed_up_to_their_last_whole_line(
    catalog: Catalog, target: Path, tmp_path: Path
) -> None:
    folder = catalog.data_dir / "questions"
    folder.mkdir()
    (folder / "0123456789abcdef.jsonl").write_bytes(b'{"id": 1}\n{"id": 2}\n{"id"')
    back_up(catalog.data_dir, target, nothing)
    restore(target, tmp_path / "new", nothing)
    restored = tmp_path / "new" / "questions" / "0123456789abcdef.jsonl"
    assert restored.read_bytes() == b'{"id": 1}\n{"id": 2}\n'


def test_a_file_that_waits_to_be_read_is_backed_up_and_one_that_was_cancelled_is_not_lost(
    catalog: Catalog, library: Library, target: Path, tmp_path: Path
) -> None:
    hashes = []
    for name in ("waiting", "failed", "done"):
        path = tmp_path / name
        path.write_text(f"{name} text")
        hashes.append(catalog.blobs.put(path))
        catalog.jobs.submit(library.id, name, hashes[-1], 12)
    for stage in (Stage.FAILED, Stage.DONE):
        name = stage.value
        (number,) = [job.id for job in catalog.jobs.of(library.id) if job.name == name]
        held = catalog.jobs._take(number, new_holder(), [Stage.WAITING])
        assert held is not None
        catalog.jobs.advance(held, stage)
    back_up(catalog.data_dir, target, nothing)
    restore(target, tmp_path / "new", nothing)
    restored = Catalog(tmp_path / "new")
    try:
        assert restored.blobs.hashes() != []
        assert sorted(restored.blobs.hashes()) == sorted(hashes[:2])
        assert [job.stage for job in restored.jobs.of(library.id)] == [
            Stage.WAITING,
            Stage.FAILED,
            Stage.DONE,
        ]
    finally:
        restored.close()


def test_missing_and_damaged_originals_are_named_and_the_rest_is_backed_up(
    catalog: Catalog, library: Library, target: Path, tmp_path: Path
) -> None:
    lost = add(catalog, library, "lost", name="lost.txt").document
    torn = add(catalog, library, "torn", name="torn.txt").document
    add(catalog, library, "sound", name="sound.txt")
    catalog.original(lost.id).unlink()
    catalog.original(torn.id).write_text("other")
    manifest = back_up(catalog.data_dir, target, nothing).manifest
    assert {(each.names, each.reason) for each in manifest.missing} == {
        (("lost.txt",), "missing"),
        (("torn.txt",), "damaged"),
    }
    assert manifest.counts["originals"] == 1
    restore(target, tmp_path / "new", nothing)
    assert files_below(tmp_path / "new" / "blobs") != []


def test_a_removal_meanwhile_takes_nothing_from_a_backup(
    catalog: Catalog,
    library: Library,
    target: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    removed = add(catalog, library, "removed while it is backed up", name="a.txt").document
    real = database.copy_database

    def copy_then_remove(*args: object) -> None:
        real(*args)  # type: ignore[arg-type]
        remove_for_good(catalog, removed)

    monkeypatch.setattr(backup, "copy_database", copy_then_remove)
    assert back_up(catalog.data_dir, target, nothing).manifest.missing == ()
    assert catalog.documents(library.id) == []
    restore(target, tmp_path / "new", nothing)
    assert assert_whole(tmp_path / "new") == ["a.txt"]


def test_nothing_is_removed_between_the_choice_of_the_moment_and_the_hold(
    catalog: Catalog, library: Library, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "BUSY_TIMEOUT_MS", 50)
    other = Catalog(catalog.data_dir)
    calls = count(1)

    def named(connection: Connection) -> dict[str, frozenset[str]]:
        call = next(calls)
        if call == 2:  # the moment is chosen, and the newest file not held yet
            (document,) = other.documents(library.id)
            with pytest.raises(StoreError, match="another Tramontane is writing"):
                other.remove(document.id)
        found = named_originals(connection)
        if call == 1:
            add(other, library, "added after the first look", name="late.txt")
        return found

    monkeypatch.setattr(backup, "named_originals", named)
    made = back_up(catalog.data_dir, target, nothing)
    other.close()
    assert (next(calls), made.manifest.missing) == (3, ())
    assert made.manifest.counts["originals"] == 1


@pytest.fixture(params=["3.40.1", "3.53.4"])
def journal(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """The journal that a version of SQLite is trusted with."""
    monkeypatch.setattr("rag.store.database.sqlite.sqlite_version", request.param)
    return database.journal_mode()


def test_backups_are_whole_while_others_add_and_remove(
    journal: str, catalog: Catalog, library: Library, target: Path, tmp_path: Path
) -> None:
    steady = [add(catalog, library, f"steady {n}", name=f"s{n}.txt").document.name for n in "abc"]
    begun, stop, faults = threading.Event(), threading.Event(), list[BaseException]()

    def work() -> None:
        other = Catalog(catalog.data_dir)
        try:
            there: list[Document] = []
            for number in count():
                name = f"passing-{number}.txt"
                there.append(add(other, library, f"passing {number}", name=name).document)
                if number == 3:
                    begun.set()
                if len(there) > 3:
                    remove_for_good(other, there.pop(0))
                if stop.is_set():
                    return
        except (OSError, StoreError, AssertionError) as error:
            faults.append(error)
        finally:
            other.close()

    thread = threading.Thread(target=work)
    thread.start()
    found = set()
    try:
        assert begun.wait(60)
        for number in range(8):
            assert back_up(catalog.data_dir, target, nothing).manifest.missing == ()
            folder = tmp_path / f"new-{number}"
            restore(target, folder, nothing)
            names = assert_whole(folder)
            assert names[:3] == steady
            found |= set(names)
    finally:
        stop.set()
        thread.join()
    assert faults == []
    assert (catalog.data_dir / "catalog.sqlite-wal").exists() == (journal == "wal")
    assert len(found) > 6  # the passing ones were met at several moments


def test_a_backup_replaces_an_earlier_one_and_nothing_else(
    catalog: Catalog, library: Library, target: Path
) -> None:
    back_up(catalog.data_dir, target, nothing)
    add(catalog, library, "added since")
    assert back_up(catalog.data_dir, target, nothing).manifest.counts["documents"] == 1
    assert verify_archive(target).counts["documents"] == 1
    target.write_text("my thesis")
    with pytest.raises(StoreError, match="exists and is no backup of Tramontane"):
        back_up(catalog.data_dir, target, nothing)
    assert target.read_text() == "my thesis"


@pytest.mark.parametrize(
    ("place", "words"),
    [
        (".", "is a folder. Name a file in it"),
        ("nowhere/backup.tar", "There is no folder"),
        ("data/backup.tar", "lies in the data directory"),
    ],
)
def test_a_place_that_takes_no_backup_is_one_sentence(
    catalog: Catalog, tmp_path: Path, place: str, words: str
) -> None:
    before = files_below(tmp_path)
    with pytest.raises(StoreError, match=words):
        back_up(catalog.data_dir, tmp_path / place, nothing)
    assert files_below(tmp_path) == before


def test_where_there_is_no_catalog_nothing_is_backed_up_or_made(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="There is no catalog in"):
        back_up(tmp_path / "data", tmp_path / "backup.tar", nothing)
    assert files_below(tmp_path) == []


def test_a_damaged_catalog_is_not_backed_up(
    catalog: Catalog, library: Library, target: Path
) -> None:
    add(catalog, library, "words " * 20_000)
    catalog.close()
    path = catalog.data_dir / "catalog.sqlite"
    content = bytearray(path.read_bytes())
    content[-2 * 16_384 :] = b"\xff" * (2 * 16_384)
    path.write_bytes(content)
    with pytest.raises(StoreError, match=f"The catalog {path} is damaged"):
        back_up(catalog.data_dir, target, nothing)
    assert files_below(target.parent) == []


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EIO])
def test_a_disk_that_fails_at_any_operation_leaves_no_half_backup(
    number: int, catalog: Catalog, library: Library, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(catalog, library, "one", name="a.txt")
    add(catalog, library, "two", name="b.txt")
    before = files_below(catalog.data_dir)
    disk = Disk(raising(number))
    disk.install(monkeypatch)
    words: set[str] = set()
    for at in count(1):
        disk.start(at)
        try:
            back_up(catalog.data_dir, target, nothing)
        except StoreError as error:
            words.add(str(error))
        else:
            if not disk.failed:
                break
            assert disk.failed in ("hardlink_to", "link")  # then they are copied
        assert files_below(catalog.data_dir) == before
        if target.exists():
            verify_archive(target)
            target.unlink()
        assert files_below(target.parent) == []
    assert at > 20
    assert {text.partition(" (")[0] for text in words} == {f"The backup {target} cannot be written"}
    assert verify_archive(target).counts["documents"] == 2


KILLED = """
import os, sys
from itertools import count
from pathlib import Path
import pytest
from rag.store.archives import verify_archive
from rag.store.backup import back_up
from tests.rag.store.failing import Disk, killed
disk = Disk(killed)
disk.install(pytest.MonkeyPatch())
data_dir, target = Path(sys.argv[1]), Path(sys.argv[2])
input()
for at in count(1):
    child = os.fork()
    if not child:
        disk.start(at)
        back_up(data_dir, target, lambda done, total: None)
        os._exit(0)
    if os.waitpid(child, 0)[1] == 0:
        break
    if target.exists():
        verify_archive(target)
        target.unlink()
print(at)
"""


def test_a_backup_that_is_killed_anywhere_leaves_none_or_a_whole_one(
    catalog: Catalog, library: Library, target: Path
) -> None:
    add(catalog, library, "one", name="a.txt")
    add(catalog, library, "two", name="b.txt")
    before = files_below(catalog.data_dir)
    last = int(finish(start_python(KILLED, str(catalog.data_dir), str(target))))
    assert last > 20
    assert verify_archive(target).counts["documents"] == 2
    assert_whole(catalog.data_dir)
    back_up(catalog.data_dir, target, nothing)  # which sweeps what the others left
    assert files_below(catalog.data_dir) == before
    assert files_below(target.parent) == ["backup.tar"]


def test_wherever_the_disk_is_full_nothing_half_is_left(
    catalog: Catalog, library: Library, target: Path
) -> None:
    add(catalog, library, *(f"page {number} " * 500 for number in range(20)), name="a.txt")
    size = back_up(catalog.data_dir, target, nothing).size_bytes
    target.unlink()
    before = files_below(catalog.data_dir)
    for limit in range(0, size, size // 40):
        with (
            no_file_above(limit),
            pytest.raises(StoreError, match=r"cannot be (written|copied)|no room"),
        ):
            back_up(catalog.data_dir, target, nothing)
        assert files_below(target.parent) == []
        assert files_below(catalog.data_dir) == before
    with no_file_above(size):
        back_up(catalog.data_dir, target, nothing)
    assert_whole(catalog.data_dir)
