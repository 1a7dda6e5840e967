"""Brings a catalog of an earlier release to the tables of this one, in one transaction."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import Connection, text

from rag.store.tables import jobs, metadata, reservations, spending, table_parts


def upgrade(connection: Connection, version: int) -> None:
    """Change a catalog of this version, step by step, into one of the present version."""
    for step in _STEPS[version - 1 :]:
        step(connection)


def _to_2(connection: Connection) -> None:
    """Vectors may come later than their chunks; tables, words of scans and jobs are kept."""
    for statement in (
        "ALTER TABLE library ADD COLUMN vectors INTEGER NOT NULL DEFAULT 0",
        "ALTER TABLE document ADD COLUMN chunks INTEGER NOT NULL DEFAULT 0",
        "ALTER TABLE document ADD COLUMN embedded INTEGER NOT NULL DEFAULT 0",
        "ALTER TABLE page ADD COLUMN words BLOB",
        "ALTER TABLE chunk ADD COLUMN header VARCHAR NOT NULL DEFAULT ''",
        "ALTER TABLE chunk ADD COLUMN text_hash BLOB NOT NULL DEFAULT x''",
        "CREATE INDEX chunk_by_text ON chunk (text_hash)",
        "UPDATE document SET chunks ="
        " (SELECT count(*) FROM chunk WHERE chunk.document_id = document.id)",
        "UPDATE document SET embedded = chunks",
    ):
        connection.execute(text(statement))
    metadata.create_all(connection, tables=[table_parts, jobs])


def _to_3(connection: Connection) -> None:
    """What models cost is kept."""
    metadata.create_all(connection, tables=[spending, reservations])


_STEPS: tuple[Callable[[Connection], None], ...] = (_to_2, _to_3)
