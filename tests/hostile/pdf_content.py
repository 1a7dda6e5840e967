"""PDF files whose pages, pictures and attachments are wrong, or reach for more than a page."""

from __future__ import annotations

import io
import zlib

import pypdf

from tests import builders
from tests.builders import PdfPage
from tests.documents import archive_of
from tests.hostile.pdf_structure import honest, raw_pdf, written
from tests.hostile.shelf import (
    DAMAGED,
    EMPTY,
    NEEDS_OCR,
    PARTIAL,
    READY,
    TEXT,
    TOO_LARGE,
    Shelf,
    Trap,
)

SHELF = Shelf()
_CATALOG = b"<< /Type /Catalog /Pages 2 0 R >>"
_PAGES = b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>"
_HELVETICA = b"/Font << /F1 << /Type /Font /Subtype /Type1 /BaseFont /Helvetica >> >>"


def _stream(entries: bytes, content: bytes) -> bytes:
    head = b"<< %b /Length %d >>\nstream\n" % (entries, len(content))
    return head + content + b"\nendstream"


def _page_with(content: bytes, resources: bytes = _HELVETICA, *more: bytes) -> bytes:
    """One page; its content is object 4, others follow."""
    page = b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 600 800] /Contents 4 0 R "
    return raw_pdf(_CATALOG, _PAGES, page + b"/Resources << %b >> >>" % resources, content, *more)


def deflated(byte: bytes, megabytes: int) -> bytes:
    """So much of one byte, deflated; the check sum at its end is wrong, as most readers allow."""
    deflate = zlib.compressobj(9)
    deflate.compress(byte)
    head = deflate.flush(zlib.Z_FULL_FLUSH)
    megabyte = deflate.compress(byte * 1_000_000) + deflate.flush(zlib.Z_FULL_FLUSH)
    return head + megabyte * megabytes + deflate.flush()


@SHELF.put("bomb.pdf", EMPTY, PARTIAL, DAMAGED, TOO_LARGE, NEEDS_OCR)
def bomb() -> bytes:
    """A page of 300 million spaces, in 300 kB."""
    return _page_with(_stream(b"/Filter /FlateDecode", deflated(b" ", 300)))


@SHELF.put("double-bomb.pdf", EMPTY, PARTIAL, DAMAGED, TOO_LARGE, NEEDS_OCR)
def double_bomb() -> bytes:
    """A page of two billion spaces, deflated twice into a few kilobytes."""
    twice = zlib.compress(deflated(b" ", 2000), 9)
    return _page_with(_stream(b"/Filter [/FlateDecode /FlateDecode]", twice))


@SHELF.put("giant-picture.pdf", NEEDS_OCR, EMPTY, DAMAGED)
def giant_picture() -> bytes:
    """A picture of 60,000 by 60,000 pixels that are all missing."""
    picture = _stream(
        b"/Type /XObject /Subtype /Image /Width 60000 /Height 60000 /ColorSpace /DeviceRGB "
        b"/BitsPerComponent 8 /Filter /FlateDecode",
        zlib.compress(b"\xff" * 1000),
    )
    drawing = _stream(b"", b"q 600 0 0 800 0 0 cm /Im1 Do Q")
    return _page_with(drawing, b"/XObject << /Im1 5 0 R >>", picture)


@SHELF.put_trapped("actions.pdf", READY, said=TEXT)
def actions(trap: Trap) -> bytes:
    """Opening it would run a script, start a program, and call a server."""
    script = f"app.launchURL\\('{trap.url}'\\); this.submitForm\\('{trap.url}'\\);"
    launch = f"/S /Launch /F (/bin/touch) /Unix << /F (/bin/touch) /P ({trap.lure}) >>"
    actions = f"/AA << /WC << /S /URI /URI ({trap.url}) >> /DC << {launch} >> >>"
    actions += f" /OpenAction << /S /JavaScript /JS ({script}) >>"
    return honest().replace(b"/Type /Catalog", b"/Type /Catalog " + actions.encode())


