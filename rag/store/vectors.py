"""Search by meaning: the nearest of a library's unit vectors, by FAISS.

The vectors lie as float16 in a file that is never loaded. A small library is scanned whole. Above
`EXACT_ROWS` 4-bit codes tell which rows are worth comparing, and those are compared exactly. What
was added since the file was written is kept beside it, what was removed is passed over, so that
a change costs no more than itself; the file is written again when there is too much of either.
"""

from __future__ import annotations

import json
import logging
import threading
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from rag.domain import Library
from rag.failpoints import failpoint
from rag.protocols import Vectors
from rag.store.agreement import codes_agree, rows_agree, rows_are_whole
from rag.store.approximate import DIMENSIONS_A_CODE, Approximate, encode, load, save
from rag.store.catalog import Catalog
from rag.store.derived import (
    DERIVED,
    PURGES,
    digest_of,
    discard_before,
    is_intact,
    provide,
    said_of,
    throw_away,
)
from rag.store.halves import (
    Halves,
    Mask,
    Rows,
    halves_in_memory,
    mapped_halves,
    write_halves,
)
from rag.store.opened import OpenedFiles
from rag.store.spans import ChunkSpan, EmbeddedSpans, fingerprint

logger = logging.getLogger(__name__)

FORMAT = 3
IDS, MATRIX, SPANS, CODES = "ids.npy", "matrix.index", "spans.json", "codes.index"
EXACT_ROWS = 20_000  # 1.4 ms at 1,024 dimensions
FEW_ROWS = 1_000  # read one by one; above it a scan is quicker
FILTERED_ROWS = 10_000  # above it a filter goes through the codes, when there are any
RESCORED = 400  # how many candidates are compared exactly, at least
RESCORED_FOR_EACH = 5  # and for each that is asked for
WIDEN = 4  # how many times more candidates when a filter leaves too few of them
KEPT_BESIDE = 20_000  # rows added or removed before the file is written again ...
KEPT_BESIDE_SHARE = 0.1  # ... or this share of it


@dataclass(slots=True)
class Base:
    """The rows of a file, and which chunks they are; the codes come when they are made."""

    ids: NDArray[np.int64]
    rows: Halves
    spans: frozenset[ChunkSpan]
    generation: int = 0
    digest: str = ""  # of the file; empty for rows in memory
    purges: int = 0  # of its library, before the file was begun
    approximate: Approximate | None = field(default=None)
    files: OpenedFiles = field(default_factory=lambda: OpenedFiles(()))

    @property
    def last(self) -> int:
        """The id of its last chunk."""
        return int(self.ids[-1]) if len(self.ids) else 0


class VectorIndex:
    """The vectors of one library at one generation."""

    def __init__(
        self,
        base: Base,
        added: Base | None = None,
        removed: Sequence[ChunkSpan] = (),
    ) -> None:
        """Take the rows of a file, those that came since, and what of the file is gone."""
        self.base = base
        self._parts = [base] if added is None or not len(added.ids) else [base, added]
        self._alive = _mask(base.ids, [range(s.first, s.last + 1) for s in removed])
        self._alive = ~self._alive
        self._all_alive = not removed
        self._count = int(self._alive.sum()) + sum(len(part.ids) for part in self._parts[1:])

    def __len__(self) -> int:
        return self._count

    def search(
        self, vector: Vectors, k: int, allowed: Sequence[range] | None = None
    ) -> list[tuple[int, float]]:
        """The `k` nearest chunks and their cosine similarity, nearest first.

        Args:
            vector: one unit vector, shape `(dimension,)`.
            k: how many.
            allowed: only the chunks with these ids; None for all.
        """
        query = np.ascontiguousarray(vector, dtype=np.float32)
        found: list[tuple[int, float]] = []
        for part in self._parts:
            among = None if allowed is None else _mask(part.ids, allowed)
            if part is self.base and not self._all_alive:
                among = self._alive if among is None else among & self._alive
            rows, similarities = _nearest(part, query, k, among)
            found += zip(part.ids[rows].tolist(), similarities.tolist(), strict=True)
        return sorted(found, key=lambda hit: -hit[1])[:k]


def _mask(ids: NDArray[np.int64], allowed: Sequence[range]) -> Mask:
    """Which of the ids, ascending, lie in one of the ranges."""
    starts = np.searchsorted(ids, np.fromiter((each.start for each in allowed), dtype=np.int64))
    stops = np.searchsorted(ids, np.fromiter((each.stop for each in allowed), dtype=np.int64))
    held = stops > starts  # no two of the ranges overlap, so each border stands once
    borders = np.zeros(len(ids) + 1, dtype=np.int8)
    borders[starts[held]] += 1
    borders[stops[held]] -= 1
    mask: Mask = np.cumsum(borders[:-1], dtype=np.int8).astype(np.bool_)
    return mask


