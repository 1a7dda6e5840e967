from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy.exc import IntegrityError

from rag.domain import Document, DocumentState, Library, Scope
from rag.errors import EmbeddingMismatchError, LibraryChangedError, NotFoundError
from rag.store.catalog import Catalog
from rag.store.rows import Reading, pack, storable
from tests.rag.store.shelves import (
    DIMENSION,
    finish,
    library_in,
    reading,
    start_python,
    together,
    vector_of,
)
from tests.stored import vectors_of


def everything(catalog: Catalog, library: Library) -> list[str]:
    """The text of every chunk of a library."""
    return [chunk.text for chunk in catalog.all_chunks(library.id)]


def test_a_published_document_is_read_back_as_it_was(catalog: Catalog, library: Library) -> None:
    given = reading(library, "one page", "another page")
    published = catalog.publish(given)
    assert published == replace(given.document, chunks=2, embedded=2)
    assert catalog.documents(library.id) == [published]
    assert catalog.document(published.id) == published
    assert catalog.find(library.id, published.sha256) == published
    assert catalog.pages(published.id) == list(given.pages)
    assert catalog.page(published.id, 2) == given.pages[1]
    stored = catalog.all_chunks(library.id)
    assert [chunk.chunk for chunk in stored] == list(given.chunks)
    assert [chunk.text for chunk in stored] == ["one page", "another page"]
    assert [chunk.label for chunk in stored] == ["1", "2"]
    ids, vectors = vectors_of(catalog, library)
    assert ids.tolist() == [chunk.id for chunk in stored]
    assert given.vectors is not None
    assert np.abs(vectors - given.vectors).max() < 1e-3


def test_every_change_raises_the_generation(catalog: Catalog, library: Library) -> None:
    assert library.generation == 0
    document = catalog.publish(reading(library, "words"))
    assert catalog.library("documents").generation == 1
    catalog.remove(document.id)
    assert catalog.library_with_id(library.id).generation == 2


def test_what_is_not_there_is_named(catalog: Catalog, library: Library) -> None:
    document = catalog.publish(reading(library, "words"))
    with pytest.raises(NotFoundError, match="There is no library named 'other'"):
        catalog.library("other")
    with pytest.raises(NotFoundError, match="no longer exists"):
        catalog.library_with_id("other")
    with pytest.raises(NotFoundError, match="no longer in the library"):
        catalog.document("other")
    with pytest.raises(NotFoundError, match="no page 2"):
        catalog.page(document.id, 2)
    with pytest.raises(NotFoundError, match="no longer in the library"):
        catalog.remove("other")
    assert catalog.find(library.id, "0" * 64) is None
    assert catalog.mark("samples") is None


def test_a_mark_is_remembered(catalog: Catalog) -> None:
    catalog.set_mark("samples", "offered")
    catalog.set_mark("samples", "taken")
    assert catalog.mark("samples") == "taken"


def test_a_library_is_made_once(catalog: Catalog, library: Library) -> None:
    assert catalog.create_library("documents", "another-model", 1024) == library


def untouched(catalog: Catalog, library: Library, document: Document) -> bool:
    now = catalog.library_with_id(library.id)
    return (
        catalog.documents(library.id) == [document]
        and everything(catalog, library) == ["words"]
        and now.generation == 1
    )


def test_fewer_vectors_than_chunks_publish_nothing(catalog: Catalog, library: Library) -> None:
    document = catalog.publish(reading(library, "words"))
    whole = reading(library, "more", "words", name="more.txt")
    assert whole.vectors is not None
    with pytest.raises(ValueError, match="2 chunks with 1 vectors"):
        catalog.publish(replace(whole, vectors=whole.vectors[:1]))
    assert untouched(catalog, library, document)


@pytest.mark.parametrize("broken", ["page twice", "same id"])
def test_a_broken_constraint_publishes_nothing(
    broken: str, catalog: Catalog, library: Library
) -> None:
    document = catalog.publish(reading(library, "words"))
    given = reading(library, "more", name="more.txt")
    if broken == "page twice":
        given = replace(given, pages=[*given.pages, *given.pages])
    else:
        given = replace(given, document=replace(given.document, id=document.id))
    with pytest.raises(IntegrityError):
        catalog.publish(given)
    assert untouched(catalog, library, document)


