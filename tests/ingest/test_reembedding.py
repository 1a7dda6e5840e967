"""A library that is embedded with another model while files are taken in."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from ingest.embedded import text_of
from ingest.loaders.load import load
from ingest.pipeline import BATCH_CHUNKS, Ingestor, Limits, Progress
from ingest.reembedding import carry_out, discard_kept, price_of_reembedding, reembed
from rag.errors import EmbeddingMismatchError, StoreError, UnavailableError
from rag.intake import Stage
from rag.protocols import Vectors
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


class Stopping(HashEmbedder):
    """Stops after so many batches."""

    def __init__(self, batches: int) -> None:
        super().__init__("new", 16)
        self._left = batches

    def embed(self, texts: Sequence[str]) -> Vectors:
        if not self._left:
            raise UnavailableError("The server is away.")
        self._left -= 1
        return super().embed(texts)


@pytest.fixture
def catalog(tmp_path: Path) -> Iterator[Catalog]:
    """A catalog with a library of three batches, embedded with an old model."""
    old = HashEmbedder("old", 8)
    with closing(Catalog(tmp_path / "data")) as catalog:
        library = catalog.create_library("documents", old.model, old.dimension)
        text = " ".join(f"Boat number {number} lies at its pier." for number in range(12_000))
        path = tmp_path / "harbour.txt"
        path.write_text(text)
        Ingestor(catalog, old, LIMITS, load).add(path, library)
        yield catalog


def test_what_was_embedded_before_a_fault_is_not_embedded_again(catalog: Catalog) -> None:
    library = catalog.library("documents")
    (document,) = catalog.documents(library.id)
    first, second = Stopping(2), Stopping(9)
    whole = price_of_reembedding(catalog, library, first)
    with pytest.raises(UnavailableError):
        reembed(catalog, library, first, lambda _: None)
    assert catalog.library("documents") == library
    left = price_of_reembedding(catalog, library, second)
    assert left.seconds < whole.seconds

    assert reembed(catalog, library, second, lambda _: None) == document.chunks

    assert len(first.embedded) == 2 * BATCH_CHUNKS
    assert len(first.embedded) + len(second.embedded) == document.chunks
    assert set(first.embedded).isdisjoint(second.embedded)
    now = catalog.library("documents")
    texts = [text_of(chunk) for chunk in catalog.all_chunks(now.id)]
    expected = HashEmbedder("new", 16).embed(texts)
    assert np.allclose(vectors_of(catalog, now)[1], expected, atol=1e-3)
    assert list((catalog.data_dir / "reembedding").iterdir()) == []


@pytest.mark.parametrize("damage", ["cut", "flipped"])
def test_what_was_kept_and_damaged_is_made_again(catalog: Catalog, damage: str) -> None:
    library = catalog.library("documents")
    with pytest.raises(UnavailableError):
        reembed(catalog, library, Stopping(1), lambda _: None)
    (kept,) = (catalog.data_dir / "reembedding").iterdir()
    content = bytearray(kept.read_bytes())
    record = len(content) // BATCH_CHUNKS
    if damage == "cut":
        del content[-1:]
    else:
        content[-record // 2] ^= 1
    kept.write_bytes(content)
    second = Stopping(9)

    count = reembed(catalog, library, second, lambda _: None)

    assert len(second.embedded) == count - BATCH_CHUNKS + 1


def test_a_library_is_made_anew_with_its_own_model(catalog: Catalog) -> None:
    old = HashEmbedder("old", 8)

    count = reembed(catalog, catalog.library("documents"), old, lambda _: None)

    assert len(old.embedded) == count


def test_what_failed_is_gone_on_with_after_a_rebuild(catalog: Catalog) -> None:
    library = catalog.library("documents")
    with pytest.raises(UnavailableError):
        reembed(catalog, library, Stopping(1), lambda _: None)
    noted = catalog.reembeddings.of(library.id)
    discard_kept(catalog)
    assert catalog.reembeddings.of(library.id) == noted
    second = Stopping(9)

    count = reembed(catalog, library, second, lambda _: None)

    assert len(second.embedded) == count - BATCH_CHUNKS  # what was paid for is not again


def test_what_waits_to_be_embedded_anew_survives_a_rebuild(catalog: Catalog) -> None:
    library = catalog.library("documents")
    held = catalog.reembeddings.begin(library.id, "new", "somebody")
    with pytest.raises(UnavailableError):
        carry_out(catalog, held, Stopping(1), lambda _: None)
    catalog.reembeddings.ask(library.id, "new")
    catalog.reembeddings.put_back(held)  # as when a server ends
    discard_kept(catalog)
    claimed = catalog.reembeddings.claim("another")
    assert claimed is not None
    second = Stopping(9)
    count = carry_out(catalog, claimed, second, lambda _: None)
    assert len(second.embedded) == count - BATCH_CHUNKS
    discard_kept(catalog)
    assert catalog.reembeddings.of(library.id) is None


def test_what_was_stopped_is_kept_as_long_as_the_trash_is(catalog: Catalog) -> None:
    library = catalog.library("documents")
    with pytest.raises(UnavailableError):
        reembed(catalog, library, Stopping(1), lambda _: None)
    catalog.reembeddings.cancel(library.id)
    discard_kept(catalog)
    (kept,) = (catalog.data_dir / "reembedding").iterdir()
    long_ago = time.time() - 31 * 86_400
    os.utime(kept, (long_ago, long_ago))
    discard_kept(catalog)
    assert not kept.exists()


def test_what_cannot_be_kept_is_told_and_nothing_changes(catalog: Catalog) -> None:
    library = catalog.library("documents")
    (catalog.data_dir / "reembedding").touch()
    with pytest.raises(StoreError, match=r"cannot be written \(File exists\)\. Make room there"):
        reembed(catalog, library, HashEmbedder("new", 16), lambda _: None)
    assert catalog.library("documents") == library
    found = catalog.reembeddings.of(library.id)
    assert found is not None
    assert found.outcome.startswith(str(catalog.data_dir / "reembedding"))


def test_a_purge_leaves_nothing_of_what_was_kept(catalog: Catalog) -> None:
    library = catalog.library("documents")
    with pytest.raises(UnavailableError):
        reembed(catalog, library, Stopping(1), lambda _: None)
    (document,) = catalog.documents(library.id)
    catalog.remove(document.id)
    assert list((catalog.data_dir / "reembedding").iterdir()) != []
    catalog.trash.purge([document.id])
    assert list((catalog.data_dir / "reembedding").iterdir()) == []


def test_what_another_process_keeps_is_not_thrown_away(catalog: Catalog) -> None:
    library = catalog.library("documents")
    second = Stopping(9)

    def look(progress: Progress) -> None:
        if progress.done:
            discard_kept(catalog)
            assert len(list((catalog.data_dir / "reembedding").iterdir())) == 1

    assert reembed(catalog, library, second, look) == len(second.embedded)


def test_what_cannot_be_deleted_at_the_end_does_not_undo_what_was_done(
    catalog: Catalog, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(_path: Path, missing_ok: bool = False) -> None:
        raise OSError(5, "Input/output error")

    library, new = catalog.library("documents"), HashEmbedder("new", 16)
    (document,) = catalog.documents(library.id)
    with monkeypatch.context() as failing:
        failing.setattr(Path, "unlink", fail)
        assert reembed(catalog, library, new, lambda _: None) == document.chunks
        discard_kept(catalog)
    assert catalog.library("documents").embedding_model == "new"
    assert "cannot be deleted (Input/output error)" in caplog.text
    assert len(list((catalog.data_dir / "reembedding").iterdir())) == 1
    discard_kept(catalog)
    assert list((catalog.data_dir / "reembedding").iterdir()) == []
