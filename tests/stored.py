"""What a catalog has stored, as tests compare it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from rag.domain import Library
from rag.protocols import Vectors
from rag.store.catalog import Catalog


def vectors_of(catalog: Catalog, library: Library) -> tuple[NDArray[np.int64], Vectors]:
    """The ids and vectors of a library's chunks, by id: shapes `(n,)` and `(n, dimension)`."""
    rows = list(catalog.packed_vectors(library))
    ids = np.fromiter((id_ for id_, _ in rows), dtype=np.int64, count=len(rows))
    packed = np.frombuffer(b"".join(vector for _, vector in rows), dtype="<f2")
    return ids, packed.reshape(len(rows), library.dimension).astype(np.float32)
