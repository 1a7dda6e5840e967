"""Three processes over one data directory: whether every citation is of one version, and how soon.

    python -m bench.processes [--minutes 10] [--pause 0.5]

One process adds and removes documents and purges some, one replaces documents by new versions, one
asks. What each version of a document says follows from its name and number, so that whoever asks
can tell whether the document, the page, the span and the chunks of a passage belong together. The
time is that of the store for a question: opening what changed, searching by words and by meaning,
and reading from the catalog, without models; of "its own work" the processor's time alone, which
others on the machine do not lengthen. `--pause` is between two changes, in seconds.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from rag.domain import Document, DocumentState, Library, Page, Passage, Scope
from rag.errors import NotFoundError
from rag.evidence import SentenceScorer
from rag.intake import Chunk, Origin
from rag.protocols import Vectors
from rag.retrieval import CANDIDATES, LOADED, Retriever
from rag.store.catalog import Catalog
from rag.store.indexes import WORDS_PATIENCE_SECONDS, Indexes
from rag.store.rows import Reading
from rag.store.words import Words
from rag.vocabulary import Vocabulary

DIMENSION = 64
REPLACED = 40  # documents that are replaced again and again
ADDED = 12  # documents that are added before the oldest is removed
PURGED = 10  # every so many removals are for good
PAGES, LINES = 12, 4
WORDS = 2_000
PASSAGES = 8


class HashedWords:
    """Embeds a text as the bag of its words, hashed."""

    model, dimension, max_tokens = "hashed-words", DIMENSION, 512

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """The words of each text."""
        return [len(text.split()) for text in texts]

    def fluency(self, _text: str) -> float:
        """It knows every language."""
        return 1.0

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Unit vectors."""
        vectors = np.zeros((len(texts), DIMENSION), dtype=np.float32)
        for row, text in zip(vectors, texts, strict=True):
            for word in text.lower().split() or [""]:
                digest = hashlib.sha256(word.encode()).digest()
                row[digest[0] % DIMENSION] += 1 if digest[1] % 2 else -1
            row[0] += 0.01  # never of no length
        unit: Vectors = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
        return unit


def lines_of(name: str, version: int, page: int) -> list[str]:
    """What a page of a version says: words that are the document's, and where they stand."""
    topic = np.random.default_rng([*name.encode(), page]).integers(0, WORDS, (LINES, 8))
    return [
        " ".join([f"Line {line} of page {page} says", *(f"term{w}" for w in row), name])
        + f" in version {version}."
        for line, row in enumerate(topic.tolist())
    ]


def publish(catalog: Catalog, library: Library, name: str, version: int) -> Document:
    """Store the file of a version, and publish what it says."""
    texts = [lines_of(name, version, page) for page in range(1, PAGES + 1)]
    pages = [
        Page(number, str(number), "\n".join(lines), 0) for number, lines in enumerate(texts, 1)
    ]
    chunks = []
    for page, lines in zip(pages, texts, strict=True):
        at = 0
        for line in lines:
            chunks.append(Chunk(page.number, at, at + len(line), (), 20))
            at += len(line) + 1
    with tempfile.NamedTemporaryFile("w", dir=catalog.data_dir.parent, delete=False) as file:
        file.write("\f".join(page.text for page in pages))
    sha256 = catalog.blobs.put(Path(file.name))
    Path(file.name).unlink(missing_ok=True)
    document = Document(
        f"{name}-{version}", library.id, f"{name}.txt", f"{name} {version}", "text/plain", sha256,
        1, DocumentState.READY, "", PAGES, True,
    )  # fmt: skip
    vectors = HashedWords().embed([line for lines in texts for line in lines])
    origin = Origin(f"/shelf/{name}.txt", alone=True)
    return catalog.publish(
        Reading(document, pages, chunks, vectors, HashedWords.model, origin=origin)
    )


def add_and_remove(catalog: Catalog, library: Library, go_on: Callable[[], bool]) -> int:
    """Add documents, remove the oldest, and purge some of them; how many changes."""
    there: list[str] = []
    removed = changes = 0
    while go_on():
        there.append(publish(catalog, library, f"added{changes}", 0).id)
        changes += 1
        if len(there) > ADDED and go_on():
            oldest = there.pop(0)
            catalog.remove(oldest)
            removed += 1
            changes += 1
            if removed % PURGED == 0:
                catalog.trash.purge([oldest])
    return changes


