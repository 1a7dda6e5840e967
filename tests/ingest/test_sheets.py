from __future__ import annotations

from pathlib import Path

import pytest

from ingest import archive
from ingest.loaded import Heading, LoadedDocument
from ingest.loaders import sheet as sheet_limits
from ingest.loaders import sheets
from rag.domain import DocumentState, PageState
from rag.errors import DocumentError
from tests.documents import archive_of
from tests.workbooks import STRICT, cell, rows, xlsx

FORMATS = Path(__file__).parents[1] / "fixtures" / "formats"


def read(tmp_path: Path, content: bytes, *, max_pages: int = 100) -> LoadedDocument:
    path = tmp_path / "book"
    path.write_bytes(content)
    return sheets.load(path, "my_book.xlsx", max_pages=max_pages)


def failure(tmp_path: Path, content: bytes) -> DocumentError:
    with pytest.raises(DocumentError) as caught:
        read(tmp_path, content)
    return caught.value


def seen(found: LoadedDocument) -> list[tuple[str, ...]]:
    return [row.cells for table in found.tables for row in table.rows]


@pytest.mark.parametrize("name", ["figures.xlsx", "figures.xls"])
def test_a_workbook_that_libreoffice_wrote_is_read_as_it_is_seen(name: str) -> None:
    found = sheets.load(FORMATS / name, name, max_pages=10)
    quarters, notes, salaries = found.pages
    assert quarters.text == (
        "Quarters\n\nBrisa Ferry Company: passengers and sales\n\n"
        "Route | Quarter | Passengers | Sales | Full | Closed on\n"
        "Alder–Skerry | Q1 | 18240 | 215,430.50 € | 63.4% | 2025-03-31\n"
        "Alder–Skerry | Q2 | 23115 | 271,808.25 € | 71.8% | 2025-06-30\n"
        "Alder–Tern | Q1 | 4120 | 33,784.00 € | 40.2% | 2025-03-31\n"
        "Total |  | 45475 | 521,022.75 € |  |\n\n"
        "Ship | Built | Fuel per crossing\nAlder Queen | 1998 | 0.3\nPetrel | 2011 | 0.125\n\n"
    )
    assert (notes.label, notes.state, notes.reason) == (
        "Notes",
        PageState.EMPTY,
        "The sheet is empty.",
    )
    assert salaries.text.startswith("Salaries (hidden sheet)\n\nPerson | Monthly | Permanent\n")
    assert salaries.text.endswith("Jo Beck | 2,980.40 € | FALSE")
    assert found.outline == (Heading(1, "Quarters", 1, 0), Heading(1, "Salaries", 3, 0))
    assert (found.paginated, found.state, found.title) == (True, DocumentState.READY, "figures")
    assert found.reason == "Hidden sheets, read like the others: Salaries."
    first, second, third = found.tables
    assert (first.number, first.page, first.name) == (1, 1, "Quarters")
    assert first.header == ("Route", "Quarter", "Passengers", "Sales", "Full", "Closed on")
    assert first.rows[-1].cells == ("Total", "", "45475", "521,022.75 €", "", "")
    assert (second.number, second.page, second.header[0]) == (2, 1, "Ship")
    assert (third.number, third.page, third.name) == (3, 3, "Salaries")
    for table in found.tables:
        text = found.pages[table.page - 1].text
        assert all(text[row.start : row.end].startswith(row.cells[0]) for row in table.rows)


