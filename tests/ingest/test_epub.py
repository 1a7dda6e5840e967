from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest

from ingest.loaded import LoadedDocument
from ingest.loaders import epub
from rag.domain import DocumentState, PageState
from rag.errors import DocumentError

FORMATS = Path(__file__).parents[1] / "fixtures" / "formats"
CONTAINER = """<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles>
<rootfile full-path="OEBPS/content.opf"/></rootfiles></container>"""
PACKAGE = """<package xmlns="http://www.idpf.org/2007/opf"><metadata
 xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>The harbour</dc:title></metadata><manifest>
<item id="c2" href="text/two%20b.xhtml" media-type="application/xhtml+xml"/>
<item id="c1" href="text/one.xhtml" media-type="application/xhtml+xml"/>
<item id="nav" href="nav.xhtml" media-type="application/xhtml+xml" properties="nav"/>
<item id="ncx" href="toc.ncx" media-type="application/x-dtbncx+xml"/>
<item id="pic" href="a.png" media-type="image/png"/></manifest>
<spine toc="ncx"><itemref idref="nav"/><itemref idref="c1"/><itemref idref="c2"/>
<itemref idref="pic"/><itemref idref="gone"/></spine></package>"""
CONTENTS = """<!DOCTYPE ncx PUBLIC "-//NISO//DTD ncx 2005-1//EN" "x"><ncx><navMap>
<navPoint><navLabel><text>Winter</text></navLabel><content src="text/one.xhtml#a"/>
<navPoint><navLabel><text>Inner</text></navLabel><content src="text/one.xhtml#b"/></navPoint>
</navPoint>
<navPoint><navLabel><text>Summer</text></navLabel><content src="text/two%20b.xhtml"/></navPoint>
</navMap></ncx>"""
PARTS: Mapping[str, str] = {
    "mimetype": "application/epub+zip",
    "META-INF/container.xml": CONTAINER,
    "OEBPS/content.opf": PACKAGE,
    "OEBPS/toc.ncx": CONTENTS,
    "OEBPS/nav.xhtml": "<html><body><nav><a href='text/one.xhtml'>Winter</a></nav></body></html>",
    "OEBPS/text/two b.xhtml": "<html><body><p>Ninety-seven boats.</p></body></html>",
    "OEBPS/text/one.xhtml": "<html><body><h1>In winter</h1><p>Forty-one boats.</p></body></html>",
    "OEBPS/a.png": "x",
}


def book(changes: Mapping[str, str | None]) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name, text in {**PARTS, **changes}.items():
            if text is not None:
                archive.writestr(name, text)
    return content.getvalue()


def read(folder: Path, content: bytes) -> LoadedDocument:
    path = folder / "stored"
    path.write_bytes(content)
    return epub.load(path, "my_book.epub", max_pages=50)


def test_chapters_are_sections_in_the_order_of_reading(tmp_path: Path) -> None:
    loaded = read(tmp_path, book({}))

    assert [(page.label, page.text.strip()) for page in loaded.pages] == [
        ("Winter", "In winter\n\nForty-one boats."),
        ("Summer", "Summer\n\nNinety-seven boats."),
    ]
    assert (loaded.title, loaded.media_type, loaded.paginated) == (
        "The harbour",
        "application/epub+zip",
        False,
    )
    assert [(it.title, it.page, it.start) for it in loaded.outline] == [
        ("In winter", 1, 0),
        ("Summer", 2, 0),
    ]


@pytest.mark.parametrize("missing", ["META-INF/container.xml", "OEBPS/content.opf"])
def test_a_book_without_a_list_of_its_parts_is_read_by_their_names(
    tmp_path: Path, missing: str
) -> None:
    loaded = read(tmp_path, book({missing: None, "OEBPS/nav.xhtml": None}))

    assert [page.text.strip() for page in loaded.pages] == [
        "In winter\n\nForty-one boats.",
        "Ninety-seven boats.",
    ]
    assert loaded.title == "In winter"


