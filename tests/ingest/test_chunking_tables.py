from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest import chunking
from ingest.rows import header_line
from rag import tokens
from rag.domain import Page, PageState
from rag.intake import Chunk, Table, TableRow

LIMIT = 60
HEADER = ("Year", "Revenue", "Profit")
COLUMNS = "Year | Revenue | Profit"


def _measure(texts: Sequence[str]) -> list[int]:
    return [2 + count for count in tokens.count_tokens(texts)]


def _page(number: int, text: str) -> Page:
    return Page(number, str(number), text, 0)


def _rows(text: str) -> Iterator[TableRow]:
    """Every line of a page with a bar in it, as a row."""
    done = 0
    for line in text.splitlines(keepends=True):
        if "|" in line:
            row = line.rstrip()
            yield TableRow(done, done + len(row), tuple(row.split(" | ")))
        done += len(line)


def _table(text: str, number: int = 1, page: int = 1, name: str = "") -> Table:
    return Table(number, page, name, HEADER, tuple(_rows(text)))


def _lines(first: int, last: int) -> str:
    return "".join(f"{year} | 1,234 | {year}7\n" for year in range(first, last))


def _split(text: str, *tables: Table, limit: int = LIMIT) -> list[Chunk]:
    return chunking.split([_page(1, text)], [], _measure, limit, tables)


def _shown(chunks: Sequence[Chunk], text: str) -> list[str]:
    return [text[chunk.start : chunk.end] for chunk in chunks]


def test_every_chunk_of_a_table_but_the_first_repeats_the_names_of_its_columns() -> None:
    text = f"{COLUMNS}\n{_lines(2000, 2030)}"

    chunks = _split(text, _table(text))

    assert len(chunks) > 5
    assert [chunk.header for chunk in chunks] == ["", *[COLUMNS] * (len(chunks) - 1)]
    assert [row for span in _shown(chunks, text) for row in span.split("\n")] == text.splitlines()
    embedded = [
        f"{chunk.header}\n{span}" for chunk, span in zip(chunks, _shown(chunks, text), strict=True)
    ]
    assert max(_measure(embedded)) <= LIMIT
    assert [chunk.tokens for chunk in chunks] == tokens.count_tokens(_shown(chunks, text))


def test_a_table_that_goes_on_over_the_page_repeats_them_there() -> None:
    first, second = f"{COLUMNS}\n{_lines(2000, 2002)}", _lines(2002, 2004)
    tables = [_table(first), _table(second, page=2)]

    chunks = chunking.split([_page(1, first), _page(2, second)], [], _measure, LIMIT, tables)

    assert [chunk.header for chunk in chunks] == ["", COLUMNS]


def test_the_columns_that_a_page_names_again_are_not_repeated() -> None:
    text = f"{COLUMNS}\n{_lines(2000, 2002)}"
    tables = [_table(text), _table(text, page=2)]

    chunks = chunking.split([_page(1, text), _page(2, text)], [], _measure, LIMIT, tables)

    assert [chunk.header for chunk in chunks] == ["", ""]


def test_a_table_without_names_of_columns_has_no_header() -> None:
    text = _lines(2000, 2030)
    table = Table(1, 1, "", (), tuple(_rows(text)))

    assert {chunk.header for chunk in _split(text, table)} == {""}


def test_a_table_that_fits_stays_whole_with_its_caption() -> None:
    prose = "Some words of a paragraph stand here before it, and fill the chunk in part.\n" * 2
    table = f"Table 3. Results by year\n{COLUMNS}\n{_lines(2000, 2002)}"
    text = prose + table + prose

    spans = _shown(_split(text, _table(text)), text)

    assert table.strip() in spans


def test_a_row_of_several_lines_is_not_cut() -> None:
    row = "A label that goes on\nin a second line 1,234 5,678\n"
    text = f"{COLUMNS}\n" + row * 12
    starts = range(len(COLUMNS) + 1, len(text), len(row))
    rows = [TableRow(start, start + len(row) - 1, ("A", "1", "2")) for start in starts]
    table = Table(1, 1, "", HEADER, (TableRow(0, len(COLUMNS), HEADER), *rows))

    spans = _shown(_split(text, table), text)

    assert len(spans) > 3
    assert sum(span.count(row.strip()) for span in spans) == 12


def test_a_row_that_fits_only_without_the_header_stays_whole() -> None:
    long = "2001 | " + "word " * 46 + "| 3\n"
    text = f"{COLUMNS}\n{_lines(1999, 2001)}{long}{_lines(2002, 2004)}"

    chunks = _split(text, _table(text))

    (chunk,) = [chunk for chunk in chunks if "word" in text[chunk.start : chunk.end]]
    assert (text[chunk.start : chunk.end], chunk.header) == (long.strip(), "")


