from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rag.domain import Library, Scope
from rag.errors import NotFoundError, StoreError
from rag.intake import Stage
from rag.store.catalog import Catalog
from rag.store.derived import DERIVED
from rag.store.holds import LostHoldError
from rag.store.indexes import Indexes
from rag.store.isolation import Upkeep
from rag.store.lexical import LexicalIndex, open_lexical_index
from rag.store.rows import Reading, pack
from rag.store.trash import DAY_SECONDS, KEPT_DAYS
from tests.rag.store.shelves import MODEL, finish, library_in, reading, start_python, vector_of
from tests.stored import vectors_of

TEXTS = ("The harbour holds boats.", "The lighthouse was lit in 1831.")


def hashed(read: Reading) -> Reading:
    """The reading with the hashes by which vectors are known again."""
    return replace(read, text_hashes=[page.text.encode()[:16] for page in read.pages])


def test_a_removed_document_is_seen_by_nobody(catalog: Catalog, library: Library) -> None:
    document = catalog.publish(reading(library, *TEXTS))
    indexes = Indexes(catalog)
    ids = [chunk.id for chunk in catalog.all_chunks(library.id)]
    before = indexes.current(library.id)
    assert before.words.search("lighthouse", 3)

    catalog.remove(document.id)

    assert catalog.documents(library.id) == []
    assert catalog.find(library.id, document.sha256) is None
    assert catalog.chunks(ids, Scope(library.id)) == []
    assert catalog.chunked_pages([(document.id, 1)], Scope(library.id)) == {}
    assert (catalog.pages(document.id), catalog.tables(document.id)) == ([], [])
    assert (catalog.chunk_spans(library.id), catalog.embedded_spans(library.id)[0]) == ([], ())
    assert list(catalog.packed_vectors(library)) == []
    after = indexes.current(library.id)
    assert after.words.search("lighthouse", 3) == []
    assert len(after.vectors) == 0
    for ask in (catalog.document, catalog.original, lambda id_: catalog.page(id_, 1)):
        with pytest.raises(NotFoundError):
            ask(document.id)
    with pytest.raises(NotFoundError):
        catalog.remove(document.id)


def test_what_is_brought_back_is_as_it_was(catalog: Catalog, library: Library) -> None:
    first = catalog.publish(reading(library, *TEXTS))
    catalog.publish(reading(library, "between", name="other.txt"))
    before = {chunk.text: chunk.chunk for chunk in catalog.all_chunks(library.id)}
    old_ids = {chunk.id for chunk in catalog.all_chunks(library.id)}
    pages = catalog.pages(first.id)
    indexes = Indexes(catalog)
    indexes.current(library.id)

    catalog.remove(first.id)
    indexes.current(library.id)
    (kept,) = catalog.trash.of(library.id)
    assert kept.document == first
    assert catalog.trash.bring_back(first.id) == first

    assert catalog.trash.of(library.id) == []
    assert catalog.document(first.id) == first
    assert catalog.documents(library.id)[0].id == first.id
    assert catalog.pages(first.id) == pages
    chunks = catalog.all_chunks(library.id)
    assert {chunk.text: chunk.chunk for chunk in chunks} == before
    assert all(c.id not in old_ids for c in chunks if c.document.id == first.id)
    ids, vectors = vectors_of(catalog, library)
    by_id = {chunk.id: chunk.text for chunk in chunks}
    for id_, vector in zip(ids.tolist(), vectors, strict=True):
        assert np.abs(vector - vector_of(by_id[id_])).max() < 1e-3
    index = indexes.current(library.id)
    ((nearest, _),) = index.vectors.search(vector_of(TEXTS[1]), 1)
    assert by_id[nearest] == TEXTS[1]
    assert [by_id[id_] for id_, _ in index.words.search("lighthouse", 3)] == [TEXTS[1]]
    assert catalog.jobs.of(library.id) == []  # nothing is to be embedded


def test_what_was_not_embedded_yet_goes_on(catalog: Catalog, library: Library) -> None:
    document = catalog.publish(replace(hashed(reading(library, *TEXTS)), vectors=None))
    catalog.remove(document.id)
    catalog.trash.bring_back(document.id)
    (job,) = catalog.jobs.of(library.id)
    assert (job.stage, job.document_id) == (Stage.EMBEDDING, document.id)
    assert len(catalog.pending_chunks(document.id)) == 2


def test_vectors_of_a_model_before_do_not_come_back(catalog: Catalog, library: Library) -> None:
    document = catalog.publish(hashed(reading(library, *TEXTS)))
    catalog.remove(document.id)
    elsewhere = catalog.create_library("elsewhere", "wide", 16)
    known = hashed(reading(elsewhere, TEXTS[0], name="known.txt"))
    wide = np.stack([vector_of(TEXTS[0], 16)])
    catalog.publish(replace(known, vectors=wide, embedding_model="wide"))
    catalog.replace_vectors(library, "wide", 16, {})

    back = catalog.trash.bring_back(document.id)

    assert (back.embedded, back.chunks) == (1, 2)
    now = catalog.library("documents")
    assert [vector for _, vector in catalog.packed_vectors(now)] == pack(wide)
    assert [chunk.text for chunk in catalog.pending_chunks(document.id)] == [TEXTS[1]]
    catalog.verify_vectors(library.id)