def replace(catalog: Catalog, library: Library, go_on: Callable[[], bool]) -> int:
    """Replace documents by their next versions, in turn; how many changes."""
    changes = 0
    while go_on():
        publish(catalog, library, f"kept{changes % REPLACED}", 1 + changes // REPLACED)
        changes += 1
    return changes


def faults_of(catalog: Catalog, passages: Sequence[Passage], scope: Scope) -> list[str]:
    """What does not belong together in an answer that cites these passages."""
    faults: list[str] = []
    versions: dict[str, set[str]] = {}
    for passage in passages:
        document = passage.document
        name, _, version = document.id.rpartition("-")
        versions.setdefault(document.name, set()).add(document.id)
        lines = lines_of(name, int(version), passage.page)
        said = "\n".join(lines)[passage.start : passage.end]
        if (document.name, document.title) != (f"{name}.txt", f"{name} {version}"):
            faults.append(f"{document.id} is called {document.name}, {document.title}")
        if passage.text != said:
            faults.append(f"{document.id}, page {passage.page}: {passage.text!r} is not there")
        for chunk in catalog.chunks(passage.chunk_ids, scope):
            place = (chunk.document.id, chunk.chunk.page, chunk.text in passage.text)
            if place != (document.id, passage.page, True):
                faults.append(f"chunk {chunk.id} is at {place}, and cited from {document.id}")
        try:
            page = catalog.cited.page(document.id, passage.page)
        except NotFoundError:
            if not name.startswith("added"):
                faults.append(f"{document.id} is cited and does not open")
            continue
        if page.text[passage.start : passage.end] != passage.text:
            faults.append(f"{document.id}, page {passage.page} opens on other words")
    faults += [f"{ids} are cited together" for ids in versions.values() if len(ids) > 1]
    return faults


def ask(catalog: Catalog, library: Library, go_on: Callable[[], bool]) -> dict[str, Any]:
    """Ask one question after the other; the times of the store and what was inconsistent."""
    indexes = Indexes(catalog, patience_seconds=WORDS_PATIENCE_SECONDS)
    embedder = HashedWords()
    scorer = SentenceScorer(embedder, Words())
    retriever = Retriever(catalog, indexes, embedder, scorer, Vocabulary({}))
    scope, random = Scope(library.id), np.random.default_rng(1)
    kinds = ("opening", "searching", "reading", "store", "its own work")
    times: dict[str, list[float]] = {kind: [] for kind in kinds}
    faults: list[str] = []
    cited = 0
    retriever.search("the first question opens the indexes", scope, PASSAGES)
    while go_on() or not cited:
        name = f"kept{random.integers(REPLACED)}"
        line = lines_of(name, 0, int(random.integers(1, PAGES + 1)))[int(random.integers(LINES))]
        question = " ".join(line.split()[6:12])
        (vector,) = embedder.embed([question])
        marks, worked = [time.perf_counter()], time.thread_time()
        index = indexes.current(library.id)
        marks.append(time.perf_counter())
        hits = index.words.search(question, CANDIDATES) + index.vectors.search(vector, CANDIDATES)
        marks.append(time.perf_counter())
        chunks = catalog.chunks([id_ for id_, _ in hits[:LOADED]], scope)
        places = dict.fromkeys((chunk.document.id, chunk.chunk.page) for chunk in chunks)
        catalog.chunked_pages(list(places)[: 2 * PASSAGES], scope)
        marks.append(time.perf_counter())
        for kind, (start, stop) in zip(kinds, pairwise(marks), strict=False):
            times[kind].append(stop - start)
        times["store"].append(marks[-1] - marks[0])
        times["its own work"].append(time.thread_time() - worked)
        passages = retriever.search(question, scope, PASSAGES)
        cited += len(passages)
        faults += faults_of(catalog, passages, scope)
    indexes.close()
    return {"times": times, "faults": faults, "cited": cited}


ROLES: dict[str, Callable[[Catalog, Library, Callable[[], bool]], Any]] = {
    "adds and removes": add_and_remove,
    "replaces": replace,
    "asks": ask,
}


def play(role: str, data_dir: Path, seconds: float, pause: float) -> None:
    """Play one of the three until the time is over, and print what came of it."""
    end = time.monotonic() + seconds
    with closing(Catalog(data_dir)) as catalog:

        def go_on() -> bool:
            if role != "asks":
                time.sleep(pause)
            return time.monotonic() < end

        print(json.dumps(ROLES[role](catalog, catalog.library("documents"), go_on)))


def run(folder: Path, seconds: float, pause: float) -> dict[str, Any]:
    """What came of each role, all three of them in processes of their own at the same time."""
    data_dir = folder / "data"
    with closing(Catalog(data_dir)) as catalog:
        library = catalog.create_library("documents", HashedWords.model, DIMENSION)
        for number in range(REPLACED):
            publish(catalog, library, f"kept{number}", 0)
    options = [str(data_dir), str(seconds), str(pause)]
    processes = {
        role: subprocess.Popen(
            [sys.executable, "-m", "bench.processes", "--play", role, *options],
            stdout=subprocess.PIPE,
            text=True,
        )
        for role in ROLES
    }
    said = {role: process.communicate()[0] for role, process in processes.items()}
    failed = [role for role, process in processes.items() if process.returncode]
    if failed:
        raise SystemExit(f"The process that {failed[0]} failed.")
    return {role: json.loads(text) for role, text in said.items()}


def main(arguments: Sequence[str]) -> None:
    """Run the three, and print the figures and every inconsistency; fail if there is one."""
    parser = argparse.ArgumentParser(prog="python -m bench.processes")
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--pause", type=float, default=0.5, help="between two changes, seconds")
    parser.add_argument("--play", nargs=4, help=argparse.SUPPRESS)
    asked = parser.parse_args(arguments)
    if asked.play:
        role, data_dir, seconds, pause = asked.play
        play(role, Path(data_dir), float(seconds), float(pause))
        return
    with tempfile.TemporaryDirectory() as folder:
        came = run(Path(folder), 60 * asked.minutes, asked.pause)
    answers = came["asks"]
    for role in ("adds and removes", "replaces"):
        print(f"{role}: {came[role]} changes")
    print(f"asks: {len(answers['times']['store'])} questions, {answers['cited']} passages cited")
    for kind, seconds in answers["times"].items():
        p50, p99, most = np.percentile(np.array(seconds) * 1_000, [50, 99, 100])
        print(f"  {kind:12}: p50 {p50:6.1f} ms, p99 {p99:6.1f} ms, max {most:6.1f} ms")
    for fault in answers["faults"]:
        print(fault)
    print(f"{len(answers['faults'])} inconsistencies")
    raise SystemExit(bool(answers["faults"]))


if __name__ == "__main__":
    main(sys.argv[1:])
