"""The tools we offer to models that can call them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import groupby, islice

from pydantic import PositiveInt

from rag import page_search, table_queries
from rag.calculator import calculate as worked_out
from rag.domain import Document, Manner, Passage, Scope, Source
from rag.errors import ToolError
from rag.evidence import USUAL_BAR
from rag.intake import Table
from rag.retrieval import Retriever
from rag.search_filters import Filters, Kinds, Names, Numbers, narrowed
from rag.shelf import Shelf, passage_of
from rag.store.catalog import Catalog
from rag.tools import NOTHING_ANSWERS, Findings, Tool, ToolFunction, tool_from

OFFERED = frozenset(
    {
        *("search_documents", "open_page", "read_range", "find_text", "list_documents"),
        *("outline", "query_table", "calculate", "today"),
    }
)  # the names of our tools, which no tool of a user's own may have
FOUND_PASSAGES = 5
FOUND_PLACES = 20
LISTED = 200  # documents, headings or tables that are named at most
LONGEST_PAGE = 8_000  # characters of a page, or of a range of pages, that are handed to a model
LISTED_COLUMNS = 12
USUAL = Manner()


def tools_for(
    scope: Scope,
    retriever: Retriever,
    catalog: Catalog,
    manner: Manner = USUAL,
    sources: Sequence[Source] = (),
) -> list[Tool]:
    """The tools for one question; each sees what the question may see, and changes nothing.

    What they search is searched and refused in the `manner` of the question itself; `sources` are
    those that the model has been shown by the time it calls.
    """
    bar = USUAL_BAR if manner.bar is None else manner.bar
    shelf = Shelf(scope, catalog)
    reading = _Reading(shelf, catalog)

    def search_documents(
        query: str,
        documents: Names | None = None,
        exclude: Names | None = None,
        kinds: Kinds | None = None,
        first_page: PositiveInt | None = None,
        last_page: PositiveInt | None = None,
        without_sources: Numbers | None = None,
    ) -> Findings:
        """Search the user's documents again, in other words, for what the sources do not say.

        `documents` searches only these, named as the sources name them, `exclude` leaves some out,
        and `kinds` searches one kind of file; the pages are those of one document that is named.
        `without_sources` are numbers of sources that are not to come again.
        """
        filters = Filters(
            documents or (),
            exclude or (),
            kinds or (),
            first_page,
            last_page,
            without_sources or (),
        )
        narrower, narrowing = narrowed(filters, scope, shelf, sources)
        found = retriever.retrieve(
            query, narrower, FOUND_PASSAGES, widen=manner.rewrite, narrowing=narrowing
        )
        too_low = found.evidence.is_below(bar, instructable=True)
        note = NOTHING_ANSWERS if too_low or not found.passages else ""
        return Findings(found.passages, note)

    methods: tuple[ToolFunction, ...] = (
        *(reading.open_page, reading.read_range, reading.find_text, reading.list_documents),
        *(reading.outline, reading.query_table, calculate, today),
    )
    return [tool_from(search_documents), *map(tool_from, methods)]


def calculate(expression: str) -> str:
    """Work out an expression exactly.

    It knows + - * / ^ %, and growth(before, after) in percent, cagr(before, after, years),
    percent(part, whole), ratio, average, sum, min, max, round, sqrt, abs.
    """
    return worked_out(expression)


def today() -> str:
    """Today's date, for questions about now, recent years or how long ago."""
    return datetime.now(UTC).astimezone().strftime("%A, %Y-%m-%d")


