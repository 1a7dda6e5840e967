"""The tools we offer to models that can call them."""

from __future__ import annotations

from collections.abc import Sequence

from rag.domain import Document, Manner, Passage, Scope
from rag.errors import ToolError
from rag.evidence import USUAL_BAR
from rag.retrieval import Retriever
from rag.store.catalog import Catalog
from rag.tools import NOTHING_ANSWERS, Findings, Tool, tool_from

FOUND_PASSAGES = 5
USUAL = Manner()
LONGEST_PAGE = 8_000  # characters of a page that are handed to a model


def tools_for(
    scope: Scope, retriever: Retriever, catalog: Catalog, manner: Manner = USUAL
) -> list[Tool]:
    """The tools for one question; each sees what the question may see, and changes nothing.

    What they search is searched and refused in the `manner` of the question itself.
    """
    bar = USUAL_BAR if manner.bar is None else manner.bar

    def search_documents(query: str) -> Findings:
        """Search the user's documents again, in other words, for what the sources do not say."""
        found = retriever.retrieve(query, scope, FOUND_PASSAGES, widen=manner.rewrite)
        too_low = found.evidence.is_below(bar, instructable=True)
        note = NOTHING_ANSWERS if too_low or not found.passages else ""
        return Findings(found.passages, note)

    def open_page(document: str, page: int) -> Sequence[Passage]:
        """Read a whole page of a document, named as the sources name it; pages count from 1."""
        for known in catalog.documents(scope.library_id):
            visible = scope.document_ids is None or known.id in scope.document_ids
            if visible and document.strip() in _names(known):
                return [_page_of(catalog, known, page)]
        raise ToolError(f"There is no document named {document!r}.")

    return [tool_from(search_documents), tool_from(open_page)]


def _names(document: Document) -> tuple[str, str, str]:
    """What a model may call a document, as its sources show it."""
    return document.name, document.title, f"{document.title} ({document.name})"


def _page_of(catalog: Catalog, document: Document, number: int) -> Passage:
    if not 1 <= number <= document.page_count:
        raise ToolError(f"{document.name} has the pages 1 to {document.page_count}.")
    page = catalog.page(document.id, number)
    text = page.text[:LONGEST_PAGE]
    if not text.strip():
        raise ToolError(f"Page {number} of {document.name} has no text.")
    return Passage(document, number, page.label, 0, len(text), text, (), 0.0, (), page.offset)
