"""A catalog that was lost, or moved away under who uses it, is told and never made anew."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from ingest.incoming import Incoming
from rag.domain import Library
from rag.errors import StoreError
from rag.store.backup import back_up
from rag.store.catalog import CATALOG, Catalog
from rag.store.checks import check
from rag.store.presence import has_catalog
from rag.store.restoring import restore
from tests.rag.store.shelves import library_in, reading
from tests.rag.store.stock import add, assert_whole, files_below, nothing

LOST = "is missing or empty, though .*blobs holds original files. Move .* away and restore a backup"
MOVED = "was moved, deleted or replaced while it was in use"


def empty(path: Path) -> None:
    path.write_bytes(b"")


def without_tables(path: Path) -> None:
    path.unlink()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode=wal")


@pytest.fixture(params=[empty, Path.unlink, without_tables])
def lost(catalog: Catalog, library: Library, request: pytest.FixtureRequest) -> Path:
    """A data directory with an original, and the catalog gone or emptied."""
    add(catalog, library, "The harbour holds boats.")
    catalog.close()
    lose: Callable[[Path], None] = request.param
    lose(catalog.data_dir / CATALOG)
    return catalog.data_dir


def test_no_catalog_is_made_beside_originals(lost: Path) -> None:
    before = files_below(lost)
    for _ in range(2):
        assert has_catalog(lost)
        with pytest.raises(StoreError, match=LOST):
            Catalog(lost)
    assert files_below(lost) == before
    assert len(list(lost.glob("blobs/??/*"))) == 1


def test_check_and_backup_say_so_and_a_good_backup_is_kept(lost: Path, tmp_path: Path) -> None:
    other = Catalog(tmp_path / "other")
    add(other, library_in(other), "A document of its own.")
    other.close()
    target = tmp_path / "good.tar"
    back_up(other.data_dir, target, nothing)
    before = target.read_bytes()

    database, originals = check(lost, lambda _: b"")
    assert "holds original files" in database.faults[0]
    assert originals.sentence == "1 files are as they were."
    with pytest.raises(StoreError, match=LOST):
        back_up(lost, target, nothing)

    assert target.read_bytes() == before


def test_it_begins_anew_once_the_originals_are_moved_away(lost: Path) -> None:
    (lost / "blobs").rename(lost.parent / "blobs")
    with closing(Catalog(lost)) as catalog:
        add(catalog, library_in(catalog), "It is here again.")
    assert assert_whole(lost) == ["note.txt"]


@pytest.mark.parametrize("left", ["nothing", "an empty file", "an empty database", "no original"])
def test_a_catalog_that_was_never_finished_is_made(tmp_path: Path, left: str) -> None:
    path = tmp_path / CATALOG
    if left == "an empty file":
        empty(path)
    elif left == "an empty database":
        empty(path)
        without_tables(path)
    elif left == "no original":
        (tmp_path / "blobs" / "ab").mkdir(parents=True)
        (tmp_path / "blobs" / "ab" / ".new-abcdefgh").write_text("cut off")
    with closing(Catalog(tmp_path)) as catalog:
        assert library_in(catalog).name == "documents"


def moved_and_restored(data: Path) -> None:
    back_up(data, data.parent / "b.tar", nothing)
    data.rename(data.parent / "old")
    restore(data.parent / "b.tar", data, nothing)


def moved(data: Path) -> None:
    data.rename(data.parent / "old")


def deleted(data: Path) -> None:
    for path in data.glob(f"{CATALOG}*"):
        path.unlink()


def replaced(data: Path) -> None:
    shutil.copyfile(data / CATALOG, data.parent / "copy")
    (data.parent / "copy").replace(data / CATALOG)


@pytest.fixture(params=[moved_and_restored, moved, deleted, replaced])
def gone(
    catalog: Catalog, library: Library, request: pytest.FixtureRequest
) -> tuple[Catalog, Library]:
    """A catalog in use, whose file is another or gone by now."""
    add(catalog, library, "The harbour holds boats.", name="a.txt")
    displace: Callable[[Path], None] = request.param
    displace(catalog.data_dir)
    return catalog, library


def test_nothing_is_stored_any_more(gone: tuple[Catalog, Library], tmp_path: Path) -> None:
    catalog, library = gone
    data = catalog.data_dir
    before = files_below(data) if data.exists() else None
    source = tmp_path / "new.txt"
    source.write_text("It must not be lost.")
    for store in (
        lambda: catalog.blobs.put(source),
        lambda: catalog.blobs.adopt(source),
        lambda: catalog.publish(reading(library, "It must not be lost.")),
        lambda: catalog.set_mark("name", "value"),
        lambda: catalog.documents(library.id),
        lambda: catalog.discard_orphans(),
    ):
        with pytest.raises(StoreError, match=MOVED):
            store()
    assert source.exists()
    assert (files_below(data) if data.exists() else None) == before


def test_it_goes_on_once_the_catalog_is_back(catalog: Catalog, library: Library) -> None:
    old = catalog.data_dir.with_name("old")
    catalog.data_dir.rename(old)
    with pytest.raises(StoreError, match=MOVED):
        catalog.set_mark("name", "value")
    old.rename(catalog.data_dir)
    catalog.set_mark("name", "value")
    assert catalog.mark("name") == "value"


def test_what_is_written_when_it_is_moved_is_not_acknowledged(catalog: Catalog) -> None:
    with (
        pytest.raises(StoreError, match=MOVED),
        catalog._writer.begin(),
    ):
        catalog.data_dir.rename(catalog.data_dir.with_name("old"))


def test_a_data_directory_that_is_gone_is_not_made_to_receive_into(tmp_path: Path) -> None:
    incoming = Incoming(tmp_path / "data" / "incoming", "documents")
    with pytest.raises(StoreError, match="cannot be written"), incoming.new_file():
        pass
    assert not (tmp_path / "data").exists()
