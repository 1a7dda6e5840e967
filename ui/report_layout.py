"""How a report of an evaluation is laid out on a terminal."""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Mapping, Sequence

from rich.console import Console
from rich.table import Table

from rag.evaluation import Outcome
from rag.scores import Figures
from ui.printing import WIDTH, say

LONGEST_QUESTION = 90
NO_KIND = "(no kind)"


def say_kinds(kinds: Mapping[str, Figures], heads: Mapping[str, str]) -> None:
    """Print those figures of each kind that any of them has, under their heads."""
    told = [key for key in heads if any(each[key] is not None for each in kinds.values())]
    table = Table(box=None, pad_edge=False)
    table.add_column("", overflow="fold")
    table.add_column("asked", justify="right")
    for key in told:
        table.add_column(heads[key], justify="right")
    for kind, each in kinds.items():
        table.add_row(kind or NO_KIND, str(each["questions"]), *(figure(each[key]) for key in told))
    print_table(table)


def say_some(lines: Sequence[str], count: int, sign: str) -> None:
    """Print so many of the lines, and how many more there are."""
    for line in lines[:count]:
        say(wrapped(line))
    if len(lines) > count:
        say(f"{sign} and {len(lines) - count} more")


def say_each(outcomes: Sequence[Outcome], reasons: Sequence[str]) -> None:
    """Print questions, each with the lines that say what is wrong with it."""
    for outcome, reason in zip(outcomes, reasons, strict=True):
        say(wrapped(f"- {short(outcome)}"))
        for line in reason.splitlines():
            say(wrapped(line, indent=4))


def short(outcome: Outcome) -> str:
    """A question with its id, on one line."""
    question = textwrap.shorten(outcome.question, LONGEST_QUESTION, placeholder=" …")
    return f"[{outcome.id}] {question}".rstrip()


def figure(value: float | None) -> str:
    """A count or a share; nothing for None."""
    if value is None:
        return ""
    return str(value) if isinstance(value, int) else f"{value:.3f}"


def print_table(table: Table) -> None:
    """Print a table."""
    Console(width=_width(), markup=False, emoji=False, highlight=False).print(table)


def wrapped(text: str, indent: int = 0) -> str:
    """A text in lines of an easy width."""
    before = " " * indent
    return textwrap.fill(
        text,
        _width(),
        initial_indent=before,
        subsequent_indent=before + "  ",
        break_on_hyphens=False,
    )


def _width() -> int:
    """The width of the terminal, at most that of easy reading."""
    return min(WIDTH, Console().width) if sys.stdout.isatty() else WIDTH
