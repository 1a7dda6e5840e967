"""Office documents that are wrong: their archives, their XML, and what they refer to."""

from __future__ import annotations

from collections.abc import Mapping

from tests import documents
from tests.documents import archive_of
from tests.hostile.archives import lying_about_sizes
from tests.hostile.compound import compound_file
from tests.hostile.shelf import (
    DAMAGED,
    EMPTY,
    NEEDS_PASSWORD,
    PARTIAL,
    READY,
    REFUSED,
    TEXT,
    TOO_LARGE,
    UNSUPPORTED,
    Shelf,
    Trap,
    laughs,
)

SHELF = Shelf()
SHEETS = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
DRAWINGS = "http://schemas.openxmlformats.org/drawingml/2006/main"
SLIDES = "http://schemas.openxmlformats.org/presentationml/2006/main"
LINKS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_TYPE = "application/vnd.openxmlformats-officedocument"


def _types(parts: Mapping[str, str]) -> str:
    overrides = "".join(
        f'<Override PartName="/{part}" ContentType="{_TYPE}.{kind}+xml"/>'
        for part, kind in parts.items()
    )
    return (
        f'<Types xmlns="{PACKAGE}/content-types"><Default Extension="rels" '
        f'ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Default Extension="xml" ContentType="application/xml"/>{overrides}</Types>'
    )


def _relations(**targets: str) -> str:
    rows = "".join(
        f'<Relationship Id="r{number}" Type="{LINKS}/{kind}" Target="{target}"/>'
        for number, (kind, target) in enumerate(targets.items(), 1)
    )
    return f'<Relationships xmlns="{PACKAGE}/relationships">{rows}</Relationships>'


def word(body: str, *, head: str = "", relations: str = "") -> bytes:
    """A Word document with this in its body; `head` stands before its first element."""
    document = documents.document_of(body, head='<?xml version="1.0"?>' + head)
    parts = {
        "[Content_Types].xml": _types({"word/document.xml": "wordprocessingml.document.main"}),
        "_rels/.rels": _relations(officeDocument="word/document.xml"),
        "word/document.xml": document,
    }
    return archive_of(parts | ({"word/_rels/document.xml.rels": relations} if relations else {}))


def workbook(rows: str, *, head: str = "", strings: str = "", dimension: str = "A1") -> bytes:
    """A workbook of one sheet with these rows."""
    parts = {
        "xl/workbook.xml": "spreadsheetml.sheet.main",
        "xl/worksheets/sheet1.xml": "spreadsheetml.worksheet",
        "xl/sharedStrings.xml": "spreadsheetml.sharedStrings",
    }
    sheet = f'<dimension ref="{dimension}"/><sheetData>{rows}</sheetData>'
    return archive_of(
        {
            "[Content_Types].xml": _types(parts),
            "_rels/.rels": _relations(officeDocument="xl/workbook.xml"),
            "xl/workbook.xml": f'<workbook xmlns="{SHEETS}" xmlns:r="{LINKS}"><sheets>'
            '<sheet name="One" sheetId="1" r:id="r1"/></sheets></workbook>',
            "xl/_rels/workbook.xml.rels": _relations(
                worksheet="worksheets/sheet1.xml", sharedStrings="sharedStrings.xml"
            ),
            "xl/worksheets/sheet1.xml": f'{head}<worksheet xmlns="{SHEETS}">{sheet}</worksheet>',
            "xl/sharedStrings.xml": f'{head}<sst xmlns="{SHEETS}">{strings}</sst>',
        }
    )


