from __future__ import annotations

from pathlib import Path

import pytest

from ingest import compressed_rtf, richtext
from ingest.loaded import LoadedDocument
from ingest.loaders import rtf
from rag.domain import DocumentState
from rag.errors import DocumentError

FORMATS = Path(__file__).parents[1] / "fixtures" / "formats"
LETTER = rb"""{\rtf1\ansi\ansicpg1252\deff0{\fonttbl{\f0\fcharset0 Arial;}{\f1\fcharset204 Arial;}
{\f2\fcharset128 Mincho;}}{\colortbl;\red0\green0\blue0;}
{\stylesheet{\s0 Normal;}{\s1\b heading 1;}{\s2\sbasedon0 Titre 2;}}
{\info{\title The harbour}{\author Ana}}{\header Office of the port\par}
\pard\s1 Boats\par\pard\s2 Winter\par
\pard Caf\'e9 \u8220?quoted\u8221? \'93cp\'94 {\f1\'ef\'f0\'e8} {\f2\'8a\'bf\'8e\'9a}
 \u-10179?\u-8704?.
\line next{\v unseen}{\deleted gone}{\pict\pngblip 89504e47}{\*\unknown no}{\footnote A note.}
{\field{\*\fldinst HYPERLINK "http://x.y"}{\fldrslt a link}}\emdash\~end\par
{\listtext\pard\plain\u8226?\tab}oars\par{\listtext 2.\tab}sails\par
\trowd\cellx100\cellx200\pard\intbl Season\cell Boats\cell\row
\trowd\cellx100\cellx200\pard\intbl Winter\cell 41\par cold\cell\row
\pard\outlinelevel2 Summer\par\pard{\bin4 {{{{x}Last.}
"""
SHOWN = """Boats

Winter

Café “quoted” “cp” при 漢字 😀.
nexta link— end

A note.

- oars
2. sails

Season | Boats
Winter | 41 cold

Summer

xLast.

Office of the port"""


def read(folder: Path, content: bytes) -> LoadedDocument:
    path = folder / "stored"
    path.write_bytes(content)
    return rtf.load(path, "letter.rtf", max_pages=500)


def test_a_letter_is_read_as_it_is_seen(tmp_path: Path) -> None:
    loaded = read(tmp_path, LETTER)

    assert loaded.pages[0].text == SHOWN
    assert (loaded.title, loaded.media_type) == ("The harbour", "application/rtf")
    assert [(it.level, SHOWN[it.start or 0 :].partition("\n")[0]) for it in loaded.outline] == [
        (1, "Boats"),
        (2, "Winter"),
        (3, "Summer"),
    ]
    (table,) = loaded.tables
    assert table.header == ("Season", "Boats")
    assert [SHOWN[row.start : row.end] for row in table.rows] == [
        "Season | Boats",
        "Winter | 41 cold",
    ]


def test_a_document_that_libreoffice_wrote_is_read() -> None:
    loaded = rtf.load(FORMATS / "harbour.rtf", "harbour.rtf", max_pages=10)

    text = loaded.pages[0].text
    assert loaded.title == "Harbour report"
    assert "The harbour of Sète – “old town” – holds forty-one boats & a ferry." in text
    assert "- forty-one boats\n- one ferry 漢字\n1. First" in text
    assert [heading.title for heading in loaded.outline] == ["Harbour report", "Winter", "Summer"]
    assert [row.cells for row in loaded.tables[0].rows][1] == ("Winter", "41")


def test_the_cells_of_a_table_around_a_page_stand_apart() -> None:
    row = rb"\trowd\cellx1000\cellx2000\intbl %s\cell %s\cell\row"
    rows = row % (b"Port", b"Page 1") + row % (rb"Office\par of it", b"2025")

    document = richtext.read(rb"{\rtf1{\header%s\pard}Body\par %s}" % (rows, row % (b"A", b"B")))

    assert [block.text for block in document.margins] == ["Port\tPage 1", "Office", "of it\t2025"]
    assert [block.text for block in document.blocks] == ["Body", "A | B"]


def test_what_all_sections_have_around_them_stands_once() -> None:
    margin = rb"{\%s %s\par}"
    section = rb"".join(
        [
            *(
                margin % (word, b"Office of the port")
                for word in (b"header", b"headerl", b"headerr")
            ),
            *(margin % (word, b"Page one") for word in (b"footerl", b"footerr")),
        ]
    )
    other = margin % (b"header", rb"Annex{\shptxt Seal\par}\par Office of the port")
    same = margin % (b"footer", b"Office of the port")
    pages = rb"One.\par\sect %s Two.\par\sect %s%s Three.\par" % (section, other, other)

    document = richtext.read(rb"{\rtf1 %s%s%s}" % (section, pages, same))

    assert [block.text for block in document.blocks] == ["One.", "Two.", "Three."]
    assert [block.text for block in document.margins] == [
        "Office of the port",
        "Page one",
        "Seal",
        "Annex",
        "Office of the port",
        "Office of the port",  # once more as a footer
    ]


