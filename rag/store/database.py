"""The database connection: engines, pragmas, and which SQLite it is safe to trust."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.exc import SQLAlchemyError

from rag.errors import StoreError
from rag.store.tables import SCHEMA_VERSION, metadata

try:
    from pysqlite3 import dbapi2 as sqlite
except ImportError:  # no wheel for this system: Python's own SQLite
    import sqlite3 as sqlite

logger = logging.getLogger(__name__)

# https://sqlite.org/wal.html#walresetbug: before this release a checkpoint beside a write can
# corrupt a database in WAL mode, which is exactly what a server and a command line do.
FIRST_SAFE_WAL = (3, 51, 3)
BUSY_TIMEOUT_MS = 10_000
PAGE_BYTES = 16_384  # a float16 vector of 1,024 dimensions wastes nothing at this size


def sqlite_version() -> str:
    """The version of the SQLite library in use."""
    return str(sqlite.sqlite_version)


def journal_mode() -> str:
    """`wal` where this SQLite's WAL is safe with several processes, else `delete`."""
    version = tuple(int(part) for part in sqlite_version().split("."))
    return "wal" if version >= FIRST_SAFE_WAL else "delete"


def open_database(path: Path) -> tuple[Engine, Engine]:
    """Open or create the catalog: one engine to read, one whose transactions write.

    A writing transaction takes the lock when it begins, so that two processes queue instead of
    failing half-way.

    Raises:
        StoreError: the folder cannot be written, or the file is damaged or of a newer version.
    """
    reader = create_engine(f"sqlite:///{path}", module=sqlite, pool_size=20, max_overflow=40)
    event.listen(reader, "connect", _configure)
    event.listen(reader, "begin", _begin)
    writer = reader.execution_options(begin="BEGIN IMMEDIATE")
    try:
        with writer.begin() as connection:
            _migrate(connection, path)
    except (SQLAlchemyError, sqlite.Error) as error:
        reason = getattr(error, "orig", None) or error
        raise StoreError(
            f"The catalog {path} cannot be opened ({reason}). Check that the folder can be written "
            "and has room, or choose another with --data-dir."
        ) from error
    return reader, writer


def _configure(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # transactions begin where we say, not where the driver does
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")
    cursor.execute(f"PRAGMA page_size={PAGE_BYTES}")
    cursor.execute(f"PRAGMA journal_mode={journal_mode()}")
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.execute("PRAGMA trusted_schema=OFF")
    cursor.execute("PRAGMA secure_delete=ON")
    cursor.close()


def _begin(connection: Connection) -> None:
    connection.exec_driver_sql(connection.get_execution_options().get("begin", "BEGIN"))


def _migrate(connection: Connection, path: Path) -> None:
    version = connection.execute(text("PRAGMA user_version")).scalar_one()
    if version > SCHEMA_VERSION:
        raise StoreError(
            f"The catalog {path} was written by a newer Tramontane (schema {version}, this one "
            f"knows {SCHEMA_VERSION}). Install the newer version, or choose another --data-dir."
        )
    if version == 0:
        metadata.create_all(connection)
        connection.execute(text(f"PRAGMA user_version={SCHEMA_VERSION}"))
        logger.info("created the catalog %s (SQLite %s)", path, sqlite_version())
