from __future__ import annotations

import shutil
import threading
from dataclasses import replace
from hashlib import sha256
from itertools import count
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import text

from rag.domain import Library
from rag.errors import StoreError
from rag.intake import Table, TableRow
from rag.store import original_checks
from rag.store.catalog import Catalog
from rag.store.checks import check, mend
from rag.store.indexes import Indexes
from rag.store.isolation import Upkeep
from rag.store.rows import StoredChunk
from tests.rag.store.shelves import DIMENSION, MODEL, library_in, reading
from tests.rag.store.stock import add, files_below, remove_for_good

WELL = ["database", "documents", "originals", "indexes", "leftovers"]


def text_hash(chunk: StoredChunk) -> bytes:
    return f"hash of {chunk.text}".encode()[:16]


@pytest.fixture
def filled(catalog: Catalog, library: Library) -> Catalog:
    """A catalog of two documents; the second has a table and its hashes."""
    add(catalog, library, "The harbour holds boats.", "A second page.", name="a.txt")
    texts = ["Another harbour stands elsewhere.", "Its light."]
    source = catalog.data_dir.parent / "b.txt"
    source.write_text("\f".join(texts))
    catalog.blobs.put(source)
    read = reading(library, *texts, name="b.txt")
    hashes = [f"hash of {text}".encode()[:16] for text in texts]
    table = Table(1, 2, "t", ("x",), (TableRow(0, 3, ("y",)),))
    catalog.publish(replace(read, text_hashes=hashes, tables=[table]))
    Indexes(catalog).current(library.id)
    return catalog


def execute(catalog: Catalog, *statements: str) -> None:
    with catalog.for_upkeep(Upkeep.SOUNDNESS)._writer.begin() as connection:
        for statement in statements:
            connection.execute(text(statement))


def faults(catalog: Catalog) -> list[str]:
    return [fault for part in check(catalog.data_dir, text_hash) for fault in part.faults]


def notes(catalog: Catalog) -> list[str]:
    return [note for part in check(catalog.data_dir, text_hash) for note in part.notes]


def test_what_is_well_is_found_well_and_nothing_is_changed(filled: Catalog) -> None:
    before = files_below(filled.data_dir)
    found = list(check(filled.data_dir, text_hash))
    assert [part.part for part in found] == WELL
    assert [(part.faults, part.notes) for part in found] == [((), ())] * 5
    assert found[1].sentence == "2 documents, 4 pages, 4 passages."
    assert found[2].sentence == "2 files are as they were."
    assert found[3].sentence == "Made for the one library."
    assert set(files_below(filled.data_dir)) - set(before) <= {
        f"derived/{path.parent.name}/{path.name}/.tantivy-meta.lock"
        for path in (filled.data_dir / "derived").glob("*/lexical-*")
    }


def test_libraries_without_indexes_are_no_fault(filled: Catalog) -> None:
    library_in(filled, "other")
    shutil.rmtree(filled.data_dir / "derived")
    part = list(check(filled.data_dir, text_hash))[3]
    assert part.sentence == (
        "Made for 0 of 2 libraries so far. A library without them gets them with its next question."
    )
    assert part.faults == ()


def test_without_a_catalog_none_is_made(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="There is no catalog"):
        list(check(tmp_path / "data", text_hash))
    assert not (tmp_path / "data").exists()


ANEW = "Remove it for good and add it again, or restore a backup."
REBUILD = "`tramontane rebuild` mends it."
OUTSIDE = "has passages that do not lie in the text of their page, the first on page"


