"""Tasks done in several processes, each forked from one that has everything loaded."""

from __future__ import annotations

import json
import os
import shutil
import struct
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

NUMBER = struct.Struct("<i")


@dataclass(frozen=True, slots=True)
class Done:
    """What became of a task: of which kind it was, how it is called, and what was wrong.

    `count` is how many times it ended or failed the program, `again` where it did so in recovery.
    """

    kind: str
    name: str
    faults: tuple[str, ...] = ()
    again: str = ""
    count: int = 1


Task = Callable[[Path], Done]  # in a folder of its own


def side_by_side(tasks: Sequence[Task], base: Path) -> Iterator[Done]:
    """Do tasks in as many processes as there are processors; the folder of a good one goes.

    Raises:
        RuntimeError: a process ended before its tasks did.
    """
    queue, results = os.pipe(), os.pipe()
    for number in range(len(tasks)):
        os.write(queue[1], NUMBER.pack(number))
    os.close(queue[1])
    children = [
        _worker(tasks, base, queue[0], results) for _ in range(len(os.sched_getaffinity(0)))
    ]
    os.close(results[1])
    count = 0
    with os.fdopen(results[0]) as lines:
        for line in lines:
            row = json.loads(line)
            count += 1
            yield Done(**row | {"faults": tuple(row["faults"])})
    for child in children:
        os.waitpid(child, 0)
    os.close(queue[0])
    if count < len(tasks):
        raise RuntimeError(f"{len(tasks) - count} of {len(tasks)} tasks did not end")


def _worker(tasks: Sequence[Task], base: Path, queue: int, results: tuple[int, int]) -> int:
    child = os.fork()
    if child:
        return child
    status = 1
    try:
        os.close(results[0])
        while packed := os.read(queue, NUMBER.size):
            (number,) = NUMBER.unpack(packed)
            folder = base / f"run-{number}"
            done = tasks[number](folder)
            os.write(results[1], json.dumps(asdict(done)).encode() + b"\n")
            if not done.faults:
                shutil.rmtree(folder, ignore_errors=True)
        status = 0
    finally:
        os._exit(status)
