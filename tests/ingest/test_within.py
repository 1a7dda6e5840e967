"""Files that came in others: none is lost, whatever ends the run in between."""

from __future__ import annotations

from email.message import EmailMessage
from pathlib import Path

import pytest

from ingest.loaded import Attachment, LoadedDocument
from ingest.loaders.load import load
from ingest.pipeline import Ingestor
from ingest.queue import IngestQueue
from ingest.within import Within
from rag.domain import DocumentState, Library
from rag.errors import StoreError
from rag.intake import Job, Origin, Stage
from rag.store.catalog import Catalog
from tests.ingest.scanning import LIMITS, Counting, settled, start

ATTACHED = 9


@pytest.fixture
def mail(tmp_path: Path) -> Path:
    message = EmailMessage()
    message["Subject"] = "The harbour's papers"
    message.set_content("Nine papers of the harbour.")
    for number in range(ATTACHED):
        message.add_attachment(f"Boat {number} lies at its pier.", filename=f"{number}.txt")
    path = tmp_path / "mail.eml"
    path.write_bytes(bytes(message))
    return path


def test_what_came_in_a_document_is_kept_before_the_document_is(
    catalog: Catalog, library: Library, embedder: Counting, mail: Path
) -> None:
    brought: list[str] = []

    def bring(loaded: LoadedDocument) -> str:
        assert loaded.state is DocumentState.READY
        assert catalog.documents(library.id) == []
        brought.extend(attachment.name for attachment in loaded.attachments)
        return "Two are left out."

    taken = Ingestor(catalog, embedder, LIMITS, load).take(mail, library, bring=bring)

    assert brought == [f"{number}.txt" for number in range(ATTACHED)]
    assert taken.reason == "Two are left out."
    assert [each.name for each in catalog.documents(library.id)] == ["mail.eml"]


def test_files_in_a_mail_that_could_not_be_stored_come_with_the_next_attempt(
    catalog: Catalog,
    library: Library,
    embedder: Counting,
    queue_of: list[IngestQueue],
    mail: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    store = Within._queue
    full = [4]

    def once_full(self: Within, job: Job, attachment: Attachment, origin: Origin) -> None:
        if attachment.name == "4.txt" and full:
            raise StoreError(f"{attachment.name} cannot be stored. Make room and {full.pop()}.")
        store(self, job, attachment, origin)

    monkeypatch.setattr(Within, "_queue", once_full)
    queue_of.append(start(catalog, embedder, None, tmp_path))
    queue = queue_of[0]
    number = queue.submit(mail, mail.name, keep=True)
    (failed,) = [job for job in settled(queue) if job.id == number]
    assert failed.stage is Stage.FAILED
    assert "Make room" in failed.outcome

    queue.retry(number)

    assert [job.stage for job in settled(queue)] == [Stage.DONE] * (1 + ATTACHED)
    assert len(catalog.documents(library.id)) == 1 + ATTACHED


def test_a_file_whose_second_name_cannot_be_deleted_is_taken_in_all_the_same(
    catalog: Catalog,
    library: Library,
    embedder: Counting,
    queue_of: list[IngestQueue],
    tmp_path: Path,
    mail: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    unlink = Path.unlink

    def fail(path: Path, missing_ok: bool = False) -> None:
        if path.parent.name == "incoming":
            raise OSError(5, "Input/output error")
        unlink(path, missing_ok)

    monkeypatch.setattr(Path, "unlink", fail)
    queue = start(catalog, embedder, None, tmp_path)
    queue_of.append(queue)
    queue.submit(mail, mail.name, keep=True)
    assert {job.stage for job in settled(queue)} == {Stage.DONE}
    assert len(catalog.documents(library.id)) == 1 + ATTACHED
