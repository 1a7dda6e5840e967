"""Whether the search indexes on disk are what the catalog says, told by reading them."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import tempfile
import time
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from sqlalchemy import Connection, Engine, func, select
from tantivy import Index

from rag.domain import Library
from rag.store.approximate import load
from rag.store.derived import is_intact, said_of
from rag.store.lexical import LexicalIndex
from rag.store.opened import DamagedIndexError
from rag.store.rows import chunk_query, stored_chunk
from rag.store.spans import ROWS_AT_ONCE, chunk_spans, fingerprint
from rag.store.tables import chunks
from rag.store.vectors import CODES, Base, stored_rows

LOOKS, LOOK_SECONDS = 3, 0.3
SAMPLES = 8
NEAREST = 10  # that are compared for each sample
TOLERANCE = 2e-3  # between sums of float16 products
CANDIDATES = 400  # that the codes give for each sample
LEAST_FOUND = 0.8  # of the nearest, through the codes
PLAIN_WORD = re.compile(r"(?<= )[a-z]{6,12}(?= )")
KINDS = ("vectors", "lexical", "codes")  # codes are of vectors


def index_faults(reader: Engine, library: Library, folder: Path) -> Iterator[str]:
    """A sentence for each index of a library that is damaged or holds other than it should."""
    sound: set[str] = set()
    for path in (path for kind in KINDS for path in sorted(folder.glob(f"{kind}-*"))):
        fault = _lasting_fault_of(reader, library, path, sound)
        if not fault:
            sound.add(path.name)
        elif path.is_dir():  # else another process has just removed it
            yield (
                f"The index {path.name} of the library {library.name} is damaged ({fault}). "
                f"`tramontane rebuild --library {shlex.quote(library.name)}` makes it again."
            )


def _lasting_fault_of(reader: Engine, library: Library, path: Path, sound: Collection[str]) -> str:
    """What is wrong with an index, looked at again: one that is being removed loses its files."""
    fault = ""
    for _ in range(LOOKS):
        try:
            fault = _fault_of(reader, library, path, sound)
        except DamagedIndexError:
            fault = "it cannot be read"
        except (OSError, ValueError, TypeError, KeyError, RuntimeError) as error:
            fault = f"it cannot be read: {error}"
        if not fault or not path.is_dir():
            break
        time.sleep(LOOK_SECONDS)
    return fault


def _fault_of(reader: Engine, library: Library, path: Path, sound: Collection[str]) -> str:
    said = said_of(path)
    if not is_intact(path, said):
        return "its files are not as they were written"
    kind, _, generation = path.name.rpartition("-")
    with reader.begin() as connection:
        if kind == "lexical":
            is_current = int(generation) == library.generation
            words = str(said.get("chunks"))
            return _lexical_fault(connection, library, path, words) if is_current else ""
        if (said.get("model"), said.get("dimension")) != (
            library.embedding_model,
            library.dimension,
        ):
            return ""  # of before the library was embedded again: nobody uses it
        if kind == "vectors":
            return _vectors_fault(connection, library, stored_rows(path))
    rows = f"vectors-{generation}"
    return _codes_fault(stored_rows(path.with_name(rows)), path) if rows in sound else ""


def _lexical_fault(connection: Connection, library: Library, path: Path, chunks_said: str) -> str:
    spans = chunk_spans(connection, library.id)
    if chunks_said != fingerprint(spans):
        # Read after the library: it may have changed since, and this index with it.
        return ""
    with _lockable(path) as folder:
        return _words_fault(connection, library, LexicalIndex(Index.open(str(folder))))


@contextmanager
def _lockable(path: Path) -> Iterator[Path]:
    """The folder, or a copy where it cannot be written: tantivy makes a lock in what it opens."""
    if os.access(path, os.W_OK):
        yield path
        return
    with tempfile.TemporaryDirectory() as folder:
        yield Path(shutil.copytree(path, folder, dirs_exist_ok=True))


def _words_fault(connection: Connection, library: Library, index: LexicalIndex) -> str:
    own = chunks.c.library_id == library.id
    expected = set(connection.execute(select(chunks.c.id).where(own)).scalars())
    if len(index) != len(expected) or set(index.ids()) != expected:
        return f"it holds {len(index)} passages, and the library {len(expected)}"
    for id_ in _spread(sorted(expected)):
        row = connection.execute(chunk_query().where(chunks.c.id == id_)).one()
        chunk = stored_chunk(row)
        word = max(PLAIN_WORD.findall(chunk.text), key=len, default="")
        found = index.search(word, max(chunk.document.chunks, 1), {chunk.document.id})
        if word and id_ not in (found_id for found_id, _ in found):
            return f"{word!r} does not find the passage that has it"
    return ""


def _vectors_fault(connection: Connection, library: Library, base: Base) -> str:
    count = sum(span.size for span in base.spans)
    if not len(base.ids) == len(base.rows) == count:
        return f"it has {len(base.rows)} rows of {len(base.ids)} passages, and says {count}"
    if base.rows.dimension != library.dimension:
        return f"its vectors have {base.rows.dimension} dimensions"
    query = (
        select(chunks.c.id, chunks.c.vector)
        .where(
            chunks.c.library_id == library.id,
            func.length(chunks.c.vector) == 2 * library.dimension,
        )
        .order_by(chunks.c.id)
        .execution_options(yield_per=ROWS_AT_ONCE)
    )
    alive = np.zeros(len(base.ids), dtype=np.bool_)
    queries = base.rows.read(np.array(_spread(range(len(base.ids))))).astype(np.float32)
    best = [np.empty(0, dtype=np.float32) for _ in queries]
    for rows in connection.execute(query).partitions():
        ids = np.fromiter((row.id for row in rows), dtype=np.int64)
        packed = np.frombuffer(b"".join(row.vector for row in rows), dtype="<f2")
        held, here, there = np.intersect1d(ids, base.ids, return_indices=True)
        block = packed.reshape(len(rows), -1)[here]
        if len(held) and not np.array_equal(block, base.rows.read(there)):
            return "it holds other vectors than the catalog"
        alive[there] = True
        for place, similarities in enumerate(queries @ block.astype(np.float32).T):
            best[place] = np.sort(np.concatenate([best[place], similarities]))[-NEAREST:]
    for vector, expected in zip(queries, best, strict=True):
        _, found = base.rows.scan(vector, len(expected), alive) if len(expected) else ((), ())
        if not np.allclose(np.sort(found), expected, atol=TOLERANCE):
            return "a search in it finds other passages than one in the catalog"
    return ""


def _codes_fault(base: Base, path: Path) -> str:
    approximate = load(path / CODES)
    if len(approximate) != len(base.ids):
        return f"it has {len(approximate)} codes of {len(base.ids)} passages"
    hits = wanted = 0
    for row in _spread(range(len(base.ids))):
        (query,) = base.rows.block(row, row + 1)
        nearest, _ = base.rows.scan(query, NEAREST)
        hits += len(np.intersect1d(nearest, approximate.candidates(query, CANDIDATES)))
        wanted += len(nearest)
    return "its codes lead elsewhere than its vectors" if hits < LEAST_FOUND * wanted else ""


def _spread(ids: Sequence[int]) -> list[int]:
    """A few of them, from the first to the last."""
    places = np.linspace(0, len(ids) - 1, min(SAMPLES, len(ids))).astype(int)
    return [ids[place] for place in dict.fromkeys(places.tolist())]
