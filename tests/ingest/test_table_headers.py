"""Which headings stand above which columns, in the shapes that the filings have them."""

from __future__ import annotations

from collections.abc import Sequence

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
