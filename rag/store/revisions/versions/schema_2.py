"""Vectors may come later than their chunks; tables, words of scans and jobs are kept.

The statements are written out as they were released: the tables of today are not their business.
"""

from __future__ import annotations

from alembic import op

revision = "2"
down_revision = "1"

STATEMENTS = (
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
    """CREATE TABLE table_part (
        document_id VARCHAR NOT NULL, number INTEGER NOT NULL, page INTEGER NOT NULL,
        name VARCHAR NOT NULL, header JSON NOT NULL, rows JSON NOT NULL,
        PRIMARY KEY (document_id, number, page),
        FOREIGN KEY(document_id) REFERENCES document (id) ON DELETE CASCADE
    )""",
    """CREATE TABLE job (
        id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, library_id VARCHAR NOT NULL,
        name VARCHAR NOT NULL, sha256 VARCHAR NOT NULL, size_bytes INTEGER NOT NULL,
        stage VARCHAR NOT NULL, done INTEGER NOT NULL, total INTEGER NOT NULL,
        outcome VARCHAR NOT NULL, document_id VARCHAR, parent_id INTEGER, estimate JSON,
        attempts INTEGER NOT NULL, wish VARCHAR NOT NULL, holder VARCHAR NOT NULL,
        held_until FLOAT NOT NULL, not_before FLOAT NOT NULL, mark VARCHAR NOT NULL,
        FOREIGN KEY(library_id) REFERENCES library (id) ON DELETE CASCADE
    )""",
    "CREATE INDEX ix_job_sha256 ON job (sha256)",
    "CREATE INDEX ix_job_stage ON job (stage)",
)


def upgrade() -> None:
    """Bring a catalog of the schema before to this one."""
    for statement in STATEMENTS:
        op.execute(statement)
