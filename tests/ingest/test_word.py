from __future__ import annotations

from pathlib import Path

import pytest

from ingest import archive
from ingest.loaded import LoadedDocument
from ingest.loaders import word, wordbody
from rag.domain import DocumentState
from rag.errors import DocumentError
from tests.documents import (
    NAMESPACE,
    archive_of,
    document_of,
    docx,
    paragraph_of,
    said,
    table_of,
)

HANDBOOK = Path(__file__).parents[1] / "fixtures" / "formats" / "handbook.docx"


def read(tmp_path: Path, content: bytes) -> str:
    path = tmp_path / "report.docx"
    path.write_bytes(content)
    return word.read_text(path)


def failure(tmp_path: Path, content: bytes) -> DocumentError:
    with pytest.raises(DocumentError) as caught:
        read(tmp_path, content)
    return caught.value


def test_paragraphs_headings_items_and_tables_are_read(tmp_path: Path) -> None:
    content = docx(
        paragraph_of(said("The coast"), style="Title"),
        paragraph_of(said("Boats"), style="Titre2"),
        paragraph_of(said("The harbour holds "), said("forty-one boats &amp; a ferry.")),
        paragraph_of(said("In winter:")),
        paragraph_of(said("forty-one boats"), item=True),
        paragraph_of(said("one ferry"), style="ListBullet"),
        paragraph_of(),
        table_of(("Season", "Boats"), ("Winter", "forty | one")),
        paragraph_of(said("Below"), style="Deep"),
    )
    assert read(tmp_path, content) == (
        "# The coast\n\n## Boats\n\nThe harbour holds forty-one boats & a ferry.\n\nIn winter:\n\n"
        "- forty-one boats\n- one ferry\n\n| Season | Boats |\n| --- | --- |\n"
        "| Winter | forty \\| one |\n\n### Below"
    )


def test_tabs_and_breaks_stand_for_themselves(tmp_path: Path) -> None:
    content = docx(paragraph_of(said("a"), "<w:r><w:tab/><w:t>b</w:t><w:br/></w:r>", said("c")))
    assert read(tmp_path, content) == "a\tb\nc"


def test_what_was_deleted_is_gone_and_what_is_there_twice_is_read_once(tmp_path: Path) -> None:
    content = docx(
        paragraph_of(
            said("Boats"),
            "<w:del><w:r><w:delText> gone</w:delText></w:r></w:del>",
            f"<w:moveFrom>{said(' moved')}</w:moveFrom>",
            f"<w:ins>{said(' stay')}</w:ins>",
            f"<x xmlns='urn:x'><Fallback>{said(' twice')}</Fallback></x>",
            "<w:r><w:instrText>PAGE</w:instrText></w:r>",
        )
    )
    assert read(tmp_path, content) == "Boats stay"


@pytest.mark.parametrize("target", ["/word/document.xml", "word/other.xml"])
def test_the_document_is_where_the_archive_says(tmp_path: Path, target: str) -> None:
    assert read(tmp_path, docx(paragraph_of(said("Here.")), target=target)) == "Here."


def test_a_document_type_is_refused_so_that_no_entity_grows(tmp_path: Path) -> None:
    entities = (
        '<!DOCTYPE d [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">'
        '<!ENTITY c SYSTEM "file:///etc/passwd">]>'
    )
    document = document_of(paragraph_of(said("&b;&c;")), head=entities)
    error = failure(tmp_path, archive_of({"word/document.xml": document}))
    assert error.state is DocumentState.DAMAGED
    assert "document type" in error.reason


def test_what_grows_without_end_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    content = docx(paragraph_of(said("a" * 300_000)))
    assert len(content) < 10_000
    for module, name in ((archive, "MAX_TOTAL_BYTES"), (wordbody, "MAX_CHARACTERS")):
        with monkeypatch.context() as patch:
            patch.setattr(module, name, 200_000)
            assert failure(tmp_path, content).state is DocumentState.TOO_LARGE
    deep = "<w:r>" * 300 + "</w:r>" * 300
    assert failure(tmp_path, docx(paragraph_of(deep))).state is DocumentState.TOO_LARGE


@pytest.mark.parametrize(
    "content",
    [
        docx(paragraph_of(said("a")))[:-40],
        archive_of({"word/document.xml": "<w:document>"}),
        archive_of({"word/document.xml": b"\xff\xfe\x00"}),
        archive_of({"word/styles.xml": "<a/>"}),
        b"PK\x03\x04 and nothing else",
    ],
)
def test_a_damaged_document_is_told(tmp_path: Path, content: bytes) -> None:
    assert failure(tmp_path, content).state is DocumentState.DAMAGED


