"""Inflates rich text as Outlook keeps it in mails ([MS-OXRTFCP])."""

from __future__ import annotations

import struct

MAX_BYTES = 20_000_000
_HEADER = struct.Struct("<4L")
_COMPRESSED, _STORED = 0x75465A4C, 0x414C454D
_WINDOW = 4_096
_DICTIONARY = (
    b"{\\rtf1\\ansi\\mac\\deff0\\deftab720{\\fonttbl;}{\\f0\\fnil \\froman \\fswiss \\fmodern "
    b"\\fscript \\fdecor MS Sans SerifSymbolArialTimes New RomanCourier{\\colortbl\\red0\\green0"
    b"\\blue0\r\n\\par \\pard\\plain\\f0\\fs20\\b\\i\\u\\tab\\tx"
)


def inflate(content: bytes) -> bytes:
    """The rich text; what of it can be had where it is cut off, and nothing where it is none."""
    if len(content) < _HEADER.size:
        return b""
    _, size, kind, _ = _HEADER.unpack_from(content)
    if kind == _STORED:
        return content[_HEADER.size :][:size]
    if kind != _COMPRESSED:
        return b""
    return _inflated(content[_HEADER.size :], min(size, MAX_BYTES))


def _inflated(content: bytes, size: int) -> bytes:
    """Literals and references to the last 4,096 bytes; of every eight, a byte tells which is which.

    A reference to the place that is written next is the end.
    """
    found = bytearray(_DICTIONARY)
    end = len(_DICTIONARY) + size
    place = 0
    while place < len(content) and len(found) < end:
        control = content[place]
        place += 1
        for bit in range(8):
            if not control >> bit & 1:
                found += content[place : place + 1]
                place += 1
                continue
            pair = int.from_bytes(content[place : place + 2], "big")
            back = (len(found) - (pair >> 4)) % _WINDOW
            if place + 2 > len(content) or not back or back > len(found):
                return bytes(found[len(_DICTIONARY) : end])
            place += 2
            for _ in range((pair & 15) + 2):
                found.append(found[-back])
    return bytes(found[len(_DICTIONARY) : end])
