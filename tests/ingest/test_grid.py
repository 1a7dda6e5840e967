from __future__ import annotations

import pytest

from ingest import grid, heads


def test_a_cell_is_cleaned() -> None:
    assert grid.clean(" a\n\tb\x00c\u00a0 d\u2028") == "a b c d"


@pytest.mark.parametrize(
    ("rows", "is_header"),
    [
        ([["Item", "Price"], ["Rope", "3.50 €"]], True),
        ([["Name", "City"], ["Ines", "Alder"], ["Jo", "Tern"]], True),
        ([["", "Q1", "Q2"], ["Skerry", "3", "4"]], True),
        ([["Region", "2023", "2024"], ["North", "1,200", "1,350"]], True),
        ([["2023", "2024"], ["2025", "2026"]], False),
        ([["Rope", "3.50"], ["Fender", "4.20"]], False),
        ([["2025-03-31", "a"], ["2025-04-30", "b"]], False),
        ([["a", "b"], ["a", "c"]], False),  # what comes again is a value
        ([["a", "a"], ["1", "2"]], False),
        ([["a", "", "", ""], ["1", "2", "3", "4"]], False),
        ([["x" * 100, "b"], ["1", "2"]], False),
        ([["No", "Item", "Price"], ["1", "Badger", "7.50"]], True),  # logical words as names
        ([["Question", "Yes", "No"], ["Liked it", "12", "3"]], True),
        ([["Fits", "Yes", "No"], ["Rope", "", "x"]], True),
        ([["Ines", "yes", "Alder"], ["Jo", "no", "Tern"]], False),
        ([["True", "False"], ["False", "True"]], False),
        ([["Ines", "No", "3"], ["Jo", "x", "4"]], False),
        ([["Ines", "n/a"], ["Jo", "x"]], False),
        ([["Item", "Price"]], False),
        ([], False),
    ],
)
def test_a_header_is_told_from_values(rows: list[list[str]], is_header: bool) -> None:
    assert heads.header_of(rows) == (tuple(rows[0]) if is_header else ())


def test_a_header_is_as_wide_as_its_table() -> None:
    assert heads.header_of([["Item", "Price"], ["Rope", "3", "new"]]) == ("Item", "Price", "")


@pytest.mark.parametrize(
    "value", ["12", "-3.5%", "€1,200.00", "1.980,00 €", "(12)", "14:30", "Yes"]
)
def test_values_are_no_names(value: str) -> None:
    assert heads.is_value(value)


@pytest.mark.parametrize("name", ["Price", "Q1", "2nd ship", "A 12", "Größe", "價格", "№"])
def test_names_are_no_values(name: str) -> None:
    assert not heads.is_value(name)


def test_empty_rows_divide_tables_and_empty_columns_are_left_out() -> None:
    rows = [
        ["", "Prices of the year"],
        ["", "Item", "", "Price"],
        ["", "Rope", "", "3"],
        [],
        ["", "Ship", "Seats"],
        ["", "Tern", "40"],
        ["", ""],
        ["Only a line"],
    ]
    first, second, third = grid.blocks(rows)
    assert first.lines == ("Prices of the year",)
    assert first.header == ("Item", "Price")
    assert first.rows == [("Item", "Price"), ("Rope", "3")]
    assert (second.lines, second.header) == ((), ("Ship", "Seats"))
    assert third == grid.Block(("Only a line",), (), [])


def test_a_file_is_one_table_unless_another_one_begins() -> None:
    rows = [["Item", "Price"], ["Rope", "3"], [], ["Fender", "4"], [], ["Ship", "Built", "Seats"]]
    rows.append(["Tern", "1998", "40"])
    first, second = grid.tables(rows)
    assert first.rows == [("Item", "Price"), ("Rope", "3"), ("Fender", "4")]
    assert second.header == ("Ship", "Built", "Seats")


def test_ragged_rows_are_made_even() -> None:
    (block,) = grid.tables([["a", "b", "", ""], ["1"], ["1", "2", "3"]])
    assert block.rows == [("a", "b", ""), ("1", "", ""), ("1", "2", "3")]
