"""A backup beside others that write without a pause."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import pytest
from sqlalchemy import Engine, ExceptionContext, event

from rag.domain import Library
from rag.errors import StoreError
from rag.store import database
from rag.store.backup import back_up
from rag.store.catalog import Catalog
from tests.rag.store.stock import add, nothing


@contextmanager
def refused(ends: Callable[[int], None]) -> Iterator[None]:
    """Calls with the number of refusals so far whenever SQLite refuses a statement."""
    numbers = count(1)

    def meet(_context: ExceptionContext) -> None:
        ends(next(numbers))

    event.listen(Engine, "handle_error", meet)
    try:
        yield
    finally:
        event.remove(Engine, "handle_error", meet)


def test_a_backup_waits_for_its_turn_longer_than_who_adds(
    catalog: Catalog, library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "elsewhere").mkdir()
    target = tmp_path / "elsewhere" / "backup.tar"
    add(catalog, library, "one")
    monkeypatch.setattr(database, "BUSY_TIMEOUT_MS", 20)
    other = database.open_database(catalog.data_dir / "catalog.sqlite")[1].connect()
    other.begin()
    met = list[int]()

    def give_way(number: int) -> None:
        met.append(number)
        if number == 3:
            other.close()

    with refused(give_way):
        assert back_up(catalog.data_dir, target, nothing).manifest.counts["documents"] == 1
    assert met == [1, 2, 3]
    again = database.open_database(catalog.data_dir / "catalog.sqlite")[1].connect()
    again.begin()
    before = target.read_bytes()
    with refused(met.append), pytest.raises(StoreError, match="another Tramontane is writing"):
        back_up(catalog.data_dir, target, nothing)
    again.close()
    assert len(met) == 3 + database.TURNS
    assert target.read_bytes() == before
    assert [path.name for path in target.parent.iterdir()] == [target.name]
