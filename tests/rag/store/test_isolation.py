"""Nothing of another owner is reached, by any method: a foreign id is as one that never was."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import update

from rag.errors import NotFoundError
from rag.purging import purge_expired
from rag.store import isolation
from rag.store.catalog import Catalog
from rag.store.holdings import NewLibrary
from rag.store.isolation import Upkeep
from rag.store.tables import kept_documents, libraries
from rag.store.trash import DAY_SECONDS, KEPT_DAYS
from tests.rag.store.shelves import reading
from tests.rag.store.two_owners import (
    CALLS,
    WITHOUT_IDS,
    Call,
    Things,
    filled,
    methods,
    outcome,
    rows_of,
    unknown,
)

# Of these there is nothing to see in what the owners have: their own outcome is the same.
SAYING_NOTHING = {
    "Catalog.own_changes-0",
    "Catalog.pending_chunks-0",
    "Trash.purges-0",
    "Trash.remove_members-0",
}

# These would reach nothing foreign by themselves either: they say whose they mean, or are refused.
HELD_BY_THEMSELVES = {
    "Catalog.chunks-1",
    "Catalog.library-0",
    "Catalog.put_vectors-1",
    "Holdings.named-0",
    "Spending.record-0",
    "Spending.reserve-0",
}


@dataclass(frozen=True)
class Owners:
    """The catalog of one of two owners, and what each has."""

    catalog: Catalog
    mine: Things
    hers: Things

    @property
    def her_catalog(self) -> Catalog:
        return self.catalog.acting("ann")


@pytest.fixture(scope="module")
def stock(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Things, Things]:
    folder = tmp_path_factory.mktemp("two") / "data"
    with closing(Catalog(folder)) as catalog:
        return folder, filled(catalog, "own"), filled(catalog.acting("ann"), "ann")


@pytest.fixture
def owners(stock: tuple[Path, Things, Things], tmp_path: Path) -> Iterator[Owners]:
    folder, mine, hers = stock
    shutil.copytree(folder, tmp_path / "data")
    with closing(Catalog(tmp_path / "data")) as catalog:
        yield Owners(catalog, mine, hers)


EVERY_CALL = {
    f"{name}-{number}": call for name, calls in CALLS.items() for number, call in enumerate(calls)
}


def reaches(owners: Owners, call: Call) -> bool:
    """Whether a call with her ids, by me, is told from one with ids that never were."""
    before = rows_of(owners.catalog, "ann")
    foreign = outcome(call, owners.catalog, owners.mine, owners.hers)
    if rows_of(owners.catalog, "ann") != before:
        return True
    return foreign != outcome(call, owners.catalog, owners.mine, unknown(owners.hers))


def test_every_method_is_tried_with_every_kind_of_id() -> None:
    assert set(methods()) == CALLS.keys() | WITHOUT_IDS.keys()
    assert not CALLS.keys() & WITHOUT_IDS.keys()


@pytest.mark.parametrize("name", EVERY_CALL)
def test_a_foreign_id_is_like_an_unknown_one_and_changes_nothing(owners: Owners, name: str) -> None:
    assert not reaches(owners, EVERY_CALL[name])


@pytest.mark.parametrize("name", EVERY_CALL.keys() - SAYING_NOTHING)
def test_whose_it_is_reaches_it(owners: Owners, name: str) -> None:
    call = EVERY_CALL[name]
    before = rows_of(owners.catalog, "ann")
    foreign = outcome(call, owners.catalog, owners.mine, owners.hers)
    hers = outcome(call, owners.her_catalog, owners.hers, owners.hers)
    assert hers != foreign or rows_of(owners.catalog, "ann") != before


def test_lists_hold_nothing_of_another(owners: Owners) -> None:
    for catalog, own in ((owners.catalog, owners.mine), (owners.her_catalog, owners.hers)):
        assert [each.id for each in catalog.libraries.all()] == [own.library.id]
        assert [each.library.id for each in catalog.libraries.removed()] == [own.removed]
        assert own.library.id in (sizes := catalog.libraries.sizes())
        assert sizes.keys() <= {own.library.id, own.removed}
        later = time.time() + (KEPT_DAYS + 1) * DAY_SECONDS
        assert [each.library.id for each in catalog.libraries.expired(later)] == [own.removed]
        expired = catalog.trash.expired(later)
        assert {each.document.library_id for each in expired} == {own.library.id, own.removed}


def test_two_owners_may_call_their_libraries_alike(owners: Owners) -> None:
    name = owners.hers.library.name
    mine = owners.catalog.libraries.create(NewLibrary(name, "m", 2))
    assert owners.catalog.library(name).id == mine.id
    assert owners.her_catalog.library(name).id == owners.hers.library.id


def test_the_usual_library_of_one_is_not_that_of_another(owners: Owners) -> None:
    mine, hers = (
        each.libraries.create(NewLibrary("documents", "m", 2))
        for each in (owners.catalog, owners.her_catalog)
    )
    owners.catalog.libraries.rename(mine.id, "mine")
    owners.her_catalog.libraries.rename(hers.id, "hers")
    assert owners.catalog.library("documents").id == mine.id
    assert owners.her_catalog.library("documents").id == hers.id


def test_the_same_file_of_another_stays_when_mine_is_purged(owners: Owners, tmp_path: Path) -> None:
    catalog, source = owners.catalog, tmp_path / "both.txt"
    source.write_text("of both")
    catalog.blobs.put(source)
    for each, own in ((catalog, owners.mine), (owners.her_catalog, owners.hers)):
        each.publish(reading(own.library, "of both", id_=own.library.id))
    catalog.remove(owners.mine.library.id)
    catalog.trash.purge([owners.mine.library.id])

    with pytest.raises(NotFoundError):
        catalog.document(owners.mine.library.id)
    assert owners.her_catalog.original(owners.hers.library.id).read_text() == "of both"


def test_how_often_something_was_purged_is_told_to_whose_it_is(owners: Owners) -> None:
    owners.her_catalog.trash.purge([owners.hers.kept.id])
    assert owners.her_catalog.trash.purges(owners.hers.library.id) == 1
    assert owners.catalog.trash.purges(owners.hers.library.id) == 0


def test_what_is_old_is_purged_whoever_owns_it(owners: Owners) -> None:
    with owners.catalog.for_upkeep(Upkeep.SOUNDNESS)._writer.begin() as connection:
        long_ago = time.time() - (KEPT_DAYS + 1) * DAY_SECONDS
        connection.execute(update(kept_documents).values(kept_at=long_ago))
        connection.execute(
            update(libraries).where(libraries.c.removed_at > 0).values(removed_at=long_ago)
        )
    now = time.time()
    for day in range(KEPT_DAYS, 0, -1):
        assert purge_expired(owners.catalog, now - day * DAY_SECONDS) == 0
    assert purge_expired(owners.catalog) == 6  # of each a document, a library and what was in it
    for catalog in (owners.catalog, owners.her_catalog):
        assert catalog.trash.expired() == []
        assert catalog.libraries.removed() == []


@pytest.mark.parametrize("name", EVERY_CALL.keys() - SAYING_NOTHING - HELD_BY_THEMSELVES)
def test_without_the_guard_what_is_foreign_would_be_reached(
    owners: Owners, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The sabotage: statements are sent as the methods put them."""
    monkeypatch.setattr(isolation, "restricted", lambda statement, _principal: statement)
    monkeypatch.setattr(isolation, "_refuse_foreign", lambda *_: None)
    monkeypatch.setattr(isolation, "_known", {})
    assert reaches(owners, EVERY_CALL[name])
