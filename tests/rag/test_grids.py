from __future__ import annotations

from rag.grids import cells, is_in_table, missed_cell

QUARTERS = (
    "Statements of income (in millions)\n"
    "                     Three months ended June 30,   Six months ended June 30,\n"
    "                         2024        2023            2024        2023\n"
    "Revenue                $ 812.4     $ 765.0         $ 1,590.2   $ 1,498.7\n"
    "Operating income         108.6        88.7             198.0       159.4"
)
PLANS = (
    "Plan      Requests per minute   Tokens per minute (thousands)\n"
    "Studio    60                    300\n"
    "Scale     600                   4,000"
)


def test_cells_have_their_row_and_both_heads() -> None:
    found = cells(QUARTERS)

    assert [(cell.row, cell.column, cell.text) for cell in found][4:6] == [
        ("Operating income", "Three months ended June 30, 2024", "108.6"),
        ("Operating income", "Three months ended June 30, 2023", "88.7"),
    ]
    assert len(found) == 8


def test_prose_with_figures_is_no_table() -> None:
    assert cells("In 2021 we sold 3 cars.\nIn 2022 we sold 5 cars and 7 vans.") == ()


def test_the_figure_of_another_column_is_not_the_claimed_one() -> None:
    claim = "Operating income for the six months ended June 30, 2024 was $108.6 million."

    assert missed_cell(claim, QUARTERS) == ("198.0", "$108.6 million")
    assert missed_cell(claim.replace("108.6", "198.0"), QUARTERS) is None
    assert is_in_table(claim.replace("108.6", "198.0"), QUARTERS)
    assert not is_in_table(claim, QUARTERS)


def test_a_column_in_thousands_is_not_in_ones() -> None:
    assert missed_cell("The Scale plan allows 4,000 tokens per minute.", PLANS) == (
        "4,000 thousands",
        "4,000",
    )
    assert missed_cell("The Scale plan allows 4 million tokens per minute.", PLANS) is None
    assert missed_cell("The Scale plan allows 600 requests per minute.", PLANS) is None


def test_days_and_the_numbers_of_names_are_no_figures_of_cells() -> None:
    table = "Pumps | May 26, 2019 | May 27, 2018\nUnit 26 | 39 | 26\nUnit 27 | 14 | 15"

    assert missed_cell("Unit 26 moved 39 boxes until May 26, 2019.", table) is None
    assert is_in_table("Unit 26 moved 39 boxes until May 26, 2019.", table)
    assert missed_cell("Unit 26 moved 26 boxes until May 26, 2019.", table) == ("39", "26")
