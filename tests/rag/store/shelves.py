"""Small readings to put into a real catalog, and processes that do so beside the test."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from pathlib import Path

import numpy as np

from rag.domain import Document, DocumentState, Library, Page
from rag.intake import Chunk
from rag.protocols import Vectors
from rag.store.catalog import Catalog
from rag.store.lexical import LexicalIndex, open_lexical_index
from rag.store.rows import Reading

ROOT = Path(__file__).parents[3]
DIMENSION = 8
MODEL = "test-embedder"


def library_in(catalog: Catalog, name: str = "documents") -> Library:
    return catalog.create_library(name, MODEL, DIMENSION)


def vector_of(text: str, dimension: int = DIMENSION) -> Vectors:
    """A unit vector that depends on the text alone."""
    seed = int.from_bytes(hashlib.sha256(text.encode("utf-8", "replace")).digest()[:8], "big")
    vector = np.random.default_rng(seed).normal(size=dimension)
    return (vector / np.linalg.norm(vector)).astype(np.float32)


def reading(
    library: Library,
    *texts: str,
    name: str = "note.txt",
    id_: str = "",
    state: DocumentState = DocumentState.READY,
) -> Reading:
    """A document with one chunk a page, its page's whole text."""
    sha256 = hashlib.sha256("\f".join(texts).encode("utf-8", "replace")).hexdigest()
    document = Document(
        id_ or f"{name}-{sha256[:8]}",
        library.id,
        name,
        name.partition(".")[0],
        "text/plain",
        sha256,
        len("".join(texts)),
        state,
        "" if state is DocumentState.READY else "It could not be read.",
        len(texts),
        True,
    )
    offsets = [sum(len(text) for text in texts[:number]) for number in range(len(texts))]
    pages = [
        Page(number, str(number), text, offset)
        for number, (text, offset) in enumerate(zip(texts, offsets, strict=True), start=1)
    ]
    has_chunks = state in (DocumentState.READY, DocumentState.PARTIAL)
    chunks = [Chunk(page.number, 0, len(page.text), ("Heading",), 5) for page in pages]
    chunks = chunks if has_chunks else []
    vectors = np.empty((0, DIMENSION), dtype=np.float32)
    if chunks:
        vectors = np.stack([vector_of(text) for text in texts])
    return Reading(document, pages, chunks, vectors, MODEL)


def opened_words(catalog: Catalog) -> LexicalIndex:
    """The index of words of the library `documents` as it is now."""
    library = catalog.library("documents")
    return open_lexical_index(catalog, library, catalog.chunk_spans(library.id))


def start_python(code: str, *arguments: str) -> subprocess.Popen[str]:
    """Run a script in a process of its own; it waits for a line on stdin where it reads one."""
    return subprocess.Popen(
        [sys.executable, "-c", code, *arguments],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def finish(process: subprocess.Popen[str], line: str = "go\n") -> str:
    """Let a process go on, and return what it printed; it must end well."""
    out, err = process.communicate(line, timeout=60)
    assert process.returncode == 0, err
    return out.strip()


def together(code: str, count: int, *arguments: str) -> list[str]:
    """What several processes printed that all went on from their `input()` at the same time.

    Each must print a line, such as "ready", before it waits.
    """
    processes = [start_python(code, *arguments) for _ in range(count)]
    for process in processes:
        assert process.stdout is not None
        ready = process.stdout.readline()
        assert ready, process.communicate()[1]
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    return [finish(process, "") for process in processes]
