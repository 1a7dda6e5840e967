"""Float16 vectors in a file, as the catalog holds them: scanned in place, or read row by row.

The file is FAISS's own format of a float16 index, written a row at a time, so that FAISS maps it
and scans it at the speed of memory (half the bytes of float32) and nothing is ever loaded.
"""

from __future__ import annotations

import os
import struct
import weakref
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import faiss
import numpy as np
from numpy.typing import NDArray

from rag.protocols import Vectors
from rag.store.opened import DamagedIndexError

Rows = NDArray[np.int64]
Halfs = NDArray[np.float16]
Mask = NDArray[np.bool_]

BYTES = 2  # of a float16
COUNT_AT = 8  # where FAISS's header has the number of rows, after its kind and the dimension
COUNT = struct.Struct("<q")
# FAISS's own types do not know the arguments that its Python side adds.
_parameters: Any = faiss.SearchParameters
_selector: Any = faiss.IDSelectorBitmap


class Halves:
    """Unit vectors as float16, shape `(n, dimension)`, in memory or in a file."""

    def __init__(self, index: Any, path: Path | None = None) -> None:
        """Take a FAISS index of float16 rows, and the file that it is mapped from."""
        self._index = index
        self.dimension = int(index.d)
        self._start = len(_header(self.dimension, 0))
        self._file = -1
        if path is not None:
            self._file = os.open(path, os.O_RDONLY)
            weakref.finalize(self, os.close, self._file)

    def __len__(self) -> int:
        return int(self._index.ntotal)

    @property
    def is_mapped(self) -> bool:
        """Whether the rows lie in a file, not in memory."""
        return self._file >= 0

    def scan(self, query: Vectors, k: int, among: Mask | None = None) -> tuple[Rows, Vectors]:
        """The `k` nearest rows and their similarity, over all or those that a mask lets by."""
        options = None
        if among is not None:
            bits = np.packbits(among, bitorder="little")
            options = _parameters(sel=_selector(bits))
        similarities, rows = self._index.search(query[None, :], k, params=options)
        found = rows[0] >= 0
        return rows[0][found], similarities[0][found]

    def best_of(self, query: Vectors, rows: Rows, k: int) -> tuple[Rows, Vectors]:
        """The `k` nearest of a few rows, which alone are read."""
        rows = np.sort(rows)
        few = _empty(self.dimension)
        codes = self.read(rows).view(np.uint8)
        few.add_sa_codes(codes)
        similarities, places = few.search(query[None, :], min(k, len(rows)))
        return rows[places[0]], similarities[0]

    def read(self, rows: Rows) -> Halfs:
        """These rows, shape `(len(rows), dimension)`."""
        size = self.dimension * BYTES
        if self._file < 0:
            codes = faiss.rev_swig_ptr(self._index.codes.data(), len(self) * size)
            whole: Halfs = codes.view("<f2").reshape(-1, self.dimension)
            return whole[rows]
        # pread, not the map: every page that a map touches counts as resident, with 15 around it.
        pieces = b"".join(self._pread(row, row + 1) for row in rows.tolist())
        return np.frombuffer(pieces, dtype="<f2").reshape(len(rows), self.dimension)

    def block(self, start: int, stop: int) -> Vectors:
        """A run of rows as float32."""
        if self._file < 0:
            return self.read(np.arange(start, stop)).astype(np.float32)
        packed = self._pread(start, stop)
        return np.frombuffer(packed, dtype="<f2").reshape(-1, self.dimension).astype(np.float32)

    def _pread(self, start: int, stop: int) -> bytes:
        size = self.dimension * BYTES
        packed = os.pread(self._file, (stop - start) * size, self._start + start * size)
        if len(packed) < (stop - start) * size:  # cut while it was in use
            raise DamagedIndexError
        return packed


def halves_in_memory(packed: Iterable[bytes], dimension: int) -> Halves:
    """Rows that are kept in memory, from their bytes."""
    index = _empty(dimension)
    codes = np.frombuffer(b"".join(packed), dtype=np.uint8).reshape(-1, dimension * BYTES)
    if len(codes):
        index.add_sa_codes(codes)
    return Halves(index)


def write_halves(path: Path, packed: Iterable[bytes], dimension: int) -> None:
    """Write rows, given as bytes, one after the other."""
    with path.open("wb") as stream:
        stream.write(_header(dimension, 0))
        count = 0
        for row in packed:
            stream.write(row)
            count += 1
        stream.seek(0)
        stream.write(_header(dimension, count))


def mapped_halves(path: Path) -> Halves:
    """The rows in a file.

    Raises:
        OSError: it cannot be read, or is no file of `write_halves`.
    """
    try:
        index = faiss.read_index(str(path), faiss.IO_FLAG_MMAP_IFC)
    except RuntimeError as error:  # which is how FAISS says so
        raise OSError(str(error)) from error
    header = _header(index.d, index.ntotal)
    with path.open("rb") as stream:
        is_ours = stream.read(len(header)) == header
    if not is_ours or path.stat().st_size != len(header) + index.ntotal * index.d * BYTES:
        raise OSError(f"{path} holds something else than rows of float16")
    return Halves(index, path)


def _empty(dimension: int) -> Any:
    kind = faiss.ScalarQuantizer.QT_fp16
    return faiss.IndexScalarQuantizer(dimension, kind, faiss.METRIC_INNER_PRODUCT)


def _header(dimension: int, count: int) -> bytes:
    """What FAISS writes before the rows: it ends with their size in bytes."""
    header = bytearray(bytes(faiss.serialize_index(_empty(dimension))))
    header[COUNT_AT : COUNT_AT + COUNT.size] = COUNT.pack(count)
    header[-COUNT.size :] = COUNT.pack(count * dimension * BYTES)
    return bytes(header)
