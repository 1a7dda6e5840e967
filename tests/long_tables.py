"""A PDF of one table that is too long for a page, with lines and without, made when needed."""

from __future__ import annotations

from tests.builders import Line, PdfPage, pdf

HEADS = ("Station", "2019", "2020", "2021")
INTRODUCTION = "The table gives the riders of each station of the network."
ROWS = 120
COLUMNS = (72.0, 200.0, 320.0, 440.0, 540.0)  # where the cells begin, and the last one ends
TOP, STEP, SIZE = 740.0, 16.0, 10.0


def figures(station: int) -> tuple[str, str, str]:
    """The riders of a station in three years, no two of the table alike."""
    return f"{4000 + 37 * station:,}", f"{9001 + 41 * station:,}", f"{15002 + 43 * station:,}"


def row(station: int) -> tuple[str, ...]:
    """The cells of a station."""
    return (f"Metro {station:03d}", *figures(station))


def table(*, lined: bool, repeated: bool, on_page: int = 40) -> bytes:
    """The file: its first page begins with a sentence, the others with their head or a row."""
    pages = []
    for first in range(1, ROWS + 1, on_page):
        heads = [HEADS] if repeated or first == 1 else []
        introduction = [INTRODUCTION] if first == 1 else []
        rows = [*heads, *map(row, range(first, min(first + on_page, ROWS + 1)))]
        pages.append(_page(rows, introduction, lined=lined))
    return pdf(pages)


def _page(rows: list[tuple[str, ...]], introduction: list[str], *, lined: bool) -> PdfPage:
    top = TOP - 2 * STEP * len(introduction)
    lines = [Line(text, y=TOP, size=SIZE) for text in introduction]
    for place, cells in enumerate(rows):
        lines += [
            Line(cell, x=x + 3, y=top - STEP * place, size=SIZE)
            for x, cell in zip(COLUMNS, cells, strict=False)
        ]
    return PdfPage(tuple(lines), raw=_frame(top + 11, len(rows)) if lined else b"")


def _frame(top: float, rows: int) -> bytes:
    """The lines around the cells of a page."""
    bottom = top - STEP * rows
    levels = [top - STEP * place for place in range(rows + 1)]
    drawn = [f"{COLUMNS[0]} {level} m {COLUMNS[-1]} {level} l S" for level in levels]
    drawn += [f"{x} {top} m {x} {bottom} l S" for x in COLUMNS]
    return "\n".join(["0.5 w", *drawn, ""]).encode()
