from __future__ import annotations

import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from rag.domain import Usage
from rag.errors import BudgetError, NotFoundError, SetAsideError
from rag.store.catalog import CATALOG, Catalog
from rag.store.database import open_database
from rag.store.isolation import acting
from rag.store.row_policy import IsolationError
from rag.store.spending import NO_CAPS, Caps, Purpose, Spending, Spent, in_dollars

EVENING = datetime(2026, 8, 31, 20, 40, tzinfo=UTC).timestamp()
DAY = 24 * 60 * 60
CAP = Caps(daily=1.0)
# Reserves until it is refused; then it is gone, without having settled anything.
SPENDER = """
import os, sys
from pathlib import Path
from rag.errors import BudgetError
from rag.store.catalog import Catalog
from rag.store.spending import Caps, Purpose
spending = Catalog(Path(sys.argv[1])).spending
sys.stdin.readline()
count = 0
try:
    while True:
        spending.reserve("local", Purpose.CHAT, 0.07, Caps(daily=1.0))
        count += 1
except BudgetError:
    sys.stdout.write(str(count))
    sys.stdout.flush()
os._exit(9)
"""


class Clock:
    """A time that stands until it is moved."""

    def __init__(self, now: float) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock(EVENING)


@pytest.fixture
def spending(tmp_path: Path, clock: Clock) -> Iterator[Spending]:
    Catalog(tmp_path).close()
    reader, writer = open_database(tmp_path / CATALOG)
    yield Spending(acting(reader, "ann"), acting(writer, "ann"), "ann", clock)
    reader.dispose()


@pytest.fixture
def bobs(spending: Spending) -> Spending:
    """The same for another person."""
    reader, writer = (acting(each, "bob") for each in (spending._reader, spending._writer))
    return Spending(reader, writer, "bob", spending._now)


def spend(spending: Spending, dollars: float) -> None:
    held = spending.reserve(spending.principal, Purpose.CHAT, dollars)
    spending.settle(held, dollars, Usage(10, 5))


def test_what_was_set_aside_gives_way_to_what_it_did_cost(spending: Spending) -> None:
    held = spending.reserve("ann", Purpose.CHAT, 0.5)
    assert spending.today() == Spent(held=0.5)

    spending.settle(held, 0.125, Usage(100, 20))

    assert spending.today() == Spent(0.125, 100, 20, 1, 0.0)


def test_days_add_up_exactly_by_person_and_together(spending: Spending, bobs: Spending) -> None:
    for _ in range(10):
        spend(spending, 0.1)
    spend(bobs, 0.05)
    bobs.record("bob", Purpose.EMBEDDING, Usage(7, 0))

    assert spending.today("ann") == Spent(1.0, 100, 50, 10)
    assert bobs.today("bob") == Spent(0.05, 17, 5, 2)
    assert spending.today() == bobs.today() == Spent(1.05, 117, 55, 12)


def test_what_another_spends_is_as_what_nobody_does(spending: Spending, bobs: Spending) -> None:
    held = bobs.reserve("bob", Purpose.CHAT, 0.5)
    spend(bobs, 0.1)
    assert spending.today("bob") == spending.today("eve") == Spent()
    for person in ("bob", "eve"):
        with pytest.raises(NotFoundError, match="There is no such person here"):
            spending.reserve(person, Purpose.CHAT, 0.1)
        with pytest.raises(NotFoundError, match="There is no such person here"):
            spending.record(person, Purpose.CHAT, Usage(1, 1))
    spending.release(held)
    with pytest.raises(IsolationError):
        spending.settle(held, 0.0)
    assert bobs.today() == Spent(0.1, 10, 5, 1, 0.5)


def test_a_cap_may_be_reached_and_not_passed(spending: Spending) -> None:
    spend(spending, 0.7)
    held = spending.reserve("ann", Purpose.CHAT, 0.3, CAP)

    with pytest.raises(BudgetError):
        spending.reserve("ann", Purpose.CHAT, 0.000000001, CAP)

    spending.release(held)
    assert spending.reserve("ann", Purpose.CHAT, 0.3, CAP).dollars == 0.3


def test_a_refusal_says_what_the_cap_is_when_it_opens_and_what_raises_it(
    spending: Spending,
) -> None:
    spend(spending, 0.98)

    with pytest.raises(BudgetError) as refused:
        spending.reserve("ann", Purpose.CHAT, 0.0301, CAP)

    assert str(refused.value) == (
        "This could cost up to $0.0301 and pass the cap of $1.00 a day, of which $0.98 is "
        "spent. It opens again at 00:00 UTC, 3 h 20 min from now; TRAMONTANE_DAILY_DOLLARS raises "
        "it."
    )
    assert spending.today() == Spent(0.98, 10, 5, 1)


def test_a_refusal_tells_what_is_spent_from_what_is_set_aside(spending: Spending) -> None:
    spend(spending, 0.2)
    spending.reserve("ann", Purpose.CHAT, 0.7, CAP)

    with pytest.raises(SetAsideError) as refused:
        spending.reserve("ann", Purpose.CHAT, 0.3, CAP)
    with pytest.raises(BudgetError) as spent:
        spending.reserve("ann", Purpose.CHAT, 0.9, CAP)

    assert str(refused.value) == (
        "This could cost up to $0.30 and pass the cap of $1.00 a day, of which $0.20 is spent and "
        "$0.70 set aside for requests under way. Ask again when they have ended. It opens again at "
        "00:00 UTC, 3 h 20 min from now; TRAMONTANE_DAILY_DOLLARS raises it."
    )
    assert not isinstance(spent.value, SetAsideError)
    assert "ended" not in str(spent.value)


