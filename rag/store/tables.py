"""The tables of the catalog: the only truth. Everything else on disk can be rebuilt from them."""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

SCHEMA_VERSION = 7

metadata = MetaData()

# What alembic reads of it: the version is in the head of the file too, for the releases before.
alembic_versions = Table(
    "alembic_version", metadata, Column("version_num", String(32), primary_key=True)
)

marks = Table(
    "mark",
    metadata,
    Column("name", String, primary_key=True),
    Column("value", String, nullable=False),
)

libraries = Table(
    "library",
    metadata,
    Column("id", String, primary_key=True),
    Column("owner", String, nullable=False),
    Column("name", String, nullable=False),
    Column("embedding_model", String, nullable=False),
    Column("dimension", Integer, nullable=False),
    Column("generation", Integer, nullable=False, default=0),
    Column("vectors", Integer, nullable=False, default=0, server_default="0"),
    Column("language", String, nullable=False, default="", server_default=""),
    Column("stays_here", Boolean, nullable=False, default=False, server_default=text("0")),
    Column("rebuilt", Integer, nullable=False, default=0, server_default="0"),
    Column("chosen", Boolean, nullable=False, default=False, server_default=text("0")),
    Column("removed_at", Float),  # since when it is in the trash ...
    Column("removed_name", String, nullable=False, default="", server_default=""),  # ... as what
    # That its owner means where none is named, once it is called otherwise.
    Column("usual", Boolean, nullable=False, default=False, server_default=text("0")),
    Column("purges", Integer, nullable=False, default=0, server_default="0"),  # of something in it
    UniqueConstraint("owner", "name"),
)


def _document_columns() -> list[Column[Any]]:
    return [
        Column("id", String, primary_key=True),
        Column("library_id", ForeignKey("library.id", ondelete="CASCADE"), nullable=False),
        Column("name", String, nullable=False),
        Column("title", String, nullable=False),
        Column("media_type", String, nullable=False),
        Column("sha256", String, nullable=False, index=True),
        Column("size_bytes", Integer, nullable=False),
        Column("state", String, nullable=False),
        Column("reason", String, nullable=False),
        Column("page_count", Integer, nullable=False),
        Column("paginated", Boolean, nullable=False),
        Column("added_at", Float, nullable=False),
        Column("chunks", Integer, nullable=False, default=0, server_default="0"),
        Column("embedded", Integer, nullable=False, default=0, server_default="0"),
        Column("origin", String, nullable=False, default="", server_default=""),  # see `Origin`
        Column("alone", Boolean, nullable=False, default=False, server_default=text("0")),
    ]


def _page_columns(owner: str) -> list[Column[Any]]:
    return [
        Column("document_id", ForeignKey(f"{owner}.id", ondelete="CASCADE"), primary_key=True),
        Column("number", Integer, primary_key=True),
        Column("label", String, nullable=False),
        Column("state", String, nullable=False),
        Column("reason", String, nullable=False),
        Column("offset", Integer, nullable=False),
        Column("text", Text, nullable=False),
        Column("words", LargeBinary),  # where the words of a scan stand; see `boxes`
    ]


def _table_part_columns(owner: str) -> list[Column[Any]]:
    return [
        Column("document_id", ForeignKey(f"{owner}.id", ondelete="CASCADE"), primary_key=True),
        Column("number", Integer, primary_key=True),
        Column("page", Integer, primary_key=True),
        Column("name", String, nullable=False),
        Column("header", JSON, nullable=False),
        Column("rows", JSON, nullable=False),  # [start, end, cells] each
    ]


def _chunk_columns(owner: str) -> list[Column[Any]]:
    return [
        Column("document_id", ForeignKey(f"{owner}.id", ondelete="CASCADE"), nullable=False),
        Column("page", Integer, nullable=False),
        Column("start", Integer, nullable=False),
        Column("end", Integer, nullable=False),
        Column("heading", JSON, nullable=False),
        Column("tokens", Integer, nullable=False),
        Column("vector", LargeBinary, nullable=False),  # float16, little-endian; empty: to come
        Column("header", String, nullable=False, default="", server_default=""),
        Column("text_hash", LargeBinary, nullable=False, default=b"", server_default=text("x''")),
    ]


documents = Table(
    "document", metadata, *_document_columns(), UniqueConstraint("library_id", "sha256")
)
pages = Table("page", metadata, *_page_columns("document"))
table_parts = Table("table_part", metadata, *_table_part_columns("document"))

# AUTOINCREMENT: the id of a removed chunk is never given to another, so a stale index can at
# worst name a chunk that is gone.
chunks = Table(
    "chunk",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("library_id", ForeignKey("library.id", ondelete="CASCADE"), nullable=False),
    *_chunk_columns("document"),
    Index("chunk_by_text", "text_hash"),
    Index("chunk_by_place", "document_id", "page", "start"),
    Index("chunk_by_library", "library_id"),
    sqlite_autoincrement=True,
)

