"""What else a document is called goes with it to another library, and is forgotten with it."""

from __future__ import annotations

from rag.domain import Document, Library
from rag.intake import Container, Content, Fate, Job, Origin, Stage
from rag.store.catalog import Catalog
from rag.store.checks import check
from rag.store.rows import StoredChunk
from tests.rag.store.shelves import library_in
from tests.rag.store.stock import add

MAIL, OTHER = "ab" * 32, "cd" * 32


def text_hash(_chunk: StoredChunk) -> bytes:
    return b""


def faults(catalog: Catalog) -> list[str]:
    return [fault for part in check(catalog.data_dir, text_hash) for fault in part.faults]


def job(catalog: Catalog, library: Library, name: str, sha256: str) -> Job:
    return catalog.jobs.submit(library.id, name, sha256, 9, origin=Origin(f"/in/{name}"))


def note(catalog: Catalog, library: Library, name: str, document: Document) -> None:
    noted = job(catalog, library, name, document.sha256)
    catalog.aliases.note(noted)
    catalog.jobs.cancel(noted.id)


def keep_mail(catalog: Catalog, library: Library, *held: Content) -> Container:
    mail = job(catalog, library, "mail.eml", MAIL)
    catalog.containers.keep(mail, held)
    catalog.jobs.cancel(mail.id)
    catalog.jobs.dismiss(mail.id)
    return catalog.containers.of(library.id)[0]


def held_by(catalog: Catalog, container: Container) -> dict[str, Fate]:
    return {member.name: member.fate for member in catalog.containers.members(container)}


def purge(catalog: Catalog, document: Document) -> None:
    catalog.remove(document.id)
    assert catalog.trash.purge([document.id])


def test_other_names_go_with_a_document_that_is_moved(catalog: Catalog, library: Library) -> None:
    other = library_in(catalog, "other")
    document = add(catalog, library, "The harbour holds boats.", name="a.txt").document
    note(catalog, library, "copy.txt", document)

    catalog.libraries.move(document.id, other.id)

    assert catalog.aliases.of(library.id, document.sha256) == []
    assert catalog.aliases.of(other.id, document.sha256) == ["copy.txt"]
    assert faults(catalog) == []
    catalog.libraries.move(document.id, library.id)
    assert catalog.aliases.of(library.id, document.sha256) == ["copy.txt"]
    assert catalog.aliases.of(other.id, document.sha256) == []


def test_other_names_stay_with_the_same_bytes_in_the_trash(
    catalog: Catalog, library: Library
) -> None:
    other = library_in(catalog, "other")
    first = add(catalog, library, "The harbour holds boats.", name="a.txt").document
    note(catalog, library, "copy.txt", first)
    catalog.remove(first.id)
    again = add(catalog, library, "The harbour holds boats.", name="b.txt").document

    catalog.libraries.move(again.id, other.id)

    assert catalog.aliases.of(library.id, first.sha256) == ["copy.txt"]
    assert catalog.aliases.of(other.id, first.sha256) == ["copy.txt"]
    catalog.trash.bring_back(first.id)
    catalog.remove(first.id)
    catalog.libraries.move(again.id, library.id)
    assert catalog.aliases.of(library.id, first.sha256) == ["copy.txt"]


def test_a_purge_forgets_what_a_moved_document_was_called_where_it_came_from(
    catalog: Catalog, library: Library
) -> None:
    other = library_in(catalog, "other")
    stays = add(catalog, library, "What stays.", name="stays.txt").document
    moved = add(catalog, library, "The harbour holds boats.", name="zirbelnuss.txt").document
    container = keep_mail(
        catalog,
        library,
        Content("stays.txt", stays.sha256, 9),
        Content("zirbelnuss.txt", moved.sha256, 9),
    )
    catalog.libraries.move(moved.id, other.id)
    assert held_by(catalog, container) == {
        "stays.txt": Fate.READ,
        "zirbelnuss.txt": Fate.ELSEWHERE,
    }

    purge(catalog, moved)

    assert held_by(catalog, container) == {"stays.txt": Fate.READ, "": Fate.DELETED}
    left = [path for path in catalog.data_dir.rglob("*") if path.is_file()]
    assert not [path for path in left if b"zirbelnuss" in path.read_bytes()]


def test_a_purge_leaves_alone_what_another_library_has_itself_or_may_yet_read(
    catalog: Catalog, library: Library
) -> None:
    other, third = library_in(catalog, "other"), library_in(catalog, "third")
    words = "The harbour holds boats."
    document = add(catalog, library, words, name="a.txt").document
    same = add(catalog, other, words, name="b.txt").document
    theirs = keep_mail(catalog, other, Content("a.txt", same.sha256, 9))
    failed = keep_mail(catalog, third, Content("a.txt", same.sha256, 9))
    held = job(catalog, third, "mail.eml/a.txt", same.sha256)
    assert held.stage is Stage.WAITING

    purge(catalog, document)

    assert held_by(catalog, theirs) == {"a.txt": Fate.READ}
    assert held_by(catalog, failed) == {"a.txt": Fate.GOING}
