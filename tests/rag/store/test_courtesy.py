from __future__ import annotations

import threading

import pytest

from rag.store import courtesy
from rag.store.courtesy import give_way, giving_way


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The pauses that were made, with a clock that goes on by a millisecond at each look."""
    made: list[float] = []
    ticks = iter(range(1_000))
    monkeypatch.setattr("rag.store.courtesy.time.sleep", made.append)
    monkeypatch.setattr("rag.store.courtesy.time.perf_counter", lambda: next(ticks) / 1_000)
    return made


def test_who_gives_way_pauses_after_each_turn(
    pauses: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    with giving_way():
        give_way()
        give_way()
    assert pauses == [courtesy.PAUSE_SECONDS] * 2
    monkeypatch.setattr(courtesy, "TURN_SECONDS", 0.0025)
    with giving_way():
        for _ in range(6):
            give_way()
    assert len(pauses) == 2 + 2


def test_nobody_else_pauses(pauses: list[float]) -> None:
    give_way()
    with giving_way():
        other = threading.Thread(target=give_way)
        other.start()
        other.join()
    give_way()
    assert pauses == []
