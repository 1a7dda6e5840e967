"""Which of the stored files the catalog names, and by which rows."""

from __future__ import annotations

from collections import defaultdict

from sqlalchemy import Connection, select

from rag.store.jobs import STILL_WANTED
from rag.store.tables import jobs, metadata

Owners = dict[str, frozenset[str]]


def named_originals(connection: Connection) -> Owners:
    """The rows that need each stored file, by its hash: every row with one, of jobs the unended.

    A row of a job that is done, or whose document is there, needs its file no more.
    """
    found: dict[str, set[str]] = defaultdict(set)
    for table in metadata.sorted_tables:
        if "sha256" not in table.c:
            continue
        query = select(table.c.sha256, *table.primary_key.columns)
        if table is jobs:
            query = query.where(STILL_WANTED)
        for sha256, *key in connection.execute(query):
            found[sha256].add(f"{table.name} {' '.join(map(str, key))}")
    return {sha256: frozenset(owners) for sha256, owners in found.items()}