def test_cells_are_read_by_their_types(tmp_path: Path) -> None:
    content = (
        '<sheetData><row r="2"><c r="A2" t="s"><v>1</v></c><c r="B2" t="b"><v>1</v></c>'
        '<c r="C2" t="e"><v>#DIV/0!</v></c><c r="D2" t="str"><f>A1</f><v>said</v></c></row>'
        '<row r="3"><c r="A3" t="d"><v>2025-03-31T00:00:00</v></c><c r="B3"><v>1e3</v></c>'
        '<c r="C3" s="1"><v>0.5</v></c><c r="D3" t="s"><v>99</v></c></row></sheetData>'
    )
    strings = (
        "<si><t>no</t></si>",
        "<si><r><t>a </t></r><r><t>rope</t></r><rPh><t>pronounced</t></rPh></si>",
    )
    found = read(tmp_path, xlsx({"S": content}, strings=strings, codes=("0%",)))
    assert seen(found) == [
        ("a rope", "TRUE", "#DIV/0!", "said"),
        ("2025-03-31", "1000", "50%", ""),
    ]


@pytest.mark.parametrize("code", ["yyyy-mm-dd", "d.m.yy", "[$-409]mmmm d, yyyy"])
def test_dates_count_from_either_epoch(tmp_path: Path, code: str) -> None:
    first = f"<row>{cell(44285.0, style=1)}{cell('x')}</row>"
    content = f"<sheetData>{first}<row>{cell('y')}</row></sheetData>"
    old = xlsx({"S": content}, codes=(code,))
    assert seen(read(tmp_path, old))[0] == ("2021-03-30", "x")
    mac = xlsx({"S": content}, codes=(code,), properties='<workbookPr date1904="1"/>')
    assert seen(read(tmp_path, mac))[0] == ("2025-03-31", "x")


def test_the_strict_kind_of_workbook_is_read(tmp_path: Path) -> None:
    found = read(tmp_path, xlsx({"S": rows(("Item", "Price"), ("Rope", 3))}, namespace=STRICT))
    assert seen(found) == [("Item", "Price"), ("Rope", "3")]


def test_cells_merged_downwards_say_the_same_in_every_row(tmp_path: Path) -> None:
    content = rows(("Region", "Month"), ("North", "May"), ("", "June"), ("South", "May"))
    merged = '<mergeCells><mergeCell ref="A2:A3"/><mergeCell ref="A1:B1"/></mergeCells>'
    found = read(tmp_path, xlsx({"S": content + merged}))
    assert seen(found)[2] == ("North", "June")


def test_a_label_over_columns_and_rows_is_in_each_row_and_a_long_text_in_its_first(
    tmp_path: Path,
) -> None:
    merged = '<mergeCells><mergeCell ref="A1:B2"/></mergeCells>'
    for text, again in (("North", "North"), ("long " * 17, "")):
        content = rows((text, "", "May", 3), ("", "Quay", "June", 4)) + merged
        label, _, *values = seen(read(tmp_path, xlsx({"S": content})))[1]
        assert (label, values) == (again, ["June", "4"])


def test_a_long_sheet_goes_on_with_its_label_and_its_table(tmp_path: Path) -> None:
    lines = [(f"Item {number} {'x' * 80}", number) for number in range(600)]
    prices = rows(("Item", "Price"), *lines)
    found = read(tmp_path, xlsx({"Prices": prices, "Last": rows(("the end",))}))
    assert [page.label for page in found.pages] == ["Prices"] * 3 + ["Last"]
    assert [(table.number, table.page) for table in found.tables] == [(1, 1), (1, 2), (1, 3)]
    assert {table.header for table in found.tables} == {("Item", "Price")}
    assert len(seen(found)) == 601
    assert found.pages[3].text == "Last\n\nthe end"


def test_formulas_that_were_never_calculated_are_told(tmp_path: Path) -> None:
    content = "<sheetData><row><c><f>1+1</f></c><c><f>A1</f><v>2</v></c></row></sheetData>"
    assert read(tmp_path, xlsx({"S": content})).reason == sheets.NOT_CALCULATED
    empty = '<sheetData><row><c t="str"><f>""</f><v></v></c><c><v>2</v></c></row></sheetData>'
    assert read(tmp_path, xlsx({"S": empty})).reason == ""