@pytest.mark.parametrize(
    ("statement", "sentence"),
    [
        ('UPDATE chunk SET "end" = 25 WHERE id = 1', f"{OUTSIDE} 1: 1. {ANEW}"),
        ("UPDATE chunk SET start = -1 WHERE id = 2", f"{OUTSIDE} 2: 1. {ANEW}"),
        ('UPDATE chunk SET start = "end" WHERE id < 3', f"{OUTSIDE} 1: 2. {ANEW}"),
        ("UPDATE chunk SET page = 9 WHERE id = 2", f"{OUTSIDE} 9: 1. {ANEW}"),
        ("UPDATE page SET text = 'cut' WHERE number = 2", f"{OUTSIDE} 2: 1. {ANEW}"),
        ("UPDATE document SET page_count = 3", f"has 2 pages, and counts 3. {ANEW}"),
        (
            "UPDATE document SET chunks = 5, embedded = 1",
            f"has 2 passages, 2 of them with vectors, and counts 5 and 1. {REBUILD}",
        ),
        (
            "UPDATE chunk SET vector = x'' WHERE id = 2",
            f"has 2 passages, 1 of them with vectors, and counts 2 and 2. {REBUILD}",
        ),
        (
            "UPDATE document SET state = 'odd'",
            f"is in a state that is none: 'odd'. {ANEW}",
        ),
        (
            "UPDATE chunk SET vector = x'0011' WHERE id < 3",
            f"has vectors that are not of {MODEL}: 2. `tramontane rebuild --library documents "
            f"--embedding {MODEL}` embeds them again.",
        ),
        (
            "UPDATE chunk SET vector = zeroblob(16) WHERE id = 1",
            f"has vectors that are not of {MODEL}: 1. `tramontane rebuild --library documents "
            f"--embedding {MODEL}` embeds them again.",
        ),
        (
            "UPDATE chunk SET vector = x'007e007e007e007e007e007e007e007e' WHERE id = 1",
            f"has vectors that are not of {MODEL}: 1. `tramontane rebuild --library documents "
            f"--embedding {MODEL}` embeds them again.",
        ),
    ],
)
def test_rows_that_disagree_are_one_sentence_a_document(
    statement: str, sentence: str, filled: Catalog
) -> None:
    shutil.rmtree(filled.data_dir / "derived")
    execute(filled, statement)
    assert f"a.txt (library documents) {sentence}" in faults(filled)


def test_tables_hashes_jobs_and_libraries_are_looked_at_too(
    filled: Catalog, library: Library
) -> None:
    shutil.rmtree(filled.data_dir / "derived")
    filled.create_library("other", MODEL, DIMENSION)
    filled.jobs.submit(library.id, "waits.txt", "0" * 64, 1)
    execute(
        filled,
        "UPDATE table_part SET page = 7",
        "UPDATE chunk SET text_hash = x'00112233445566778899aabbccddeeff' WHERE id = 3",
        "UPDATE job SET stage = 'odd'",
        "UPDATE chunk SET library_id = (SELECT id FROM library WHERE name = 'other') WHERE id = 2",
    )
    found = faults(filled)
    b = "b.txt (library documents) has"
    assert found[:4] == [
        f"{b} a table on page 7, which it has not. {ANEW}",
        f"a.txt (library documents) has passages that are counted to another library. {ANEW}",
        "The file waits.txt waits in a stage that is none: 'odd'. Restore a backup.",
        f"{b} passages under the hash of another text: 1. {REBUILD}",
    ]
    assert found[4:] == [
        "The original of waits.txt is missing. Add the file again: that puts it back."
    ]


def test_rebuilding_mends_counts_and_hashes(filled: Catalog, library: Library) -> None:
    execute(
        filled,
        "UPDATE document SET chunks = 9, embedded = 0 WHERE name = 'a.txt'",
        "UPDATE chunk SET text_hash = x'00112233445566778899aabbccddeeff' WHERE id = 3",
    )
    generation = filled.library_with_id(library.id).generation
    assert mend(filled.data_dir, text_hash) == 2
    assert faults(filled) == []
    assert filled.library_with_id(library.id).generation == generation + 1
    assert [(d.chunks, d.embedded) for d in filled.documents(library.id)] == [(2, 2), (2, 2)]
    assert mend(filled.data_dir, text_hash) == 0


def test_a_damaged_database_is_one_fault_and_its_originals_are_still_told(
    filled: Catalog, library: Library
) -> None:
    (first, _) = filled.documents(library.id)
    filled.original(first.id).write_text("other")
    filled.close()
    path = filled.data_dir / "catalog.sqlite"
    content = bytearray(path.read_bytes())
    for damaged in (content[:-40_000], content[:16_384] + b"\xff" * 40_000, b"no database" * 4000):
        path.write_bytes(damaged)
        found = list(check(filled.data_dir, text_hash))
        assert [part.part for part in found] == ["database", "originals"]
        assert "is damaged" in found[0].faults[0]
        (fault,) = found[1].faults
        assert fault.endswith(" is damaged: its bytes are not those added.")
        assert found[1].sentence == "1 files are as they were."


