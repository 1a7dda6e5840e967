"""Brings a catalog of an earlier release to the tables of this one, in one transaction."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection, delete, insert

from rag.failpoints import failpoint
from rag.store.tables import alembic_versions

REVISIONS = Path(__file__).parent / "revisions"


def upgrade(connection: Connection, version: int) -> None:
    """Change a catalog of this version, step by step, into one of the present version."""
    # It takes as long to import as all the rest, and is needed once in the life of a release.
    from alembic import command
    from alembic.config import Config

    stamp(connection, version)  # the first releases knew the number in the file's head alone
    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(REVISIONS).replace("%", "%%"))
    command.upgrade(config, "head")


def stamp(connection: Connection, version: int) -> None:
    """Note for alembic which schema a catalog has."""
    alembic_versions.create(connection, checkfirst=True)
    failpoint("stamp.table_made")
    connection.execute(delete(alembic_versions))
    failpoint("stamp.emptied")
    connection.execute(insert(alembic_versions).values(version_num=str(version)))
