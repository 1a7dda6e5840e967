"""How far embedding a library anew has come is kept.

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
)


def upgrade() -> None:
    """Bring a catalog of the schema before to this one."""
    for statement in STATEMENTS:
        op.execute(statement)
