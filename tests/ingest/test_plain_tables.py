"""Tables of PDF pages without ruled lines, read as a whole."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from ingest.loaders import pdf
from rag.intake import Table
from tests import builders

CITIES = [
    ["Graz", "291,134", "127"],
    ["Linz", "206,537", "96"],
    ["Wels", "61,727", "46"],
]


def tables(folder: Path, *pages: builders.PdfPage) -> tuple[Table, ...]:
    """The tables of a PDF file of such pages."""
    path = folder / "plain.pdf"
    path.write_bytes(builders.pdf(pages))
    return pdf.load(path, path.name, max_pages=9, progress=lambda _done, _all: None).tables


def cells(table: Table) -> list[tuple[str, ...]]:
    return [row.cells for row in table.rows]


@pytest.mark.parametrize(
    "head", [["City", "Population", "Area"], ["Name", "Stock", "Sum"], ["City", "People", "Area"]]
)
@pytest.mark.parametrize("times", [1, 4])
def test_short_rows_with_wide_gaps_have_their_head(
    tmp_path: Path, head: Sequence[str], times: int
) -> None:
    rows = [[f"{label}{time}", *values] for time in range(times) for label, *values in CITIES]

    (table,) = tables(tmp_path, builders.grid([head, *rows]))

    assert table.header == tuple(head)
    assert cells(table) == [tuple(row) for row in [head, *rows]]
