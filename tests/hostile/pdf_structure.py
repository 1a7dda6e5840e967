"""PDF files whose objects, tables and trees are wrong."""

from __future__ import annotations

import io
import re
from collections.abc import Sequence

import pypdf
from pypdf.generic import (
    ArrayObject,
    DictionaryObject,
    IndirectObject,
    NameObject,
    NumberObject,
    TextStringObject,
)

from tests import builders
from tests.hostile.shelf import (
    DAMAGED,
    EMPTY,
    NEEDS_PASSWORD,
    PARTIAL,
    READY,
    TEXT,
    TOO_LARGE,
    UNSUPPORTED,
    Shelf,
)

SHELF = Shelf()
MENDED_OR_NOT = (READY, PARTIAL, DAMAGED, EMPTY)


def honest(pages: int = 1) -> bytes:
    """A PDF file without any fault."""
    return builders.pdf([builders.paragraph(TEXT)] * pages)


def raw_pdf(*bodies: bytes, trailer: bytes = b"/Root 1 0 R") -> bytes:
    """A PDF file of these objects, numbered from 1, with a sound table."""
    out = bytearray(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n")
    offsets = []
    for number, body in enumerate(bodies, 1):
        offsets.append(len(out))
        out += b"%d 0 obj\n%b\nendobj\n" % (number, body)
    table = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(bodies) + 1)
    out += b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    out += b"trailer << /Size %d %b >>\n" % (len(bodies) + 1, trailer)
    return bytes(out + b"startxref\n%d\n%%%%EOF\n" % table)


def written(writer: pypdf.PdfWriter) -> bytes:
    """The file that a writer makes."""
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


@SHELF.put("truncated.pdf", *MENDED_OR_NOT)
def truncated() -> bytes:
    """The end of the file, with its table, never arrived."""
    content = honest(pages=6)
    return content[: len(content) // 2]


@SHELF.put("no-table.pdf", READY, said=TEXT)
def no_table() -> bytes:
    """The file has its objects and its trailer, and no table that says where they are."""
    content = honest()
    return re.sub(rb"xref\n.*?trailer", b"trailer", content, flags=re.DOTALL)


@SHELF.put("table-loop.pdf", READY, DAMAGED)
def table_loop() -> bytes:
    """The table names itself as the one before it."""
    content = honest()
    table = content.rindex(b"xref\n0")
    return content.replace(b"trailer <<", b"trailer << /Prev %d" % table)


@SHELF.put("tree-loop.pdf", *MENDED_OR_NOT)
def tree_loop() -> bytes:
    """A page tree whose nodes are each other's children."""
    return raw_pdf(
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R 2 0 R] /Count 4 >>",
        b"<< /Type /Pages /Parent 2 0 R /Kids [2 0 R 3 0 R] /Count 2 >>",
    )


@SHELF.put("two-billion-pages.pdf", *MENDED_OR_NOT, TOO_LARGE)
def count_lies() -> bytes:
    """A file of one page that says it has two billion."""
    return honest().replace(b"/Count 1", b"/Count 2000000000")


@SHELF.put("fewer-than-no-pages.pdf", *MENDED_OR_NOT)
def count_is_negative() -> bytes:
    """A file of one page that says it has minus seven."""
    return honest().replace(b"/Count 1", b"/Count -7")


@SHELF.put("hundred-thousand-pages.pdf", TOO_LARGE)
def hundred_thousand_pages() -> bytes:
    """A small file in which one page stands a hundred thousand times."""
    return raw_pdf(
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [" + b"3 0 R " * 100_000 + b"] /Count 100000 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 9 9] >>",
    )


@SHELF.put("leading-garbage.pdf", READY, said=TEXT)
def leading_garbage() -> bytes:
    """Bytes stand before the file, so that every place in its table is wrong."""
    return b"\x00\x01garbage\r\n" * 50 + honest()


@SHELF.put("trailing-garbage.pdf", READY, DAMAGED)
def trailing_garbage() -> bytes:
    """A megabyte stands after the file, so that its table is not found at the end."""
    return honest() + b"\xff\x00 garbage " * 100_000


@SHELF.put("no-pages.pdf", EMPTY, DAMAGED)
def no_pages() -> bytes:
    """A whole file without a page."""
    return raw_pdf(b"<< /Type /Catalog /Pages 2 0 R >>", b"<< /Type /Pages /Kids [] /Count 0 >>")


