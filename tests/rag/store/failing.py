"""A disk that fails, or a process that is killed, at one chosen operation."""

from __future__ import annotations

import os
import resource
import shutil
import signal
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

NEVER = 1 << 30


class Disk:
    """Counts what is done to the disk, and fails at one operation and none after it."""

    def __init__(self, fail: Callable[[], None]) -> None:
        self.fails_at = NEVER
        self.done: list[str] = []
        self._fail = fail

    def start(self, fails_at: int) -> None:
        self.done, self.fails_at = [], fails_at

    def before(self, name: str) -> None:
        self.done.append(name)
        if len(self.done) == self.fails_at:
            self._fail()

    @property
    def failed(self) -> str:
        """The operation that failed; empty where it was not come to."""
        return self.done[self.fails_at - 1] if len(self.done) >= self.fails_at else ""

    def install(self, patch: pytest.MonkeyPatch) -> None:
        """Stand before every operation by which our own code changes the disk."""
        for owner, name in (
            (os, "fsync"),
            (os, "link"),
            (shutil, "copyfile"),
            (tempfile, "mkdtemp"),
            (Path, "mkdir"),
            (Path, "chmod"),
            (Path, "rename"),
            (Path, "replace"),
            (Path, "hardlink_to"),
        ):
            patch.setattr(owner, name, self._guarded(name, getattr(owner, name)))
        patch.setattr(Path, "open", self._open(Path.open))

    def _guarded(self, name: str, real: Callable[..., Any]) -> Callable[..., Any]:
        def guarded(*args: Any, **options: Any) -> Any:
            self.before(name)
            return real(*args, **options)

        return guarded

    def _open(self, real: Callable[..., Any]) -> Callable[..., Any]:
        def guarded(path: Path, mode: str = "r", *args: Any, **options: Any) -> Any:
            if mode[0] == "r":
                return real(path, mode, *args, **options)
            self.before("create")
            return _Stream(real(path, mode, *args, **options), self)

        return guarded


class _Stream:
    def __init__(self, stream: Any, disk: Disk) -> None:
        self._stream = stream
        self._disk = disk

    def write(self, piece: Any) -> Any:
        self._disk.before("write")
        return self._stream.write(piece)

    def __enter__(self) -> _Stream:
        return self

    def __exit__(self, *error: object) -> None:
        self._stream.close()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def raising(number: int) -> Callable[[], None]:
    """What fails with an error of the system, such as `errno.ENOSPC`."""

    def fail() -> None:
        raise OSError(number, os.strerror(number))

    return fail


def killed() -> None:
    """End the process as a loss of power would, as far as the process goes."""
    os.kill(os.getpid(), signal.SIGKILL)


@contextmanager
def no_file_above(size_bytes: int) -> Iterator[None]:
    """No file may become larger, those that SQLite writes neither."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size_bytes, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
