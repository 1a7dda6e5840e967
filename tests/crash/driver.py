"""Runs the mix, lists the failpoints it passes, and ends it at each, again during recovery."""

from __future__ import annotations

import gc
import importlib
import os
import random
import shutil
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.crash.children import NEVER, Diary, Ended, end_of, run, start
from tests.crash.papers import text_of_version
from tests.crash.program import ELSEWHERE, Program, opened, recover
from tests.crash.shelf import Shelf
from tests.crash.steps import Stage
from tests.crash.verdict import answer_faults, faults_of
from tests.crash.warmth import share_statements

Sabotage = Callable[[], None]
BEFORE, AFTER = "before", "after"
RANDOM = "random moment"
NOWHERE = "no point"  # that it came to
MOST_SECONDS_TO_END, LOOK_SECONDS = 20.0, 0.02


def untouched() -> None:
    """Leave the program as it is."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """A stage with the folder that it starts from, what that holds, and the points it passes."""

    stage: Stage
    folder: Path
    shelf: Shelf
    points: tuple[str, ...]
    seconds: float


@dataclass(frozen=True, slots=True)
class Run:
    """One run that was cut short: where, where again in recovery, and what was wrong after it."""

    stage: str
    point: str
    again: str
    faults: tuple[str, ...]
    folder: Path

    @property
    def is_random(self) -> bool:
        """Whether nobody chose the moment."""
        return self.point.startswith(RANDOM)

    @property
    def words(self) -> str:
        """The run in words."""
        again = f", again at {self.again}" if self.again else ""
        return f"{self.stage}: killed at {self.point}{again}"


def warm_up(folder: Path) -> None:
    """Load in this process what each of its children needs; no thread is left running.

    Raises:
        RuntimeError: a thread runs, so that this process must not be forked.
    """
    importlib.import_module("alembic.command")
    share_statements()
    (folder / ELSEWHERE).mkdir(parents=True)
    with opened(folder) as program:
        for version in "ab":
            program.submit("warm.txt", text_of_version("warm.txt", version))
            program.drain()
        program.remove("warm.txt")
        program.bring_back("warm.txt")
    recover(folder, _look)
    faults_of(folder, [], folder / "scratch")  # nothing is allowed: what it finds is not meant
    gc.collect()
    gc.freeze()  # so that no child copies what is loaded by looking through it
    until = time.monotonic() + MOST_SECONDS_TO_END
    while (running := len(list(Path("/proc/self/task").iterdir()))) > 1:
        if time.monotonic() > until:
            raise RuntimeError(f"{running} threads run")
        time.sleep(LOOK_SECONDS)  # tantivy's threads end by themselves, and nobody can join them


def _look(program: Program) -> None:
    """Ask the search of a program; what is wrong is not meant."""
    list(answer_faults(program))


def prepare(stages: Sequence[Stage], base: Path) -> list[Prepared]:
    """Run every stage to its end, with the failpoints listed that it passes.

    Raises:
        AssertionError: one does not do what it should when nothing happens to it.
    """
    found: list[Prepared] = []
    shelf, last = Shelf(), base / "nothing"
    (last / ELSEWHERE).mkdir(parents=True)
    for number, stage in enumerate(stages):
        before = base / f"{number}-{BEFORE}"
        if stage.start is not None:
            (before / ELSEWHERE).mkdir(parents=True)
            shelf = stage.start(before)
        else:
            shutil.copytree(last, before)
        last = base / f"{number}-{AFTER}"
        shutil.copytree(before, last)
        began = time.monotonic()
        ended = run(work_of(last, stage), base / f"{number}.log")
        seconds = time.monotonic() - began
        after = stage.after(shelf, len(stage.steps))
        judged = run(judge(last, [after]), base / f"{number}.judged")
        faults = [*ended.faults, *judged.faults]
        assert not faults, f"{stage.name}: {faults}"
        found.append(Prepared(stage, before, shelf, tuple(ended.points), seconds))
        shelf = after
    return found


def work_of(
    root: Path, stage: Stage, sabotage: Sabotage = untouched
) -> Callable[[Diary], Sequence[str]]:
    """The work of a process that does a stage, and writes down what it acknowledged."""

    def work(diary: Diary) -> list[str]:
        sabotage()
        faults: list[str] = []
        with opened(root) as program:
            for number, step in enumerate(stage.steps):
                diary.write("begun", number)
                step.act(program)
                diary.write("acknowledged", number)
                if step.name == "search":
                    faults += answer_faults(program)
        return faults

    return work


def recovery(
    root: Path, sabotage: Sabotage = untouched, *, retries: bool = False
) -> Callable[[Diary], Sequence[str]]:
    """The work of a process that starts after a crash, and of what looks at it then.

    It `retries` the files whose taking in failed, as somebody does who was told so.
    """

    def work(_diary: Diary) -> list[str]:
        sabotage()
        faults: list[str] = []

        def looks(program: Program) -> None:
            faults.extend(answer_faults(program))

        recover(root, looks, retries=retries)
        return faults

    return work


def judge(root: Path, allowed: Sequence[Shelf]) -> Callable[[Diary], Sequence[str]]:
    """The work of a process that says what is wrong with what others left."""
    return lambda _diary: faults_of(root, allowed, root.parent / f"{root.name}-scratch")


def allowed_after(prepared: Prepared, ended: Ended) -> list[Shelf]:
    """What there may be: all that was acknowledged, and what was under way or not."""
    acknowledged, begun = len(ended.all("acknowledged")), len(ended.all("begun"))
    after = prepared.stage.after
    return [after(prepared.shelf, count) for count in dict.fromkeys([acknowledged, begun])]


def cut_short(
    prepared: Prepared, at: int, again: int, folder: Path, sabotage: Sabotage = untouched
) -> Run:
    """Kill a stage at a pass of a failpoint, its recovery at another, and judge what is left.

    `again` counts on from the first point where recovery passes fewer.
    """
    root = fresh_root(prepared, folder)
    ended = run(work_of(root, prepared.stage, sabotage), folder / "first.log", at)
    point = str(*ended.all("killed"))
    return _recovered(prepared, ended, point or NOWHERE, again, folder, sabotage)


def cut_at_random(prepared: Sequence[Prepared], seed: int, folder: Path) -> Run:
    """Kill a stage at a moment that nobody chose, and its recovery at some point."""
    chance = random.Random(seed)  # noqa: S311 - no secret
    log = folder / "first.log"
    while True:
        chosen = chance.choice(prepared)
        root = fresh_root(chosen, folder)
        child = start(work_of(root, chosen.stage), log)
        time.sleep(chance.uniform(0, chosen.seconds))  # the moment itself is what is tried
        os.kill(child, signal.SIGKILL)
        ended = end_of(child, log)
        if ended.killed:  # else it was quicker
            break
    return _recovered(chosen, ended, f"{RANDOM} {seed}", chance.randrange(1, 400), folder)


def _recovered(
    prepared: Prepared,
    ended: Ended,
    point: str,
    again: int,
    folder: Path,
    sabotage: Sabotage = untouched,
) -> Run:
    root, allowed = folder / "root", allowed_after(prepared, ended)
    kept = folder / "kept"
    shutil.copytree(root, kept)
    second = run(recovery(root, sabotage), folder / "second.log", again)
    if not second.killed:
        faults = second.faults
        again = 1 + again % max(len(second.points), 1)
        shutil.rmtree(root)
        kept.rename(root)
        second = run(recovery(root, sabotage), folder / "second-again.log", again)
    else:
        faults = []
    where = str(*second.all("killed"))
    third = run(recovery(root, sabotage), folder / "third.log", NEVER)
    judged = run(judge(root, allowed), folder / "judged.log")
    found = [*ended.faults, *faults, *third.faults, *judged.faults]
    return Run(prepared.stage.name, point, where, tuple(dict.fromkeys(found)), folder)


def fresh_root(prepared: Prepared, folder: Path) -> Path:
    """A copy of the folder that a stage starts from."""
    root = folder / "root"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    shutil.copytree(prepared.folder, root)
    return root


def enumerated(prepared: Sequence[Prepared]) -> Iterator[tuple[Prepared, int]]:
    """Every pass of every failpoint, by its number from 1."""
    for each in prepared:
        for number in range(1, len(each.points) + 1):
            yield each, number


def caught(sabotage: Sabotage, prepared: Prepared, points: Sequence[str], folder: Path) -> str:
    """How a sabotage shows itself: without a kill, or at which; empty where it does not.

    The stage is killed at the `points` first, each time that it comes to them, then everywhere.
    """
    root, stage = fresh_root(prepared, folder), prepared.stage
    ended = run(work_of(root, stage, sabotage), folder / "uncut.log")
    after = run(recovery(root, sabotage), folder / "after.log")
    judged = run(judge(root, allowed_after(prepared, ended)), folder / "judged.log")
    faults = [*ended.faults, *after.faults, *judged.faults]
    if faults:
        return f"without a kill: {faults[0]}"
    passes = list(enumerate(ended.points, start=1))
    first = [at for at, name in passes if name in points]
    for at in [*first, *(at for at, _ in passes if at not in first)]:
        done = cut_short(prepared, at, at, folder, sabotage)
        if done.faults:
            return f"killed at {done.point}: {done.faults[0]}"
    return ""