KILLED = """
import os, sys
from pathlib import Path
from rag.store import catalog as module
from rag.store.catalog import Catalog
from tests.rag.store.shelves import reading

def die(connection, library_id):
    os._exit(9)  # everything is written, nothing committed

module.advance = die
catalog = Catalog(Path(sys.argv[1]))
catalog.publish(reading(catalog.library("documents"), *["more"] * 300, name="more.txt"))
"""


def test_a_process_killed_while_it_publishes_leaves_nothing(
    catalog: Catalog, library: Library
) -> None:
    document = catalog.publish(reading(library, "words"))
    process = start_python(KILLED, str(catalog.data_dir))
    process.communicate(timeout=60)
    assert process.returncode == 9
    assert untouched(catalog, library, document)
    catalog.verify()


def test_the_same_bytes_are_one_document(catalog: Catalog, library: Library) -> None:
    first = catalog.publish(reading(library, "words", id_="first"))
    again = catalog.publish(reading(library, "words", id_="second", name="copy.txt"))
    assert again == first
    assert catalog.documents(library.id) == [first]
    assert everything(catalog, library) == ["words"]
    assert catalog.library_with_id(library.id).generation == 1


def test_the_same_bytes_may_be_in_two_libraries(catalog: Catalog, library: Library) -> None:
    other = library_in(catalog, "other")
    catalog.publish(reading(library, "words", id_="first"))
    second = catalog.publish(reading(other, "words", id_="second"))
    assert catalog.documents(other.id) == [second]
    assert everything(catalog, library) == everything(catalog, other) == ["words"]


def test_a_document_that_could_not_be_read_is_replaced(catalog: Catalog, library: Library) -> None:
    catalog.publish(reading(library, "words", id_="first", state=DocumentState.NEEDS_OCR))
    second = catalog.publish(reading(library, "words", id_="second"))
    assert catalog.documents(library.id) == [second]
    assert everything(catalog, library) == ["words"]


PUBLISH = """
import os, sys
from pathlib import Path
from rag.store.catalog import Catalog
from tests.rag.store.shelves import reading
catalog = Catalog(Path(sys.argv[1]))
library = catalog.library("documents")
mine = reading(library, *["the same words"] * 50, id_=f"by-{os.getpid()}")
print("ready", flush=True)
input()
print(catalog.publish(mine).id)
catalog.close()
"""


def test_the_same_bytes_from_several_processes_at_once_are_one_document(
    catalog: Catalog, library: Library
) -> None:
    answers = together(PUBLISH, 3, str(catalog.data_dir))
    (document,) = catalog.documents(library.id)
    assert answers == [document.id] * 3
    assert everything(catalog, library) == ["the same words"] * 50


def test_removing_takes_pages_chunks_and_vectors_and_purging_the_file(
    catalog: Catalog, library: Library, tmp_path: Path
) -> None:
    source = tmp_path / "note.txt"
    source.write_text("words")
    document = catalog.publish(reading(library, "words"))
    assert catalog.blobs.put(source) == document.sha256
    assert catalog.original(document.id).read_text() == "words"
    catalog.remove(document.id)
    assert catalog.documents(library.id) == []
    assert catalog.pages(document.id) == []
    assert catalog.all_chunks(library.id) == []
    assert vectors_of(catalog, library)[1].shape == (0, DIMENSION)
    assert catalog.blobs.path(document.sha256).exists()
    catalog.trash.purge([document.id])
    assert not catalog.blobs.path(document.sha256).exists()


def test_the_file_stays_while_another_library_has_it(
    catalog: Catalog, library: Library, tmp_path: Path
) -> None:
    source = tmp_path / "note.txt"
    source.write_text("words")
    first = catalog.publish(reading(library, "words", id_="first"))
    second = catalog.publish(reading(library_in(catalog, "other"), "words", id_="second"))
    catalog.blobs.put(source)
    catalog.remove(first.id)
    catalog.trash.purge([first.id])
    assert catalog.original(second.id).read_text() == "words"
    catalog.remove(second.id)
    catalog.trash.purge([second.id])
    assert not catalog.blobs.path(first.sha256).exists()


