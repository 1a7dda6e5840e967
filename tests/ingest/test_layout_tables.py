from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest import layout
from ingest.layout_tables import Collector
from rag.intake import Table

Words = tuple[float, str]
"""Words and where they begin, in characters of one width from the left of the page."""

YEARS: list[list[Words]] = [
    [(0, "(in millions)"), (46, "2023"), (62, "2022")],
    [(0, "Net sales"), (40, "$"), (44, "35,355"), (56, "$"), (60, "34,229")],
    [(0, "Cost of sales"), (43, "(19,232)"), (59, "(18,795)")],
    [(0, "Operating income"), (44, "16,123"), (60, "15,434")],
]
PROSE = "The Company bought back shares for 1,200 in 2023 and for 900 in 2022 under its programme."


def page(rows: Sequence[Sequence[Words]]) -> tuple[str, layout.Ruler]:
    """A page's text as pdfium gives it, and where its characters stand."""
    places: list[float | None] = []
    text = ""
    for row in rows:
        for start, words in row:
            space = " " if text and not text.endswith("\n") else ""
            places += [None] * len(space) + [start + index for index in range(len(words))]
            text += space + words
        places += [None, None]
        text += "\r\n"

    def ruler(offset: int) -> tuple[float, float] | None:
        place = places[offset]
        return None if place is None else (place, place + 0.9)

    return text, ruler


def laid_out(text: str, ruler: layout.Ruler) -> tuple[str, list[layout.Line]]:
    """A page's text with its lines."""
    return text, layout.lines(text, lambda: ruler)


def tables(*pages: Sequence[Sequence[Words]]) -> tuple[Table, ...]:
    """The tables of a document of such pages."""
    collector = Collector()
    for number, rows in enumerate(pages, 1):
        collector.add(number, *laid_out(*page(rows)))
    return collector.found()


def prose(*lines: str) -> list[list[Words]]:
    return [[(0, line)] for line in lines]


def test_a_table_has_its_header_its_rows_and_their_places() -> None:
    rows = [*prose(PROSE), *YEARS, *prose(PROSE)]
    text, _ = page(rows)

    (table,) = tables(rows)

    assert (table.number, table.page, table.name) == (1, 1, "")
    assert table.header == ("(in millions)", "2023", "2022")
    assert [row.cells for row in table.rows] == [
        table.header,
        ("Net sales", "$ 35,355", "$ 34,229"),
        ("Cost of sales", "(19,232)", "(18,795)"),
        ("Operating income", "16,123", "15,434"),
    ]
    assert [text[row.start : row.end] for row in table.rows] == [
        "(in millions) 2023 2022",
        "Net sales $ 35,355 $ 34,229",
        "Cost of sales (19,232) (18,795)",
        "Operating income 16,123 15,434",
    ]


def test_words_set_below_each_other_name_one_column() -> None:
    (table,) = tables(
        [
            *prose(PROSE),
            [(40, "Year ended May 31,")],
            [(36, "Number of")],
            [(38, "shares")],
            [(54, "Average")],
            [(56, "price")],
            [(0, "Granted"), (40, "9.8"), (56, "426")],
            [(0, "Vested"), (40, "5.6"), (56, "253")],
        ]
    )

    assert table.header == (
        "",
        "Year ended May 31, Number of shares",
        "Year ended May 31, Average price",
    )
    assert len(table.rows) == 3


def test_names_of_sections_are_rows_of_one_cell() -> None:
    (table,) = tables([YEARS[0], [(0, "Continuing operations:")], *YEARS[1:]])

    assert table.rows[1].cells == ("Continuing operations:", "", "")
    assert table.header == ("(in millions)", "2023", "2022")


def test_a_label_on_two_lines_is_one_row() -> None:
    rows: list[list[Words]] = [
        *YEARS,
        [(0, "Cash and cash equivalents at the")],
        [(1, "end of year"), (48, "50"), (64, "40")],
    ]
    text, _ = page(rows)

    (table,) = tables(rows)

    last = table.rows[-1]
    assert last.cells == ("Cash and cash equivalents at the end of year", "50", "40")
    assert text[last.start : last.end].splitlines() == [
        "Cash and cash equivalents at the",
        "end of year 50 40",
    ]


def test_a_caption_names_a_table() -> None:
    (table,) = tables([*prose("Table 4. What was sold, by year"), *YEARS])

    assert table.name == "Table 4. What was sold, by year"


def test_what_announces_another_table_ends_one() -> None:
    again = [*prose("Costs were as follows:"), *YEARS]

    assert [table.number for table in tables([*YEARS, *again])] == [1, 2]


def test_a_table_of_words_needs_no_numbers() -> None:
    (table,) = tables(
        [
            [(0, "Quarter"), (20, "Countries"), (40, "Months")],
            [(0, "First quarter"), (20, "12 weeks"), (40, "January, February")],
            [(0, "Second quarter"), (20, "12 weeks"), (40, "March to May")],
            [(0, "Third quarter"), (20, "16 weeks"), (40, "June to August")],
        ]
    )

    assert table.header == ("Quarter", "Countries", "Months")
    assert table.rows[-1].cells == ("Third quarter", "16 weeks", "June to August")


