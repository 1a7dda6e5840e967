"""Embedding a library anew with another model; what was embedded is kept if it fails on the way."""

from __future__ import annotations

import hashlib
import logging
import zlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from ingest.embedded import HASH_BYTES, hash_of, text_of
from ingest.estimating import embedding_estimate, embedding_tokens
from ingest.pipeline import BATCH_CHUNKS, Progress, Report
from rag.domain import Library
from rag.errors import StoreError
from rag.failpoints import failpoint
from rag.intake import Estimate, Stage
from rag.protocols import Embedder
from rag.store.catalog import Catalog
from rag.store.rows import pack

logger = logging.getLogger(__name__)

FOLDER = "reembedding"
CHECK_BYTES = 4
BYTES_OF_NUMBER = 2  # vectors are packed as 16-bit floats
NO_ROOM = "{} cannot be written ({}). Make room there and run the command again."


def price_of_reembedding(catalog: Catalog, library: Library, embedder: Embedder) -> Estimate:
    """What embedding a library anew will take, apart from texts whose vectors are known."""
    texts = {hash_of(text): text for text in map(text_of, catalog.all_chunks(library.id))}
    with _Kept(catalog, library, embedder) as kept:
        known = _known(catalog, library, embedder, texts) | kept.vectors
    new = [text for text_hash, text in texts.items() if text_hash not in known]
    pages = sum(document.page_count for document in catalog.documents(library.id))
    return embedding_estimate(embedder.model, pages, embedding_tokens(embedder, new), len(new))


def reembed(catalog: Catalog, library: Library, embedder: Embedder, report: Report) -> int:
    """Embed every chunk of a library with another model, and switch to it at once at the end.

    A run that fails or is killed changes nothing, and repeats one batch at most the next time.

    Returns:
        How many chunks there are.

    Raises:
        StoreError: documents were added or removed meanwhile, or there is no room.
        ProviderError: the embedder's server failed.
    """
    chunks = {chunk.id: text_of(chunk) for chunk in catalog.all_chunks(library.id)}
    hashes = {id_: hash_of(text) for id_, text in chunks.items()}
    texts = {hashes[id_]: text for id_, text in chunks.items()}
    with _Kept(catalog, library, embedder) as kept:
        known = _known(catalog, library, embedder, texts) | kept.vectors
        missing = [text_hash for text_hash in texts if text_hash not in known]
        for start in range(0, len(missing), BATCH_CHUNKS):
            done = len(texts) - len(missing) + start
            report(Progress(library.name, Stage.EMBEDDING, done, len(texts)))
            batch = missing[start : start + BATCH_CHUNKS]
            vectors = pack(embedder.embed([texts[text_hash] for text_hash in batch]))
            new = dict(zip(batch, vectors, strict=True))
            kept.add(new)
            failpoint("reembed.kept")
            known |= new
        vectors_of = {id_: known[text_hash] for id_, text_hash in hashes.items()}
        failpoint("reembed.before_switch")
        catalog.replace_vectors(library, embedder.model, embedder.dimension, vectors_of)
        failpoint("reembed.switched")
        kept.discard()
        failpoint("reembed.discarded")
    return len(chunks)


def _known(
    catalog: Catalog, library: Library, embedder: Embedder, hashes: Iterable[bytes]
) -> dict[bytes, bytes]:
    """The vectors that other libraries have of a model; a library's own are to be made anew."""
    if embedder.model == library.embedding_model:
        return {}
    found = catalog.known_vectors(embedder.model, embedder.dimension, hashes)
    size = BYTES_OF_NUMBER * embedder.dimension  # a damaged one may be of any
    return {text_hash: vector for text_hash, vector in found.items() if len(vector) == size}


def discard_kept(catalog: Catalog) -> None:
    """Throw away what earlier runs kept; what cannot be deleted is left for the next time."""
    for path in (catalog.data_dir / FOLDER).glob("*"):
        _discard(path)


class _Kept:
    """The vectors that an earlier run made, in a file of equal records, each with a checksum."""

    vectors: dict[bytes, bytes]

    def __init__(self, catalog: Catalog, library: Library, embedder: Embedder) -> None:
        model = hashlib.sha256(f"{embedder.model} {embedder.dimension}".encode()).hexdigest()[:16]
        self._path = catalog.data_dir / FOLDER / f"{library.id}-{model}"
        self._length = HASH_BYTES + BYTES_OF_NUMBER * embedder.dimension
        self.vectors = {}

    def __enter__(self) -> Self:
        try:
            self._path.parent.mkdir(exist_ok=True)
            whole = self._read()
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
        self._file.close()
        if not self.vectors:
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
        _discard(self._path)

    def _read(self) -> int:
        """Read what is whole, and say how long that is; damage makes an end of it."""
        whole = 0
        if not self._path.exists():
            return whole
        with self._path.open("rb") as file:
            while record := file.read(self._length + CHECK_BYTES):
                said = record[: self._length]
                if record[self._length :] != _check(said):
                    break
                self.vectors[said[:HASH_BYTES]] = said[HASH_BYTES:]
                whole += len(record)
        return whole


def _discard(path: Path) -> None:
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        logger.warning("%s cannot be deleted (%s)", path, error.strerror)


def _check(record: bytes) -> bytes:
    return zlib.crc32(record).to_bytes(CHECK_BYTES)


def _no_room(path: Path, error: OSError) -> StoreError:
    return StoreError(NO_ROOM.format(path, error.strerror))
