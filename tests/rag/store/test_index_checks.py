from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import numpy as np
import pytest
from tantivy import Index

from rag.domain import Library
from rag.store import index_checks
from rag.store.blobs import hash_file
from rag.store.catalog import Catalog
from rag.store.derived import MANIFEST
from rag.store.halves import Halves, write_halves
from rag.store.index_checks import index_faults
from rag.store.indexes import Indexes
from rag.store.lexical import LexicalIndex
from rag.store.vectors import CODES, IDS, MATRIX, SPANS
from tests.rag.store.shelves import DIMENSION, MODEL, reading

EXACT_ROWS = 50  # above it codes are made


@pytest.fixture
def stored(catalog: Catalog, library: Library) -> Path:
    """The folder of the indexes of a library of 120 chunks, codes too."""
    for number in range(4):
        texts = [f"In winter the harbour of place{n} is quiet {number}." for n in range(30)]
        catalog.publish(reading(library, *texts, name=f"{number}.txt"))
    indexes = Indexes(catalog, exact_rows=EXACT_ROWS)
    indexes.current(library.id)
    indexes.wait()
    indexes.close()
    return catalog.data_dir / "derived" / library.id


def faults(catalog: Catalog, library: Library, folder: Path) -> list[str]:
    now = catalog.library_with_id(library.id)
    return list(index_faults(catalog._reader, now, folder))


def the(folder: Path, kind: str) -> Path:
    (found,) = folder.glob(f"{kind}-*")
    return found


def seal(folder: Path) -> None:
    """Let a folder's manifest say of its files what they are."""
    path = folder / MANIFEST
    said = json.loads(path.read_text())
    said["files"] = {name: hash_file(folder / name) for name in said["files"]}
    path.write_text(json.dumps(said))


def test_indexes_as_they_were_written_are_well(
    catalog: Catalog, library: Library, stored: Path
) -> None:
    kinds = {path.name.partition("-")[0] for path in stored.iterdir()}
    assert kinds == {"vectors", "lexical", "codes"}
    assert faults(catalog, library, stored) == []


def test_each_damaged_or_missing_file_of_each_index_is_a_fault(
    catalog: Catalog, library: Library, stored: Path
) -> None:
    damaged = 0
    for path in sorted(stored.rglob("*")):
        is_listed = path.name in manifest_of(path.parent)
        if path.is_file() and (is_listed or path.name == MANIFEST) and path.stat().st_size:
            whole = path.read_bytes()
            for content in (flipped(whole), None):
                path.unlink()
                if content is not None:
                    path.write_bytes(content)
                (fault,) = faults(catalog, library, stored)
                assert re.fullmatch(
                    rf"The index {path.parent.name} of the library documents is damaged \(.+\)\. "
                    r"`tramontane rebuild --library documents` makes it again\.",
                    fault,
                )
                path.write_bytes(whole)
                damaged += 1
    assert damaged > 20
    assert faults(catalog, library, stored) == []


def manifest_of(folder: Path) -> dict[str, str]:
    path = folder / MANIFEST
    return dict(json.loads(path.read_text())["files"]) if path.exists() else {}


