"""Marks of notes and exponents stay apart from the figures they stand behind, in every format."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from pptx import Presentation
from pptx.util import Cm

from ingest import raised
from ingest.loaded import LoadedDocument
from ingest.loaders.load import load
from tests.documents import docx, paragraph_of, said
from tests.workbooks import xlsx

MATHS = "http://schemas.openxmlformats.org/officeDocument/2006/math"


def read(tmp_path: Path, name: str, content: bytes | str) -> LoadedDocument:
    path = tmp_path / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return load(path, name, max_pages=10)


def run(text: str, level: str = "superscript") -> str:
    align = f'<w:rPr><w:vertAlign w:val="{level}"/></w:rPr>'
    return f'<w:r>{align}<w:t xml:space="preserve">{text}</w:t></w:r>'


@pytest.mark.parametrize(
    ("before", "text", "written"),
    [
        ("57", "1", "57¹"),
        ("1,234", "2", "1,234²"),
        ("10", "−3", "10⁻³"),
        ("57", "1, 2", "57¹,²"),
        ("57", "a", "57ᵃ"),
        ("57", "(b)", "57⁽ᵇ⁾"),
        ("1", "st", "1st"),
        ("1", "ère", "1ère"),
        ("M", "me", "Mme"),
        ("n", "o", "nº"),
        ("Brisa", "TM", "Brisa™"),
        ("57", "C", "57 (C)"),
        ("57", "note", "57 (note)"),
        ("57", "*", "57*"),
        ("57", "[3]", "57[3]"),
        ("57", "1 see the notes on page four", "57 1 see the notes on page four"),
    ],
)
def test_what_is_raised_is_told_from_the_figure(before: str, text: str, written: str) -> None:
    assert before + raised.raised(text, before) == written


def test_lowered_figures_are_written_so_and_letters_stay() -> None:
    assert "CO" + raised.lowered("2", "CO") == "CO₂"
    assert "x" + raised.lowered("max", "x") == "xmax"
    assert raised.with_fractions("1¹⁄₂ and ³/₄") == "1 1/2 and 3/4"


def test_a_web_page_and_its_tables(tmp_path: Path) -> None:
    page = (
        "<p>Revenue was 1,234<sup><a href='#n'>2</a></sup> million on 10<sup>6</sup> m<sup>2</sup>"
        " of CO<sub>2</sub>, on the 1<sup>st</sup>, 2<sup>1</sup>/<sub>2</sub>.</p><table>"
        "<tr><th>Item<th>2023<tr><td>Sales<td>57<sup>1</sup><tr><td>Loss<td>5<sup>2</sup></table>"
    )
    found = read(tmp_path, "page.html", page)

    assert "1,234² million on 10⁶ m² of CO₂, on the 1st, 2 1/2." in found.pages[0].text
    assert found.tables[0].header == ("Item", "2023")
    assert [row.cells for row in found.tables[0].rows][1:] == [("Sales", "57¹"), ("Loss", "5²")]


def test_markup_that_is_raised_over_blocks_and_choices_is_read(tmp_path: Path) -> None:
    page = "<p>57<sup><select><option>1<option selected>2</select></sup><sup>a<p>b</sup> c<p>end"

    assert read(tmp_path, "page.html", page).pages[0].text.endswith("end")


def test_a_word_document(tmp_path: Path) -> None:
    marked = '<w:r><w:rPr><w:rStyle w:val="Mark"/></w:rPr><w:t>3</w:t></w:r>'
    content = docx(
        paragraph_of(said("Sales 1,234"), run("2"), said(" million, CO"), run("2", "subscript")),
        paragraph_of(said("Profit 57"), marked, said(" million")),
    )
    styles = (
        '<w:style w:type="character" w:styleId="Mark"><w:rPr><w:vertAlign w:val="superscript"/>'
        "</w:rPr></w:style></w:styles>"
    )
    text = read(tmp_path, "a.docx", _with(content, "word/styles.xml", "</w:styles>", styles))

    assert text.pages[0].text == "Sales 1,234² million, CO₂\n\nProfit 57³ million"


def _with(content: bytes, part: str, before: str, after: str) -> bytes:
    import zipfile

    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(made, "w") as new:
        for name in old.namelist():
            text = old.read(name).decode()
            new.writestr(name, text.replace(before, after) if name == part else text)
    return made.getvalue()


@pytest.mark.parametrize(
    ("formula", "written"),
    [
        ("<m:sSup><m:e>{x}</m:e><m:sup>{2}</m:sup></m:sSup>", "x²"),
        ("<m:sSup><m:e>{10}</m:e><m:sup>{1.5}</m:sup></m:sSup>", "10^1.5"),
        ("<m:f><m:num>{1}</m:num><m:den>{5}</m:den></m:f>{3}", "1/5 3"),
        ("{2}<m:f><m:num>{a+b}</m:num><m:den>{c}</m:den></m:f>", "2 (a+b)/c"),
        ("<m:sSub><m:e>{x}</m:e><m:sub>{1}</m:sub></m:sSub>{5}", "x₁5"),
        ("<m:rad><m:deg/><m:e>{a+1}</m:e></m:rad>", "√(a+1)"),
        (
            "<m:d><m:dPr><m:begChr m:val='['/><m:endChr m:val=']'/></m:dPr><m:e>{a}</m:e></m:d>",
            "[a]",
        ),
        ("{2}<m:d><m:e>{a}</m:e><m:e>{b}</m:e></m:d>", "2(a|b)"),
        (
            "<m:nary><m:naryPr><m:chr m:val='∑'/></m:naryPr><m:sub>{i=1}</m:sub><m:sup>{n}</m:sup>"
            "<m:e>{i}</m:e></m:nary>",
            "∑_(i=1)ⁿi",
        ),
    ],
)
def test_a_formula_is_written_on_one_line(tmp_path: Path, formula: str, written: str) -> None:
    runs = formula.replace("{", "<m:r><m:t>").replace("}", "</m:t></m:r>")
    content = docx(paragraph_of(f'<m:oMath xmlns:m="{MATHS}">{runs}</m:oMath>'))

    assert read(tmp_path, "a.docx", content).pages[0].text == written


def test_a_presentation(tmp_path: Path) -> None:
    presentation = Presentation()
    slide = presentation.slides.add_slide(presentation.slide_layouts[6])
    place = (Cm(1), Cm(1), Cm(9), Cm(3))
    paragraph = slide.shapes.add_textbox(*place).text_frame.paragraphs[0]
    cell = slide.shapes.add_table(2, 2, *place).table.cell(1, 1).text_frame.paragraphs[0]
    for each in (paragraph, cell):
        for text, level in (("57", ""), ("1", "30000"), (" million, CO", "0"), ("2", "-25000")):
            added = each.add_run()
            added.text = text
            if level:
                added._r.get_or_add_rPr().set("baseline", level)
    file = io.BytesIO()
    presentation.save(file)

    text = read(tmp_path, "a.pptx", file.getvalue()).pages[0].text
    assert text.count("57¹ million, CO₂") == 2


def test_a_workbook(tmp_path: Path) -> None:
    rich = "<r><t>57</t></r><r><rPr><vertAlign val='superscript'/></rPr><t>1</t></r>"
    lines = (
        f"<sheetData><row><c t='inlineStr'><is>{rich}</is></c><c t='s'><v>0</v></c></row>"
        "<row><c><v>4</v></c><c><v>5</v></c></row></sheetData>"
    )
    found = read(
        tmp_path, "a.xlsx", xlsx({"S": lines}, strings=[f"<si>{rich}<r><t> t</t></r></si>"])
    )

    assert found.tables[0].rows[0].cells == ("57¹", "57¹ t")


def test_rich_text(tmp_path: Path) -> None:
    text = (
        r"{\rtf1\ansi Sales 57{\super 1} million and 1,234\super 2\nosupersub  million; CO{\sub 2},"
        r" 10\up6 6\up0  t, 10{\super 6}\plain  t.\par}"
    )
    shown = read(tmp_path, "a.rtf", text).pages[0].text

    assert shown == "Sales 57¹ million and 1,234² million; CO₂, 10⁶ t, 10⁶ t."


def test_markdown_and_not_the_code_in_it(tmp_path: Path) -> None:
    text = (
        "Sales 1,234<sup>2</sup> million, x^2^, `x<sup>2</sup>`\n\n```\n5<sup>2</sup>\n```\n\n"
        "| Item | 2023 |\n|---|---|\n| Sales | 57<sup>1</sup> |\n"
    )
    found = read(tmp_path, "a.md", text)

    assert "1,234² million, x², `x<sup>2</sup>`" in found.pages[0].text
    assert "5<sup>2</sup>" in found.pages[0].text
    assert found.tables[0].rows[-1].cells == ("Sales", "57¹")


def test_references_to_notes_in_markdown(tmp_path: Path) -> None:
    text = (
        "It picked 57[^1] t, 49[^b] t and 12[^late] t, not 8[^9] t; `5[^1]`.\n\n"
        "| Item | 2023 |\n|---|---|\n| Sales | 14.1[^1] |\n\n"
        "[^1]: Weighed.\n[^b]: Without one plot.\n[^late]: In October.\n"
    )
    found = read(tmp_path, "a.md", text)

    shown = found.pages[0].text
    assert "It picked 57¹ t, 49ᵇ t and 12 (late) t, not 8[^9] t; `5[^1]`." in shown
    assert "\n¹: Weighed.\nᵇ: Without one plot.\n(late): In October." in shown
    assert found.tables[0].rows[-1].cells == ("Sales", "14.1¹")


def test_marks_in_marks_are_read_in_time(tmp_path: Path) -> None:
    page = "<p>57" + "<sup>" * 5_000 + "1" * 100_000 + "</sup>" * 5_000 + "<p>end"

    assert read(tmp_path, "page.html", page).pages[-1].text.endswith("end")
