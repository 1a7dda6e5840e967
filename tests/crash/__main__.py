"""`python -m tests.crash`: kills, sabotages and failing disks in several processes, summed up."""

from __future__ import annotations

import argparse
import json
import logging
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from functools import partial
from itertools import count, product
from pathlib import Path

import faiss
from rich.console import Console
from rich.progress import Progress

from tests.crash import failing_disk
from tests.crash.driver import (
    NOWHERE,
    Prepared,
    Run,
    caught,
    cut_at_random,
    cut_short,
    enumerated,
    prepare,
    warm_up,
)
from tests.crash.failing_disk import Failure
from tests.crash.faults import FAILURES, UNFIT, on_failing_disk, places
from tests.crash.mix import stages
from tests.crash.sabotages import SABOTAGES
from tests.crash.workers import Done, Task, side_by_side

MEMORY = Path("/dev/shm")  # noqa: S108 - who is killed loses nothing that the system has
ROOM_BYTES = 1 << 30
STRIDE, ROUND = 7, 61  # by which the kills of recoveries go round
ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
KILL, RANDOM, SABOTAGE, DISK = "kill", "random", "sabotage", "disk"


def kills(prepared: Sequence[Prepared], most: int) -> list[tuple[Prepared, int]]:
    """Every pass of a failpoint; of those `most` at most, with each failpoint once first."""
    every = list(enumerated(prepared))
    if most >= len(every):
        return every
    seen: set[str] = set()
    first: list[tuple[Prepared, int]] = []
    others: list[tuple[Prepared, int]] = []
    for each, at in every:
        name = each.points[at - 1]
        (others if name in seen else first).append((each, at))
        seen.add(name)
    left = max(most - len(first), 0)
    spread = [others[place * len(others) // left] for place in range(left)]
    return [*first[:most], *spread]


def tasks_of(prepared: Sequence[Prepared], asked: argparse.Namespace) -> list[Task]:
    """What the command line asks for."""
    found: list[Task] = []
    by_name = {each.stage.name: each for each in prepared}
    if asked.sabotages:
        shown = [name for name, it in SABOTAGES.items() if it.stage in by_name]
        found += [partial(_sabotage, by_name, name) for name in shown]
    if (asked.disk or asked.places) and failing_disk.is_loaded():
        fit = [each for each in prepared if each.stage.name not in UNFIT]
        found += [
            partial(_disk, each, failure, _chosen(number, asked.disk), asked.journal)
            for number, (each, failure) in enumerate(product(fit, FAILURES))
        ]
    for number, (each, at) in enumerate(kills(prepared, asked.kills)):
        found.append(partial(_kill, each, at, 1 + number * STRIDE % ROUND))
    found += [partial(_moment, prepared, asked.seed + number) for number in range(asked.random)]
    return found


def _kill(prepared: Prepared, at: int, again: int, folder: Path) -> Done:
    run = cut_short(prepared, at, again, folder)
    if run.point == NOWHERE:
        return Done(KILL, run.words, (f"it does not come to {prepared.points[at - 1]}",))
    return _done(KILL, run)


def _moment(prepared: Sequence[Prepared], seed: int, folder: Path) -> Done:
    return _done(RANDOM, cut_at_random(prepared, seed, folder))


def _done(kind: str, run: Run) -> Done:
    return Done(kind, run.words, run.faults, run.again)


def _sabotage(by_name: dict[str, Prepared], name: str, folder: Path) -> Done:
    sabotage = SABOTAGES[name]
    shown = caught(sabotage.apply, by_name[sabotage.stage], sabotage.points, folder)
    return Done(SABOTAGE, name, () if shown else ("nothing shows it",), shown)


def _chosen(number: int, stride: int) -> tuple[int, int]:
    """The first operation to fail at, another in each stage, and how many there are between two."""
    return 1 + number * STRIDE % stride if stride else 1, stride


def _disk(
    prepared: Prepared,
    failure: Failure,
    chosen: tuple[int, int],
    journal: Path | None,
    folder: Path,
) -> Done:
    """Fail at an operation, and at each so many more, until a run passes in which none failed.

    Where that is none, fail at each place in the code. The journal tells what an earlier run has
    done, which this one goes on with.
    """
    name = f"{prepared.stage.name}, on a disk that {failure.name}"
    known: dict[int, list[str]] = {}
    for line in journal.read_text().splitlines() if journal and journal.exists() else ():
        its_name, at, its_faults = json.loads(line)
        known |= {at: its_faults} if its_name == name else {}
    first, stride = chosen
    for at in count(first, stride) if stride else places(prepared, failure, folder):
        if at in known:
            continue
        run = on_failing_disk(prepared, failure, at, folder)
        if run is None and stride:
            break
        known[at] = [f"{run.point}: {fault}" for fault in run.faults] if run else []
        if journal is not None:
            with journal.open("a") as file:
                file.write(json.dumps([name, at, known[at]]) + "\n")
    faults = [fault for found in known.values() for fault in found]
    return Done(DISK, name, tuple(faults[:3]), count=len(known))


def main() -> int:
    """Do what the command line asks for; 1 where a fault was found."""
    parser = argparse.ArgumentParser(prog="python -m tests.crash", description=__doc__)
    parser.add_argument("--kills", type=int, default=1 << 30, help="how many of all")
    parser.add_argument("--random", type=int, default=150, help="at random moments, besides")
    parser.add_argument("--seed", type=int, default=1, help="of the random moments")
    parser.add_argument("--sabotages", action="store_true", help="show that faults are found")
    parser.add_argument("--disk", type=int, default=0, help="fail at each so many operations")
    parser.add_argument("--places", action="store_true", help="fail at each place in the code")
    parser.add_argument("--stage", action="append", help="only this one; more than once for more")
    parser.add_argument("--journal", type=Path, help="of failing disks, to go on with later")
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.folder is None:
        return _in_own_process()
    logging.disable(logging.WARNING)
    faiss.omp_set_num_threads(1)
    began = time.monotonic()
    warm_up(asked.folder / "warm")
    prepared = prepare(stages(), asked.folder / "stages")
    chosen = [each for each in prepared if each.stage.name in (asked.stage or [each.stage.name])]
    tasks = tasks_of(chosen, asked)
    found: list[Done] = []
    with Progress(console=Console(stderr=True)) as progress:
        bar = progress.add_task("Kills", total=len(tasks))
        for done in side_by_side(tasks, asked.folder):
            found.append(done)
            progress.advance(bar)
            for fault in done.faults:
                progress.console.print(f"{done.name}: {fault}")
    return _summed_up(prepared, found, time.monotonic() - began)


def _in_own_process() -> int:
    """Start this again with one thread for each library, and the failing disk loaded."""
    in_memory = MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > ROOM_BYTES
    base = Path(tempfile.mkdtemp(prefix="tramontane-crash-", dir=MEMORY if in_memory else None))
    more = dict(ONE_THREAD)
    if failing_disk.compiler() is not None:
        more["LD_PRELOAD"] = str(failing_disk.build(base))
    command = [sys.executable, "-m", "tests.crash", *sys.argv[1:], "--folder", str(base)]
    status = subprocess.run(command, env=os.environ | more).returncode
    if status:
        sys.stderr.write(f"What went wrong is kept in {base}.\n")
    else:
        shutil.rmtree(base)
    return status


def _summed_up(prepared: Sequence[Prepared], found: Sequence[Done], seconds: float) -> int:
    """Print what was done as JSON; 1 where something was wrong."""

    def count(kind: str) -> int:
        return sum(done.count for done in found if done.kind == kind)

    told = {
        "kills": count(KILL),
        "random": count(RANDOM),
        "killed_again": sum(bool(done.again) for done in found if done.kind in (KILL, RANDOM)),
        "disk": count(DISK),
        "sabotages": {done.name: done.again for done in found if done.kind == SABOTAGE},
        "passes": sum(len(each.points) for each in prepared),
        "failpoints": sorted({name for each in prepared for name in each.points}),
        "again": sorted({done.again for done in found if done.kind in (KILL, RANDOM)} - {""}),
        "faults": [f"{done.name}: {fault}" for done in found for fault in done.faults],
        "seconds": round(seconds, 1),
    }
    sys.stdout.write(json.dumps(told, indent=1) + "\n")
    return 1 if told["faults"] else 0


if __name__ == "__main__":
    sys.exit(main())
