from __future__ import annotations

import ast
import gc
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import (
    Connection,
    Executable,
    Select,
    bindparam,
    delete,
    exists,
    func,
    insert,
    literal,
    select,
    text,
    union,
    update,
)

from rag.domain import Library
from rag.errors import NotFoundError
from rag.store import isolation
from rag.store.catalog import CATALOG, Catalog
from rag.store.database import open_database
from rag.store.isolation import Upkeep
from rag.store.owned import NAMED_BY, OWNED, WHOSE, Whose
from rag.store.row_policy import WHATEVER, IsolationError, restricted
from rag.store.rows import chunk_query
from rag.store.tables import (
    chunks,
    documents,
    jobs,
    kept_pages,
    libraries,
    marks,
    metadata,
    pages,
    spending,
)
from tests.rag.store.shelves import library_in, reading

ROOT = Path(__file__).parents[3]
BOTH = ["mine", "hers"]
OTHERWISE = documents.alias("d")


@pytest.fixture
def hers(catalog: Catalog, library: Library) -> Library:
    """A library of somebody else; mine and hers have a document of one page each."""
    ann = catalog.acting("ann")
    foreign = library_in(ann)
    catalog.publish(reading(library, "of mine", id_="mine"))
    ann.publish(reading(foreign, "of hers", id_="hers"))
    return foreign


@pytest.fixture
def mine(catalog: Catalog, hers: Library) -> Iterator[Connection]:
    with catalog._writer.connect() as connection, connection.begin() as transaction:
        yield connection
        transaction.rollback()


def test_of_every_table_it_is_said_whose_its_rows_are(catalog: Catalog) -> None:
    assert WHOSE.keys() == set(metadata.tables.values())
    with closing(sqlite3.connect(catalog.data_dir / CATALOG)) as connection:
        made = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
    assert {table.name for table in WHOSE} == {name for (name,) in made} - {"sqlite_sequence"}


def test_what_is_said_of_a_table_is_what_its_columns_tell() -> None:
    assert {table for table, whose in WHOSE.items() if whose is not Whose.STORE} == OWNED.keys()
    by_person = {table for table, whose in WHOSE.items() if whose is Whose.PERSON}
    assert NAMED_BY.keys() == by_person
    for table, links in OWNED.items():
        assert all(link.parent in OWNED for link in links if link.parent is not None)
        assert (links[0].parent is None) == (table in by_person)
    named = {"library_id", "document_id", "owner", "person"}
    of_store = [table for table, whose in WHOSE.items() if whose is Whose.STORE]
    assert not [table for table in of_store if named & set(table.c.keys())]


@pytest.mark.parametrize("table", OWNED, ids=lambda table: table.name)
def test_a_statement_without_a_principal_fails(catalog: Catalog, table: Any) -> None:
    reader, writer = open_database(catalog.data_dir / CATALOG)
    key = next(iter(table.c))
    statements: list[Executable] = [
        select(table).where(key == "x"),
        select(func.count(key)),
        select(table.alias().c[key.name]),
        select(marks.c.name).where(marks.c.name.in_(select(key))),
        select(marks.c.name).where(exists(select(literal(1)).select_from(table))),
        union(select(key), select(marks.c.name)),
        insert(table).values({key.name: "x"}),
        update(table).where(key == "x").values({key.name: "x"}),
        delete(table).where(key == "x"),
        insert(marks).from_select(["name"], select(key)),
        text(f"SELECT * FROM {table.name}"),  # noqa: S608
    ]
    for statement in statements:
        with writer.begin() as connection, pytest.raises(IsolationError):
            connection.execute(statement)
    with reader.begin() as connection, pytest.raises(IsolationError):
        connection.exec_driver_sql(f'DELETE FROM "{table.name}"')  # noqa: S608
    with reader.begin() as connection:
        assert connection.execute(select(marks.c.name)).all() == []  # which is nobody's
    reader.dispose()


@pytest.mark.parametrize(
    "forgetful",
    [
        select(documents),
        select(chunks.c.id).where(chunks.c.id > 0),
        select(chunks.c.id).join(documents, documents.c.id == chunks.c.document_id),
        select(documents.c.id).where((documents.c.id == "mine") | (documents.c.name == "x")),
        update(documents).values(name="x"),
        delete(jobs),
    ],
    ids=str,
)
def test_a_statement_that_forgets_which_rows_fails(mine: Connection, forgetful: Executable) -> None:
    with pytest.raises(IsolationError, match="does not say which rows"):
        mine.execute(forgetful)


