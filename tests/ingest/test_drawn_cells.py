"""Tables in PDF files whose cells are drawn with lines: each is read cell by cell."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import pytest

from ingest import pdfium_rules
from ingest.loaded import LoadedDocument
from ingest.loaders import pdf
from ingest.spans import Span
from tests import builders

SIZE = 10.0
STEP = 14.0  # points from one row to the next
PAD = 3.0
TOP = 700.0
Content = Sequence[Sequence[str | Span]]


@dataclass(frozen=True)
class Sheet:
    """Rows of cells between places from the left, each in a frame; `\\n` breaks its words.

    `heights` are the lines of each row, one where nothing is said.
    """

    rows: Content
    across: Sequence[float] = (72, 172, 242, 312)
    top: float = TOP
    heights: Sequence[int] = ()

    def downs(self) -> list[float]:
        """The heights between the rows."""
        found = [self.top]
        for place in range(len(self.rows)):
            lines = self.heights[place] if place < len(self.heights) else 1
            found.append(found[-1] - STEP * lines)
        return found

    def cells(self) -> list[tuple[str, float, float, float, float]]:
        """The words of each cell, and its left, lower, right and upper edge."""
        downs = self.downs()
        taken: set[tuple[int, int]] = set()
        found = []
        for place, row in enumerate(self.rows):
            column = 0
            for cell in row:
                span = Span(cell) if isinstance(cell, str) else cell
                while (place, column) in taken:
                    column += 1
                end, below = column + span.columns, place + span.rows
                taken |= {(r, c) for r in range(place, below) for c in range(column, end)}
                left, right = self.across[column], self.across[end]
                found.append((span.text, left, downs[below], right, downs[place]))
        return found

    def words(self) -> tuple[builders.Line, ...]:
        """The lines of its words."""
        return tuple(
            builders.Line(line, x=left + PAD, y=high - 11 - STEP * number, size=SIZE)
            for text, left, _, _, high in self.cells()
            for number, line in enumerate(text.split("\n"))
            if line
        )

    def frames(self) -> bytes:
        """A frame around each cell."""
        return b"".join(
            f"{left} {low} {right - left} {high - low} re S\n".encode()
            for _, left, low, right, high in self.cells()
        )


def read(folder: Path, *pages: Sequence[Sheet | builders.Line], raw: bytes = b"") -> LoadedDocument:
    """A PDF with these pages; `raw` is drawn on the first in place of frames."""
    made = []
    for content in pages:
        sheets = [each for each in content if isinstance(each, Sheet)]
        drawn = b"0.5 w\n" + (raw or b"".join(sheet.frames() for sheet in sheets))
        lines = [
            line
            for each in content
            for line in (each.words() if isinstance(each, Sheet) else [each])
        ]
        made.append(builders.PdfPage(tuple(lines), raw=drawn))
    path = folder / "drawn.pdf"
    path.write_bytes(builders.pdf(made))
    return pdf.load(path, path.name, max_pages=9, progress=lambda done, pages: None)


def cells(loaded: LoadedDocument, number: int = 0) -> list[tuple[str, ...]]:
    """The cells of all rows of a table on a page."""
    return [row.cells for row in loaded.tables[number].rows]


INVOICE = Sheet(
    [
        ["Pos", "Description", "Qty", "Amount"],
        ["1", "Consulting day 3", "3", "2,400.00"],
        ["2", "Travel", "1", "120.50"],
        ["3", "Licence 2024", "10", "150.00"],
        ["", "", "Total", "2,670.50"],
    ],
    across=(72, 95, 180, 212, 270),
)


def test_digits_within_text_stay_in_their_cell(tmp_path: Path) -> None:
    loaded = read(tmp_path, [INVOICE])

    assert loaded.tables[0].header == ("Pos", "Description", "Qty", "Amount")
    assert cells(loaded) == [tuple(row) for row in INVOICE.rows]


GAPS = Sheet(
    [
        ["Item", "2022", "2023"],
        ["Kiwi", "1", ""],
        ["Plum", "", "5"],
        ["Fig", "", "12"],
    ]
)


def test_empty_cells_keep_their_columns_on_a_page_of_short_lines(tmp_path: Path) -> None:
    loaded = read(tmp_path, [GAPS])

    assert loaded.tables[0].header == ("Item", "2022", "2023")
    assert cells(loaded) == [tuple(row) for row in GAPS.rows]


def test_a_cell_over_several_rows_is_in_each_and_heads_over_columns_are_joined(
    tmp_path: Path,
) -> None:
    merged = Sheet(
        [
            [Span("Site", rows=2), Span("Costs", columns=2)],
            ["2023", "2024"],
            [Span("Lyon", rows=2), "110", "120"],
            ["210", "220"],
            ["Metz", "310", "320"],
        ]
    )

    loaded = read(tmp_path, [merged])

    assert cells(loaded) == [
        ("Site", "Costs 2023", "Costs 2024"),
        ("Lyon", "110", "120"),
        ("Lyon", "210", "220"),
        ("Metz", "310", "320"),
    ]
    text = loaded.pages[0].text
    spans = [text[row.start : row.end].split() for row in loaded.tables[0].rows]
    assert spans == [
        ["Site", "Costs", "2023", "2024"],
        ["Lyon", "110", "120"],
        ["210", "220"],
        ["Metz", "310", "320"],
    ]


def test_a_title_over_all_columns_is_the_name_and_sections_are_rows(tmp_path: Path) -> None:
    named = Sheet(
        [
            [Span("Harvest of the year", columns=3)],
            ["Fruit", "Tonnes", "Share in %"],
            [Span("Europe", columns=3)],
            ["Kiwi", "100", "40"],
            ["Plum", "150", "60"],
        ]
    )

    loaded = read(tmp_path, [named])

    assert loaded.tables[0].name == "Harvest of the year"
    assert cells(loaded) == [
        ("Fruit", "Tonnes", "Share in %"),
        ("Europe", "", ""),
        ("Kiwi", "100", "40"),
        ("Plum", "150", "60"),
    ]


def test_tables_side_by_side_are_two(tmp_path: Path) -> None:
    fruit = Sheet([["Fruit", "Kg"], ["Kiwi", "100"], ["Plum", "200"]], across=(72, 120, 160))
    towns = Sheet([["City", "Pop"], ["Rome", "1000"], ["Oslo", "2000"]], across=(300, 350, 400))

    loaded = read(tmp_path, [fruit, towns])

    assert [table.header for table in loaded.tables] == [("Fruit", "Kg"), ("City", "Pop")]
    assert cells(loaded, 1) == [("City", "Pop"), ("Rome", "1000"), ("Oslo", "2000")]


WRAPPED = Sheet(
    [
        ["Supplier\nof goods", "Value", "Notice"],
        ["Very Long\nCompany Name", "1,200", "six months to\nthe end of a\nyear"],
        ["Holm", "50", "none"],
    ],
    heights=(2, 3, 1),
)


def test_rows_that_wrap_in_several_columns_are_whole(tmp_path: Path) -> None:
    before = builders.Line("What is agreed with those who deliver:", y=740)
    after = builders.Line("All of this is subject to change.", y=500)

    loaded = read(tmp_path, [before, WRAPPED, after])

    text = loaded.pages[0].text
    assert cells(loaded) == [
        ("Supplier of goods", "Value", "Notice"),
        ("Very Long Company Name", "1,200", "six months to the end of a year"),
        ("Holm", "50", "none"),
    ]
    rows = loaded.tables[0].rows
    assert all(one.end <= other.start for one, other in pairwise(rows))
    assert [text[row.start : row.end].split() for row in rows] == [
        " ".join(row.cells).split() for row in rows
    ]
    assert "deliver" not in text[rows[0].start :]
    assert "subject" not in text[: rows[-1].end]


def drawn_by(way: str) -> bytes:
    """The lines around the cells of `GAPS`, drawn in one of the ways that programs have."""
    left, *_, right = GAPS.across
    high, *_, low = GAPS.downs()
    lines = [(left, y, right, y) for y in GAPS.downs()] + [(x, low, x, high) for x in GAPS.across]
    if way == "lines":
        return "".join(f"{x} {y} m {to} {up} l S\n" for x, y, to, up in lines).encode()
    if way == "one path":
        return "".join(f"{x} {y} m {to} {up} l\n" for x, y, to, up in lines).encode() + b"S\n"
    if way == "moved":
        path = "".join(f"{x - 72} {y} m {to - 72} {up} l\n" for x, y, to, up in lines)
        return f"q 1 0 0 1 72 0 cm\n{path}S Q\n".encode()
    bars = "".join(f"{x} {y} {to - x or 0.5} {up - y or 0.5} re\n" for x, y, to, up in lines)
    return bars.encode() + b"f\n" if way == "one fill" else bars.replace("re", "re f").encode()


@pytest.mark.parametrize("way", ["lines", "one path", "moved", "bars", "one fill"])
def test_the_way_in_which_lines_are_drawn_does_not_matter(way: str, tmp_path: Path) -> None:
    loaded = read(tmp_path, [GAPS], raw=drawn_by(way))

    assert cells(loaded) == [tuple(row) for row in GAPS.rows]


@pytest.mark.parametrize("stride", [1, 4, 16])
def test_tables_on_pages_with_many_objects_are_found(
    stride: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pdfium_rules, "MANY_OBJECTS", 10)
    monkeypatch.setattr(pdfium_rules, "STRIDES", ((1_000, stride),))

    assert read(tmp_path, [GAPS]).tables[0].header == ("Item", "2022", "2023")


@pytest.mark.parametrize("way", ["lines", "one path", "bars"])
@pytest.mark.parametrize("behind", [0, 13, 200])
def test_lines_in_a_crowd_of_words_are_found(
    way: str, behind: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pdfium_rules, "CROWD", 10)
    monkeypatch.setattr(pdfium_rules, "STRIDES", ((pdfium_rules.MOST_OBJECTS, 1),))
    words = b"".join(b"BT /F1 4 Tf %d 40 Td (w) Tj ET\n" % (6 * place) for place in range(behind))
    raw = words + b"60 36 400 0.5 re f\n" * 8 + drawn_by(way)

    assert cells(read(tmp_path, [GAPS], raw=raw)) == [tuple(row) for row in GAPS.rows]


@pytest.mark.parametrize(("width", "is_read"), [(0.5, True), (1.5, False)])
def test_filled_bars_among_many_objects_are_lines_if_they_are_thin(
    width: float, is_read: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pdfium_rules, "MANY_OBJECTS", 10)
    raw = drawn_by("bars").replace(b" 0.5 ", f" {width} ".encode())

    assert bool(read(tmp_path, [GAPS], raw=raw).tables) is is_read


def test_sides_that_are_left_open_are_where_the_lines_across_end(tmp_path: Path) -> None:
    left, *inner, right = GAPS.across
    high, *_, low = GAPS.downs()
    lines = [(left, y, right, y) for y in GAPS.downs()] + [(x, low, x, high) for x in inner]
    raw = "".join(f"{x} {y} m {to} {up} l S\n" for x, y, to, up in lines).encode()

    assert cells(read(tmp_path, [GAPS], raw=raw)) == [tuple(row) for row in GAPS.rows]
