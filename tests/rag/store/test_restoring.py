from __future__ import annotations

import errno
import shutil
import sqlite3
from itertools import count
from pathlib import Path

import pytest

from rag.domain import Library
from rag.errors import StoreError
from rag.store import restoring
from rag.store.archives import Manifest, verify_archive, write_archive
from rag.store.backup import back_up
from rag.store.blobs import hash_file
from rag.store.catalog import Catalog
from rag.store.restoring import restore
from rag.store.tables import SCHEMA_VERSION
from tests.rag.store.failing import NEVER, Disk, no_file_above, raising
from tests.rag.store.shelves import DIMENSION, MODEL, finish, start_python
from tests.rag.store.stock import add, assert_whole, files_below, nothing

SCHEMAS = Path(__file__).parent


@pytest.fixture
def archive(catalog: Catalog, library: Library, tmp_path: Path) -> Path:
    add(catalog, library, "one", name="a.txt")
    add(catalog, library, "two", "three", name="b.txt")
    return back_up(catalog.data_dir, tmp_path / "backup.tar", nothing).path


@pytest.fixture
def place(tmp_path: Path) -> Path:
    (tmp_path / "there").mkdir()
    return tmp_path / "there" / "data"


def test_an_empty_folder_is_filled_and_one_that_is_absent_is_made(
    archive: Path, place: Path
) -> None:
    for data_dir in (place, place.with_name("deep") / "er"):
        assert restore(archive, data_dir, nothing).data_dir == data_dir
        assert assert_whole(data_dir) == ["a.txt", "b.txt"]
        assert data_dir.stat().st_mode & 0o777 == 0o700
    empty = place.with_name("empty")
    empty.mkdir()
    restore(archive, empty, nothing)
    assert assert_whole(empty) == ["a.txt", "b.txt"]
    assert sorted(path.name for path in place.parent.iterdir()) == ["data", "deep", "empty"]


@pytest.mark.parametrize("name", ["catalog.sqlite", ".hidden", "blobs"])
def test_a_folder_with_anything_in_it_is_left_alone(archive: Path, place: Path, name: str) -> None:
    (place / name).mkdir(parents=True)
    with pytest.raises(StoreError, match="is not empty, and nothing there is replaced"):
        restore(archive, place, nothing)
    assert files_below(place.parent) == ["data", f"data/{name}"]


def test_a_place_that_is_no_folder_is_one_sentence(archive: Path, place: Path) -> None:
    place.write_text("a file")
    with pytest.raises(StoreError, match=r"cannot be restored into \(Not a directory\)"):
        restore(archive, place, nothing)


def test_a_backup_that_is_not_there_is_one_sentence(place: Path, tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"cannot be read \(No such file or directory\)"):
        restore(tmp_path / "nothing.tar", place, nothing)
    assert files_below(place.parent) == []


def test_a_damaged_backup_leaves_nothing(archive: Path, place: Path) -> None:
    whole = archive.read_bytes()
    step = len(whole) // 60
    for at in range(0, len(whole), step):
        flipped = bytearray(whole)
        flipped[at] ^= 0x10
        for content in (flipped, whole[:at]):
            archive.write_bytes(content)
            with pytest.raises(StoreError, match="is no backup of Tramontane, or is damaged"):
                restore(archive, place, nothing)
            assert files_below(place.parent) == []
    archive.write_bytes(whole)
    restore(archive, place, nothing)


