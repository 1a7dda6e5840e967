"""What passes between the application and the processes that read files: frames, no pickle.

A frame is one byte for its kind, four for the length, and the content: JSON, or bytes as they are.
"""

from __future__ import annotations

import json
import re
import struct
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from enum import IntEnum
from functools import cache
from typing import IO, Any

from ingest.loaded import Attachment

_HEADER = struct.Struct(">BI")
_SPLIT_SURROGATE = re.compile("[\ud800-\udfff]")


class Kind(IntEnum):
    """What a frame holds. Every answer ends with `END`."""

    REQUEST = 1
    READY = 2
    PROGRESS = 3
    DOCUMENT = 4
    CONTENT = 5  # of one attachment, in the order of the document's
    IMAGE = 6
    REFUSED = 7  # a DocumentError
    NOT_FOUND = 8
    OS_ERROR = 9
    OUT_OF_MEMORY = 10
    END = 11


class WireError(Exception):
    """What came is no frame, or none that may come."""


class TooLongError(WireError):
    """There came more of a kind than may come."""

    def __init__(self, kind: Kind) -> None:
        super().__init__(f"too much of {kind.name}")
        self.kind = kind


class FrameReader:
    """Cuts what comes, in whatever pieces, into frames; at most `limits` bytes of each kind.

    A kind that `limits` does not name may not come at all.
    """

    def __init__(self, limits: Mapping[Kind, int]) -> None:
        self._left = dict(limits)
        self._waiting = bytearray()
        self._kind: Kind | None = None
        self._length = 0

    def feed(self, piece: bytes) -> Iterator[tuple[Kind, bytes]]:
        """The frames that are whole with this piece.

        Raises:
            WireError: something else came than frames of the kinds and lengths expected.
        """
        self._waiting += piece
        while True:
            if self._kind is None:
                if len(self._waiting) < _HEADER.size:
                    return
                self._begin()
            if self._kind is None or len(self._waiting) < self._length:
                return
            content = bytes(memoryview(self._waiting)[: self._length])
            del self._waiting[: self._length]
            kind, self._kind = self._kind, None
            yield kind, content

    def _begin(self) -> None:
        number, self._length = _HEADER.unpack_from(self._waiting)
        del self._waiting[: _HEADER.size]
        if number not in self._left:
            raise WireError(f"an unexpected frame of kind {number}")
        kind = Kind(number)
        self._left[kind] -= self._length
        if self._left[kind] < 0:
            raise TooLongError(kind)
        self._kind = kind


def write(stream: IO[bytes], kind: Kind, content: bytes) -> None:
    """Write a frame; it is only sure to be on its way after a flush."""
    stream.write(_HEADER.pack(kind, len(content)))
    stream.write(content)


def read(stream: IO[bytes]) -> tuple[Kind, bytes] | None:
    """The next frame of a stream that is trusted; None where it ends."""
    header = stream.read(_HEADER.size)
    if len(header) < _HEADER.size:
        return None
    number, length = _HEADER.unpack(header)
    return Kind(number), stream.read(length)


def pack(value: object) -> bytes:
    """JSON of plain values, mappings and dataclasses; of an attachment the name alone.

    Lone surrogates, which no encoding has, become U+FFFD: every text keeps its length.
    """
    text = json.dumps(value, default=_plain, ensure_ascii=False, separators=(",", ":"))
    try:
        return text.encode()
    except UnicodeEncodeError:
        return _SPLIT_SURROGATE.sub("\ufffd", text).encode()


def _plain(value: Any) -> dict[Any, Any]:
    if isinstance(value, Attachment):
        return {"name": value.name, "content": ""}
    kind: type[Any] = type(value)
    if is_dataclass(kind):
        return {name: getattr(value, name) for name in _names(kind)}
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"{kind.__name__} cannot be sent")


@cache
def _names(kind: type[Any]) -> tuple[str, ...]:
    return tuple(field.name for field in fields(kind))
