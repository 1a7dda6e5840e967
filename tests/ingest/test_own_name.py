"""A file that came in another and is handed over by itself, too, is a document of its own."""

from __future__ import annotations

from email.message import EmailMessage
from pathlib import Path

import pytest

from ingest.queue import IngestQueue
from ingest.taken import REPLACED
from rag.domain import Library
from rag.intake import Fate, Origin, Stage
from rag.store.catalog import Catalog
from tests.ingest.scanning import Counting, settled, start

BOATS, FERRY = "The harbour holds forty-one boats.", "The ferry leaves Toulon at 9:40."
PIERS = "The harbour has three piers."


@pytest.fixture
def queue(
    catalog: Catalog,
    library: Library,
    embedder: Counting,
    queue_of: list[IngestQueue],
    tmp_path: Path,
) -> IngestQueue:
    queue_of.append(start(catalog, embedder, None, tmp_path))
    return queue_of[0]


def hand_over(queue: IngestQueue, path: Path, content: bytes) -> str:
    """Add a file; how that ended, in words."""
    path.write_bytes(content)
    number = queue.submit(path, path.name, keep=True, origin=Origin(str(path), alone=True))
    settled(queue)
    (job,) = queue.jobs_of([number])
    assert job.stage is Stage.DONE
    return job.outcome


def mail(*texts: str) -> bytes:
    message = EmailMessage()
    message["Subject"], message["From"] = "The list", "ana@example.org"
    message.set_content("It is attached.")
    for text in texts:
        message.add_attachment(text.encode(), "text", "plain", filename="list.txt")
    return bytes(message)


def texts(catalog: Catalog, library: Library) -> dict[str, str]:
    return {
        document.name: catalog.page(document.id, 1).text.strip().splitlines()[-1]
        for document in catalog.documents(library.id)
    }


def test_it_has_its_own_name_and_stays_when_the_mail_goes(
    catalog: Catalog, library: Library, queue: IngestQueue, embedder: Counting, tmp_path: Path
) -> None:
    hand_over(queue, tmp_path / "post.eml", mail(BOATS))
    (_, attached) = catalog.documents(library.id)
    assert attached.name == "post.eml/list.txt"
    before, embedded = catalog.library_with_id(library.id).generation, len(embedder.embedded)

    assert hand_over(queue, tmp_path / "list.txt", BOATS.encode()) == (
        "list.txt is already in the library."
    )
    post, own = catalog.documents(library.id)
    assert (post.name, own.name, own.id) == ("post.eml", "list.txt", attached.id)
    assert catalog.library_with_id(library.id).generation > before
    assert len(embedder.embedded) == embedded
    assert catalog.aliases.of(library.id, own.sha256) == []
    (member,) = catalog.containers.within(post)
    assert (member.fate, member.document) == (Fate.READ, "list.txt")

    hand_over(queue, tmp_path / "post.eml", mail())  # its next version brings nothing
    assert texts(catalog, library) == {"post.eml": "It is attached.", "list.txt": BOATS}
    (post,) = [each for each in catalog.documents(library.id) if each.name == "post.eml"]
    catalog.remove(post.id)
    assert texts(catalog, library) == {"list.txt": BOATS}


def test_it_stays_the_mails_when_it_changes_by_itself(
    catalog: Catalog, library: Library, queue: IngestQueue, tmp_path: Path
) -> None:
    hand_over(queue, tmp_path / "post.eml", mail(BOATS))
    hand_over(queue, tmp_path / "list.txt", BOATS.encode())
    hand_over(queue, tmp_path / "list.txt", FERRY.encode())
    assert texts(catalog, library) == {
        "post.eml": "It is attached.",
        "post.eml/list.txt": BOATS,
        "list.txt": FERRY,
    }


def test_it_is_the_new_version_of_what_had_its_name(
    catalog: Catalog, library: Library, queue: IngestQueue, tmp_path: Path
) -> None:
    hand_over(queue, tmp_path / "list.txt", FERRY.encode())
    hand_over(queue, tmp_path / "post.eml", mail(BOATS))
    hand_over(queue, tmp_path / "list.txt", BOATS.encode())
    assert texts(catalog, library) == {"post.eml": "It is attached.", "list.txt": BOATS}
    (own,) = [each for each in catalog.documents(library.id) if each.name == "list.txt"]
    (earlier,) = catalog.trash.versions(own.id)
    assert earlier.document.name == "list.txt"


def test_its_earlier_versions_stay_its_own_when_the_mail_keeps_what_it_was(
    catalog: Catalog, library: Library, queue: IngestQueue, tmp_path: Path
) -> None:
    hand_over(queue, tmp_path / "list.txt", FERRY.encode())
    hand_over(queue, tmp_path / "post.eml", mail(PIERS))
    hand_over(queue, tmp_path / "post.eml", mail(BOATS))
    hand_over(queue, tmp_path / "list.txt", BOATS.encode())

    outcome = hand_over(queue, tmp_path / "list.txt", b"The harbour holds forty-two boats.")

    assert outcome == REPLACED.format("list.txt")
    found = {document.name: document for document in catalog.documents(library.id)}
    assert texts(catalog, library)["post.eml/list.txt"] == BOATS
    earlier = {
        name: [version.document.name for version in catalog.trash.versions(document.id)]
        for name, document in found.items()
        if name != "post.eml"
    }
    assert earlier == {"list.txt": ["list.txt"], "post.eml/list.txt": ["post.eml/list.txt"]}
    (first,) = catalog.trash.versions(found["list.txt"].id)
    assert catalog.cited.page(first.document.id, 1).text.strip() == FERRY


def test_the_mail_read_again_does_not_take_it_back(
    catalog: Catalog, library: Library, queue: IngestQueue, tmp_path: Path
) -> None:
    hand_over(queue, tmp_path / "list.txt", BOATS.encode())
    hand_over(queue, tmp_path / "post.eml", mail(BOATS))
    hand_over(queue, tmp_path / "copy.txt", BOATS.encode())
    assert sorted(texts(catalog, library)) == ["list.txt", "post.eml"]
    (own, _) = catalog.documents(library.id)
    assert catalog.aliases.of(library.id, own.sha256) == ["copy.txt"]
