from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

import pytest

from rag.domain import Library, Scope
from rag.errors import LibraryError, NotFoundError
from rag.intake import Estimate, Origin, Stage
from rag.marks import MarkedAnswer, Marks
from rag.purging import purge, purge_expired
from rag.store.catalog import Catalog
from rag.store.holdings import NewLibrary
from rag.store.holds import LostHoldError, new_holder
from rag.store.indexes import Indexes
from rag.store.rows import Reading
from rag.store.trash import DAY_SECONDS, KEPT_DAYS
from tests.rag.store.shelves import (
    DIMENSION,
    MODEL,
    finish,
    library_in,
    reading,
    start_python,
    vector_of,
)

TEXTS = ("The harbour holds boats.", "The lighthouse was lit in 1831.")
OTHER_MODEL = "another-embedder"
CANARY = "zirbelnuss"


def hashed(read: Reading) -> Reading:
    """The reading with the hashes by which vectors are known again."""
    return replace(read, text_hashes=[page.text.encode()[:16] for page in read.pages])


def new(catalog: Catalog, name: str, model: str = MODEL) -> Library:
    return catalog.libraries.create(NewLibrary(name, model, DIMENSION))


def names(catalog: Catalog) -> list[str]:
    return [each.name for each in catalog.libraries.all()]


def test_a_library_is_made_as_it_was_asked_for(catalog: Catalog, library: Library) -> None:
    wanted = NewLibrary(
        "  Verträge \u202e\n 2026 ", MODEL, DIMENSION, language="german", stays_here=True
    )
    made = catalog.libraries.create(wanted)
    assert (made.name, made.language, made.stays_here) == ("Verträge 2026", "german", True)
    assert (made.owner, made.embedding_model, made.dimension) == ("local", MODEL, DIMENSION)
    assert catalog.library("verträge 2026") == made
    assert names(catalog) == ["documents", "Verträge 2026"]


@pytest.mark.parametrize("name", ["DOCUMENTS", "Documents ", "ｄｏｃｕｍｅｎｔｓ"])
def test_two_libraries_never_have_one_name(catalog: Catalog, library: Library, name: str) -> None:
    with pytest.raises(LibraryError, match="There is a library named"):
        new(catalog, name)
    other = new(catalog, "other")
    with pytest.raises(LibraryError, match="Choose another name"):
        catalog.libraries.rename(other.id, name)
    assert names(catalog) == ["documents", "other"]


@pytest.mark.parametrize(
    ("name", "said"), [(" \u200b\n", "needs a name"), ("x" * 101, "at most 100 characters")]
)
def test_what_is_no_name_is_refused(catalog: Catalog, name: str, said: str) -> None:
    with pytest.raises(LibraryError, match=said):
        new(catalog, name)


def test_a_renamed_library_keeps_all_it_has(catalog: Catalog, library: Library) -> None:
    document = catalog.publish(reading(library, *TEXTS))
    renamed = catalog.libraries.rename(library.id, "Harbours")
    assert (renamed.name, renamed.id) == ("Harbours", library.id)
    assert catalog.documents(catalog.library("harbours").id) == [document]
    # Whoever names none still means it.
    assert catalog.library("documents").id == library.id
    assert library_in(catalog).id == library.id
    made = new(catalog, "documents")
    assert catalog.library("documents").id == made.id != library.id
    assert catalog.libraries.rename(made.id, "DOCUMENTS").name == "DOCUMENTS"  # in case alone


def test_a_deleted_library_answers_no_more_and_comes_back(
    catalog: Catalog, library: Library
) -> None:
    other = new(catalog, "other")
    removed_before = catalog.publish(reading(other, "removed before", name="before.txt"))
    catalog.remove(removed_before.id)
    document = catalog.publish(reading(other, *TEXTS))
    ids = [chunk.id for chunk in catalog.all_chunks(other.id)]
    waiting = catalog.jobs.submit(other.id, "late.txt", "f" * 64, 1)
    held = catalog.jobs.claim(other.id, new_holder(), (Stage.WAITING,))
    assert held is not None

    assert catalog.libraries.remove(other.id) == 1

    assert names(catalog) == ["documents"]
    assert catalog.chunks(ids, Scope(other.id)) == []
    for ask in (catalog.library_with_id, catalog.libraries.remove, Indexes(catalog).current):
        with pytest.raises(NotFoundError):
            ask(other.id)
    with pytest.raises(LostHoldError):
        catalog.publish(reading(other, "late"), held)
    with pytest.raises(NotFoundError):
        catalog.publish(reading(other, "late"))
    assert catalog.jobs.get(waiting.id).outcome == "The library was deleted."
    (removed,) = catalog.libraries.removed()
    assert (removed.library.name, removed.library.id) == ("other", other.id)

    taker = new(catalog, "Other")
    with pytest.raises(LibraryError, match="Rename that one first"):
        catalog.libraries.bring_back(other.id)
    catalog.libraries.rename(taker.id, "taker")
    assert catalog.libraries.bring_back(other.id).name == "other"
    assert catalog.documents(other.id) == [document]
    assert [kept.document.id for kept in catalog.trash.of(other.id)] == [removed_before.id]
    assert Indexes(catalog).current(other.id).words.search("lighthouse", 3)
    with pytest.raises(NotFoundError):
        catalog.libraries.bring_back(other.id)


