"""Tables of PDFs that stand below each other, and headings in the shapes that reports have them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from ingest.loaders import pdf
from rag.intake import Table
from tests import builders

SIZE = 10.0  # points
_NARROW = {",": 0.278, ".": 0.278, " ": 0.278, "(": 0.333, ")": 0.333, "%": 0.889}

Words = tuple[float, str]
"""Words and where they begin, or for numbers where they end, in points."""


def line(y: float, *words: Words) -> list[builders.Line]:
    """The words of a line; numbers are set to the right."""
    return [builders.Line(text, x=_left(x, text), y=y, size=SIZE) for x, text in words]


def _left(x: float, text: str) -> float:
    if not any(character.isdigit() for character in text) or text[:1].isalpha():
        return x
    return x - SIZE * sum(_NARROW.get(character, 0.556) for character in text)


def tables(folder: Path, *rows: Sequence[Words]) -> list[Table]:
    """The tables of a PDF of one page with these lines."""
    lines = [each for place, row in enumerate(rows) for each in line(700 - 14 * place, *row)]
    path = folder / "tables.pdf"
    path.write_bytes(builders.pdf([builders.PdfPage(tuple(lines))]))
    loaded = pdf.load(path, path.name, max_pages=9, progress=lambda done, pages: None)
    return list(loaded.tables)


def cells(table: Table) -> list[tuple[str, ...]]:
    """Its rows below the header."""
    return [row.cells for row in table.rows[bool(table.header) :]]


HEADS: list[Words] = [(250, "Americas"), (330, "Asia Pacific"), (420, "Worldwide")]
SALES: list[list[Words]] = [
    [(72, "Net sales"), (290, "18,400"), (375, "9,901"), (470, "34,229")],
    [(72, "Organic"), (290, "2.6"), (375, "0.3"), (470, "1.2")],
    [(72, "Translation"), (290, "(0.3)"), (375, "(6.5)"), (470, "(3.9)")],
]
EARLIER: list[list[Words]] = [
    [(72, "Net sales"), (290, "18,097"), (375, "10,600"), (470, "35,355")],
    [(72, "Organic"), (290, "9.8"), (375, "8.5"), (470, "8.8")],
    [(72, "Translation"), (290, "0.3"), (375, "2.3"), (470, "1.6")],
]


def test_a_period_and_heads_that_come_again_begin_another_table(tmp_path: Path) -> None:
    latest, earlier = tables(
        tmp_path,
        [(280, "Year ended December 31, 2022")],
        HEADS,
        *SALES,
        [(280, "Year ended December 31, 2021")],
        HEADS,
        *EARLIER,
    )

    assert [table.header for table in (latest, earlier)] == [
        ("", *(f"Year ended December 31, {year} {name}" for _, name in HEADS))
        for year in (2022, 2021)
    ]
    assert cells(latest)[0] == ("Net sales", "18,400", "9,901", "34,229")
    assert cells(earlier) == [
        ("Net sales", "18,097", "10,600", "35,355"),
        ("Organic", "9.8", "8.5", "8.8"),
        ("Translation", "0.3", "2.3", "1.6"),
    ]
    assert latest.number != earlier.number


def test_a_table_of_another_kind_has_its_own_columns(tmp_path: Path) -> None:
    sales, change = tables(
        tmp_path,
        [(250, "Sales"), (330, "Share"), (420, "Income"), (500, "Margin")],
        [(72, "Safety"), (275, "11,604"), (355, "33.9"), (450, "1,199"), (530, "10.3")],
        [(72, "Health"), (275, "8,421"), (355, "24.6"), (450, "1,815"), (530, "21.5")],
        [(72, "Consumer"), (275, "5,298"), (355, "15.5"), (450, "994"), (530, "18.7")],
        [(300, "Year ended December 31, 2022")],
        [(72, "Change by segment"), (300, "Organic"), (390, "Acquired"), (470, "Total")],
        [(72, "Safety"), (330, "1.0"), (425, "0.5"), (490, "(3.2)")],
        [(72, "Health"), (330, "3.2"), (425, "0.1"), (490, "(2.0)")],
        [(72, "Consumer"), (330, "(0.9)"), (425, "0.2"), (490, "(3.9)")],
    )

    assert sales.header == ("", "Sales", "Share", "Income", "Margin")
    assert change.header[0] == "Change by segment"
    assert [name.split()[-1] for name in change.header[1:]] == ["Organic", "Acquired", "Total"]
    assert all("2022" in name for name in change.header[1:])
    assert cells(sales)[-1] == ("Consumer", "5,298", "15.5", "994", "18.7")
    assert cells(change)[0] == ("Safety", "1.0", "0.5", "(3.2)")


@pytest.mark.parametrize(
    "between",
    [
        [(72, "Discontinued operations:")],
        [(72, "Year ended December 31, 2021")],
        [(280, "Year ended December 31, 2021")],
    ],
    ids=["label", "period as a label", "period in the middle"],
)
def test_a_group_within_a_table_keeps_its_header(tmp_path: Path, between: list[Words]) -> None:
    (table,) = tables(tmp_path, HEADS, *SALES, between, *EARLIER)

    assert table.header == ("", "Americas", "Asia Pacific", "Worldwide")
    assert len(cells(table)) == 7
    assert [cell for cell in cells(table)[3] if cell] == [between[0][1]]


def test_a_row_of_words_within_a_table_is_one_of_its_rows(tmp_path: Path) -> None:
    words: list[Words] = [(72, "Rate"), (250, "fixed"), (330, "floating"), (430, "mixed")]

    (table,) = tables(tmp_path, HEADS, *SALES, words, *EARLIER)

    assert cells(table)[3] == ("Rate", "fixed", "floating", "mixed")
    assert len(cells(table)) == 7


def test_heads_above_every_row_are_rows_of_one_table(tmp_path: Path) -> None:
    (table,) = tables(tmp_path, *(each for row in SALES + EARLIER for each in (HEADS, row)))

    sums = [tuple(words for _, words in row) for row in SALES + EARLIER]
    assert [row for row in cells(table) if row in sums] == sums


def test_heads_at_the_end_are_those_of_what_is_farther_below(tmp_path: Path) -> None:
    first, second = tables(
        tmp_path,
        HEADS,
        *SALES,
        HEADS,
        [(380, "Restated")],
        [(72, "Without what was sold")],
        [(72, "and what was bought")],
        [(72, "and at the rates of 2021")],
        *EARLIER,
    )

    assert cells(first)[-1] == ("Translation", "(0.3)", "(6.5)", "(3.9)")
    assert len(cells(first)) == 3
    assert ("Net sales", "18,097", "10,600", "35,355") in cells(second)


def test_a_name_above_three_columns_is_above_each_of_them(tmp_path: Path) -> None:
    (table,) = tables(
        tmp_path,
        [(280, "Segments"), (468, "Group")],
        [(220, "Food"), (288, "Drinks"), (358, "Snacks"), (470, "Total")],
        [(72, "Net sales"), (245, "1,204"), (317, "2,310"), (390, "3,407"), (494, "6,921")],
        [(72, "Costs"), (245, "(804)"), (317, "(910)"), (390, "(1,407)"), (494, "(3,121)")],
        [(72, "Profit"), (245, "400"), (317, "1,400"), (390, "2,000"), (494, "3,800")],
    )

    assert table.header == (
        "",
        "Segments Food",
        "Segments Drinks",
        "Segments Snacks",
        "Group Total",
    )


def test_units_below_the_heads_belong_to_the_header(tmp_path: Path) -> None:
    (table,) = tables(
        tmp_path,
        [(250, "Sales"), (360, "Margin")],
        [(256, "EUR"), (370, "%")],
        [(72, "Ropes"), (280, "1,204"), (384, "12.5")],
        [(72, "Sails"), (280, "2,310"), (384, "14.1")],
        [(72, "Boats"), (280, "3,407"), (384, "9.8")],
    )

    assert table.header == ("", "Sales EUR", "Margin %")
    assert cells(table)[0] == ("Ropes", "1,204", "12.5")
    assert len(cells(table)) == 3


def test_headings_close_to_each_other_stay_two(tmp_path: Path) -> None:
    first = "Fair value of all"
    (table,) = tables(
        tmp_path,
        [(250, first), (250 + _width(first) + 13, "Cash flow of all")],
        [(72, "Currencies"), (320, "58"), (400, "120")],
        [(72, "Interest"), (320, "56"), (400, "138")],
        [(72, "Commodities"), (320, "179"), (400, "57")],
    )

    assert table.header == ("", "Fair value of all", "Cash flow of all")


def _width(words: str) -> float:
    """In points, of words of these letters in Helvetica."""
    letters = {"i": 0.222, "l": 0.222, "f": 0.278, "r": 0.333, " ": 0.278, "F": 0.611, "v": 0.5}
    return SIZE * sum(letters.get(letter, 0.556) for letter in words)


def test_headings_broken_over_lines_stand_above_their_groups(tmp_path: Path) -> None:
    """As PepsiCo's hedges: text runs down each heading before the next one begins."""
    years: list[Words] = [(x, year) for x, year in zip(ENDS, ("2022", "2021") * 3, strict=True)]
    (table,) = tables(
        tmp_path,
        [(220, "Gains in income")],
        [(227, "Statement")],
        [(340, "Gains in equity")],
        [(347, "and reserves")],
        [(460, "Gains moved")],
        [(463, "to income")],
        years,
        [(72, "Interest"), *zip(ENDS, ("51", "56", "138", "44", "159", "64"), strict=True)],
        [(72, "Commodity"), *zip(ENDS, ("179", "218", "57", "285", "267", "194"), strict=True)],
        [(72, "Total"), *zip(ENDS, ("237", "166", "42", "440", "129", "48"), strict=True)],
    )

    assert table.header == (
        "",
        "Gains in income Statement 2022",
        "Gains in income Statement 2021",
        "Gains in equity and reserves 2022",
        "Gains in equity and reserves 2021",
        "Gains moved to income 2022",
        "Gains moved to income 2021",
    )


