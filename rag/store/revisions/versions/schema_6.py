"""Libraries have a language and a policy, and are deleted like documents.

The statements are written out as they were released: the tables of today are not their business.
"""

from __future__ import annotations

from alembic import op

revision = "6"
down_revision = "5"

STATEMENTS = (
    "ALTER TABLE library ADD COLUMN language VARCHAR NOT NULL DEFAULT ''",
    "ALTER TABLE library ADD COLUMN stays_here BOOLEAN NOT NULL DEFAULT 0",
    "ALTER TABLE library ADD COLUMN rebuilt INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE library ADD COLUMN chosen BOOLEAN NOT NULL DEFAULT 0",
    "ALTER TABLE library ADD COLUMN removed_at FLOAT",
    "ALTER TABLE library ADD COLUMN removed_name VARCHAR NOT NULL DEFAULT ''",
)


def upgrade() -> None:
    """Bring a catalog of the schema before to this one."""
    for statement in STATEMENTS:
        op.execute(statement)
