"""Text that a Word document hides is left out, and signs of symbol fonts are read."""

from __future__ import annotations

from pathlib import Path

import pytest

from ingest.loaded import LoadedDocument
from ingest.loaders import symbols
from ingest.loaders.load import load
from ingest.loaders.wordparts import HIDDEN
from rag.errors import DocumentError
from tests.documents import NAMESPACE, RELATIONS, archive_of, document_of, said

VANISH = "<w:vanish/>"
STYLES = (
    '<w:style w:type="character" w:styleId="Gone"><w:rPr><w:vanish/></w:rPr></w:style>'
    '<w:style w:type="character" w:styleId="GoneToo"><w:basedOn w:val="Gone"/></w:style>'
    '<w:style w:type="character" w:styleId="Back"><w:basedOn w:val="Gone"/>'
    '<w:rPr><w:vanish w:val="false"/></w:rPr></w:style>'
    '<w:style w:type="paragraph" w:styleId="Aside"><w:rPr><w:vanish/></w:rPr></w:style>'
)


def run(text: str, *properties: str) -> str:
    return f"<w:r><w:rPr>{''.join(properties)}</w:rPr>{said(text)[5:]}"


def styled(text: str, style: str, *properties: str) -> str:
    return run(text, f'<w:rStyle w:val="{style}"/>', *properties)


def sign(font: str, char: str, *properties: str) -> str:
    look = f"<w:rPr>{''.join(properties)}</w:rPr>"
    return f'<w:r>{look}<w:sym w:font="{font}" w:char="{char}"/></w:r>'


def paragraph(*runs: str, style: str = "") -> str:
    named = f'<w:pStyle w:val="{style}"/>' if style else ""
    return f"<w:p><w:pPr>{named}<w:rPr>{VANISH}</w:rPr></w:pPr>{''.join(runs)}</w:p>"


def read(tmp_path: Path, *paragraphs: str, defaults: str = "", **parts: str) -> LoadedDocument:
    path = tmp_path / "a.docx"
    before = (
        f"<w:docDefaults><w:rPrDefault><w:rPr>{defaults}</w:rPr></w:rPrDefault></w:docDefaults>"
    )
    kinds = "".join(
        f'<Relationship Id="{kind}" Type="http://x/{kind}" Target="{kind}.xml"/>' for kind in parts
    )
    contents: dict[str, str | bytes] = {
        "_rels/.rels": RELATIONS.format(target="word/document.xml"),
        "word/_rels/document.xml.rels": f"<Relationships>{kinds}</Relationships>",
        "word/styles.xml": f'<w:styles xmlns:w="{NAMESPACE}">{before}{STYLES}</w:styles>',
        "word/document.xml": document_of(*paragraphs),
    }
    contents |= {f"word/{kind}.xml": part for kind, part in parts.items()}
    path.write_bytes(archive_of(contents))
    return load(path, "a.docx", max_pages=10)


@pytest.mark.parametrize(
    ("hidden", "shown"),
    [
        (run("99 ", VANISH), ""),
        (run("99 ", '<w:vanish w:val="true"/>'), ""),
        (run("99 ", '<w:vanish w:val="0"/>'), "99 "),
        (run("99 ", '<w:vanish w:val="off"/>'), "99 "),
        (run("99 ", "<w:webHidden/>"), "99 "),
        (styled("99 ", "Gone"), ""),
        (styled("99 ", "GoneToo"), ""),
        (styled("99 ", "Back"), "99 "),
        (styled("99 ", "Gone", '<w:vanish w:val="0"/>'), "99 "),
        (run("99 ", "<w:rPrChange><w:rPr><w:vanish/></w:rPr></w:rPrChange>"), "99 "),
    ],
)
def test_what_a_run_or_its_style_hides_is_left_out_and_told(
    tmp_path: Path, hidden: str, shown: str
) -> None:
    loaded = read(tmp_path, paragraph(said("The price is "), hidden, said("75 euros.")))

    assert loaded.pages[0].text == f"The price is {shown}75 euros."
    assert loaded.reason == ("" if shown else HIDDEN)


def test_a_style_of_paragraphs_hides_them_and_one_of_runs_shows_them_again(tmp_path: Path) -> None:
    loaded = read(
        tmp_path,
        paragraph(said("Shown.")),
        paragraph(said("Not shown, "), styled("turned round, ", "Gone"), style="Aside"),
        paragraph(run("said to be shown.", '<w:vanish w:val="0"/>'), style="Aside"),
    )

    assert loaded.pages[0].text == "Shown.\n\nturned round,\n\nsaid to be shown."
    assert loaded.reason.count("hidden text") == 1


