"""What is configured, what can be reached, and what is wrong: one finding each."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from rag.errors import RagError
from rag.store.database import FIRST_SAFE_WAL, journal_mode, sqlite_version

LOW_DISK_BYTES = 500_000_000


class Level(StrEnum):
    """How a finding is to be taken."""

    GOOD = "good"
    NOTE = "note"
    WRONG = "wrong"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at: its name, how it is, and the sentence that says so."""

    subject: str
    level: Level
    sentence: str


@dataclass(frozen=True, slots=True)
class Check:
    """Something to look at: `look` says how it is, or raises what is wrong."""

    subject: str
    look: Callable[[], str]


def examine(data_dir: Path, checks: list[Check]) -> Iterator[Finding]:
    """Look at the machine, then at everything given, in turn."""
    yield _disk(data_dir)
    yield _sqlite()
    for check in checks:
        try:
            yield Finding(check.subject, Level.GOOD, check.look())
        except RagError as error:
            yield Finding(check.subject, Level.WRONG, str(error))


def _disk(data_dir: Path) -> Finding:
    try:
        folder = next(path for path in (data_dir, *data_dir.absolute().parents) if path.exists())
        free = shutil.disk_usage(folder).free
    except OSError as error:
        sentence = f"{data_dir.absolute()} cannot be looked at ({error.strerror})."
        return Finding("data directory", Level.WRONG, f"{sentence} Choose another directory.")
    sentence = f"{data_dir.absolute()}, {free / 1e9:,.1f} GB free."
    if free < LOW_DISK_BYTES:
        return Finding("data directory", Level.WRONG, f"{sentence} Make room before adding files.")
    return Finding("data directory", Level.GOOD, sentence)


def _sqlite() -> Finding:
    if journal_mode() == "wal":
        return Finding("database", Level.GOOD, f"SQLite {sqlite_version()}, write-ahead log.")
    safe = ".".join(str(part) for part in FIRST_SAFE_WAL)
    sentence = (
        f"SQLite {sqlite_version()} is older than {safe}, the first whose write-ahead log is "
        "safe: the slower rollback journal is used."
    )
    return Finding("database", Level.NOTE, sentence)
