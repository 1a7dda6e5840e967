"""The chain of a TIFF file's directories, one a page: how many there are, and whether it is whole.

Decoders stop without a word where a chain is broken. TIFF 6.0, section 2; BigTIFF has longer
numbers.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

MAX_DIRECTORIES = 100_000
_HEADERS = {b"II*\0": "<", b"MM\0*": ">", b"II+\0": "<", b"MM\0+": ">"}


@dataclass(frozen=True, slots=True)
class Chain:
    """The directories that are there; `is_broken` where one is named that is not."""

    directories: int
    is_broken: bool

    def lost(self, read: int) -> int:
        """How many pages are missing where so many were read; 1 where their number is unknown."""
        return max(self.directories - read, int(self.is_broken))


def chain_of(path: Path) -> Chain:
    """Follow the directories of a TIFF file; a chain that turns back on itself ends there.

    Raises:
        OSError: the file cannot be read.
    """
    seen: set[int] = set()
    with path.open("rb") as file:
        try:
            magic = file.read(4)
            order = _HEADERS[magic]
            number, count, entry_bytes = ("Q", "Q", 20) if b"+" in magic else ("L", "H", 12)
            if number == "Q":
                file.seek(8)
            place = _read(file, order + number)
            while place and place not in seen and len(seen) < MAX_DIRECTORIES:
                file.seek(place)
                entries = _read(file, order + count)
                seen.add(place)
                file.seek(entries * entry_bytes, 1)
                place = _read(file, order + number)
        except (KeyError, OverflowError, ValueError, struct.error):
            return Chain(len(seen), is_broken=True)
    return Chain(len(seen), is_broken=False)


def _read(file: BinaryIO, form: str) -> int:
    return int(struct.unpack(form, file.read(struct.calcsize(form)))[0])
