"""Over which columns heads stand that no file merges, and which rows below years are values."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from ingest import grid
from ingest.heads import header_of
from ingest.loaders import delimited, html, sheets
from ingest.spans import ACROSS, Covered
from tests.workbooks import rows, xlsx

Rows = list[Sequence[str]]

NAMES = ("", "Low", "Mid", "High", "Low", "Mid", "High")
STEEL = ("Steel", "10", "50", "73", "8", "40", "64")
WOOD = ("Wood", "11", "52", "72", "9", "41", "65")
GROUPS = ("", *(f"2023 {name}" for name in NAMES[1:4]), *(f"2022 {name}" for name in NAMES[4:]))


def assert_as_before(table: Rows) -> None:
    """That no rows are joined, and none is lost."""
    found = grid.headed(table)
    assert found.header == header_of(table)
    assert found.rows == [tuple(row) for row in table]


@pytest.mark.parametrize(
    "heads",
    [
        ("", "2023", "", "", "2022", "", ""),
        ("", "", "2023", "", "", "2022", ""),
        ("", "", "", "2023", "", "", "2022"),
        ("Material", "", "2023", "", "", "2022", ""),
    ],
)
def test_a_head_stands_over_the_block_of_names_that_it_is_in(heads: Sequence[str]) -> None:
    found = grid.headed([heads, NAMES, STEEL, WOOD])

    assert found.header == (heads[0], *GROUPS[1:])
    assert found.rows[1:] == [STEEL, WOOD]


def test_a_head_in_the_middle_of_its_columns_is_over_all_of_them_in_each_format(
    tmp_path: Path,
) -> None:
    table = [("", "", "2023", "", "", "2022", ""), NAMES, STEEL, WOOD]
    text, book = tmp_path / "t.csv", tmp_path / "t.xlsx"
    text.write_text("\n".join(",".join(row) for row in table), encoding="utf-8")
    cells = [[int(cell) if cell.isdigit() else cell for cell in row] for row in table]
    book.write_bytes(xlsx({"S": rows(*cells)}))

    (of_text,) = delimited.load(text, "t.csv", max_pages=9).tables
    (of_book,) = sheets.load(book, "t.xlsx", max_pages=9).tables

    assert of_text.header == of_book.header == GROUPS


def test_a_group_may_begin_in_the_first_column() -> None:
    names = ("Time", "Altitude", "Speed") * 2
    values = ("11:40:54", "264", "3.9", "11:47:53", "259", "4.2")
    found = grid.headed([("Leg 1", "", "", "Leg 2", "", ""), names, values, values])

    assert found.header == tuple(
        f"{leg} {name}" for leg in ("Leg 1", "Leg 2") for name in names[:3]
    )


def test_the_second_line_of_one_name_belongs_to_that_column_alone() -> None:
    lines = [("Income", "Gain", "Tax"), ("", "(per year)", ""), ("EUR", "EUR", "%")]
    found = grid.headed([*lines, ("17,500", "436", "8"), ("25,000", "734", "9")])
    assert found.header == ("Income EUR", "Gain (per year) EUR", "Tax %")

    lines[1] = ("", "2023", "")
    found = grid.headed([*lines, ("17,500", "436", "8"), ("25,000", "734", "9")])
    assert found.header == lines[0]


@pytest.mark.parametrize(
    "table",
    [
        [("", "", "2023", "", "", "2022", ""), (*NAMES[:4], "Least", "Mean", "Most"), STEEL],
        [("", "", "2023", "", "", "", ""), NAMES, STEEL],
        [("", "2023", "", "2022", "", "", ""), NAMES, STEEL],
        [("", "", "", "2023", "2022", "", ""), (*NAMES[:1], *["Low", "High"] * 3), STEEL],
        [("", "", "2023", "", "2022", "", ""), ("", "Sum", *["Low", "High"] * 2, ""), STEEL],
        [("", "", "2023", "", "2022", ""), ("", *["EUR", "%"] * 2, "EUR"), STEEL[:6]],
        [("", "2023", "", "2022", "", ""), ("", *["EUR", "%"] * 2, "EUR"), STEEL[:6]],
        [("", "2023", "", "2022", ""), ("", "EUR", "EUR", "EUR", "EUR"), STEEL[:5]],
        [("", "", "2023"), ("", "EUR", "%"), STEEL[:3]],
        [("", "2023", "2022", "", "2021", "2020", ""), ("", *["Low"] * 3, "%", "Low", "%"), STEEL],
        [("", "2023", ""), ("Item", "EUR", "%"), STEEL[:3]],
    ],
)
def test_where_it_is_in_doubt_what_heads_stand_over_nothing_is_joined(table: Rows) -> None:
    assert_as_before([*table, ("Wood", *table[-1][1:])])


def test_heads_of_groups_that_are_marked_are_not_put_over_columns_in_doubt(
    tmp_path: Path,
) -> None:
    page = tmp_path / "t.html"
    table = [("", "", "2023", "", "", "2022", ""), (*NAMES[:4], "Least", "Mean", "Most")]
    cells = ["".join(f"<th>{cell}" for cell in row) for row in table]
    values = "".join(f"<td>{cell}" for cell in STEEL)
    page.write_text(f"<table><tr>{cells[0]}<tr>{cells[1]}<tr>{values}</table>", encoding="utf-8")

    (found,) = html.load(page, "t.html", max_pages=9).tables

    assert [row.cells for row in found.rows] == [*table, STEEL]


@pytest.mark.parametrize(
    "table",
    [
        [("", "2022", "2023"), ("Credit rating", "AA", "BBB")],
        [("", "2022", "2023"), ("Auditor", "KPMG", "Deloitte")],
        [("Item", "2022", "2023"), ("Wombat", "sold out", "withdrawn")],
        [("Region", "2022", "2023"), ("", "closed", "moved")],
        [("Region", "FY 2022", "FY 2023"), ("", "closed", "moved")],
        [("Region", "31.12.2022", "31.12.2023"), ("", "closed", "moved")],
        [("", "2022", "2022"), ("Auditor", "KPMG", "Deloitte")],
    ],
)
def test_words_below_years_alone_are_values(table: Rows) -> None:
    assert_as_before([*table, ("Net debt", "12", "13"), ("Equity", "13", "14")])


def test_words_below_the_years_of_groups_are_values() -> None:
    places = ("", "Spain", ACROSS, "Italy", ACROSS)
    years = ("Item", "2022", "2023", "2022", "2023")
    auditors = ("Auditor", "KPMG", "Deloitte", "EY", "PwC")
    found = grid.headed([places, years, auditors, STEEL[:5], WOOD[:5]])

    assert found.header == ("Item", "Spain 2022", "Spain 2023", "Italy 2022", "Italy 2023")
    assert found.rows[1] == auditors


@pytest.mark.parametrize(
    ("years", "names", "second"),
    [
        (("", "2022", ACROSS), ("", "Actual", "Plan"), "2022 Plan"),
        (("", "2022", "2023"), ("", "EUR", "EUR"), "2023 EUR"),
        (("", "2022", "2023"), ("in millions", "", ""), "2023"),
        (("", "2022", "2022"), ("", "EUR", "%"), "2022 %"),
        (("", "2022", "2023"), ("", "Plan", Covered("2023")), "2023"),
        (("", "2022", "2022", "2023", "2023"), ("", *["Actual", "Plan"] * 2), "2022 Plan"),
    ],
)
def test_names_below_years_are_told_by_merged_cells_units_and_repeats(
    years: Sequence[str], names: Sequence[str], second: str
) -> None:
    width = len(years)
    found = grid.headed([years, names, STEEL[:width], WOOD[:width]])

    assert found.header[2] == second
    assert found.rows[1:] == [STEEL[:width], WOOD[:width]]
