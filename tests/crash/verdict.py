"""Whether a data directory kept its word: what it holds, how it answers, and what lies about."""

from __future__ import annotations

import re
import shutil
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from sqlalchemy import select

from ingest.embedded import text_of
from rag.domain import Library, Scope
from rag.errors import RagError
from rag.intake import Stage
from rag.marks import Marks
from rag.store.archives import verify_archive
from rag.store.catalog import Catalog
from rag.store.checks import check
from rag.store.derived import KEPT_VECTORS
from rag.store.holdings import RemovedLibrary
from rag.store.isolation import Upkeep
from rag.store.originals import named_originals
from rag.store.restoring import restore
from rag.store.rows import pack
from rag.store.tables import aliases, containers, kept_documents, kept_pages, members
from tests.crash.program import BACKUP, DATA, ELSEWHERE, RESTORED, Program, hash_of_chunk
from tests.crash.shelf import MARK, NAME, Shelf, hashes_of_containers
from tests.fakes import HashEmbedder

# What a data directory at rest consists of.
EXPECTED = re.compile(
    r"catalog\.sqlite(-wal|-shm)?|blobs/[0-9a-f]{2}/[0-9a-f]{64}|questions/[0-9a-f]+\.jsonl"
    r"|questions/lib\.jsonl|derived/\w+/(vectors|lexical|codes)-\d+/[\w.-]+"
)
NEAREST = 3
TOLERANCE = 2e-3


def answer_faults(program: Program) -> Iterator[str]:
    """A sentence for each answer of the search that the catalog does not bear out."""
    for library in program.catalog.libraries.all():
        yield from _answer_faults_of(program, library)


def _answer_faults_of(program: Program, library: Library) -> Iterator[str]:
    catalog = program.catalog
    index = program.indexes.current(library.id)
    every = catalog.all_chunks(library.id)
    alive = {chunk.id: chunk for chunk in every}
    if set(index.words.ids()) != set(alive):
        yield f"words are searched in {sorted(index.words.ids())}, and there are {sorted(alive)}"
    embedded = [chunk for chunk in every if index.is_embedded(chunk.id)]
    if len(index.vectors) != len(embedded):
        yield f"{len(index.vectors)} vectors are searched, and {len(embedded)} are there"
    scope = Scope(library.id)
    for document in catalog.documents(library.id):
        text = " ".join(page.text for page in catalog.pages(document.id))
        for mark in MARK.findall(text):
            hits = [id_ for id_, _ in index.words.search(mark, NEAREST)]
            if document.id not in [it.document.id for it in catalog.chunks(hits, scope)]:
                yield f"{mark} does not find {document.name}"
    embedder = HashEmbedder(library.embedding_model, library.dimension)
    for chunk in embedded[-1:]:
        query = embedder.embed([text_of(chunk)])[0]
        hits = [id_ for id_, _ in index.vectors.search(query, NEAREST)]
        found = [text_of(alive[id_]) for id_ in hits if id_ in alive]
        if text_of(chunk) not in found or len(found) < len(hits):
            yield f"the words of {chunk.document.name} are not nearest to their own passage"
    for id_, packed in catalog.packed_vectors(library):
        vector = np.frombuffer(packed, dtype="<f2").astype(np.float32)
        ((near, similarity),) = index.vectors.search(vector, 1)
        if near not in alive or abs(similarity - float(vector @ vector)) > TOLERANCE:
            yield f"{near} is nearest to the vector of {id_}, at {similarity:.3f}"


def faults_of(root: Path, allowed: Collection[Shelf], scratch: Path) -> list[str]:
    """What is wrong with what a program left, which may be any of the allowed."""
    try:
        found = shelf_of(root, scratch)
    except (RagError, OSError, ValueError) as error:
        return [f"it cannot be read: {error}"]
    wanted = [shelf for shelf in allowed if shelf == found]
    wrong = [] if wanted else [shelf.difference(found) for shelf in allowed]
    faults = [f"it holds other than it may ({' | '.join(wrong)})"] if wrong else []
    faults += _check_faults(root / DATA)
    faults += _vector_faults(root / DATA)
    faults += _untidy(root)
    if wanted:
        faults += _bytes_left(root / DATA, min((it.purged for it in wanted), key=len))
    return faults


