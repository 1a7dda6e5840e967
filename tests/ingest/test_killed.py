"""A process that is killed while it takes files in, and the one that comes after it."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from ingest.pipeline import BATCH_CHUNKS
from rag.intake import Stage
from rag.store.catalog import Catalog
from tests.rag.store.shelves import finish, start_python

# Takes files in with an embedder that writes down what it embeds; at the batch that it is told, it
# says so and waits to be killed.
WORK = """
import sys
from pathlib import Path
from ingest.incoming import Incoming
from ingest.intake import Intake
from ingest.loaders.load import load
from ingest.pipeline import Ingestor, Limits
from ingest.rendering import render_page
from ingest.queue import IngestQueue
from rag.store.catalog import Catalog
from tests.fakes import HashEmbedder

folder, halt, names = Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3:]

class Halting(HashEmbedder):
    batches = 0
    def embed(self, texts):
        self.batches += 1
        with (folder / "embedded.txt").open("a") as log:
            log.writelines(text.replace("\\n", " ") + "\\n" for text in texts)
        if self.batches == halt:
            print("halted", flush=True)
            sys.stdin.read()
        return super().embed(texts)

catalog, embedder = Catalog(folder / "data"), Halting()
catalog.create_library("documents", embedder.model, embedder.dimension)
queue = IngestQueue(
    Intake(catalog, Ingestor(catalog, embedder, Limits(10_000_000, 500), load), render_page),
    lambda: catalog.library("documents"),
    Incoming(folder / "incoming", "documents"),
)
for name in names:
    queue.submit(folder / name, name, keep=True)
print("accepted", flush=True)
queue.wait([job.id for job in queue.jobs()])
queue.close()
catalog.close()
print("done", flush=True)
"""


def long_text(name: str) -> str:
    return " ".join(f"{name} has boat number {number} at its pier." for number in range(6_000))


@pytest.mark.parametrize("halt", [1, 3])
def test_a_killed_run_goes_on_and_repeats_one_batch_at_most(tmp_path: Path, halt: int) -> None:
    names = ["a.txt", "b.txt"]
    for name in names:
        (tmp_path / name).write_text(long_text(name))
    killed = start_python(WORK, str(tmp_path), str(halt), *names)
    assert killed.stdout is not None
    assert {killed.stdout.readline(), killed.stdout.readline()} == {"accepted\n", "halted\n"}
    killed.send_signal(signal.SIGKILL)
    killed.communicate()
    before = (tmp_path / "embedded.txt").read_text().splitlines()
    assert len(before) == halt * BATCH_CHUNKS
    assert finish(start_python(WORK, str(tmp_path), "0")).endswith("done")
    catalog = Catalog(tmp_path / "data")
    try:
        library = catalog.library("documents")
        documents = catalog.documents(library.id)
        assert sorted(document.name for document in documents) == names
        assert [each.embedded for each in documents] == [each.chunks for each in documents]
        assert [job.stage for job in catalog.jobs.of(library.id)] == [Stage.DONE] * 2
        count = sum(document.chunks for document in documents)
    finally:
        catalog.close()
    embedded = (tmp_path / "embedded.txt").read_text().splitlines()
    assert len(embedded) - count <= BATCH_CHUNKS
    assert len(set(embedded)) == count


def test_one_process_adds_while_another_works(tmp_path: Path) -> None:
    for name in ("a.txt", "b.txt"):
        (tmp_path / name).write_text(long_text(name))
    works = start_python(WORK, str(tmp_path), "2", "a.txt")
    assert works.stdout is not None
    assert {works.stdout.readline(), works.stdout.readline()} == {"accepted\n", "halted\n"}
    adds = start_python(WORK, str(tmp_path), "0", "b.txt")
    assert works.stdin is not None
    assert adds.stdout is not None
    assert adds.stdout.readline() == "accepted\n"
    works.stdin.close()  # it goes on
    works.stdin = None
    assert finish(adds).endswith("done")
    assert finish(works).endswith("done")
    catalog = Catalog(tmp_path / "data")
    try:
        documents = catalog.documents(catalog.library("documents").id)
        assert [each.embedded for each in documents] == [each.chunks for each in documents]
        embedded = (tmp_path / "embedded.txt").read_text().splitlines()
        assert len(embedded) == sum(each.chunks for each in documents)  # nothing twice
    finally:
        catalog.close()