def test_only_an_archive_with_a_document_is_one(tmp_path: Path) -> None:
    path = tmp_path / "file"
    for content, expected in (
        (docx(paragraph_of(said("a"))), True),
        (archive_of({"xl/workbook.xml": "<a/>"}), False),
        (b"PK\x03\x04 no archive", False),
        (b"text", False),
        (b"", False),
    ):
        path.write_bytes(content)
        assert word.is_word(path) is expected


def loaded(tmp_path: Path, content: bytes) -> LoadedDocument:
    path = tmp_path / "report.docx"
    path.write_bytes(content)
    return word.load(path, "the_report.docx", max_pages=100)


def test_a_document_that_libreoffice_wrote_is_read_whole() -> None:
    found = word.load(HANDBOOK, "handbook.docx", max_pages=10)
    (page,) = found.pages
    assert found.title == "Handbook of the Brisa Ferry Company"
    assert not found.paginated
    assert [(each.level, each.title) for each in found.outline] == [
        (1, "Working hours"),
        (2, "Leave"),
        (1, "Fares and ships"),
    ]
    for heading in found.outline:
        assert page.text[heading.start :].startswith(f"{heading.title}\n\n")
    assert (
        "before the first crossing. [note 1]\n\n"
        "[note 1] On Sundays the first crossing leaves at 9:10.\n\nEverybody" in page.text
    )
    assert (
        "1. Ask the shift leader.\n  (a) By mail, or\n  (b) on the yellow form.\n"
        "2. Enter the days in the plan.\n" in page.text
    )
    assert "\n\n- a visit to the doctor\n- a day of training\n\n" in page.text
    assert page.text.endswith("Page header: Brisa Ferry Company, internal")
    (table,) = found.tables
    assert (table.number, table.page, table.header) == (1, 1, ("Ship", "Seats", "Fare"))
    assert [page.text[row.start : row.end] for row in table.rows] == [
        "Ship | Seats | Fare",
        "Alder Queen | 312 | €14.50",
        "Petrel | 88 | €11.00 (winter: €9.00)",
        "Skua | 46 | €8.20",
    ]


def test_a_title_comes_from_the_text_or_from_the_name(tmp_path: Path) -> None:
    titled = docx(paragraph_of(said("The coast"), style="Title"), paragraph_of(said("a")))
    assert loaded(tmp_path, titled).title == "The coast"
    headed = docx(paragraph_of(said("Boats"), style="Heading1"), paragraph_of(said("a")))
    assert loaded(tmp_path, headed).title == "Boats"
    assert loaded(tmp_path, docx(paragraph_of(said("a")))).title == "the report"


def test_a_long_document_has_sections_and_its_tables_stay_one(tmp_path: Path) -> None:
    rows = [("Ship", "Seats"), *((f"Ship {number} {'x' * 90}", "40") for number in range(400))]
    found = loaded(tmp_path, docx(paragraph_of(said("Fleet"), style="Heading1"), table_of(*rows)))
    assert [page.label for page in found.pages] == ["1", "2", "3"]
    assert [(table.number, table.page) for table in found.tables] == [(1, 1), (1, 2), (1, 3)]
    assert {table.header for table in found.tables} == {("Ship", "Seats")}
    assert sum(len(table.rows) for table in found.tables) == 401
    for table in found.tables:
        text = found.pages[table.page - 1].text
        assert all(text[row.start : row.end] == " | ".join(row.cells) for row in table.rows)


def test_merged_cells_keep_the_columns_in_line(tmp_path: Path) -> None:
    def row(*cells: str) -> str:
        return f"<w:tr>{''.join(cells)}</w:tr>"

    def tc(text: str, properties: str = "") -> str:
        return f"<w:tc><w:tcPr>{properties}</w:tcPr>{paragraph_of(said(text))}</w:tc>"

    begun, goes_on, wide = (
        '<w:vMerge w:val="restart"/>',
        "<w:vMerge/>",
        '<w:gridSpan w:val="2"/>',
    )
    rows = (
        row(tc("Route"), tc("Season"), tc("Fare")),
        row(tc("Skerry", begun), tc("summer"), tc("14")),
        row(tc("", goes_on), tc("winter"), tc("11")),
        row(tc("both", wide), tc("25")),
    )
    table = f"<w:tbl>{''.join(rows)}</w:tbl>"
    (found,) = loaded(tmp_path, docx(table)).tables
    assert [row.cells for row in found.rows] == [
        ("Route", "Season", "Fare"),
        ("Skerry", "summer", "14"),
        ("Skerry", "winter", "11"),
        ("both", "", "25"),
    ]


