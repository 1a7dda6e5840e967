"""Where headings and tables stand, told page by page from their places in a whole text."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from ingest.loaded import Heading
from rag.domain import Page
from rag.intake import Table, TableRow


@dataclass(slots=True)
class WholeTable:
    """A table in the whole text of a document, its rows with their places there."""

    name: str
    header: tuple[str, ...]
    rows: list[TableRow] = field(default_factory=list)


class Places:
    """Finds the page of a place in the whole text."""

    def __init__(self, pages: Sequence[Page]) -> None:
        """Take the pages in order; their offsets count in the whole text."""
        self._pages = pages
        self._starts = [page.offset for page in pages]

    def heading(self, heading: Heading) -> Heading:
        """A heading on its page, where it had its place in the whole text."""
        start = heading.start or 0
        page = self._page(start)
        return Heading(heading.level, heading.title, page.number, start - page.offset)

    def tables(self, tables: Sequence[WholeTable]) -> tuple[Table, ...]:
        """The tables page by page, numbered from 1."""
        return tuple(
            part for number, table in enumerate(tables, 1) for part in self._parts(number, table)
        )

    def _page(self, start: int) -> Page:
        return self._pages[bisect_right(self._starts, start) - 1]

    def _parts(self, number: int, table: WholeTable) -> Iterator[Table]:
        """The table page by page; a row that is longer than a page is where it begins."""
        rows: list[TableRow] = []
        page = self._page(table.rows[0].start)
        for row in table.rows:
            if row.start >= page.offset + len(page.text):
                if rows:
                    yield Table(number, page.number, table.name, table.header, tuple(rows))
                rows, page = [], self._page(row.start)
            end = min(row.end - page.offset, len(page.text))
            rows.append(TableRow(row.start - page.offset, end, row.cells))
        yield Table(number, page.number, table.name, table.header, tuple(rows))
