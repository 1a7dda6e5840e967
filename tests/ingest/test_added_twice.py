"""Two processes that add the same changed file: one adds it, the other finds it there."""

from __future__ import annotations

from pathlib import Path

import pytest

from ingest.loaded import LoadedDocument
from ingest.loaders.load import load
from ingest.pipeline import Ingestor
from ingest.queue import IngestQueue
from rag.domain import Library
from rag.intake import Origin
from rag.store.catalog import Catalog
from tests.ingest.scanning import LIMITS, Counting, settled, start


def test_who_comes_second_says_that_it_is_there(
    catalog: Catalog,
    library: Library,
    embedder: Counting,
    queue_of: list[IngestQueue],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    path, origin = tmp_path / "port.txt", Origin(str(tmp_path / "port.txt"))
    queue_of.append(start(catalog, embedder, None, tmp_path))
    queue, ingestor = queue_of[0], queue_of[0].intake.ingestor
    path.write_text("The harbour master is Mr. Olive.")
    queue.submit(path, path.name, keep=True, origin=origin)
    settled(queue)
    path.write_text("The harbour master is Mrs. Laurel.")
    other = Ingestor(catalog, embedder, LIMITS, load)

    def read_while_another_publishes(*given: object, **named: object) -> LoadedDocument:
        other.take(path, library, path.name)
        return load(*given, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(ingestor, "reader", read_while_another_publishes)
    number = queue.submit(path, path.name, keep=True, origin=origin)
    (job,) = [each for each in settled(queue) if each.id == number]

    assert job.outcome == "port.txt is already in the library."
    assert [each.embedded for each in catalog.documents(library.id)] == [1]  # the new one
