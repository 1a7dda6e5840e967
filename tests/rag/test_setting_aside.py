from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from rag.accounts import Account
from rag.errors import BudgetError, SetAsideError
from rag.setting_aside import Queue
from rag.spending import Meter
from rag.stopping import Stop, heeding
from rag.store.catalog import Catalog
from rag.store.spending import Caps, Purpose, Spending, Spent

LONG, SHORT = 60.0, 0.2  # seconds of patience
CAP = Caps(daily=0.01)
MOST, REAL = 0.004, 0.0001  # dollars: two requests at once fill the cap, all of them do not
ANN = Account("ann")
# Sets most of the cap aside and is gone.
VICTIM = """
import os, sys
from pathlib import Path
from rag.store.catalog import Catalog
from rag.store.spending import Purpose
Catalog(Path(sys.argv[1]), "ann").spending.reserve("ann", Purpose.CHAT, 0.009)
os._exit(9)
"""


@pytest.fixture
def spending(tmp_path: Path) -> Iterator[Spending]:
    catalog = Catalog(tmp_path, "ann")
    yield catalog.spending
    catalog.close()


@pytest.fixture
def bobs(tmp_path: Path) -> Iterator[Spending]:
    """What another person sets aside, in the same data directory."""
    catalog = Catalog(tmp_path, "bob")
    yield catalog.spending
    catalog.close()


def test_requests_side_by_side_wait_for_each_other_and_none_is_refused(spending: Spending) -> None:
    meter = Meter(spending, CAP, Queue(LONG))
    start, lock = threading.Barrier(6), threading.Lock()
    held: list[float] = []
    faults: list[BudgetError] = []

    def ask() -> None:
        start.wait()
        for _ in range(4):
            try:
                with meter.charge(Account("ann"), Purpose.CHAT, MOST) as charge:
                    with lock:
                        held.append(spending.today().held)
                    charge.settle(REAL)
            except BudgetError as error:
                faults.append(error)

    threads = [threading.Thread(target=ask) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert faults == []
    assert len(held) == 24
    assert max(held) <= 0.01
    assert spending.today() == Spent(0.0024, requests=24)


def test_what_is_spent_is_not_waited_for(spending: Spending) -> None:
    meter = Meter(spending, CAP, Queue(LONG))
    spending.settle(spending.reserve("ann", Purpose.CHAT, 0.008), 0.008)

    with pytest.raises(BudgetError, match=r"\$0\.008 is spent\. It opens"):
        meter.charge(ANN, Purpose.CHAT, MOST).__enter__()


def test_who_waits_is_refused_in_the_end_and_told_why(spending: Spending, bobs: Spending) -> None:
    bobs.reserve("bob", Purpose.CHAT, 0.009)

    with pytest.raises(SetAsideError, match=r"\$0\.00 is spent and \$0\.009 set aside"):
        Meter(spending, CAP, Queue(SHORT)).charge(ANN, Purpose.CHAT, MOST).__enter__()


def test_who_waits_is_refused_once_the_others_did_cost_that_much(
    spending: Spending, bobs: Spending
) -> None:
    meter = Meter(spending, CAP, Queue(LONG))
    held = bobs.reserve("bob", Purpose.CHAT, 0.009)
    refused: list[BudgetError] = []
    queueing = threading.Event()

    class Watched(Queue):
        def _may_end(self, held: frozenset[int]) -> bool:
            queueing.set()
            return super()._may_end(held)

    def ask() -> None:
        try:
            Meter(spending, CAP, Watched(LONG)).charge(ANN, Purpose.CHAT, MOST).__enter__()
        except BudgetError as error:
            refused.append(error)

    thread = threading.Thread(target=ask)
    thread.start()
    assert queueing.wait(10)
    bobs.settle(held, 0.009)
    thread.join(10)

    assert [type(error) for error in refused] == [BudgetError]
    assert meter.spent_today() == 0.009


def test_a_wait_ends_when_nobody_wants_the_answer_any_more(
    spending: Spending, bobs: Spending
) -> None:
    bobs.reserve("bob", Purpose.CHAT, 0.009)
    stop = Stop()
    stop.say()

    with heeding(stop), pytest.raises(SetAsideError):
        Meter(spending, CAP, Queue(LONG)).charge(ANN, Purpose.CHAT, MOST).__enter__()


def test_what_a_process_that_died_had_set_aside_is_waited_for_once(
    tmp_path: Path, spending: Spending, monkeypatch: pytest.MonkeyPatch
) -> None:
    victim = [sys.executable, "-c", VICTIM, str(tmp_path)]
    assert subprocess.run(victim, check=False).returncode == 9
    queue = Queue(SHORT)
    waits: list[int] = []

    held = spending.held

    def counted() -> frozenset[int]:
        waits.append(1)
        return held()

    monkeypatch.setattr(spending, "held", counted)
    with pytest.raises(SetAsideError):
        queue.reserve(spending, "ann", Purpose.CHAT, MOST, CAP)
    first = len(waits)
    with pytest.raises(SetAsideError):
        queue.reserve(spending, "ann", Purpose.CHAT, MOST, CAP)

    assert first > 1
    assert len(waits) == first + 1
