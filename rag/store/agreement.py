"""Whether an index that is as it was written is the one it is taken for: a few rows, looked up.

Checksums tell damage. They do not tell a file of another library, or of another time, that lies in
the place of one's own with a manifest to match. `index_checks` compares everything; this is what
can be afforded each time that an index is opened.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from rag.domain import Library
from rag.store.approximate import Approximate
from rag.store.catalog import Catalog
from rag.store.halves import Halves
from rag.store.spans import ChunkSpan

SAMPLES = 32
CANDIDATES, SHARE = 400, 0.1  # at most, and of all rows, that the codes give for each sample
LEAST_FOUND = 0.8  # of the samples, through the codes
TOLERANCE = 2e-3  # between sums of float16 products


def rows_agree(catalog: Catalog, library: Library, ids: NDArray[np.int64], rows: Halves) -> bool:
    """Whether some rows, spread over all, have the vectors that the catalog has for their ids."""
    places = _spread(len(ids))
    stored = rows.read(places)
    known = catalog.vectors_of(library.id, ids[places].tolist())
    return all(
        known.get(id_, vector.tobytes()) == vector.tobytes()  # gone by now: nothing to compare
        for id_, vector in zip(ids[places].tolist(), stored, strict=True)
    )


def rows_are_whole(ids: NDArray[np.int64], rows: Halves, spans: Iterable[ChunkSpan]) -> bool:
    """Whether there is a row for every id, and an id for every chunk of these documents."""
    if len(ids) != len(rows) or not bool((np.diff(ids) > 0).all()):
        return False
    wanted = np.array([span[1:] for span in spans], dtype=np.int64).reshape(-1, 3)
    held = np.searchsorted(ids, wanted[:, 1], "right") - np.searchsorted(ids, wanted[:, 0])
    return bool((held == wanted[:, 2]).all())


def codes_agree(approximate: Approximate, rows: Halves) -> bool:
    """Whether the codes are of as many rows, and lead from some of them to their like."""
    if (len(approximate), approximate.dimension) != (len(rows), rows.dimension):
        return False
    places = _spread(len(rows))
    found = 0
    wanted = min(CANDIDATES, int(SHARE * len(rows)) + 1)
    for place in places.tolist():
        (query,) = rows.block(place, place + 1)
        candidates = approximate.candidates(query, wanted)
        _, nearest = rows.best_of(query, candidates, 1)
        found += len(nearest) > 0 and nearest[0] >= query @ query - TOLERANCE
    return found >= LEAST_FOUND * len(places)


def words_agree(count: int, holds: Callable[[int, str], bool], spans: Sequence[ChunkSpan]) -> bool:
    """Whether an index of words has as many chunks as these spans, and some of them in place."""
    if count != sum(span.size for span in spans):
        return False
    some = [spans[place] for place in _spread(len(spans)).tolist()]
    return all(
        holds(id_, span.document_id) for span in some for id_ in sorted({span.first, span.last})
    )


def _spread(count: int) -> NDArray[np.int64]:
    """A few places, from the first to the last."""
    return np.unique(np.linspace(0, count - 1, min(SAMPLES, count)).astype(np.int64))
