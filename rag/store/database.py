"""The database connection: engines, pragmas, and which SQLite it is safe to trust."""

from __future__ import annotations

import logging
import os
import shutil
from collections.abc import Callable, Sequence
from contextlib import closing, suppress
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, ExceptionContext, create_engine, event, text

from rag.errors import StoreError
from rag.failpoints import failpoint
from rag.store.filesystems import refuse_network
from rag.store.isolation import Upkeep, for_whole_store, guard
from rag.store.migrations import stamp, upgrade
from rag.store.standing import Standing, has_originals, lost
from rag.store.tables import SCHEMA_VERSION, metadata

try:
    from pysqlite3 import dbapi2 as sqlite
except ImportError:  # no wheel for this system: Python's own SQLite
    import sqlite3 as sqlite

logger = logging.getLogger(__name__)

LEAST_ROOM_BYTES = 1_000_000  # on the disk of the catalog, for SQLite to work at all

# https://sqlite.org/wal.html#walresetbug: before this release a checkpoint beside a write can
# corrupt a database in WAL mode, which is exactly what a server and a command line do.
FIRST_SAFE_WAL = (3, 51, 3)
BUSY_TIMEOUT_MS = 10_000
TURNS = 6  # a minute
WAL_BYTES = 64 << 20  # what the log keeps on disk once its content is in the database
PAGE_BYTES = 16_384  # a float16 vector of 1,024 dimensions wastes nothing at this size


class CatalogBusyError(StoreError):
    """Others have been writing to the catalog for longer than is waited for its lock."""


class NoRoomError(StoreError):
    """The disk of the catalog is full."""


class NoCatalogError(StoreError):
    """Nothing was ever added."""

    def __init__(self, path: Path) -> None:
        """Say so of the place where the catalog would be."""
        super().__init__(
            f"There is no catalog in {path.parent}. Add documents: tramontane add PATH"
        )


def sqlite_version() -> str:
    """The version of the SQLite library in use."""
    return str(sqlite.sqlite_version)


def journal_mode() -> str:
    """`wal` where this SQLite's WAL is safe with several processes, else `delete`."""
    version = tuple(int(part) for part in sqlite_version().split("."))
    return "wal" if version >= FIRST_SAFE_WAL else "delete"


def open_database(path: Path) -> tuple[Engine, Engine]:
    """Open or create the catalog: one engine to read, one whose transactions write.

    Neither reaches what belongs to somebody before it is told for whom it asks (see `isolation`).

    A writing transaction takes the lock when it begins, so that two processes queue instead of
    failing half-way. Whatever SQLite refuses later, such as a full disk or a damaged page, is a
    `StoreError` too; only a broken constraint stays SQLAlchemy's `IntegrityError`. So is every
    transaction once the file was moved away, deleted or replaced.

    Raises:
        StoreError: the folder cannot be written or lies on a network file system, or the file is
            damaged or of a newer version, or was lost: then none is made in its place.
    """
    refuse_network(path.parent)
    reader = create_engine(f"sqlite:///{path}", module=sqlite, pool_size=20, max_overflow=40)
    _stand_by(reader, Standing(path))
    event.listen(reader, "connect", _configure)
    event.listen(reader, "begin", _begin)
    event.listen(reader, "handle_error", partial(_in_plain_words, path))
    guard(reader)
    writer = reader.execution_options(begin="BEGIN IMMEDIATE")
    try:
        with reader.begin() as connection:
            version = _schema_version(connection)
        if version != SCHEMA_VERSION:
            with for_whole_store(writer, Upkeep.MIGRATION).begin() as connection:
                _migrate(connection, path)
            failpoint("schema.committed")
    except StoreError:
        reader.dispose()
        raise
    return reader, writer


def whole_store(path: Path, upkeep: Upkeep) -> tuple[Engine, Engine]:
    """As `open_database`, for upkeep: the rows of all owners are reached."""
    reader, writer = open_database(path)
    return for_whole_store(reader, upkeep), for_whole_store(writer, upkeep)


def as_it_is(path: Path, upkeep: Upkeep) -> tuple[Engine, int]:
    """Open a catalog to read all of it, and tell its schema; nothing is made or brought up to date.

    On a disk that cannot be written it can be read as well.

    Raises:
        StoreError: it cannot be read, is damaged, is none or of a newer version.
    """
    uri = f"{path.absolute().as_uri()}?{'immutable=1' if _is_still(path) else 'mode=rw'}"
    connect = partial(sqlite.connect, uri, uri=True, check_same_thread=False)
    reader = create_engine(f"sqlite:///{path}", module=sqlite, creator=connect)
    event.listen(reader, "connect", _configure_to_read)
    event.listen(reader, "begin", _begin)
    event.listen(reader, "handle_error", partial(_in_plain_words, path))
    guard(reader)
    try:
        with reader.begin() as connection:
            version = _schema_version(connection)
        if version == 0:
            raise lost(path) if has_originals(path.parent) else NoCatalogError(path)
        _refuse_newer(path, version)
    except StoreError:
        reader.dispose()
        raise
    return for_whole_store(reader, upkeep), version


