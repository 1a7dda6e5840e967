"""Reads whatever lies in folders, each file in the sandbox, and says how every one ended.

    python -m bench.corpus FOLDER... [--from-git GITDIR...] [--suffixes pdf,docx] [--workers 2]
                           [--limit N] [--out FILE]

For the test files of other programs: odd, damaged and hostile ones. `--from-git` reads the newest
commit of a bare git directory; its files go into a temporary folder that is deleted afterwards, and
each content is read once. What it lists and lacks is named as absent.

It ends with a table of the outcomes by type, the slowest files, what this process grew by, and
everything that must not be: a file that took longer than 30 seconds, or ended the process that
read it (a crash, its time, its memory), an end without a state and a sentence, a document whose
parts contradict each other, a process or a file left behind. Any of these makes the exit status 1.
`--out` keeps one line of JSON a file.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path, PurePath
from typing import TextIO

from bench.git_files import export, in_folder, listed
from bench.soundness import faults, is_sentence
from bench.startup import resident_megabytes
from ingest.answer import NO_SENSE, TOO_HUNGRY
from ingest.child import BROKE_DOWN, TOO_SLOW
from ingest.filetypes import TYPE_BY_SUFFIX, FileType
from ingest.sandbox import Sandbox
from rag.domain import DocumentState
from rag.errors import DocumentError

MAX_PAGES = 2000
MOST_SECONDS = 30.0
WARM_UP_FILES = 100  # after which the memory of this process is measured for the first time
SLOWEST = 10
SHOWN = 40
STOPPED = (NO_SENSE, TOO_HUNGRY, BROKE_DOWN, TOO_SLOW.partition("{")[0])
OLD_FORMATS = frozenset({"doc", "ppt", "xlsb", "odt", "ods", "odp", "gif", "mbox"})
SUFFIXES = OLD_FORMATS | {
    suffix.lstrip(".") for suffix, kind in TYPE_BY_SUFFIX.items()
    if kind not in (FileType.CODE, FileType.JSON, FileType.MARKDOWN, FileType.TEXT)
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Case:
    """A file to read: where it lies, and what its owner calls it."""

    path: Path
    name: str

    @property
    def suffix(self) -> str:
        """The ending of its name, without the dot."""
        return PurePath(self.name).suffix.lower().lstrip(".") or "none"


@dataclass(frozen=True, slots=True)
class Outcome:
    """How reading a file ended; `stopped` is whether that ended the process that read it.

    `wrong` says what must not be.
    """

    name: str
    suffix: str
    state: str
    reason: str
    seconds: float
    pages: int
    characters: int
    stopped: bool
    wrong: tuple[str, ...]


def read(sandbox: Sandbox, case: Case) -> Outcome:
    """Read one file."""
    started = time.perf_counter()
    pages = characters = 0
    try:
        document = sandbox.read(case.path, PurePath(case.name).name, max_pages=MAX_PAGES)
    except DocumentError as error:
        state, reason = str(error.state), error.reason
        wrong = [] if is_sentence(reason) else [f"{state} for no sentence: {reason!r}"]
        if reason == NO_SENSE:
            wrong.append("the reader raised what it may not raise")
        elif reason.startswith(STOPPED):
            wrong.append(f"it ended its reader: {reason}")
    except Exception as error:  # noqa: BLE001 - whatever comes out of it is what is looked for
        state, reason = "unclassified", repr(error)
        wrong = [f"unclassified: {reason}"]
    else:
        state, reason = str(document.state), document.reason
        pages, characters = len(document.pages), sum(len(page.text) for page in document.pages)
        wrong = faults(document)
    seconds = time.perf_counter() - started
    if seconds > MOST_SECONDS:
        wrong.append(f"it took {seconds:.0f} seconds")
    return Outcome(
        case.name,
        case.suffix,
        state,
        reason,
        round(seconds, 3),
        pages,
        characters,
        reason.startswith(STOPPED),
        tuple(wrong),
    )


def cases_of_git(git_dir: Path, suffixes: frozenset[str], folder: Path) -> tuple[list[Case], int]:
    """The files of a repository that could be written into a folder, and how many could not."""
    files = listed(git_dir, suffixes)
    places = export(git_dir, files, folder)
    present = [Case(places[file.blob], file.path) for file in files if file.blob in places]
    for file in files:
        if file.blob not in places:
            print(f"absent: {file.path}")
    return present, len(files) - len(present)


def children() -> set[int]:
    """The processes that this one has started and that are still there."""
    tasks = Path("/proc/self/task").glob("*/children")
    return {int(number) for task in tasks for number in task.read_text("ascii").split()}


def open_files() -> int:
    """How many files and sockets this process has open."""
    return len(list(Path("/proc/self/fd").iterdir()))


def read_all(cases: Sequence[Case], workers: int, out: TextIO | None) -> tuple[list[Outcome], str]:
    """Read every file; what happened to this process meanwhile is the second part."""
    outcomes: list[Outcome] = []
    warm = resident_megabytes(os.getpid())
    with Sandbox(workers=workers) as sandbox, ThreadPoolExecutor(workers) as pool:
        for outcome in pool.map(lambda case: read(sandbox, case), cases):
            outcomes.append(outcome)
            if out is not None:
                out.write(json.dumps(asdict(outcome), ensure_ascii=False) + "\n")
            if len(outcomes) == WARM_UP_FILES:
                warm = resident_megabytes(os.getpid())
            if len(outcomes) % 500 == 0:
                print(f"{len(outcomes)} of {len(cases)}", file=sys.stderr, flush=True)
        grown = resident_megabytes(os.getpid()) - warm
    return outcomes, f"this process: {warm:.0f} MB at first, {grown:+.0f} MB in the end"


def table(outcomes: Sequence[Outcome]) -> Iterator[str]:
    """The outcomes by type, as Markdown."""
    states = [*map(str, DocumentState), "unclassified"]
    met = [state for state in states if any(each.state == state for each in outcomes)]
    yield f"| type | files | {' | '.join(met)} |"
    yield "|---" * (len(met) + 2) + "|"
    by_suffix = Counter(each.suffix for each in outcomes)
    for suffix, files in [*by_suffix.most_common(), ("all", len(outcomes))]:
        count = Counter(each.state for each in outcomes if suffix in (each.suffix, "all"))
        cells = " | ".join(str(count[state] or "") for state in met)
        yield f"| {suffix} | {files} | {cells} |"


def report(outcomes: Sequence[Outcome]) -> None:
    """Print what is worth knowing."""
    print("\n".join(table(outcomes)))
    seconds = sorted(each.seconds for each in outcomes)
    print(
        f"\n{len(outcomes)} files, {sum(each.pages for each in outcomes)} pages, "
        f"{sum(each.characters for each in outcomes) / 1e6:.1f} million characters; "
        f"median {seconds[len(seconds) // 2]:.3f} s, longest {seconds[-1]:.2f} s"
    )
    print("\nThe slowest:")
    for each in sorted(outcomes, key=lambda each: -each.seconds)[:SLOWEST]:
        print(f"  {each.seconds:7.2f} s  {each.state:14} {each.name}")
    stopped = [each for each in outcomes if each.stopped]
    print(f"\nProcesses that a file ended: {len(stopped)}")
    for each in stopped[:SHOWN]:
        print(f"  {each.seconds:7.2f} s  {each.name}: {each.reason}")


def run(options: argparse.Namespace, scratch: Path) -> int:
    """Read what was asked for; 1 if anything was as it must not be."""
    suffixes = frozenset(options.suffixes.split(",")) if options.suffixes else SUFFIXES
    cases = [
        Case(path, str(path.relative_to(folder)))
        for folder in options.folders
        for path in in_folder(folder)
        if not options.suffixes or path.suffix.lower().lstrip(".") in suffixes
    ]
    absent = 0
    for git_dir in options.from_git:
        found, lacking = cases_of_git(git_dir, suffixes, scratch)
        cases += found
        absent += lacking
    cases = list({case.path: case for case in cases}.values())[: options.limit]
    if not cases:
        print("There is no such file.", file=sys.stderr)
        return 2
    before = children(), open_files(), sorted(scratch.iterdir())
    started = time.perf_counter()
    with ExitStack() as stack:
        out = stack.enter_context(options.out.open("w", encoding="utf-8")) if options.out else None
        outcomes, memory = read_all(cases, options.workers, out)
    wrong = [f"{each.name}: {what}" for each in outcomes for what in each.wrong]
    report(outcomes)
    print(f"\n{time.perf_counter() - started:.0f} s with {options.workers} workers; {memory}")
    left = [
        f"{len(children() - before[0])} processes",
        f"{max(open_files() - before[1], 0)} open files",
        f"{len(set(scratch.iterdir()) - set(before[2]))} files on disk",
    ]
    print(f"left behind: {', '.join(left)}; absent: {absent}; wrong: {len(wrong)}")
    print("\n".join(f"  {each}" for each in wrong[:SHOWN]))
    return int(bool(wrong) or any(not each.startswith("0 ") for each in left))


def main(arguments: Sequence[str] | None = None) -> int:
    """Read the command line and run."""
    parser = argparse.ArgumentParser(prog="python -m bench.corpus", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("folders", nargs="*", type=Path, metavar="FOLDER")
    parser.add_argument("--from-git", action="append", type=Path, default=[], metavar="GITDIR")
    parser.add_argument("--suffixes", default="", help="only these, such as pdf,docx")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--verbose", action="store_true", help="what the processes print, too")
    parser.add_argument("--limit", type=int, help="only the first so many")
    parser.add_argument("--out", type=Path, help="one line of JSON a file")
    options = parser.parse_args(arguments)
    if options.verbose:
        logging.basicConfig(level=logging.INFO)
        logging.getLogger("ingest").setLevel(logging.DEBUG)
    with tempfile.TemporaryDirectory(prefix="corpus-") as scratch:
        before, tempfile.tempdir = tempfile.tempdir, scratch  # to see what anything leaves behind
        try:
            return run(options, Path(scratch))
        finally:
            tempfile.tempdir = before


if __name__ == "__main__":
    sys.exit(main())
