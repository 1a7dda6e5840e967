"""What files held and what else they are called: in backups, beside libraries, and checked."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import insert

from rag.domain import Document, Library
from rag.intake import Container, Content, Fate, Job, Origin
from rag.store.backup import back_up
from rag.store.catalog import Catalog
from rag.store.checks import check, mend
from rag.store.isolation import Upkeep
from rag.store.restoring import restore
from rag.store.rows import StoredChunk
from rag.store.tables import aliases
from tests.rag.store.shelves import library_in
from tests.rag.store.stock import add, nothing

ARCHIVE = "ab" * 32


def text_hash(chunk: StoredChunk) -> bytes:
    return b""


def faults(catalog: Catalog) -> list[str]:
    return [fault for part in check(catalog.data_dir, text_hash) for fault in part.faults]


@pytest.fixture
def document(catalog: Catalog, library: Library) -> Document:
    return add(catalog, library, "The harbour holds boats.", name="a.txt").document


def job(catalog: Catalog, library: Library, name: str, sha256: str, place: str = "") -> Job:
    return catalog.jobs.submit(library.id, name, sha256, 9, origin=Origin(place))


def end_jobs(catalog: Catalog, library: Library) -> None:
    for each in catalog.jobs.of(library.id):
        catalog.jobs.cancel(each.id)
        catalog.jobs.dismiss(each.id)


def fates(catalog: Catalog, container: Container) -> dict[str, Fate]:
    return {member.name: member.fate for member in catalog.containers.members(container)}


@pytest.fixture
def container(catalog: Catalog, library: Library, document: Document) -> Container:
    contents = [Content("a.txt", document.sha256, 9), Content("b.txt", reason="It is damaged.")]
    catalog.containers.keep(job(catalog, library, "all.zip", ARCHIVE), contents)
    (container,) = catalog.containers.of(library.id)
    return container


def test_a_backup_has_the_record_and_every_name(
    catalog: Catalog, library: Library, document: Document, container: Container, tmp_path: Path
) -> None:
    catalog.aliases.note(job(catalog, library, "alone.txt", document.sha256, "/x/alone.txt"))
    end_jobs(catalog, library)
    made = back_up(catalog.data_dir, tmp_path / "backup.tar", nothing)
    assert made.manifest.missing == ()  # the bytes of the archive itself are nowhere needed
    assert faults(catalog) == []

    restore(tmp_path / "backup.tar", tmp_path / "restored", nothing)

    restored = Catalog(tmp_path / "restored")
    assert fates(restored, container) == {"a.txt": Fate.READ, "b.txt": Fate.NOT_READ}
    assert restored.aliases.hashes(library.id, "alone.txt") == {document.sha256}
    restored.close()


def test_the_same_bytes_in_another_library_are_its_own(
    catalog: Catalog, library: Library, document: Document, container: Container
) -> None:
    other = library_in(catalog, "other")
    same = add(catalog, other, "The harbour holds boats.", name="other.txt").document
    contents = [Content("a.txt", same.sha256, 9)]
    catalog.containers.keep(job(catalog, other, "all.zip", ARCHIVE), contents)

    catalog.remove(document.id)
    end_jobs(catalog, library)
    assert catalog.trash.purge([document.id])

    assert catalog.containers.of(library.id) == []
    (left,) = catalog.containers.of(other.id)
    assert fates(catalog, left) == {"a.txt": Fate.READ}


def test_the_job_of_an_earlier_version_of_an_archive_goes_with_its_last_file(
    catalog: Catalog, library: Library, document: Document
) -> None:
    before = job(catalog, library, "all.zip", "ee" * 32, "/x/all.zip")
    contents = [Content("a.txt", document.sha256, 9)]
    catalog.containers.keep(before, contents)
    now = job(catalog, library, "all.zip", ARCHIVE, "/x/all.zip")
    catalog.containers.keep(now, contents)  # in place of the record before
    elsewhere = job(catalog, library, "all.zip", "dd" * 32, "/y/all.zip")
    for each in (before, now, elsewhere):
        catalog.jobs.cancel(each.id)
    catalog.remove(document.id)

    assert catalog.trash.purge([document.id])

    assert [each.id for each in catalog.jobs.of(library.id)] == [elsewhere.id]


def test_an_archive_of_which_a_file_is_on_its_way_is_kept_by_a_purge(
    catalog: Catalog, library: Library, document: Document
) -> None:
    archive = job(catalog, library, "all.zip", ARCHIVE)
    contents = [Content("a.txt", document.sha256, 9), Content("b.txt", "cd" * 32, 9)]
    catalog.containers.keep(archive, contents)
    catalog.jobs.cancel(archive.id)
    coming = job(catalog, library, "all.zip/b.txt", "cd" * 32)
    catalog.remove(document.id)

    assert catalog.trash.purge([document.id])

    (container,) = catalog.containers.of(library.id)
    assert fates(catalog, container) == {"": Fate.DELETED, "b.txt": Fate.GOING}
    catalog.jobs.cancel(coming.id)
    assert fates(catalog, container)["b.txt"] is Fate.CANCELLED


def test_a_member_that_was_refused_and_then_added_by_itself_is_read(
    catalog: Catalog, library: Library, document: Document
) -> None:
    content = Content("a.txt", document.sha256, 9, "It lies too deep.")
    catalog.containers.keep(job(catalog, library, "all.zip", ARCHIVE), [content])
    (container,) = catalog.containers.of(library.id)
    assert fates(catalog, container) == {"a.txt": Fate.READ}
    assert catalog.containers.troubled(library.id) == []


def test_where_a_document_came_from_is_told_by_its_bytes(
    catalog: Catalog, library: Library
) -> None:
    within = add(catalog, library, "The ferry sails.", name="all.zip/a.txt").document
    submitted = job(catalog, library, "all.zip", ARCHIVE)
    catalog.containers.keep(submitted, [Content("a.txt", within.sha256, 9)])
    (container,) = catalog.containers.of(library.id)
    assert catalog.containers.places(library.id) == {within.sha256: container}
    assert catalog.containers.holding(within) == []


def test_what_came_by_itself_is_not_told_by_what_held_it_too(
    catalog: Catalog, library: Library, document: Document, container: Container
) -> None:
    assert catalog.containers.places(library.id) == {}
    assert catalog.containers.holding(document) == [container.name]


def test_what_is_dropped_after_the_archive_that_held_it_is_called_by_its_own_name(
    catalog: Catalog, library: Library
) -> None:
    within = add(catalog, library, "The ferry sails.", name="all.zip/a.txt").document
    submitted = job(catalog, library, "all.zip", ARCHIVE)
    catalog.containers.keep(submitted, [Content("a.txt", within.sha256, 9)])
    catalog.aliases.note(job(catalog, library, "lease.txt", within.sha256))
    assert catalog.document(within.id).name == "lease.txt"
    assert catalog.containers.places(library.id) == {}
    assert catalog.containers.holding(catalog.document(within.id)) == ["all.zip"]


def test_what_never_became_a_job_is_left_out(catalog: Catalog, library: Library) -> None:
    contents = [
        Content("read.txt", "cd" * 32, 9),
        Content("deep.txt", "ef" * 32, 9, "It lies too deep."),
        Content("gone.txt", "12" * 32, 9, "It is damaged."),  # a job told of it
        Content("inner.zip", reason="It is an archive."),
        Content(".hidden", reason="It is hidden.", passed=True),
    ]
    catalog.containers.keep(job(catalog, library, "all.zip", ARCHIVE), contents)
    left_out = catalog.containers.left_out(library.id, "It lies too deep.")
    assert {key: [each.name for each in found] for key, found in left_out.items()} == {
        ("all.zip", ARCHIVE): ["deep.txt", "inner.zip"]
    }


def test_a_name_of_nothing_is_a_fault_that_a_rebuild_mends(
    catalog: Catalog, library: Library, document: Document
) -> None:
    catalog.aliases.note(job(catalog, library, "alone.txt", document.sha256))
    end_jobs(catalog, library)
    stray = {"library_id": library.id, "content": "ef" * 32, "name": "stray.txt", "origin": ""}
    with catalog.for_upkeep(Upkeep.SOUNDNESS)._writer.begin() as connection:
        connection.execute(insert(aliases).values(stray))
    (fault,) = faults(catalog)
    assert fault.startswith("stray.txt (library documents) is another name of a document")

    mend(catalog.data_dir, text_hash)

    assert faults(catalog) == []
    assert catalog.aliases.of(library.id, document.sha256) == ["alone.txt"]


def test_a_name_is_not_noted_for_bytes_that_are_not_there(
    catalog: Catalog, library: Library
) -> None:
    catalog.aliases.note(job(catalog, library, "alone.txt", "cd" * 32))
    assert catalog.aliases.hashes(library.id, "alone.txt") == set()
