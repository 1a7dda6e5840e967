"""Compound files (OLE 2), which hold old Office documents and encrypted new ones, byte by byte.

After [MS-CFB]: sectors of 512 bytes, and no stream below 4,096, so that none is a mini stream.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping

SECTOR = 512
SMALLEST_STREAM = 4096
END, FREE, TABLE = 0xFFFFFFFE, 0xFFFFFFFF, 0xFFFFFFFD
_MAGIC = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


def compound_file(streams: Mapping[str, bytes], *, loops: bool = False) -> bytes:
    """A compound file with these streams; where it `loops`, none of them ever ends."""
    padded = {name: _padded(content) for name, content in streams.items()}
    directory_sectors = (len(padded) + 1 + 3) // 4
    table = [TABLE, *_chain(1, directory_sectors)]
    entries = [_entry("Root Entry", 5, child=1 if padded else FREE)]
    for number, (name, content) in enumerate(padded.items(), 1):
        first = len(table)
        table += _chain(first, len(content) // SECTOR)
        if loops:
            table[-1] = first
        sibling = number + 1 if number < len(padded) else FREE
        size = len(streams[name]) if len(streams[name]) >= SMALLEST_STREAM else len(content)
        entries.append(_entry(name, 2, first=first, size=size, sibling=sibling))
    if len(table) > SECTOR // 4:
        raise ValueError("one sector of the allocation table holds 128 sectors")
    sectors = struct.pack("<128I", *table, *[FREE] * (128 - len(table)))
    sectors += b"".join(entries).ljust(directory_sectors * SECTOR, b"\x00")
    return _header() + sectors + b"".join(padded.values())


def _chain(first: int, length: int) -> list[int]:
    return [*range(first + 1, first + length), END]


def _padded(content: bytes) -> bytes:
    length = max(len(content), SMALLEST_STREAM)
    return content.ljust(-(-length // SECTOR) * SECTOR, b"\x00")


def _header() -> bytes:
    head = _MAGIC + bytes(16) + struct.pack("<HHHHH6x", 0x3E, 3, 0xFFFE, 9, 6)
    head += struct.pack("<IIIIIIIII", 0, 1, 1, 0, SMALLEST_STREAM, END, 0, END, 0)
    return head + struct.pack("<109I", 0, *[FREE] * 108)


def _entry(
    name: str, kind: int, *, first: int = 0, size: int = 0, sibling: int = FREE, child: int = FREE
) -> bytes:
    encoded = (name + "\0").encode("utf-16-le")
    head = encoded.ljust(64, b"\x00") + struct.pack("<HBB", len(encoded), kind, 1)
    links = struct.pack("<III", FREE, sibling, child)
    return head + links + bytes(36) + struct.pack("<IQ", first if size else END, size)