def test_a_row_above_the_limit_is_cut_and_every_piece_has_the_header() -> None:
    text = f"{COLUMNS}\n2001 | {'word ' * 300}| 3\n"

    chunks = _split(text, _table(text))

    assert len(chunks) > 5
    assert {chunk.header for chunk in chunks[1:]} == {COLUMNS}
    spans = _shown(chunks, text)
    assert max(_measure([f"{COLUMNS}\n{span}" for span in spans[1:]])) <= LIMIT


def test_a_long_header_is_shortened() -> None:
    names = tuple(f"Column number {number}\nof many" for number in range(100))

    line = header_line(names)

    assert line.startswith("Column number 0 of many | Column number 1 of many | ")
    assert 150 < len(line) <= 200


@pytest.mark.parametrize("limit", [16, 40, 320])
def test_a_header_takes_a_third_of_a_chunk_at_most(limit: int) -> None:
    text = _lines(2000, 2100)
    rows = tuple(_rows(text))
    table = Table(1, 1, "", tuple("123456789" for _ in range(20)), (rows[0], *rows))

    headers = {chunk.header for chunk in _split(text, table, limit=limit)} - {""}

    assert all(tokens.count(header) <= limit // 3 for header in headers)


CELLS = st.sampled_from(
    ["12", "1,234", "a label", "漢字", "long words " * 6, "e\u0301", "👩\u200d🚀", "\x02", "x" * 90]
)
LINES = st.one_of(
    st.lists(CELLS, min_size=1, max_size=4).map(" | ".join),
    st.sampled_from(["", "Total Assets", "A sentence stands here.", "Table 1", "- an item", "by:"]),
)
PLACES = st.integers(-20, 400)


@settings(max_examples=100, deadline=None)
@given(
    st.lists(LINES, max_size=25).map("\n".join),
    st.integers(16, 90),
    st.lists(st.tuples(st.integers(1, 3), st.integers(1, 3), st.lists(st.tuples(PLACES, PLACES)))),
    st.sampled_from([(), ("Year", "Sum"), ("Net income of the year " * 20,)]),
)
def test_tables_with_any_spans_break_nothing(
    text: str,
    limit: int,
    places: list[tuple[int, int, list[tuple[int, int]]]],
    header: tuple[str, ...],
) -> None:
    tables = [
        Table(number, page, "Sums", header, tuple(TableRow(*span, ("x",)) for span in spans))
        for number, page, spans in places
    ]
    pages = [_page(1, text), Page(2, "2", text, 0, PageState.OCR)]

    chunks = chunking.split(pages, [], _measure, limit, tables)

    assert chunks == chunking.split(pages, [], _measure, limit, tables)
    for number in (1, 2):
        spans = [(chunk.start, chunk.end) for chunk in chunks if chunk.page == number]
        assert all(end <= start for (_, end), (start, _) in pairwise(spans))
        covered = {index for start, end in spans for index in range(start, end)}
        assert all(index in covered or text[index].isspace() for index in range(len(text)))
    for chunk in chunks:
        span = text[chunk.start : chunk.end]
        assert span == span.strip() != ""
        assert _measure([f"{chunk.header}\n{span}" if chunk.header else span])[0] <= limit


def test_a_long_header_says_once_what_groups_its_columns() -> None:
    groups = ("Fair value at Level 1", "Fair value at Level 2", "Book value")
    cells = [
        "In millions",
        *(f"{group} at the end of {year}" for group in groups for year in YEARS),
    ]

    assert header_line(cells) == (
        "In millions | Fair value at Level 1 at the end of 2022 | 2021 | 2020 | "
        "Level 2 at the end of 2022 | 2021 | 2020 | Book value at the end of 2022 | 2021 | 2020"
    )
    assert header_line(cells[:4]) == " | ".join(cells[:4])


YEARS = (2022, 2021, 2020)


@settings(max_examples=100, deadline=None)
@given(st.lists(LINES, min_size=1, max_size=25).map("\n".join), st.integers(16, 90), st.booleans())
def test_rows_that_fit_are_whole(text: str, limit: int, is_named: bool) -> None:
    rows = tuple(_rows(text))
    header = rows[0].cells if rows and is_named else ()

    chunks = _split(text, Table(1, 1, "", header, rows), limit=limit)

    for row in rows:
        if _measure([text[row.start : row.end] + "\n"])[0] <= limit and row.start < row.end:
            assert any(chunk.start <= row.start and row.end <= chunk.end for chunk in chunks)