# What no question sees lies in tables of its own, so that no query can forget to leave it out:
# documents in the trash, and earlier versions, which are `version_of` the document that is there.
kept_documents = Table(
    "kept_document",
    metadata,
    *_document_columns(),
    Column("version_of", String, index=True),  # no foreign key: that one may be in the trash
    Column("kept_at", Float, nullable=False),
    Column("embedding_model", String, nullable=False),  # whose the vectors of its chunks are
)
kept_pages = Table("kept_page", metadata, *_page_columns("kept_document"))
kept_table_parts = Table("kept_table_part", metadata, *_table_part_columns("kept_document"))
kept_chunks = Table(
    "kept_chunk",
    metadata,
    Column("id", Integer, primary_key=True),  # which it had, for their order
    *_chunk_columns("kept_document"),
    Index("kept_chunk_by_text", "text_hash"),
    Index("kept_chunk_by_document", "document_id"),
)

jobs = Table(
    "job",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("library_id", ForeignKey("library.id", ondelete="CASCADE"), nullable=False),
    Column("name", String, nullable=False),
    Column("sha256", String, nullable=False, index=True),
    Column("size_bytes", Integer, nullable=False),
    Column("stage", String, nullable=False, index=True),
    Column("done", Integer, nullable=False, default=0),
    Column("total", Integer, nullable=False, default=0),
    Column("outcome", String, nullable=False, default=""),
    Column("document_id", String),  # no foreign key: what became of a job outlives its document
    Column("parent_id", Integer),
    Column("estimate", JSON),
    Column("attempts", Integer, nullable=False, default=0),
    Column("wish", String, nullable=False, default=""),  # "cancel" or "confirmed", by a person
    Column("holder", String, nullable=False, default=""),  # who works on it ...
    Column("held_until", Float, nullable=False, default=0.0),  # ... and how long that is believed
    Column("not_before", Float, nullable=False, default=0.0),
    Column("mark", String, nullable=False, default=""),  # set once there is a document of it
    Column("origin", String, nullable=False, default="", server_default=""),  # see `Origin`
    Column("alone", Boolean, nullable=False, default=False, server_default=text("0")),
    sqlite_autoincrement=True,
)

# The last time a library was to be embedded anew: it is paid, so it outlives whoever works on it.
reembeddings = Table(
    "reembedding",
    metadata,
    Column("library_id", ForeignKey("library.id", ondelete="CASCADE"), primary_key=True),
    Column("model", String, nullable=False),  # as the settings lead to it, or as a server names it
    Column("stage", String, nullable=False),
    Column("done", Integer, nullable=False),
    Column("total", Integer, nullable=False),
    Column("outcome", String, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("wish", String, nullable=False),  # "cancel", by a person
    Column("holder", String, nullable=False),  # as of a job
    Column("held_until", Float, nullable=False),
)

# What the files held that hold others: archives, mails, PDFs with attachments. Their own bytes are
# not kept for it, so the columns are not called `sha256` as where a stored file is named.
containers = Table(
    "container",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("library_id", ForeignKey("library.id", ondelete="CASCADE"), nullable=False),
    Column("name", String, nullable=False),
    Column("content", String, nullable=False),  # the hash of its bytes
    Column("size_bytes", Integer, nullable=False),
    Column("origin", String, nullable=False),  # see `Origin`
    Column("added_at", Float, nullable=False),
    Column("hidden", Boolean, nullable=False, default=False, server_default=text("0")),
    Index("container_by_content", "library_id", "content"),
    sqlite_autoincrement=True,
)
members = Table(
    "member",
    metadata,
    Column("container_id", ForeignKey("container.id", ondelete="CASCADE"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("name", String, nullable=False),  # within the container; empty once that is purged
    Column("content", String, nullable=False, index=True),  # its hash; empty where it is not known
    Column("size_bytes", Integer, nullable=False),
    Column("reason", String, nullable=False),  # why it was not taken in; empty where it was
    Column("passed", Boolean, nullable=False, default=False, server_default=text("0")),
)

# Under what other names, and from where, the bytes of documents were handed over.
aliases = Table(
    "alias",
    metadata,
    Column("library_id", ForeignKey("library.id", ondelete="CASCADE"), primary_key=True),
    Column("content", String, primary_key=True),
    Column("name", String, primary_key=True),
    Column("origin", String, primary_key=True),
)

# Amounts alone: of what was asked nothing is kept.
spending = Table(
    "spending",
    metadata,
    Column("day", String, primary_key=True),  # of UTC, such as 2026-08-31
    Column("person", String, primary_key=True),
    Column("purpose", String, primary_key=True),
    Column("nanodollars", Integer, nullable=False),
    Column("input_tokens", Integer, nullable=False),
    Column("output_tokens", Integer, nullable=False),
    Column("requests", Integer, nullable=False),
)

reservations = Table(
    "reservation",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("day", String, nullable=False, index=True),
    Column("person", String, nullable=False),
    Column("purpose", String, nullable=False),
    Column("nanodollars", Integer, nullable=False),
    sqlite_autoincrement=True,
)
