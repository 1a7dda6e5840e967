"""Small documents made byte by byte, so that a test knows what is in them and where."""

from __future__ import annotations

import io
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pypdf
from PIL import Image
from pypdf.generic import (
    ArrayObject,
    DecodedStreamObject,
    DictionaryObject,
    NameObject,
    NumberObject,
    TextStringObject,
)

LETTER = (0.0, 0.0, 612.0, 792.0)
_ESCAPES = str.maketrans({"\\": r"\\", "(": r"\(", ")": r"\)"})


@dataclass(frozen=True, slots=True)
class Line:
    """A line of Helvetica (WinAnsi) with its baseline starting at `(x, y)` in page units."""

    text: str
    x: float = 72.0
    y: float = 700.0
    size: float = 12.0
    color: tuple[float, float, float] = (0.0, 0.0, 0.0)

    def content(self) -> bytes:
        """Its drawing operators."""
        red, green, blue = self.color
        place = f"BT {red} {green} {blue} rg /F1 {self.size} Tf 1 0 0 1 {self.x} {self.y} Tm ("
        return place.encode() + self.text.translate(_ESCAPES).encode("cp1252") + b") Tj ET\n"


@dataclass(frozen=True, slots=True)
class PdfPage:
    """A page; `image` puts a grey picture on it, `raw` any other drawing operators."""

    lines: tuple[Line, ...] = ()
    image: bool = False
    rotation: int = 0
    media_box: tuple[float, float, float, float] = LETTER
    crop_box: tuple[float, float, float, float] | None = None
    raw: bytes = b""


@dataclass(frozen=True, slots=True)
class Bookmark:
    """An outline entry that points at a page, counted from 1."""

    title: str
    page: int
    children: tuple[Bookmark, ...] = ()