def test_the_documents_of_each_library_are_counted(catalog: Catalog, library: Library) -> None:
    other = library_in(catalog, "other")
    library_in(catalog, "empty")
    for text in ("One.", "Two."):
        catalog.publish(reading(library, text, name=text))
    removed = catalog.publish(reading(other, "Three.", name="three"))
    assert catalog.libraries.sizes() == {library.id: 2, other.id: 1}
    catalog.remove(removed.id)
    assert catalog.libraries.sizes() == {library.id: 2}


def test_the_only_library_stays(catalog: Catalog, library: Library) -> None:
    other = new(catalog, "other")
    catalog.libraries.remove(library.id)
    said = "The library 'documents' was deleted.*bring-back documents.*There is: 'other'"
    with pytest.raises(NotFoundError, match=said):  # no other is chosen in anybody's place
        catalog.library("documents")
    with pytest.raises(LibraryError, match="'other' is the only library"):
        catalog.libraries.remove(other.id)
    assert names(catalog) == ["other"]


def test_of_a_purged_library_no_byte_is_left(catalog: Catalog, library: Library) -> None:
    other = new(catalog, f"about {CANARY}")
    document = catalog.publish(reading(other, f"The {CANARY} ripens.", name=f"{CANARY}.txt"))
    path = catalog.data_dir / "note"
    path.write_text(f"The {CANARY} ripens.")
    catalog.jobs.submit(other.id, f"{CANARY}.txt", catalog.blobs.adopt(path), 1)
    catalog.remove(document.id)
    Indexes(catalog).current(other.id)
    Marks(catalog.data_dir).mark(other.id, MarkedAnswer(CANARY, CANARY, CANARY, False))
    catalog.libraries.remove(other.id)
    assert purge_expired(catalog) == 0
    (removed,) = catalog.libraries.removed()
    assert removed.until == pytest.approx(time.time() + KEPT_DAYS * DAY_SECONDS, abs=60)

    assert purge(catalog, [], [removed])

    assert catalog.libraries.removed() == []
    found = [path for path in catalog.data_dir.rglob("*") if path.is_file()]
    assert [path for path in found if CANARY.encode() in path.read_bytes()] == []
    with pytest.raises(NotFoundError):
        purge(catalog, [], [removed])


