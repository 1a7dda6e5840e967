"""Writes the pages of documents that have no text of their own: headings, paragraphs, tables.

Whatever is written is remembered with its place, so that headings and rows of tables have exact
offsets in the pages at the end.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from ingest.loaded import Heading, LoadedDocument
from ingest.loaders.text import sections
from ingest.placing import Places, WholeTable
from rag.domain import DocumentState, Page, PageState
from rag.errors import DocumentError
from rag.intake import Table, TableRow

MAX_CELLS = 3_000_000  # of all tables: a row of ten takes about a kilobyte of memory
MAX_CHARACTERS = 40_000_000
CELL_BORDER = " | "


@dataclass(frozen=True, slots=True)
class Composed:
    """What was written: pages, and what stands where in them."""

    pages: tuple[Page, ...]
    outline: tuple[Heading, ...]
    tables: tuple[Table, ...]

    def document(
        self,
        title: str,
        media_type: str,
        *,
        paginated: bool = False,
        state: DocumentState = DocumentState.READY,
        reason: str = "",
    ) -> LoadedDocument:
        """The document that it makes."""
        return LoadedDocument(
            title,
            media_type,
            paginated,
            self.pages,
            self.outline,
            state,
            reason,
            tables=self.tables,
        )


@dataclass(frozen=True, slots=True)
class _Break:
    start: int
    label: str
    state: PageState
    reason: str


class Composer:
    """Collects the text of a document; the places it keeps count in the whole of it."""

    def __init__(self) -> None:
        self._pieces: list[str] = []
        self._length = 0
        self._is_close = False  # whether the last line belongs close to the next
        self._breaks: list[_Break] = []
        self._headings: list[Heading] = []
        self._tables: list[WholeTable] = []
        self._cells = 0

    @property
    def length(self) -> int:
        """How many characters have been written."""
        return self._length

    def begin_page(
        self, label: str, *, state: PageState = PageState.TEXT, reason: str = ""
    ) -> None:
        """Start a page; one without text is `empty` at the end, whatever its state was to be."""
        if self._length and not self._stands_at_page_start():
            self._write("\n\n")
        self._breaks.append(_Break(self._length, label, state, reason))

    def heading(self, title: str, level: int, note: str = "") -> None:
        """A line that is a heading; `note` is shown beside it."""
        start = self._begin_block(is_close=False)
        self._write(title + note)
        self._headings.append(Heading(level, title, 1, start))

    def paragraph(self, *lines: str) -> None:
        """A paragraph of one or more lines, with a blank line before it."""
        if lines:
            self._begin_block(is_close=False)
            self._write("\n".join(lines))

    def item(self, text: str) -> None:
        """An item of a list, which stands close to the one before it."""
        self._begin_block(is_close=True)
        self._write(text)

    def table(
        self, rows: Iterable[Sequence[str]], *, name: str = "", header: Sequence[str] = ()
    ) -> None:
        """A table of clean cells, a row a line; `header` is its first row where that names columns.

        Raises:
            DocumentError: the tables hold too much.
        """
        table = WholeTable(name, tuple(header))
        for row in rows:
            line = row_line(row)
            if not line:
                continue
            self._count(len(row))
            start = self._begin_block(is_close=bool(table.rows))
            self._write(line)
            self._is_close = True
            table.rows.append(TableRow(start, self._length, tuple(row)))
        self._is_close = False
        if table.rows:
            self._tables.append(table)

    def written(self, text: str, tables: Iterable[WholeTable]) -> None:
        """A paragraph of lines with tables among them; their rows have their places in it.

        Raises:
            DocumentError: the tables hold too much.
        """
        self._begin_block(is_close=False)
        start = self._length
        self._write(text)
        for table in tables:
            rows = [TableRow(start + it.start, start + it.end, it.cells) for it in table.rows]
            self._count(sum(len(row.cells) for row in rows))
            self._tables.append(WholeTable(table.name, table.header, rows))

    def finish(self, max_pages: int) -> Composed:
        """The pages; one that was begun goes on with the same label where it is too long.

        Raises:
            DocumentError: there is no text, or it takes more than `max_pages`.
        """
        text = "".join(self._pieces)
        self._pieces.clear()
        if not text.strip() and all(each.state is not PageState.FAILED for each in self._breaks):
            raise DocumentError(DocumentState.EMPTY, "The file holds no text.")
        pages = self._pages(text, max_pages)
        places = Places(pages)
        outline = tuple(places.heading(heading) for heading in self._headings)
        return Composed(pages, outline, places.tables(self._tables))

    def _pages(self, text: str, max_pages: int) -> tuple[Page, ...]:
        breaks = self._breaks or [_Break(0, "", PageState.TEXT, "")]
        ends = [each.start for each in breaks[1:]] + [len(text)]
        pages: list[Page] = []
        for begun, end in zip(breaks, ends, strict=True):
            for page in _cut(text[begun.start : end], begun):
                number = len(pages) + 1
                if number > max_pages:
                    raise DocumentError(
                        DocumentState.TOO_LARGE,
                        f"The file is longer than {max_pages:,} pages. Split it, or raise "
                        "TRAMONTANE_MAX_PAGES.",
                    )
                label = begun.label or str(number)
                offset = begun.start + page.offset
                pages.append(Page(number, label, page.text, offset, page.state, page.reason))
        return tuple(pages)

    def _count(self, cells: int) -> None:
        self._cells += cells
        if self._cells > MAX_CELLS:
            raise too_many_cells()

    def _begin_block(self, *, is_close: bool) -> int:
        if self._length and not self._stands_at_page_start():
            self._write("\n" if is_close and self._is_close else "\n\n")
        self._is_close = is_close
        return self._length

    def _stands_at_page_start(self) -> bool:
        return bool(self._breaks) and self._breaks[-1].start == self._length

    def _write(self, text: str) -> None:
        self._pieces.append(text)
        self._length += len(text)
        if self._length > MAX_CHARACTERS:
            raise DocumentError(DocumentState.TOO_LARGE, "The file holds too much text. Split it.")


def too_many_cells() -> DocumentError:
    """The error for a file whose tables hold too much."""
    return DocumentError(
        DocumentState.TOO_LARGE, f"The file holds more than {MAX_CELLS:,} cells. Split it."
    )


def row_line(cells: Sequence[str]) -> str:
    """A row as it stands in a page's text: with its empty cells, so that each is in its column.

    A row of a single cell, as the name of a section, ends with it.
    """
    if sum(map(bool, cells)) > 1:
        return CELL_BORDER.join(cells).strip()
    last = next((place for place, cell in enumerate(cells, 1) if cell), 0)
    return CELL_BORDER.join(cells[:last]).strip()


def _cut(text: str, begun: _Break) -> Iterator[Page]:
    if text.strip():
        for page in sections(text, max_pages=len(text)):
            reason = begun.reason if page.state is begun.state else ""
            yield Page(page.number, "", page.text, page.offset, page.state, reason)
    else:
        state = PageState.FAILED if begun.state is PageState.FAILED else PageState.EMPTY
        yield Page(1, "", text, 0, state, begun.reason)