def test_one_that_means_whatever_is_owned_says_so(mine: Connection) -> None:
    every = select(documents.c.id).execution_options(**{WHATEVER: True})
    assert mine.execute(every).scalars().all() == ["mine"]


@pytest.mark.parametrize(
    "statement",
    [
        select(documents.c.id).where(documents.c.id.in_(BOTH)),
        select(pages.c.document_id).where(pages.c.document_id.in_(BOTH)),
        select(chunks.c.document_id).where(chunks.c.document_id.in_(BOTH)),
        chunk_query().where(chunks.c.document_id.in_(BOTH)),
        select(OTHERWISE.c.id).where(OTHERWISE.c.id.in_(BOTH)),
        select(literal("mine")).where(exists(select(pages).where(pages.c.document_id == "mine"))),
        select(libraries.c.owner)
        .join(documents, documents.c.library_id == libraries.c.id)
        .where(documents.c.id.in_(BOTH)),
        select(documents.c.id)
        .outerjoin(pages, pages.c.document_id == documents.c.id)
        .where(documents.c.id.in_(BOTH)),
        select(documents.c.id, select(jobs.c.id).scalar_subquery())
        .outerjoin(OTHERWISE, OTHERWISE.c.library_id == documents.c.library_id)
        .where(documents.c.id.in_(BOTH)),
        union(
            select(documents.c.id).where(documents.c.id == "hers"),
            select(pages.c.document_id).where(pages.c.document_id.in_(BOTH)),
        ),
        select(select(documents.c.id).where(documents.c.id.in_(BOTH)).subquery()),
        select(select(documents.c.id).where(documents.c.id.in_(BOTH)).cte()),
    ],
    ids=lambda statement: str(statement)[:60],
)
def test_only_own_rows_are_read(mine: Connection, statement: Any) -> None:
    assert {row[0] for row in mine.execute(statement)} <= {"mine", "local"}
    assert len(mine.execute(statement).all()) == 1


def test_nor_through_what_a_statement_compares_with(mine: Connection) -> None:
    same = select(documents.c.sha256).where(documents.c.id == "hers")
    assert mine.execute(select(literal(1)).where(literal("x").not_in(same))).all() == [(1,)]
    of_hers = select(pages.c.text).where(pages.c.document_id == "hers").scalar_subquery()
    assert mine.execute(select(of_hers)).scalar() is None
    assert not mine.execute(
        select(exists(select(documents.c.id).where(documents.c.id == "hers")))
    ).scalar()


def test_only_own_rows_are_changed(mine: Connection, hers: Library) -> None:
    changed = update(documents).where(documents.c.id.in_(BOTH)).values(title="changed")
    assert mine.execute(changed).rowcount == 1
    assert mine.execute(delete(pages).where(pages.c.document_id.in_(BOTH))).rowcount == 1
    assert mine.execute(delete(libraries).where(libraries.c.id == hers.id)).rowcount == 0


def test_nothing_is_put_with_what_is_foreign(
    mine: Connection, library: Library, hers: Library
) -> None:
    page = {"number": 9, "label": "", "state": "ok", "reason": "", "offset": 0, "text": "x"}
    job = {"name": "x", "sha256": "x", "size_bytes": 1, "stage": "waiting"}
    mine.execute(insert(pages), [page | {"document_id": "mine"}])
    for foreign in ("hers", "never"):
        with pytest.raises(NotFoundError, match="no longer in the library"):
            mine.execute(insert(pages), [page | {"document_id": foreign}])
    for unreachable in (hers.id, "never"):
        with pytest.raises(NotFoundError, match="library no longer exists"):
            mine.execute(insert(jobs).values(job | {"library_id": unreachable}))
        moved = update(documents).where(documents.c.id == "mine")
        with pytest.raises(NotFoundError, match="library no longer exists"):
            mine.execute(moved.values(library_id=unreachable))
    own = libraries.c.id == library.id
    with pytest.raises(IsolationError):
        mine.execute(update(libraries).where(own).values(owner="ann"))
    with pytest.raises(IsolationError):
        mine.execute(update(documents).where(documents.c.id == "mine").values(library_id=text("1")))


@pytest.mark.parametrize(("place", "count"), [("mine", 1), ("hers", 0)])
def test_rows_that_are_copied_go_to_what_is_own(mine: Connection, place: str, count: int) -> None:
    names = ["document_id", "number", "label", "state", "reason", "offset", "text"]
    source: list[Any] = [literal(place), literal(8), *(pages.c[name] for name in names[2:])]
    rows: Select[Any] = select(*source).where(pages.c.document_id.in_(BOTH))
    assert mine.execute(insert(pages).from_select(names, rows)).rowcount == count
    kept = select(*(pages.c[name] for name in names)).where(pages.c.document_id == "hers")
    assert mine.execute(insert(kept_pages).from_select(names, kept)).rowcount == 0


