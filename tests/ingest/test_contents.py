"""What archives and mails held, told from the catalog long after they were added."""

from __future__ import annotations

import io
import sqlite3
import zipfile
from contextlib import closing
from email.message import EmailMessage
from pathlib import Path

import pytest

from ingest.queue import IngestQueue
from rag.domain import Library
from rag.intake import Container, Fate, Member, Origin, Stage
from rag.purging import purge
from rag.store.catalog import CATALOG, Catalog
from rag.store.tables import containers as containers_table
from rag.store.tables import members as members_table
from tests.documents import archive_of
from tests.ingest.scanning import Counting, settled, start

CANARY = "canary-5d11"
BOATS, LIGHT = "The harbour holds forty-one boats.", "The lighthouse was lit in 1831."
DAMAGED = "second words of a file"


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


def hand_over(queue: IngestQueue, path: Path, content: bytes | None = None) -> None:
    if content is not None:
        path.write_bytes(content)
    queue.submit(path, path.name, keep=True, origin=Origin(str(path), alone=True))
    settled(queue)


def damaged(files: dict[str, str | bytes]) -> bytes:
    """An archive with another file in it that does not fit its checksum."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name, text in (files | {"broken.txt": DAMAGED}).items():
            archive.writestr(name, text)
    return content.getvalue().replace(DAMAGED.encode(), DAMAGED.upper().encode())


def bundle() -> bytes:
    nested = archive_of({"c.txt": "x"})
    files: dict[str, str | bytes] = {"a.txt": BOATS, "copy.txt": BOATS, "light.txt": LIGHT}
    files |= {"old/more.zip": nested, "sly.txt": nested, "program.exe": b"MZ" + bytes(99)}
    return damaged(files | {".hidden": "x", "empty.txt": ""})


def told(catalog: Catalog, library: Library, name: str) -> dict[str, Member]:
    (container,) = catalog.containers.named(library.id, name)
    return {member.name: member for member in catalog.containers.members(container)}


def bytes_of(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in sorted(folder.glob("catalog.sqlite*")))


def test_every_file_in_an_archive_is_told_of_in_another_process_too(
    catalog: Catalog, library: Library, queue: IngestQueue, tmp_path: Path
) -> None:
    hand_over(queue, tmp_path / "bundle.zip", bundle())

    later = Catalog(catalog.data_dir)
    members = told(later, library, "bundle.zip")
    later.close()

    fates = {name: member.fate for name, member in members.items()}
    assert fates == {
        "a.txt": Fate.READ,
        "copy.txt": Fate.READ,
        "light.txt": Fate.READ,
        "broken.txt": Fate.NOT_READ,
        "old/more.zip": Fate.NOT_READ,
        "sly.txt": Fate.NOT_READ,
        "program.exe": Fate.NOT_READ,
        ".hidden": Fate.PASSED,
        "empty.txt": Fate.PASSED,
    }
    (same,) = {members["a.txt"].document, members["copy.txt"].document}
    assert same in ("bundle.zip/a.txt", "bundle.zip/copy.txt")  # whichever was read first
    assert members["broken.txt"].reason == "It is damaged."
    assert "archive in an archive" in members["sly.txt"].reason
    assert "Windows program" in members["program.exe"].reason
    ((container, files, lost),) = catalog.containers.troubled(library.id)
    assert (container.name, files, lost) == ("bundle.zip", 7, 4)


def test_why_a_file_was_refused_outlives_its_row_in_the_queue(
    catalog: Catalog, library: Library, queue: IngestQueue, tmp_path: Path
) -> None:
    hand_over(queue, tmp_path / "bundle.zip", bundle())
    (failed,) = [job for job in queue.jobs() if job.name == "bundle.zip/sly.txt"]
    assert failed.stage is Stage.FAILED

    queue.dismiss(failed.id)

    sly = told(catalog, library, "bundle.zip")["sly.txt"]
    assert (sly.fate, "archive in an archive" in sly.reason) == (Fate.NOT_READ, True)
    assert catalog.containers.troubled(library.id)[0][2] == 4


def test_an_archive_that_is_read_whole_is_no_trouble_but_can_be_asked_for(
    catalog: Catalog, library: Library, queue: IngestQueue, tmp_path: Path
) -> None:
    hand_over(queue, tmp_path / "all.zip", archive_of({"a.txt": BOATS, "empty.txt": ""}))

    assert catalog.containers.troubled(library.id) == []
    members = told(catalog, library, "all.zip")
    assert [member.fate for member in members.values()] == [Fate.READ, Fate.PASSED]


def test_a_mail_tells_what_it_brought(
    catalog: Catalog, library: Library, queue: IngestQueue, tmp_path: Path
) -> None:
    mail = EmailMessage()
    mail["Subject"] = "The boats"
    mail.set_content("The list is attached.")
    mail.add_attachment(BOATS, filename="boats.txt")
    mail.add_attachment(b"MZ" + bytes(99), maintype="a", subtype="b", filename="run.exe")
    hand_over(queue, tmp_path / "mail.eml", mail.as_bytes())

    by_name = {document.name: document for document in catalog.documents(library.id)}
    members = catalog.containers.within(by_name["mail.eml"])

    assert [(member.name, member.fate) for member in members] == [
        ("boats.txt", Fate.READ),
        ("run.exe", Fate.NOT_READ),
    ]
    assert members[0].document_id == by_name["mail.eml/boats.txt"].id
    assert catalog.containers.named(library.id, "mail.eml") == []  # it is a document
    assert catalog.containers.troubled(library.id) == []  # and has a row of its own


def test_a_mail_that_an_older_release_took_in_is_written_down_when_it_is_added_again(
    catalog: Catalog, library: Library, queue: IngestQueue, tmp_path: Path
) -> None:
    mail = EmailMessage()
    mail["Subject"] = "The boats"
    mail.set_content("The list is attached.")
    mail.add_attachment(BOATS, filename="boats.txt")
    mail.add_attachment(LIGHT, filename="light.txt")
    hand_over(queue, tmp_path / "mail.eml", mail.as_bytes())
    with closing(sqlite3.connect(catalog.data_dir / CATALOG)) as older:  # there were no records
        for table in (members_table, containers_table):
            older.execute(f"DELETE FROM {table.name}")  # noqa: S608 - no value in it
        older.commit()
    by_name = {document.name: document for document in catalog.documents(library.id)}
    catalog.remove(by_name["mail.eml/light.txt"].id)
    assert catalog.containers.within(by_name["mail.eml"]) == []

    hand_over(queue, tmp_path / "mail.eml")

    members = catalog.containers.within(by_name["mail.eml"])
    assert [(member.name, member.fate) for member in members] == [
        ("boats.txt", Fate.READ),
        ("light.txt", Fate.REMOVED),  # and not brought back
    ]
    assert queue.jobs()[-1].outcome == "mail.eml is already in the library."


def test_what_is_removed_brought_back_or_replaced_is_told_as_it_is(
    catalog: Catalog, library: Library, queue: IngestQueue, tmp_path: Path
) -> None:
    path = tmp_path / "all.zip"
    hand_over(queue, path, archive_of({"a.txt": BOATS, "b.txt": LIGHT}))
    document = next(it for it in catalog.documents(library.id) if it.name.endswith("a.txt"))
    catalog.remove(document.id)
    assert told(catalog, library, "all.zip")["a.txt"].fate is Fate.REMOVED
    catalog.trash.bring_back(document.id)
    assert told(catalog, library, "all.zip")["a.txt"].fate is Fate.READ

    hand_over(queue, path, archive_of({"a.txt": "Now there are fifty.", "c.txt": LIGHT}))

    members = told(catalog, library, "all.zip")  # of its last version alone
    assert {name: it.fate for name, it in members.items()} == {
        "a.txt": Fate.READ,
        "c.txt": Fate.READ,
    }


def test_a_purge_leaves_no_name_of_what_an_archive_held(
    catalog: Catalog, library: Library, queue: IngestQueue, tmp_path: Path
) -> None:
    files: dict[str, str | bytes] = {f"{CANARY}-a.txt": BOATS, f"{CANARY}-b.txt": LIGHT}
    hand_over(queue, tmp_path / f"{CANARY}.zip", damaged(files))
    hand_over(queue, tmp_path / "stays.txt", b"What stays.")
    first, second, stays = catalog.documents(library.id)

    catalog.remove(first.id)
    assert purge(catalog, catalog.trash.of(library.id))
    (container,) = catalog.containers.of(library.id)
    members = catalog.containers.members(container)
    assert (
        sorted((it.name, it.fate) for it in members)
        == [
            ("", Fate.DELETED),
            (second.name.partition("/")[2], Fate.READ),
            ("broken.txt", Fate.NOT_READ),
        ]
        or sorted(it.name for it in members)[0] == ""
    )
    assert first.name.encode() not in bytes_of(catalog.data_dir)

    catalog.remove(second.id)
    assert purge(catalog, catalog.trash.of(library.id))

    assert catalog.containers.of(library.id) == []
    assert CANARY.encode() not in bytes_of(catalog.data_dir)
    assert catalog.documents(library.id) == [stays]


def test_a_purged_mail_takes_its_record_with_it(
    catalog: Catalog, library: Library, queue: IngestQueue, tmp_path: Path
) -> None:
    mail = EmailMessage()
    mail["Subject"] = "The boats"
    mail.set_content("The list is attached.")
    mail.add_attachment(BOATS, filename=f"{CANARY}.txt")
    hand_over(queue, tmp_path / "post.zip", archive_of({f"{CANARY}.eml": mail.as_bytes()}))
    assert len(catalog.containers.of(library.id)) == 2

    for document in catalog.documents(library.id):
        catalog.remove(document.id)
    assert purge(catalog, catalog.trash.of(library.id))

    assert catalog.containers.of(library.id) == []
    assert CANARY.encode() not in bytes_of(catalog.data_dir)


def test_a_file_is_found_by_each_name_it_was_given_under(
    catalog: Catalog, library: Library, queue: IngestQueue, tmp_path: Path
) -> None:
    hand_over(queue, tmp_path / "all.zip", archive_of({"a.txt": BOATS}))
    alone = tmp_path / f"{CANARY}.txt"
    hand_over(queue, tmp_path / "own.txt", BOATS.encode())
    hand_over(queue, alone, BOATS.encode())
    (document,) = catalog.documents(library.id)

    found = catalog.aliases.hashes
    assert document.name == "own.txt"
    assert found(library.id, alone.name) == {document.sha256}
    assert found(library.id, "all.zip/a.txt") == {document.sha256}
    assert found(library.id, "nothing", str(alone)) == {document.sha256}
    assert found(library.id, "nothing") == set()
    assert catalog.aliases.of(library.id, document.sha256) == [alone.name]

    hand_over(queue, alone, LIGHT.encode())  # the name now stands for other bytes
    assert found(library.id, alone.name) == set()
    assert {it.name for it in catalog.documents(library.id)} == {"own.txt", alone.name}


def test_another_name_is_purged_with_its_document(
    catalog: Catalog, library: Library, queue: IngestQueue, tmp_path: Path
) -> None:
    hand_over(queue, tmp_path / "a.txt", BOATS.encode())
    hand_over(queue, tmp_path / f"{CANARY}.txt", BOATS.encode())
    (document,) = catalog.documents(library.id)
    assert catalog.aliases.of(library.id, document.sha256) == [f"{CANARY}.txt"]
    catalog.remove(document.id)
    assert purge(catalog, catalog.trash.of(library.id))
    assert CANARY.encode() not in bytes_of(catalog.data_dir)


def test_one_that_is_hidden_can_still_be_asked_for(
    catalog: Catalog, library: Library, queue: IngestQueue, tmp_path: Path
) -> None:
    hand_over(queue, tmp_path / "bundle.zip", bundle())
    ((container, _, _),) = catalog.containers.troubled(library.id)
    catalog.containers.hide(container.id)
    assert catalog.containers.troubled(library.id) == []
    assert len(told(catalog, library, "bundle.zip")) == 9


def test_one_of_which_nothing_is_there_is_forgotten_when_it_is_hidden(
    catalog: Catalog, library: Library, queue: IngestQueue, tmp_path: Path
) -> None:
    sly = archive_of({"c.txt": "x"})
    hand_over(queue, tmp_path / "bundle.zip", archive_of({"sly.txt": sly}))
    ((container, files, lost),) = catalog.containers.troubled(library.id)
    assert (files, lost) == (1, 1)
    catalog.containers.hide(container.id)
    assert catalog.containers.of(library.id) == []
    assert queue.jobs() == []


def test_files_too_deep_in_others_are_told_of(
    catalog: Catalog, library: Library, queue: IngestQueue, tmp_path: Path
) -> None:
    content = BOATS.encode()
    for number, name in enumerate(("deep.txt", "4.eml", "3.eml", "2.eml", "1.eml")):
        mail = EmailMessage()
        mail["Subject"] = f"Mail {number}"
        mail.set_content(f"See what is attached to number {number}.")
        mail.add_attachment(content, maintype="a", subtype="b", filename=name)
        content = mail.as_bytes()
    hand_over(queue, tmp_path / "0.eml", content)

    deepest = [it for it in catalog.containers.of(library.id) if it.name.endswith("4.eml")]
    ((member,),) = [catalog.containers.members(it) for it in deepest]

    assert isinstance(deepest[0], Container)
    assert (member.name, member.fate) == ("deep.txt", Fate.NOT_READ)
    assert "4 files deep" in member.reason