def shelf_of(root: Path, scratch: Path) -> Shelf:
    """What a folder holds, its backup and what was restored from it too."""
    shelf = _shelf_of_data(root / DATA)
    archive, restored = root / ELSEWHERE / BACKUP, root / RESTORED
    backup = None
    if archive.exists():
        verify_archive(archive)
        shutil.rmtree(scratch, ignore_errors=True)
        restore(archive, scratch, lambda _done, _total: None)
        backup = _shelf_of_data(scratch)
        shutil.rmtree(scratch)
    again = _shelf_of_data(restored) if restored.exists() else None
    return replace(shelf, backup=backup, restored=again)


def _shelf_of_data(data: Path) -> Shelf:
    catalog = Catalog(data)
    try:
        main = catalog.library(NAME)
        every = catalog.libraries.all()
        rooms = {it.name: _shelf_of(catalog, it) for it in every if it.id != main.id}
        deleted = {
            it.library.name: _shelf_of_deleted(catalog, it) for it in catalog.libraries.removed()
        }
        marked = {place.document for it in Marks(data).marked(main.id) for place in it.cited}
        shelf = _shelf_of(catalog, main)
        return replace(shelf, rooms=rooms, deleted=deleted, marked=frozenset(marked))
    finally:
        catalog.close()


def _shelf_of(catalog: Catalog, library: Library) -> Shelf:
    """What one library holds.

    Raises:
        ValueError: what is known of the same file disagrees.
    """
    documents = catalog.documents(library.id)
    twice = [name for name, n in Counter(it.name for it in documents).items() if n > 1]
    if twice:
        raise ValueError(f"{twice} are there twice")
    live = {it.name: _text(page.text for page in catalog.pages(it.id)) for it in documents}
    kept = _kept(catalog, library.id)
    versions = _versions(
        kept, {it.id: it.name for it in documents} | {it.id: it.name for it in kept}
    )
    trash = tuple(sorted((it.name, it.text) for it in kept if it.version_of is None))
    held, others = _names(catalog, library.id)
    return Shelf(live, versions, trash, library.embedding_model, library.name, held, others)


def _shelf_of_deleted(catalog: Catalog, removed: RemovedLibrary) -> Shelf:
    """What a library of the trash would hold, were it brought back."""
    shelf = _shelf_of(catalog, removed.library)
    gone_with_it = {
        it.name: it.text
        for it in _kept(catalog, removed.library.id)
        if it.version_of is None and it.kept_at >= removed.since
    }
    trash = tuple(each for each in shelf.trash if each[0] not in gone_with_it)
    return replace(shelf, live=gone_with_it, trash=trash)


@dataclass(frozen=True)
class _Kept:
    id: str
    name: str
    text: str
    version_of: str | None
    kept_at: float


def _kept(catalog: Catalog, library_id: str) -> list[_Kept]:
    """What is kept of a library, the last first."""
    own = kept_documents.c.library_id == library_id
    with catalog.for_upkeep(Upkeep.SOUNDNESS)._reader.begin() as connection:
        rows = connection.execute(
            select(kept_documents).where(own).order_by(kept_documents.c.kept_at.desc())
        ).all()
        texts: dict[str, list[str]] = defaultdict(list)
        for page in connection.execute(select(kept_pages).order_by(kept_pages.c.number)):
            texts[page.document_id].append(page.text)
    return [
        _Kept(row.id, row.name, _text(texts[row.id]), row.version_of, row.kept_at) for row in rows
    ]