def test_damage_that_comes_after_the_look_leaves_nothing(
    archive: Path, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    verified = verify_archive(archive)
    monkeypatch.setattr(restoring, "verify_archive", lambda _path: verified)
    content = bytearray(archive.read_bytes())
    content[-2000] ^= 1  # of an original
    archive.write_bytes(content)
    with pytest.raises(StoreError, match="is not as it was"):
        restore(archive, place, nothing)
    assert files_below(place.parent) == []


def with_schema(archive: Path, version: int, database: Path, folder: Path) -> Path:
    """A backup of another release: its catalog is this file."""
    folder.mkdir()
    manifest = verify_archive(archive)
    shutil.copyfile(database, folder / "catalog.sqlite")
    first = manifest.files[0].model_copy(
        update={"size": database.stat().st_size, "sha256": hash_file(database)}
    )
    changes = {"schema_version": version, "files": (first,), "counts": {}}
    path = folder / "other.tar"
    made = Manifest.model_validate(manifest.model_dump() | changes)
    write_archive(path, made, lambda name: folder / name, nothing)
    return path


def test_a_backup_of_a_newer_schema_is_refused(archive: Path, place: Path, tmp_path: Path) -> None:
    path = with_schema(archive, SCHEMA_VERSION + 1, archive, tmp_path / "newer")
    with pytest.raises(StoreError, match=rf"made by a newer .* \(schema {SCHEMA_VERSION + 1}"):
        restore(path, place, nothing)
    assert files_below(place.parent) == []


def test_a_catalog_that_is_newer_than_its_manifest_says_is_refused(
    archive: Path, place: Path, tmp_path: Path
) -> None:
    database = tmp_path / "newer.sqlite"
    connection = sqlite3.connect(database)
    connection.execute(f"PRAGMA user_version={SCHEMA_VERSION + 1}")
    connection.execute("CREATE TABLE t (x)")
    connection.close()
    path = with_schema(archive, SCHEMA_VERSION, database, tmp_path / "newer")
    with pytest.raises(StoreError, match="written by a newer Tramontane"):
        restore(path, place, nothing)
    assert files_below(place.parent) == []


def test_a_backup_of_the_first_schema_is_brought_up(
    archive: Path, place: Path, tmp_path: Path
) -> None:
    old = tmp_path / "old.sqlite"
    connection = sqlite3.connect(old)
    connection.executescript((SCHEMAS / "schema_1.sql").read_text())
    connection.execute(
        "INSERT INTO library VALUES ('lib', 'local', 'documents', ?, ?, 1)", (MODEL, DIMENSION)
    )
    connection.commit()
    connection.close()
    restore(with_schema(archive, 1, old, tmp_path / "older"), place, nothing)
    restored = Catalog(place)
    try:
        assert restored.library("documents").vectors == 0
    finally:
        restored.close()


def test_a_catalog_with_rows_of_nobody_is_refused(
    archive: Path, place: Path, tmp_path: Path, catalog: Catalog
) -> None:
    catalog.close()
    database = tmp_path / "broken.sqlite"
    shutil.copyfile(catalog.data_dir / "catalog.sqlite", database)
    connection = sqlite3.connect(database)
    connection.execute("PRAGMA journal_mode=delete")
    connection.execute("DELETE FROM library")
    connection.commit()
    connection.close()
    path = with_schema(archive, SCHEMA_VERSION, database, tmp_path / "broken")
    with pytest.raises(StoreError, match=r"is damaged \(a row of \w+ belongs to none of \w+\)"):
        restore(path, place, nothing)
    assert files_below(place.parent) == []


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EIO])
def test_a_disk_that_fails_at_any_operation_leaves_all_or_nothing(
    number: int, archive: Path, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk = Disk(raising(number))
    disk.install(monkeypatch)
    words: set[str] = set()
    for at in count(1):
        disk.start(at)
        try:
            restore(archive, place, nothing)
        except StoreError as error:
            words.add(str(error))
            if place.exists():  # only its name was not synced
                assert disk.failed == "fsync"
                assert assert_whole(place) == ["a.txt", "b.txt"]
                shutil.rmtree(place)
            assert files_below(place.parent) == []
        else:
            break
    assert (disk.failed, at > 20) == ("", True)
    disk.start(NEVER)
    assert {text.partition(" cannot be restored into ")[0] for text in words} == {"The backup"}
    assert assert_whole(place) == ["a.txt", "b.txt"]


def test_wherever_the_disk_is_full_nothing_is_left(archive: Path, place: Path) -> None:
    size = verify_archive(archive).files[0].size
    for limit in range(0, size, size // 30):
        with (
            no_file_above(limit),
            pytest.raises(StoreError, match=r"cannot be (restored|used)|no room"),
        ):
            restore(archive, place, nothing)
        assert files_below(place.parent) == []
    restore(archive, place, nothing)


def test_too_little_room_is_said_before_anything_is_written(
    archive: Path, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = shutil.disk_usage(archive)
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: usage._replace(free=1000))
    with pytest.raises(StoreError, match=r"needs \d+ kB, and 1 kB are free"):
        restore(archive, place, nothing)
    assert files_below(place.parent) == []


def test_a_mounted_folder_gets_its_catalog_last(
    archive: Path, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place.mkdir()
    before = place.stat().st_ino
    monkeypatch.setattr(Path, "is_mount", lambda path: path == place)
    moved: list[str] = []
    real = Path.rename

    def rename(path: Path, target: Path) -> Path:
        moved.append(path.name)
        return real(path, target)

    monkeypatch.setattr(Path, "rename", rename)
    restore(archive, place, nothing)
    assert moved == ["blobs", "catalog.sqlite"]
    assert place.stat().st_ino == before
    assert assert_whole(place) == ["a.txt", "b.txt"]
    assert [path.name for path in place.iterdir() if path.name.startswith(".")] == []


# With "mounted" among its arguments, each folder that is restored into is there, as a mount is.
KILLED = """
import os, sys
from itertools import count
from pathlib import Path
import pytest
from rag.store.restoring import restore
from tests.rag.store.failing import Disk, killed
disk = Disk(killed)
patch = pytest.MonkeyPatch()
disk.install(patch)
archive, folder, is_mounted = Path(sys.argv[1]), Path(sys.argv[2]), "mounted" in sys.argv
if is_mounted:
    patch.setattr(Path, "is_mount", lambda path: path.parent == folder)
input()
for at in count(1):
    if is_mounted:
        os.mkdir(folder / str(at))
    child = os.fork()
    if not child:
        disk.start(at)
        restore(archive, folder / str(at), lambda done, total: None)
        os._exit(0)
    if os.waitpid(child, 0)[1] == 0:
        break
print(at)
"""


def test_a_restore_into_a_mounted_folder_that_was_killed_blocks_none_after_it(
    archive: Path, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    last = int(finish(start_python(KILLED, str(archive), str(place.parent), "mounted")))
    assert last > 20
    monkeypatch.setattr(Path, "is_mount", lambda path: path.parent == place.parent)
    left = set()
    for at in range(1, last + 1):
        data_dir = place.parent / str(at)
        left |= {path.name.partition("-")[0] for path in data_dir.iterdir()}
        if (data_dir / "catalog.sqlite").exists():
            with pytest.raises(StoreError, match="is not empty"):
                restore(archive, data_dir, nothing)  # which tidies up after the whole one
        else:
            restore(archive, data_dir, nothing)
        assert assert_whole(data_dir) == ["a.txt", "b.txt"]
        assert [path.name for path in data_dir.iterdir() if path.name.startswith(".")] == []
    assert left == {".tramontane", "blobs", "catalog.sqlite"}  # some were killed in mid-move


def test_a_restore_that_is_killed_anywhere_leaves_all_or_nothing(
    archive: Path, place: Path
) -> None:
    last = int(finish(start_python(KILLED, str(archive), str(place.parent))))
    assert last > 20
    for at in range(1, last + 1):
        data_dir = place.parent / str(at)
        if data_dir.exists():
            assert assert_whole(data_dir) == ["a.txt", "b.txt"]
        else:
            assert at < last
    restore(archive, place, nothing)  # which sweeps what the others left
    assert [path.name for path in place.parent.iterdir() if path.name.startswith(".")] == []
