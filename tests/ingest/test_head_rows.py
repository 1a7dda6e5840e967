"""Which rows above a table name its columns, and what they say together."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from ingest import grid
from ingest.head_rows import WIDEST
from ingest.heads import header_of
from ingest.spans import ACROSS, Covered

REGION = Covered("Region")
NORTH = ("North", "120", "60", "100", "55")
SOUTH = ("South", "80", "40", "82", "45")
BY_YEAR = ("Region", "2024 EUR", "2024 %", "2023 EUR", "2023 %")


def header(*rows: Sequence[str], marked: int = 0) -> tuple[str, ...]:
    """The header of a table, of which no row may be lost but those that it is made of."""
    found = grid.headed(rows, marked)
    if found.header:
        assert found.rows[0] == found.header
    values = found.rows[bool(found.header) :]
    assert values == [tuple(row) for row in rows[len(rows) - len(values) :]]
    return found.header


@pytest.mark.parametrize(
    "rows",
    [
        [("Region", "2024", ACROSS, "2023", ACROSS), (REGION, "EUR", "%", "EUR", "%")],
        [("", "2024", ACROSS, "2023", ACROSS), ("Region", "EUR", "%", "EUR", "%")],
        [("", "2024", "", "2023", ""), ("Region", "EUR", "%", "EUR", "%")],  # as CSV has them
        [("", "2024", "2024", "2023", "2023"), ("Region", "EUR", "%", "EUR", "%")],
        [("Region", "2024", "", "2023", ""), ("", "EUR", "%", "EUR", "%")],
    ],
)
def test_a_year_over_two_columns_is_in_the_names_of_both(rows: list[Sequence[str]]) -> None:
    assert header(*rows, NORTH, SOUTH) == BY_YEAR


def test_a_year_over_figures_with_decimals_is_no_date_above_dates() -> None:
    plums, pears = ("Plums", "12.5", "3400", "14.25", "3900"), ("Pears", "0.5", "120", "1.5", "0")
    for corner, below in (("Region", ""), ("Region", REGION), ("", "Region")):
        years = (corner, "2024", ACROSS, "2023", ACROSS)
        assert header(years, (below, "EUR", "%", "EUR", "%"), plums, pears) == BY_YEAR
    dates = ("Region", "31.12.2024", "31.12.2023")
    assert header(dates, ("", "t", "t"), ("North", "12.5", "1.25")) == (
        "Region",
        "31.12.2024 t",
        "31.12.2023 t",
    )


def test_figures_with_decimals_in_the_first_row_are_no_names() -> None:
    rows = [("North", "12.5", "3.25"), ("", "t", "t"), ("South", "8.5", "7.25")]
    assert header(*rows) == ()


def test_a_head_that_is_repeated_is_one_over_several_columns() -> None:
    rows = [("", "2024", "2024"), ("Region", "EUR", "%"), NORTH[:3], SOUTH[:3]]
    assert header(*rows) == BY_YEAR[:3]


def test_three_rows_are_joined() -> None:
    assert header(
        ("Region", "Revenue", ACROSS, "Profit", ACROSS),
        (REGION, "2024", "2023", "2024", "2023"),
        ("", "in EUR m", ACROSS, "%", "%"),
        NORTH,
        SOUTH,
    ) == (
        "Region",
        "Revenue 2024 in EUR m",
        "Revenue 2023 in EUR m",
        "Profit 2024 %",
        "Profit 2023 %",
    )


@pytest.mark.parametrize(
    ("units", "first", "second"),
    [
        (("", "EUR", "%"), "Sales EUR", "Growth %"),
        (("", "€m", "[%]"), "Sales €m", "Growth [%]"),
        (("", "TEUR", "in %"), "Sales TEUR", "Growth in %"),
        (("", "Mio. €", "v. H. in %"), "", ""),  # these are no units that are known
        (("", "in millions of euros", ""), "Sales in millions of euros", "Growth"),
        (("in millions", "", ""), "Sales", "Growth"),
    ],
)
def test_a_row_of_units_belongs_to_the_header(
    units: Sequence[str], first: str, second: str
) -> None:
    found = header(("Region", "Sales", "Growth"), units, ("North", "4", "5"), ("South", "6", "7"))
    if first:
        assert found[1:] == (first, second)
        assert found[0] == ("Region in millions" if units[0] else "Region")


def test_dates_above_units_are_names() -> None:
    rows = [("Assets", "31.12.2024", "31.12.2023"), ("", "EUR", "EUR"), ("Cash", "4", "5")]
    assert header(*rows, ("Debt", "6", "7")) == ("Assets", "31.12.2024 EUR", "31.12.2023 EUR")


def test_a_group_ends_where_the_other_ones_do() -> None:
    heads = ("", "2024", "", "2023", "", ""), ("Region", "EUR", "%", "EUR", "%", "Change")
    assert header(*heads, (*NORTH, "3"), (*SOUTH, "4"))[3:] == ("2023 EUR", "2023 %", "Change")


@pytest.mark.parametrize(
    "rows",
    [
        [("Item", "Price"), ("Rope", "3"), ("Fender", "4")],
        [("Name", "City"), ("Ines", "Alder"), ("Jo", "Tern"), ("Bo", "Tern")],
        [("Item", "Status", "Amount"), ("Rope", "pending", "n/a"), ("Fender", "sold", "4")],
        [("Item", "Status", "Amount"), ("Rope", "pending", "open"), ("Fender", "sold", "4")],
        [("Item", "2024", "2023"), ("Assets", "", ""), ("Cash", "4", "5"), ("Debt", "6", "7")],
        [("Item", "2024", "2023"), ("Assets", ACROSS, ACROSS), ("Cash", "4", "5")],
        [("Item", "", "Amount"), ("Rope", "pending", "–"), ("Fender", "sold", "4")],
        [("", "Sales", "Profit"), ("North", "open", "open"), ("South", "4", "5")],
        [("", "Sales", "", "Profit", ""), ("North", *["tbd"] * 4), SOUTH],
        [("Item", "2024", "2023"), ("Shares", "", ""), ("Cash", "4", "5"), ("Debt", "6", "7")],
        [("", "Sales", "", "Profit", ""), ("North", "tbd", "open", "tbd", "tbd"), SOUTH],
        [("By: A", ACROSS, ACROSS, "€"), ("Item", "Start", "End", "Cut"), ("A", "4", "5", "6")],
        [("", "A", ACROSS, "", "", ""), ("B", "C", "D", "E", "F", "G"), (*SOUTH, "7")],
        [
            ("Item", "Status", "Sum"),
            ("Rope", "late", "open"),
            ("", "see", "tbd"),
            ("Oar", "sold", "4"),
            ("Net", "sold", "5"),
        ],
        [("Item", "Price", "Stock"), ("", "see note", ""), ("Rope", "3", "4")],
        [("Region", "Month", "Sum"), ("North", "May", "3"), (Covered("North"), "June", "4")],
        [
            ("Date: 1 May", ACROSS, "Page 1"),
            ("Item", "2024", "2023"),
            ("A", "4", "5"),
            ("B", "6", "7"),
        ],
        [
            ("Item", "Sum", "Note"),
            ("Villa", "", Covered("Note")),
            ("May", "3", ""),
            ("June", "4", ""),
        ],
        [("Ship", "Built"), ("Petrel", "2011"), ("Tern", "1998"), ("Gull", "12")],
    ],
)
def test_rows_of_values_are_not_taken_for_names(rows: list[Sequence[str]]) -> None:
    assert header(*rows) == header_of(rows)


def test_a_table_of_words_has_one_row_of_names_unless_more_are_marked() -> None:
    rows = [("Name", "Contact", ACROSS), (Covered("Name"), "Phone", "Mail"), ("Ines", "a", "b")]
    assert header(*rows, ("Jo", "c", "d")) == rows[0]
    assert header(*rows, ("Jo", "c", "d"), marked=2) == ("Name", "Contact Phone", "Contact Mail")


def test_marked_rows_of_figures_are_values() -> None:
    rows = [("Region", "Sales"), ("Total", "300"), ("North", "120"), ("South", "180")]
    assert header(*rows, marked=2) == rows[0]
    assert header(*rows, marked=4) == rows[0]


def test_a_title_over_all_columns_is_a_line() -> None:
    rows = [("Sales", ACROSS, ACROSS), ("Region", "2024", "2023"), ("North", "4", "5")]
    found = grid.headed(rows, 2)
    assert (found.lines, found.header) == (("Sales",), rows[1])
    assert grid.headed([("Sales", ACROSS), ("North", "4")]).rows[0] == ("Sales", "")


def test_a_head_over_all_values_of_a_sheet_is_no_caption() -> None:
    title, heads = ("Sales", "", ""), (("", "2024", ACROSS), ("Region", "EUR", "%"))
    (block,) = grid.blocks([title, *heads, ("North", "4", "5"), ("South", "6", "7")])
    assert block.lines == ("Sales",)
    assert block.header == ("Region", "2024 EUR", "2024 %")
    (block,) = grid.blocks([("Sales", ACROSS, ACROSS), heads[1], ("North", "4", "5")])
    assert (block.lines, block.header) == (("Sales",), heads[1])


def test_wide_tables_and_tables_of_names_alone_end() -> None:
    wide = [["a"] * WIDEST * 2, ["b"] * WIDEST * 2, ["1"] * WIDEST * 2]
    assert grid.headed(wide).header == ()
    names = [("Region", ACROSS, "x"), (REGION, ACROSS, "y")]
    assert grid.headed(names, 9).rows == [("Region", "", "x"), ("Region", "", "y")]


@pytest.mark.parametrize("name", ["No", "NA", "nil", "Yes"])
def test_a_short_word_above_figures_is_a_name(name: str) -> None:
    rows = [("", "2024", "", "2023", ""), ("Region", name, "EUR", name, "EUR"), NORTH, SOUTH]

    assert header(*rows)[1:] == (f"2024 {name}", "2024 EUR", f"2023 {name}", "2023 EUR")


@pytest.mark.parametrize("missing", ["no", "n/a", "n.a.", "nil", "–"])
def test_a_short_word_among_others_like_it_is_no_name(missing: str) -> None:
    rows = [("Region", "Open", "Orders"), ("North", missing, missing), ("South", missing, "4")]

    assert header(*rows) == ("Region", "Open", "Orders")