def _nearest(part: Base, query: Vectors, k: int, among: Mask | None) -> tuple[Rows, Vectors]:
    count = len(part.ids) if among is None else int(among.sum())
    k = min(k, count)
    if k == 0:
        return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.float32)
    if among is not None and count <= max(FEW_ROWS, k):
        return part.rows.best_of(query, np.flatnonzero(among), k)
    if part.approximate is not None and (among is None or count > FILTERED_ROWS):
        rows = _candidates(part.approximate, query, max(RESCORED, RESCORED_FOR_EACH * k), among)
        if len(rows) >= k:
            return part.rows.best_of(query, rows, k)
    return part.rows.scan(query, k, among)


def _candidates(approximate: Approximate, query: Vectors, wanted: int, among: Mask | None) -> Rows:
    """The best `wanted` rows by their codes that a mask lets by; none where that asks too much.

    The best of all that a mask lets by are the best of those it lets by: nothing is lost, however
    the documents of a filter lie to the question.
    """
    if among is None:
        return approximate.candidates(query, wanted)
    count = wanted * len(among) // int(among.sum()) * 5 // 4
    while count < len(among) // WIDEN:
        rows = approximate.candidates(query, count, everywhere=True)
        rows = rows[among[rows]]
        if len(rows) >= wanted:
            return rows[:wanted] if len(rows) < 2 * wanted else rows
        count *= WIDEN
    return np.empty(0, dtype=np.int64)


def open_vector_index(
    catalog: Catalog,
    library: Library,
    embedded: EmbeddedSpans,
    previous: Base | None = None,
) -> VectorIndex:
    """The vector index of a library at its generation, as far as possible from what is on disk.

    `previous` are the rows in use at an earlier generation, used again where they still do. The
    file holds whole documents only: one of which some chunks have their vectors is kept beside it.

    Raises:
        DiscardedError: something of the library was purged meanwhile.
        EmbeddingMismatchError: the library has been embedded with another model since.
    """
    base, spans = previous, embedded.complete
    if base is None or not _still_serves(base, library, spans):
        base = _stored_base(catalog, library, spans)
    removed = sorted(base.spans - set(spans), key=lambda span: span.first)
    beside = [*(set(spans) - base.spans), *embedded.partial]
    packed = list(_of(beside, catalog, library))
    ids = np.fromiter((id_ for id_, _ in packed), dtype=np.int64, count=len(packed))
    rows = halves_in_memory((vector for _, vector in packed), library.dimension)
    return VectorIndex(base, Base(ids, rows, frozenset()), removed)


def _of(
    spans: Sequence[ChunkSpan], catalog: Catalog, library: Library
) -> Iterator[tuple[int, bytes]]:
    """The chunks of these spans with their stored vectors, by id."""
    ordered = sorted(spans, key=lambda span: span.first)
    if not ordered:
        return
    firsts = [span.first for span in ordered]
    for id_, vector in catalog.packed_vectors(library, ordered[0].first - 1):
        if id_ <= ordered[bisect_right(firsts, id_) - 1].last:
            yield id_, vector


def open_codes(catalog: Catalog, library: Library, base: Base, stop: threading.Event) -> None:
    """Give large rows their codes: those on disk, or new ones, which takes a while.

    They are made anew where the rows are others; told to stop, it leaves nothing behind. Of rows of
    which some were purged since, none are written.

    Raises:
        DiscardedError: something of the library was purged meanwhile.
    """
    encoded: list[Approximate] = []

    def build(folder: Path) -> None:
        approximate = encode(base.rows, stop)
        if approximate is None:
            raise InterruptedError("told to stop")
        encoded.append(approximate)
        failpoint("codes.before_save")
        save(approximate, folder / CODES)
        failpoint("codes.saved")

    if catalog.trash.purges(library.id) != base.purges:
        base.approximate = encode(base.rows, stop)
        return
    expected = _expected(library) | {"rows": fingerprint(base.spans), "file": base.digest}
    expected |= {PURGES: base.purges}
    place = catalog.data_dir / DERIVED / library.id / f"codes-{base.generation}"
    found = provide(place, expected, build, library.name)
    if found is not None and not encoded:
        base.approximate = _loaded(found, base)
        if base.approximate is None:
            throw_away(found)
            provide(place, expected, build, library.name)
    if encoded:
        base.approximate = encoded[0]
    if (purges := catalog.trash.purges(library.id)) != base.purges:
        discard_before(place.parent, purges)


def _loaded(folder: Path, base: Base) -> Approximate | None:
    """The codes in a folder; None where they are not of these rows."""
    try:
        approximate = load(folder / CODES)
    except OSError as error:
        logger.info("%s cannot be used: %s", folder, error)
        return None
    return approximate if codes_agree(approximate, base.rows) else None


def wants_codes(base: Base, exact_rows: int) -> bool:
    """Whether there are too many rows to scan them all for a question."""
    divides = base.rows.dimension % DIMENSIONS_A_CODE == 0
    return base.approximate is None and len(base.ids) > exact_rows and divides


