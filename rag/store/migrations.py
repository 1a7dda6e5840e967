"""Brings a catalog of an earlier release to the tables of this one, in one transaction.

Each step is written out as it was when it was released: the tables of today are not its business.
"""

from __future__ import annotations

from sqlalchemy import Connection, text

_TO_2 = (  # vectors may come later than their chunks; tables, words of scans and jobs are kept
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
_TO_3 = (  # what models cost is kept
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
_TO_4 = (  # what is removed goes to the trash, what is replaced stays as a version
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
_STEPS = (_TO_2, _TO_3, _TO_4)


def upgrade(connection: Connection, version: int) -> None:
    """Change a catalog of this version, step by step, into one of the present version."""
    for step in _STEPS[version - 1 :]:
        for statement in step:
            connection.execute(text(statement))
