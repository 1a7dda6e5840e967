"""A data directory with documents and their originals, and what must hold of a copy of it."""

from __future__ import annotations

from pathlib import Path

from rag.domain import Document, Library
from rag.store.blobs import hash_file
from rag.store.catalog import Catalog
from rag.store.embedding import check_lengths
from rag.store.rows import Reading
from tests.rag.store.shelves import reading
from tests.stored import vectors_of


def add(catalog: Catalog, library: Library, *texts: str, name: str = "note.txt") -> Reading:
    """Add a document with its original, which holds its pages."""
    source = catalog.data_dir.parent / f"source-{name.replace('/', '-')}"
    source.write_text("\f".join(texts))
    sha256 = catalog.blobs.put(source)
    source.unlink()
    read = reading(library, *texts, name=name)
    assert read.document.sha256 == sha256
    catalog.publish(read)
    return read


def remove_for_good(catalog: Catalog, document: Document) -> None:
    """Remove a document with its original."""
    catalog.remove(document.id)
    catalog.trash.purge([document.id])
    assert not catalog.blobs.path(document.sha256).exists()


def content_of(catalog: Catalog, library: Library) -> list[tuple[Document, list[str], bytes]]:
    """Every document with the texts of its pages and the bytes of its original."""
    return [
        (
            document,
            [page.text for page in catalog.pages(document.id)],
            catalog.original(document.id).read_bytes(),
        )
        for document in catalog.documents(library.id)
    ]


def assert_whole(data_dir: Path, name: str = "documents") -> list[str]:
    """Check that a catalog is sound with every original it names; the names of its documents."""
    catalog = Catalog(data_dir)
    try:
        catalog.verify()
        library = catalog.library(name)
        with catalog._reader.begin() as connection:
            check_lengths(connection, library)
        documents = catalog.documents(library.id)
        for document in documents:
            assert hash_file(catalog.original(document.id)) == document.sha256
            assert len(catalog.pages(document.id)) == document.page_count
        ids, _ = vectors_of(catalog, library)
        assert len(ids) == sum(document.chunks for document in documents)
        return [document.name for document in documents]
    finally:
        catalog.close()


def nothing(done: int, total: int) -> None:
    """Take a report, and do nothing with it."""


def files_below(folder: Path) -> list[str]:
    """Every file and folder below a folder, but those that SQLite keeps beside its database."""
    return sorted(
        str(path.relative_to(folder))
        for path in folder.rglob("*")
        if not path.name.endswith(("-wal", "-shm"))
    )
