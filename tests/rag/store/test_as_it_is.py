"""What lies on a disk is looked at and saved as it is: old, odd, or not to be written."""

from __future__ import annotations

import os
import shutil
import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest
from sqlalchemy import ExceptionContext

from rag.domain import Library
from rag.errors import StoreError
from rag.store import backup, checks, database, restoring
from rag.store.archives import manifest_of
from rag.store.backup import back_up
from rag.store.catalog import CATALOG, Catalog
from rag.store.checks import Checked, check
from rag.store.database import NoCatalogError, NoRoomError
from rag.store.indexes import Indexes
from rag.store.restoring import restore
from rag.store.sizes import told
from tests.rag.store.shelves import library_in
from tests.rag.store.stock import add, assert_whole, files_below, nothing
from tests.rag.store.test_migrations import filled


def looked_at(data_dir: Path) -> list[Checked]:
    return list(check(data_dir, lambda _: b""))


def bytes_below(folder: Path) -> dict[str, bytes]:
    """The content of every file below a folder."""
    return {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture
def shelf(catalog: Catalog, library: Library) -> Path:
    """A data directory with two documents and their indexes, which nobody uses."""
    add(catalog, library, "The harbour holds boats.", name="a.txt")
    add(catalog, library, "Another page.", name="b.txt")
    Indexes(catalog).current(library.id)
    catalog.close()
    return catalog.data_dir


@pytest.fixture
def unwritable(shelf: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The same on a disk that the system says cannot be written."""
    monkeypatch.setattr(os, "access", lambda path, _: not Path(path).is_relative_to(shelf))
    mkdtemp = tempfile.mkdtemp

    def refused(
        suffix: str | None = None, prefix: str | None = None, dir: str | None = None
    ) -> str:
        if dir is not None and Path(dir).is_relative_to(shelf):
            raise OSError(30, "Read-only file system", dir)
        return mkdtemp(suffix, prefix, dir)

    monkeypatch.setattr(tempfile, "mkdtemp", refused)
    return shelf


@pytest.mark.parametrize("schema", [1, 2, 3, 4, 5])
def test_check_leaves_a_catalog_of_an_earlier_release_as_it_is(schema: int, tmp_path: Path) -> None:
    before = bytes_below(filled(tmp_path, schema))

    database, originals = looked_at(tmp_path)

    assert bytes_below(tmp_path) == before
    assert database.faults == ()
    assert database.notes == (
        f"catalog.sqlite is sound, and of an earlier release (schema {schema}). The next start "
        "brings it up to date; its documents and indexes can be checked after that.",
    )
    assert originals.faults == (
        "The original of a.txt is missing. Add the file again: that puts it back.",
    )


def test_check_changes_no_byte(shelf: Path) -> None:
    before = bytes_below(shelf)
    assert [part.faults for part in looked_at(shelf)] == [()] * 5
    after = bytes_below(shelf)
    assert {name: after[name] for name in before} == before
    assert all(name.endswith(".tantivy-meta.lock") for name in after.keys() - before.keys())


def test_an_empty_catalog_is_no_fault_and_not_filled_by_looking(tmp_path: Path) -> None:
    (tmp_path / CATALOG).touch()
    with pytest.raises(NoCatalogError, match="There is no catalog in"):
        looked_at(tmp_path)
    assert (tmp_path / CATALOG).stat().st_size == 0


def test_a_disk_that_cannot_be_written_is_checked_and_backed_up(
    unwritable: Path, tmp_path: Path
) -> None:
    before = bytes_below(unwritable)

    parts = looked_at(unwritable)
    back_up(unwritable, tmp_path / "b.tar", nothing)

    assert [(part.part, part.faults) for part in parts][3] == ("indexes", ())
    assert bytes_below(unwritable) == before
    assert files_below(tmp_path) == [
        "b.tar",
        "data",
        *(f"data/{n}" for n in files_below(unwritable)),
    ]
    restore(tmp_path / "b.tar", tmp_path / "other", nothing)
    assert sorted(assert_whole(tmp_path / "other")) == ["a.txt", "b.txt"]


def test_what_lies_in_the_log_alone_is_read_there_too(unwritable: Path, tmp_path: Path) -> None:
    with closing(Catalog(unwritable)) as catalog:
        catalog.set_mark("only in", "the log")
        assert (unwritable / f"{CATALOG}-wal").stat().st_size
        back_up(unwritable, tmp_path / "b.tar", nothing)
    restore(tmp_path / "b.tar", tmp_path / "other", nothing)
    with closing(Catalog(tmp_path / "other")) as catalog:
        assert catalog.mark("only in") == "the log"


def test_an_earlier_release_is_not_backed_up_where_it_cannot_be_brought_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "old").mkdir()
    old = filled(tmp_path / "old", 3)
    monkeypatch.setattr(os, "access", lambda *_: False)
    with pytest.raises(StoreError, match=r"of an earlier release.*Copy the folder to another disk"):
        back_up(old, tmp_path / "b.tar", nothing)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["old"]


def original(shelf: Path, name: str) -> Path:
    with closing(Catalog(shelf)) as catalog:
        (found,) = (
            catalog.original(each.id)
            for each in catalog.documents(catalog.library("documents").id)
            if each.name == name
        )
    return found


def test_a_folder_in_place_of_an_original_is_named_and_left_out(
    shelf: Path, tmp_path: Path
) -> None:
    path = original(shelf, "a.txt")
    path.unlink()
    path.mkdir()

    back_up(shelf, tmp_path / "b.tar", nothing)

    (missing,) = manifest_of(tmp_path / "b.tar").missing
    assert (missing.names, missing.reason) == (("a.txt",), "missing")
    (fault,) = looked_at(shelf)[2].faults
    assert fault.endswith(f"Move {path} away, and add the file again: that puts it back.")
    source = tmp_path / "a.txt"
    source.write_text("The harbour holds boats.")
    with closing(Catalog(shelf)) as catalog:
        for store in (catalog.blobs.put, catalog.blobs.adopt):
            with pytest.raises(StoreError) as caught:
                store(source)
            assert str(caught.value) == (
                f"a.txt cannot be stored: {path} lies in its place. Move that away, and add the "
                "file again."
            )
        path.rmdir()
        catalog.blobs.put(source)
    assert looked_at(shelf)[2].faults == ()


def test_a_file_in_place_of_the_originals_is_named(shelf: Path, tmp_path: Path) -> None:
    shutil.rmtree(shelf / "blobs")
    (shelf / "blobs").touch()
    back_up(shelf, tmp_path / "b.tar", nothing)
    assert len(manifest_of(tmp_path / "b.tar").missing) == 2
    faults = looked_at(shelf)[2].faults
    assert len(faults) == 2
    assert all(f"Move {shelf / 'blobs'} away, and add the file again" in each for each in faults)
    with (
        closing(Catalog(shelf)) as catalog,
        pytest.raises(StoreError, match=r"blobs lies in its place\. Move that away"),
    ):
        catalog.blobs.put(tmp_path / "b.tar")


def test_a_backup_says_which_of_the_two_places_cannot_be_used(
    shelf: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for place, said in ((shelf, "The backup cannot be made: "), (tmp_path, "cannot be written (")):

        def refused(*_: object, place: Path = place, **_more: object) -> str:
            raise OSError(28, "No space left on device", str(place / "folder"))

        monkeypatch.setattr("rag.store.workplaces.tempfile.mkdtemp", refused)
        with pytest.raises(StoreError) as caught:
            back_up(shelf, tmp_path / "b.tar", nothing)
        assert said in str(caught.value)
        assert "(No space left on device). Check that" in str(caught.value)


def test_a_full_disk_is_no_fault_of_the_database(
    shelf: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise NoRoomError("There is no room left.")

    monkeypatch.setattr(checks, "as_it_is", full)
    with pytest.raises(NoRoomError):
        looked_at(shelf)


def test_small_sizes_are_told_in_small_units(
    shelf: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes = (0, 1, 12_001, 975_000, 1_040_000, 3_200_000_000)
    told_sizes = [told(size) for size in sizes]
    assert told_sizes == ["0 kB", "1 kB", "13 kB", "975 kB", "1.0 MB", "3.2 GB"]
    back_up(shelf, tmp_path / "b.tar", nothing)
    for module in (backup, restoring):
        monkeypatch.setattr(module.shutil, "disk_usage", lambda _: SimpleNamespace(free=4096))
    needs = r"The backup needs \d+ kB.* 5 kB\s+are free\. Make room, or"
    with pytest.raises(StoreError, match=needs):
        back_up(shelf, tmp_path / "c.tar", nothing)
    with pytest.raises(StoreError, match=needs):
        restore(tmp_path / "b.tar", tmp_path / "other", nothing)


def test_what_cannot_be_restored_says_what_to_name(tmp_path: Path) -> None:
    with closing(Catalog(tmp_path / "data")) as catalog:
        library_in(catalog)
    back_up(tmp_path / "data", tmp_path / "b.tar", nothing)
    with pytest.raises(StoreError, match=r"Name the file that `tramontane backup` wrote\."):
        restore(tmp_path / "data", tmp_path / "other", nothing)
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match=r"Name another folder with --data-dir\."):
        restore(tmp_path / "b.tar", tmp_path / "file", nothing)


def test_a_catalog_without_a_log_file_is_checked(tmp_path: Path) -> None:
    """As releases with an older SQLite left it, in its rollback journal, which check leaves on."""
    with closing(Catalog(tmp_path)) as catalog:
        library_in(catalog)
    with closing(sqlite3.connect(tmp_path / CATALOG)) as connection:
        connection.execute("PRAGMA journal_mode=delete")
    before = bytes_below(tmp_path)
    assert [part.faults for part in looked_at(tmp_path)] == [()] * 5
    assert bytes_below(tmp_path) == before


def test_a_log_without_its_index_is_not_passed_over(unwritable: Path, tmp_path: Path) -> None:
    """Read as a file that nobody changes, a catalog would lack what is in its log."""
    copy = unwritable / "copy"
    copy.mkdir()
    with closing(Catalog(unwritable)) as catalog:
        catalog.set_mark("only in", "the log")
        for end in ("", "-wal"):
            shutil.copyfile(f"{unwritable / CATALOG}{end}", f"{copy / CATALOG}{end}")
    back_up(copy, tmp_path / "b.tar", nothing)  # the disk of the test can be written
    restore(tmp_path / "b.tar", tmp_path / "other", nothing)
    with closing(Catalog(tmp_path / "other")) as catalog:
        assert catalog.mark("only in") == "the log"


def test_a_catalog_that_needs_writing_says_to_copy_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / CATALOG
    path.touch()
    context = SimpleNamespace(
        original_exception=vars(database)["sqlite"].OperationalError("unable to open database file")
    )
    for can_be_written in (True, False):
        monkeypatch.setattr(os, "access", lambda *_, can=can_be_written: can)
        said = str(database._in_plain_words(path, cast(ExceptionContext, context)))
        assert (f"Copy {tmp_path} to another disk" in said) is not can_be_written