class _Reading:
    """The tools that read documents."""

    def __init__(self, shelf: Shelf, catalog: Catalog) -> None:
        self._shelf, self._catalog = shelf, catalog

    def open_page(self, document: str, page: int) -> Sequence[Passage]:
        """Read a whole page of a document, named as the sources name it; pages count from 1."""
        return self._read(self._shelf.named(document), page, page)

    def read_range(self, document: str, first_page: int, last_page: int) -> Sequence[Passage]:
        """Read several pages of a document in a row; of long ones only the beginning comes."""
        return self._read(self._shelf.named(document), first_page, last_page)

    def _read(self, document: Document, first: int, last: int) -> list[Passage]:
        left, found = LONGEST_PAGE, []
        for number in range(first, max(min(last, document.page_count), first) + 1):
            page = self._shelf.page(document, number)
            text = page.text[:left]
            if text.strip():
                found.append(passage_of(document, page, 0, len(text)))
            left -= len(text)
            if left <= 0:
                break
        if not found:
            where = f"Page {first}" if first == last else "This part"
            raise ToolError(f"{where} of {document.name} has no text.")
        return found

    def find_text(
        self, text: str, document: str | None = None, regular_expression: bool = False
    ) -> Findings:
        """Find every place where exact words stand, in one document or in all.

        For names, codes, amounts and quotations; capitals and line breaks do not matter.
        """
        pattern = page_search.compiled(text, is_regex=regular_expression)
        pages = self._shelf.pages(self._shelf.chosen(document))
        places = list(islice(page_search.places(pattern, pages), FOUND_PLACES + 1))
        if not places:
            return Findings((), "It stands nowhere, letter by letter.")
        note = f"Found at more than {FOUND_PLACES} places; these are the first."
        found = tuple(passage_of(*place) for place in places[:FOUND_PLACES])
        return Findings(found, note if len(places) > FOUND_PLACES else "")

    def list_documents(self) -> str:
        """Name the user's documents, with their titles and numbers of pages."""
        known = self._shelf.documents()
        lines = [
            f"{each.name}: {each.title}, {each.page_count} pages"
            if each.chunks
            else f"{each.name}: cannot be read ({each.state})"
            for each in known[:LISTED]
        ]
        if len(known) > LISTED:
            lines.append(f"{len(known) - LISTED} more are not listed.")
        return "\n".join(lines) or "There are no documents."

    def outline(self, document: str) -> str:
        """Show the headings of a document with their pages, and its tables with their columns."""
        known = self._shelf.named(document)
        headings = self._shelf.headings(known, LISTED)
        lines = [f"p. {page}: {' > '.join(path)}" for page, path in headings]
        tables = [_told(parts) for parts in self._tables(known)[:LISTED]]
        return "\n".join([*lines, *tables]) or f"{known.name} has no headings and no tables."

    def query_table(self, document: str, table: PositiveInt, sql: str) -> Findings:
        """Run a SELECT over a table of a document, which is named `t`.

        `outline` tells the table's number and columns. Cells that are numbers are numbers, whatever
        their signs; the column row_number counts the rows.
        """
        known = self._shelf.named(document)
        for parts in self._tables(known):
            if parts[0].number == table:
                answer = table_queries.query(parts, sql)
                return Findings(self._shown(known, parts), f"The query gives:\n{answer}")
        raise ToolError(f"{known.name} has no table {table}; `outline` lists them.")

    def _tables(self, document: Document) -> list[list[Table]]:
        """The tables, each with its parts on all its pages."""
        tables = self._catalog.tables(document.id)
        return [list(parts) for _, parts in groupby(tables, lambda part: part.number)]

    def _shown(self, document: Document, parts: Sequence[Table]) -> tuple[Passage, ...]:
        """Where a table stands, for what it says to be cited."""
        left, found = LONGEST_PAGE, []
        for part in parts:
            if not part.rows or left <= 0:
                continue
            start, end = part.rows[0].start, part.rows[-1].end
            page = self._shelf.page(document, part.page)
            found.append(passage_of(document, page, start, min(end, start + left)))
            left -= end - start
        return tuple(found)


def _told(parts: Sequence[Table]) -> str:
    columns = ", ".join(table_queries.columns_of(parts)[:LISTED_COLUMNS])
    name = f" {parts[0].name}" if parts[0].name else ""
    rows = sum(len(part.rows) for part in parts)
    return f"p. {parts[0].page}: table {parts[0].number}{name}, {rows} rows: {columns}"