@dataclass
class _Objects:
    bodies: list[bytes] = field(default_factory=list)

    def add(self, body: bytes) -> int:
        self.bodies.append(body)
        return len(self.bodies)

    def stream(self, entries: str, content: bytes) -> int:
        head = f"<< {entries} /Length {len(content)} >>\nstream\n".encode()
        return self.add(head + content + b"\nendstream")

    def file(self, root: int, information: int) -> bytes:
        out = bytearray(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n")
        offsets = []
        for number, body in enumerate(self.bodies, 1):
            offsets.append(len(out))
            out += f"{number} 0 obj\n".encode() + body + b"\nendobj\n"
        table = len(out)
        size = len(self.bodies) + 1
        out += f"xref\n0 {size}\n0000000000 65535 f \n".encode()
        out += b"".join(f"{offset:010d} 00000 n \n".encode() for offset in offsets)
        out += f"trailer << /Size {size} /Root {root} 0 R /Info {information} 0 R >>\n".encode()
        return bytes(out + f"startxref\n{table}\n%%EOF\n".encode())


def paragraph(*texts: str, x: float = 72.0, top: float = 700.0, leading: float = 14.0) -> PdfPage:
    """A page with one line of text under the other."""
    return PdfPage(
        tuple(Line(text, x=x, y=top - number * leading) for number, text in enumerate(texts))
    )


def grid(
    rows: Sequence[Sequence[str]],
    *,
    left: float = 72.0,
    pitch: float = 100.0,
    top: float = 700.0,
    leading: float = 20.0,
) -> PdfPage:
    """A page with a table without lines, each cell of which is drawn by itself."""
    return PdfPage(
        tuple(
            Line(cell, x=left + column * pitch, y=top - number * leading)
            for number, row in enumerate(rows)
            for column, cell in enumerate(row)
            if cell
        )
    )


def pdf(
    pages: Sequence[PdfPage],
    *,
    title: str | None = None,
    outline: Sequence[Bookmark] = (),
    labels: str = "",
    unicode_map: Mapping[str, str] | None = None,
) -> bytes:
    """A PDF file.

    `labels` is the content of a page label number tree such as `0 << /S /r >> 2 << /S /D >>`.
    `unicode_map` gives letters of the page another text than their shape (a ToUnicode map).
    """
    objects = _Objects()
    to_unicode = ""
    if unicode_map:
        to_unicode = f"/ToUnicode {objects.stream('', _character_map(unicode_map))} 0 R"
    font = objects.add(
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding "
        f"{to_unicode} >>".encode()
    )
    image = objects.stream(
        "/Type /XObject /Subtype /Image /Width 8 /Height 8 /ColorSpace /DeviceGray "
        "/BitsPerComponent 8 /Filter /FlateDecode",
        zlib.compress(bytes(range(0, 256, 4))),
    )
    parent = len(objects.bodies) + 2 * len(pages) + 1
    kids = [_add_page(objects, page, parent, font, image) for page in pages]
    references = " ".join(f"{kid} 0 R" for kid in kids)
    objects.add(f"<< /Type /Pages /Kids [{references}] /Count {len(kids)} >>".encode())
    catalog = f"/Type /Catalog /Pages {parent} 0 R"
    if labels:
        catalog += f" /PageLabels << /Nums [{labels}] >>"
    if outline:
        catalog += f" /Outlines {_add_outline(objects, outline, kids)} 0 R"
    information = objects.add(f"<< /Title {_string(title)} >>".encode() if title else b"<< >>")
    return objects.file(objects.add(f"<< {catalog} >>".encode()), information)


def encrypted(content: bytes, *, user: str, owner: str) -> bytes:
    """The same PDF, encrypted; an empty `user` password lets everyone open it."""
    writer = pypdf.PdfWriter(clone_from=io.BytesIO(content))
    writer.encrypt(user_password=user, owner_password=owner, algorithm="AES-256")
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def filled_form() -> bytes:
    """A PDF with one form field, filled with black from (100, 100) to (300, 140)."""
    writer = pypdf.PdfWriter(clone_from=io.BytesIO(pdf([PdfPage()])))
    ink = DecodedStreamObject()
    ink.set_data(b"0 0 200 40 re f")
    ink[NameObject("/Type")] = NameObject("/XObject")
    ink[NameObject("/Subtype")] = NameObject("/Form")
    ink[NameObject("/BBox")] = ArrayObject(NumberObject(edge) for edge in (0, 0, 200, 40))
    field_entries = {
        "/Type": NameObject("/Annot"),
        "/Subtype": NameObject("/Widget"),
        "/FT": NameObject("/Tx"),
        "/T": TextStringObject("field"),
        "/F": NumberObject(4),
        "/Rect": ArrayObject(NumberObject(edge) for edge in (100, 100, 300, 140)),
        "/AP": DictionaryObject({NameObject("/N"): writer._add_object(ink)}),
    }
    reference = writer._add_object(
        DictionaryObject({NameObject(name): value for name, value in field_entries.items()})
    )
    writer.pages[0][NameObject("/Annots")] = ArrayObject([reference])
    form = DictionaryObject({NameObject("/Fields"): ArrayObject([reference])})
    writer.root_object[NameObject("/AcroForm")] = form
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def png() -> bytes:
    """A small picture."""
    out = io.BytesIO()
    Image.new("RGB", (4, 4), "red").save(out, "PNG")
    return out.getvalue()


def _add_page(objects: _Objects, page: PdfPage, parent: int, font: int, image: int) -> int:
    content = b"".join(line.content() for line in page.lines) + page.raw
    if page.image:
        content += b"q 200 0 0 200 72 300 cm /Im1 Do Q\n"
    stream = objects.stream("", content)
    crop = f"/CropBox [{_numbers(page.crop_box)}]" if page.crop_box else ""
    return objects.add(
        f"<< /Type /Page /Parent {parent} 0 R /MediaBox [{_numbers(page.media_box)}] {crop} "
        f"/Rotate {page.rotation} /Contents {stream} 0 R "
        f"/Resources << /Font << /F1 {font} 0 R >> /XObject << /Im1 {image} 0 R >> >> >>".encode()
    )


def _add_outline(objects: _Objects, outline: Sequence[Bookmark], kids: Sequence[int]) -> int:
    root = objects.add(b"")
    first, last = _add_bookmarks(objects, outline, root, kids)
    objects.bodies[root - 1] = f"<< /Type /Outlines /First {first} 0 R /Last {last} 0 R >>".encode()
    return root


def _add_bookmarks(
    objects: _Objects, bookmarks: Sequence[Bookmark], parent: int, kids: Sequence[int]
) -> tuple[int, int]:
    numbers = [objects.add(b"") for _ in bookmarks]
    for place, (number, bookmark) in enumerate(zip(numbers, bookmarks, strict=True)):
        entry = f"/Title {_string(bookmark.title)} /Parent {parent} 0 R"
        entry += f" /Dest [{kids[bookmark.page - 1]} 0 R /Fit]"
        if place:
            entry += f" /Prev {numbers[place - 1]} 0 R"
        if place + 1 < len(numbers):
            entry += f" /Next {numbers[place + 1]} 0 R"
        if bookmark.children:
            first, last = _add_bookmarks(objects, bookmark.children, number, kids)
            entry += f" /First {first} 0 R /Last {last} 0 R /Count {len(bookmark.children)}"
        objects.bodies[number - 1] = f"<< {entry} >>".encode()
    return numbers[0], numbers[-1]


def _character_map(unicode_map: Mapping[str, str]) -> bytes:
    rows = "\n".join(
        f"<{ord(letter):02X}> <{text.encode('utf-16-be').hex().upper()}>"
        for letter, text in unicode_map.items()
    )
    return (
        "/CIDInit /ProcSet findresource begin 12 dict begin begincmap /CMapName /X def "
        "/CMapType 2 def 1 begincodespacerange <00> <FF> endcodespacerange\n"
        f"{len(unicode_map)} beginbfchar\n{rows}\nendbfchar\nendcmap end end"
    ).encode()


def _numbers(box: tuple[float, float, float, float]) -> str:
    return " ".join(f"{value:g}" for value in box)


def _string(text: str) -> str:
    return "<FEFF" + text.encode("utf-16-be").hex().upper() + ">"