def test_a_deleted_library_is_purged_after_its_days(
    catalog: Catalog, library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = new(catalog, "other")
    catalog.publish(reading(other, *TEXTS))
    catalog.libraries.remove(other.id)
    now = time.time()
    for day in range(KEPT_DAYS):
        monkeypatch.setattr(time, "time", lambda now=now + day * DAY_SECONDS: now)
        assert purge_expired(catalog) == 0
    monkeypatch.setattr(time, "time", lambda: now + (KEPT_DAYS + 1) * DAY_SECONDS)
    assert purge_expired(catalog) == 2  # the document and the library
    assert catalog.libraries.removed() == []


def test_a_moved_document_takes_its_vectors_and_versions_along(
    catalog: Catalog, library: Library
) -> None:
    other = new(catalog, "other")
    place = Origin("notes/note.txt", alone=True)
    first = catalog.publish(replace(reading(library, "an earlier version"), origin=place))
    document = catalog.publish(replace(reading(library, *TEXTS), origin=place))
    assert [kept.document.id for kept in catalog.trash.versions(document.id)] == [first.id]
    catalog.publish(reading(other, "there before", name="before.txt"))
    indexes = Indexes(catalog)
    indexes.current(library.id), indexes.current(other.id)

    moved, is_pending = catalog.libraries.move(document.id, other.id)

    assert (moved, is_pending) == (replace(document, library_id=other.id), False)
    assert catalog.documents(library.id) == []
    assert [kept.document.id for kept in catalog.trash.versions(document.id)] == [first.id]
    assert {kept.document.library_id for kept in catalog.trash.versions(document.id)} == {other.id}
    ((id_, _), *_) = indexes.current(other.id).vectors.search(vector_of(TEXTS[1]), 3)
    assert [chunk.text for chunk in catalog.chunks([id_], Scope(other.id))] == [TEXTS[1]]
    assert indexes.current(library.id).words.search("lighthouse", 3) == []
    assert catalog.jobs.of(other.id) == []
    catalog.verify()


def test_what_is_moved_to_another_model_is_embedded_again(
    catalog: Catalog, library: Library
) -> None:
    other = new(catalog, "other", OTHER_MODEL)
    known = hashed(reading(other, TEXTS[0], name="known.txt"))
    catalog.publish(replace(known, embedding_model=OTHER_MODEL))
    document = catalog.publish(hashed(reading(library, *TEXTS)))

    moved, is_pending = catalog.libraries.move(document.id, other.id)

    assert (moved.chunks, moved.embedded, is_pending) == (2, 1, True)  # one text is known there
    assert [chunk.text for chunk in catalog.pending_chunks(document.id)] == [TEXTS[1]]
    (job,) = catalog.jobs.of(other.id)
    assert (job.stage, job.document_id) == (Stage.EMBEDDING, document.id)
    catalog.verify_vectors(other.id)


def test_two_models_of_one_name_are_told_apart_by_their_length(
    catalog: Catalog, library: Library
) -> None:
    longer = catalog.libraries.create(NewLibrary("longer", MODEL, 2 * DIMENSION))
    document = catalog.publish(hashed(reading(library, *TEXTS)))
    moved, is_pending = catalog.libraries.move(document.id, longer.id)
    assert (moved.embedded, is_pending) == (0, True)
    catalog.verify_vectors(longer.id)


def test_a_library_that_is_there_is_not_purged(catalog: Catalog, library: Library) -> None:
    document = catalog.publish(reading(library, *TEXTS))
    with pytest.raises(NotFoundError):
        catalog.trash.purge([], [library.id])
    assert catalog.documents(library.id) == [document]


def test_a_person_is_asked_before_what_costs_is_embedded_again(
    catalog: Catalog, library: Library
) -> None:
    other = new(catalog, "other", OTHER_MODEL)
    document = catalog.publish(hashed(reading(library, *TEXTS)))
    price = Estimate(2, 100, 0, 1.5, 2.0)
    catalog.libraries.move(document.id, other.id, price)
    (job,) = catalog.jobs.of(other.id)
    assert (job.stage, job.estimate) == (Stage.CONFIRM, price)


def test_work_on_a_moved_document_goes_on_where_it_is(catalog: Catalog, library: Library) -> None:
    other = new(catalog, "other")
    document = catalog.publish(reading(library, *TEXTS))
    job = catalog.jobs.submit_embedding(document)
    again = catalog.jobs.submit(library.id, document.name, document.sha256, 1)
    held = catalog.jobs.claim(library.id, new_holder(), (Stage.EMBEDDING,))
    assert held is not None
    catalog.libraries.move(document.id, other.id)
    with pytest.raises(LostHoldError):
        catalog.jobs.report(held, Stage.EMBEDDING, 1, 2)
    assert [each.id for each in catalog.jobs.of(other.id)] == [job.id]
    assert catalog.jobs.get(again.id).stage is Stage.CANCELLED


def test_what_is_there_already_is_not_moved(catalog: Catalog, library: Library) -> None:
    other = new(catalog, "other")
    document = catalog.publish(reading(library, *TEXTS))
    catalog.publish(reading(other, *TEXTS, name="twin.txt", id_="twin"))
    with pytest.raises(LibraryError, match=r"has note\.txt already as twin\.txt"):
        catalog.libraries.move(document.id, other.id)
    with pytest.raises(LibraryError, match="is in the library 'documents' already"):
        catalog.libraries.move(document.id, library.id)
    with pytest.raises(NotFoundError):
        catalog.libraries.move("nobody", other.id)
    with pytest.raises(NotFoundError):
        catalog.libraries.move(document.id, "nowhere")
    assert catalog.documents(library.id) == [document]


CREATE = """
import sys
from pathlib import Path
from rag.errors import LibraryError
from rag.store.catalog import Catalog
from rag.store.holdings import NewLibrary
catalog = Catalog(Path(sys.argv[1]))
print("ready", flush=True)
input()
try:
    print(catalog.libraries.create(NewLibrary("Twin", "m", 8)).name)
except LibraryError as error:
    print("taken")
catalog.close()
"""


def test_of_two_processes_one_makes_the_library(tmp_path: Path) -> None:
    Catalog(tmp_path).close()
    processes = [start_python(CREATE, str(tmp_path)) for _ in range(2)]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    assert sorted(finish(process) for process in processes) == ["Twin", "taken"]