def frozen(path: Path, upkeep: Upkeep) -> tuple[Engine, Engine]:
    """As `whole_store`, of a catalog that cannot be written: nothing can be changed through it."""
    reader, version = as_it_is(path, upkeep)
    if version < SCHEMA_VERSION:
        reader.dispose()
        raise StoreError(
            f"The catalog {path} is of an earlier release, and cannot be brought up to date where "
            "it lies, since nothing can be written there. Copy the folder to another disk, and "
            "back that up."
        )
    return reader, reader


def _is_still(path: Path) -> bool:
    """Whether a catalog cannot be written from here and stands in its file alone."""
    log, shared, journal = (path.with_name(path.name + end) for end in ("-wal", "-shm", "-journal"))
    try:
        is_alone = not journal.exists() and not (log.exists() and log.stat().st_size)
    except OSError:
        return False
    return is_alone and not (log.exists() and shared.exists()) and not os.access(path, os.W_OK)


def lock_in_turn(writer: Engine) -> Connection:
    """Begin a writing transaction although others write without a pause.

    SQLite does not queue who waits: it asks again every tenth of a second, and may find the lock
    taken each time. So it is waited for several times as long as by who only adds.

    Raises:
        CatalogBusyError: others held the lock all that while.
    """
    for _ in range(TURNS - 1):
        with suppress(CatalogBusyError):
            return _begun(writer)
    return _begun(writer)


def _begun(engine: Engine) -> Connection:
    connection = engine.connect()
    try:
        connection.begin()
    except StoreError:
        connection.close()
        raise
    return connection


def check_standing(engine: Engine) -> None:
    """Check that the catalog lies where it was opened.

    Raises:
        StoreError: it was moved away, deleted or replaced.
    """
    with engine.begin():
        pass


def verify(connection: Connection, path: Path) -> None:
    """Read the whole database and check that it is sound.

    Raises:
        StoreError: it is damaged.
    """
    fault = _fault(lambda pragma: connection.exec_driver_sql(pragma).fetchall())
    if fault:
        raise StoreError(_damaged(path, fault))


def copy_database(connection: Connection, target: Path) -> None:
    """Copy the database, as the transaction of the connection sees it, into a file of its own.

    Others may write meanwhile. The copy is checked, and needs no other file beside it.

    Raises:
        StoreError: it cannot be written, or the database is damaged.
    """
    source: Any = connection.connection.driver_connection
    path = Path(str(connection.engine.url.database))
    place = target.absolute().as_uri()
    try:
        # Where it lies there may be no locks.
        with closing(sqlite.connect(f"{place}?nolock=1", isolation_level=None, uri=True)) as copy:
            copy.execute("PRAGMA journal_mode=off")  # a copy cut short is thrown away
            copy.execute("PRAGMA synchronous=off")
            source.backup(copy)
            failpoint("copy.copied")
        with closing(sqlite.connect(f"{place}?immutable=1", uri=True)) as copy:
            fault = _fault(lambda pragma: copy.execute(pragma).fetchall())
    except sqlite.DatabaseError as error:
        if "malformed" in str(error):
            raise StoreError(_damaged(path, str(error))) from error
        raise StoreError(
            f"The catalog cannot be copied to {target.parent} ({error}). Make room there, or "
            "choose another folder."
        ) from error
    if fault:
        raise StoreError(_damaged(path, fault))


def rewrite(engine: Engine) -> bool:
    """Write the database anew without what was deleted from it, and empty its log.

    What SQLite overwrites at deletion (`secure_delete`) is not all: rows that moved from page to
    page as others grew leave bytes behind.

    Returns:
        Whether that is done: not while somebody reads longer than a writer waits, nor without
        room for a copy.
    """
    with engine.connect() as connection:
        cursor = connection.connection.cursor()
        try:
            cursor.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")
            failpoint("rewrite.before_vacuum")
            cursor.execute("VACUUM")
            failpoint("rewrite.vacuumed")
            if journal_mode() == "delete":
                return True
            row = cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            return row is not None and row[0] == 0
        except sqlite.DatabaseError as error:
            logger.warning("the catalog could not be written anew: %s", error)
            return False
        finally:
            cursor.close()


