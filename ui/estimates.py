"""What the command line says of what files would take."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from ingest.estimating import Estimated, Repeated, Seen, total_of
from rag.errors import DocumentError
from rag.intake import Estimate
from ui import printing
from ui.intake import intake_of
from ui.naming import estimate_row, listed, shown

if TYPE_CHECKING:
    from rag.wiring import Application


def say_estimates(files: Sequence[Path], application: Application, *, json: bool) -> int:
    """Say what each file would take; how many cannot be taken in, or not with all in them."""
    failed = 0
    estimates: list[Estimate] = []
    seen = Seen()
    with closing(intake_of(application)) as intake:
        for path in files:
            try:
                found = intake.estimate(path, application.library, seen)
            except DocumentError as error:
                failed += 1
                printing.tell(str(error))
                continue
            failed += not found.is_whole
            if found.taken_in:
                estimates.append(found.estimate)
            _say_estimate(path, found, json=json)
    if json:
        total = estimate_row(total_of(estimates))
        printing.say_row({"document": None, **total, "counted": len(estimates)})
    elif len(files) > 1:
        printing.say(
            f"{_counted(len(estimates), len(files))}: {printing.in_words(total_of(estimates))}."
        )
    return failed


def _say_estimate(path: Path, found: Estimated, *, json: bool) -> None:
    """Say what a file would take, or why it takes nothing."""
    loaded = found.loaded
    if json:
        ending = {"state": loaded.state, "reason": loaded.reason, "counted": found.taken_in}
        row = estimate_row(found.estimate) | {"files_within": found.within}
        printing.say_row({"document": shown(path), **row, **ending})
        return
    words = printing.in_words(found.estimate) if found.taken_in else "cannot be taken in"
    said = f"{shown(path)}: {words}. {_within(found, shown(path))} {loaded.reason}"
    printing.say(" ".join(said.split()))


def _counted(counted: int, files: int) -> str:
    """How many files a sum is of."""
    if counted == files:
        return f"All {files} files"
    return f"{counted} of {files} files, the others cannot be taken in"


def _within(found: Estimated, name: str) -> str:
    """Sentences on what is counted of a file of this name and the files within it, and where."""
    parts = []
    if found.within:
        parts.append(f"This is with {_counted_within(found)}.")
    if found.uncounted:
        reasons = [f"{it.name} ({it.reason.rstrip('.')})" for it in found.uncounted]
        parts.append(f"Not counted: {listed(reasons)}.")
    own = [it for it in found.repeated if it.name == name]
    inner = [it for it in found.repeated if it.name != name]
    parts += [f"Its content is counted under {_first(it)}." for it in own]
    if inner:
        named = [f"{it.name} (under {_first(it)})" for it in inner]
        parts.append(f"Counted elsewhere: {listed(named)}.")
    return " ".join(parts)


def _counted_within(found: Estimated) -> str:
    """How many of the files in a file are counted, and how many in those, apart."""
    held, directly, deeper = found.loaded.held, found.directly, found.within - found.directly
    files = "1 file" if held == 1 else f"{held:,} files"
    some = f"{files} in it" if directly == held else f"{directly:,} of the {files} in it"
    return f"{some} and {deeper:,} in those" if deeper else some


def _first(repeated: Repeated) -> str:
    """Under what something is counted; another file may be called the same."""
    is_same = repeated.counted_under == repeated.name
    return f"the other {repeated.name}" if is_same else repeated.counted_under
