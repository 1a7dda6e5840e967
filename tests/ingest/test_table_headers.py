"""Which headings stand above which columns, in the shapes that the filings have them."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from ingest.layout import Cell, Line
from ingest.table_columns import Columns
from ingest.table_headers import doubtful
from tests.ingest.test_layout_tables import Words, tables


def header(*rows: Sequence[Words]) -> tuple[str, ...]:
    """The header of the one table of these lines."""
    (table,) = tables(rows)
    return table.header


def values(*ends: int) -> list[list[Words]]:
    """Three rows with a number that ends at each place."""
    amounts = ("11,604", "8,902", "5,298")
    return [
        [(0, f"Segment {name}"), *((end - len(amount), amount) for end in ends)]
        for name, amount in zip("ABC", amounts, strict=True)
    ]


def test_groups_stand_above_all_their_columns_and_nothing_else_does() -> None:
    assert header(
        [(51, "2022"), (91, "2021"), (120, "% change")],
        [(36, "Net sales"), (51, "% of"), (76, "Net sales"), (91, "% of")],
        [
            (50, "total"),
            (62, "Income"),
            (90, "total"),
            (102, "Income"),
            (116, "Sales"),
            (128, "Income"),
        ],
        *values(45, 55, 68, 85, 95, 108, 121, 134),
    ) == (
        "",
        "2022 Net sales",
        "2022 % of total",
        "2022 Income",
        "2021 Net sales",
        "2021 % of total",
        "2021 Income",
        "% change Sales",
        "% change Income",
    )


def test_groups_may_be_of_different_sizes() -> None:
    assert header(
        [(49, "Pension"), (83, "Retiree")],
        [(42, "U.S."), (58, "Abroad"), (82, "medical")],
        [(38, "2022"), (47, "2021"), (56, "2022"), (65, "2021"), (80, "2022"), (90, "2021")],
        *values(42, 51, 60, 69, 84, 94),
    )[1:] == (
        "Pension U.S. 2022",
        "Pension U.S. 2021",
        "Pension Abroad 2022",
        "Pension Abroad 2021",
        "Retiree medical 2022",
        "Retiree medical 2021",
    )


def test_a_heading_of_several_lines_names_its_own_column_only() -> None:
    assert header(
        [(56, "Accumulated")],
        [(40, "Paid-in"), (58, "other"), (75, "Retained")],
        [(41, "capital"), (57, "income"), (75, "earnings"), (92, "Total")],
        *values(47, 65, 82, 97),
    ) == ("", "Paid-in capital", "Accumulated other income", "Retained earnings", "Total")


def test_a_year_is_above_no_column_with_a_heading_of_its_own() -> None:
    assert header(
        [(70, "Percentage")],
        [(40, "2023"), (55, "2022"), (72, "change")],
        *values(44, 59, 79),
    ) == ("", "2023", "2022", "Percentage change")


def test_years_below_what_they_group_are_above_every_column_of_their_group() -> None:
    assert header(
        [(38, "Shares"), (50, "Amount"), (66, "Shares"), (78, "Amount")],
        [(52, "2023"), (80, "2022")],
        *values(44, 56, 72, 84),
    ) == ("", "Shares 2023", "Amount 2023", "Shares 2022", "Amount 2022")


def test_a_name_above_the_middle_one_of_three_years_is_above_all() -> None:
    assert header(
        [(46, "At home"), (82, "Abroad")],
        [(36, "2022"), (48, "2021"), (60, "2020"), (71, "2022"), (83, "2021"), (95, "2020")],
        *values(40, 52, 64, 75, 87, 99),
    )[1:] == (
        "At home 2022",
        "At home 2021",
        "At home 2020",
        "Abroad 2022",
        "Abroad 2021",
        "Abroad 2020",
    )


def test_years_above_groups_of_different_sizes_are_above_their_own() -> None:
    assert header(
        [(49, "2022"), (77, "2021")],
        [(38, "Low"), (49, "High"), (61, "Mean"), (77, "Mean")],
        *values(42, 53, 65, 81),
    ) == ("", "2022 Low", "2022 High", "2022 Mean", "2021 Mean")


def test_a_group_beside_words_that_run_into_the_values_is_left_out() -> None:
    assert header(
        [(0, "What was spent in all"), (32, "Planned")],
        [(21, "2023"), (30, "2024"), (39, "2025"), (48, "2026")],
        *values(25, 34, 43, 52),
    )[1:] == ("2023", "2024", "2025", "2026")


COLUMNS = Columns(((0, 10), (20, 34), (38, 52), (56, 70), (74, 88)), labelled=True)
PLACES = {"one": range(1, 3), "other": range(3, 5)}


@pytest.mark.parametrize(
    ("one", "other", "left_out"),
    [
        ((30, 42), (66, 78), []),  # each above the middle of its two columns
        ((30, 42), (77, 88), ["one", "other"]),  # at the right of them: both may be
        ((19, 31), (66, 78), ["one", "other"]),
    ],
)
def test_groups_are_left_out_where_one_is_not_above_the_middle_of_its_columns(
    one: tuple[float, float], other: tuple[float, float], left_out: list[str]
) -> None:
    text = "one other"
    cells = (Cell(0, 3, *one, is_number=False), Cell(4, 9, *other, is_number=False))
    names = {cell: text[cell.start : cell.end] for cell in cells}
    heads = {place: [cell] for cell, name in names.items() for place in PLACES[name]}

    doubts = doubtful(text, Line(0, 9, cells), heads, COLUMNS)

    assert {place: [names[cell] for cell in own] for place, own in doubts.items()} == {
        place: [name] for name in left_out for place in PLACES[name]
    }


def test_a_year_above_two_columns_in_doubt_stays_above_its_own() -> None:
    year = Cell(0, 4, 22, 27, is_number=True)

    doubts = doubtful("2020", Line(0, 4, (year,)), {1: [year], 2: [year]}, COLUMNS)

    assert doubts == {2: [year]}


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (("City", "Plan", "Actual", "Gap"), ("City", "Plan", "Actual", "Gap")),
        (("Plan", "Actual", "Gap"), ("", "Plan", "Actual", "Gap")),
    ],
)
def test_names_at_the_left_of_columns_with_figures_at_their_right_are_above_their_own(
    names: Sequence[str], expected: tuple[str, ...]
) -> None:
    places = (0, 13, 30, 47)[-len(names) :]
    assert header([*zip(places, names, strict=True)], *values(27, 44, 61)) == expected


def test_groups_above_names_at_the_left_of_their_columns_are_above_these() -> None:
    assert header(
        [(22, "2023"), (56, "2024")],
        [(13, "Plan"), (30, "Actual"), (47, "Plan"), (64, "Actual")],
        *values(27, 44, 61, 78),
    ) == ("", "2023 Plan", "2023 Actual", "2024 Plan", "2024 Actual")


def test_a_title_above_two_columns_names_neither() -> None:
    assert header([(40, "Canada"), (50, "(1)")], *values(55)) != ("Canada", "(1)")