def flipped(whole: bytes) -> bytes:
    content = bytearray(whole)
    content[len(content) // 2] ^= 0x20
    return bytes(content)


def test_an_index_of_other_vectors_is_told_by_searching_it(
    catalog: Catalog, library: Library, stored: Path
) -> None:
    folder = the(stored, "vectors")
    rows = [packed for _, packed in catalog.packed_vectors(library)]
    write_halves(folder / MATRIX, [rows[-1], *rows[1:-1], rows[0]], DIMENSION)
    seal(folder)
    (fault,) = faults(catalog, library, stored)
    assert "(it holds other vectors than the catalog)" in fault


def test_an_index_of_too_few_rows_is_told_by_its_count(
    catalog: Catalog, library: Library, stored: Path
) -> None:
    folder = the(stored, "vectors")
    rows = [packed for _, packed in catalog.packed_vectors(library)]
    write_halves(folder / MATRIX, rows[:-1], DIMENSION)
    seal(folder)
    found = faults(catalog, library, stored)
    assert len(found) == 1
    assert "(it has 119 rows of 120 passages, and says 120)" in found[0]


def test_codes_of_other_vectors_are_told(
    catalog: Catalog,
    library: Library,
    stored: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(index_checks, "CANDIDATES", 60)
    assert faults(catalog, library, stored) == []
    other = Catalog(tmp_path / "other")
    alien = other.create_library("documents", MODEL, DIMENSION)
    other.publish(reading(alien, *(f"quite other words {n}" for n in range(120))))
    indexes = Indexes(other, exact_rows=EXACT_ROWS)
    indexes.current(alien.id)
    indexes.wait()
    indexes.close()
    other.close()
    folder = the(stored, "codes")
    shutil.copyfile(the(tmp_path / "other" / "derived" / alien.id, "codes") / CODES, folder / CODES)
    seal(folder)
    (fault,) = faults(catalog, library, stored)
    assert "(its codes lead elsewhere than its vectors)" in fault


def test_an_index_of_words_that_lacks_a_passage_is_told(
    catalog: Catalog, library: Library, stored: Path
) -> None:
    folder = the(stored, "lexical")
    index = Index.open(str(folder))
    writer = index.writer(num_threads=1)
    first = catalog.documents(library.id)[0]
    writer.delete_documents_by_term("document", first.id)
    writer.commit()
    writer.wait_merging_threads()
    seal_all(folder)
    (fault,) = faults(catalog, library, stored)
    assert "(it holds 90 passages, and the library 120)" in fault


def seal_all(folder: Path) -> None:
    path = folder / MANIFEST
    said = json.loads(path.read_text())
    names = [each.name for each in folder.iterdir() if each.name not in (MANIFEST,)]
    path.write_text(
        json.dumps({**said, "files": {name: hash_file(folder / name) for name in names}})
    )


def test_words_that_do_not_find_their_passage_are_told(
    catalog: Catalog, library: Library, stored: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(LexicalIndex, "search", lambda *_args: [])
    (fault,) = faults(catalog, library, stored)
    assert "('harbour' does not find the passage that has it)" in fault


def test_indexes_of_an_earlier_moment_are_well_too(
    catalog: Catalog, library: Library, stored: Path
) -> None:
    catalog.remove(catalog.documents(library.id)[1].id)
    catalog.publish(reading(library, "added since", name="since.txt"))
    assert faults(catalog, library, stored) == []


def test_an_index_that_vanishes_meanwhile_is_no_fault(
    catalog: Catalog, library: Library, stored: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def vanishes(folder: Path, _said: object) -> bool:
        shutil.rmtree(folder)
        return False

    monkeypatch.setattr(index_checks, "is_intact", vanishes)
    assert faults(catalog, library, stored) == []


def test_an_index_whose_ids_are_nonsense_is_a_fault(
    catalog: Catalog, library: Library, stored: Path
) -> None:
    folder = the(stored, "vectors")
    for name, content in ((IDS, b"no array"), (SPANS, b"[[1]]")):
        whole = (folder / name).read_bytes()
        (folder / name).write_bytes(content)
        seal(folder)
        assert "(it cannot be read: " in faults(catalog, library, stored)[0]
        (folder / name).write_bytes(whole)
    np.save(folder / IDS, np.arange(120, dtype=np.int64))  # of other passages
    seal(folder)
    assert "it holds other vectors than the catalog" in faults(catalog, library, stored)[0]


def test_a_search_that_finds_other_passages_than_the_exact_one_is_told(
    catalog: Catalog, library: Library, stored: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = Halves.scan
    monkeypatch.setattr(
        Halves, "scan", lambda self, query, k, among=None: real(self, -query, k, among)
    )
    found = faults(catalog, library, stored)
    assert "(a search in it finds other passages than one in the catalog)" in found[0]
