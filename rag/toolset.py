"""The tools we offer to models that can call them."""

from __future__ import annotations

from collections.abc import Sequence

from rag.domain import Passage, Scope
from rag.errors import ToolError
from rag.retrieval import Retriever
from rag.store.catalog import Catalog
from rag.tools import Tool, tool_from

FOUND_PASSAGES = 5
LONGEST_PAGE = 8_000  # characters of a page that are handed to a model


def tools_for(scope: Scope, retriever: Retriever, catalog: Catalog) -> list[Tool]:
    """The tools for one question; each sees what the question may see, and changes nothing."""

    def search_documents(query: str) -> Sequence[Passage]:
        """Search the user's documents again, in other words, for what the sources do not say."""
        return retriever.search(query, scope, FOUND_PASSAGES)

    def open_page(document: str, page: int) -> Sequence[Passage]:
        """Read a whole page of a document, named as the sources name it; pages count from 1."""
        for known in catalog.documents(scope.library_id):
            visible = scope.document_ids is None or known.id in scope.document_ids
            if visible and document in (known.name, known.title):
                read = catalog.page(known.id, page)
                text = read.text[:LONGEST_PAGE]
                return [
                    Passage(known, page, read.label, 0, len(text), text, (), 0.0, (), read.offset)
                ]
        raise ToolError(f"There is no document named {document!r}.")

    return [tool_from(search_documents), tool_from(open_page)]