def _versions(kept: Iterable[_Kept], names: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    versions: dict[str, tuple[str, ...]] = {}
    for each in kept:
        if each.version_of is not None:
            name = names.get(each.version_of, f"nothing, under {each.name}")
            versions[name] = (*versions.get(name, ()), each.text)
    return versions


def _names(
    catalog: Catalog, library_id: str
) -> tuple[dict[str, tuple[tuple[str, str], ...]], frozenset[tuple[str, str]]]:
    """What files held, and other names of files, with their hashes."""
    with catalog.for_upkeep(Upkeep.SOUNDNESS)._reader.begin() as connection:
        own = containers.c.library_id == library_id
        held: dict[str, tuple[tuple[str, str], ...]] = {}
        for row in connection.execute(select(containers).where(own)).all():
            if row.name in held:
                raise ValueError(f"{row.name} is written down twice")
            of_it = select(members).where(members.c.container_id == row.id)
            its = connection.execute(of_it.order_by(members.c.number)).all()
            held[row.name] = tuple((it.name, it.content) for it in its)
        also = connection.execute(select(aliases).where(aliases.c.library_id == library_id))
        return held, frozenset((row.name, row.content) for row in also)


def _text(pages: Iterable[str]) -> str:
    return "\n".join(pages)


def _check_faults(data: Path) -> Iterator[str]:
    for part in check(data, hash_of_chunk):
        yield from (f"check: {sentence}" for sentence in (*part.faults, *part.notes))


def _vector_faults(data: Path) -> Iterator[str]:
    catalog = Catalog(data)
    try:
        for library in catalog.libraries.all():
            yield from _vector_faults_of(catalog, library)
            waiting = [job for job in catalog.jobs.of(library.id) if not job.has_ended]
            yield from (f"{job.name} still waits ({job.stage})" for job in waiting)
    finally:
        catalog.close()


def _vector_faults_of(catalog: Catalog, library: Library) -> Iterator[str]:
    embedder = HashEmbedder(library.embedding_model, library.dimension)
    every = catalog.all_chunks(library.id)
    wanted = pack(embedder.embed([text_of(chunk) for chunk in every])) if every else []
    stored = dict(catalog.packed_vectors(library))
    for chunk, vector in zip(every, wanted, strict=True):
        if chunk.id not in stored:
            yield f"{chunk.document.name} has a passage without a vector"
        elif not _are_near(stored[chunk.id], vector):
            yield f"{chunk.document.name} has a passage with another's vector"


def _are_near(ours: bytes, theirs: bytes) -> bool:
    one, other = (np.frombuffer(each, dtype="<f2").astype(np.float32) for each in (ours, theirs))
    return len(one) == len(other) and bool(np.allclose(one, other, atol=TOLERANCE))


def _under_way(data: Path) -> set[str]:
    """The libraries whose change of the embedding model was cut off or failed: it can go on."""
    if not (data / KEPT_VECTORS).is_dir():
        return set()
    with closing(Catalog(data)) as catalog:
        known = [library.id for library in catalog.libraries.all()]
        noted = {id_: catalog.reembeddings.of(id_) for id_ in known}
    return {id_ for id_, each in noted.items() if each and each.stage is not Stage.DONE}


def _untidy(root: Path) -> Iterator[str]:
    """What nobody needs, and what is missing among the originals."""
    data = root / DATA
    under_way = _under_way(data)
    for path in sorted(data.rglob("*")):
        name = path.relative_to(data).as_posix()
        is_paid = path.parent.name == KEPT_VECTORS and path.name.partition("-")[0] in under_way
        if path.is_file() and not EXPECTED.fullmatch(name) and not is_paid:
            yield f"{name} was left over"
        elif path.is_dir() and path.name.startswith("."):
            yield f"the folder {name} was left over"
    for folder in (root, root / ELSEWHERE, root / RESTORED):
        for path in folder.glob(".*"):
            yield f"{path.relative_to(root)} was left over"
    present = {path.name for path in data.glob("blobs/??/*")}
    catalog = Catalog(data)
    try:
        with catalog.for_upkeep(Upkeep.SOUNDNESS)._reader.begin() as connection:
            named = set(named_originals(connection))
    finally:
        catalog.close()
    yield from (f"nobody has the original {sha256}" for sha256 in sorted(present - named))
    yield from (f"the original {sha256} is missing" for sha256 in sorted(named - present))


def _bytes_left(data: Path, purged: Collection[str]) -> Iterator[str]:
    """Each file with a mark of what was purged, but the mails and archives that it came in."""
    marks = [mark.encode() for text in purged for mark in MARK.findall(text)]
    for path in data.rglob("*"):
        if path.is_file() and path.name not in hashes_of_containers():
            content = path.read_bytes()
            yield from (
                f"{path.relative_to(data)} has bytes of what was purged ({mark.decode()})"
                for mark in marks
                if mark in content
            )
