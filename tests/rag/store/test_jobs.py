from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from rag.domain import Library
from rag.errors import NotFoundError
from rag.intake import Estimate, Job, Stage
from rag.store.catalog import Catalog
from rag.store.holds import Held, LostHoldError, new_holder
from rag.store.jobs import CANCEL, CONFIRMED, HOLD_SECONDS, MOST_ATTEMPTS, Jobs
from tests.rag.store.shelves import library_in

SHA256 = "0" * 64


@pytest.fixture
def catalog(tmp_path: Path) -> Iterator[Catalog]:
    opened = Catalog(tmp_path / "data")
    yield opened
    opened.close()


@pytest.fixture
def library(catalog: Catalog) -> Library:
    return library_in(catalog)


@pytest.fixture
def jobs(catalog: Catalog) -> Jobs:
    return catalog.jobs


def submit(jobs: Jobs, library: Library, name: str = "a.txt") -> Job:
    return jobs.submit(library.id, name, SHA256, 10)


def claim(jobs: Jobs, library: Library, holder: str, stage: Stage = Stage.WAITING) -> Held:
    held = jobs.claim(library.id, holder, (stage,))
    assert held is not None
    return held


def dead_holder() -> str:
    """A holder whose process has ended."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return f"{socket.gethostname()}:{process.pid}:0"


def test_the_oldest_job_is_claimed_once(jobs: Jobs, library: Library) -> None:
    first, second = submit(jobs, library), submit(jobs, library, "b.txt")
    me, you = new_holder(), new_holder()
    assert claim(jobs, library, me).job.id == first.id
    assert claim(jobs, library, you).job.id == second.id
    assert jobs.claim(library.id, me, (Stage.WAITING,)) is None
    assert [job.attempts for job in jobs.of(library.id)] == [1, 1]


def test_jobs_of_another_library_are_left_to_it(
    catalog: Catalog, jobs: Jobs, library: Library
) -> None:
    other = library_in(catalog, "other")
    submit(jobs, other)
    assert jobs.claim(library.id, new_holder(), (Stage.WAITING,)) is None
    assert jobs.of(library.id) == []


def test_progress_is_seen_and_holds_the_job(jobs: Jobs, library: Library) -> None:
    job = submit(jobs, library)
    held = claim(jobs, library, new_holder())
    assert jobs.report(held, Stage.READING, 3, 12) == ""
    now = jobs.get(job.id)
    assert (now.stage, now.done, now.total) == (Stage.READING, 3, 12)


def test_a_job_of_a_dead_process_is_taken_over_at_once(jobs: Jobs, library: Library) -> None:
    job = submit(jobs, library)
    lost = claim(jobs, library, dead_holder())
    jobs_held = claim(jobs, library, new_holder())
    assert (jobs_held.job.id, jobs_held.job.attempts) == (job.id, 2)
    with pytest.raises(LostHoldError):
        jobs.report(lost, Stage.READING, 1, 2)
    with pytest.raises(LostHoldError):
        jobs.advance(lost, Stage.DONE)


def test_a_hold_that_is_not_renewed_ends(
    jobs: Jobs, library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    submit(jobs, library)
    me, you = new_holder(), new_holder()
    held = claim(jobs, library, me)
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + HOLD_SECONDS - 5)
    assert jobs.claim(library.id, you, (Stage.WAITING,)) is None
    jobs.renew([held.job.id], me)
    monkeypatch.setattr(time, "time", lambda: now + HOLD_SECONDS + 5)
    assert jobs.claim(library.id, you, (Stage.WAITING,)) is None
    monkeypatch.setattr(time, "time", lambda: now + 3 * HOLD_SECONDS)
    assert claim(jobs, library, you).job.id == held.job.id


def test_a_job_that_ended_its_process_too_often_is_given_up(jobs: Jobs, library: Library) -> None:
    job = submit(jobs, library)
    for _ in range(MOST_ATTEMPTS):
        claim(jobs, library, dead_holder())
    assert jobs.claim(library.id, new_holder(), (Stage.WAITING,)) is None
    failed = jobs.get(job.id)
    assert (failed.stage, failed.is_lost) == (Stage.FAILED, True)
    assert failed.outcome.startswith(f"Tramontane ended {MOST_ATTEMPTS} times while it worked")
    jobs.restart(job.id)
    assert claim(jobs, library, new_holder()).job.attempts == 1


def test_each_stage_has_its_own_attempts(jobs: Jobs, library: Library) -> None:
    submit(jobs, library)
    held = claim(jobs, library, new_holder())
    jobs.advance(held, Stage.EMBEDDING, document_id="doc", outcome="a.txt was added.")
    again = claim(jobs, library, new_holder(), Stage.EMBEDDING)
    assert (again.job.attempts, again.job.document_id) == (1, "doc")
    jobs.put_back(again, tried=False)
    assert jobs.get(again.job.id).attempts == 0
    third = claim(jobs, library, new_holder(), Stage.EMBEDDING)
    jobs.put_back(third, tried=True, seconds=100, outcome="The server is away.")
    now = jobs.get(third.job.id)
    assert (now.attempts, now.outcome) == (1, "The server is away.")
    assert jobs.claim(library.id, new_holder(), (Stage.EMBEDDING,)) is None  # it rests


def test_a_job_nobody_works_on_is_cancelled_at_once_and_another_when_it_asks(
    jobs: Jobs, library: Library
) -> None:
    waiting, worked = submit(jobs, library), submit(jobs, library, "b.txt")
    jobs.cancel(waiting.id)
    assert jobs.get(waiting.id).stage is Stage.CANCELLED
    held = claim(jobs, library, new_holder())
    jobs.cancel(worked.id)
    assert jobs.get(worked.id).stage is Stage.WAITING
    assert jobs.report(held, Stage.READING, 0, 1) == CANCEL
    jobs.advance(held, Stage.CANCELLED)
    jobs.cancel(worked.id)
    assert jobs.get(worked.id).stage is Stage.CANCELLED


def test_a_job_that_asks_goes_on_once_it_is_confirmed(jobs: Jobs, library: Library) -> None:
    job = submit(jobs, library)
    estimate = Estimate(12, 3_400, 2, 0.35, 9.5)
    held = claim(jobs, library, new_holder())
    jobs.confirm(job.id, Stage.EMBEDDING)  # nobody asked
    jobs.advance(held, Stage.CONFIRM, document_id="doc", estimate=estimate)
    assert jobs.get(job.id).estimate == estimate
    assert jobs.claim(library.id, new_holder(), (Stage.WAITING, Stage.EMBEDDING)) is None
    jobs.confirm(job.id, Stage.OCR)
    held = claim(jobs, library, new_holder(), Stage.OCR)
    assert held.wish == CONFIRMED
    jobs.advance(held, Stage.EMBEDDING)
    assert claim(jobs, library, new_holder(), Stage.EMBEDDING).wish == CONFIRMED


def test_a_file_within_another_is_queued_once(jobs: Jobs, library: Library) -> None:
    mail = submit(jobs, library, "mail.eml")
    inner = [
        jobs.submit(library.id, "mail.eml/a.pdf", SHA256, 5, parent_id=mail.id) for _ in range(2)
    ]
    assert inner[0] == inner[1]
    assert len(jobs.of(library.id)) == 2


def test_a_file_is_kept_for_as_long_as_a_job_may_want_it(
    catalog: Catalog, jobs: Jobs, library: Library, tmp_path: Path
) -> None:
    path = tmp_path / "a.txt"
    path.write_text("a")
    sha256 = catalog.blobs.put(path)
    job = jobs.submit(library.id, "a.txt", sha256, 1)
    kept = catalog.blobs.path(sha256)
    catalog.trash.discard_file(sha256)
    assert catalog.discard_orphans() == 0
    assert kept.exists()
    jobs.advance(claim(jobs, library, new_holder()), Stage.FAILED, outcome="It is damaged.")
    catalog.trash.discard_file(sha256)
    assert kept.exists()  # it may be tried again
    assert jobs.dismiss(job.id) is not None
    catalog.trash.discard_file(sha256)
    assert not kept.exists()
    with pytest.raises(NotFoundError):
        jobs.get(job.id)
    assert jobs.dismiss(job.id) is None


def test_two_jobs_of_one_document_take_turns(jobs: Jobs, library: Library) -> None:
    for name in ("a.txt", "copy of a.txt"):
        held = claim(jobs, library, new_holder()) if submit(jobs, library, name) else None
        assert held is not None
        jobs.advance(held, Stage.EMBEDDING, document_id="doc")
    first = claim(jobs, library, new_holder(), Stage.EMBEDDING)
    assert jobs.claim(library.id, new_holder(), (Stage.EMBEDDING,)) is None
    jobs.advance(first, Stage.DONE, document_id="doc")
    assert claim(jobs, library, new_holder(), Stage.EMBEDDING).job.name == "copy of a.txt"


def test_pages_that_were_not_kept_are_no_headway(jobs: Jobs, library: Library) -> None:
    submit(jobs, library)
    jobs.advance(claim(jobs, library, new_holder()), Stage.OCR, document_id="doc")
    for attempt in range(1, MOST_ATTEMPTS + 1):
        held = claim(jobs, library, dead_holder(), Stage.OCR)
        assert held.job.attempts == attempt
        for page in range(4):
            jobs.report(held, Stage.OCR, page, 12)
    assert jobs.claim(library.id, new_holder(), (Stage.OCR,)) is None
    assert [job.stage for job in jobs.of(library.id)] == [Stage.FAILED]


def test_pages_and_vectors_that_were_kept_are_headway(jobs: Jobs, library: Library) -> None:
    submit(jobs, library)
    jobs.advance(claim(jobs, library, new_holder()), Stage.OCR, document_id="doc")
    for left in (12, 7, 2):
        held = claim(jobs, library, dead_holder(), Stage.OCR)
        jobs.report(held, Stage.OCR, 0, left)
        assert jobs.get(held.job.id).attempts == 1
    held = claim(jobs, library, new_holder(), Stage.OCR)
    jobs.advance(held, Stage.EMBEDDING, document_id="doc")
    for done in (0, 128, 256, 384):
        held = claim(jobs, library, dead_holder(), Stage.EMBEDDING)
        jobs.report(held, Stage.EMBEDDING, done, 600)
    assert claim(jobs, library, dead_holder(), Stage.EMBEDDING).job.attempts == 2
