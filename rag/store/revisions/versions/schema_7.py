"""How far embedding a library anew has come is kept; what is an owner's lies with the library.

The statements are written out as they were released: the tables of today are not their business.
"""

from __future__ import annotations

from alembic import op

revision = "7"
down_revision = "6"

STATEMENTS = (
    """CREATE TABLE reembedding (
        library_id VARCHAR NOT NULL PRIMARY KEY, model VARCHAR NOT NULL, stage VARCHAR NOT NULL,
        done INTEGER NOT NULL, total INTEGER NOT NULL, outcome VARCHAR NOT NULL,
        attempts INTEGER NOT NULL, wish VARCHAR NOT NULL, holder VARCHAR NOT NULL,
        held_until FLOAT NOT NULL,
        FOREIGN KEY(library_id) REFERENCES library (id) ON DELETE CASCADE
    )""",
    "ALTER TABLE library ADD COLUMN usual BOOLEAN NOT NULL DEFAULT 0",
    "ALTER TABLE library ADD COLUMN purges INTEGER NOT NULL DEFAULT 0",
    """UPDATE library SET usual = 1 WHERE EXISTS (SELECT 1 FROM mark WHERE value = library.id
        AND name IN ('usual library', 'usual library of ' || library.owner))""",
    """UPDATE library SET purges = coalesce(
        (SELECT CAST(value AS INTEGER) FROM mark WHERE name = 'purges: ' || library.id), 0)""",
    """DELETE FROM mark WHERE name = 'usual library' OR name LIKE 'usual library of %'
        OR name LIKE 'purges: %'""",
)


def upgrade() -> None:
    """Bring a catalog of the schema before to this one."""
    for statement in STATEMENTS:
        op.execute(statement)
