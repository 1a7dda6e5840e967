from __future__ import annotations

import errno
import random
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from rag.failpoints import arm
from rag.marks import QUESTIONS, MarkedAnswer, Marks, Place
from rag.purging import LOOKS, DailyPurge, purge, purge_expired
from rag.retention import looks_of
from rag.store.catalog import Catalog
from rag.store.isolation import Upkeep
from rag.store.trash import DAY_SECONDS, KEPT_DAYS
from tests.rag.store.shelves import library_in, reading


@pytest.fixture
def catalog(tmp_path: Path) -> Iterator[Catalog]:
    opened = Catalog(tmp_path)
    yield opened
    opened.close()


def grow_older(catalog: Catalog, name: str, days: float) -> None:
    """Let a document have been in the trash for longer."""
    with catalog.for_upkeep(Upkeep.SOUNDNESS)._writer.begin() as connection:
        connection.execute(
            text("UPDATE kept_document SET kept_at = kept_at - :seconds WHERE name = :name"),
            {"seconds": days * DAY_SECONDS, "name": name},
        )


def look_daily(catalog: Catalog, days: int) -> int:
    """Let a server run for days up to now, which looks at the trash at each start of a day."""
    now = time.time()
    return sum(purge_expired(catalog, now - day * DAY_SECONDS) for day in range(days, -1, -1))


def fill(catalog: Catalog, *names: str) -> str:
    """A library whose documents have all been removed."""
    library = library_in(catalog)
    for name in names:
        catalog.remove(catalog.publish(reading(library, name, name=name)).id)
    return library.id


def test_only_what_is_old_is_purged_by_itself(catalog: Catalog) -> None:
    library = fill(catalog, "old.txt", "new.txt")
    grow_older(catalog, "old.txt", KEPT_DAYS + 0.1)
    grow_older(catalog, "new.txt", KEPT_DAYS - 0.1)
    assert look_daily(catalog, KEPT_DAYS + 2) == 1
    assert [kept.document.name for kept in catalog.trash.of(library)] == ["new.txt"]
    assert purge_expired(catalog) == 0


def test_a_clock_that_is_weeks_ahead_for_one_start_purges_nothing(catalog: Catalog) -> None:
    library = fill(catalog, "a.txt", "b.txt")
    now = time.time()
    assert purge_expired(catalog, now + DAY_SECONDS) == 0
    assert purge_expired(catalog, now + 40 * DAY_SECONDS) == 0
    assert purge_expired(catalog, now + 2 * DAY_SECONDS) == 0  # and back: the week counts, no more
    assert len(catalog.trash.of(library)) == 2
    days = (3, 9, 15, 21)
    assert [purge_expired(catalog, now + day * DAY_SECONDS) for day in days] == [0, 0, 0, 0]
    assert purge_expired(catalog, now + (KEPT_DAYS + 1) * DAY_SECONDS) == 2


def test_what_was_removed_by_a_clock_that_stood_weeks_behind_stays(catalog: Catalog) -> None:
    library, now = fill(catalog, "a.txt"), time.time()
    assert purge_expired(catalog, now - DAY_SECONDS) == 0
    grow_older(catalog, "a.txt", KEPT_DAYS + 10)
    for day in range(KEPT_DAYS - 1):
        assert purge_expired(catalog, now + day * DAY_SECONDS) == 0
    assert len(catalog.trash.of(library)) == 1
    assert purge_expired(catalog, now + KEPT_DAYS * DAY_SECONDS) == 1


def test_what_went_into_the_trash_between_two_looks_is_timed_from_then(catalog: Catalog) -> None:
    now = time.time()
    assert purge_expired(catalog, now - DAY_SECONDS) == 0
    fill(catalog, "a.txt")
    grow_older(catalog, "a.txt", 0.5)
    for day in range(KEPT_DAYS):
        assert purge_expired(catalog, now + day * DAY_SECONDS) == 0
    assert purge_expired(catalog, now + (KEPT_DAYS - 0.4) * DAY_SECONDS) == 1


def test_looks_that_cannot_be_read_are_begun_anew(catalog: Catalog) -> None:
    fill(catalog, "a.txt")
    catalog.set_mark(LOOKS, '["of another kind"]')
    assert purge_expired(catalog, time.time() + 40 * DAY_SECONDS) == 0
    assert looks_of(catalog.mark(LOOKS)).counted == 0


