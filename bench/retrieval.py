"""How quick and how exact search is, by the size of the library, on one thread.

    python -m bench.retrieval [10k|100k|1m ...]

A real catalog is filled with synthetic clustered vectors of 1,024 dimensions and the paragraphs
of XQuAD, repeated with variation (from TRAMONTANE_EVAL_DIR, ../shared/eval by default). The
folder is a temporary one; a million passages need about 6 GB of disk. Times are of files that the
system has in its cache, but for the line that says otherwise.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path

import faiss
import numpy as np
from numpy.typing import NDArray

from rag.domain import Document, DocumentState, Library, Page, Scope
from rag.evidence import SentenceScorer
from rag.intake import Chunk
from rag.protocols import Vectors
from rag.providers.minilm.embedder import MiniLmEmbedder
from rag.retrieval import CANDIDATES, Retriever
from rag.store.catalog import CATALOG, Catalog
from rag.store.indexes import Indexes, LibraryIndex
from rag.store.rows import Reading
from rag.store.words import Words
from rag.vocabulary import load_vocabulary

DIMENSION = 1_024
INTRINSIC = 96  # as many directions as matter in a cluster
CENTRES = 2_000
QUESTIONS = 60
A_DOCUMENT = 500  # chunks
FIND = 10
SIZES = {"10k": 10_000, "100k": 100_000, "1m": 1_000_000}
MODEL = "stored"


class Clusters:
    """Draws unit vectors around centres that lie in a few directions, with noise in all."""

    def __init__(self) -> None:
        random = np.random.default_rng(0)
        self._basis = random.standard_normal((INTRINSIC, DIMENSION), dtype=np.float32)
        self._basis /= np.sqrt(DIMENSION)
        self._centres = random.standard_normal((CENTRES, INTRINSIC), dtype=np.float32)

    def draw(self, count: int, seed: int) -> Vectors:
        """Unit vectors, shape `(count, dimension)`."""
        random = np.random.default_rng(seed)
        inner = self._centres[random.integers(0, CENTRES, count)]
        inner = inner + 0.6 * random.standard_normal((count, INTRINSIC), dtype=np.float32)
        noise = random.standard_normal((count, DIMENSION), dtype=np.float32)
        drawn: Vectors = inner @ self._basis + 0.03 * noise
        return drawn / np.linalg.norm(drawn, axis=1, keepdims=True)


class StoredEmbedder:
    """Knows the vector of each question already."""

    model, dimension, max_tokens = MODEL, DIMENSION, 512

    def __init__(self) -> None:
        self.vector: Vectors = np.zeros(DIMENSION, dtype=np.float32)

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """The words of each text."""
        return [len(text.split()) for text in texts]

    def fluency(self, _text: str) -> float:
        """It knows every language."""
        return 1.0

    def embed(self, texts: Sequence[str]) -> Vectors:
        """The stored vector for every text."""
        return np.repeat(self.vector[None, :], len(texts), axis=0)


def real_texts() -> tuple[list[str], list[str]]:
    """Paragraphs and questions."""
    folder = Path(os.environ.get("TRAMONTANE_EVAL_DIR", "../shared/eval")) / "xquad"
    rows = {
        name: [
            json.loads(line)
            for line in (folder / f"en.{name}.jsonl").read_text(encoding="utf-8").splitlines()
        ]
        for name in ("passages", "questions")
    }
    return [row["text"] for row in rows["passages"]], [row["question"] for row in rows["questions"]]


def varied(texts: Sequence[str], count: int, seed: int) -> Iterator[str]:
    """Passages of about 60 words: two sentences' worth of two paragraphs, and a number."""
    random = np.random.default_rng(seed)
    split = [text.split() for text in texts]
    for number in range(count):
        one, two = (split[place] for place in random.integers(0, len(split), 2))
        start = int(random.integers(0, max(1, len(one) - 30)))
        yield " ".join([*one[start : start + 30], *two[:30], f"No. {seed}-{number}."])


