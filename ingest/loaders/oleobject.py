"""Unpacks the objects that other programs embed in Office files: compound files (OLE)."""

from __future__ import annotations

import io
import posixpath
import struct

from ingest import compound
from ingest.compound import MARK
from rag.errors import DocumentError

__all__ = ["MARK", "unpacked"]

_NATIVE = "\x01Ole10Native"
_PACKAGES = (("word/", ".docx"), ("xl/", ".xlsx"), ("ppt/", ".pptx"))
_PDF = b"%PDF-"


def unpacked(name: str, content: bytes) -> tuple[str, bytes]:
    """The file in an object, and a name with its ending; the object itself where there is none."""
    stem = name.rpartition(".")[0] or name
    try:
        with compound.opened(io.BytesIO(content)) as file:
            if file.names & {"Workbook", "Book"}:
                return f"{stem}.xls", content
            if package := file.read("Package"):
                return stem + _ending_of(package), package
            if (inner := file.read("CONTENTS")).startswith(_PDF):
                return f"{stem}.pdf", inner
            called, inner = native(file.read(_NATIVE))
    except DocumentError:
        return name, content
    return (called, inner) if inner else (name, content)


def _ending_of(package: bytes) -> str:
    """The ending of an Office file, by the folder that its parts are in."""
    return next((ending for folder, ending in _PACKAGES if folder.encode() in package), ".zip")


def native(stream: bytes) -> tuple[str, bytes]:
    """The file that Windows' packager put into an object, and its name ([MS-OLEDS] 2.3.6).

    The stream: its size, a kind, the name, where the file was, eight bytes of which the last four
    count those of another path, that path, and the size of the content before it.
    """
    label, _, rest = stream[6:].partition(b"\0")
    _, _, rest = rest.partition(b"\0")
    try:
        (length,) = struct.unpack_from("<L", rest, 4)
        (size,) = struct.unpack_from("<L", rest, 8 + length)
    except struct.error:
        return "", b""
    start = 12 + length
    name = posixpath.basename(label.decode("cp1252", errors="replace").replace("\\", "/"))
    return name, rest[start : start + size]
