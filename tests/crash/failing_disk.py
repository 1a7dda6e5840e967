"""A disk that is full, or fails once, at a chosen operation of whatever writes below a folder."""

from __future__ import annotations

import ctypes
import os
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

TOLD = ctypes.CFUNCTYPE(None, ctypes.c_char_p, ctypes.c_char_p, ctypes.c_int)
SOURCE = Path(__file__).with_suffix(".c")


def compiler() -> str | None:
    """The C compiler of this machine, if it has one."""
    return shutil.which("cc") or shutil.which("gcc")


def build(folder: Path) -> Path:
    """The library for LD_PRELOAD, built into a folder."""
    target = folder / "failing_disk.so"
    command = [compiler() or "cc", "-shared", "-fPIC", "-O1", "-o", str(target), str(SOURCE)]
    subprocess.run([*command, "-ldl"], check=True)
    return target


def is_loaded() -> bool:
    """Whether this process was started with the library."""
    return hasattr(ctypes.CDLL(None), "disk_arm")


@dataclass(frozen=True, slots=True)
class Failure:
    """How a disk fails: with which error, for good or once, and at what.

    Where `takes_room` only that fails which needs room on it.
    """

    name: str
    number: int
    lasts: bool
    takes_room: bool


class Disk:
    """The disk as this process sees it, which was started with the library loaded."""

    def __init__(self) -> None:
        self._library = ctypes.CDLL(None)
        self._library.disk_done.restype = ctypes.c_long
        self._library.disk_failed.restype = ctypes.c_char_p

    def fail(self, below: Path, failure: Failure, at: int) -> None:
        """Count what is done below a folder from now on, and fail at the operation of a number."""
        self._library.disk_arm(
            str(below).encode(),
            ctypes.c_long(at),
            failure.number,
            failure.lasts,
            not failure.takes_room,
        )

    def watch(self, told: Callable[[str, str, bool], None]) -> None:
        """Tell each operation that is counted, its path, and whether it needs room."""

        def tell(name: bytes, path: bytes, takes_room: int) -> None:
            told(name.decode(), os.fsdecode(path), bool(takes_room))

        self._told = TOLD(tell)  # which must live as long as it is called
        self._library.disk_watch(self._told)

    def rest(self) -> None:
        """Fail no more, and tell nobody."""
        self._library.disk_rest()
        self._library.disk_watch(None)

    @property
    def done(self) -> int:
        """How many operations were counted."""
        return int(self._library.disk_done())

    @property
    def failed(self) -> str:
        """The operation that failed first; empty where none did."""
        return bytes(self._library.disk_failed()).decode()