def _still_serves(base: Base, library: Library, spans: Sequence[ChunkSpan]) -> bool:
    """Whether rows differ from the catalog by what was added after them, or little was removed."""
    if base.rows.dimension != library.dimension or base.generation > _age(library):
        return False
    if base.generation < library.rebuilt:
        return False  # all its vectors were made anew since, be it with the same model
    if any(span not in base.spans for span in spans if span.first <= base.last):
        return False  # of another history: the catalog was restored from a backup
    removed = sum(span.size for span in base.spans - set(spans))
    added = sum(span.size for span in spans if span.first > base.last)
    most = min(KEPT_BESIDE, len(base.ids)) if len(base.ids) < 10 * KEPT_BESIDE else 0
    most = most or int(len(base.ids) * KEPT_BESIDE_SHARE)
    return removed + added <= most


def _expected(library: Library) -> dict[str, str | int]:
    return {
        "format": FORMAT,
        "model": library.embedding_model,
        "dimension": library.dimension,
    }


def _stored_base(catalog: Catalog, library: Library, spans: Sequence[ChunkSpan]) -> Base:
    """Rows on disk that serve: of this generation or an earlier one, or written now."""
    purges = catalog.trash.purges(library.id)  # before anything is read that may be purged
    folder = catalog.data_dir / DERIVED / library.id
    place = folder / f"vectors-{_age(library)}"
    said = _expected(library) | {"chunks": fingerprint(spans), "generation": _age(library)}
    said |= {PURGES: purges}
    for older in sorted(folder.glob("vectors-*"), key=_generation, reverse=True):
        base = _serving(older, catalog, library, spans)
        if base is not None:
            return base
    if is_intact(place, said):  # of another process by now, or falsely so
        base = _serving(place, catalog, library, spans)
        if base is not None:
            return base
        throw_away(place)

    def build(fresh: Path) -> None:
        ids: list[int] = []
        packed = _noting(_of(spans, catalog, library), ids)
        write_halves(fresh / MATRIX, packed, library.dimension)
        failpoint("vectors.matrix_written")
        np.save(fresh / IDS, np.array(ids, dtype=np.int64))
        failpoint("vectors.ids_written")
        (fresh / SPANS).write_text(json.dumps(list(spans)), encoding="utf-8")

    built = provide(place, said, build, library.name)
    if built is not None:
        try:
            return _mapped(built, frozenset(spans))
        except OSError as error:
            logger.info("%s was removed by another process: %s", built, error)
    ids: list[int] = []
    packed = _noting(_of(spans, catalog, library), ids)
    rows = halves_in_memory(packed, library.dimension)
    ids_held = np.array(ids, dtype=np.int64)
    return Base(ids_held, rows, frozenset(spans), _age(library), purges=purges)


def _serving(
    folder: Path, catalog: Catalog, library: Library, spans: Sequence[ChunkSpan]
) -> Base | None:
    """The rows in a folder, if it is as it was written and they are the library's."""
    try:
        known = _read_spans(folder / SPANS)
        said = _expected(library) | {"chunks": fingerprint(known)}
        said |= {"generation": _generation(folder), PURGES: catalog.trash.purges(library.id)}
        if not is_intact(folder, said):
            return None
        base = _mapped(folder, known)
    except (OSError, ValueError, TypeError, EOFError, RecursionError) as error:
        logger.info("%s cannot be used: %s", folder, error)
        return None
    if not _still_serves(base, library, spans):
        return None
    is_whole = rows_are_whole(base.ids, base.rows, base.spans & set(spans))
    return base if is_whole and rows_agree(catalog, library, base.ids, base.rows) else None


def _noting(packed: Iterable[tuple[int, bytes]], ids: list[int]) -> Iterator[bytes]:
    """The vectors alone; their ids go into the list."""
    for id_, vector in packed:
        ids.append(id_)
        yield vector


def stored_rows(folder: Path) -> Base:
    """The rows in a folder as they are, whether or not they serve.

    Raises:
        OSError, ValueError: they cannot be read.
    """
    return _mapped(folder, _read_spans(folder / SPANS))


def _mapped(folder: Path, spans: frozenset[ChunkSpan]) -> Base:
    rows = mapped_halves(folder / MATRIX)
    digest, purges = digest_of(folder, MATRIX), int(said_of(folder).get(PURGES, 0))
    files = OpenedFiles([folder / MATRIX])
    ids = np.load(folder / IDS)
    return Base(ids, rows, spans, _generation(folder), digest, purges, files=files)


def _read_spans(path: Path) -> frozenset[ChunkSpan]:
    return frozenset(ChunkSpan(*row) for row in json.loads(path.read_text(encoding="utf-8")))


def _age(library: Library) -> int:
    """A number that grows with every change of a library's vectors, those that come late too."""
    return library.generation + library.vectors


def _generation(folder: Path) -> int:
    number = folder.name.rpartition("-")[2]
    return int(number) if number.isdecimal() else -1
