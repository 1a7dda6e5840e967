"""Tables whose ruled lines tell which columns a head stands over."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import pytest

from ingest import pdfium_rules
from ingest.loaders import pdf
from rag.intake import Table
from tests import builders

SIZE = 10.0
Words = tuple[float, str]
"""Words and where they begin, in points."""

Stroke = tuple[float, float, float, float]
"""A line from one place to another."""

TOP = 700
STEP = 14
FRUIT: list[list[Words]] = [
    [(75, "Fruit"), (165, "Harvest in tonnes gathered"), (305, "Price for one tonne in EUR")],
    [(165, "2024"), (235, "2023"), (305, "2024"), (375, "2023")],
    [(75, "Apples"), (165, "812"), (235, "655"), (305, "430"), (375, "465")],
    [(75, "Pears"), (165, "218"), (235, "240"), (305, "612"), (375, "590")],
    [(75, "Plums"), (165, "97"), (235, "88"), (305, "890"), (375, "905")],
]
VILLAGES: list[list[Words]] = [
    [(75, "Village"), (190, "Members"), (305, "Hectares")],
    [(75, "Holm"), (190, "61"), (305, "118")],
    [(75, "Brecken"), (190, "47"), (305, "92")],
    [(75, "Sula"), (190, "35"), (305, "40.5")],
]
HARVEST = ("Fruit", *(f"Harvest in tonnes gathered {year}" for year in (2024, 2023)))
PRICES = tuple(f"Price for one tonne in EUR {year}" for year in (2024, 2023))


def frame(first: int, last: int, *uprights: tuple[float, int]) -> list[Stroke]:
    """The lines around rows, and those up between cells from a row to the last one."""
    high, low = TOP - STEP * first + 10, TOP - STEP * last - 4
    right = max(x for x, _ in uprights)
    levels = [high - STEP * row for row in range(last - first + 2)]
    across = [(72.0, level, right, level) for level in levels]
    return [*across, *((x, TOP - STEP * row + 10, x, low) for x, row in [(72.0, first), *uprights])]


def tables(folder: Path, rows: Sequence[Sequence[Words]], strokes: Sequence[Stroke]) -> list[Table]:
    """The tables of a PDF of one page with these rows and lines."""
    words = tuple(
        builders.Line(text, x=x, y=TOP - STEP * place, size=SIZE)
        for place, row in enumerate(rows)
        for x, text in row
    )
    drawn = "".join(f"{x} {y} m {to} {up} l S\n" for x, y, to, up in strokes).encode()
    path = folder / "ruled.pdf"
    path.write_bytes(builders.pdf([builders.PdfPage(words, raw=b"0.5 w\n" + drawn)]))
    loaded = pdf.load(path, path.name, max_pages=9, progress=lambda done, pages: None)
    return list(loaded.tables)


MERGED = [(160.0, 0), (230.0, 1), (300.0, 0), (370.0, 1), (440.0, 0)]


def test_a_merged_head_stands_over_the_columns_between_its_lines(tmp_path: Path) -> None:
    (fruit,) = tables(tmp_path, FRUIT, frame(0, 4, *MERGED))

    assert fruit.header == (*HARVEST, *PRICES)
    assert [row.cells for row in fruit.rows[1:]] == [
        ("Apples", "812", "655", "430", "465"),
        ("Pears", "218", "240", "612", "590"),
        ("Plums", "97", "88", "890", "905"),
    ]


def test_short_heads_at_the_left_of_merged_cells_stand_over_all_their_columns(
    tmp_path: Path,
) -> None:
    heads: list[Words] = [(75, "Fruit"), (165, "Tonnes"), (375, "Price")]
    years: list[Words] = [(165, "2024"), (235, "2023"), (305, "2022"), (375, "2024")]
    uprights = [(160.0, 0), (230.0, 1), (300.0, 1), (370.0, 0), (440.0, 0)]

    (fruit,) = tables(tmp_path, [heads, years, *FRUIT[2:]], frame(0, 4, *uprights))

    assert fruit.header == ("Fruit", "Tonnes 2024", "Tonnes 2023", "Tonnes 2022", "Price 2024")


def test_tables_with_prose_between_them_stay_two(tmp_path: Path) -> None:
    between: list[list[Words]] = [
        [(72, "Members")],
        [(72, "At the end of the year the cooperative had 143 members.")],
    ]
    strokes = [*frame(0, 4, *MERGED), *frame(7, 10, (185, 7), (300, 7), (440, 7))]

    fruit, villages = tables(tmp_path, [*FRUIT, *between, *VILLAGES], strokes)

    assert fruit.header == (*HARVEST, *PRICES)
    assert fruit.rows[-1].cells == ("Plums", "97", "88", "890", "905")
    assert villages.header == ("Village", "Members", "Hectares")
    assert [row.cells[0] for row in villages.rows] == ["Village", "Holm", "Brecken", "Sula"]


YEARS: list[list[Words]] = [
    [(75, "(in millions)"), (200, "Gross"), (270, "Used up"), (340, "Net"), (410, "Lent")],
    [(75, "Brands"), (200, "1,097"), (270, "(973)"), (340, "1,240"), (410, "118")],
    [(75, "Rights"), (200, "8,370"), (270, "(200)"), (340, "6,371"), (410, "192")],
    [(75, "Customers"), (200, "5,710"), (270, "(237)"), (340, "3,344"), (410, "105")],
]


def test_a_head_stands_over_the_columns_that_the_line_below_it_goes_along(tmp_path: Path) -> None:
    (brands,) = tables(tmp_path, [[(270, "2022")], *YEARS], [(195, TOP - 3, 372, TOP - 3)])

    assert brands.header == ("(in millions)", "2022 Gross", "2022 Used up", "2022 Net", "Lent")


@pytest.mark.parametrize(
    "strokes",
    [
        [(72, TOP - 3, 490, TOP - 3)],  # below the whole table
        [(235, TOP - 3, 450, TOP - 3)],  # the head is not in its middle
        [(225, TOP - 3, 338, TOP - 3)],
    ],
)
def test_a_line_that_does_not_agree_with_the_text_changes_nothing(
    tmp_path: Path, strokes: list[Stroke]
) -> None:
    (ruled,) = tables(tmp_path, [[(270, "2022")], *YEARS], strokes)
    (bare,) = tables(tmp_path, [[(270, "2022")], *YEARS], [])

    assert ruled.header == bare.header


def test_pages_with_too_much_on_them_are_not_looked_through(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pdfium_rules, "MOST_OBJECTS", 50)
    strokes = [*frame(0, 4, *MERGED), *[(500.0, 100.0, 501.0, 101.0)] * 50]

    (fruit,) = tables(tmp_path, FRUIT, strokes)

    assert fruit.header == ("", "2024", "2023", "2024", "2023")


NOTICES: list[list[Words]] = [
    [(75, "Partner"), (190, "Value"), (260, "Notice")],
    [(75, "Holm"), (190, "61"), (260, "six months to the end")],
    [(260, "of the calendar year")],
    [(75, "Brecken"), (190, "47"), (260, "three months")],
    [(75, "Sula Trading")],
    [(75, "Company"), (190, "35"), (260, "none at all")],
    [(75, "Tarn"), (190, "20"), (260, "one month after")],
    [(260, "a letter")],
]


def across(*above: int) -> list[Stroke]:
    """Lines above rows of words, each in three parts."""
    ends = [72.0, 185.0, 255.0, 400.0]
    levels = [TOP - STEP * row + 10 for row in above]
    return [(x, level, to, level) for level in levels for x, to in pairwise(ends)]


def test_lines_of_words_between_two_lines_across_are_one_row(tmp_path: Path) -> None:
    (notices,) = tables(tmp_path, NOTICES, across(0, 1, 3, 4, 6, 8))

    assert [row.cells for row in notices.rows] == [
        ("Partner", "Value", "Notice"),
        ("Holm", "61", "six months to the end of the calendar year"),
        ("Brecken", "47", "three months"),
        ("Sula Trading Company", "35", "none at all"),
        ("Tarn", "20", "one month after a letter"),
    ]


@pytest.mark.parametrize("above", [(0, 1, 4, 8), (0, 1, 8), (0, 1), ()])
def test_lines_across_that_rule_no_row_off_join_none(
    above: tuple[int, ...], tmp_path: Path
) -> None:
    (notices,) = tables(tmp_path, NOTICES, across(*above))

    labels = [row.cells[0] for row in notices.rows]
    assert {"Holm", "Brecken", "Tarn"} < {*labels}
    assert ("Holm", "61", "six months to the end") in [row.cells for row in notices.rows]