@pytest.mark.parametrize(
    ("content", "shown"),
    [
        (rb"{\rtf1 never ended", "never ended"),
        (rb"{\rtf1 a}}}} b", "a b"),
        (rb"{\rtf1\ansicpg99999 caf\'e9}", "café"),
        (rb"{\rtf1\ansicpg932 \'8aB}", "械"),
        (rb"{\rtf1\mac caf\'8e}", "café"),
        (rb"{\rtf1\uc2\u233 ab c}", "é c"),
        (rb"{\rtf1\uc0\u233 c}", "éc"),
        (rb"{\rtf1 a\u-99999999999 b}", "a"),
        (rb"{\rtf1 x\bin99999999999 y}", "xy"),
        (rb"{\rtf1 x{\pict\bin99 }} y}", "x"),
        (rb"{\rtf1 \cell\row\cell x\row y}", "x\n\ny"),
    ],
)
def test_what_is_odd_or_damaged_is_read_as_far_as_it_goes(content: bytes, shown: str) -> None:
    blocks = richtext.read(content).blocks

    assert "\n\n".join(block.text for block in blocks).startswith(shown)


def test_bytes_that_are_announced_and_missing_are_told(tmp_path: Path) -> None:
    loaded = read(tmp_path, rb"{\rtf1 before \bin99999999999 after}")
    picture = read(tmp_path, rb"{\rtf1 before {\pict\bin9999 }} after}")

    assert [page.text for page in (*loaded.pages, *picture.pages)] == ["before after", "before"]
    assert (loaded.state, loaded.reason) == (DocumentState.PARTIAL, rtf.DAMAGED)
    assert picture.state is DocumentState.PARTIAL
    assert read(tmp_path, rb"{\rtf1 a\bin2 }} b}").state is DocumentState.READY


@pytest.mark.parametrize(
    ("content", "state"),
    [
        (b"{\\rtf1 }", DocumentState.EMPTY),
        (b"{\\rtf1 " + b"{" * 20_000, DocumentState.DAMAGED),
    ],
    ids=["nothing", "groups without end"],
)
def test_what_gives_nothing_is_refused(
    tmp_path: Path, content: bytes, state: DocumentState
) -> None:
    with pytest.raises(DocumentError) as caught:
        read(tmp_path, content)

    assert caught.value.state is state


def test_compressed_text_is_inflated() -> None:
    # The second example of [MS-OXRTFCP], section 3.
    crossing = bytes.fromhex("1a0000001c0000004c5a4675e2d44b51410004205758595a0d6e7d010eb0")
    assert compressed_rtf.inflate(crossing) == b"{\\rtf1 WXYZWXYZWXYZWXYZWXYZ}"
    assert compressed_rtf.inflate(crossing[:20]) == b"{\\rtf1 "


def test_stored_text_is_taken_as_it_is() -> None:
    stored = (
        (12 + 9).to_bytes(4, "little") + (9).to_bytes(4, "little") + b"MELA" + bytes(4)
    ) + b"{\\rtf1 x}junk"

    assert compressed_rtf.inflate(stored) == b"{\\rtf1 x}"
    assert compressed_rtf.inflate(stored[:10]) == b""
    assert compressed_rtf.inflate(b"x" * 40) == b""


def test_a_comment_is_kept_with_who_made_it(tmp_path: Path) -> None:
    content = (
        rb"{\rtf1\ansi Sales rose{\*\atnid AB}{\*\atnauthor Ann B}\chatn {\*\annotation "
        rb"{\*\atnref 1}{\*\atndate 123}\pard\plain {\chatn }a remark 20}.\par "
        rb"Next{\*\annotation no author}\par}"
    )

    assert read(tmp_path, content).pages[0].text == (
        "Sales rose.\n\nComment by Ann B: a remark 20\n\nNext\n\nComment: no author"
    )


@pytest.mark.parametrize("named", ["Title", "Titel", "Titre"])
def test_a_line_in_the_style_of_titles_is_the_title(named: str) -> None:
    styles = f"{{\\stylesheet{{\\s1 Heading 1;}}{{\\s2 {named};}}{{\\s3 Sub{named};}}}}"
    lines = r"\pard\s3 Draft\par\pard\s2 Lease of the Warehouse\par\pard\s1 1. Parties\par"
    found = richtext.read(f"{{\\rtf1{styles}{lines}}}".encode())
    assert [(block.text, block.level) for block in found.blocks] == [
        ("Draft", 0),
        ("Lease of the Warehouse", 1),
        ("1. Parties", 1),
    ]


def test_a_document_without_a_title_of_its_own_is_called_by_its_title_line(tmp_path: Path) -> None:
    path = tmp_path / "lease.rtf"
    path.write_bytes(
        rb"{\rtf1{\stylesheet{\s1 Heading 1;}{\s2 Title;}}"
        rb"\pard\s2 Lease of the Warehouse\par\pard\s1 1. Parties\par}"
    )
    assert rtf.load(path, "lease.rtf", max_pages=9).title == "Lease of the Warehouse"


def test_a_numbered_footnote_has_its_mark_in_the_text_and_before_it(tmp_path: Path) -> None:
    note = rb"{\super \chftn{\*\footnote \chftn\pard\plain {\super\chftn} %s\par Twice.}}"
    own = rb"{\super *{\footnote {\super *} By hand.}}"
    content = b"{\\rtf1 Oak is wide%s, Elm%s and Fir%s{\\header p. \\chftn\\par}.\\par\n"
    content %= note % b"At the rim.", own, note % b"At the foot."
    cells = rb"\trowd\cellx100\cellx200\pard\intbl Ash%s\cell 4\cell\row\pard End.\par}"

    loaded = read(tmp_path, content + cells % (note % b"In May."))

    assert loaded.pages[0].text.split("\n\n") == [
        "Oak is wide [note 1], Elm* and Fir [note 2].",
        "[note 1] At the rim.",
        "Twice.",
        "* By hand.",
        "[note 2] At the foot.",
        "Twice.",
        "Ash [note 3] | 4",
        "End.",
        "[note 3] In May.",
        "Twice.",
        "p.",
    ]