def test_the_server_purges_at_its_start_and_every_day(
    catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    library = fill(catalog, "old.txt", "later.txt")
    assert look_daily(catalog, KEPT_DAYS + 2) == 0
    grow_older(catalog, "old.txt", KEPT_DAYS + 1)
    rounds = [threading.Event(), threading.Event()]
    gone: list[int] = []

    def count(of: Catalog) -> int:
        gone.append(purge_expired(of))
        if len(gone) == 1:
            grow_older(of, "later.txt", KEPT_DAYS + 1)
        rounds[min(len(gone), 2) - 1].set()
        return gone[-1]

    monkeypatch.setattr("rag.purging.purge_expired", count)
    daily = DailyPurge(catalog, seconds=0.01)
    assert all(each.wait(20) for each in rounds)
    daily.close()
    assert gone[:2] == [1, 1]
    assert catalog.trash.of(library) == []


def test_marks_that_tell_of_a_purged_document_are_gone_to_the_last_byte(catalog: Catalog) -> None:
    library = fill(catalog, "secret.txt")
    marks = Marks(catalog.data_dir)
    cites = MarkedAnswer("What?", "What?", "canary", False, cited=(Place("secret.txt", None),))
    taken_back = MarkedAnswer("W?", "W?", "canary", False, cited=(Place("secret.txt", None),))
    named = MarkedAnswer("Which?", "Which?", "canary", False)
    other = MarkedAnswer("Boats?", "Boats?", "Four.", False, cited=(Place("boats.txt", 1),))
    for each in (cites, taken_back, named, other):
        marks.mark(library, each)
    marks.withdraw(library, taken_back.id)
    marks.name_page(library, named.id, Place("secret.txt", 2))
    path = catalog.data_dir / QUESTIONS / f"{library}.jsonl"
    with path.open("ab") as file:
        file.write(b'{"id": "torn", "answer": "canary\n')

    assert purge(catalog, catalog.trash.of(library))

    assert b"canary" not in path.read_bytes()
    assert marks.marked(library) == [other]
    assert (path.stat().st_mode & 0o777) == 0o600
    assert marks.forget(library, "boats.txt") == 1
    assert marks.marked(library) == []
    assert marks.forget("another", "boats.txt") == 0


class Cut(Exception):
    """The program ends here."""


@pytest.fixture
def cut_at() -> Iterator[Callable[[str], None]]:
    """Ends the work at a failpoint."""

    def cut(point: str) -> None:
        def reached(name: str) -> None:
            if name == point:
                raise Cut

        arm(reached)

    yield cut
    arm(None)


def cited(catalog: Catalog, library: str, name: str) -> Marks:
    """The marks, with one of an answer that cites a document."""
    marks = Marks(catalog.data_dir)
    places = (Place(name, None),)
    marks.mark(library, MarkedAnswer("What?", "What?", "Boats.", False, cited=places))
    return marks


@pytest.mark.parametrize("point", ["purge.swept", "purge.forgotten", "purge.before_commit"])
def test_a_purge_that_ends_before_its_commit_takes_no_mark_from_what_stays(
    catalog: Catalog, point: str, cut_at: Callable[[str], None]
) -> None:
    library = fill(catalog, "secret.txt")
    marks = cited(catalog, library, "secret.txt")
    cut_at(point)
    with pytest.raises(Cut):
        purge(catalog, catalog.trash.of(library))
    assert [kept.document.name for kept in catalog.trash.of(library)] == ["secret.txt"]
    assert len(marks.marked(library)) == 1


@pytest.mark.parametrize("point", ["purge.committed", "marks.rewritten", "clean.marks_forgotten"])
def test_a_purge_that_ends_after_its_commit_forgets_the_marks_and_the_name_later(
    catalog: Catalog, point: str, cut_at: Callable[[str], None]
) -> None:
    library = fill(catalog, "secret.txt")
    marks = cited(catalog, library, "secret.txt")
    cut_at(point)
    with pytest.raises(Cut):
        purge(catalog, catalog.trash.of(library))
    arm(None)
    assert catalog.trash.of(library) == []
    assert purge_expired(catalog) == 0  # as at the next start
    assert marks.marked(library) == []
    files = (path for path in catalog.data_dir.rglob("*") if path.is_file())
    assert not any(b"secret.txt" in path.read_bytes() for path in files)


def test_marks_that_cannot_be_written_are_forgotten_later(
    catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    library = fill(catalog, "secret.txt")
    marks = cited(catalog, library, "secret.txt")
    with monkeypatch.context() as full:

        def no_room(*_all: object) -> None:
            raise OSError(errno.ENOSPC, "No space left on device")

        full.setattr("rag.marks._replace", no_room)
        assert not purge(catalog, catalog.trash.of(library))
    assert len(marks.marked(library)) == 1
    assert catalog.trash.clean()
    assert marks.marked(library) == []


@pytest.mark.parametrize("seed", range(5))
def test_nothing_is_purged_before_its_thirty_days_however_often_one_looks(
    catalog: Catalog, seed: int
) -> None:
    chance = random.Random(seed)  # noqa: S311 - no secret
    begun = time.time()
    library, passed = fill(catalog, "a.txt"), -0.001  # it was removed a moment ago
    while not purge_expired(catalog, begun + passed * DAY_SECONDS):
        assert len(catalog.trash.of(library)) == 1
        passed += chance.choice([0.01, 0.5, 1, 3, 10])
    assert passed >= KEPT_DAYS
    assert catalog.trash.of(library) == []


@pytest.mark.parametrize("years", [-50, -1, 1, 50])
def test_a_clock_that_jumps_by_years_brings_a_purge_near_by_a_week_at_most(
    catalog: Catalog, years: int
) -> None:
    library, now = fill(catalog, "a.txt"), time.time()
    assert purge_expired(catalog, now) == 0
    there = now + years * 365 * DAY_SECONDS
    for day in range(KEPT_DAYS - 7):  # by the clock that stays where it jumped to
        assert purge_expired(catalog, there + day * DAY_SECONDS) == 0
    assert len(catalog.trash.of(library)) == 1
    gone = purge_expired(catalog, there + (KEPT_DAYS - 7) * DAY_SECONDS)
    assert gone == (years > 0)  # one that went back keeps it until that clock is past the date
    assert len(catalog.trash.of(library)) == 1 - gone
