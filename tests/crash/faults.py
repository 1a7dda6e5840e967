"""Stages on a disk that fails: at each of its operations in turn, until none is left to fail."""

from __future__ import annotations

import errno
from collections.abc import Callable, Sequence
from pathlib import Path

from rag.errors import RagError
from tests.crash.children import Diary, run
from tests.crash.driver import Prepared, Run, allowed_after, fresh_root, judge, recovery
from tests.crash.failing_disk import Disk, Failure
from tests.crash.program import OURS, opened
from tests.crash.steps import Stage

FAILURES = (
    Failure("is full", errno.ENOSPC, lasts=True, takes_room=True),
    Failure("fails once", errno.EIO, lasts=False, takes_room=False),
)
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
