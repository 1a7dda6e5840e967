"""Pictures that are wrong."""

from __future__ import annotations

import io
import struct
import zlib

from PIL import Image

from tests import builders
from tests.hostile.shelf import (
    EMPTY,
    NEEDS_OCR,
    PARTIAL,
    REFUSED,
    Shelf,
)

SHELF = Shelf()
SEEN = (NEEDS_OCR, EMPTY)  # EMPTY where OCR is there and finds no words
_PNG = b"\x89PNG\r\n\x1a\n"


def _png_chunk(kind: bytes, content: bytes) -> bytes:
    check = zlib.crc32(kind + content)
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", check)


def _png(width: int, height: int, *chunks: bytes) -> bytes:
    head = _png_chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return _PNG + head + b"".join(chunks) + _png_chunk(b"IEND", b"")


@SHELF.put("pixel.png", *SEEN)
def one_pixel() -> bytes:
    """A picture of one pixel."""
    return _png(1, 1, _png_chunk(b"IDAT", zlib.compress(b"\x00\xff\xff\xff")))


@SHELF.put("cut.png", *SEEN, *REFUSED)
def cut_off_png() -> bytes:
    """Half of a picture."""
    content = builders.png()
    return content[: len(content) // 2]


@SHELF.put("giant.png", *REFUSED, NEEDS_OCR)
def giant_png() -> bytes:
    """It says that it is 100,000 by 100,000 pixels."""
    return _png(100_000, 100_000, _png_chunk(b"IDAT", zlib.compress(bytes(1000))))


@SHELF.put("bomb.png", *REFUSED, *SEEN)
def text_bomb() -> bytes:
    """A small picture with 100 MB of text, deflated."""
    deflate = zlib.compressobj(9)
    text = b"".join([*(deflate.compress(b"a" * 1_000_000) for _ in range(100)), deflate.flush()])
    comment = _png_chunk(b"zTXt", b"Comment\x00\x00" + text)
    return _png(1, 1, comment, _png_chunk(b"IDAT", zlib.compress(b"\x00\xff\xff\xff")))


@SHELF.put("ring.tiff", *SEEN, *REFUSED, PARTIAL)
def tiff_ring() -> bytes:
    """A scan whose second page is followed by the first."""
    out = io.BytesIO()
    page = Image.new("L", (4, 4))
    page.save(out, "TIFF", save_all=True, append_images=[page])
    content = bytearray(out.getvalue())
    first = struct.unpack_from("<I", content, 4)[0]
    link = _next_link(content, _next_link(content, 4))
    struct.pack_into("<I", content, link, first)
    return bytes(content)


def _next_link(content: bytearray, link: int) -> int:
    """Where the directory that a link leads to keeps its own link to the next."""
    place: int = struct.unpack_from("<I", content, link)[0]
    count: int = struct.unpack_from("<H", content, place)[0]
    return place + 2 + 12 * count


@SHELF.put("huge-tags.tiff", *SEEN, *REFUSED)
def tiff_of_huge_tags() -> bytes:
    """A directory of 65,535 entries that all say they are gigabytes long."""
    entry = struct.pack("<HHII", 270, 2, 0xFFFFFFF0, 8)
    return b"II*\x00" + struct.pack("<I", 8) + struct.pack("<H", 0xFFFF) + entry * 1000


@SHELF.put("markers.jpg", *SEEN, *REFUSED)
def bad_markers() -> bytes:
    """Markers without lengths, with wrong ones, and out of order."""
    return b"\xff\xd8" + b"\xff\xe1\x00\x00\xff\xda\xff\xc4\xff\xff" * 500 + b"\xff\xd9"


@SHELF.put("cut.jpg", *SEEN, *REFUSED)
def cut_off_jpeg() -> bytes:
    """Half of a photograph, whose head is whole."""
    out = io.BytesIO()
    Image.effect_noise((200, 200), 50).save(out, "JPEG")
    content = out.getvalue()
    return content[: len(content) // 2]


@SHELF.put("frames.gif", *SEEN, *REFUSED, PARTIAL)
def a_gif() -> bytes:
    """A moving picture of 65,535 by 65,535 pixels."""
    sides = b"\xff" * 4
    return b"GIF89a" + sides + bytes(3) + b"," + bytes(4) + sides + b"\x00\x02\x02\x4c\x01\x00;"