def test_a_damaged_chapter_costs_only_itself(tmp_path: Path) -> None:
    content = book({}).replace(b"Ninety-seven", b"Ninety-eight")
    loaded = read(tmp_path, content)

    assert (loaded.state, loaded.reason) == (
        DocumentState.PARTIAL,
        "1 of 2 chapters cannot be read.",
    )
    assert [page.state for page in loaded.pages] == [PageState.TEXT, PageState.FAILED]


def test_a_chapter_that_is_missing_is_told(tmp_path: Path) -> None:
    loaded = read(tmp_path, book({"OEBPS/text/one.xhtml": None}))

    assert (loaded.state, loaded.reason) == (
        DocumentState.PARTIAL,
        "1 of 2 chapters cannot be read.",
    )
    assert [(page.label, page.state) for page in loaded.pages] == [
        ("Winter", PageState.FAILED),
        ("Summer", PageState.TEXT),
    ]


def test_a_copy_protected_book_is_refused(tmp_path: Path) -> None:
    protection = """<encryption xmlns:enc="http://www.w3.org/2001/04/xmlenc#"><enc:EncryptedData>
    <enc:EncryptionMethod Algorithm="http://www.w3.org/2001/04/xmlenc#aes128-cbc"/>
    <enc:CipherData><enc:CipherReference URI="OEBPS/text/one.xhtml"/></enc:CipherData>
    </enc:EncryptedData></encryption>"""
    with pytest.raises(DocumentError) as caught:
        read(tmp_path, book({"META-INF/encryption.xml": protection}))

    assert caught.value.state is DocumentState.UNSUPPORTED
    assert "copy-protected" in caught.value.reason


def test_disguised_fonts_do_not_matter(tmp_path: Path) -> None:
    disguise = """<encryption xmlns:enc="http://www.w3.org/2001/04/xmlenc#"><enc:EncryptedData>
    <enc:EncryptionMethod Algorithm="http://www.idpf.org/2008/embedding"/>
    <enc:CipherData><enc:CipherReference URI="OEBPS/text/one.xhtml"/></enc:CipherData>
    </enc:EncryptedData></encryption>"""

    loaded = read(tmp_path, book({"META-INF/encryption.xml": disguise}))

    assert loaded.state is DocumentState.READY


def test_entities_and_paths_lead_nowhere(tmp_path: Path) -> None:
    secret = tmp_path / "secret.xhtml"
    secret.write_text("<p>hidden words</p>")
    package = PACKAGE.replace(
        "<package", f'<!DOCTYPE p [<!ENTITY e SYSTEM "{secret.as_uri()}">]><package'
    ).replace("The harbour", "The harbour &e;")
    package = package.replace("text/one.xhtml", f"../../../..{secret}")
    loaded = read(tmp_path, book({"OEBPS/content.opf": package}))

    assert "hidden" not in loaded.title + "".join(page.text for page in loaded.pages)
    assert [page.text for page in loaded.pages] == ["", "Summer\n\nNinety-seven boats."]


def test_a_bomb_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "stored"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in PARTS.items():
            archive.writestr(name, text + " " * 12_000_000 if name.endswith("one.xhtml") else text)
    with pytest.raises(DocumentError) as caught:
        epub.load(path, "a.epub", max_pages=9)

    assert caught.value.state is DocumentState.TOO_LARGE


@pytest.mark.parametrize(
    ("changes", "state"),
    [
        ({name: None for name in PARTS if name.endswith("html")}, DocumentState.DAMAGED),
        ({name: "<p/>" for name in PARTS if name.endswith("html")}, DocumentState.EMPTY),
    ],
    ids=["no chapters", "no words"],
)
def test_a_book_that_gives_nothing_is_refused(
    tmp_path: Path, changes: dict[str, str | None], state: DocumentState
) -> None:
    with pytest.raises(DocumentError) as caught:
        read(tmp_path, book(changes))

    assert caught.value.state is state


def test_a_book_that_libreoffice_wrote_is_read() -> None:
    loaded = epub.load(FORMATS / "harbour.epub", "harbour.epub", max_pages=10)

    assert loaded.title == "Harbour report"
    assert "In summer ninety-seven boats lie there." in loaded.pages[0].text
    assert [heading.title for heading in loaded.outline] == ["Harbour report"]
    assert [row.cells for row in loaded.tables[0].rows][1] == ("Winter", "41")