def test_what_no_day_could_pay_is_not_put_off_to_the_next(spending: Spending) -> None:
    with pytest.raises(BudgetError) as refused:
        spending.reserve("ann", Purpose.CHAT, 0.02, Caps(person=0.01))

    assert str(refused.value) == (
        "This could cost up to $0.02, more than the cap of $0.01 a day for one person allows. "
        "Choose a cheaper model, or raise TRAMONTANE_PERSON_DOLLARS."
    )


def test_each_person_has_a_cap_of_their_own(spending: Spending, bobs: Spending) -> None:
    caps = Caps(daily=1.0, person=0.6)
    spending.reserve("ann", Purpose.CHAT, 0.6, caps)

    with pytest.raises(BudgetError, match="TRAMONTANE_PERSON_DOLLARS"):
        spending.reserve("ann", Purpose.CHAT, 0.1, caps)
    bobs.reserve("bob", Purpose.CHAT, 0.4, caps)
    with pytest.raises(BudgetError, match="TRAMONTANE_DAILY_DOLLARS"):
        bobs.reserve("bob", Purpose.CHAT, 0.1, caps)


def test_what_is_free_passes_every_cap(spending: Spending) -> None:
    assert spending.reserve("ann", Purpose.CHAT, 0.0, Caps(daily=0.0)).dollars == 0.0


def test_what_was_set_aside_and_never_settled_counts_until_the_day_ends(
    spending: Spending, clock: Clock
) -> None:
    spending.reserve("ann", Purpose.CHAT, 0.9, CAP)
    clock.now += 3 * 60 * 60
    with pytest.raises(BudgetError):
        spending.reserve("ann", Purpose.CHAT, 0.9, CAP)

    clock.now += 60 * 60

    spending.reserve("ann", Purpose.CHAT, 0.9, CAP)
    assert spending.today() == Spent(held=0.9)


def test_a_request_over_midnight_is_counted_on_the_day_it_was_sent(
    spending: Spending, clock: Clock
) -> None:
    held = spending.reserve("ann", Purpose.CHAT, 0.9, CAP)
    clock.now += DAY
    spend(spending, 0.25)

    spending.settle(held, 0.5, Usage(1, 1))

    assert spending.today() == Spent(0.25, 10, 5, 1)
    clock.now -= DAY
    assert spending.today() == Spent(0.5, 1, 1, 1)


def test_threads_that_race_for_the_last_cents_do_not_pass_the_cap(spending: Spending) -> None:
    start = threading.Barrier(8)
    granted: list[float] = []

    def race() -> None:
        start.wait()
        for _ in range(4):
            try:
                granted.append(spending.reserve("ann", Purpose.CHAT, 0.07, CAP).dollars)
            except BudgetError:
                return

    threads = [threading.Thread(target=race) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(granted) == 14
    assert spending.today().held == 0.98


def test_processes_share_a_cap_and_what_they_took_outlives_them(tmp_path: Path) -> None:
    Catalog(tmp_path).close()
    spenders = [
        subprocess.Popen(
            [sys.executable, "-c", SPENDER, str(tmp_path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    for spender in spenders:
        assert spender.stdin is not None
        spender.stdin.write("go\n")
        spender.stdin.flush()
    counts = [int(spender.communicate(timeout=60)[0]) for spender in spenders]

    assert sum(counts) == 14
    catalog = Catalog(tmp_path)
    assert catalog.spending.today() == Spent(held=0.98)
    catalog.close()


def test_a_data_directory_of_before_gains_the_tables_and_keeps_the_rest(tmp_path: Path) -> None:
    connection = sqlite3.connect(tmp_path / CATALOG)
    connection.executescript(Path(__file__).with_name("schema_2.sql").read_text())
    connection.execute("INSERT INTO mark VALUES ('samples', 'offered')")
    connection.commit()
    connection.close()

    catalog = Catalog(tmp_path)
    spend(catalog.spending, 0.25)
    assert catalog.mark("samples") == "offered"
    assert catalog.spending.today() == Spent(0.25, 10, 5, 1)
    catalog.close()


def test_amounts_are_all_that_is_kept(tmp_path: Path, spending: Spending) -> None:
    spending.reserve("ann", Purpose.OCR, 0.004, NO_CAPS)
    spend(spending, 0.25)

    connection = sqlite3.connect(tmp_path / CATALOG)
    rows = [
        *connection.execute("SELECT * FROM spending"),
        *connection.execute("SELECT * FROM reservation"),
    ]
    connection.close()

    assert rows == [
        ("2026-08-31", "ann", "chat", 250_000_000, 10, 5, 1),
        (1, "2026-08-31", "ann", "ocr", 4_000_000),
    ]


@pytest.mark.parametrize(
    ("amount", "words"),
    [
        (0.0, "$0.00"),
        (1234.5, "$1,234.50"),
        (0.5, "$0.50"),
        (0.07, "$0.07"),
        (0.0312, "$0.0312"),
        (0.00001, "less than $0.0001"),
    ],
)
def test_sums_are_told_with_as_many_figures_as_it_takes(amount: float, words: str) -> None:
    assert in_dollars(amount) == words
