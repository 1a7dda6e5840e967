"""Stages on a disk that fails: at each of its operations in turn, until none is left to fail."""

from __future__ import annotations

import errno
import hashlib
import re
import sys
import threading
import traceback
from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path

from rag.errors import RagError
from tests.crash.children import NEVER, Diary, run
from tests.crash.driver import Prepared, Run, allowed_after, fresh_root, judge, recovery
from tests.crash.failing_disk import Disk, Failure
from tests.crash.program import OURS, opened
from tests.crash.steps import Stage

FAILURES = (
    Failure("is full", errno.ENOSPC, lasts=True, takes_room=True),
    Failure("fails once", errno.EIO, lasts=False, takes_room=False),
)
NUMBERS = re.compile(r"[0-9a-f]{6,}|[0-9]+|\.(?:new|old|tmp)-?\w*")  # of whichever file it is
UNFIT = ("damage",)  # in which the test itself writes, as a disk that goes wrong


def on_failing_disk(prepared: Prepared, failure: Failure, at: int, folder: Path) -> Run | None:
    """Do a stage on a disk that fails at an operation; None where it does not come to it.

    Whoever uses it is told in one plain sentence, or need not know; files whose taking in failed
    are tried again once the disk is well.
    """
    root = fresh_root(prepared, folder)
    ended = run(_work(root, prepared.stage, failure, at), folder / "first.log")
    (failed,) = ended.all("failed") or [""]
    if not failed and not ended.faults:
        return None
    again = run(recovery(root, retries=True), folder / "again.log")
    judged = run(judge(root, allowed_after(prepared, ended)), folder / "judged.log")
    faults = [*ended.faults, *again.faults, *judged.faults]
    told = " ".join(map(str, ended.all("told")))
    point = f"{failure.name} at {failed} {at}"
    return Run(prepared.stage.name, f"{point} ({told})", "", tuple(dict.fromkeys(faults)), folder)


def places(prepared: Prepared, failure: Failure, folder: Path) -> list[int]:
    """The operations to fail at so that each place in the code that comes to one is tried.

    Of those that one place does alike, such as the pages of one commit, the first and the last are.
    """
    root = fresh_root(prepared, folder)
    ended = run(_watched(root, prepared.stage), folder / "watched.log")
    numbers: dict[str, list[int]] = defaultdict(list)
    number = 0
    for line in ended.all("operation"):
        place, _, takes_room = str(line).partition(" ")
        if takes_room or not failure.takes_room:
            number += 1
            numbers[place].append(number)
    some = ((its[0], its[-1]) for its in numbers.values())
    return sorted({number for each in some for number in each})


def _watched(root: Path, stage: Stage) -> Callable[[Diary], Sequence[str]]:
    """The work of a process that notes each operation by the code that comes to it."""

    def work(diary: Diary) -> list[str]:
        disk, found = Disk(), list[tuple[str, bool]]()
        main = threading.get_ident()

        def told(name: str, path: str, takes_room: bool) -> None:
            frame = sys._getframe(1).f_back or sys._current_frames()[main]  # of a library's thread
            stack = [(it.f_code.co_filename, line) for it, line in traceback.walk_stack(frame)]
            place = f"{name} {NUMBERS.sub('', Path(path).name)} {stack}"
            found.append((hashlib.sha256(place.encode()).hexdigest()[:16], takes_room))

        disk.watch(told)
        disk.fail(root, FAILURES[-1], NEVER)
        with opened(root) as program:
            for step in stage.steps:
                step.act(program)
        disk.rest()
        for place, takes_room in found:
            diary.write("operation", f"{place} room" if takes_room else place)
        return []

    return work


def _work(root: Path, stage: Stage, failure: Failure, at: int) -> Callable[[Diary], Sequence[str]]:
    def work(diary: Diary) -> list[str]:
        disk = Disk()
        disk.fail(root, failure, at)
        faults: list[str] = []
        try:
            with opened(root) as program:
                for number, step in enumerate(stage.steps):
                    diary.write("begun", number)
                    step.act(program)
                    diary.write("acknowledged", number)
                    failed = program.failed_jobs()
                    for job in failed:
                        diary.write("told", job.outcome)
                        faults += [job.outcome] if OURS in job.outcome else []
                    if failed:  # nobody goes on before that is tried again
                        break
        except RagError as error:
            diary.write("told", str(error))
            if not str(error).endswith("."):
                faults.append(f"it is told in no sentence: {error}")
        disk.rest()
        diary.write("failed", disk.failed)
        return faults

    return work
