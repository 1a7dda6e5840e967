"""Tables of PDF pages without ruled lines, read as a whole."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from ingest.loaders import pdf
from rag.intake import Table
from tests import builders

CITIES = [
    ["Graz", "291,134", "127"],
    ["Linz", "206,537", "96"],
    ["Wels", "61,727", "46"],
]


def tables(folder: Path, *pages: builders.PdfPage) -> tuple[Table, ...]:
    """The tables of a PDF file of such pages."""
    path = folder / "plain.pdf"
    path.write_bytes(builders.pdf(pages))
    return pdf.load(path, path.name, max_pages=9, progress=lambda _done, _all: None).tables


def cells(table: Table) -> list[tuple[str, ...]]:
    return [row.cells for row in table.rows]


@pytest.mark.parametrize(
    "head", [["City", "Population", "Area"], ["Name", "Stock", "Sum"], ["City", "People", "Area"]]
)
@pytest.mark.parametrize("times", [1, 4])
def test_short_rows_with_wide_gaps_have_their_head(
    tmp_path: Path, head: Sequence[str], times: int
) -> None:
    rows = [[f"{label}{time}", *values] for time in range(times) for label, *values in CITIES]

    (table,) = tables(tmp_path, builders.grid([head, *rows]))

    assert table.header == tuple(head)
    assert cells(table) == [tuple(row) for row in [head, *rows]]


@pytest.mark.parametrize("above", [[], ["Parts in stock"], ["Parts in stock", "at the works"]])
@pytest.mark.parametrize("price", ["{}", "{}.50"])
def test_cells_of_one_character_belong_to_their_row(
    tmp_path: Path, above: Sequence[str], price: str
) -> None:
    parts = [[f"Part {n}", str(n % 9 + 1), price.format(n * 7 % 9 + 1)] for n in range(12)]
    rows = [["Item", "Qty", "Price"], *parts]

    (table,) = tables(tmp_path, builders.grid([*([words] for words in above), *rows]))

    assert cells(table) == [tuple(row) for row in rows]
    assert table.header == ("Item", "Qty", "Price")


def test_the_text_of_a_row_that_is_put_together_stays_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "parts.pdf"
    rows = [["Item", "Qty", "Price"], ["Bolt", "3", "7"], ["Nut", "4", "8"], ["Gear", "12", "9"]]
    path.write_bytes(builders.pdf([builders.grid(rows)]))

    document = pdf.load(path, path.name, max_pages=9, progress=lambda _done, _all: None)

    text = document.pages[0].text
    (table,) = document.tables
    assert text == "Item Qty Price\r\nBolt\r\n3\r\n7\r\nNut\r\n4\r\n8\r\nGear 12\r\n9"
    assert [text[row.start : row.end].split() for row in table.rows] == rows


@pytest.mark.parametrize("raised", [5.0, -20.0])
def test_a_mark_at_another_height_is_no_cell_of_the_row(tmp_path: Path, raised: float) -> None:
    rows = [["Item", "2022", "2023"], ["Sales", "55", "57"], ["Costs", "40", "41"]]
    page = builders.grid(rows)
    mark = builders.Line("1", x=330, y=660 + raised, size=7)

    (table,) = tables(tmp_path, replace(page, lines=(*page.lines, mark)))

    assert cells(table) == [tuple(row) for row in rows]


@pytest.mark.parametrize("mark", ["2", "12"])
def test_a_raised_mark_is_no_digit_of_the_figure_before_it(tmp_path: Path, mark: str) -> None:
    rows = [["Sales", "1,234", "9,876"], ["Costs", "1,100", "8,000"], ["Profit", "1,034", "1,876"]]
    lines = [*builders.grid([["Item", "2022", "2023"], *rows]).lines]
    lines.insert(0, builders.Line("Sales and costs of the last years in thousands", y=740))
    lines.insert(6, builders.Line(mark, x=172 + 30.5, y=685, size=7))
    lines.insert(4, builders.Line(mark, x=272 + 27.2, y=705, size=7))
    path = tmp_path / "marked.pdf"
    path.write_bytes(builders.pdf([builders.PdfPage(tuple(lines))]))

    document = pdf.load(path, path.name, max_pages=9, progress=lambda _done, _all: None)

    (table,) = document.tables
    assert cells(table) == [("Item", "2022", "2023"), *map(tuple, rows)]
    text, raised = document.pages[0].text, mark.translate(str.maketrans("12", "¹²"))
    assert [text[row.start : row.end] for row in table.rows[:2]] == [
        f"Item 2022 2023{raised}",
        f"Sales 1,234{raised} 9,876",
    ]


def test_digits_of_one_size_are_all_of_the_figure(tmp_path: Path) -> None:
    rows = [["Item", "Number", "Code"], ["Bolt", "1,2345", "20225"], ["Nut", "1,2346", "20226"]]

    (table,) = tables(tmp_path, builders.grid(rows))

    assert cells(table) == [tuple(row) for row in rows]


def test_words_beside_figures_have_a_column_where_figures_begin_the_rows(tmp_path: Path) -> None:
    rows = [
        ["Depth", "Temp", "Salt", "Notes"],
        ["10", "14.5", "3", "clear"],
        ["20", "11.0", "4", "murky"],
        ["30", "9.5", "5", "dark"],
    ]

    (table,) = tables(tmp_path, builders.grid(rows))

    assert table.header == tuple(rows[0])
    assert cells(table) == [tuple(row) for row in rows]


@pytest.mark.parametrize(
    "statement", ["The lake of Sorin is 87 metres deep.", "Sorin is very deep now."]
)
def test_a_sentence_above_a_table_is_no_head(tmp_path: Path, statement: str) -> None:
    rows = [["Depth", "Temp", "Salt"], ["10", "14.5", "3"], ["20", "11.0", "4"]]
    page = builders.grid(rows)
    above = builders.Line(statement, y=730)

    (table,) = tables(tmp_path, replace(page, lines=(above, *page.lines)))

    assert table.header == tuple(rows[0])
    assert cells(table) == [tuple(row) for row in rows]


def test_a_year_alone_above_words_is_no_head(tmp_path: Path) -> None:
    rows = [["", "2027", "", ""], ["4.2", "Notes", "8-K", "3.5"], ["4.3", "Bonds", "8-K", "4.5"]]

    (table,) = tables(tmp_path, builders.grid([*rows, ["4.4", "Loans", "10-K", "5.5"]]))

    assert table.header == ()


PLACES = (72, 150, 230, 325)
CREATURES = [[f"Creature {n}", str(100 + n * 3), str(20 + n), str(5 + n)] for n in range(1, 12)]


def placed(rows: Sequence[Sequence[str]], top: float = 700) -> tuple[builders.Line, ...]:
    """The cells of rows, each drawn at the left of its column."""
    return tuple(
        builders.Line(cell, x=x, y=top - 20 * number)
        for number, row in enumerate(rows)
        for cell, x in zip(row, PLACES, strict=True)
    )


@pytest.mark.parametrize("speed", ["Speed km/h", "Speed (km/h)"])
def test_heads_of_two_words_may_reach_beyond_the_last_figures(tmp_path: Path, speed: str) -> None:
    heads = ["Animal", "Weight kg", speed, "Lifespan in years"]
    title = builders.Line("Creatures of the reserve", x=72, y=730)

    (table,) = tables(tmp_path, builders.PdfPage((title, *placed([heads, *CREATURES]))))

    assert table.header == tuple(heads)
    assert cells(table) == [tuple(row) for row in [heads, *CREATURES]]


def test_words_that_reach_beyond_the_figures_and_begin_where_none_do_are_no_heads(
    tmp_path: Path,
) -> None:
    words = (("Seen", 72), ("at noon", 170), ("at dusk", 255), ("over some years", 345))
    above = tuple(builders.Line(text, x=x, y=720) for text, x in words)

    (table,) = tables(tmp_path, builders.PdfPage((*above, *placed(CREATURES))))

    assert table.header == ()


def test_years_that_stand_as_close_as_words_name_a_column_each(tmp_path: Path) -> None:
    groups = (builders.Line("Low", x=225, y=720), builders.Line("High", x=285, y=720))
    years = (builders.Line(str(2022 + n % 2), x=210 + 30 * n, y=700) for n in range(4))
    heads = (*groups, builders.Line("Stage", x=72, y=700), *years)
    rows = [["Grinding", "11", "12", "13", "14"], ["Sifting", "21", "22", "23", "24"]]
    values = [
        builders.Line(cell, x=x, y=680 - 20 * number)
        for number, row in enumerate(rows)
        for cell, x in zip(row, (72, 216, 246, 276, 306), strict=True)
    ]

    (table,) = tables(tmp_path, builders.PdfPage((*heads, *values)))

    assert table.header == ("Stage", "Low 2022", "Low 2023", "High 2022", "High 2023")
    assert cells(table)[1:] == [tuple(row) for row in rows]


def test_two_years_in_a_label_are_part_of_it(tmp_path: Path) -> None:
    seasons = [[f"Season {n} {n + 1}", str(n - 1987), "45"] for n in range(2019, 2023)]
    rows = [["", "Goals", "Games"], *seasons]

    (table,) = tables(tmp_path, builders.grid(rows, pitch=130))

    assert cells(table) == [tuple(row) for row in rows]
