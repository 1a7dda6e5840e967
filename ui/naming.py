"""Documents as the command line names them, and as it lists them for programs."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from rag.batch import Row
from rag.domain import Document, Scope
from rag.errors import DocumentError, NotFoundError
from rag.intake import Estimate
from rag.store.catalog import Catalog
from rag.store.trash import Kept
from ui.endings import BEING_READ
from ui.times import time_of

if TYPE_CHECKING:
    from rag.wiring import Application


def documents_of(catalog: Catalog, library: str) -> list[Document]:
    """The documents of a library; of one that is not there yet, none."""
    try:
        return catalog.documents(catalog.library(library).id)
    except NotFoundError:  # nothing was ever added to it
        return []


def documents_named(catalog: Catalog, library: str, name: str) -> list[Document]:
    """The documents of that name or id.

    Raises:
        NotFoundError: there is none.
    """
    known = documents_of(catalog, library)
    found = [document for document in known if name in (document.id, document.name)]
    if not found:
        raise NotFoundError(
            f"The library {library!r} has no document {name!r}. See them with: tramontane list"
        )
    return found


def document_named(catalog: Catalog, library: str, name: str) -> Document:
    """The one document of that name or id.

    Raises:
        NotFoundError: there is none, or more than one.
    """
    found = documents_named(catalog, library, name)
    if len(found) > 1:
        ids = ", ".join(document.id for document in found)
        raise NotFoundError(f"{len(found)} documents are called {name}. Name one by its id: {ids}.")
    return found[0]


def count_waiting(catalog: Catalog, library: str) -> int:
    """How many files were handed over and are not read yet."""
    with suppress(NotFoundError):
        return catalog.jobs.count(catalog.library(library).id, BEING_READ)
    return 0


def scope_of(application: Application, names: Sequence[str]) -> Scope:
    """The library in use, or the documents of it that are named.

    Raises:
        NotFoundError: one of them is not there.
    """
    if not names:
        return application.scope()
    catalog, library = application.catalog, application.settings.library
    found = [document.id for name in names for document in documents_named(catalog, library, name)]
    return application.scope(frozenset(found))


def document_row(document: Document) -> Row:
    """A document as one line of JSON."""
    return {
        "id": document.id,
        "document": document.name,
        "title": document.title,
        "pages": document.page_count if document.paginated else None,
        "state": document.state,
        "reason": document.reason,
        "size_bytes": document.size_bytes,
    }


def kept_row(kept: Kept) -> Row:
    """A document of the trash as one line of JSON; times are UTC."""
    times = {"removed_at": time_of(kept.since), "purged_at": time_of(kept.until)}
    return document_row(kept.document) | times


def version_row(version: Kept) -> Row:
    """An earlier version of a document, as part of a line of JSON."""
    document = version.document
    told = {"id": document.id, "document": document.name, "size_bytes": document.size_bytes}
    return told | {"replaced_at": time_of(version.since)}


def estimate_row(estimate: Estimate) -> Row:
    """What taking a file in would take, as part of a line of JSON."""
    return {
        "pages": estimate.pages,
        "tokens": estimate.tokens,
        "ocr_pages": estimate.ocr_pages,
        "dollars": estimate.dollars,
        "seconds": round(estimate.seconds, 1),
    }


def lost_row(path: Path, error: DocumentError) -> Row:
    """A file that left no document, as one line of JSON."""
    nothing = {"id": None, "title": None, "pages": None, "size_bytes": None}
    found = {"document": path.name, "state": error.state, "reason": error.reason}
    return nothing | found | {"new": False}
