from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from rag.domain import Document, DocumentState, Library, Scope
from rag.errors import NotFoundError
from rag.intake import NOWHERE, Origin, WordBox
from rag.store.catalog import Catalog
from tests.rag.store.shelves import finish, library_in, reading, start_python

ALONE = Origin(alone=True)


def publish(
    catalog: Catalog, library: Library, *texts: str, name: str = "note.txt", origin: Origin = ALONE
) -> Document:
    return catalog.publish(replace(reading(library, *texts, name=name), origin=origin))


def texts_in(catalog: Catalog, library: Library) -> list[str]:
    return [chunk.text for chunk in catalog.all_chunks(library.id)]


def test_a_new_version_takes_the_place_of_the_old_one(catalog: Catalog, library: Library) -> None:
    old = publish(catalog, library, "The price is 5.", "Page two.")
    ids = [chunk.id for chunk in catalog.all_chunks(library.id)]
    generation = catalog.library_with_id(library.id).generation

    new = publish(catalog, library, "The price is 6.")

    assert catalog.documents(library.id) == [new]
    assert texts_in(catalog, library) == ["The price is 6."]
    assert catalog.chunks(ids, Scope(library.id)) == []
    assert catalog.library_with_id(library.id).generation == generation + 1
    assert [version.document for version in catalog.trash.versions(new.id)] == [old]
    assert catalog.trash.of(library.id) == []
    with pytest.raises(NotFoundError):
        catalog.document(old.id)
    with pytest.raises(NotFoundError):
        catalog.page(old.id, 1)


def test_old_citations_open_the_version_they_cite(
    catalog: Catalog, library: Library, tmp_path: Path
) -> None:
    box = WordBox(0, 3, 0.1, 0.1, 0.2, 0.2)
    first = replace(reading(library, "The price is 5."), origin=ALONE, words={1: [box]})
    old = catalog.publish(first)
    publish(catalog, library, "The price is 6.")
    now = publish(catalog, library, "The price is 7.")

    cited = catalog.cited
    assert cited.document(old.id) == old
    assert cited.page(old.id, 1).text == "The price is 5."
    assert cited.words(old.id, 1) == (box,)
    assert cited.original(old.id) == catalog.blobs.path(old.sha256)
    newer = cited.replaced(old.id)
    assert newer is not None
    assert newer.document == now
    assert cited.replaced(now.id) is None
    assert cited.page(now.id, 1).text == "The price is 7."
    with pytest.raises(NotFoundError, match="no page 2"):
        cited.page(old.id, 2)
    assert len(catalog.trash.versions(now.id)) == 2


def test_versions_go_to_the_trash_and_away_with_their_document(
    catalog: Catalog, library: Library, tmp_path: Path
) -> None:
    path = tmp_path / "note.txt"
    path.write_text("one")
    old = publish(catalog, library, "one")
    assert catalog.blobs.put(path) == old.sha256
    new = publish(catalog, library, "two")
    assert catalog.discard_orphans() == 0

    catalog.remove(new.id)
    with pytest.raises(NotFoundError):
        catalog.cited.page(old.id, 1)
    assert [kept.document for kept in catalog.trash.of(library.id)] == [new]
    catalog.trash.bring_back(new.id)
    assert catalog.cited.page(old.id, 1).text == "one"
    catalog.remove(new.id)
    assert catalog.trash.purge([new.id])

    assert not catalog.blobs.path(old.sha256).exists()
    with pytest.raises(NotFoundError):
        catalog.cited.document(old.id)
    assert catalog.trash.versions(new.id) == []


def test_what_was_removed_is_told_from_what_was_purged(catalog: Catalog, library: Library) -> None:
    old = publish(catalog, library, "The price is 5.")
    now = publish(catalog, library, "The price is 6.")
    for document in (old, now):
        with pytest.raises(NotFoundError):
            catalog.cited.removed(document.id)
    catalog.remove(now.id)
    assert catalog.cited.removed(now.id).document == now
    assert catalog.cited.removed(old.id).document == now  # which brings its versions back
    catalog.trash.purge([now.id])
    for document in (old, now):
        with pytest.raises(NotFoundError, match="deleted for good"):
            catalog.cited.removed(document.id)


def test_a_version_alone_is_not_purged(catalog: Catalog, library: Library) -> None:
    old = publish(catalog, library, "one")
    publish(catalog, library, "two")
    with pytest.raises(NotFoundError):
        catalog.trash.purge([old.id])
    assert catalog.cited.document(old.id) == old


def test_a_version_can_be_brought_back_beside_what_replaced_it(
    catalog: Catalog, library: Library
) -> None:
    old = publish(catalog, library, "one")
    new = publish(catalog, library, "two")
    assert catalog.trash.bring_back(old.id) == old
    assert catalog.documents(library.id) == [old, new]
    assert texts_in(catalog, library) == ["two", "one"]
    assert catalog.trash.versions(new.id) == []
    assert catalog.cited.replaced(old.id) is None


A, B = Origin("/papers/a/note.txt"), Origin("/papers/b/note.txt")


