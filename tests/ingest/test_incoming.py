from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from ingest.incoming import ABANDONED_SECONDS, MOST_ATTEMPTS, Incoming
from ingest.pipeline import Ingestor, Limits, Stage
from ingest.queue import IngestQueue
from rag.errors import StoreError
from rag.store.catalog import Catalog
from tests.fakes import HashEmbedder

ROOT = Path(__file__).parents[2]


@pytest.fixture
def incoming(tmp_path: Path) -> Incoming:
    return Incoming(tmp_path / "incoming", "documents")


def received(incoming: Incoming, text: str) -> Path:
    path = incoming.new_file()
    path.write_text(text)
    return path


def test_an_accepted_file_waits_with_its_name_and_number(incoming: Incoming) -> None:
    incoming.accept(received(incoming, "second"), 12, "b \u00e9/..\\.txt")
    incoming.accept(received(incoming, "first"), 3, "a.txt")
    found = incoming.waiting()
    assert [(file.number, file.name, file.attempts) for file in found] == [
        (3, "a.txt", 0),
        (12, "b \u00e9/..\\.txt", 0),
    ]
    assert [file.path.read_text() for file in found] == ["first", "second"]


def test_what_is_still_received_does_not_wait(incoming: Incoming, tmp_path: Path) -> None:
    received(incoming, "half a fi")
    assert incoming.waiting() == []
    assert len(list((tmp_path / "incoming").iterdir())) == 1


def test_files_of_another_library_wait_for_it(incoming: Incoming, tmp_path: Path) -> None:
    incoming.accept(received(incoming, "theirs"), 1, "a.txt")
    other = Incoming(tmp_path / "incoming", "other")
    assert other.waiting() == []
    assert len(incoming.waiting()) == 1


def test_what_an_old_crash_left_half_received_is_deleted(
    incoming: Incoming, tmp_path: Path
) -> None:
    old, new = received(incoming, "old"), received(incoming, "new")
    note = tmp_path / "incoming" / "00000001-0123abcd.json"
    note.write_text("{}")
    long_ago = time.time() - 2 * ABANDONED_SECONDS
    for path in (old, note):
        os.utime(path, (long_ago, long_ago))
    assert incoming.waiting() == []
    assert list((tmp_path / "incoming").iterdir()) == [new]


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "incoming").write_text("a file")
    incoming = Incoming(tmp_path / "incoming", "documents")
    assert incoming.waiting() == []
    with pytest.raises(StoreError, match="cannot be written"):
        incoming.new_file()
    path = tmp_path / "a.txt"
    path.write_text("mine")
    with pytest.raises(StoreError, match="cannot be written"):
        incoming.accept(path, 1, "a.txt")
    assert path.read_text() == "mine"


# Reads a file that brings the whole program down, as a fault in a native library would.
POISON = """
import os, sys
from pathlib import Path
from ingest.incoming import Incoming
from ingest.pipeline import Ingestor, Limits
from ingest.queue import IngestQueue
from rag.store.catalog import Catalog
from tests.fakes import HashEmbedder

class Deadly(HashEmbedder):
    def embed(self, texts):
        if any("deadly" in text for text in texts):
            os._exit(9)
        return super().embed(texts)

folder = Path(sys.argv[1])
catalog, embedder = Catalog(folder / "data"), Deadly()
catalog.create_library("documents", embedder.model, embedder.dimension)
incoming = Incoming(folder / "incoming", "documents")
queue = IngestQueue(
    Ingestor(catalog, embedder, Limits(1000, 10)), lambda: catalog.library("documents"), incoming
)
queue.resume()
for text in sys.argv[2:]:
    path = incoming.new_file()
    path.write_text(text)
    print(queue.submit(path, f"{text}.txt"), flush=True)
queue.wait([job.id for job in queue.jobs()])
queue.close()
catalog.close()
"""


def run(folder: Path, *texts: str) -> int:
    return subprocess.run(
        [sys.executable, "-c", POISON, str(folder), *texts], cwd=ROOT, check=False, timeout=60
    ).returncode


def test_a_file_that_ends_the_program_is_given_up_after_three_times(
    tmp_path: Path, incoming: Incoming
) -> None:
    assert run(tmp_path, "deadly", "innocent") == 9
    for attempts in range(1, MOST_ATTEMPTS):
        assert [(file.name, file.attempts) for file in incoming.waiting()] == [
            ("deadly.txt", attempts),
            ("innocent.txt", 0),
        ]
        assert run(tmp_path) == 9
    assert run(tmp_path) == 0
    catalog, embedder = Catalog(tmp_path / "data"), HashEmbedder()
    ingestor = Ingestor(catalog, embedder, Limits(1000, 10))
    queue = IngestQueue(ingestor, lambda: catalog.library("documents"), incoming)
    try:
        queue.resume()
        (job,) = queue.jobs()
        assert (job.name, job.stage, job.is_lost) == ("deadly.txt", Stage.FAILED, True)
        assert job.outcome.startswith("Tramontane ended 3 times while it read this file")
        names = [each.name for each in catalog.documents(catalog.library("documents").id)]
        assert names == ["innocent.txt"]
        queue.retry(job.id)  # with an embedder that survives it
        assert [done.stage for done in queue.wait([job.id])] == [Stage.DONE]
    finally:
        queue.close()
        catalog.close()
    assert incoming.waiting() == []