def test_originals_that_are_missing_or_damaged_are_named(filled: Catalog, library: Library) -> None:
    first, second = filled.documents(library.id)
    filled.original(first.id).unlink()
    filled.original(second.id).write_bytes(b"?" + filled.original(second.id).read_bytes()[1:])
    again = "Add the file again: that puts it back."
    assert sorted(faults(filled)) == [
        f"The original of a.txt is missing. {again}",
        f"The original of b.txt is damaged: its bytes are not those added. {again}",
    ]


def test_a_document_that_is_removed_meanwhile_is_no_fault(
    filled: Catalog, library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = filled.documents(library.id)[0]
    real = original_checks._fault_of

    def removed_then(path: Path) -> str:
        if path.name == first.sha256 and path.exists():
            remove_for_good(filled, first)
        return real(path)

    monkeypatch.setattr(original_checks, "_fault_of", removed_then)
    assert faults(filled) == []
    assert not filled.blobs.path(first.sha256).exists()


def test_files_of_nobody_are_noted_once_they_are_not_on_their_way(
    filled: Catalog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "x").write_text("on its way")
    filled.blobs.put(tmp_path / "x")
    assert notes(filled) == []
    monkeypatch.setattr(original_checks, "SETTLED_SECONDS", -1)
    assert notes(filled) == [
        "Stored files that no document has: 1. `tramontane rebuild` deletes them."
    ]
    assert faults(filled) == []
    filled.discard_orphans()
    assert notes(filled) == []


def test_what_a_crash_left_is_noted_and_swept_by_mending(filled: Catalog, library: Library) -> None:
    data = filled.data_dir
    left = [
        data / "blobs" / "ab" / ".new-1",
        data / "incoming" / ".new-2",
        data / "questions" / f"{library.id}.new",
        data / "derived" / library.id / ".new-3",
        data / "derived" / library.id / ".old-4",
    ]
    for path in left:
        path.parent.mkdir(exist_ok=True)
        path.mkdir() if "derived" in str(path) else path.write_text("half")
    (data / "derived" / "of-no-library" / "vectors-1").mkdir(parents=True)
    earlier = data / ".tramontane-backup-ab0_xyz1"  # as an earlier release called it
    earlier.mkdir()
    (earlier / sha256(b"words").hexdigest()).write_text("words")
    (earlier.with_name(".tramontane-backup-mine1234")).mkdir()
    (earlier.with_name(".tramontane-backup-mine1234") / "letter.txt").write_text("mine")
    (note,) = notes(filled)
    assert note.startswith(
        "Left by a crash: .tramontane-backup-ab0_xyz1, blobs/ab/.new-1, incoming/.new-2"
    )
    assert note.endswith(" and more. `tramontane rebuild` deletes them.")
    mend(data, text_hash)
    assert notes(filled) == []
    assert not any(path.exists() for path in (*left, earlier))
    assert (data / ".tramontane-backup-mine1234" / "letter.txt").exists()
    assert Indexes(filled).are_stored(library.id)


def test_nothing_is_found_wrong_while_others_write(catalog: Catalog, library: Library) -> None:
    rng = np.random.default_rng(7)
    begun, stop, wrong = threading.Event(), threading.Event(), list[BaseException]()

    def work() -> None:
        other = Catalog(catalog.data_dir)
        indexes = Indexes(other)
        try:
            there = []
            for number in count():
                texts = [f"The page {n} of harbour {number}." for n in range(3)]
                there.append(add(other, library, *texts, name=f"{number}.txt").document)
                indexes.current(library.id).words.search("harbour", 5)
                if len(there) > 4:
                    remove_for_good(other, there.pop(int(rng.integers(4))))
                    begun.set()
                if stop.is_set():
                    return
        except (OSError, StoreError, AssertionError) as error:
            wrong.append(error)
        finally:
            begun.set()
            indexes.close()
            other.close()

    thread = threading.Thread(target=work)
    thread.start()
    assert begun.wait(60)
    try:
        for _ in range(12):
            found = list(check(catalog.data_dir, text_hash))
            assert [part.part for part in found] == WELL
            assert [(part.faults, part.notes) for part in found] == [((), ())] * 5
    finally:
        stop.set()
        thread.join()
    assert wrong == []
