"""Embedding a library anew with another model; what was embedded is kept if it fails on the way."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress

from ingest.embedded import hash_of, text_of
from ingest.estimating import embedding_estimate, embedding_tokens
from ingest.kept_vectors import (
    KeptVectors,
    discard,
    is_recent,
    kept_file,
    kept_name,
    read_kept,
)
from ingest.pipeline import BATCH_CHUNKS, Progress, Report
from rag.domain import Library
from rag.errors import LibraryChangedError, RagError, StoreError
from rag.failpoints import failpoint
from rag.intake import Estimate, Stage
from rag.protocols import Embedder
from rag.store.catalog import Catalog
from rag.store.derived import KEPT_VECTORS
from rag.store.embedding import Rest
from rag.store.holds import LostHoldError, new_holder
from rag.store.isolation import Upkeep
from rag.store.reembeddings import HeldReembedding
from rag.store.rows import pack

MOST_ROUNDS = 5  # each but the first takes up what changed while the one before worked
TAKEN_OVER = "Another process embeds this library by now, or it was deleted."


class UnwantedError(Exception):
    """A person does not want the library embedded anew after all."""


def price_of_reembedding(catalog: Catalog, library: Library, embedder: Embedder) -> Estimate:
    """What embedding a library anew will take, apart from texts whose vectors are known."""
    texts = {hash_of(text): text for text in map(text_of, catalog.all_chunks(library.id))}
    kept, _ = read_kept(kept_file(catalog, library, embedder), embedder.dimension)
    known = _known(catalog, library, embedder, texts) | kept
    new = [text for text_hash, text in texts.items() if text_hash not in known]
    pages = sum(document.page_count for document in catalog.documents(library.id))
    return embedding_estimate(embedder.model, pages, embedding_tokens(embedder, new), len(new))


def reembed(catalog: Catalog, library: Library, embedder: Embedder, report: Report) -> int:
    """Embed every chunk of a library with another model, and switch to it at once at the end.

    A run that fails or is killed changes nothing, and repeats one batch at most the next time.
    Documents that are added or removed meanwhile are taken up before the switch.

    Returns:
        How many chunks there are.

    Raises:
        LibraryError: somebody else is at it.
        StoreError: there is no room, or somebody else took it over.
        ProviderError: the embedder's server failed.
    """
    held = catalog.reembeddings.begin(library.id, embedder.model, new_holder())
    try:
        return carry_out(catalog, held, embedder, report)
    except (UnwantedError, KeyboardInterrupt) as stopped:
        catalog.reembeddings.forget(held)
        if isinstance(stopped, KeyboardInterrupt):
            raise
        raise StoreError("This was cancelled in the page. What was embedded is kept.") from stopped
    except LostHoldError as error:
        raise StoreError(TAKEN_OVER) from error


def carry_out(catalog: Catalog, held: HeldReembedding, embedder: Embedder, report: Report) -> int:
    """Do what is held; how many chunks there are. What stops it is noted, as far as that goes.

    Raises:
        UnwantedError: a person does not want it any more.
        LostHoldError: somebody else took it over, or the library was deleted.
        RagError: as `reembed`.
    """
    try:
        library = catalog.library_with_id(held.library_id)
        with KeptVectors(kept_file(catalog, library, embedder), embedder.dimension) as kept:
            work = _Work(
                catalog, library, embedder, kept, _reporter(catalog, held, library, report)
            )
            count = work.switch()
            failpoint("reembed.switched")
            kept.discard()
            failpoint("reembed.discarded")
    except RagError as error:
        with suppress(StoreError):  # the disk may be full: then it is told once there is room
            catalog.reembeddings.fail(held, str(error))
        raise
    return count


def _reporter(
    catalog: Catalog, held: HeldReembedding, library: Library, report: Report
) -> Callable[[int, int], None]:
    def tell(done: int, total: int) -> None:
        report(Progress(library.name, Stage.EMBEDDING, done, total))
        if not catalog.reembeddings.report(held, done, total):
            raise UnwantedError

    return tell


class _Work:
    """Makes the vectors of a library, until it has one for each chunk that is there."""

    def __init__(
        self,
        catalog: Catalog,
        library: Library,
        embedder: Embedder,
        kept: KeptVectors,
        tell: Callable[[int, int], None],
    ) -> None:
        self._catalog, self._library, self._embedder = catalog, library, embedder
        self._kept, self._tell = kept, tell
        self._hashes: dict[int, bytes] = {}  # of the texts, by chunk
        self._texts: dict[bytes, str] = {}
        self._vectors: dict[bytes, bytes] = {}  # by text

    def switch(self) -> int:
        """Embed all that is there, and take the vectors into use; how many chunks there are.

        Where documents change all the time, the last of them are embedded after the switch.
        """
        for left in reversed(range(MOST_ROUNDS)):
            self._take_up()
            self._embed()
            packed = {id_: self._vectors[text_hash] for id_, text_hash in self._hashes.items()}
            failpoint("reembed.before_switch")
            embedder = self._embedder
            with suppress(LibraryChangedError):
                self._catalog.replace_vectors(
                    self._library,
                    embedder.model,
                    embedder.dimension,
                    packed,
                    Rest.REFUSED if left else Rest.QUEUED,
                )
                break
        return len(packed)

    def _take_up(self) -> None:
        """Look at what came and went since the last look."""
        ids, new = self._catalog.reembeddings.changes(self._library.id, self._hashes)
        self._hashes = {id_: found for id_, found in self._hashes.items() if id_ in ids}
        for chunk in new:
            text = text_of(chunk)
            self._hashes[chunk.id] = hash_of(text)
            self._texts[self._hashes[chunk.id]] = text

    def _embed(self) -> None:
        wanted = dict.fromkeys(self._hashes.values())
        unknown = [text_hash for text_hash in wanted if text_hash not in self._vectors]
        known = _known(self._catalog, self._library, self._embedder, unknown) | self._kept.vectors
        self._vectors |= {
            text_hash: known[text_hash] for text_hash in unknown if text_hash in known
        }
        missing = [text_hash for text_hash in unknown if text_hash not in known]
        self._tell(len(wanted) - len(missing), len(wanted))
        for start in range(0, len(missing), BATCH_CHUNKS):
            if start:
                self._tell(len(wanted) - len(missing) + start, len(wanted))
            batch = missing[start : start + BATCH_CHUNKS]
            vectors = pack(self._embedder.embed([self._texts[text_hash] for text_hash in batch]))
            new = dict(zip(batch, vectors, strict=True))
            self._kept.add(new)
            failpoint("reembed.kept")
            self._vectors |= new


def _known(
    catalog: Catalog, library: Library, embedder: Embedder, hashes: Iterable[bytes]
) -> dict[bytes, bytes]:
    """The vectors that other libraries have of a model; a library's own are to be made anew."""
    if embedder.model == library.embedding_model:
        return {}
    found = catalog.known_vectors(embedder.model, embedder.dimension, hashes)
    size = 2 * embedder.dimension  # a damaged one may be of any
    return {text_hash: vector for text_hash, vector in found.items() if len(vector) == size}


def discard_kept(catalog: Catalog) -> None:
    """Throw away what runs kept that nobody goes on with, and what is noted of those that ended.

    One that waits, was cut off or failed keeps all it has. What was kept of one that a person
    stopped is paid for too: it stays for as long as the trash keeps things, unless the library has
    that model by now. What cannot be deleted is left for the next time.
    """
    reembeddings = catalog.for_upkeep(Upkeep.SOUNDNESS).reembeddings
    under_way, models = reembeddings.sweep(), reembeddings.models()
    for path in (catalog.data_dir / KEPT_VECTORS).glob("*"):
        library_id = path.name.partition("-")[0]
        is_of_use = library_id in models and path.name != kept_name(library_id, *models[library_id])
        if library_id not in under_way and not (is_of_use and is_recent(path)):
            discard(path)
