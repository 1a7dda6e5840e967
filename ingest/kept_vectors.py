"""Vectors that were paid for and are not in use yet, in a file that outlives whoever made them."""

from __future__ import annotations

import hashlib
import logging
import time
import zlib
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from ingest.embedded import HASH_BYTES
from rag.domain import Library
from rag.errors import StoreError
from rag.protocols import Embedder
from rag.store.catalog import Catalog
from rag.store.derived import KEPT_VECTORS
from rag.store.trash import KEPT_DAYS

logger = logging.getLogger(__name__)

CHECK_BYTES = 4
KEPT_SECONDS = KEPT_DAYS * 86_400
BYTES_OF_NUMBER = 2  # vectors are packed as 16-bit floats
NO_ROOM = "{} cannot be written ({}). Make room there and try again: what was embedded is kept."


def kept_file(catalog: Catalog, library: Library, embedder: Embedder) -> Path:
    """Where the vectors of a library by a model are kept until it is switched to that."""
    name = kept_name(library.id, embedder.model, embedder.dimension)
    return catalog.data_dir / KEPT_VECTORS / name


def kept_name(library_id: str, model: str, dimension: int) -> str:
    """What the file of a library's vectors by a model is called."""
    hashed = hashlib.sha256(f"{model} {dimension}".encode()).hexdigest()[:16]
    return f"{library_id}-{hashed}"


def is_recent(path: Path) -> bool:
    """Whether a file was added to within the time for which the trash keeps things."""
    try:
        return time.time() - path.stat().st_mtime < KEPT_SECONDS
    except OSError:  # it is gone, or is not to be looked at
        return True


def read_kept(path: Path, dimension: int) -> tuple[dict[bytes, bytes], int]:
    """The vectors in a file by the hashes of their texts, and how many of its bytes are whole.

    Damage makes an end of it.

    Raises:
        StoreError: it cannot be read.
    """
    length = HASH_BYTES + BYTES_OF_NUMBER * dimension
    found: dict[bytes, bytes] = {}
    whole = 0
    try:
        with path.open("rb") as file:
            while record := file.read(length + CHECK_BYTES):
                said = record[:length]
                if record[length:] != _check(said):
                    break
                found[said[:HASH_BYTES]] = said[HASH_BYTES:]
                whole += len(record)
    except FileNotFoundError:
        pass
    except OSError as error:
        raise StoreError(f"{path} cannot be read ({error.strerror}).") from error
    return found, whole


class KeptVectors:
    """A file of vectors of equal length, each with the hash of its text and a checksum."""

    vectors: dict[bytes, bytes]

    def __init__(self, path: Path, dimension: int) -> None:
        self._path, self._dimension = path, dimension
        self.vectors = {}

    def __enter__(self) -> Self:
        """Open the file with what is in it.

        Raises:
            StoreError: there is no room.
        """
        try:
            self._path.parent.mkdir(exist_ok=True)
            self.vectors, whole = read_kept(self._path, self._dimension)
            self._file = self._path.open("ab", buffering=0)
            self._file.truncate(whole)
        except OSError as error:
            raise _no_room(self._path, error) from error
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close it; one in which nothing is goes."""
        self._file.close()
        if not self.vectors and self._path.exists() and not self._path.stat().st_size:
            self.discard()

    def add(self, vectors: Mapping[bytes, bytes]) -> None:
        """Keep the vectors of texts by their hashes.

        Raises:
            StoreError: there is no room.
        """
        records = [text_hash + vector for text_hash, vector in vectors.items()]
        try:
            self._file.write(b"".join(record + _check(record) for record in records))
        except OSError as error:
            raise _no_room(self._path, error) from error
        self.vectors |= vectors

    def discard(self) -> None:
        """Throw the file away; where that fails, the next run begins from what it says."""
        discard(self._path)


def discard(path: Path) -> None:
    """Throw a file of vectors away; where that fails it is left, with a warning."""
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        logger.warning("%s cannot be deleted (%s)", path, error.strerror)


def _check(record: bytes) -> bytes:
    return zlib.crc32(record).to_bytes(CHECK_BYTES)


def _no_room(path: Path, error: OSError) -> StoreError:
    return StoreError(NO_ROOM.format(path, error.strerror))
