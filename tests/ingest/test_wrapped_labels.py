"""Labels of rows that wrap in tables without ruled lines, drawn cell by cell."""

from __future__ import annotations

from pathlib import Path

from ingest.loaded import LoadedDocument
from ingest.loaders import pdf
from tests import builders
from tests.builders import Line, PdfPage

LABELS = (
    ("Repair of the long northern", "Pier and of the stairs", "down to the water"),
    ("New lamps",),
    ("Dredging of the inner harbour", "every third year"),
)
VALUES = (("12,500", "40"), ("2,300", "3"), ("48,000", "62"))


def table(*, below: bool = False) -> PdfPage:
    """A table of works, each cell of which is drawn line by line; values may stand below labels."""
    lines = [Line("Work", y=720), Line("Cost", x=320, y=720), Line("Days", x=420, y=720)]
    y = 700.0
    for label, values in zip(LABELS, VALUES, strict=True):
        lines += [Line(words, y=y - 14 * place) for place, words in enumerate(label)]
        drop = 14 * len(label) if below and len(label) > 1 else 0
        lines += [Line(words, x=x, y=y - drop) for words, x in zip(values, (320, 420), strict=True)]
        y -= 14 * len(label) + 22
    return PdfPage(tuple(lines))


def loaded(folder: Path, page: PdfPage) -> LoadedDocument:
    path = folder / "document.pdf"
    path.write_bytes(builders.pdf([page]))
    return pdf.load(path, "a.pdf", max_pages=10, progress=lambda done, total: None)


def test_a_label_that_wraps_is_one_row_with_the_values_beside_its_first_line(
    tmp_path: Path,
) -> None:
    document = loaded(tmp_path, table())
    (found,) = document.tables
    text = document.pages[0].text

    assert found.header == ("Work", "Cost", "Days")
    assert [row.cells for row in found.rows[1:]] == [
        (" ".join(label), *values) for label, values in zip(LABELS, VALUES, strict=True)
    ]
    first = found.rows[1]
    assert text[first.start : first.end].split() == [
        *" ".join(LABELS[0]).split(),
        *VALUES[0],
    ]


def test_values_below_a_label_are_a_row_of_their_own(tmp_path: Path) -> None:
    document = loaded(tmp_path, table(below=True))
    rows = [row.cells for found in document.tables for row in found.rows]
    assert not any("stairs" in row[0] and "12,500" in row for row in rows)