def fill(catalog: Catalog, library: Library, count: int, texts: Sequence[str]) -> None:
    """Publish documents until there are so many chunks."""
    clusters = Clusters()
    for number in range(count // A_DOCUMENT):
        name = f"{number:06}"
        pages = [
            Page(place, str(place), text, 0)
            for place, text in enumerate(varied(texts, A_DOCUMENT, number), start=1)
        ]
        document = Document(
            name, library.id, f"report {name}.txt", f"Report {name}", "text/plain", name, 1,
            DocumentState.READY, "", len(pages), True,
        )  # fmt: skip
        chunks = [Chunk(page.number, 0, len(page.text), (), 80) for page in pages]
        vectors = clusters.draw(A_DOCUMENT, 1_000 + number)
        catalog.publish(Reading(document, pages, chunks, vectors, MODEL))


def percentiles(run: Callable[[int], object]) -> str:
    """The median and the worst hundredth of a run for each question, in milliseconds."""
    run(0)
    seconds = []
    for number in range(QUESTIONS):
        started = time.perf_counter()
        run(number)
        seconds.append(time.perf_counter() - started)
    middle, worst = np.percentile(np.array(seconds) * 1_000, [50, 99])
    return f"p50 {middle:7.2f} ms, p99 {worst:7.2f} ms"


def memory() -> str:
    """What of this process is resident, and what of that is its own."""
    lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    known = {
        line.split(":")[0]: line.split()[1] for line in lines if line.startswith(("VmR", "Rss"))
    }
    return f"{int(known['VmRSS']) // 1024} MB resident ({int(known['RssAnon']) // 1024} MB its own)"


def megabytes(folder: Path) -> float:
    """The size of the files in a folder."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / 1e6


def cached(folder: Path) -> None:
    """Read every file once, so that the system has them in its cache where the memory allows."""
    for path in folder.rglob("*"):
        if path.is_file():
            with path.open("rb") as file:
                while file.read(1 << 24):
                    pass


def uncached(path: Path) -> None:
    """Let the system forget what it has of a file, where it can be told to."""
    if hasattr(os, "posix_fadvise"):
        with path.open("rb") as file:
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def filters(index: LibraryIndex) -> dict[str, list[str]]:
    """One document, and shares of them drawn evenly."""
    names = sorted(index.chunks_by_document)
    drawn = np.random.default_rng(5).permutation(names).tolist()
    shares = {"1 %": 0.01, "10 %": 0.1, "50 %": 0.5}
    few = {name: drawn[: max(1, round(len(names) * share))] for name, share in shares.items()}
    return {"one document": drawn[:1], **few}


def report_vectors(index: LibraryIndex, queries: Vectors) -> None:
    """Recall against a scan of everything, and times, with and without filters."""
    base = index.vectors.base
    allowed: dict[str, list[range] | None] = {"no filter": None}
    allowed |= {name: index.ranges_of(documents) for name, documents in filters(index).items()}
    for name, ranges in allowed.items():
        mask: NDArray[np.bool_] = np.full(len(base.ids), ranges is None)
        for ids in ranges or ():
            mask |= (base.ids >= ids.start) & (base.ids < ids.stop)
        kept = 0
        for query in queries[:20]:
            rows, _ = base.rows.scan(query, FIND, mask)
            found = {id_ for id_, _ in index.vectors.search(query, CANDIDATES, ranges)[:FIND]}
            kept += len(found & set(base.ids[rows].tolist()))
        times = percentiles(lambda n, r=ranges: index.vectors.search(queries[n], CANDIDATES, r))
        print(f"  vectors, {name:12}: {times}, recall@{FIND} {kept / 20 / FIND:.4f}", flush=True)


def measure(name: str, folder: Path) -> None:
    """Fill, open, and print everything for one size."""
    texts, questions = real_texts()
    with closing(Catalog(folder)) as catalog:
        library = catalog.create_library("bench", MODEL, DIMENSION)
        started = time.perf_counter()
        fill(catalog, library, SIZES[name], texts)
        print(f"{name}: filled in {time.perf_counter() - started:.1f} s", flush=True)
        with closing(Indexes(catalog)) as indexes:
            started = time.perf_counter()
            indexes.current(library.id)
            opened = time.perf_counter() - started
            indexes.wait()
            print(f"  built in {opened:.1f} s, codes after {time.perf_counter() - started:.1f} s")
        print(f"  {megabytes(folder / 'derived'):.0f} MB of indexes, {memory()} after building")
        with closing(Indexes(catalog)) as indexes:
            started = time.perf_counter()
            index = indexes.current(library.id)
            print(f"  opened again in {time.perf_counter() - started:.2f} s", flush=True)
            indexes.wait()
            queries = Clusters().draw(QUESTIONS, 9)
            embedder = StoredEmbedder()
            scorer = SentenceScorer(MiniLmEmbedder(), Words())
            retriever = Retriever(catalog, indexes, embedder, scorer, load_vocabulary())
            scope = Scope(library.id)

            def whole(number: int) -> None:
                embedder.vector = queries[number]
                retriever.search(questions[number], scope, 5)

            cached(folder)
            words = percentiles(lambda n: index.words.search(questions[n], CANDIDATES))
            print(f"  words               : {words}")
            found = percentiles(lambda n: retriever.candidates(questions[n], queries[n], scope))
            print(f"  search              : {found} (words, vectors, fusion, texts); {memory()}")
            uncached(folder / CATALOG)
            found = percentiles(lambda n: retriever.candidates(questions[n], queries[n], scope))
            print(f"  texts from the disk : {found}")
            print(f"  and best sentences  : {percentiles(whole)}", flush=True)
            report_vectors(index, queries)
            print(f"  {memory()} after every filter")


def main(arguments: Sequence[str]) -> None:
    """Measure the sizes asked for, all of them by default."""
    faiss.omp_set_num_threads(1)
    for name in arguments or SIZES:
        with tempfile.TemporaryDirectory() as folder:
            measure(name, Path(folder))


if __name__ == "__main__":
    main(sys.argv[1:])