@pytest.mark.parametrize(
    "unclear",
    [
        select(documents.c.id)
        .outerjoin(pages, pages.c.number == 1)
        .where(documents.c.id == "mine"),
        select(documents.c.id)
        .outerjoin(pages, pages.c.document_id == documents.c.id, full=True)
        .where(documents.c.id == "mine"),
        select(spending.c.day).where(text("day IN (SELECT id FROM document)")),
        text("SELECT id FROM document"),
        text("SELECT id FROM document").columns(documents.c.id),
        text('DELETE FROM "library"'),
    ],
    ids=lambda statement: str(statement)[:60],
)
def test_what_cannot_be_held_is_refused(mine: Connection, unclear: Executable) -> None:
    with pytest.raises(IsolationError):
        mine.execute(unclear)


def test_rows_that_are_tied_to_others_are_looked_up_once() -> None:
    statement = chunk_query().where(chunks.c.id.in_([1, 2]))
    assert str(restricted(statement, "local")).count("own_library.owner") == 1
    to_nobodys = select(documents.c.id).join(marks, marks.c.value == documents.c.library_id)
    assert "own_library" in str(restricted(to_nobodys.where(documents.c.id == "x"), "local"))
    alone = select(pages).where(pages.c.document_id == "x")
    assert "own_document" in str(restricted(alone, "local"))


def test_a_statement_built_once_is_held_to_whoever_asks(catalog: Catalog, hers: Library) -> None:
    known = select(documents.c.id).where(documents.c.id == bindparam("id"))
    for _ in range(2):
        for principal, own in (("local", "mine"), ("ann", "hers"), ("nobody", "")):
            with catalog.acting(principal)._reader.begin() as connection:
                seen = [connection.execute(known, {"id": id_}).scalar() for id_ in BOTH]
            assert [id_ for id_ in seen if id_] == ([own] if own else [])


def test_a_statement_that_is_not_kept_is_forgotten(catalog: Catalog, library: Library) -> None:
    gc.collect()
    before = len(isolation._known)
    for number in range(50):
        catalog.find(library.id, str(number))
        catalog.mark(str(number))
    gc.collect()
    assert len(isolation._known) <= before + 1


def test_whoever_spans_all_owners_is_known_by_name() -> None:
    assert set(_uses("Upkeep")) == {
        ("rag/purging.py", "EXPIRY"),
        ("rag/store/backup.py", "BACKUP"),
        ("rag/store/checks.py", "SOUNDNESS"),
        ("rag/store/cleaning.py", "SHARED_FILES"),
        ("rag/store/database.py", "MIGRATION"),
        ("rag/store/restoring.py", "SOUNDNESS"),
        ("rag/store/spending.py", "CAPS"),
        ("ingest/reembedding.py", "SOUNDNESS"),
        ("rag/store/trash.py", "SHARED_FILES"),
    }
    assert {name for _, name in _uses("Upkeep")} == {each.name for each in Upkeep}
    # ... and nothing reaches the database but through the engines that are guarded.
    assert _named("create_engine") == {"rag/store/database.py"}
    assert _named("for_whole_store") == {
        "rag/store/catalog.py",
        "rag/store/cleaning.py",
        "rag/store/database.py",
        "rag/store/trash.py",
    }
    assert _named("WHATEVER") == {
        "rag/store/holdings.py",
        "rag/store/reembeddings.py",
        "rag/store/row_policy.py",
        "rag/store/trash.py",
    }
    assert _named("spanning") == {"rag/store/spending.py"}
    assert _named("open_database") == {"rag/store/catalog.py", "rag/store/database.py"}


def _sources() -> Iterator[tuple[str, ast.AST]]:
    for folder in ("rag", "ingest", "ui"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            yield str(path.relative_to(ROOT)), ast.parse(path.read_text(encoding="utf-8"))


def _uses(name: str) -> Iterator[tuple[str, str]]:
    for path, tree in _sources():
        for node in ast.walk(tree):
            match node:
                case ast.Attribute(value=ast.Name(id=owner), attr=attribute) if owner == name:
                    yield path, attribute


def _named(name: str) -> set[str]:
    return {
        path
        for path, tree in _sources()
        for node in ast.walk(tree)
        if (isinstance(node, ast.Name) and node.id == name)
        or (isinstance(node, ast.Attribute) and node.attr == name)
    }
