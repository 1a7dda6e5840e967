"""What came in a mail or an archive follows it: replaced, or removed, by its next version."""

from __future__ import annotations

import zipfile
from email.message import EmailMessage
from pathlib import Path

import pytest

from ingest.queue import IngestQueue
from rag.domain import Library
from rag.intake import Origin, Stage
from rag.store.catalog import Catalog
from tests.ingest.scanning import Counting, settled, start

BEFORE = {"terms.txt": "The rent is 900 francs.", "roof.txt": "The roof is green."}
AFTER = {"terms.txt": "The rent is 1200 francs.", "door.txt": "It has two doors."}


def write(path: Path, members: dict[str, str]) -> None:
    if path.suffix == ".zip":
        with zipfile.ZipFile(path, "w") as archive:
            for name, text in members.items():
                archive.writestr(name, text)
        return
    message = EmailMessage()
    message["Subject"] = "The mill"
    message.set_content(f"See the {len(members)} papers: {', '.join(members.values())}")
    for name, text in members.items():
        message.add_attachment(text, filename=name)
    path.write_bytes(bytes(message))


def members_of(catalog: Catalog, library: Library) -> dict[str, str]:
    return {
        document.name: catalog.page(document.id, 1).text.strip()
        for document in catalog.documents(library.id)
        if "/" in document.name
    }


def hand_over(queue: IngestQueue, path: Path, is_known: bool) -> None:
    origin = Origin(str(path) if is_known else "", alone=True)
    queue.submit(path, path.name, keep=True, origin=origin)
    assert {job.stage for job in settled(queue)} <= {Stage.DONE, Stage.CANCELLED}


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


@pytest.mark.parametrize("is_known", [False, True])
@pytest.mark.parametrize("name", ["mill.zip", "mill.eml"])
def test_a_new_version_replaces_and_removes_what_came_in_the_one_before(
    name: str,
    is_known: bool,
    catalog: Catalog,
    library: Library,
    queue: IngestQueue,
    tmp_path: Path,
) -> None:
    path = tmp_path / name
    for members in (BEFORE, AFTER):
        write(path, members)
        hand_over(queue, path, is_known)
        expected = {f"{name}/{member}": text for member, text in members.items()}
        assert members_of(catalog, library) == expected
    (removed,) = catalog.trash.of(library.id)
    assert removed.document.name == f"{name}/roof.txt"
    versions = {
        document.name: len(catalog.trash.versions(document.id))
        for document in catalog.documents(library.id)
    }
    assert versions[f"{name}/terms.txt"] == 1


@pytest.mark.parametrize("name", ["mill.zip", "mill.eml"])
def test_one_that_has_another_name_in_the_new_version_is_still_there(
    name: str, catalog: Catalog, library: Library, queue: IngestQueue, tmp_path: Path
) -> None:
    path = tmp_path / name
    for members in ({"old.txt": "The roof is green."}, {"new.txt": "The roof is green."}):
        write(path, members)
        hand_over(queue, path, False)
    assert members_of(catalog, library) == {f"{name}/new.txt": "The roof is green."}


def test_members_of_two_places_are_of_two_archives(
    catalog: Catalog, library: Library, queue: IngestQueue, tmp_path: Path
) -> None:
    for folder, members in (("a", BEFORE), ("b", AFTER)):
        (tmp_path / folder).mkdir()
        path = tmp_path / folder / "mill.zip"
        write(path, members)
        hand_over(queue, path, True)
    texts = sorted(
        catalog.page(document.id, 1).text.strip() for document in catalog.documents(library.id)
    )
    assert texts == sorted([*BEFORE.values(), *AFTER.values()])


def test_what_only_left_the_archive_stays_under_its_other_place(
    catalog: Catalog, library: Library, queue: IngestQueue, tmp_path: Path
) -> None:
    path, copy = tmp_path / "mill.zip", tmp_path / "roof.txt"
    write(path, BEFORE)
    hand_over(queue, path, True)
    copy.write_text(BEFORE["roof.txt"])
    hand_over(queue, copy, True)
    write(path, AFTER)
    hand_over(queue, path, True)
    names = [document.name for document in catalog.documents(library.id)]
    assert sorted(names) == ["mill.zip/door.txt", "mill.zip/terms.txt", "roof.txt"]


def test_an_archive_that_cannot_be_read_whole_removes_nothing(
    catalog: Catalog, library: Library, queue: IngestQueue, tmp_path: Path
) -> None:
    path, inner = tmp_path / "mill.zip", tmp_path / "inner.zip"
    write(path, BEFORE)
    hand_over(queue, path, True)
    write(inner, BEFORE)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("terms.txt", AFTER["terms.txt"])
        archive.write(inner, "roof.zip")
    hand_over(queue, path, True)
    assert members_of(catalog, library) == {
        "mill.zip/roof.txt": BEFORE["roof.txt"],
        "mill.zip/terms.txt": AFTER["terms.txt"],
    }
