"""Commands that sentences name can be run as they are printed: where the person was, they stay.

A sentence says "tramontane list", wherever it was written. Who gave `--data-dir` or `--library`
is told "tramontane list --library papers", quoted for a shell.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from contextvars import ContextVar
from pathlib import Path

DATA_DIR, LIBRARY = "--data-dir", "--library"
WITHOUT_LIBRARY = frozenset(
    {
        *("check", "backup", "restore", "library list", "library create", "library rename"),
        *("library delete", "library bring-back", "library purge", "library policy"),
        "library language",
    }
)
WITH_LIBRARY = frozenset(
    {
        *("serve", "list", "ask", "search", "batch", "add", "remove", "trash", "bring-back"),
        *("purge", "report", "summarise", "extract", "classify", "write", "verify", "eval"),
        *("models", "doctor", "rebuild", "library move"),
    }
)

_HINT = re.compile(r"\btramontane (?P<command>(?:library )?[a-z-]+)(?P<rest>[^`\n]*)")
_given: ContextVar[Mapping[str, str]] = ContextVar("given")


def remember(data_dir: Path | str | None = None, library: str | None = None) -> None:
    """Keep what a command was given, for the commands that it names."""
    given = {DATA_DIR: data_dir, LIBRARY: library}
    _given.set({name: str(value) for name, value in given.items() if value is not None})


def runnable(sentence: str) -> str:
    """The sentence, its commands with the options that this one was given."""
    return _HINT.sub(_with_options, sentence) if _given.get(None) else sentence


def _with_options(found: re.Match[str]) -> str:
    command, rest = found["command"], found["rest"]
    if command not in WITH_LIBRARY | WITHOUT_LIBRARY:
        return found.group()
    options = "".join(
        f" {name} {shlex.quote(value)}"
        for name, value in _given.get().items()
        if name not in rest and (name != LIBRARY or command in WITH_LIBRARY)
    )
    return f"tramontane {command}{options}{runnable(rest)}"
