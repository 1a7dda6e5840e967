"""A library that is embedded with another model while files are taken in."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from ingest.loaders.load import load
from ingest.pipeline import Ingestor, Limits, Progress, reembed
from rag.errors import EmbeddingMismatchError
from rag.intake import Stage
from rag.store.catalog import Catalog
from tests.fakes import HashEmbedder
from tests.stored import vectors_of

LIMITS = Limits(1_000_000, 100)


@pytest.mark.parametrize("when", ["before", "meanwhile"])
def test_a_file_for_the_old_model_is_refused_and_nothing_is_mixed(
    tmp_path: Path, when: str
) -> None:
    first, second = tmp_path / "first.txt", tmp_path / "second.txt"
    first.write_text("The harbour holds forty-one boats.")
    second.write_text("The lighthouse was lit in 1831.")
    old, new = HashEmbedder("old", 8), HashEmbedder("new", 16)
    with closing(Catalog(tmp_path / "data")) as catalog:
        library = catalog.create_library("documents", old.model, old.dimension)
        ingestor = Ingestor(catalog, old, LIMITS, load)
        ingestor.add(first, library)
        old.embedded.clear()

        def switch(progress: Progress) -> None:
            if progress.stage is Stage.EMBEDDING:
                reembed(catalog, catalog.library("documents"), new, lambda _: None)

        if when == "before":
            reembed(catalog, library, new, lambda _: None)
        with pytest.raises(EmbeddingMismatchError, match=r"now embedded with new .* Restart"):
            ingestor.add(second, library, report=switch)

        assert len(old.embedded) == (0 if when == "before" else 1)
        # What was read by then was embedded with the rest, and by the new model alone.
        names = ["first.txt"] if when == "before" else ["first.txt", "second.txt"]
        assert [each.name for each in catalog.documents(library.id)] == names
        assert vectors_of(catalog, catalog.library("documents"))[1].shape == (len(names), 16)
        assert Ingestor(catalog, new, LIMITS, load).add(second, library).new == (when == "before")