def test_the_id_of_a_removed_chunk_is_never_given_again(catalog: Catalog, library: Library) -> None:
    document = catalog.publish(reading(library, "one", "two"))
    before = {chunk.id for chunk in catalog.all_chunks(library.id)}
    catalog.remove(document.id)
    catalog.publish(reading(library, "one", "two"))
    assert before.isdisjoint(chunk.id for chunk in catalog.all_chunks(library.id))


REMOVE = """
import sys
from pathlib import Path
from rag.store.catalog import Catalog
catalog = Catalog(Path(sys.argv[1]))
catalog.remove(sys.argv[2])
catalog.close()
"""


def test_what_another_process_removes_is_gone_here(catalog: Catalog, library: Library) -> None:
    document = catalog.publish(reading(library, "words"))
    ids = [chunk.id for chunk in catalog.all_chunks(library.id)]
    finish(start_python(REMOVE, str(catalog.data_dir), document.id))
    assert catalog.chunks(ids, Scope(library.id)) == []
    assert catalog.documents(library.id) == []


ASTRAL = "Ein 𝄞 Schlüssel, 👩‍👩‍👧 drei, 𐍈 Gotisch\r\nund Ende."


def test_chunks_are_cut_by_characters_beyond_the_basic_plane_too(
    catalog: Catalog, library: Library
) -> None:
    assert cuts(catalog, library, ASTRAL) == every_cut(ASTRAL)


def test_text_behind_a_nul_character_is_not_lost(catalog: Catalog, library: Library) -> None:
    text = "before\x00after, and \x00\x00 more"
    assert cuts(catalog, library, text) == every_cut(text.replace("\x00", "\ufffd"))


def test_lone_surrogates_become_the_replacement_character(
    catalog: Catalog, library: Library
) -> None:
    text = "half a \ud83d smile and \udce9t\udce9"
    assert cuts(catalog, library, text) == every_cut("half a \ufffd smile and \ufffdt\ufffd")


def every_cut(text: str) -> list[str]:
    return [text[start : start + 7] for start in range(len(text))]


def cuts(catalog: Catalog, library: Library, text: str) -> list[str]:
    """Publish a page whose chunks are all its spans of seven characters, and read them back."""
    whole = reading(library, text)
    (chunk,) = whole.chunks
    chunks = [
        replace(chunk, start=start, end=min(start + 7, len(text))) for start in range(len(text))
    ]
    assert whole.vectors is not None
    vectors = np.repeat(whole.vectors, len(chunks), axis=0)
    document = catalog.publish(replace(whole, chunks=chunks, vectors=vectors))
    page = catalog.page(document.id, 1)
    found = catalog.all_chunks(library.id)
    assert all(stored.text == page.text[stored.chunk.start : stored.chunk.end] for stored in found)
    assert len(page.text) == len(text)
    return [stored.text for stored in found]


def test_names_that_are_no_text_are_mended_and_returned_as_stored(
    catalog: Catalog, library: Library
) -> None:
    given = reading(library, "words", name="caf\udce9.txt", id_="cafe")
    (chunk,) = given.chunks
    published = catalog.publish(replace(given, chunks=[replace(chunk, heading=("a\ud800b",))]))
    assert (published.name, published.title) == ("caf\ufffd.txt", "caf\ufffd")
    assert catalog.documents(library.id) == [published]
    assert catalog.all_chunks(library.id)[0].chunk.heading == ("a\ufffdb",)


@pytest.mark.parametrize("text", ["", "plain", "é𝄞\t\r\n\x01\x7f\ufffe"])
def test_what_can_be_stored_is_left_as_it_is(text: str) -> None:
    assert storable(text) == text


