"""What a purge leaves behind outside the rows, and what is said where something stays."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from rag.domain import Document, Library
from rag.failpoints import arm
from rag.marks import MarkedAnswer, Marks, Place
from rag.purging import purge, purge_expired, still_there
from rag.store import derived
from rag.store.blobs import Blobs
from rag.store.catalog import Catalog
from rag.store.holdings import NewLibrary
from rag.store.indexes import Indexes
from rag.store.workplaces import own_file
from tests.rag.store.failing import no_file_above
from tests.rag.store.shelves import DIMENSION, MODEL, start_python
from tests.rag.store.stock import add

CANARY = "zirbelnuss"

BACKING_UP = """
import sys
from pathlib import Path
from rag.failpoints import arm
from rag.store.backup import back_up
def reached(name):
    if name == "backup.collected":
        print("held", flush=True)
        input()
arm(reached)
back_up(Path(sys.argv[1]), Path(sys.argv[2]), lambda done, total: None)
"""


@pytest.fixture
def removed(catalog: Catalog, library: Library) -> Document:
    add(catalog, library, "what stays", name="stays.txt")
    document = add(catalog, library, f"The {CANARY} ripens.", name="gone.txt").document
    catalog.remove(document.id)
    return document


def having(folder: Path) -> list[Path]:
    """The files that have what was purged."""
    files = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return [path for path in files if CANARY.encode() in path.read_bytes()]


def purged(catalog: Catalog, library: Library) -> bool:
    return purge(catalog, catalog.trash.of(library.id))


def test_what_a_backup_held_that_was_just_killed_goes_with_a_purge(
    catalog: Catalog, library: Library, removed: Document, tmp_path: Path
) -> None:
    process = start_python(BACKING_UP, str(catalog.data_dir), str(tmp_path / "backup.tar"))
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    held = [path for path in having(catalog.data_dir) if path.name == removed.sha256]
    assert len(held) == 2

    assert not purged(catalog, library)  # while it is written
    (path,) = catalog.trash.left()
    assert path in held
    assert str(path) in still_there(catalog)
    assert "Wait for a backup" in still_there(catalog)

    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    assert purge_expired(catalog) == 0  # as at the next start
    assert having(catalog.data_dir) == []
    assert catalog.trash.left() == []


@pytest.mark.parametrize("place", ["incoming", "blobs/ab"])
def test_an_upload_that_was_just_killed_goes_with_a_purge(
    catalog: Catalog, library: Library, removed: Document, place: str
) -> None:
    folder = catalog.data_dir / place
    folder.mkdir(exist_ok=True)
    half = folder / ".new-0123456789abcdef"
    half.write_text(f"The {CANARY} ri")
    with own_file(folder, ".new-") as under_way:
        under_way.write_text("another file")
        assert purged(catalog, library)
        assert under_way.exists()
    assert having(catalog.data_dir) == []


def test_a_file_that_waits_in_a_library_goes_with_it(catalog: Catalog, tmp_path: Path) -> None:
    side = catalog.libraries.create(NewLibrary("side", MODEL, DIMENSION))
    catalog.libraries.create(NewLibrary("other", MODEL, DIMENSION))
    source = tmp_path / "waits.txt"
    source.write_text(CANARY)
    sha256 = catalog.blobs.put(source)
    source.unlink()
    catalog.jobs.submit(side.id, "waits.txt", sha256, 9)
    catalog.libraries.remove(side.id)
    assert catalog.discard_orphans() == 0
    assert purge(catalog, [], catalog.libraries.removed())
    assert not catalog.blobs.path(sha256).exists()
    assert having(catalog.data_dir) == []


def test_an_index_that_cannot_be_removed_is_named_and_removed_later(
    catalog: Catalog, library: Library, removed: Document, monkeypatch: pytest.MonkeyPatch
) -> None:
    catalog.trash.bring_back(removed.id)
    indexes = Indexes(catalog)
    indexes.current(library.id)
    indexes.close()
    catalog.remove(removed.id)
    with monkeypatch.context() as stuck:
        stuck.setattr(derived, "_remove_at_once", lambda _path: None)
        assert not purged(catalog, library)
        left = catalog.trash.left()
        assert {path.parent for path in left} == {catalog.data_dir / "derived" / library.id}
        assert str(left[0]) in still_there(catalog)
        assert not catalog.trash.clean()
    assert not catalog.blobs.path(removed.sha256).exists()
    assert catalog.trash.clean()
    assert having(catalog.data_dir) == []


def test_a_file_that_cannot_be_deleted_keeps_no_other(
    catalog: Catalog, library: Library, removed: Document, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = add(catalog, library, f"Another {CANARY}.", name="other.txt").document
    catalog.remove(other.id)
    first = catalog.trash.of(library.id)[0].document
    real = Path.unlink

    def unlink(path: Path, *, missing_ok: bool = False) -> None:
        if path == catalog.blobs.path(first.sha256):
            raise PermissionError(1, "Operation not permitted")
        real(path, missing_ok=missing_ok)

    with monkeypatch.context() as stuck:
        stuck.setattr(Path, "unlink", unlink)
        assert not purged(catalog, library)
        assert having(catalog.data_dir) == [catalog.blobs.path(first.sha256)]
        assert catalog.trash.left() == [catalog.blobs.path(first.sha256)]
        assert "run `tramontane purge` again" in still_there(catalog)
    assert catalog.trash.of(library.id) == []
    assert purge(catalog, [])
    assert having(catalog.data_dir) == []


@pytest.fixture
def full_from() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack
    arm(None)


@pytest.mark.parametrize("point", ["purge.committed", "clean.rewritten"])
def test_a_disk_that_is_full_after_the_purge_makes_no_failure_of_it(
    catalog: Catalog, library: Library, removed: Document, full_from: ExitStack, point: str
) -> None:
    places = (Place("gone.txt", None),)
    Marks(catalog.data_dir).mark(
        library.id, MarkedAnswer("What?", "What?", CANARY, False, cited=places)
    )

    def reached(name: str) -> None:
        if name == point:
            full_from.enter_context(no_file_above(0))

    arm(reached)
    assert not purged(catalog, library)
    full_from.close()
    arm(None)
    assert catalog.trash.of(library.id) == []
    assert not catalog.blobs.path(removed.sha256).exists()  # which makes room
    assert "is no room to write it anew" in still_there(catalog)
    assert purge(catalog, [])
    assert having(catalog.data_dir) == []


def test_what_another_document_has_is_no_remainder(
    catalog: Catalog, library: Library, removed: Document
) -> None:
    other = catalog.libraries.create(NewLibrary("other", MODEL, DIMENSION))
    twin = add(catalog, other, f"The {CANARY} ripens.", name="twin.txt").document
    assert twin.sha256 == removed.sha256
    assert purged(catalog, library)
    assert Blobs(catalog.data_dir / "blobs").path(twin.sha256).exists()


def test_marks_that_were_being_rewritten_go_with_a_purge(
    catalog: Catalog, library: Library, removed: Document
) -> None:
    folder = catalog.data_dir / "questions"
    folder.mkdir()
    (folder / f"{library.id}.new").write_text(CANARY)
    assert purged(catalog, library)
    assert having(catalog.data_dir) == []
