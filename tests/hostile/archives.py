"""ZIP archives and e-books that are wrong."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib

from tests.documents import archive_of
from tests.hostile.pdf_structure import honest
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
ANY_END = (READY, PARTIAL, EMPTY, *REFUSED)
_UP = "../" * 20
_LOCAL, _CENTRAL = b"PK\x03\x04", b"PK\x01\x02"
_CONTAINER = (
    '<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles>'
    '<rootfile full-path="{0}" media-type="application/oebps-package+xml"/></rootfiles></container>'
)


def lying_about_sizes(archive: bytes, size: int) -> bytes:
    """The same archive, whose every header says that its file is `size` bytes long, inflated."""
    content = bytearray(archive)
    for mark, at in ((_LOCAL, 22), (_CENTRAL, 24)):
        place = content.find(mark)
        while place >= 0:
            content[place + at : place + at + 4] = struct.pack("<I", size)
            place = content.find(mark, place + 4)
    return bytes(content)


@SHELF.put("ten-thousand.zip", *ANY_END)
def ten_thousand_entries() -> bytes:
    """An archive of ten thousand small texts."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for number in range(10_000):
            archive.writestr(f"{number}.txt", "x")
    return file.getvalue()


@SHELF.put("in-itself.zip", *ANY_END)
def archives_in_archives() -> bytes:
    """Archives in one another, thirty deep, four of them in each."""
    content = archive_of({"end.txt": TEXT})
    for _ in range(30):
        content = archive_of({"a.zip": content, "b.txt": TEXT})
    return archive_of({f"{number}.zip": content for number in range(4)})


@SHELF.put("bomb.zip", *REFUSED, EMPTY, PARTIAL)
def archive_bomb() -> bytes:
    """Three texts of 30 MB each, in 90 kB."""
    return archive_of({f"{number}.txt": b"a" * 30_000_000 for number in range(3)})


@SHELF.put("overlap.zip", *ANY_END)
def overlapping_entries() -> bytes:
    """A thousand entries of the directory that are one and the same megabyte."""
    data = zlib.compress(b"a" * 1_000_000, 9)[2:-4]
    check = zlib.crc32(b"a" * 1_000_000)
    sizes = struct.pack("<HHHHHIII", 20, 0, 8, 0, 0x21, check, len(data), 1_000_000)
    local = _LOCAL + sizes + struct.pack("<HH", 5, 0) + b"0.txt" + data
    directory = b"".join(
        _CENTRAL + struct.pack("<H", 20) + sizes
        + struct.pack("<HHHHHII", 5, 0, 0, 0, 0, 0, 0) + b"0.txt"
        for _ in range(1000)
    )  # fmt: skip
    end = struct.pack("<HHHHIIH", 0, 0, 1000, 1000, len(directory), len(local), 0)
    return local + directory + b"PK\x05\x06" + end


@SHELF.put_trapped("slip.zip", READY, PARTIAL)
def names_that_lead_out(trap: Trap) -> bytes:
    """Names that are paths out of any folder, and a link to one."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name in (f"{_UP}{trap.lure}", f"{trap.lure}", f"C:\\{trap.lure.name}", "CON.txt"):
            archive.writestr(name, TEXT)
        link = zipfile.ZipInfo("link.txt")
        link.external_attr = 0o120777 << 16
        archive.writestr(link, str(trap.secret))
        archive.writestr("\u202etxt.exe\x01.txt", TEXT)
    return file.getvalue()


@SHELF.put("locked.zip", NEEDS_PASSWORD, *ANY_END)
def locked_archive() -> bytes:
    """Every entry says that it needs a password."""
    content = bytearray(archive_of({"a.txt": TEXT}))
    for mark, at in ((_LOCAL, 6), (_CENTRAL, 8)):
        content[content.find(mark) + at] |= 1
    return bytes(content)


@SHELF.put("cut.zip", DAMAGED, UNSUPPORTED)
def cut_off_archive() -> bytes:
    """The archive ends in the middle."""
    content = archive_of({"a.pdf": honest(), "b.txt": TEXT * 100})
    return content[: len(content) // 2]


def _book(package: str, *, container: str = "book.opf", **chapters: str) -> bytes:
    parts = {f"{name}.xhtml": text for name, text in chapters.items()}
    head = {"mimetype": "application/epub+zip", "META-INF/container.xml": _CONTAINER}
    head["META-INF/container.xml"] = _CONTAINER.format(container)
    return archive_of(head | {"book.opf": package} | parts)


def _package(items: str, spine: str) -> str:
    return (
        '<package xmlns="http://www.idpf.org/2007/opf" version="3.0"><metadata/>'
        f"<manifest>{items}</manifest><spine>{spine}</spine></package>"
    )


def _item(identity: str, target: str) -> str:
    return f'<item id="{identity}" href="{target}" media-type="application/xhtml+xml"/>'


def _chapter(text: str, head: str = "") -> str:
    page = f"<html xmlns='http://www.w3.org/1999/xhtml'><body><p>{text}</p></body></html>"
    return head + page


@SHELF.put("spine.epub", READY, PARTIAL, TOO_LARGE, DAMAGED)
def chapter_without_end() -> bytes:
    """A book whose one chapter stands in its order fifty thousand times."""
    package = _package(
        _item("a", "a.xhtml") + _item("b", "book.opf"), '<itemref idref="a"/>' * 50_000
    )
    return _book(package, a=_chapter(TEXT))


@SHELF.put("no-container.epub", DAMAGED, UNSUPPORTED, EMPTY, READY)
def no_container() -> bytes:
    """A book that does not say where it begins."""
    return archive_of({"mimetype": "application/epub+zip", "a.xhtml": _chapter(TEXT)})


@SHELF.put_trapped("paths.epub", READY, PARTIAL, DAMAGED, EMPTY)
def chapters_elsewhere(trap: Trap) -> bytes:
    """A book whose chapters are a file of this machine, a server, and itself."""
    targets = (f"../../../..{trap.secret}", trap.secret.as_uri(), f"{trap.url}/chapter", "book.opf")
    items = "".join(_item(f"i{number}", target) for number, target in enumerate(targets))
    spine = "".join(f'<itemref idref="i{number}"/>' for number in range(len(targets)))
    return _book(_package(items, spine))


@SHELF.put_trapped("laughs.epub", *ANY_END)
def laughing_book(trap: Trap) -> bytes:
    """Entities without end, and one that is a file, in the package and in a chapter."""
    head = laughs().replace("]>", f'<!ENTITY reach SYSTEM "{trap.secret.as_uri()}">]>')
    package = head + _package(_item("a", "a.xhtml"), '<itemref idref="a"/>')
    return _book(package, a=_chapter("&lol9; &reach;", head))
