"""Documents whose vectors come after their words."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from rag.domain import Library
from rag.errors import EmbeddingMismatchError, NotFoundError
from rag.store.catalog import Catalog
from rag.store.indexes import Indexes, LibraryIndex
from rag.store.rows import Reading, pack
from tests.rag.store.shelves import DIMENSION, MODEL, library_in, reading, vector_of
from tests.stored import vectors_of


@pytest.fixture
def catalog(tmp_path: Path) -> Iterator[Catalog]:
    opened = Catalog(tmp_path / "data")
    yield opened
    opened.close()


@pytest.fixture
def library(catalog: Catalog) -> Library:
    return library_in(catalog)


def pending(library: Library, *texts: str, name: str = "note.txt") -> Reading:
    """A document without vectors, its chunks known by their texts."""
    hashes = [text.encode()[:16] for text in texts]
    return replace(reading(library, *texts, name=name), vectors=None, text_hashes=hashes)


def embed(catalog: Catalog, document_id: str, count: int) -> int:
    """Give the next chunks of a document their vectors; how many have theirs then."""
    chunks = catalog.pending_chunks(document_id)[:count]
    packed = pack(np.stack([vector_of(chunk.text) for chunk in chunks]))
    ids = [chunk.id for chunk in chunks]
    return catalog.put_vectors(document_id, MODEL, dict(zip(ids, packed, strict=True)))


def nearest(index: LibraryIndex, catalog: Catalog, text: str) -> str:
    texts = {chunk.id: chunk.text for chunk in catalog.all_chunks(index.library.id)}
    return texts[index.vectors.search(vector_of(text), 1)[0][0]]


def test_words_are_found_at_once_and_meaning_as_its_vectors_come(
    catalog: Catalog, library: Library
) -> None:
    catalog.publish(reading(library, "an older page", name="older.txt"))
    document = catalog.publish(pending(library, "one boat", "two boats", "three boats"))
    assert (document.chunks, document.embedded) == (3, 0)
    indexes = Indexes(catalog)
    index = indexes.current(library.id)
    assert len(index.words.search("boats", 5)) == 3
    assert len(index.vectors) == 1
    ids = [chunk.id for chunk in catalog.pending_chunks(document.id)]
    assert [index.is_embedded(id_) for id_ in ids] == [False] * 3
    assert embed(catalog, document.id, 2) == 2
    index = indexes.current(library.id)
    assert len(index.vectors) == 3
    assert [index.is_embedded(id_) for id_ in ids] == [True, True, False]
    assert nearest(index, catalog, "two boats") == "two boats"
    assert embed(catalog, document.id, 5) == 3
    index = indexes.current(library.id)
    assert len(index.vectors) == 4
    assert nearest(index, catalog, "three boats") == "three boats"
    assert not index.without_vectors
    assert catalog.document(document.id).embedded == 3


def test_vectors_that_come_do_not_make_the_words_anew(catalog: Catalog, library: Library) -> None:
    document = catalog.publish(pending(library, "one", "two"))
    indexes = Indexes(catalog)
    words = indexes.current(library.id).words
    embed(catalog, document.id, 1)
    index = indexes.current(library.id)
    assert index.words is words
    assert index.library.vectors == 1


def test_documents_may_be_embedded_out_of_order(catalog: Catalog, library: Library) -> None:
    first = catalog.publish(pending(library, "a one", "a two", name="a.txt"))
    second = catalog.publish(pending(library, "b one", name="b.txt"))
    indexes = Indexes(catalog)
    embed(catalog, second.id, 1)
    assert nearest(indexes.current(library.id), catalog, "b one") == "b one"
    embed(catalog, first.id, 1)
    assert len(indexes.current(library.id).vectors) == 2
    embed(catalog, first.id, 1)
    assert nearest(indexes.current(library.id), catalog, "a two") == "a two"
    catalog.remove(second.id)
    again = Indexes(catalog).current(library.id)
    assert len(again.vectors) == 2
    assert nearest(again, catalog, "a one") == "a one"


def test_a_stored_index_goes_on_with_what_came_since(catalog: Catalog, library: Library) -> None:
    texts = [f"page {number} of the old document" for number in range(40)]
    catalog.publish(reading(library, *texts, name="old.txt"))
    Indexes(catalog).current(library.id)
    document = catalog.publish(pending(library, "new one", "new two"))
    embed(catalog, document.id, 1)
    index = Indexes(catalog).current(library.id)
    assert len(index.vectors) == 41
    assert nearest(index, catalog, "new one") == "new one"
    assert nearest(index, catalog, texts[7]) == texts[7]


def test_text_embedded_before_is_not_embedded_again(catalog: Catalog, library: Library) -> None:
    old = catalog.publish(pending(library, "kept", "changed", name="a.txt"))
    embed(catalog, old.id, 2)
    new = catalog.publish(pending(library, "kept", "changes", "kept", name="b.txt"))
    assert (new.chunks, new.embedded) == (3, 1)
    assert [chunk.text for chunk in catalog.pending_chunks(new.id)] == ["changes"]
    assert embed(catalog, new.id, 1) == 3
    _, vectors = vectors_of(catalog, library)
    assert np.allclose(vectors[0], vectors[2])


def test_vectors_of_another_model_are_not_taken(catalog: Catalog, library: Library) -> None:
    other = catalog.create_library("other", "another-model", DIMENSION)
    theirs = replace(pending(other, "kept"), embedding_model="another-model")
    document = catalog.publish(theirs)
    packed = pack(np.stack([vector_of("kept")]))
    (chunk,) = catalog.pending_chunks(document.id)
    catalog.put_vectors(document.id, "another-model", {chunk.id: packed[0]})
    assert catalog.publish(pending(library, "kept", name="b.txt")).embedded == 0


def test_another_reading_takes_the_place_of_a_document(catalog: Catalog, library: Library) -> None:
    document = catalog.publish(pending(library, "kept", "bad scan"))
    embed(catalog, document.id, 2)
    before = catalog.library("documents").generation
    again = pending(library, "kept", "good scan")
    now = catalog.replace(replace(again, document=document))
    assert (now.id, now.chunks, now.embedded) == (document.id, 2, 1)
    assert [page.text for page in catalog.pages(document.id)] == ["kept", "good scan"]
    assert catalog.library("documents").generation == before + 1
    assert [chunk.text for chunk in catalog.pending_chunks(document.id)] == ["good scan"]
    index = Indexes(catalog).current(library.id)
    assert len(index.words.search("scan", 5)) == 1


def test_vectors_for_what_is_gone_or_of_another_model_are_refused(
    catalog: Catalog, library: Library
) -> None:
    document = catalog.publish(pending(library, "one"))
    (chunk,) = catalog.pending_chunks(document.id)
    packed = pack(np.stack([vector_of("one")]))
    with pytest.raises(EmbeddingMismatchError):
        catalog.put_vectors(document.id, "another-model", {chunk.id: packed[0]})
    catalog.remove(document.id)
    with pytest.raises(NotFoundError):
        catalog.put_vectors(document.id, MODEL, {chunk.id: packed[0]})
    with pytest.raises(NotFoundError):
        catalog.replace(replace(pending(library, "two"), document=document))
