"""Which of the stored files the catalog names, and by which rows."""

from __future__ import annotations

from collections import defaultdict

from sqlalchemy import Connection, Table, select

from rag.store.document_jobs import wants_file
from rag.store.tables import jobs, metadata

Owners = dict[str, frozenset[str]]


def named_originals(connection: Connection) -> Owners:
    """What needs each stored file, by its hash: every row that has one, and the unended jobs."""
    found: dict[str, set[str]] = defaultdict(set)
    for table in _with_files():
        if table is not jobs:
            for sha256, *key in connection.execute(
                select(table.c.sha256, *table.primary_key.columns)
            ):
                found[sha256].add(f"{table.name} {' '.join(map(str, key))}")
    of_jobs = set(connection.execute(select(jobs.c.sha256)).scalars())
    for sha256 in of_jobs - found.keys():
        if wants_file(connection, sha256):
            found[sha256].add(jobs.name)
    return {sha256: frozenset(owners) for sha256, owners in found.items()}


def original_names(connection: Connection) -> dict[str, tuple[str, ...]]:
    """What each original is called, by its hash."""
    found: dict[str, dict[str, None]] = defaultdict(dict)
    for table in _with_files():
        for sha256, name in connection.execute(select(table.c.sha256, table.c.name)):
            found[sha256][name] = None
    return {sha256: tuple(names) for sha256, names in found.items()}


def _with_files() -> list[Table]:
    return [table for table in metadata.sorted_tables if "sha256" in table.c]
