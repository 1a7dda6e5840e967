"""Which rows are worth comparing exactly: 4-bit product quantisation, scanned whole.

`PQ{dimension/4}x4fs` of FAISS (André et al. 2017, arXiv:1704.07355): an eighth of the bytes of
float32, read from registers. On real vectors it keeps more of the best rows than graphs (HNSW) or
inverted lists do at the same time, needs no list training and takes any filter. From `LISTED_ROWS`
rows on the codes lie in inverted lists as well, so that a question reads a part of them only; under
a filter, which lists alone would answer badly, all lists are read.
"""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import faiss
import numpy as np

from rag.protocols import Vectors
from rag.store.halves import Halves, Rows

TRAINING_ROWS = 8_192  # 16 centres need no more
BLOCK_ROWS = 8_192
DIMENSIONS_A_CODE = 4
LISTED_ROWS = 400_000  # above it reading every code takes longer than everything else
LISTS = 1_024
LISTS_READ = 64
LIST_TRAINING_ROWS = 40 * LISTS  # FAISS asks for 39 a list
LIST_TRAINING_ROUNDS = 10


class Approximate:
    """The codes of every row of some `Halves`."""

    def __init__(self, index: Any) -> None:
        """Take a filled FAISS index."""
        self._index = index
        self.dimension = int(index.d)

    def __len__(self) -> int:
        return int(self._index.ntotal)

    def candidates(self, query: Vectors, count: int, *, everywhere: bool = False) -> Rows:
        """About the `count` nearest rows, in no order that can be relied on.

        With `everywhere`, no row is left unread.
        """
        count = min(count, int(self._index.ntotal))
        lists = getattr(self._index, "nlist", None)
        if lists is None:
            rows: Rows = self._index.search(query[None, :], count)[1][0]
        else:
            read = faiss.IVFSearchParameters()
            read.nprobe = lists if everywhere else LISTS_READ
            rows = self._index.search(query[None, :], count, params=read)[1][0]
        return rows[rows >= 0]


def encode(
    halves: Halves, stop: threading.Event, *, listed_rows: int = LISTED_ROWS
) -> Approximate | None:
    """Learn the codes and encode every row, on one thread; None when told to stop."""
    faiss.omp_set_num_threads(1)  # of this thread alone: searches go on beside it
    count = len(halves)
    are_listed = count >= listed_rows
    wanted = LIST_TRAINING_ROWS if are_listed else TRAINING_ROWS
    sample = np.linspace(0, count - 1, min(count, wanted)).astype(np.int64)
    lists = min(LISTS, max(1, count // 40))
    kind = f"PQ{halves.dimension // DIMENSIONS_A_CODE}x4fs"
    kind = f"IVF{lists},{kind}" if are_listed else kind
    index: Any = faiss.index_factory(halves.dimension, kind, faiss.METRIC_INNER_PRODUCT)
    if are_listed:
        index.cp.niter = LIST_TRAINING_ROUNDS
    index.train(halves.read(sample).astype(np.float32))
    for start in range(0, count, BLOCK_ROWS):
        if stop.is_set():
            return None
        index.add(halves.block(start, min(start + BLOCK_ROWS, count)))
    return Approximate(index)


def save(approximate: Approximate, path: Path) -> None:
    """Write the codes.

    Raises:
        OSError: they cannot be written.
    """
    try:
        faiss.write_index(approximate._index, str(path))
    except RuntimeError as error:  # which is how FAISS says so
        raise OSError(str(error)) from error


def load(path: Path) -> Approximate:
    """Read the codes.

    Raises:
        OSError: they cannot be read, or are none.
    """
    try:
        index = faiss.read_index(str(path))
    except RuntimeError as error:
        raise OSError(str(error)) from error
    if not isinstance(index, (faiss.IndexPQFastScan, faiss.IndexIVFPQFastScan)):
        raise OSError(f"{path} holds something else than codes")
    return Approximate(index)