@SHELF.put("no-bytes.pdf", EMPTY)
def no_bytes() -> bytes:
    """Nothing."""
    return b""


@SHELF.put("header.pdf", DAMAGED)
def header_only() -> bytes:
    """The first line of a PDF file."""
    return b"%PDF-1.7\n"


@SHELF.put("stream-length.pdf", *MENDED_OR_NOT)
def stream_length_lies() -> bytes:
    """Every stream says that it is two gigabytes long."""
    return re.sub(rb"/Length \d+", b"/Length 2000000000", honest())


@SHELF.put("deep-arrays.pdf", *MENDED_OR_NOT)
def deep_arrays() -> bytes:
    """A page with a hundred thousand arrays in one another."""
    deep = b"[" * 100_000 + b"]" * 100_000
    return raw_pdf(
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 9 9] /Deep " + deep + b" >>",
    )


def _with_outline(entries: Sequence[bytes]) -> bytes:
    """One page and an outline; the outline is object 4, its entries follow."""
    last = 4 + len(entries)
    return raw_pdf(
        b"<< /Type /Catalog /Pages 2 0 R /Outlines 4 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 9 9] >>",
        b"<< /Type /Outlines /First 5 0 R /Last %d 0 R >>" % last,
        *entries,
    )


@SHELF.put("outline-loop.pdf", *MENDED_OR_NOT)
def outline_loop() -> bytes:
    """Two headings that follow, and contain, each other."""
    entry = b"<< /Title (Again) /Parent 4 0 R /Dest [3 0 R /Fit] /Next %d 0 R /First %d 0 R >>"
    return _with_outline([entry % (6, 6), entry % (5, 5)])


@SHELF.put("long-outline.pdf", *MENDED_OR_NOT)
def long_outline() -> bytes:
    """Thirty thousand headings, each inside the one before."""
    entry = b"<< /Title (Deeper) /Parent %d 0 R /Dest [3 0 R /Fit] /First %d 0 R >>"
    return _with_outline([entry % (number - 1, number + 1) for number in range(5, 30_005)])


@SHELF.put("locked.pdf", NEEDS_PASSWORD)
def locked() -> bytes:
    """It opens with a password."""
    return builders.encrypted(honest(), user="open sesame", owner="owner")


@SHELF.put("restricted.pdf", READY, said=TEXT)
def restricted() -> bytes:
    """It opens for everybody, and may be changed by its owner."""
    return builders.encrypted(honest(), user="", owner="owner")


@SHELF.put("odd-lock.pdf", NEEDS_PASSWORD, UNSUPPORTED, DAMAGED)
def odd_lock() -> bytes:
    """It is encrypted in a way that nobody has heard of."""
    encryption = b"/Encrypt << /Filter /Nobody.Knows /V 99 /R 99 >> /ID [<00> <00>]"
    return honest().replace(b"trailer <<", b"trailer << " + encryption)


@SHELF.put("form-loop.pdf", *MENDED_OR_NOT, TOO_LARGE, slow=True)
def form_loop() -> bytes:
    """A drawing that draws itself, twice."""
    drawing = b"/Me Do /Me Do"
    form = b"<< /Type /XObject /Subtype /Form /BBox [0 0 9 9] /Length %d " % len(drawing)
    form += b"/Resources << /XObject << /Me 4 0 R >> >> >>\nstream\n" + drawing + b"\nendstream"
    return raw_pdf(
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 9 9] /Contents 4 0 R "
        b"/Resources << /XObject << /Me 4 0 R >> >> >>",
        form,
    )


@SHELF.put("names-loop.pdf", READY, said=TEXT)
def names_loop() -> bytes:
    """Page labels and names that are trees in a ring."""
    writer = pypdf.PdfWriter(clone_from=io.BytesIO(honest()))
    node = DictionaryObject()
    reference: IndirectObject = writer._add_object(node)
    node[NameObject("/Kids")] = ArrayObject([reference, reference])
    node[NameObject("/Limits")] = ArrayObject([TextStringObject("a"), NumberObject(2)])
    for name in ("/PageLabels", "/Names", "/Dests"):
        writer.root_object[NameObject(name)] = reference
    return written(writer)
