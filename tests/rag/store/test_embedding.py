from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from rag.domain import Library
from rag.errors import EmbeddingMismatchError, NotFoundError
from rag.store.catalog import Catalog
from rag.store.indexes import Indexes
from rag.store.rows import pack
from tests.rag.store.shelves import DIMENSION, MODEL, reading, vector_of
from tests.stored import vectors_of


def embed_again(catalog: Catalog, library: Library, model: str, dimension: int) -> None:
    """What `tramontane rebuild --embedding` does in another process."""
    chunks = catalog.all_chunks(library.id)
    packed = [pack(vector_of(chunk.text, dimension)[None, :])[0] for chunk in chunks]
    ids = [chunk.id for chunk in chunks]
    catalog.replace_vectors(library, model, dimension, dict(zip(ids, packed, strict=True)))


@pytest.mark.parametrize(("model", "dimension"), [("wide", 16), ("wide", DIMENSION), (MODEL, 16)])
def test_vectors_of_another_model_are_not_published(
    model: str, dimension: int, catalog: Catalog, library: Library
) -> None:
    catalog.publish(reading(library, "one"))
    embed_again(catalog, library, model, dimension)
    with pytest.raises(EmbeddingMismatchError, match=f"now embedded with {model}.*Restart"):
        catalog.publish(reading(library, "two", name="two.txt"))
    assert [document.name for document in catalog.documents(library.id)] == ["note.txt"]
    now = catalog.library("documents")
    assert vectors_of(catalog, now)[1].shape == (1, dimension)
    assert len(Indexes(catalog).current(library.id).vectors) == 1


def test_an_empty_library_that_changed_its_mind_takes_no_old_vectors(
    catalog: Catalog, library: Library
) -> None:
    embed_again(catalog, library, "wide", 16)
    with pytest.raises(EmbeddingMismatchError):
        catalog.publish(reading(library, "one"))
    assert catalog.documents(library.id) == []


def test_nothing_is_published_into_a_library_that_is_gone(
    catalog: Catalog, library: Library
) -> None:
    given = reading(library, "one")
    with pytest.raises(NotFoundError):
        catalog.publish(replace(given, document=replace(given.document, library_id="other")))


def test_stored_vectors_of_a_wrong_length_are_named_with_the_way_out(
    catalog: Catalog, library: Library
) -> None:
    catalog.publish(reading(library, "one", "two"))
    catalog.verify_vectors(library.id)
    first, second = (chunk.id for chunk in catalog.all_chunks(library.id))
    wrong = pack(np.stack([vector_of("one", 16)]))[0]
    right = pack(np.stack([vector_of("two")]))[0]
    catalog.replace_vectors(library, MODEL, DIMENSION, {first: wrong, second: right})
    expected = f"1 have another length. Run `tramontane rebuild --embedding {MODEL}`"
    with pytest.raises(EmbeddingMismatchError, match=expected):
        vectors_of(catalog, catalog.library("documents"))
    with pytest.raises(EmbeddingMismatchError, match=expected):
        catalog.verify_vectors(library.id)