def presentation(
    text: str,
    *,
    head: str = "",
    slide: str = "slides/slide1.xml",
    media_type: str = f"{_TYPE}.presentationml.presentation.main+xml",
) -> bytes:
    """A presentation of one slide with this text."""
    types = _types({"ppt/slides/slide1.xml": "presentationml.slide"})
    main = f'<Override PartName="/ppt/presentation.xml" ContentType="{media_type}"/></Types>'
    shape = (
        '<p:sp><p:nvSpPr><p:cNvPr id="2" name="T"/><p:cNvSpPr/><p:nvPr/></p:nvSpPr><p:spPr/>'
        f"<p:txBody><a:bodyPr/><a:p><a:r><a:t>{text}</a:t></a:r></a:p></p:txBody></p:sp>"
    )
    group = (
        '<p:nvGrpSpPr><p:cNvPr id="1" name=""/><p:cNvGrpSpPr/><p:nvPr/></p:nvGrpSpPr><p:grpSpPr/>'
    )
    spaces = f'xmlns:p="{SLIDES}" xmlns:a="{DRAWINGS}" xmlns:r="{LINKS}"'
    tree = f"<p:cSld><p:spTree>{group}{shape}</p:spTree></p:cSld>"
    return archive_of(
        {
            "[Content_Types].xml": types.replace("</Types>", main),
            "_rels/.rels": _relations(officeDocument="ppt/presentation.xml"),
            "ppt/presentation.xml": f"<p:presentation {spaces}><p:sldIdLst>"
            '<p:sldId id="256" r:id="r1"/></p:sldIdLst></p:presentation>',
            "ppt/_rels/presentation.xml.rels": _relations(slide=slide),
            "ppt/slides/slide1.xml": f"{head}<p:sld {spaces}>{tree}</p:sld>",
        }
    )


def _said(text: str) -> str:
    return documents.paragraph_of(documents.said(text))


def _cell(text: str, place: str = "A1") -> str:
    return f'<row r="{place[1:]}"><c r="{place}" t="inlineStr"><is><t>{text}</t></is></c></row>'


@SHELF.put("bomb.docx", TOO_LARGE, DAMAGED)
def word_bomb() -> bytes:
    """A document of 40 MB in 40 kB."""
    return word(_said(" " * 40_000_000))


@SHELF.put("lying-bomb.docx", TOO_LARGE, DAMAGED)
def lying_word_bomb() -> bytes:
    """The same, with a directory that says it is small."""
    return lying_about_sizes(word_bomb(), 1000)


@SHELF.put("laughs.docx", *REFUSED)
def laughing_word() -> bytes:
    """A billion laughs in a document."""
    return word(_said("&lol9;"), head=laughs())


@SHELF.put("laughs.xlsx", *REFUSED)
def laughing_workbook() -> bytes:
    """A billion laughs in a sheet and in the strings it shares."""
    return workbook(_cell("&lol9;"), head=laughs(), strings="<si><t>&lol9;</t></si>")


@SHELF.put("laughs.pptx", *REFUSED)
def laughing_presentation() -> bytes:
    """A billion laughs on a slide."""
    return presentation("&lol9;", head=laughs())


def _reaching(target: str) -> str:
    return f'<!DOCTYPE d [<!ENTITY reach SYSTEM "{target}">]>'


@SHELF.put_trapped("file.docx", *REFUSED, READY, EMPTY)
def word_that_reads_a_file(trap: Trap) -> bytes:
    """An entity that is a file of this machine."""
    return word(_said("&reach;"), head=_reaching(trap.secret.as_uri()))


@SHELF.put_trapped("url.docx", *REFUSED, READY, EMPTY)
def word_that_calls(trap: Trap) -> bytes:
    """A document type, and an entity, that lie on a server."""
    head = f'<!DOCTYPE d PUBLIC "x" "{trap.url}/dtd" [<!ENTITY reach SYSTEM "{trap.url}/entity">]>'
    return word(_said("&reach;"), head=head)


@SHELF.put_trapped("url.xlsx", *REFUSED, READY, EMPTY, PARTIAL)
def workbook_that_calls(trap: Trap) -> bytes:
    """A sheet whose entity is a file, and one on a server."""
    head = f'<!DOCTYPE d [<!ENTITY reach SYSTEM "{trap.secret.as_uri()}">'
    head += f'<!ENTITY % all SYSTEM "{trap.url}/all"> %all;]>'
    return workbook(_cell("&reach;"), head=head)


@SHELF.put_trapped("url.pptx", *REFUSED, READY, EMPTY, PARTIAL)
def presentation_that_calls(trap: Trap) -> bytes:
    """A slide whose entity is a file."""
    return presentation("&reach;", head=_reaching(trap.secret.as_uri()))