def _configure(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # transactions begin where we say, not where the driver does
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")
    cursor.execute(f"PRAGMA page_size={PAGE_BYTES}")
    # The change of mode does not wait for a lock: whoever holds it is making the same change.
    with suppress(sqlite.OperationalError):
        cursor.execute(f"PRAGMA journal_mode={journal_mode()}")
    cursor.execute(f"PRAGMA journal_size_limit={WAL_BYTES}")
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.execute("PRAGMA trusted_schema=OFF")
    cursor.execute("PRAGMA secure_delete=ON")
    cursor.close()


def _configure_to_read(connection: Any, _record: object) -> None:
    connection.isolation_level = None
    with closing(connection.cursor()) as cursor:
        cursor.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")
        cursor.execute("PRAGMA trusted_schema=OFF")
        cursor.execute("PRAGMA query_only=ON")


def _stand_by(engine: Engine, standing: Standing) -> None:
    """Let an engine open, and change, no other file than the one it opened first."""

    def check_commit(connection: Connection) -> None:
        if "begin" in connection.get_execution_options():
            standing.check()

    event.listen(engine.dialect, "do_connect", lambda *_: standing.before_connecting())
    event.listen(engine, "connect", lambda *_: standing.connected())
    event.listen(engine, "begin", lambda _: standing.check())
    event.listen(engine, "commit", check_commit)


def _begin(connection: Connection) -> None:
    connection.exec_driver_sql(connection.get_execution_options().get("begin", "BEGIN"))


def _migrate(connection: Connection, path: Path) -> None:
    version = _schema_version(connection)
    _refuse_newer(path, version)
    if version == 0:
        if has_originals(path.parent):  # of an emptied one: nobody else can make it meanwhile
            raise lost(path)
        metadata.create_all(connection)
        failpoint("schema.created")
        stamp(connection, SCHEMA_VERSION)
        failpoint("schema.stamped")
        logger.info("created the catalog %s (SQLite %s)", path, sqlite_version())
    elif version < SCHEMA_VERSION:
        failpoint("migrate.begun")
        upgrade(connection, version)
        failpoint("migrate.upgraded")
        logger.info("brought the catalog %s to schema %d", path, SCHEMA_VERSION)
    connection.execute(text(f"PRAGMA user_version={SCHEMA_VERSION}"))
    failpoint("schema.before_commit")


def _refuse_newer(path: Path, version: int) -> None:
    if version > SCHEMA_VERSION:
        raise StoreError(
            f"The catalog {path} was written by a newer Tramontane (schema {version}, this one "
            f"knows {SCHEMA_VERSION}). Install the newer version, or choose another --data-dir."
        )


def _fault(ask: Callable[[str], Sequence[Sequence[Any]]]) -> str:
    """What is wrong with a database, which is asked pragmas; empty where it is sound."""
    ((verdict, *_), *_) = ask("PRAGMA quick_check(1)")
    if verdict != "ok":
        return str(verdict).splitlines()[-1]
    broken = ask("PRAGMA foreign_key_check")
    return f"a row of {broken[0][0]} belongs to none of {broken[0][2]}" if broken else ""


def _schema_version(connection: Connection) -> int:
    return int(connection.execute(text("PRAGMA user_version")).scalar_one())


def _in_plain_words(path: Path, context: ExceptionContext) -> StoreError | None:
    """What is raised in place of an error of SQLite; None to leave it as it is."""
    error = context.original_exception
    mistakes = (sqlite.IntegrityError, sqlite.ProgrammingError, sqlite.InterfaceError)
    if not isinstance(error, sqlite.DatabaseError) or isinstance(error, mistakes):
        return None
    reason = str(error)
    if "unable to open" in reason and path.is_file() and not os.access(path, os.W_OK):
        return StoreError(
            f"The catalog {path} cannot be used where nothing can be written ({reason}). Copy "
            f"{path.parent} to another disk, and use it there."
        )
    if "locked" in reason:
        return CatalogBusyError(
            f"The catalog {path} has been busy for {BUSY_TIMEOUT_MS // 1000} seconds: another "
            "Tramontane is writing to it. Try again when that is done."
        )
    if "full" in reason or ("I/O" in reason and _is_disk_full(path)):
        return NoRoomError(
            f"There is no room left for the catalog {path}. Make room and try again. The folder "
            "derived beside it can be deleted: it is made again."
        )
    if "malformed" in reason or "not a database" in reason:
        return StoreError(_damaged(path, reason))
    return StoreError(
        f"The catalog {path} cannot be used ({reason}). Check that the folder can be written "
        "and has room, or choose another with --data-dir."
    )


def _is_disk_full(path: Path) -> bool:
    """Whether SQLite has no room for the files that it needs even to read (-wal and -shm)."""
    try:
        return shutil.disk_usage(path.parent).free < LEAST_ROOM_BYTES
    except OSError:
        return False


def _damaged(path: Path, reason: str) -> str:
    return (
        f"The catalog {path} is damaged ({reason}). Restore the folder from a backup, or move it "
        "away and add the documents again."
    )