ENDS = (240.0, 300.0, 360.0, 420.0, 480.0, 540.0)


def test_a_heading_above_all_years_is_in_each_of_them(tmp_path: Path) -> None:
    (table,) = tables(
        tmp_path,
        [(330, "Fiscal Year")],
        [(300, "2022"), (370, "2021"), (440, "2020")],
        [(72, "Sales"), (300, "1,204"), (370, "1,150"), (440, "1,020")],
        [(72, "Costs"), (300, "(804)"), (370, "(750)"), (440, "(720)")],
        [(72, "Profit"), (300, "400"), (370, "400"), (440, "300")],
    )

    assert table.header == ("", "Fiscal Year 2022", "Fiscal Year 2021", "Fiscal Year 2020")


def test_the_label_of_the_first_row_may_be_longer_than_the_gap_to_its_values(
    tmp_path: Path,
) -> None:
    (table,) = tables(
        tmp_path,
        [(258, "2022"), (318, "2021")],
        [(72, "Basic net income for each of the")],
        [(80, "common stock"), (258, "6.45"), (318, "5.51")],
        [(72, "Net income"), (258, "8,910"), (318, "7,618")],
        [(72, "Diluted"), (258, "6.42"), (318, "5.49")],
    )

    assert table.header == ("", "2022", "2021")
    assert cells(table)[0] == (
        "Basic net income for each of the common stock",
        "6.45",
        "5.51",
    )


