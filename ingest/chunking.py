"""Cuts pages into the spans that are embedded: by structure first, then by tokens.

A page is taken apart into units that stay whole (lines, rows of tables; smaller pieces only of
those that are longer than a chunk), and the cheapest way to pack them is found by dynamic
programming: full and even chunks that begin at headings, paragraphs and tables cost least.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

from ingest.cutting import halves, pieces, trimmed
from ingest.loaded import Heading
from ingest.packing import cheapest_cut, continued, joined, pack
from ingest.rows import PlacedRow, TablePart, rows_by_page, shortened
from ingest.units import Break, Unit, units_of_page
from rag import tokens
from rag.domain import Page, PageState
from rag.folding import readable
from rag.intake import Chunk, Table

Measure = Callable[[Sequence[str]], list[int]]
"""The length of each text in the tokens that limit a chunk."""

READ = frozenset({PageState.TEXT, PageState.OCR, PageState.NEEDS_OCR})  # the last by few words
HEADER_SHARE = 3  # a table's header takes at most one part in so many of a chunk


@dataclass(frozen=True, slots=True)
class _Span:
    start: int
    end: int
    header: str


def split(
    pages: Sequence[Page],
    headings: Sequence[Heading],
    measure: Measure,
    limit: int,
    tables: Sequence[Table] = (),
) -> list[Chunk]:
    """Chunks that hold every visible character of the pages with text exactly once, in order.

    A chunk lies within one page and measures `limit` at most, unless a single character measures
    more. Its header, where it goes on with a table, is measured with it, on a line of its own. A
    row is cut only when it is above the limit alone. `headings` are in the order of the document.
    """
    outline = _Outline(headings)
    rows = rows_by_page(pages, tables)
    cutter = _Cutter(measure, limit, rows)
    chunks: list[Chunk] = []
    for page in pages:
        if page.state in READ:
            spans = cutter.spans(page.text, outline.starts(page.number), rows.get(page.number, ()))
            texts = [readable(page.text[span.start : span.end]) for span in spans]
            counts = tokens.count_tokens(texts)
            chunks += [
                Chunk(
                    page.number,
                    span.start,
                    span.end,
                    outline.path(page.number, span.start),
                    count,
                    span.header,
                )
                for span, count in zip(spans, counts, strict=True)
            ]
    return chunks


class _Cutter:
    """Cuts one page after the other."""

    def __init__(
        self, measure: Measure, limit: int, rows: Mapping[int, Sequence[PlacedRow]]
    ) -> None:
        self._measure = measure
        self._limit = limit
        self._overhead = measure([""])[0]
        self._budget = max(limit - self._overhead, 1)
        self._headers: dict[TablePart, str] = {}
        self._header_sizes: dict[TablePart, int] = {}
        known: dict[str, tuple[str, int]] = {}
        for row in chain.from_iterable(rows.values()):
            header = row.part.header
            if header not in known:
                known[header] = self._short_header(header)
            self._headers[row.part], self._header_sizes[row.part] = known[header]

    def spans(self, text: str, headings: set[int], rows: Sequence[PlacedRow]) -> list[_Span]:
        """The spans of one page's chunks, in order."""
        units = joined(self._measured(text, units_of_page(text, headings, rows)), self._budget)
        groups = pack(units, self._header_sizes, self._budget)
        spans = [self._span(text, group) for group in groups]
        sizes = self._measure([_embedded(text, span) for span in spans])
        fitting: list[_Span] = []
        for group, span, size in zip(groups, spans, sizes, strict=True):
            fitting += [span] if size <= self._limit else self._cut_again(text, group, span)
        return fitting

    def _span(self, text: str, units: Sequence[Unit]) -> _Span:
        part = continued(units)
        start, end = trimmed(text, units[0].start, units[-1].end)
        return _Span(start, end, self._headers[part] if part else "")

    def _sizes(self, texts: Sequence[str]) -> list[int]:
        return [max(size - self._overhead, 1) for size in self._measure(texts)]

    def _measured(self, text: str, units: Sequence[Unit]) -> list[Unit]:
        """The units with their sizes, in pieces where they are above the budget."""
        sizes = self._sizes([text[unit.start : unit.end] for unit in units])
        for unit, size in zip(units, sizes, strict=True):
            unit.size = size
        self._mark_small_tables(units)
        whole: list[Unit] = []
        for unit in units:
            if unit.size > self._budget:
                header = self._header_sizes[unit.part] if unit.part else 0
                whole += pieces(text, unit, self._sizes, self._budget - header)
            else:
                whole.append(unit)
        return whole

    def _mark_small_tables(self, units: Sequence[Unit]) -> None:
        tables: dict[TablePart, list[Unit]] = {}
        for unit in units:
            if unit.part is not None:
                tables.setdefault(unit.part, []).append(unit)
        for part, rows in tables.items():
            header = 0 if rows[0].names_columns else self._header_sizes[part]
            if header + sum(row.size for row in rows) <= self._budget:
                for row in rows[1:]:
                    row.before = Break.SMALL_TABLE

    def _cut_again(self, text: str, units: Sequence[Unit], span: _Span) -> list[_Span]:
        """The spans of units that measure more together than they did alone."""
        if self._measure([_embedded(text, span)])[0] <= self._limit or span.end - span.start < 2:
            return [span]
        if span.header and len(units) == 1:
            return self._cut_again(text, units, _Span(span.start, span.end, ""))
        place = cheapest_cut(units) if len(units) > 1 else 0
        parts = (
            [units[:place], units[place:]] if place else [[half] for half in halves(text, *units)]
        )
        spans = [self._span(text, part) for part in parts]
        return [
            cut
            for part, span in zip(parts, spans, strict=True)
            for cut in self._cut_again(text, part, span)
        ]

    def _short_header(self, header: str) -> tuple[str, int]:
        """A table's header, shortened to its share of a chunk, and its size."""
        most = self._budget // HEADER_SHARE
        while header:
            (size,) = self._sizes([header + "\n"])
            if size <= most:
                return header, size
            header = shortened(header, min(len(header) - 1, len(header) * most // size))
        return "", 0


def _embedded(text: str, span: _Span) -> str:
    shown = text[span.start : span.end]
    return f"{span.header}\n{shown}" if span.header else shown


class _Outline:
    """Answers which headings stand above a place."""

    def __init__(self, headings: Sequence[Heading]) -> None:
        placed = sorted(_places(headings), key=lambda pair: pair[0])
        self._places = [place for place, _ in placed]
        self._paths: list[tuple[str, ...]] = []
        above: list[Heading] = []
        for _, heading in placed:
            above = [other for other in above if other.level < heading.level] + [heading]
            self._paths.append(tuple(other.title for other in above))
        self._starts: dict[int, set[int]] = {}
        for heading in headings:
            if heading.start is not None:
                self._starts.setdefault(heading.page, set()).add(heading.start)

    def path(self, page: int, start: int) -> tuple[str, ...]:
        """The titles above a place, highest first, with that of a heading at the place itself."""
        index = bisect_right(self._places, (page, start))
        return self._paths[index - 1] if index else ()

    def starts(self, page: int) -> set[int]:
        """Where headings are known to stand on a page."""
        return self._starts.get(page, set())


def _places(headings: Sequence[Heading]) -> Iterator[tuple[tuple[int, float], Heading]]:
    """Where each heading takes effect.

    One without a known place does so at the start of its page, but below another heading of that
    page only from the next page on: what stands between them is more likely the other's.
    """
    begun = 0
    for heading in headings:
        if heading.start is None:
            yield (heading.page, math.inf if heading.page == begun else 0), heading
        else:
            begun = heading.page
            yield (heading.page, heading.start), heading