@SHELF.put_trapped("linked.docx", READY, said=TEXT)
def word_with_links(trap: Trap) -> bytes:
    """Pictures, a template and a part that lie on a server, and one outside of the archive."""
    rows = "".join(
        f'<Relationship Id="r{number}" Type="{LINKS}/{kind}" Target="{target}" {mode}/>'
        for number, (kind, target, mode) in enumerate(
            (
                ("image", f"{trap.url}/picture.png", 'TargetMode="External"'),
                ("attachedTemplate", f"{trap.url}/template.dotm", 'TargetMode="External"'),
                ("styles", f"../../../..{trap.secret}", ""),
                ("oleObject", trap.secret.as_uri(), 'TargetMode="External"'),
            )
        )
    )
    body = _said(TEXT) + (
        f'<w:p><w:r><w:pict><v:imagedata xmlns:v="urn:schemas-microsoft-com:vml" xmlns:r="{LINKS}" '
        'r:id="r0"/></w:pict></w:r></w:p>'
    )
    relations = f'<Relationships xmlns="{PACKAGE}/relationships">{rows}</Relationships>'
    return word(body, relations=relations)


@SHELF.put("cut.docx", DAMAGED)
def cut_off_word() -> bytes:
    """The end of the archive, with its directory, never arrived."""
    content = word(_said(TEXT * 1000))
    return content[: len(content) // 2]


@SHELF.put("empty.docx", DAMAGED, UNSUPPORTED, EMPTY)
def word_without_document() -> bytes:
    """A document without its main part."""
    return archive_of({"[Content_Types].xml": _types({}), "word/styles.xml": "<styles/>"})


@SHELF.put("deep.docx", *REFUSED, READY, PARTIAL)
def deep_word() -> bytes:
    """Fifty thousand tables in one another."""
    depth = 50_000
    start, end = "<w:tbl><w:tr><w:tc>", "</w:tc></w:tr></w:tbl>"
    return word(start * depth + _said(TEXT) + end * depth)


@SHELF.put("locked.docx", NEEDS_PASSWORD)
def locked_word() -> bytes:
    """A document that opens with a password: an encrypted package in a compound file."""
    return compound_file(
        {"EncryptionInfo": b"\x04\x00\x04\x00\x40\x00\x00\x00<encryption/>",
         "EncryptedPackage": b"\x99" * 5000}
    )  # fmt: skip


@SHELF.put("million-rows.xlsx", READY, PARTIAL, TOO_LARGE, said=TEXT)
def million_rows() -> bytes:
    """A sheet that says it is 16,384 by 1,048,576, and has cells in two of its corners."""
    return workbook(_cell(TEXT) + _cell("Far away.", "A1048576"), dimension="A1:XFD1048576")


@SHELF.put("strings.xlsx", READY, PARTIAL, DAMAGED, EMPTY)
def strings_in_a_ring() -> bytes:
    """Cells whose strings are not there, and formulas that need each other."""
    cells = "".join(
        f'<c r="A{row}" t="s"><f>A{3 - row}</f><v>{value}</v></c>'
        for row, value in ((1, "99999999"), (2, "-5"))
    )
    return workbook(f'<row r="1">{cells}</row>' + _cell(TEXT, "A3"), strings="<si/>")


@SHELF.put("old.xls", DAMAGED, UNSUPPORTED)
def garbage_workbook() -> bytes:
    """An old workbook of garbage."""
    return compound_file({"Workbook": b"\x09\x08\x10\x00\x00\x06\x05\x00" + b"\xfe\xca" * 4000})


@SHELF.put("endless.xls", DAMAGED, UNSUPPORTED)
def endless_workbook() -> bytes:
    """An old workbook whose stream never ends."""
    return compound_file({"Workbook": b"\x09\x08" * 4000}, loops=True)


@SHELF.put_trapped("paths.pptx", READY, PARTIAL, *REFUSED)
def presentation_with_paths(trap: Trap) -> bytes:
    """A presentation whose slide is a file of this machine, by its own account."""
    path = f"../../../../../../..{trap.secret}"
    return presentation(TEXT, slide=path)