def test_vectors_in_the_trash_are_known(catalog: Catalog, library: Library) -> None:
    document = catalog.publish(hashed(reading(library, *TEXTS)))
    catalog.remove(document.id)
    new = catalog.publish(replace(hashed(reading(library, TEXTS[1], "new")), vectors=None))
    assert [chunk.text for chunk in catalog.pending_chunks(new.id)] == ["new"]


def test_a_document_does_not_come_back_beside_its_twin(catalog: Catalog, library: Library) -> None:
    document = catalog.publish(reading(library, "words", id_="first"))
    catalog.remove(document.id)
    catalog.publish(reading(library, "words", id_="second", name="copy.txt"))
    with pytest.raises(StoreError, match=r"note\.txt was added again meanwhile.* as copy\.txt"):
        catalog.trash.bring_back("first")
    assert [each.id for each in catalog.documents(library.id)] == ["second"]
    assert len(catalog.trash.of(library.id)) == 1


def test_the_same_bytes_under_the_same_name_come_back(catalog: Catalog, library: Library) -> None:
    document = catalog.publish(reading(library, "words"))
    catalog.remove(document.id)
    trash = catalog.trash
    assert trash.bring_back_same(library.id, document.sha256, "other.txt") is None
    assert trash.bring_back_same(library_in(catalog, "two").id, document.sha256, "note.txt") is None
    assert trash.bring_back_same(library.id, document.sha256, "note.txt") == document


