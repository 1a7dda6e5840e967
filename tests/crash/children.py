"""Processes of one run: forked from this one, which has everything loaded, and ended at a point."""

from __future__ import annotations

import gc
import json
import os
import signal
import sys
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from rag.failpoints import arm

Work = Callable[["Diary"], Sequence[str]]  # what is wrong, in sentences


class Diary:
    """What a process writes down where no crash of the program reaches, line by line, synced."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def write(self, kind: str, value: object = None) -> None:
        """Write a line, which is on disk when this returns."""
        os.write(self._file, json.dumps([kind, value]).encode() + b"\n")
        os.fsync(self._file)


@dataclass(frozen=True, slots=True)
class Ended:
    """How a process ended: killed or by itself, what it wrote down, and what it found wrong."""

    killed: bool
    lines: list[tuple[str, object]]
    faults: list[str] = field(default_factory=list)

    def all(self, kind: str) -> list[object]:
        """The values of the lines of a kind."""
        return [value for its_kind, value in self.lines if its_kind == kind]

    @property
    def points(self) -> list[str]:
        """The failpoints that it passed, in order, where they were listed."""
        return [
            str(name) for names in self.all("points") if isinstance(names, list) for name in names
        ]


class Points:
    """Counts the failpoints that a process passes, and ends it at one of them."""

    def __init__(self, diary: Diary, kill_at: int) -> None:
        self.names: list[str] = []
        self._diary, self._kill_at = diary, kill_at

    def __call__(self, name: str) -> None:
        self.names.append(name)
        if len(self.names) == self._kill_at:
            self._diary.write("killed", name)
            os.kill(os.getpid(), signal.SIGKILL)


NEVER = 0


def start(work: Work, log: Path, kill_at: int = NEVER) -> int:
    """Fork a process that works, to be killed at that pass of a failpoint, counted from 1.

    Returns:
        Its process id.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    child = os.fork()
    if child:
        return child
    status = 1
    gc.disable()  # it lives for a moment
    try:
        status = _work(work, log, kill_at)
    finally:
        os._exit(status)


def _work(work: Work, log: Path, kill_at: int) -> int:
    errors = os.open(log.with_suffix(".err"), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(errors, 1)
    os.dup2(errors, 2)
    diary = Diary(log)
    points = Points(diary, kill_at)
    arm(points)
    try:
        faults = list(work(diary))
    except Exception as error:  # noqa: BLE001 - whatever it is, the run has failed
        traceback.print_exc()
        at = [f"{frame.name}:{frame.lineno}" for frame in traceback.extract_tb(error.__traceback__)]
        where = " < ".join(reversed(at[-6:]))
        faults = [f"it failed with {type(error).__name__}: {error} (in {where})"]
    arm(None)
    diary.write("points", points.names)
    diary.write("faults", faults)
    return 0


def end_of(child: int, log: Path) -> Ended:
    """Wait for a process, and read what it wrote down."""
    _, status = os.waitpid(child, 0)
    killed = os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
    text = log.read_text() if log.exists() else ""
    lines = [(kind, value) for kind, value in map(json.loads, text.splitlines())]
    faults = [str(each) for kind, value in lines if kind == "faults" for each in value]
    if not killed and status:
        faults.append(f"it ended with the status {status}")
    return Ended(killed, lines, faults)


def run(work: Work, log: Path, kill_at: int = NEVER) -> Ended:
    """Fork a process, and wait for it."""
    return end_of(start(work, log, kill_at), log)
