"""What models cost is kept.

The statements are written out as they were released: the tables of today are not their business.
"""

from __future__ import annotations

from alembic import op

revision = "3"
down_revision = "2"

STATEMENTS = (
    """CREATE TABLE spending (
        day VARCHAR NOT NULL, person VARCHAR NOT NULL, purpose VARCHAR NOT NULL,
        nanodollars INTEGER NOT NULL, input_tokens INTEGER NOT NULL,
        output_tokens INTEGER NOT NULL, requests INTEGER NOT NULL,
        PRIMARY KEY (day, person, purpose)
    )""",
    """CREATE TABLE reservation (
        id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, day VARCHAR NOT NULL,
        person VARCHAR NOT NULL, purpose VARCHAR NOT NULL, nanodollars INTEGER NOT NULL
    )""",
    "CREATE INDEX ix_reservation_day ON reservation (day)",
)


def upgrade() -> None:
    """Bring a catalog of the schema before to this one."""
    for statement in STATEMENTS:
        op.execute(statement)
