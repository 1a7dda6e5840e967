"""Asking, at the terminal, before anything is paid."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from rag.intake import Estimate
from ui import printing

WAITS = "{} would cost about {}. Run the command again with --yes to go on."

Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask before anything is paid.")]


def agrees(subject: str, estimate: Estimate | None, *, yes: bool) -> bool:
    """Whether a person pays what something costs; where nobody is asked, how to go on is told."""
    cost = printing.in_dollars(estimate)
    if yes:
        return True
    is_asked = sys.stdin.isatty() and sys.stderr.isatty()
    if is_asked and typer.confirm(f"{subject} would cost about {cost}. Go on?", err=True):
        return True
    printing.tell(WAITS.format(subject, cost))
    return False