def test_a_text_box_is_read_and_a_missing_sheet_is_told(tmp_path: Path) -> None:
    box = (
        '<xdr:wsDr xmlns:xdr="urn:x" xmlns:a="urn:a"><xdr:sp><xdr:txBody><a:p><a:r><a:t>Prices '
        "include</a:t></a:r><a:r><a:t> tax.</a:t></a:r></a:p></xdr:txBody></xdr:sp></xdr:wsDr>"
    )
    relation = (
        '<Relationships><Relationship Id="d" Type="x/drawing" Target="../d.xml"/></Relationships>'
    )
    parts = {"xl/d.xml": box, "xl/worksheets/_rels/s1.xml.rels": relation}
    found = read(tmp_path, xlsx({"S": rows(("Rope", 3))}, parts=parts))
    assert found.pages[0].text == "S\n\nRope | 3\n\nPrices include tax."


def test_a_damaged_sheet_is_read_as_far_as_it_goes(tmp_path: Path) -> None:
    content = rows(("Item", "Price"), ("Rope", 3)).removesuffix("</sheetData>") + "<row><c"
    found = read(tmp_path, xlsx({"Good": rows(("Fender", 4)), "Bad": content}))
    assert found.state is DocumentState.PARTIAL
    assert found.reason == "Damaged sheets, read as far as they go: Bad."
    assert found.pages[1].reason == "The sheet is damaged from row 3 on."
    assert seen(found) == [("Item", "Price"), ("Rope", "3")]
    lost = read(tmp_path, xlsx({"Good": rows(("Fender", 4)), "Bad": "<broken"}))
    assert (lost.pages[1].state, lost.pages[1].reason) == (
        PageState.FAILED,
        "The sheet is damaged.",
    )


def test_a_sheet_that_leads_nowhere_is_told_and_a_chart_is_no_damage(tmp_path: Path) -> None:
    listed = {"Prices": rows(("Rope", 3)), "Chart": "", "Lost": ""}
    relations = (
        '<Relationships><Relationship Id="r1" Type="x/worksheet" Target="worksheets/s1.xml"/>'
        '<Relationship Id="r2" Type="x/chartsheet" Target="chartsheets/s1.xml"/></Relationships>'
    )
    found = read(tmp_path, xlsx(listed, parts={"xl/_rels/workbook.xml.rels": relations}))

    assert [(page.label, page.state, page.reason) for page in found.pages] == [
        ("Prices", PageState.TEXT, ""),
        ("Chart", PageState.EMPTY, "The sheet is a chart or a form, without cells."),
        ("Lost", PageState.FAILED, "The sheet is damaged."),
    ]
    assert (found.state, found.reason) == (
        DocumentState.PARTIAL,
        "Damaged sheets, read as far as they go: Lost.",
    )


def test_notes_on_cells_stand_below_the_table(tmp_path: Path) -> None:
    relations = (
        '<Relationships><Relationship Id="a" Type="x/comments" Target="../c.xml"/>'
        '<Relationship Id="b" Type="x/threadedComment" Target="../t.xml"/></Relationships>'
    )
    noted = (
        "<comments><authors><author>Ana</author></authors><commentList>"
        '<comment ref="A1"><text><r><t>Ana:</t></r><r><t>\n ask Bo</t></r></text></comment>'
        '<comment ref="B1"><text><t>Your version of Excel ...</t></text></comment>'
        "</commentList></comments>"
    )
    thread = (
        '<ThreadedComments><threadedComment ref="B1"><text>Too dear?</text></threadedComment>'
        '<threadedComment ref="B1"><text>No.</text></threadedComment></ThreadedComments>'
    )
    parts = {"xl/c.xml": noted, "xl/t.xml": thread, "xl/worksheets/_rels/s1.xml.rels": relations}
    found = read(tmp_path, xlsx({"S": rows(("Rope", 3))}, parts=parts))

    assert found.pages[0].text == (
        "S\n\nRope | 3\n\nNote on A1: Ana: ask Bo\nNote on B1: Too dear?\nNote on B1: No."
    )