def test_what_is_announced_on_the_next_page_is_another_table(tmp_path: Path) -> None:
    heads: list[Words] = [(72, "In millions"), (290, "2022"), (370, "2021")]
    rows: list[list[Words]] = [
        [(72, label), (290, "1,204"), (370, "1,150")] for label in ("Sales", "Costs", "Profit")
    ]
    pages: list[list[list[Words]]] = [
        [heads, *rows],
        [[(72, "Goodwill is as follows:")], heads, *rows],
    ]
    lines = [
        [each for y, row in enumerate(page) for each in line(700 - 14 * y, *row)] for page in pages
    ]
    path = tmp_path / "two.pdf"
    path.write_bytes(builders.pdf([builders.PdfPage(tuple(page)) for page in lines]))

    loaded = pdf.load(path, path.name, max_pages=9, progress=lambda done, pages: None)

    assert [(table.number, table.page) for table in loaded.tables] == [(1, 1), (2, 2)]


def test_a_sentence_between_tables_of_other_columns_is_in_neither(tmp_path: Path) -> None:
    fruit, villages = tables(
        tmp_path,
        [(150, "Fruit"), (240, "2024"), (310, "2023"), (380, "2024"), (450, "2023")],
        [(72, "Apples"), (240, "812"), (310, "655"), (380, "430"), (450, "465")],
        [(72, "Pears"), (240, "218"), (310, "240"), (380, "612"), (450, "590")],
        [(72, "Plums"), (240, "97"), (310, "88"), (380, "890"), (450, "905")],
        [(72, "Members")],
        [(72, "At the end of the year the cooperative had 143 members.")],
        [(72, "Village"), (275, "Members"), (345, "Hectares")],
        [(72, "Holm"), (310, "61"), (380, "118")],
        [(72, "Brecken"), (310, "47"), (380, "92")],
        [(72, "Sula"), (310, "35"), (380, "40.5")],
    )

    assert cells(fruit)[-1] == ("Plums", "97", "88", "890", "905")
    assert [row.cells[0] for row in villages.rows] == ["Village", "Holm", "Brecken", "Sula"]


def test_groups_above_the_years_of_a_table_are_not_the_end_of_the_one_before(
    tmp_path: Path,
) -> None:
    income, spent = tables(
        tmp_path,
        [(72, "Performance"), (300, "2022"), (370, "2021")],
        [(72, "Sales"), (300, "812"), (370, "655")],
        [(72, "Costs"), (300, "218"), (370, "240")],
        [(72, "Income"), (300, "594"), (370, "415")],
        [(205, "Assets"), (310, "Expenditures")],
        [(72, "(Millions)"), (220, "2022"), (270, "2021"), (330, "2022"), (380, "2021")],
        [(72, "Safety"), (220, "97"), (270, "88"), (330, "41"), (380, "42")],
        [(72, "Transport"), (220, "61"), (270, "63"), (330, "43"), (380, "44")],
        [(72, "Total"), (220, "158"), (270, "151"), (330, "84"), (380, "86")],
    )

    assert cells(income)[-1] == ("Income", "594", "415")
    assert spent.header == (
        *("(Millions)", "Assets 2022", "Assets 2021", "Expenditures 2022", "Expenditures 2021"),
    )
