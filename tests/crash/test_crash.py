"""The store under 160 kills, deliberate faults and failing disks; all of them: make crash."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import timeit
from collections import Counter
from typing import Any

import pytest

from rag.failpoints import arm, failpoint
from tests.crash.failing_disk import compiler
from tests.crash.sabotages import SABOTAGES
from tests.rag.store.shelves import ROOT

KILLS, MOMENTS, DISK_STRIDE = 145, 15, 139
MOST_SECONDS_OFF = 100e-9
POINT = re.compile(r'\bfailpoint\("([^"]+)"\)')

pytestmark = [
    pytest.mark.timeout(300),
    pytest.mark.skipif(sys.platform != "linux", reason="the driver forks, and asks /proc"),
]


@pytest.fixture(scope="module")
def told() -> Any:
    """What the driver says of some of its runs."""
    options = ["--kills", KILLS, "--random", MOMENTS, "--disk", DISK_STRIDE, "--sabotages"]
    command = [sys.executable, "-m", "tests.crash", *map(str, options)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.stdout, done.stderr
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def points() -> Counter[str]:
    """The failpoints in the source, and how often each stands there."""
    files = [path for layer in ("rag", "ingest", "ui") for path in (ROOT / layer).rglob("*.py")]
    return Counter(name for path in files for name in POINT.findall(path.read_text()))


def test_nothing_acknowledged_is_lost_doubled_or_brought_back_wherever_it_is_killed(
    told: Any,
) -> None:
    assert told["faults"] == []
    assert (told["kills"], told["random"]) == (KILLS, MOMENTS)
    assert told["killed_again"] == KILLS + MOMENTS


def test_the_mix_comes_to_every_failpoint(told: Any, points: Counter[str]) -> None:
    assert set(told["failpoints"]) == set(points)
    assert told["passes"] >= 1_500
    assert len(told["again"]) > 20


def test_every_failpoint_has_a_name_of_its_own(points: Counter[str]) -> None:
    assert [name for name, count in points.items() if count > 1] == []


@pytest.mark.parametrize("name", SABOTAGES)
def test_a_sabotage_is_found(told: Any, name: str) -> None:
    assert told["sabotages"][name] != ""


@pytest.mark.skipif(compiler() is None, reason="a failing disk needs a C compiler")
def test_a_disk_that_fails_costs_one_operation_and_nothing_that_was_acknowledged(told: Any) -> None:
    assert told["disk"] > 100
    assert told["faults"] == []


def test_a_failpoint_that_is_off_costs_nothing() -> None:
    calls = 20_000
    off = timeit.repeat(lambda: failpoint("publish.committed"), number=calls, repeat=20)
    assert min(off) / calls < MOST_SECONDS_OFF


def test_a_failpoint_that_is_armed_tells_its_name() -> None:
    passed: list[str] = []
    arm(passed.append)
    try:
        failpoint("one")
    finally:
        arm(None)
    failpoint("two")
    assert passed == ["one"]
