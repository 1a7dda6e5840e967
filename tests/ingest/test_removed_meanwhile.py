"""A document that was removed stays removed, whatever was handed over of it before."""

from __future__ import annotations

import socket
import subprocess
import sys
from pathlib import Path

import pytest

from ingest.loaders.load import load
from ingest.pipeline import Ingestor
from ingest.queue import IngestQueue
from rag.domain import Library
from rag.intake import Job, Origin, Stage
from rag.store.catalog import Catalog
from rag.store.holds import LostHoldError, new_holder
from rag.store.jobs import REMOVED
from tests.ingest.scanning import LIMITS, Counting, settled, start

WORDS = "The keeper of the tower is called Balthazar."


@pytest.fixture
def tower(tmp_path: Path) -> Path:
    path = tmp_path / "tower.txt"
    path.write_text(WORDS)
    return path


def hand_over(catalog: Catalog, library: Library, path: Path) -> Job:
    sha256, size = catalog.blobs.put(path), path.stat().st_size
    return catalog.jobs.submit(library.id, path.name, sha256, size, origin=Origin(str(path)))


def dead_holder() -> str:
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return f"{socket.gethostname()}:{process.pid}:0"


@pytest.mark.parametrize("is_purged", [False, True])
@pytest.mark.parametrize("was_killed", [False, True])
def test_a_job_from_before_brings_nothing_back(
    is_purged: bool,
    was_killed: bool,
    catalog: Catalog,
    library: Library,
    embedder: Counting,
    queue_of: list[IngestQueue],
    tower: Path,
    tmp_path: Path,
) -> None:
    """Neither one whose process was killed after it published, nor one that still waits."""
    job = hand_over(catalog, library, tower)
    if was_killed:
        assert catalog.jobs.claim(library.id, dead_holder(), (Stage.WAITING,)) is not None
    document = Ingestor(catalog, embedder, LIMITS, load).add(tower, library).document
    catalog.remove(document.id)
    if is_purged:
        assert catalog.trash.purge([document.id])
        assert not catalog.blobs.path(document.sha256).exists()
    queue_of.append(start(catalog, embedder, None, tmp_path))
    other = tmp_path / "other.txt"
    other.write_text("Nothing of the kind.")
    queue_of[0].submit(other, other.name, keep=True)

    after = {each.id: each for each in settled(queue_of[0])}

    assert [each.name for each in catalog.documents(library.id)] == ["other.txt"]
    assert len(catalog.trash.of(library.id)) == (not is_purged)
    if is_purged:
        assert job.id not in after
    else:
        assert after[job.id].document_id == document.id  # no row of its own on the page
        assert (after[job.id].stage, after[job.id].outcome) == (Stage.CANCELLED, REMOVED)


@pytest.mark.parametrize("is_purged", [False, True])
def test_who_is_reading_it_at_that_moment_publishes_nothing(
    is_purged: bool, catalog: Catalog, library: Library, embedder: Counting, tower: Path
) -> None:
    ingestor = Ingestor(catalog, embedder, LIMITS, load)
    document = ingestor.add(tower, library).document
    hand_over(catalog, library, tower)
    held = catalog.jobs.claim(library.id, new_holder(), (Stage.WAITING,))
    assert held is not None
    catalog.remove(document.id)
    if is_purged:
        catalog.trash.purge([document.id])
        catalog.blobs.put(tower)

    with pytest.raises(LostHoldError):
        ingestor.take(catalog.blobs.path(document.sha256), library, tower.name, held=held)

    assert catalog.documents(library.id) == []
    assert len(catalog.trash.of(library.id)) == (not is_purged)


@pytest.mark.parametrize("is_purged", [False, True])
def test_what_is_handed_over_after_the_removal_is_taken_in(
    is_purged: bool,
    catalog: Catalog,
    library: Library,
    embedder: Counting,
    queue_of: list[IngestQueue],
    tower: Path,
    tmp_path: Path,
) -> None:
    document = Ingestor(catalog, embedder, LIMITS, load).add(tower, library).document
    catalog.remove(document.id)
    job = hand_over(catalog, library, tower)
    if is_purged:
        catalog.trash.purge([document.id])
    queue_of.append(start(catalog, embedder, None, tmp_path))
    assert [(each.id, each.stage) for each in settled(queue_of[0])] == [(job.id, Stage.DONE)]
    assert [each.name for each in catalog.documents(library.id)] == ["tower.txt"]
    assert catalog.original(catalog.documents(library.id)[0].id).read_text() == WORDS


def test_jobs_of_an_earlier_version_end_with_the_document(
    catalog: Catalog, library: Library, embedder: Counting, tower: Path
) -> None:
    ingestor = Ingestor(catalog, embedder, LIMITS, load)
    hand_over(catalog, library, tower)
    for words in (WORDS, "The keeper is called Melchior."):
        tower.write_text(words)
        hand_over(catalog, library, tower)
        held = catalog.jobs.claim(library.id, new_holder(), (Stage.WAITING,))
        assert held is not None
        ingestor.take(tower, library, held=held)
    (document,) = catalog.documents(library.id)
    assert len(catalog.trash.versions(document.id)) == 1
    catalog.remove(document.id)
    assert {job.stage for job in catalog.jobs.of(library.id)} == {Stage.CANCELLED}