def test_a_caption_names_its_table_and_a_box_is_text(tmp_path: Path) -> None:
    found = loaded(
        tmp_path,
        docx(
            paragraph_of(said("Table 1: the fleet"), style="Caption"),
            table_of(("Ship", "Seats"), ("Skua", "46")),
            table_of(("A box around a warning.",)),
        ),
    )
    (table,) = found.tables
    assert table.name == "Table 1: the fleet"
    assert found.pages[0].text.endswith("46\n\nA box around a warning.")


def test_numbered_headings_count_as_word_does(tmp_path: Path) -> None:
    levels = "".join(
        f'<w:lvl w:ilvl="{level}"><w:start w:val="1"/><w:numFmt w:val="{form}"/>'
        f'<w:pStyle w:val="{style}"/><w:lvlText w:val="{text}"/></w:lvl>'
        for level, form, style, text in (
            (0, "upperRoman", "Heading1", "%1."),
            (1, "decimal", "Heading2", "%1.%2"),
        )
    )
    numbering = (
        f'<w:numbering xmlns:w="{NAMESPACE}"><w:abstractNum w:abstractNumId="7">{levels}'
        '</w:abstractNum><w:num w:numId="3"><w:abstractNumId w:val="7"/></w:num></w:numbering>'
    )
    styles = (
        f'<w:styles xmlns:w="{NAMESPACE}">'
        '<w:style w:styleId="Heading1"><w:name w:val="heading 1"/><w:pPr><w:numPr>'
        '<w:numId w:val="3"/></w:numPr></w:pPr></w:style><w:style w:styleId="Heading2">'
        '<w:name w:val="heading 2"/><w:basedOn w:val="Heading1"/></w:style></w:styles>'
    )
    body = document_of(
        *(
            paragraph_of(said(text), style=f"Heading{level}")
            for text, level in (
                ("Boats", 1),
                ("Old", 2),
                ("New", 2),
                ("Crews", 1),
                ("Leave", 2),
            )
        )
    )
    parts = {
        "word/document.xml": body,
        "word/styles.xml": styles,
        "word/numbering.xml": numbering,
    }
    titles = [heading.title for heading in loaded(tmp_path, archive_of(parts)).outline]
    assert titles == ["I. Boats", "I.1 Old", "I.2 New", "II. Crews", "II.1 Leave"]


def test_damaged_styles_cost_the_styles_alone(tmp_path: Path) -> None:
    parts: dict[str, str | bytes] = {
        "word/document.xml": document_of(paragraph_of(said("Boats"))),
        "word/styles.xml": "<broken",
        "word/numbering.xml": b"\xff\xfe\x00",
    }
    assert loaded(tmp_path, archive_of(parts)).pages[0].text == "Boats"


def test_a_document_without_text_is_empty(tmp_path: Path) -> None:
    with pytest.raises(DocumentError) as caught:
        loaded(tmp_path, docx(paragraph_of()))
    assert caught.value.state is DocumentState.EMPTY


def test_a_table_in_a_cell_comes_behind_its_table(tmp_path: Path) -> None:
    inner = table_of(("in", "side"), ("21", "22"))
    cells = (paragraph_of(said("North")), inner + paragraph_of(said("after")))
    row = "".join(f"<w:tc>{cell}</w:tc>" for cell in cells)
    head = "".join(f"<w:tc>{paragraph_of(said(cell))}</w:tc>" for cell in ("Region", "2023"))

    assert read(tmp_path, docx(f"<w:tbl><w:tr>{head}</w:tr><w:tr>{row}</w:tr></w:tbl>")) == (
        "| Region | 2023 |\n| --- | --- |\n| North | after |\n\n"
        "| in | side |\n| --- | --- |\n| 21 | 22 |"
    )


def test_a_picture_says_what_is_written_for_it(tmp_path: Path) -> None:
    drawing = '<w:r><w:drawing><docPr id="1" descr="Chart: 57 boats"/></w:drawing></w:r>'

    assert read(tmp_path, docx(paragraph_of(said("Sales"), drawing))) == (
        "Sales [image: Chart: 57 boats]"
    )
