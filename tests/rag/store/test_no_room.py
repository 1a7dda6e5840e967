"""What is said where the disk of the catalog is full."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest
from sqlalchemy import ExceptionContext

from rag.store import database

NO_ROOM = "There is no room left for the catalog"


def usage(free: int) -> Callable[[Path], SimpleNamespace]:
    return lambda _path: SimpleNamespace(total=10**9, used=10**9 - free, free=free)


@pytest.mark.parametrize(
    ("reason", "free", "is_told"),
    [
        ("database or disk is full", 10**8, True),
        ("disk I/O error", 0, True),
        ("disk I/O error", 10**8, False),
    ],
)
def test_a_full_disk_is_told_from_a_broken_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, reason: str, free: int, is_told: bool
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", usage(free))
    context = SimpleNamespace(original_exception=vars(database)["sqlite"].OperationalError(reason))

    said = str(
        database._in_plain_words(tmp_path / "catalog.sqlite", cast(ExceptionContext, context))
    )

    assert said.startswith(NO_ROOM) is is_told
    assert ("derived beside it can be deleted" in said) is is_told
