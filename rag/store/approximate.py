"""Which rows are worth comparing exactly: 4-bit product quantisation, scanned whole.

`PQ{dimension/4}x4fs` of FAISS (André et al. 2017, arXiv:1704.07355): an eighth of the bytes of
float32, read from registers. On real vectors it keeps more of the best rows than graphs (HNSW) or
inverted lists do at the same time, needs no list training and takes any filter.
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


class Approximate:
    """The codes of every row of some `Halves`."""

    def __init__(self, index: Any) -> None:
        """Take a filled FAISS index."""
        self._index = index

    def candidates(self, query: Vectors, count: int) -> Rows:
        """About the `count` nearest rows, in no order that can be relied on."""
        count = min(count, int(self._index.ntotal))
        rows: Rows = self._index.search(query[None, :], count)[1][0]
        return rows[rows >= 0]


def encode(halves: Halves, stop: threading.Event) -> Approximate | None:
    """Learn the codes and encode every row, on one thread; None when told to stop."""
    faiss.omp_set_num_threads(1)  # of this thread alone: searches go on beside it
    count = len(halves)
    sample = np.linspace(0, count - 1, min(count, TRAINING_ROWS)).astype(np.int64)
    codes = halves.dimension // DIMENSIONS_A_CODE
    index = faiss.index_factory(halves.dimension, f"PQ{codes}x4fs", faiss.METRIC_INNER_PRODUCT)
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
        OSError: they cannot be read.
    """
    try:
        return Approximate(faiss.read_index(str(path)))
    except RuntimeError as error:
        raise OSError(str(error)) from error
