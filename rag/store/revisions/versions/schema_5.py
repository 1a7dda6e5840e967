"""What archives and mails held is kept, and the other names under which a file was handed over.

The statements are written out as they were released: the tables of today are not their business.
"""

from __future__ import annotations

from alembic import op

revision = "5"
down_revision = "4"

STATEMENTS = (
    """CREATE TABLE container (
        id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, library_id VARCHAR NOT NULL,
        name VARCHAR NOT NULL, content VARCHAR NOT NULL, size_bytes INTEGER NOT NULL,
        origin VARCHAR NOT NULL, added_at FLOAT NOT NULL, hidden BOOLEAN DEFAULT 0 NOT NULL,
        FOREIGN KEY(library_id) REFERENCES library (id) ON DELETE CASCADE
    )""",
    "CREATE INDEX container_by_content ON container (library_id, content)",
    """CREATE TABLE member (
        container_id INTEGER NOT NULL, number INTEGER NOT NULL, name VARCHAR NOT NULL,
        content VARCHAR NOT NULL, size_bytes INTEGER NOT NULL, reason VARCHAR NOT NULL,
        passed BOOLEAN DEFAULT 0 NOT NULL,
        PRIMARY KEY (container_id, number),
        FOREIGN KEY(container_id) REFERENCES container (id) ON DELETE CASCADE
    )""",
    "CREATE INDEX ix_member_content ON member (content)",
    """CREATE TABLE alias (
        library_id VARCHAR NOT NULL, content VARCHAR NOT NULL, name VARCHAR NOT NULL,
        origin VARCHAR NOT NULL,
        PRIMARY KEY (library_id, content, name, origin),
        FOREIGN KEY(library_id) REFERENCES library (id) ON DELETE CASCADE
    )""",
)


def upgrade() -> None:
    """Bring a catalog of the schema before to this one."""
    for statement in STATEMENTS:
        op.execute(statement)
