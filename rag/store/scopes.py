"""What a scope holds: nothing where it is another principal's than the catalog's."""

from __future__ import annotations

from rag.domain import Document, Scope
from rag.errors import NotFoundError
from rag.store.catalog import Catalog
from rag.store.isolation import LIBRARY_GONE


def check_scope(catalog: Catalog, scope: Scope) -> None:
    """Refuse a scope of somebody else as one of a library that never was.

    Raises:
        NotFoundError: it is not of the principal whom the catalog acts for.
    """
    if scope.principal != catalog.principal:
        raise NotFoundError(LIBRARY_GONE)


def documents_in(catalog: Catalog, scope: Scope) -> list[Document]:
    """The documents of a scope, in the order in which they were added. Raises as `check_scope`."""
    check_scope(catalog, scope)
    visible = scope.document_ids
    known = catalog.documents(scope.library_id)
    return [each for each in known if visible is None or each.id in visible]
