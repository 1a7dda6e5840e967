"""The SQL of statements, worked out once before any process is forked.

Every process opens catalogs of its own, and each engine would put every statement into SQL anew,
which took a quarter of the processor's time of all kills. That SQL depends on the statement and on
the kind of database alone, so here all engines keep it in one place, which forks inherit.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Engine
from sqlalchemy.dialects.sqlite.base import SQLiteDialect
from sqlalchemy.util import LRUCache

MOST_STATEMENTS = 5_000


def share_statements() -> None:
    """Have every engine that this process, or one forked from it, opens from now on share SQL."""
    shared: LRUCache[Any, Any] = LRUCache(MOST_STATEMENTS)
    begin = Engine.__init__

    def begun(self: Engine, *given: Any, **more: Any) -> None:
        begin(self, *given, **more)
        self._compiled_cache = shared

    # Statements are kept by their dialect too: one of a kind is as good as another.
    setattr(Engine, "__init__", begun)  # noqa: B010 - mypy takes no method in place of another
    setattr(SQLiteDialect, "__eq__", _is_of_one_kind)  # noqa: B010
    setattr(SQLiteDialect, "__hash__", _hash_of_kind)  # noqa: B010


def _is_of_one_kind(self: SQLiteDialect, other: object) -> bool:
    return type(self) is type(other)


def _hash_of_kind(self: SQLiteDialect) -> int:
    return hash(type(self))