@SHELF.put_trapped("attachment.pdf", READY, said=TEXT)
def attachment_with_a_path(trap: Trap) -> bytes:
    """A file is embedded whose name leads out of any folder."""
    writer = pypdf.PdfWriter(clone_from=io.BytesIO(honest()))
    writer.add_attachment("../" * 20 + str(trap.lure), b"I was here.")
    writer.add_attachment(f"C:\\{trap.lure.name}\x00.exe", b"MZ")
    return written(writer)


@SHELF.put("\u202efdp.exe\x00\x1b[31m.pdf", READY, said=TEXT)
def odd_names() -> bytes:
    """Its name and its title turn the direction of writing, and hold NULs and escapes."""
    title = "\u202egnp.\u2066Title\u2069\x00\x1b]0;owned\x07<script>alert(1)</script>" + "x" * 5000
    return builders.pdf([builders.paragraph(TEXT)], title=title)


@SHELF.put("archive-too.pdf", READY, said=TEXT)
def an_archive_too() -> bytes:
    """It is a PDF from its start and a ZIP archive from its end."""
    return honest() + archive_of({"word/document.xml": "<no/>"})


@SHELF.put("page-too.pdf", READY, said=TEXT)
def a_web_page_too() -> bytes:
    """A web page stands before the PDF."""
    return b"<!doctype html><html><script>alert(1)</script><!--\n" + honest() + b"--></html>"


@SHELF.put("no-unicode.pdf", NEEDS_OCR, READY, PARTIAL, EMPTY)
def font_without_unicode() -> bytes:
    """Glyphs of a font that says nothing of what they mean."""
    font = (
        b"/Font << /F1 << /Type /Font /Subtype /Type0 /BaseFont /Odd /Encoding /Identity-H "
        b"/DescendantFonts [<< /Type /Font /Subtype /CIDFontType2 /BaseFont /Odd "
        b"/CIDSystemInfo << /Registry (Odd) /Ordering (Odd) /Supplement 0 >> >>] >> >>"
    )
    return _page_with(_stream(b"", b"BT /F1 12 Tf 72 700 Td <00010002FFFFD800> Tj ET"), font)


@SHELF.put("upside-down.pdf", READY, PARTIAL, EMPTY, NEEDS_OCR)
def negative_box() -> bytes:
    """Pages that end before they begin, or have no extent."""
    boxes = [(612.0, 792.0, 0.0, 0.0), (0.0, 0.0, 0.0, 0.0), (-9.0, -9.0, -99.0, -99.0)]
    lines = builders.paragraph(TEXT).lines
    return builders.pdf([PdfPage(lines, media_box=box) for box in boxes])


@SHELF.put("endless-page.pdf", READY, PARTIAL, EMPTY, NEEDS_OCR)
def huge_box() -> bytes:
    """Pages as wide as a number can say."""
    lines = builders.paragraph(TEXT).lines
    sides = (2e9, 1e30)
    return builders.pdf([PdfPage(lines, media_box=(0.0, 0.0, side, side)) for side in sides])


@SHELF.put("cropped-away.pdf", READY, PARTIAL, EMPTY, NEEDS_OCR)
def box_beside_the_page() -> bytes:
    """What is to be seen of the page lies beside it."""
    lines = builders.paragraph(TEXT).lines
    page = PdfPage(lines, media_box=(0.0, 0.0, 100.0, 100.0), crop_box=(500.0, 500.0, 600.0, 600.0))
    return builders.pdf([page])


@SHELF.put("rotated.pdf", READY, said=TEXT)
def rotated() -> bytes:
    """Pages turned by any angle, right or not."""
    lines = builders.paragraph(TEXT).lines
    angles = (90, 45, -90, 2_000_000_000, 7)
    return builders.pdf([PdfPage(lines, rotation=angle) for angle in angles])


@SHELF.put("million-letters.pdf", READY, PARTIAL, DAMAGED, TOO_LARGE)
def million_letters() -> bytes:
    """A page of a million letters, all in one place."""
    drawing = b"BT /F1 1 Tf 72 700 Td " + b"(aaaaaaaaaa) Tj " * 100_000 + b"ET"
    return _page_with(_stream(b"/Filter /FlateDecode", zlib.compress(drawing)))