def test_a_scope_shows_its_library_and_its_documents_only(
    catalog: Catalog, library: Library
) -> None:
    other = library_in(catalog, "other")
    first = catalog.publish(reading(library, "first"))
    catalog.publish(reading(library, "second"))
    foreign = catalog.publish(reading(other, "third"))
    ids = [chunk.id for chunk in catalog.all_chunks(library.id)]
    ids += [chunk.id for chunk in catalog.all_chunks(other.id)]

    def seen(scope: Scope) -> list[str]:
        return [chunk.text for chunk in catalog.chunks(ids, scope)]

    assert seen(Scope(library.id)) == ["first", "second"]
    assert seen(Scope(library.id, frozenset([first.id]))) == ["first"]
    assert seen(Scope(library.id, frozenset([foreign.id]))) == []
    assert seen(Scope(library.id, frozenset())) == []
    places = [(first.id, 1), (foreign.id, 1)]
    on_pages = catalog.chunked_pages(places, Scope(library.id))
    assert {place: page.page.text for place, page in on_pages.items()} == {(first.id, 1): "first"}
    assert [len(page.chunks) for page in on_pages.values()] == [1]


def test_chunks_come_in_the_order_asked_for_however_many(
    catalog: Catalog, library: Library
) -> None:
    catalog.publish(reading(library, *[f"text {number}" for number in range(1200)]))
    ids = [chunk.id for chunk in catalog.all_chunks(library.id)][::-1]
    found = catalog.chunks([*ids, 999_999], Scope(library.id))
    assert [chunk.id for chunk in found] == ids


def test_documents_are_listed_as_they_were_added(catalog: Catalog, library: Library) -> None:
    names = ["z.txt", "a.txt", "m.txt"]
    for name in names:
        catalog.publish(reading(library, name, name=name))
    assert [document.name for document in catalog.documents(library.id)] == names


def test_vectors_are_replaced_all_at_once(catalog: Catalog, library: Library) -> None:
    catalog.publish(reading(library, "one", "two"))
    ids = [chunk.id for chunk in catalog.all_chunks(library.id)]
    wide = np.stack([vector_of(str(id_), 16) for id_ in ids])
    catalog.replace_vectors(library, "wide", 16, dict(zip(ids, pack(wide), strict=True)))
    now = catalog.library("documents")
    assert (now.embedding_model, now.dimension, now.generation) == ("wide", 16, 2)
    found_ids, found = vectors_of(catalog, now)
    assert found_ids.tolist() == ids
    assert np.abs(found - wide).max() < 1e-3


def test_vectors_of_a_library_that_changed_meanwhile_are_refused(
    catalog: Catalog, library: Library
) -> None:
    catalog.publish(reading(library, "one"))
    packed = pack(np.stack([vector_of("one")]))
    vectors = {chunk.id: packed[0] for chunk in catalog.all_chunks(library.id)}
    catalog.publish(reading(library, "two"))
    with pytest.raises(LibraryChangedError, match=r"were added or removed meanwhile\. Try again"):
        catalog.replace_vectors(library, "wide", 16, vectors)
    assert catalog.library("documents").embedding_model == library.embedding_model


def test_vectors_of_another_model_than_expected_are_refused(
    catalog: Catalog, library: Library
) -> None:
    catalog.publish(reading(library, "one"))
    ids = [chunk.id for chunk in catalog.all_chunks(library.id)]
    packed = pack(np.stack([vector_of("one", 16)]))
    catalog.replace_vectors(library, "wide", 16, dict(zip(ids, packed, strict=True)))
    with pytest.raises(EmbeddingMismatchError, match="Restart Tramontane"):
        vectors_of(catalog, library)


def test_an_empty_library_has_no_vectors(catalog: Catalog, library: Library) -> None:
    ids, vectors = vectors_of(catalog, library)
    assert ids.shape == (0,)
    assert vectors.shape == (0, DIMENSION)
    catalog.replace_vectors(library, "wide", 16, {})
    assert catalog.library("documents").dimension == 16


def test_a_reading_without_pages_is_recorded_with_its_reason(
    catalog: Catalog, library: Library
) -> None:
    failed = reading(library, state=DocumentState.DAMAGED)
    document = catalog.publish(
        Reading(failed.document, (), (), failed.vectors, failed.embedding_model)
    )
    assert catalog.documents(library.id) == [document]
    assert document.reason == "It could not be read."
