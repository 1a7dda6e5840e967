"""The bars on stderr that show how far a command is; where that is no terminal, there are none."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    ProgressColumn,
    SpinnerColumn,
    TaskProgressColumn,
    TextColumn,
)
from rich.table import Column

from ingest.pipeline import Progress as FileProgress
from ingest.pipeline import Report
from rag.intake import Job, Stage
from ui.endings import BEING_READ

NARROW_BAR = 20  # characters
AT_WORK = (Stage.READING, Stage.OCR, Stage.EMBEDDING)


@contextmanager
def file_progress() -> Iterator[Report]:
    """Show on stderr how far each file has come; where that is no terminal, nothing moves."""
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), TaskProgressColumn())
    with _bar(*columns) as bar:
        task = bar.add_task("", total=None)

        def report(progress: FileProgress) -> None:
            verb = "embedding" if progress.stage is Stage.EMBEDDING else "reading"
            bar.update(
                task,
                description=f"{verb} {progress.name}",
                completed=progress.done,
                total=progress.total,
            )

        yield report


@contextmanager
def queue_progress() -> Iterator[Callable[[Sequence[Job]], None]]:
    """Show on stderr how far the files are, and the one that is worked on, page by page."""
    words_column = TextColumn(
        "{task.description}", markup=False, table_column=Column(ratio=1, no_wrap=True)
    )
    with _bar(words_column, BarColumn(NARROW_BAR), TaskProgressColumn(), expand=True) as bar:
        task = bar.add_task("", total=None)

        def show(jobs: Sequence[Job]) -> None:
            read = sum(job.stage not in BEING_READ for job in jobs)
            all_read = read == len(jobs)
            done = sum(job.has_ended for job in jobs) if all_read else read
            now = next((job for job in jobs if job.stage in AT_WORK), None)
            counted = f"words ready, meaning {done}" if all_read else f"{read}"
            words = f"{counted} of {len(jobs)}{'' if all_read else ' read'}"
            bar.update(
                task,
                description=f"{words} · {_at_work(now)}" if now is not None else words,
                completed=done + (now.done / now.total if now is not None and now.total else 0.0),
                total=len(jobs),
            )

        yield show


def _at_work(job: Job) -> str:
    """A file that is worked on, with how far it is."""
    unit = "passage" if job.stage is Stage.EMBEDDING else "page"
    return f"{unit} {job.done:,} of {job.total:,} of {job.name}" if job.total else job.name


@contextmanager
def count_progress() -> Iterator[Progress]:
    """Show on stderr how many questions are answered."""
    with _bar(TextColumn("answering"), BarColumn(), TextColumn("{task.completed}")) as bar:
        bar.add_task("answering", total=None)
        yield bar


@contextmanager
def share_progress(verb: str, total: int) -> Iterator[Progress]:
    """Show on stderr how many of a known number are done."""
    counts = "{task.completed} of {task.total}"
    with _bar(TextColumn(verb, markup=False), BarColumn(), TextColumn(counts)) as bar:
        bar.add_task(verb, total=total)
        yield bar


@contextmanager
def bytes_progress(verb: str) -> Iterator[Callable[[int, int], None]]:
    """Show on stderr how many bytes of how many are done."""
    with _bar(TextColumn(verb, markup=False), BarColumn(), DownloadColumn()) as bar:
        task = bar.add_task(verb, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


@contextmanager
def step_progress() -> Iterator[Progress]:
    """Show on stderr what is being done."""
    with _bar(SpinnerColumn(), TextColumn("{task.description}", markup=False)) as bar:
        bar.add_task("", total=None)
        yield bar


def _bar(*columns: ProgressColumn, expand: bool = False) -> Progress:
    console = Console(stderr=True, markup=False, emoji=False)
    return Progress(
        *columns,
        console=console,
        transient=True,
        expand=expand,
        disable=not console.is_terminal,
        # rich would otherwise send to stderr what is printed meanwhile, into a file or not
        redirect_stdout=sys.stdout.isatty(),
    )