def test_a_document_may_hide_all_that_says_nothing_of_it(tmp_path: Path) -> None:
    shown = run("Only this.", '<w:vanish w:val="0"/>')

    assert read(tmp_path, paragraph(said("No. "), shown), defaults=VANISH).pages[0].text == (
        "Only this."
    )
    with pytest.raises(DocumentError, match=r"shows no text\. The document has hidden text"):
        read(tmp_path, paragraph(said("No.")), defaults=VANISH)


def test_hidden_notes_pictures_and_what_notes_hide_are_left_out(tmp_path: Path) -> None:
    note = '<w:r><w:rPr>{0}</w:rPr><w:footnoteReference w:id="{1}"/></w:r>'
    picture = f'<w:r><w:rPr>{VANISH}</w:rPr><w:drawing><docPr descr="a map"/></w:drawing></w:r>'
    footnotes = "".join(
        f'<w:footnote w:id="{number}"><w:p>{text}</w:p></w:footnote>'
        for number, text in ((1, said("Never.")), (2, said("Of ") + run("nine ", VANISH) + TEN))
    )
    loaded = read(
        tmp_path,
        paragraph(said("Sum"), note.format(VANISH, 1), picture, note.format("", 2)),
        footnotes=f'<w:footnotes xmlns:w="{NAMESPACE}">{footnotes}</w:footnotes>',
    )

    assert loaded.pages[0].text == "Sum [note 1]\n\n[note 1] Of ten °."
    assert loaded.reason == HIDDEN


TEN = said("ten ") + sign("Symbol", "F0B0") + said(".")


def test_what_a_margin_hides_by_a_style_is_left_out(tmp_path: Path) -> None:
    header = f"<w:p>{said('Draft ')}{styled('secret', 'Gone')}</w:p>"
    loaded = read(
        tmp_path,
        paragraph(said("Text.")),
        header=f'<w:hdr xmlns:w="{NAMESPACE}">{header}</w:hdr>',
    )

    assert loaded.pages[0].text == "Text.\n\nPage header: Draft"
    assert loaded.reason == HIDDEN


def test_signs_of_symbol_fonts_are_read_in_their_line(tmp_path: Path) -> None:
    raised = '<w:vertAlign w:val="superscript"/>'
    loaded = read(
        tmp_path,
        paragraph(
            said("It stays at 40 "), sign("Symbol", "F0B0"), said("C "), sign("Symbol", "F0B1"),
            said(" 2, 5 "), sign("Symbol", "F06D"), said("m "), sign("Wingdings", "F0E0"),
            said(" done "), sign("Wingdings", "F0FC"), sign("Wingdings", "F021"),
            sign("Arial", "03A9"), sign("Symbol", "F0B7", VANISH), said(" 9"),
            sign("Symbol", "F02B", raised),
        ),
    )  # fmt: skip

    assert loaded.pages[0].text == "It stays at 40 °C ± 2, 5 μm → done ✓▯Ω 9⁺"


def test_letters_of_the_private_area_are_those_of_the_font_of_their_run(tmp_path: Path) -> None:
    font = '<w:rFonts w:ascii="{0}" w:hAnsi="{0}"/>'
    loaded = read(
        tmp_path,
        paragraph(
            run("20 \uf0b0", font.format("Symbol")),
            run(" \uf0fc", font.format("Wingdings")),
            run(" \uf0fc", font.format("Arial")),
        ),
    )

    assert loaded.pages[0].text == "20 ° ✓ \uf0fc"


@pytest.mark.parametrize(
    ("font", "place", "shown"),
    [
        *(("Symbol", place, shown) for place, shown in (("61", "α"), ("F057", "Ω"), ("A3", "≤"))),
        ("SYMBOL", "f0ae", "→"),
        ("Wingdings", "A8", "□"),
        ("Wingdings", "F0FE", "☑"),
        ("Wingdings", "F020", " "),
        ("Wingdings 2", "F050", "✓"),
        ("Wingdings 3", "F022", "→"),
        ("Webdings", "F061", "✔"),
        *(("Symbol", place, symbols.UNKNOWN) for place in ("F0FF", "", "none", "-1", "110000")),
        ("Times New Roman", "2192", "→"),
        ("Times New Roman", "F0B0", symbols.UNKNOWN),
        ("Times New Roman", "0007", symbols.UNKNOWN),
    ],
)
def test_the_sign_at_a_place_of_a_font(font: str, place: str, shown: str) -> None:
    assert symbols.sign(font, place) == shown
