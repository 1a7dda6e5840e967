"""What comes back with a library that was deleted: its documents, and files on their way."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest

from rag.domain import Library
from rag.intake import Stage
from rag.store.catalog import Catalog
from rag.store.holdings import NewLibrary
from rag.store.jobs import CANCEL
from rag.store.tables import kept_documents
from tests.rag.store.shelves import DIMENSION, MODEL, reading

HOUR = 3600.0


@pytest.fixture
def side(catalog: Catalog, library: Library) -> Library:
    return catalog.libraries.create(NewLibrary("side", MODEL, DIMENSION))


def names(catalog: Catalog, library: Library) -> list[str]:
    return sorted(document.name for document in catalog.documents(library.id))


def names_in_trash(catalog: Catalog, library: Library) -> list[str]:
    return sorted(kept.document.name for kept in catalog.trash.of(library.id))


def test_a_file_that_was_on_its_way_is_taken_up_when_its_library_is_back(
    catalog: Catalog, side: Library
) -> None:
    waiting = catalog.jobs.submit(side.id, "waits.txt", "ab" * 32, 5)
    read = catalog.jobs.submit(side.id, "read.txt", "cd" * 32, 5)
    held = catalog.jobs.claim(side.id, "host:1:1", (Stage.WAITING,))  # by who is killed
    assert held is not None
    refused = catalog.jobs.submit(side.id, "refused.txt", "ef" * 32, 5)
    catalog.jobs.cancel(refused.id)

    catalog.libraries.remove(side.id)
    assert {job.stage for job in catalog.jobs.of(side.id)} == {Stage.CANCELLED}
    catalog.libraries.bring_back(side.id)

    stages = {job.name: (job.stage, job.outcome) for job in catalog.jobs.of(side.id)}
    assert stages == {
        "waits.txt": (Stage.WAITING, ""),
        "read.txt": (Stage.WAITING, ""),
        "refused.txt": (Stage.CANCELLED, "Cancelled."),
    }
    again = [catalog.jobs.claim(side.id, "host:2:2", (Stage.WAITING,)) for _ in range(3)]
    assert [each and each.job.id for each in again] == [waiting.id, read.id, None]


def test_what_a_person_wished_to_cancel_is_not_taken_up_again(
    catalog: Catalog, side: Library
) -> None:
    job = catalog.jobs.submit(side.id, "waits.txt", "ab" * 32, 5)
    assert catalog.jobs.claim(side.id, "host:1:1", (Stage.WAITING,)) is not None
    catalog.jobs.wish(job.id, CANCEL)
    catalog.libraries.remove(side.id)
    catalog.libraries.bring_back(side.id)
    assert catalog.jobs.get(job.id).stage is Stage.CANCELLED


def test_the_rest_of_a_document_is_done_by_one_job(catalog: Catalog, side: Library) -> None:
    document = catalog.publish(replace(reading(side, "words"), vectors=None))
    job = catalog.jobs.submit_embedding(document)
    catalog.libraries.remove(side.id)
    catalog.libraries.bring_back(side.id)
    assert [each.id for each in catalog.jobs.of(side.id)] == [job.id]
    assert not catalog.jobs.get(job.id).has_ended


@pytest.mark.parametrize("hours", [-2, 0, 2])
def test_only_what_went_with_a_library_comes_back_with_it_whatever_the_clock_says(
    catalog: Catalog, side: Library, monkeypatch: pytest.MonkeyPatch, hours: float
) -> None:
    for name in ("before.txt", "with.txt", "too.txt"):
        catalog.publish(reading(side, name, name=name, id_=name))
    catalog.remove("before.txt")
    assert names(catalog, side) == ["too.txt", "with.txt"]
    now = time.time() + hours * HOUR
    monkeypatch.setattr(time, "time", lambda: now)

    catalog.libraries.remove(side.id)
    catalog.libraries.bring_back(side.id)

    assert names(catalog, side) == ["too.txt", "with.txt"]
    assert names_in_trash(catalog, side) == ["before.txt"]
    catalog.trash.bring_back("before.txt")
    assert len(catalog.documents(side.id)) == 3


def test_a_library_that_an_earlier_release_deleted_comes_back_whole(
    catalog: Catalog, side: Library
) -> None:
    catalog.publish(reading(side, "words", name="a.txt"))
    since = time.time()
    catalog.libraries.remove(side.id)
    with catalog._writer.begin() as connection:  # it took its time, document by document
        connection.execute(
            kept_documents.update()
            .where(kept_documents.c.library_id == side.id)
            .values(kept_at=since + 0.5)
        )
    catalog.libraries.bring_back(side.id)
    assert names(catalog, side) == ["a.txt"]
