"""What the catalog has of the pages of one document: their text, their words' places, tables."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Select, bindparam, select
from sqlalchemy import Table as Rows

from rag.domain import Page
from rag.errors import NotFoundError
from rag.intake import Table, WordBox
from rag.store.rows import boxes_of, page_of, table_of
from rag.store.tables import kept_pages, pages, table_parts

MOST_PAGES = 2**31

# Built once: putting a statement together takes as long as running it.
_PAGE: dict[Rows, Select[Any]] = {
    among: select(among).where(
        among.c.document_id == bindparam("document"), among.c.number == bindparam("page")
    )
    for among in (pages, kept_pages)
}
_WORDS: dict[Rows, Select[Any]] = {
    among: query.with_only_columns(among.c.words) for among, query in _PAGE.items()
}
_PAGES: Select[Any] = (
    select(pages).where(pages.c.document_id == bindparam("document")).order_by(pages.c.number)
)


def one_page(connection: Connection, document_id: str, number: int, among: Rows = pages) -> Page:
    """One page, with its text; `among` those of the documents that are there, or of others.

    Raises:
        NotFoundError: there is no such page.
    """
    if not 0 < number <= MOST_PAGES:  # which SQLite could not even compare
        raise NotFoundError(f"This document has no page {number}.")
    asked = {"document": document_id, "page": number}
    row = connection.execute(_PAGE[among], asked).first()
    if row is None:
        raise NotFoundError(f"This document has no page {number}.")
    return page_of(row)


def all_pages(connection: Connection, document_id: str) -> list[Page]:
    """Every page of a document, in order."""
    return [page_of(row) for row in connection.execute(_PAGES, {"document": document_id})]


def word_boxes(
    connection: Connection, document_id: str, number: int, among: Rows = pages
) -> tuple[WordBox, ...]:
    """Where the words of a scanned page stand; `among` as for `one_page`."""
    asked = {"document": document_id, "page": number}
    return boxes_of(connection.execute(_WORDS[among], asked).scalar())


def all_tables(connection: Connection, document_id: str) -> list[Table]:
    """The parts of a document's tables, in order."""
    query = (
        select(table_parts)
        .where(table_parts.c.document_id == document_id)
        .order_by(table_parts.c.number, table_parts.c.page)
    )
    return [table_of(row) for row in connection.execute(query)]