def test_a_disk_that_fails_is_not_taken_for_somebody_who_was_quicker(
    catalog: Catalog, library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    document = catalog.publish(reading(library, *TEXTS))
    catalog.remove(document.id)
    same = (library.id, document.sha256, document.name)

    def full(*_all: Any) -> None:
        raise StoreError("There is no room left.")

    with monkeypatch.context() as failing:
        failing.setattr("rag.store.trash.put_back", full)
        with pytest.raises(StoreError, match="no room"):
            catalog.trash.bring_back_same(*same)
    assert catalog.trash.bring_back_same(*same) == document
    assert catalog.trash.of(library.id) == []


def test_the_file_and_the_jobs_go_with_the_purge(
    catalog: Catalog, library: Library, tmp_path: Path
) -> None:
    source = tmp_path / "note.txt"
    source.write_text("words")
    sha256 = catalog.blobs.put(source)
    job = catalog.jobs.submit(library.id, "note.txt", sha256, 5)
    held = catalog.jobs.claim(library.id, "host:1:1", (Stage.WAITING,))
    document = catalog.publish(reading(library, "words"))
    assert held is not None
    catalog.jobs.advance(held, Stage.DONE, document_id=document.id)
    catalog.remove(document.id)
    assert catalog.discard_orphans() == 0
    assert catalog.blobs.path(sha256).exists()

    assert catalog.trash.purge([document.id])

    assert not catalog.blobs.path(sha256).exists()
    assert catalog.trash.of(library.id) == []
    with pytest.raises(NotFoundError):
        catalog.jobs.get(job.id)
    with pytest.raises(NotFoundError, match="not in the trash"):
        catalog.trash.purge([document.id])
    with pytest.raises(NotFoundError, match="not in the trash"):
        catalog.trash.bring_back(document.id)


def test_who_works_on_what_is_purged_finds_its_job_gone(catalog: Catalog, library: Library) -> None:
    document = catalog.publish(replace(reading(library, "words"), vectors=None))
    catalog.jobs.submit_embedding(document)
    held = catalog.jobs.claim(library.id, "host:1:1", (Stage.EMBEDDING,))
    assert held is not None
    catalog.remove(document.id)
    catalog.trash.purge([document.id])
    with pytest.raises(LostHoldError):
        catalog.jobs.report(held, Stage.EMBEDDING, 1, 1)
    with pytest.raises(NotFoundError):
        catalog.put_vectors(document.id, MODEL, {})
    assert catalog.jobs.of(library.id) == []


def test_a_purge_that_was_killed_half_way_is_ended_later(
    catalog: Catalog, library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = tmp_path / "note.txt"
    source.write_text("words")
    document = catalog.publish(reading(library, "words"))
    assert catalog.blobs.put(source) == document.sha256
    Indexes(catalog).current(library.id)
    catalog.remove(document.id)
    with monkeypatch.context() as killed:
        killed.setattr(catalog.trash, "clean", lambda: False)
        assert not catalog.trash.purge([document.id])
    assert catalog.blobs.path(document.sha256).exists()

    again = Catalog(catalog.data_dir)
    assert again.trash.clean()
    again.close()

    assert not catalog.blobs.path(document.sha256).exists()
    assert list((catalog.data_dir / DERIVED).rglob("*.*")) == []
    assert not [name for name in open_marks(catalog) if name.startswith("bytes")]


def open_marks(catalog: Catalog) -> list[str]:
    with catalog.for_upkeep(Upkeep.SOUNDNESS)._reader.begin() as connection:
        return list(connection.exec_driver_sql("SELECT name FROM mark").scalars())


def test_an_index_that_is_made_during_a_purge_is_made_again(
    catalog: Catalog, library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    catalog.publish(reading(library, "what stays", name="stays.txt"))
    document = catalog.publish(reading(library, "the zirbelnuss"))
    indexes = Indexes(catalog)
    index = indexes.current(library.id)
    assert index.words.search("zirbelnuss", 1)
    catalog.remove(document.id)
    derived = catalog.data_dir / DERIVED / library.id
    made: list[set[Path]] = []

    def purging_meanwhile(*arguments: Any) -> LexicalIndex:
        opened = open_lexical_index(*arguments)
        if not made:
            aside = derived.rename(derived.with_name("aside"))
            assert catalog.trash.purge([document.id])
            aside.rename(derived)  # as if it were written only now
        made.append(set(derived.rglob("*.*")))
        return opened

    monkeypatch.setattr("rag.store.indexes.open_lexical_index", purging_meanwhile)
    assert [id_ for id_, _ in indexes.current(library.id).words.search("stays", 3)] == [1]
    assert len(made) == 2
    assert not made[0] & set(derived.rglob("*.*"))


def test_what_is_in_the_library_is_not_purged(catalog: Catalog, library: Library) -> None:
    one = catalog.publish(reading(library, "one", name="one.txt"))
    two = catalog.publish(reading(library, "two", name="two.txt"))
    catalog.remove(one.id)
    with pytest.raises(NotFoundError):
        catalog.trash.purge([one.id, two.id])
    assert [kept.document for kept in catalog.trash.of(library.id)] == [one]
    assert catalog.documents(library.id) == [two]


def test_only_what_has_been_there_for_long_expires(catalog: Catalog, library: Library) -> None:
    document = catalog.publish(reading(library, "words"))
    catalog.remove(document.id)
    now = time.time()
    assert catalog.trash.expired(now + (KEPT_DAYS * DAY_SECONDS) - 60) == []
    (kept,) = catalog.trash.expired(now + (KEPT_DAYS * DAY_SECONDS) + 60)
    assert kept.document == document
    assert abs(kept.until - now - KEPT_DAYS * DAY_SECONDS) < 60


def test_deleting_a_library_takes_its_trash_along(catalog: Catalog, library: Library) -> None:
    document = catalog.publish(reading(library, "words"))
    catalog.remove(document.id)
    with catalog.for_upkeep(Upkeep.SOUNDNESS)._writer.begin() as connection:
        connection.exec_driver_sql("DELETE FROM library")
        counts = [
            connection.exec_driver_sql(f"SELECT count(*) FROM {table}").scalar_one()  # noqa: S608
            for table in ("kept_document", "kept_page", "kept_chunk")
        ]
    assert counts == [0, 0, 0]


CHURN = """
import sys
from pathlib import Path
from rag.store.catalog import Catalog
catalog = Catalog(Path(sys.argv[1]))
print("ready", flush=True)
input()
for _ in range(40):
    catalog.remove(sys.argv[2])
    catalog.trash.bring_back(sys.argv[2])
catalog.close()
"""


def test_a_reader_sees_all_of_a_document_or_nothing(catalog: Catalog, library: Library) -> None:
    document = catalog.publish(reading(library, *[f"page {n}" for n in range(30)]))
    process = start_python(CHURN, str(catalog.data_dir), document.id)
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    assert process.stdin is not None
    process.stdin.write("go\n")
    process.stdin.flush()
    seen = set[tuple[int, ...]]()
    while process.poll() is None:
        with catalog.for_upkeep(Upkeep.SOUNDNESS)._reader.begin() as connection:
            query = (
                "SELECT (SELECT count(*) FROM document), (SELECT count(*) FROM page),"
                " (SELECT count(*) FROM chunk), (SELECT count(*) FROM kept_document),"
                " (SELECT count(*) FROM kept_page), (SELECT count(*) FROM kept_chunk)"
            )
            seen.add(tuple(connection.exec_driver_sql(query).one()))
        seen.add((len(catalog.all_chunks(library.id)),))
    finish(process, "")
    assert seen <= {(1, 30, 30, 0, 0, 0), (0, 0, 0, 1, 30, 30), (0,), (30,)}
    assert {(0,), (30,)} <= seen
    assert catalog.library_with_id(library.id).generation == 81
    assert catalog.library_with_id(library.id).embedding_model == MODEL
