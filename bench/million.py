"""How large the database is, and how soon a cold start answers, by the number of passages.

    python -m bench.million [--folder FOLDER] [--codes] [CHUNKS ...]

Each data directory is filled with random unit vectors of 1,024 dimensions and little text, through
the catalog, and asked by fresh processes whose files the system has been told to forget: with the
indexes on disk, and without any. A million passages need about 8 GB of disk while it runs.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import numpy as np

from bench.retrieval import DIMENSION, MODEL, StoredEmbedder, megabytes, memory, uncached
from rag.domain import Document, DocumentState, Library, Page, Scope
from rag.evidence import SentenceScorer
from rag.intake import Chunk
from rag.protocols import Vectors
from rag.retrieval import Retriever
from rag.store.catalog import CATALOG, Catalog
from rag.store.indexes import Indexes
from rag.store.rows import Reading
from rag.store.words import Words
from rag.vocabulary import Vocabulary

SIZES = (50_000, 1_000_000)
A_DOCUMENT = 1_000  # chunks
A_PAGE = 5  # chunks
WORDS = 5  # a chunk
VOCABULARY = 40_000


def unit_vectors(count: int, seed: int) -> Vectors:
    """Random ones, shape `(count, dimension)`."""
    drawn = np.random.default_rng(seed).standard_normal((count, DIMENSION), dtype=np.float32)
    unit: Vectors = drawn / np.linalg.norm(drawn, axis=1, keepdims=True)
    return unit


def reading(library: Library, number: int) -> Reading:
    """A document of a few words a chunk."""
    random = np.random.default_rng(number)
    drawn = random.integers(0, VOCABULARY, (A_DOCUMENT, WORDS))
    texts = [" ".join(f"word{place}" for place in row) for row in drawn.tolist()]
    pages, chunks = [], []
    for start in range(0, A_DOCUMENT, A_PAGE):
        page, at = start // A_PAGE + 1, 0
        for text in texts[start : start + A_PAGE]:
            chunks.append(Chunk(page, at, at + len(text), (), WORDS))
            at += len(text) + 1
        pages.append(Page(page, str(page), "\n".join(texts[start : start + A_PAGE]), 0))
    name = f"{number:06}"
    document = Document(
        name, library.id, f"report {name}.txt", f"Report {name}", "text/plain", name, 1,
        DocumentState.READY, "", len(pages), True,
    )  # fmt: skip
    return Reading(document, pages, chunks, unit_vectors(A_DOCUMENT, number), MODEL)


def fill(data_dir: Path, count: int) -> None:
    """Publish documents until there are so many chunks."""
    with closing(Catalog(data_dir)) as catalog:
        library = catalog.create_library("documents", MODEL, DIMENSION)
        for number in range(count // A_DOCUMENT):
            catalog.publish(reading(library, number))


def answer(data_dir: Path, number: int, *, waits: bool) -> None:
    """Answer one question as the application would, up to the model; in a process of its own."""
    with closing(Catalog(data_dir)) as catalog:
        library = catalog.library("documents")
        indexes, embedder = Indexes(catalog), StoredEmbedder()
        embedder.vector = unit_vectors(A_DOCUMENT, number)[7]
        scorer = SentenceScorer(embedder, Words())
        retriever = Retriever(catalog, indexes, embedder, scorer, Vocabulary({}))
        asked = reading(library, number).pages[1].text.split("\n")[2]
        passages = retriever.search(asked, Scope(library.id), 5)
        if asked not in passages[0].text:
            raise SystemExit(f"{asked!r} was not found: {passages[0].text!r}")
        print(f"    {memory()}", flush=True)
        if waits:
            indexes.wait()
        indexes.close()


def seconds_until_answered(data_dir: Path, number: int, *, waits: bool = False) -> float:
    """The time from the start of a process to its first answer, with nothing in the cache."""
    for path in data_dir.rglob("*"):
        if path.is_file():
            uncached(path)
    command = [sys.executable, "-m", "bench.million", "--answer", str(data_dir), str(number)]
    started = time.perf_counter()
    with subprocess.Popen(
        [*command, "--waits"] if waits else command, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        said = process.stdout.readline()
        seconds = time.perf_counter() - started
    if process.returncode:
        raise SystemExit("no answer")
    print(said, end="", flush=True)
    return seconds


def measure(folder: Path, count: int, *, codes: bool) -> None:
    """Fill a data directory, and print its size and how soon it answers."""
    data_dir = folder / "data"
    started = time.perf_counter()
    fill(data_dir, count)
    print(f"{count:,} passages (filled in {time.perf_counter() - started:.0f} s)", flush=True)
    size = (data_dir / CATALOG).stat().st_size / 1e9
    with closing(Catalog(data_dir)) as catalog:
        pages = catalog.pages(catalog.documents(catalog.library("documents").id)[0].id)
    text = sum(len(page.text) for page in pages) * (count // A_DOCUMENT) / 1e9
    print(f"  database {size:.3f} GB, of which text {text:.3f} GB", flush=True)
    seconds = seconds_until_answered(data_dir, 3, waits=codes)
    print(f"  answers {seconds:.1f} s after a cold start without indexes", flush=True)
    print(f"  indexes {megabytes(data_dir / 'derived') / 1e3:.3f} GB", flush=True)
    seconds = seconds_until_answered(data_dir, 4)
    print(f"  answers {seconds:.1f} s after a cold start with them", flush=True)


def main(arguments: Sequence[str]) -> None:
    """Measure each size, or answer one question."""
    parser = argparse.ArgumentParser(prog="python -m bench.million")
    parser.add_argument("sizes", nargs="*", type=int, help="passages; 50,000 and 1,000,000")
    parser.add_argument("--folder", type=Path, help="where there is room; a temporary one if not")
    parser.add_argument("--codes", action="store_true", help="make what speeds questions up, too")
    parser.add_argument("--answer", nargs=2, metavar=("DATA", "DOCUMENT"), help=argparse.SUPPRESS)
    parser.add_argument("--waits", action="store_true", help=argparse.SUPPRESS)
    asked = parser.parse_args(arguments)
    if asked.answer:
        answer(Path(asked.answer[0]), int(asked.answer[1]), waits=asked.waits)
        return
    for count in asked.sizes or SIZES:
        folder = Path(tempfile.mkdtemp(prefix="tramontane-", dir=asked.folder))
        try:
            measure(folder, count, codes=asked.codes)
        finally:
            shutil.rmtree(folder)


if __name__ == "__main__":
    main(sys.argv[1:])
