from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import numpy as np

from ingest.embedded import text_of
from ingest.loaders.load import load
from ingest.pipeline import Ingestor, Limits
from ingest.reembedding import MOST_ROUNDS, reembed
from rag.intake import Stage
from rag.protocols import Vectors
from rag.store.catalog import Catalog
from rag.store.indexes import Indexes
from tests.fakes import HashEmbedder
from tests.stored import vectors_of


class Overtaken(HashEmbedder):
    """Each time it has embedded something, another document was added."""

    def __init__(self, folder: Path, ingestor: Ingestor, catalog: Catalog) -> None:
        super().__init__("new", 16)
        self._folder, self._ingestor, self._catalog = folder, ingestor, catalog
        self.added = 0

    def embed(self, texts: Sequence[str]) -> Vectors:
        vectors = super().embed(texts)
        self.added += 1
        path = self._folder / f"{self.added}.txt"
        path.write_text(f"Boat number {self.added} lies at its pier.")
        self._ingestor.add(path, self._catalog.library("documents"))
        return vectors


def test_a_library_that_changes_all_the_time_is_switched_all_the_same(tmp_path: Path) -> None:
    old = HashEmbedder("old", 8)
    path = tmp_path / "harbour.txt"
    path.write_text("The harbour holds forty-one boats.")
    with closing(Catalog(tmp_path / "data")) as catalog:
        library = catalog.create_library("documents", old.model, old.dimension)
        ingestor = Ingestor(catalog, old, Limits(1_000_000, 100), load)
        ingestor.add(path, library)
        new = Overtaken(tmp_path, ingestor, catalog)

        assert reembed(catalog, library, new, lambda _: None) == MOST_ROUNDS

        now = catalog.library("documents")
        assert (now.embedding_model, now.dimension) == ("new", 16)
        documents = catalog.documents(now.id)
        assert [each.embedded for each in documents] == [1] * MOST_ROUNDS + [0]
        assert [each.name for each in documents][-1] == f"{MOST_ROUNDS}.txt"
        (waiting,) = [job for job in catalog.jobs.of(now.id) if not job.has_ended]
        assert (waiting.document_id, waiting.stage) == (documents[-1].id, Stage.EMBEDDING)
        chunks = catalog.all_chunks(now.id)
        ids, vectors = vectors_of(catalog, now)
        assert list(ids) == [chunk.id for chunk in chunks[:-1]]
        texts = [text_of(chunk) for chunk in chunks[:-1]]
        assert np.allclose(vectors, HashEmbedder("new", 16).embed(texts), atol=1e-3)
        with closing(Indexes(catalog)) as indexes:
            found = indexes.current(now.id).words.search(f"number {MOST_ROUNDS}", 1)
        assert found[0][0] == chunks[-1].id
