"""Rows that a file itself marks as the heads of a table, and spans that are made to do harm."""

from __future__ import annotations

from pathlib import Path

import pytest

from ingest import composer
from ingest.loaded import LoadedDocument
from ingest.loaders import html, rtf, word
from rag.domain import DocumentState
from rag.errors import DocumentError
from tests.documents import docx, paragraph_of, said

WORDS = "<tr><td>Ines<td>12 Quay St<td>a@b.c<tr><td>Jo<td>4 Pier Rd<td>c@d.e"
NAMES = ("Name", "Contact Street", "Contact Mail")


def read(folder: Path, table: str) -> LoadedDocument:
    path = folder / "stored"
    path.write_text(f"<p>Before.</p>{table}", encoding="utf-8")
    return html.load(path, "page.html", max_pages=5_000)


@pytest.mark.parametrize(
    "heads",
    [
        "<thead><tr><td rowspan=2>Name<td colspan=2>Contact<tr><td>Street<td>Mail</thead><tbody>",
        "<thead><tr><td rowspan=9>Name<td colspan=2>Contact<tr><td>Street<td>Mail<tbody>",
        "<tr><th rowspan=2>Name<th colspan=2>Contact<tr><th>Street<th>Mail",
        "<tr><td><th colspan=2>Contact<tr><th>Name<th>Street<th>Mail",
    ],
)
def test_marked_rows_of_a_web_page_are_joined(heads: str, tmp_path: Path) -> None:
    (table,) = read(tmp_path, f"<table>{heads}{WORDS}</table>").tables
    assert table.header == NAMES
    assert [row.cells[0] for row in table.rows] == ["Name", "Ines", "Jo"]


def test_a_title_over_all_columns_names_the_table(tmp_path: Path) -> None:
    title = "<tr><th colspan=3>People<tr><th>Name<th>Street<th>Mail"
    found = read(tmp_path, f"<table>{title}{WORDS}</table>")

    (table,) = found.tables
    assert (table.name, table.header) == ("People", ("Name", "Street", "Mail"))
    assert found.pages[0].text.startswith("Before.\n\nPeople\n\nName | Street | Mail\nInes")


def test_a_head_of_a_section_is_no_head_of_columns(tmp_path: Path) -> None:
    rows = "<tr><th>Name<th>Sum<tr><th colspan=2>North<tr><td>a<td>1<tr><td>b<td>2"
    (table,) = read(tmp_path, f"<table>{rows}</table>").tables
    assert (table.header, table.rows[1].cells) == (("Name", "Sum"), ("North", ""))


def test_rows_that_a_word_document_repeats_on_each_page_are_joined(tmp_path: Path) -> None:
    def row(*cells: str, is_head: bool = False) -> str:
        marked = "<w:trPr><w:tblHeader/></w:trPr>" if is_head else ""
        inside = "".join(f"<w:tc>{paragraph_of(said(cell))}</w:tc>" for cell in cells)
        return f"<w:tr>{marked}{inside}</w:tr>"

    heads = row("", "Contact", "Contact", is_head=True), row("Name", "Street", "Mail", is_head=True)
    content = docx(f"<w:tbl>{''.join(heads)}{row('Ines', 'Quay', 'a@b.c')}</w:tbl>")
    path = tmp_path / "stored"
    path.write_bytes(content)
    (table,) = word.load(path, "people.docx", max_pages=9).tables
    assert table.header == NAMES
    assert table.rows[1].cells == ("Ines", "Quay", "a@b.c")


def test_rows_that_rich_text_repeats_are_joined_and_others_stand_as_they_come(
    tmp_path: Path,
) -> None:
    ends = r"\cellx900\cellx1800\cellx2700"
    heads = (
        rf"\trowd\trhdr{ends}\intbl\cell A\cell B\cell\row\trowd\trhdr{ends}\intbl N\cell C\cell"
    )
    content = rf"{{\rtf1 {heads} D\cell\row\trowd{ends}\intbl x\cell y\cell z\cell\row\pard e\par}}"
    path = tmp_path / "stored"
    path.write_bytes(content.encode())
    (table,) = rtf.load(path, "t.rtf", max_pages=9).tables
    assert table.header == ("N", "A C", "B D")
    uneven = content.replace(r"\cellx900\cellx1800", r"\cellx700\cellx1500", 1)
    path.write_bytes(uneven.encode())
    (table,) = rtf.load(path, "t.rtf", max_pages=9).tables
    assert table.header == ("N", "A C", "B D")


def test_spans_that_are_made_to_do_harm_end_as_text_or_with_a_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stairs = "".join(f"<tr><td rowspan=100000 colspan=100>cell {place}" for place in range(600))
    found = read(tmp_path, f"<table>{stairs}</table>")
    assert found.tables == ()
    assert "cell 0\n\ncell 1" in found.pages[0].text
    over = "<tr><td rowspan=99999999>a<td rowspan=2>b<tr><td colspan=3 rowspan=0>c<tr><td>d"
    (table,) = read(tmp_path, f"<table>{over}</table>").tables
    assert [row.cells for row in table.rows] == [
        ("a", "b", "", "", ""),
        ("a", "b", "c", "", ""),
        ("a", "d", "c", "", ""),
    ]
    monkeypatch.setattr(composer, "MAX_CHARACTERS", 100_000)
    long = f"<tr><td rowspan=100000>{'x' * 990}<td>1{'<tr><td>2' * 200}"
    with pytest.raises(DocumentError) as caught:
        read(tmp_path, f"<table>{long}</table>")
    assert caught.value.state is DocumentState.TOO_LARGE
