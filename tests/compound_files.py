"""Writes compound files (OLE), and mails as Outlook saves them, by the format's description.

Only what the tests need: a file allocation table without a double one, small streams in the
mini stream, and a directory whose entries hang to the right of one another.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

SECTOR, MINI_SECTOR, MINI_LIMIT = 512, 64, 4_096
FREE, END, FAT_SECTOR, NO_ENTRY = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD, 0xFFFFFFFF
STORAGE, STREAM, ROOT = 1, 2, 5
PROPERTIES = "__properties_version1.0"

Tree = Mapping[str, "bytes | Tree"]


@dataclass
class _Entry:
    name: str
    kind: int
    content: bytes = b""
    left_out: int = NO_ENTRY
    right: int = NO_ENTRY
    child: int = NO_ENTRY
    start: int = END


@dataclass
class _Sectors:
    """Sectors of one size with the table that chains them."""

    size: int
    content: bytearray = field(default_factory=bytearray)
    chain: list[int] = field(default_factory=list)

    def add(self, content: bytes) -> int:
        if not content:
            return END
        start = len(self.chain)
        count = -(-len(content) // self.size)
        self.content += content.ljust(count * self.size, b"\0")
        self.chain += [*range(start + 1, start + count), END]
        return start


def compound_file(tree: Tree) -> bytes:
    """A compound file with these streams and storages."""
    entries = [_Entry("Root Entry", ROOT)]
    _add_children(entries, 0, tree)
    small, big = _Sectors(MINI_SECTOR), _Sectors(SECTOR)
    for entry in entries:
        if entry.kind == STREAM:
            entry.start = (small if len(entry.content) < MINI_LIMIT else big).add(entry.content)
    entries[0].content = bytes(small.content)
    entries[0].start = big.add(entries[0].content)
    mini_table = big.add(struct.pack(f"<{len(small.chain)}L", *small.chain))
    directory = big.add(b"".join(map(_directory_entry, entries)))
    fat_sectors = 1
    while fat_sectors * (SECTOR // 4) < len(big.chain) + fat_sectors:
        fat_sectors += 1
    first_fat = len(big.chain)
    chain = [*big.chain, *[FAT_SECTOR] * fat_sectors]
    chain += [FREE] * (fat_sectors * (SECTOR // 4) - len(chain))
    numbers = [first_fat + number for number in range(fat_sectors)]
    mini_sectors = -(-len(small.chain) * 4 // SECTOR)
    header = struct.pack(
        "<8s16sHHHHH6sLLLLLLLLL",
        *(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"", 0x3E, 3, 0xFFFE, 9, 6, b""),
        *(0, fat_sectors, directory, 0, MINI_LIMIT, mini_table, mini_sectors, END, 0),
    )
    listed = struct.pack("<109L", *numbers, *[FREE] * (109 - fat_sectors))
    return header + listed + bytes(big.content) + struct.pack(f"<{len(chain)}L", *chain)


def _add_children(entries: list[_Entry], parent: int, tree: Tree) -> None:
    before = NO_ENTRY
    # Ordered as the format wants it: by length, then by letters.
    for name in sorted(tree, key=lambda name: (len(name), name.upper())):
        inner = tree[name]
        number = len(entries)
        if isinstance(inner, bytes):
            entries.append(_Entry(name, STREAM, inner))
        else:
            entries.append(_Entry(name, STORAGE))
            _add_children(entries, number, inner)
        if before == NO_ENTRY:
            entries[parent].child = number
        else:
            entries[before].right = number
        before = number


def _directory_entry(entry: _Entry) -> bytes:
    name = entry.name.encode("utf-16-le")
    return struct.pack(
        "<64sHBBLLL16sLQQLQ",
        *(name, len(name) + 2, entry.kind, 1, entry.left_out, entry.right, entry.child),
        *(b"", 0, 0, 0, entry.start if entry.kind != STORAGE else 0, len(entry.content)),
    )


def text_property(tag: str, value: str) -> dict[str, bytes]:
    """A property that is text, as today's Outlook writes it."""
    return {f"__substg1.0_{tag}001F": value.encode("utf-16-le")}


def fixed_properties(header_bytes: int, values: Mapping[tuple[int, int], int]) -> bytes:
    """The stream of the properties of fixed length, by tag and type."""
    entries = (struct.pack("<LLQ", tag << 16 | kind, 6, it) for (tag, kind), it in values.items())
    return bytes(header_bytes) + b"".join(entries)


def filetime(moment: datetime) -> int:
    """A moment as Windows counts it."""
    return int((moment - datetime(1601, 1, 1, tzinfo=UTC)).total_seconds() * 10_000_000)


def recipient(name: str, address: str, kind: int = 1) -> Tree:
    """A storage of one recipient: kind 1 is To, 2 is Cc."""
    return {
        PROPERTIES: fixed_properties(8, {(0x0C15, 0x0003): kind}),
        **text_property("3001", name),
        **text_property("39FE", address),
    }


def attachment(name: str, content: bytes | Tree, *, hidden: bool = False) -> Tree:
    """A storage of one attached file, or of one attached mail."""
    kind = "0102" if isinstance(content, bytes) else "000D"
    return {
        PROPERTIES: fixed_properties(8, {(0x7FFE, 0x000B): int(hidden)}),
        **text_property("3707", name),
        f"__substg1.0_3701{kind}": content,
    }


def mail(streams: Tree, *, sent: datetime | None = None, header_bytes: int = 32) -> Tree:
    """The streams of a mail."""
    values = {(0x3FDE, 0x0003): 65001}
    if sent is not None:
        values[0x0039, 0x0040] = filetime(sent)
    return {PROPERTIES: fixed_properties(header_bytes, values), **streams}