@pytest.mark.parametrize(
    ("before", "added", "is_version"),
    [
        ([A], A, True),
        ([A], B, False),
        ([A], replace(A, alone=True), True),
        ([A], Origin("/elsewhere/note.txt", alone=True), False),
        ([A], ALONE, False),
        ([A, replace(B, alone=True)], Origin("/elsewhere/note.txt", alone=True), False),
        ([A, replace(B, alone=True)], ALONE, True),
        ([ALONE], replace(A, alone=True), True),
        ([replace(A, alone=True)], replace(B, alone=True), False),
        ([A, B], Origin("/elsewhere/note.txt", alone=True), False),
        ([A, B], replace(B, alone=True), True),
        ([ALONE], ALONE, True),
        ([ALONE], A, False),
        ([NOWHERE], NOWHERE, False),
        ([NOWHERE], ALONE, True),
    ],
)
def test_which_document_a_file_is_a_version_of(
    before: list[Origin], added: Origin, is_version: bool, catalog: Catalog, library: Library
) -> None:
    """Files of a folder replace what came from their place, one by itself another that did."""
    for number, origin in enumerate(before):
        publish(catalog, library, f"before {number}", origin=origin)
    new = publish(catalog, library, "after", origin=added)
    assert len(catalog.documents(library.id)) == len(before) + (not is_version)
    assert len(catalog.trash.versions(new.id)) == is_version
    if added.place and is_version and added.place in [origin.place for origin in before]:
        (old,) = catalog.trash.versions(new.id)
        assert (
            old.document.sha256
            == reading(
                library, f"before {[o.place for o in before].index(added.place)}"
            ).document.sha256
        )


def test_other_names_and_libraries_and_the_unreadable_replace_nothing(
    catalog: Catalog, library: Library
) -> None:
    old = publish(catalog, library, "one")
    publish(catalog, library, "two", name="other.txt")
    publish(catalog, library_in(catalog, "elsewhere"), "three")
    damaged = reading(library, "four", state=DocumentState.DAMAGED)
    catalog.publish(replace(damaged, origin=ALONE))
    assert catalog.document(old.id) == old
    assert len(catalog.documents(library.id)) == 3


@pytest.mark.parametrize("origin", [A, ALONE])
@pytest.mark.parametrize("state", [DocumentState.DAMAGED, DocumentState.NEEDS_OCR])
def test_what_could_not_be_read_in_between_ends_no_versions(
    state: DocumentState, origin: Origin, catalog: Catalog, library: Library
) -> None:
    old = publish(catalog, library, "one", origin=origin)
    for words in ("garbage", "more garbage"):
        catalog.publish(replace(reading(library, words, state=state), origin=origin))
    assert catalog.document(old.id) == old
    for words in ("three", "four"):
        new = publish(catalog, library, words, origin=origin)
        assert catalog.documents(library.id) == [new]
    assert len(catalog.trash.versions(new.id)) == 4


def test_two_scans_of_one_name_that_wait_are_not_one(catalog: Catalog, library: Library) -> None:
    for words in ("one", "two"):
        scan = reading(library, words, state=DocumentState.NEEDS_OCR)
        catalog.publish(replace(scan, origin=ALONE))
    publish(catalog, library, "three")
    assert len(catalog.documents(library.id)) == 3


def test_a_file_that_can_be_read_after_all_takes_the_place(
    catalog: Catalog, library: Library
) -> None:
    publish(catalog, library, "one")
    catalog.publish(replace(reading(library, "two", state=DocumentState.DAMAGED), origin=ALONE))
    new = publish(catalog, library, "two")
    assert catalog.documents(library.id) == [new]
    assert len(catalog.trash.versions(new.id)) == 1


def test_a_scan_takes_the_place_once_it_can_be_asked(catalog: Catalog, library: Library) -> None:
    old = publish(catalog, library, "one")
    scan = reading(library, "two", id_="scan", state=DocumentState.NEEDS_OCR)
    catalog.publish(replace(scan, origin=ALONE))
    assert catalog.document(old.id) == old

    read = reading(library, "two", id_="scan")
    catalog.replace(replace(read, document=replace(read.document, sha256=scan.document.sha256)))

    assert [document.id for document in catalog.documents(library.id)] == ["scan"]
    assert [version.document for version in catalog.trash.versions("scan")] == [old]


def test_a_version_before_can_be_added_again(catalog: Catalog, library: Library) -> None:
    publish(catalog, library, "one")
    publish(catalog, library, "two")
    again = catalog.publish(replace(reading(library, "one", id_="again"), origin=ALONE))
    assert texts_in(catalog, library) == ["one"]
    assert len(catalog.trash.versions(again.id)) == 2


REPLACING = """
import sys
from dataclasses import replace
from pathlib import Path
from rag.intake import Origin
from rag.store.catalog import Catalog
from tests.rag.store.shelves import reading
catalog = Catalog(Path(sys.argv[1]))
library = catalog.library("documents")
print("ready", flush=True)
for version in range(1, 40):
    input()  # the version before was seen
    read = reading(library, *[f"version {version}"] * 20, id_=f"v{version}")
    catalog.publish(replace(read, origin=Origin(alone=True)))
catalog.close()
"""


def test_a_reader_sees_one_whole_version_while_another_process_replaces_it(
    catalog: Catalog, library: Library
) -> None:
    catalog.publish(replace(reading(library, *["version 0"] * 20, id_="v0"), origin=ALONE))
    process = start_python(REPLACING, str(catalog.data_dir))
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    assert process.stdin is not None
    seen: list[str] = []
    while process.poll() is None:
        texts = texts_in(catalog, library)
        if texts[0] not in seen and texts[0] != "version 39":
            process.stdin.write("go\n")
            process.stdin.flush()
        assert len(texts) == 20
        (version,) = set(texts)
        (document,) = catalog.documents(library.id)
        cited = catalog.cited.page(f"v{version.split()[1]}", 1).text
        assert cited == version  # of this moment or of before: it opens
        assert document.chunks == 20
        seen.append(version)
    finish(process, "")
    assert len(set(seen)) >= 39
    assert [int(version.split()[1]) for version in seen] == sorted(
        int(version.split()[1]) for version in seen
    )
    assert texts_in(catalog, library) == ["version 39"] * 20
    assert len(catalog.trash.versions("v39")) == 39
