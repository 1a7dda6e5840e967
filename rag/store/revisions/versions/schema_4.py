"""What is removed goes to the trash, what is replaced stays as a version.

The statements are written out as they were released: the tables of today are not their business.
"""

from __future__ import annotations

from alembic import op

revision = "4"
down_revision = "3"

STATEMENTS = (
    "ALTER TABLE document ADD COLUMN origin VARCHAR NOT NULL DEFAULT ''",
    "ALTER TABLE document ADD COLUMN alone BOOLEAN NOT NULL DEFAULT 0",
    "ALTER TABLE job ADD COLUMN origin VARCHAR NOT NULL DEFAULT ''",
    "ALTER TABLE job ADD COLUMN alone BOOLEAN NOT NULL DEFAULT 0",
    """CREATE TABLE kept_document (
        id VARCHAR NOT NULL, library_id VARCHAR NOT NULL, name VARCHAR NOT NULL,
        title VARCHAR NOT NULL, media_type VARCHAR NOT NULL, sha256 VARCHAR NOT NULL,
        size_bytes INTEGER NOT NULL, state VARCHAR NOT NULL, reason VARCHAR NOT NULL,
        page_count INTEGER NOT NULL, paginated BOOLEAN NOT NULL, added_at FLOAT NOT NULL,
        chunks INTEGER DEFAULT '0' NOT NULL, embedded INTEGER DEFAULT '0' NOT NULL,
        origin VARCHAR DEFAULT '' NOT NULL, alone BOOLEAN DEFAULT 0 NOT NULL,
        version_of VARCHAR, kept_at FLOAT NOT NULL, embedding_model VARCHAR NOT NULL,
        PRIMARY KEY (id),
        FOREIGN KEY(library_id) REFERENCES library (id) ON DELETE CASCADE
    )""",
    "CREATE INDEX ix_kept_document_sha256 ON kept_document (sha256)",
    "CREATE INDEX ix_kept_document_version_of ON kept_document (version_of)",
    """CREATE TABLE kept_page (
        document_id VARCHAR NOT NULL, number INTEGER NOT NULL, label VARCHAR NOT NULL,
        state VARCHAR NOT NULL, reason VARCHAR NOT NULL, "offset" INTEGER NOT NULL,
        text TEXT NOT NULL, words BLOB,
        PRIMARY KEY (document_id, number),
        FOREIGN KEY(document_id) REFERENCES kept_document (id) ON DELETE CASCADE
    )""",
    """CREATE TABLE kept_table_part (
        document_id VARCHAR NOT NULL, number INTEGER NOT NULL, page INTEGER NOT NULL,
        name VARCHAR NOT NULL, header JSON NOT NULL, rows JSON NOT NULL,
        PRIMARY KEY (document_id, number, page),
        FOREIGN KEY(document_id) REFERENCES kept_document (id) ON DELETE CASCADE
    )""",
    """CREATE TABLE kept_chunk (
        id INTEGER NOT NULL, document_id VARCHAR NOT NULL, page INTEGER NOT NULL,
        start INTEGER NOT NULL, "end" INTEGER NOT NULL, heading JSON NOT NULL,
        tokens INTEGER NOT NULL, vector BLOB NOT NULL, header VARCHAR DEFAULT '' NOT NULL,
        text_hash BLOB DEFAULT (x'') NOT NULL,
        PRIMARY KEY (id),
        FOREIGN KEY(document_id) REFERENCES kept_document (id) ON DELETE CASCADE
    )""",
    "CREATE INDEX kept_chunk_by_text ON kept_chunk (text_hash)",
    "CREATE INDEX kept_chunk_by_document ON kept_chunk (document_id)",
)


def upgrade() -> None:
    """Bring a catalog of the schema before to this one."""
    for statement in STATEMENTS:
        op.execute(statement)
