from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from sqlalchemy import text

from rag.domain import Library
from rag.errors import StoreError
from rag.store import database
from rag.store.catalog import Catalog
from rag.store.database import FIRST_SAFE_WAL, WAL_BYTES, open_database
from rag.store.tables import SCHEMA_VERSION
from tests.rag.store.shelves import reading, together

PAGE_BYTES = 16_384


def pragma(path: Path, name: str) -> object:
    reader, _ = open_database(path)
    try:
        with reader.begin() as connection:
            return connection.execute(text(f"PRAGMA {name}")).scalar_one()
    finally:
        reader.dispose()


@pytest.mark.parametrize(
    ("version", "mode"),
    [("3.40.1", "delete"), ("3.51.2", "delete"), ("3.51.3", "wal"), ("3.53.4", "wal")],
)
def test_the_write_ahead_log_is_used_only_where_it_is_safe(
    version: str, mode: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rag.store.database.sqlite.sqlite_version", version)
    assert database.journal_mode() == mode
    assert pragma(tmp_path / "catalog.sqlite", "journal_mode") == mode


def test_the_version_compared_with_is_the_one_that_mended_the_log() -> None:
    assert FIRST_SAFE_WAL == (3, 51, 3)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("synchronous", 2),
        ("foreign_keys", 1),
        ("trusted_schema", 0),
        ("busy_timeout", 10_000),
        ("page_size", PAGE_BYTES),
        ("journal_size_limit", WAL_BYTES),
        ("user_version", SCHEMA_VERSION),
    ],
)
def test_every_connection_is_set_up(name: str, value: int, tmp_path: Path) -> None:
    assert pragma(tmp_path / "catalog.sqlite", name) == value


def test_a_newer_schema_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "catalog.sqlite"
    Catalog(tmp_path).close()
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA journal_mode=delete")
        connection.execute(f"PRAGMA user_version={SCHEMA_VERSION + 1}")
    connection.close()
    before = path.read_bytes()
    with pytest.raises(
        StoreError, match=rf"written by a newer Tramontane \(schema {SCHEMA_VERSION + 1}"
    ):
        Catalog(tmp_path)
    assert path.read_bytes()[100:] == before[100:]  # the header holds a change counter
    assert pragma_of_foreign_version(path) == SCHEMA_VERSION + 1


def pragma_of_foreign_version(path: Path) -> int:
    connection = sqlite3.connect(path)
    try:
        return int(connection.execute("PRAGMA user_version").fetchone()[0])
    finally:
        connection.close()


def test_a_catalog_that_is_no_database_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "catalog.sqlite").write_bytes(b"This was a catalog once. " * 1000)
    with pytest.raises(StoreError) as caught:
        Catalog(tmp_path)
    assert str(caught.value) == (
        f"The catalog {tmp_path / 'catalog.sqlite'} is damaged (file is not a database). Restore "
        "the folder from a backup, or move it away and add the documents again."
    )


def test_a_truncated_catalog_is_one_sentence(
    catalog: Catalog, library: Library, tmp_path: Path
) -> None:
    for number in range(20):
        catalog.publish(reading(library, f"text {number} " * 2000, name=f"{number}.txt"))
    catalog.close()
    path = catalog.data_dir / "catalog.sqlite"
    whole = path.read_bytes()
    assert len(whole) > 10 * PAGE_BYTES
    for size in (PAGE_BYTES - 7, PAGE_BYTES, 5 * PAGE_BYTES, 5 * PAGE_BYTES + 99):
        folder = tmp_path / f"cut-{size}"
        folder.mkdir()
        (folder / "catalog.sqlite").write_bytes(whole[:size])
        with pytest.raises(StoreError, match=r"is damaged \("):
            read_all(folder, library)


def read_all(folder: Path, library: Library) -> None:
    damaged = Catalog(folder)
    try:
        damaged.verify()
        for document in damaged.documents(library.id):
            damaged.pages(document.id)
    finally:
        damaged.close()


def test_pages_of_a_damaged_catalog_raise_no_error_of_the_database(
    catalog: Catalog, library: Library
) -> None:
    catalog.publish(reading(library, "words " * 20_000))
    document = catalog.documents(library.id)[0]
    catalog.close()
    path = catalog.data_dir / "catalog.sqlite"
    content = bytearray(path.read_bytes())
    content[2 * PAGE_BYTES :] = b"\xff" * (len(content) - 2 * PAGE_BYTES)
    path.write_bytes(content)
    reopened = Catalog(catalog.data_dir)
    try:
        with pytest.raises(StoreError, match="is damaged"):
            reopened.pages(document.id)
        with pytest.raises(StoreError, match="is damaged"):
            reopened.verify()
    finally:
        reopened.close()


def test_a_sound_catalog_is_found_sound(catalog: Catalog, library: Library) -> None:
    catalog.publish(reading(library, "words"))
    catalog.verify()


@pytest.mark.parametrize("place", ["taken", "taken/below"])
def test_a_data_directory_that_cannot_be_made_is_one_sentence(place: str, tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file")
    with pytest.raises(StoreError, match=r"cannot be made \(.+\)\. Choose another with --data-dir"):
        Catalog(tmp_path / place)


def test_a_catalog_that_cannot_be_opened_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "catalog.sqlite").mkdir()
    with pytest.raises(StoreError, match=r"cannot be used \(unable to open database file\)"):
        Catalog(tmp_path)


def test_reading_goes_on_and_writing_says_so_while_another_process_writes(
    catalog: Catalog, library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    catalog.publish(reading(library, "words"))
    monkeypatch.setattr(database, "BUSY_TIMEOUT_MS", 50)
    other, writer = open_database(catalog.data_dir / "catalog.sqlite")
    patient = Catalog(catalog.data_dir)
    try:
        with writer.begin() as connection:
            connection.execute(text("DELETE FROM mark"))
            assert len(patient.documents(library.id)) == 1
            second = Catalog(catalog.data_dir)  # opening an existing catalog writes nothing
            second.close()
            with pytest.raises(StoreError, match="another Tramontane is writing to it"):
                patient.set_mark("name", "value")
        patient.set_mark("name", "value")
        assert catalog.mark("name") == "value"
    finally:
        patient.close()
        other.dispose()


OPEN_AT_ONCE = """
import sys
from pathlib import Path
from rag.store.catalog import Catalog
print("ready", flush=True)
input()
catalog = Catalog(Path(sys.argv[1]))
print(catalog.create_library("documents", "m", 8).id)
catalog.close()
"""


def test_processes_that_open_a_new_catalog_at_once_share_it(tmp_path: Path) -> None:
    assert len(set(together(OPEN_AT_ONCE, 4, str(tmp_path / "data")))) == 1


def test_the_log_is_cut_back_after_a_large_transaction(
    catalog: Catalog, library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    limit = 1 << 20
    monkeypatch.setattr(database, "WAL_BYTES", limit)
    small = Catalog(catalog.data_dir)
    log = catalog.data_dir / "catalog.sqlite-wal"
    try:
        small.publish(reading(library, *[f"{number} " * 20_000 for number in range(300)]))
        assert log.stat().st_size > limit
        for number in range(3):
            small.publish(reading(library, f"a small one, {number}", name=f"{number}.txt"))
        assert log.stat().st_size <= limit
    finally:
        small.close()