def test_notes_in_an_old_workbook_are_read() -> None:
    found = sheets.load(FORMATS / "notes.xls", "notes.xls", max_pages=10)

    assert found.pages[0].text == "S\n\nRope | 3\n\nNote on A1: ask Bo"


def test_cells_out_of_all_bounds_are_left_out(tmp_path: Path) -> None:
    content = (
        '<sheetData><row r="99999999999"><c r="A1"><v>1</v></c></row>'
        '<row r="5"><c r="ZZZ5"><v>2</v></c><c r="A5"><v>3</v></c><c r="XFD5"><v>4</v></c></row>'
        '<row r="6"><c r="A6"><v>7</v></c></row></sheetData>'
        '<mergeCells><mergeCell ref="A1:A1048576"/><mergeCell ref="A6:A9999999"/></mergeCells>'
    )
    assert seen(read(tmp_path, xlsx({"S": content}))) == [("3", "4"), ("7", "")]


def test_what_grows_without_end_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    content = xlsx({"S": rows(*[("a", "b")] * 2000)})
    for module, name, limit in (
        (archive, "MAX_TOTAL_BYTES", 50_000),
        (sheet_limits, "MAX_CELLS", 3_999),
    ):
        with monkeypatch.context() as patch:
            patch.setattr(module, name, limit)
            assert failure(tmp_path, content).state is DocumentState.TOO_LARGE
    many = "<si><t>" + "a" * 30_000 + "</t></si>"
    used = '<c t="s"><v>0</v></c>' * 2000
    bomb = xlsx({"S": f"<sheetData><row>{used}</row></sheetData>"}, strings=(many,))
    assert failure(tmp_path, bomb).state is DocumentState.TOO_LARGE


def test_entities_are_refused(tmp_path: Path) -> None:
    parts = {"xl/worksheets/s1.xml": '<!DOCTYPE a [<!ENTITY b "c">]><worksheet>&b;</worksheet>'}
    error = failure(tmp_path, xlsx({"S": rows(("a", "b"))}, parts=parts))
    assert error.state is DocumentState.DAMAGED
    workbook = {"xl/workbook.xml": '<!DOCTYPE a SYSTEM "file:///etc/passwd"><workbook/>'}
    assert "document type" in failure(tmp_path, archive_of(workbook)).reason


@pytest.mark.parametrize(
    ("content", "state"),
    [
        (b"PK\x03\x04 no archive", DocumentState.DAMAGED),
        (archive_of({"xl/other.xml": "<a/>"}), DocumentState.DAMAGED),
        (archive_of({"xl/workbook.xml": "<workbook>"}), DocumentState.DAMAGED),
        (xlsx({"S": rows()}), DocumentState.EMPTY),
        (xlsx({}), DocumentState.EMPTY),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 600, DocumentState.DAMAGED),
        (b"\x09\x08\x10\x00\x00\x06", DocumentState.DAMAGED),
    ],
)
def test_what_gives_nothing_is_told(tmp_path: Path, content: bytes, state: DocumentState) -> None:
    assert failure(tmp_path, content).state is state


def test_hidden_rows_and_columns_are_read_and_the_report_says_so(tmp_path: Path) -> None:
    column = '<cols><col min="2" max="3" hidden="1"/></cols>'
    row = '<row hidden="{0}">' + cell("b") + cell(2) + "</row>"
    found = read(
        tmp_path,
        xlsx(
            {
                "Plain": rows(["a", 1]).replace("<row>", '<row hidden="0">'),
                "Rows": f"<sheetData>{row.format(1)}</sheetData>",
                "Columns": column + rows(["c", 3]),
                "Empty": '<cols><col min="5" max="5" hidden="1"/></cols>' + rows(["d", 4]),
            }
        ),
    )

    assert [page.text.split() for page in found.pages[1:3]] == [
        ["Rows", "b", "|", "2"],
        ["Columns", "c", "|", "3"],
    ]
    assert found.reason == "Hidden rows or columns of sheets, read like the others: Rows, Columns."