@pytest.mark.parametrize(
    "rows",
    [
        prose(*[PROSE] * 6),
        prose(*[f"{PROSE[: 60 + 3 * size]} 20{size}" for size in range(9)]),
        [
            [(0, "•"), (4, f"Point {number} of the list is made in some words")]
            for number in range(6)
        ],
        [[(0, f"({letter})"), (6, "The term means what it says")] for letter in "abcdef"],
        [[(0, f"Chapter {number}"), (60, str(number * 11))] for number in range(1, 9)],
        [[(0, f"Chapter {number} ......... {number}")] for number in range(1, 9)],
        [[(0, "words that fill the column full "), (36, "and other words fill this column")]] * 8,
        [[(0, "From"), (30, "To")], [(0, "Paris"), (30, "Rome")]],
    ],
    ids=["prose", "years", "bullets", "letters", "contents", "leaders", "two columns", "two lines"],
)
def test_what_is_no_table_becomes_none(rows: list[list[Words]]) -> None:
    assert tables(rows) == ()


def test_a_table_over_two_pages_keeps_its_number_and_header() -> None:
    more = [
        [(0, "Interest"), (48, "55"), (64, "50")],
        [(0, "Taxes"), (48, "77"), (64, "70")],
        [(0, "Net income"), (48, "99"), (64, "90")],
    ]
    footer, title = prose("page 7"), prose("Notes to the accounts")

    first, second = tables([*YEARS, *footer], [*title, *more])
    _, repeated = tables([*YEARS, *footer], [*title, YEARS[0], *more])

    assert (first.number, second.number) == (1, 1)
    assert second.header == first.header
    assert [row.cells[0] for row in second.rows] == ["Interest", "Taxes", "Net income"]
    assert [row.cells[0] for row in repeated.rows] == ["Interest", "Taxes", "Net income"]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (prose(*[PROSE] * 5), []),
        ([], prose(*[PROSE] * 5)),
        ([], [[(0, "(in thousands)"), (46, "2019"), (62, "2018")]]),
    ],
    ids=["prose below", "prose above", "another header"],
)
def test_another_table_on_the_next_page_has_a_number_of_its_own(
    before: list[list[Words]], after: list[list[Words]]
) -> None:
    one, other = tables([*YEARS, *before], [*after, *YEARS[1:]])

    assert (one.number, other.number) == (1, 2)


_CELL = st.tuples(
    st.floats(0, 100),
    st.sampled_from(
        ["5", "(1,200)", "$", "%", "2023", "Net sales", "—", "n/a", "word", "•", "漢", "e."]
    ),
)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.lists(_CELL, min_size=1, max_size=6), max_size=25))
def test_rows_are_in_order_and_hold_their_cells(rows: list[list[Words]]) -> None:
    text, _ = page(rows)
    end = 0

    for table in tables(rows):
        assert all(len(row.cells) == len(table.rows[0].cells) for row in table.rows)
        for row in table.rows:
            assert end <= row.start < row.end <= len(text)
            end = row.end
            words = text[row.start : row.end].split()
            assert all(word in words for cell in row.cells for word in cell.split())


def test_a_page_longer_than_any_page_is_not_looked_at() -> None:
    text = "Sales 1,200 1,100\r\n" * 20_000

    assert layout.lines(text, lambda: lambda offset: (0.0, 1.0)) == []


@pytest.mark.parametrize(
    "line", ["1 " * 50_000, "-" * 100_000, "(" * 100_000, ". " * 50_000, "in " * 30_000]
)
def test_odd_lines_are_looked_at_in_bearable_time(line: str) -> None:
    assert tables(prose(line, line[:90_000])) == ()


@pytest.mark.parametrize("gap", [1.3, 1.6])
def test_a_label_that_reaches_close_to_its_figures_is_parted_from_them(gap: float) -> None:
    label = "Earnings before provision for taxes"
    rows: list[list[Words]] = [
        [(0, "(in millions)"), (38, "2023"), (48, "2022")],
        [(0, label), (len(label) + gap, "$ 7,349"), (47, "7,082")],
        [(0, "Net sales"), (39, "355"), (49, "229")],
        [(0, "Operating income"), (39, "123"), (49, "434")],
    ]

    (table,) = tables(rows)

    assert [row.cells for row in table.rows] == [
        ("(in millions)", "2023", "2022"),
        (label, "$ 7,349", "7,082"),
        ("Net sales", "355", "229"),
        ("Operating income", "123", "434"),
    ]


def test_rows_that_run_through_the_columns_of_two_others_make_no_table() -> None:
    crew = [
        [(2, "Name"), (14, "Born"), (22, "Post")],
        [(0, "Ada Quill of the mill 1987")],
        [(0, "Ben Stroud at the 1990")],
        [(0, "Cy Holm"), (14, "1961"), (22, "warden")],
    ]
    assert tables(crew) == ()
