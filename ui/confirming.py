"""Asking, at the terminal, before anything is deleted for good."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from ui import printing

KEPT = "Nothing was deleted."

Sure = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask before anything is deleted.")]


def is_meant(question: str, *, yes: bool) -> bool:
    """Whether a person at a terminal means it; a script, which nobody can ask, always does."""
    if yes or not (sys.stdin.isatty() and sys.stderr.isatty()):
        return True
    if typer.confirm(question, err=True):
        return True
    printing.tell(KEPT)
    return False
