"""A catalog of two owners with the same things, and every call of it with the ids of one."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from rag.domain import Document, Library, Usage
from rag.intake import Container, Content, Job, Origin, Stage, Table, TableRow, WordBox
from rag.store.aliases import Aliases
from rag.store.catalog import Catalog
from rag.store.cited import Cited
from rag.store.containers import Containers
from rag.store.holdings import Holdings
from rag.store.holds import Held, new_holder
from rag.store.jobs import Jobs
from rag.store.reembeddings import HeldReembedding, Reembeddings
from rag.store.rows import Reading
from rag.store.spending import Purpose, Reservation, Spending
from rag.store.trash import Trash
from tests.rag.store.shelves import DIMENSION, MODEL, library_in, reading

REPOSITORIES: tuple[type, ...] = (
    *(Catalog, Jobs, Containers, Aliases, Cited, Trash, Holdings),
    *(Reembeddings, Spending),
)
HASH = b"hash of a text "
CONTENTS = [Content("inner.txt", "c" * 64, 5), Content("lost.txt", "", 5, "It is locked.")]
BOX = WordBox(0, 3, 10.0, 10.0, 30.0, 20.0)


@dataclass(frozen=True)
class Things:
    """What somebody has, by id: `kept` and `version` lie in the trash, `removed` is a library."""

    library: Library
    document: Document
    kept: Document
    version: str
    removed: str
    chunk: int
    held: Held
    jobs: tuple[int, int, int]  # one that waits, one that failed, one that is to be confirmed
    reading: Reading
    box: Container  # a file that held others
    anew: HeldReembedding
    money: Reservation


def filled(catalog: Catalog, word: str) -> Things:
    """Give the principal of a catalog one of everything."""
    library = library_in(catalog, f"{word} papers")
    removed = library_in(catalog, f"{word} old papers")
    catalog.publish(reading(removed, f"{word} old", name="old.txt"))
    catalog.libraries.remove(removed.id)
    gone = catalog.publish(reading(library, f"{word} gone", name="gone.txt"))
    catalog.remove(gone.id)
    first = reading(library, f"{word} first", name="plan.txt")
    here = Origin("/plan.txt", alone=True)
    catalog.publish(replace(first, origin=here, words={1: [BOX]}))
    read = replace(
        reading(library, f"{word} one", f"{word} two", name="plan.txt"),
        origin=here,
        words={1: [BOX]},
        tables=[Table(1, 1, "prices", ("what",), (TableRow(0, 3, (word,)),))],
        text_hashes=[HASH + word.encode()] * 2,
    )
    document = catalog.publish(read)
    (version,) = catalog.trash.versions(document.id)
    assert version.document.id == first.document.id
    chunk = catalog.all_chunks(library.id)[0].id
    job = catalog.jobs.submit(library.id, f"{word}.zip", f"{word}zip".ljust(64, "0"), 9)
    within = reading(library, f"{word} inner", name=f"{word}.zip/inner.txt")
    none = np.empty((0, DIMENSION), np.float32)
    inner = catalog.publish(replace(within, chunks=(), vectors=none))
    held = [Content(each.name, each.sha256, 9) for each in (document, inner)]
    held[1] = replace(held[1], name="inner.txt")
    catalog.containers.keep(job, [*CONTENTS, *held])
    (box,) = catalog.containers.of(library.id)
    catalog.aliases.note(replace(job, name="also.txt", sha256=document.sha256))
    catalog.jobs.cancel(job.id)
    return Things(
        library,
        document,
        gone,
        version.document.id,
        removed.id,
        chunk,
        *_queued(catalog, library, word),
        read,
        box,
        catalog.reembeddings.begin(library.id, "other", new_holder()),
        catalog.spending.reserve(catalog.spending.principal, Purpose.CHAT, 0.5),
    )


def _queued(catalog: Catalog, library: Library, word: str) -> tuple[Held, tuple[int, int, int]]:
    held: list[Held] = []
    for name in ("held", "failed", "asked"):
        catalog.jobs.submit(library.id, f"{word} {name}.txt", f"{word}{name}".ljust(64, "0"), 5)
        taken = catalog.jobs.claim(library.id, new_holder(), [Stage.WAITING])
        assert taken is not None
        held.append(taken)
    catalog.jobs.advance(held[1], Stage.FAILED, outcome="It cannot be read.")
    catalog.jobs.advance(held[2], Stage.CONFIRM)
    waiting = catalog.jobs.submit(library.id, f"{word} waits.txt", f"{word}waits".ljust(64, "0"), 5)
    return held[0], (waiting.id, held[1].job.id, held[2].job.id)


def unknown(things: Things) -> Things:
    """The same under ids that never were."""
    library = replace(things.library, id="f" * 16, name="nobody papers")
    document = replace(things.document, id="never", library_id=library.id)
    held = replace(things.held, job=replace(things.held.job, id=990_000, library_id=library.id))
    read = replace(things.reading, document=document)
    jobs = (990_001, 990_002, 990_003)
    box = replace(things.box, id=970_000, library_id=library.id)
    kept = replace(things.kept, id="nokept", library_id=library.id)
    anew = replace(things.anew, library_id=library.id)
    money = replace(things.money, number=960_000, person="nobody")
    return Things(
        *(library, document, kept, "noversion", "0" * 16, 980_000, held, jobs, read, box, anew),
        money,
    )


Call = Callable[[Catalog, Things, Things], object]

# By method: what it is called with. First the principal's catalog and own things, then the others.
CALLS: Mapping[str, tuple[Call, ...]] = {
    "Catalog.library_with_id": (lambda c, _, o: c.library_with_id(o.library.id),),
    "Catalog.library": (lambda c, _, o: c.library(o.library.name),),
    "Catalog.documents": (lambda c, _, o: c.documents(o.library.id),),
    "Catalog.document": (lambda c, _, o: c.document(o.document.id),),
    "Catalog.find": (lambda c, _, o: c.find(o.library.id, o.document.sha256),),
    "Catalog.publish": (
        lambda c, _, o: c.publish(_into(o.reading, o.library)),
        lambda c, m, o: c.publish(_into(m.reading, m.library), o.held),
    ),
    "Catalog.replace": (
        lambda c, m, o: c.replace(_into(o.reading, m.library)),
        lambda c, m, o: c.replace(_into(m.reading, o.library)),
    ),
    "Catalog.remove": (lambda c, _, o: c.remove(o.document.id),),
    "Catalog.original": (lambda c, _, o: c.original(o.document.id),),
    "Catalog.page": (lambda c, _, o: c.page(o.document.id, 1),),
    "Catalog.pages": (lambda c, _, o: c.pages(o.document.id),),
    "Catalog.words": (lambda c, _, o: c.words(o.document.id, 1),),
    "Catalog.tables": (lambda c, _, o: c.tables(o.document.id),),
    "Catalog.chunks": (
        lambda c, _, o: c.chunks([o.chunk], c.scope(o.library.id)),
        lambda c, m, o: c.chunks([o.chunk], c.scope(m.library.id)),
    ),
    "Catalog.chunked_pages": (
        lambda c, _, o: c.chunked_pages([(o.document.id, 1)], c.scope(o.library.id)),
    ),
    "Catalog.all_chunks": (lambda c, _, o: c.all_chunks(o.library.id),),
    "Catalog.chunk_spans": (lambda c, _, o: c.chunk_spans(o.library.id),),
    "Catalog.document_digests": (lambda c, _, o: c.document_digests(o.library.id),),
    "Catalog.indexed_chunks": (lambda c, _, o: list(c.indexed_chunks([o.document.id])),),
    "Catalog.packed_vectors": (lambda c, _, o: list(c.packed_vectors(o.library)),),
    "Catalog.verify_vectors": (lambda c, _, o: c.verify_vectors(o.library.id),),
    "Catalog.replace_vectors": (lambda c, _, o: c.replace_vectors(o.library, "m", 2, _packed(o)),),
    "Catalog.pending_chunks": (lambda c, _, o: c.pending_chunks(o.document.id),),
    "Catalog.document_chunks": (lambda c, _, o: c.document_chunks(o.document.id),),
    "Catalog.put_vectors": (
        lambda c, _, o: c.put_vectors(o.document.id, MODEL, {o.chunk: b"x" * 2 * DIMENSION}),
        lambda c, m, o: c.put_vectors(m.document.id, MODEL, {o.chunk: b"x" * 2 * DIMENSION}),
    ),
    "Catalog.known_vectors": (
        lambda c, _, o: c.known_vectors(MODEL, DIMENSION, [HASH + o.library.name[:3].encode()]),
    ),
    "Catalog.embedded_spans": (lambda c, _, o: c.embedded_spans(o.library.id),),
    "Jobs.submit": (lambda c, _, o: c.jobs.submit(o.library.id, "a.txt", "a" * 64, 1),),
    "Jobs.submit_embedding": (lambda c, _, o: c.jobs.submit_embedding(o.document),),
    "Jobs.of": (lambda c, _, o: c.jobs.of(o.library.id),),
    "Jobs.get": (lambda c, _, o: c.jobs.get(o.jobs[0]),),
    "Jobs.count": (lambda c, _, o: c.jobs.count(o.library.id, list(Stage)),),
    "Jobs.claim": (lambda c, _, o: c.jobs.claim(o.library.id, "somebody", [Stage.WAITING]),),
    "Jobs.report": (lambda c, _, o: c.jobs.report(o.held, Stage.READING, 1, 2),),
    "Jobs.renew": (lambda c, _, o: c.jobs.renew([o.held.job.id], o.held.holder),),
    "Jobs.advance": (lambda c, _, o: c.jobs.advance(o.held, Stage.DONE),),
    "Jobs.put_back": (lambda c, _, o: c.jobs.put_back(o.held, tried=True),),
    "Jobs.wish": (lambda c, _, o: c.jobs.wish(o.jobs[0], "cancel"),),
    "Jobs.cancel": (lambda c, _, o: c.jobs.cancel(o.jobs[0]),),
    "Jobs.confirm": (lambda c, _, o: c.jobs.confirm(o.jobs[2], Stage.EMBEDDING),),
    "Jobs.restart": (lambda c, _, o: c.jobs.restart(o.jobs[1]),),
    "Jobs.dismiss": (lambda c, _, o: c.jobs.dismiss(o.jobs[1]),),
    "Cited.document": (
        lambda c, _, o: c.cited.document(o.document.id),
        lambda c, _, o: c.cited.document(o.version),
    ),
    "Cited.replaced": (lambda c, _, o: c.cited.replaced(o.version),),
    "Cited.removed": (lambda c, _, o: c.cited.removed(o.kept.id),),
    "Cited.page": (
        lambda c, _, o: c.cited.page(o.document.id, 1),
        lambda c, _, o: c.cited.page(o.version, 1),
    ),
    "Cited.words": (lambda c, _, o: c.cited.words(o.version, 1),),
    "Cited.original": (lambda c, _, o: c.cited.original(o.version),),
    "Trash.of": (lambda c, _, o: c.trash.of(o.library.id),),
    "Trash.versions": (lambda c, _, o: c.trash.versions(o.document.id),),
    "Trash.remove": (lambda c, _, o: c.trash.remove(o.document.id),),
    "Trash.remove_members": (lambda c, _, o: c.trash.remove_members(o.held.job, []),),
    "Trash.bring_back": (
        lambda c, _, o: c.trash.bring_back(o.kept.id),
        lambda c, _, o: c.trash.bring_back(o.version),
        lambda c, m, o: c.trash.bring_back(m.kept.id, o.held),
    ),
    "Trash.bring_back_same": (
        lambda c, _, o: c.trash.bring_back_same(o.library.id, o.kept.sha256, "gone.txt"),
    ),
    "Trash.purge": (
        lambda c, _, o: c.trash.purge([o.kept.id]),
        lambda c, _, o: c.trash.purge([], [o.removed]),
    ),
    "Trash.purges": (lambda c, _, o: c.trash.purges(o.library.id),),
    "Catalog.own_changes": (lambda c, _, o: c.own_changes(o.library.id),),
    "Catalog.vectors_of": (lambda c, _, o: c.vectors_of(o.library.id, [o.chunk]),),
    "Containers.keep": (lambda c, _, o: c.containers.keep(o.held.job, CONTENTS),),
    "Containers.of": (lambda c, _, o: c.containers.of(o.library.id),),
    "Containers.named": (lambda c, _, o: c.containers.named(o.library.id, o.box.name),),
    "Containers.with_id": (lambda c, _, o: c.containers.with_id(o.box.id),),
    "Containers.members": (lambda c, _, o: c.containers.members(o.box),),
    "Containers.within": (
        lambda c, _, o: c.containers.within(replace(o.document, sha256=o.box.sha256)),
    ),
    "Containers.has": (lambda c, _, o: c.containers.has(replace(o.document, sha256=o.box.sha256)),),
    "Containers.places": (lambda c, _, o: c.containers.places(o.library.id),),
    "Containers.holding": (lambda c, _, o: c.containers.holding(o.document),),
    "Containers.left_out": (lambda c, _, o: c.containers.left_out(o.library.id, "no reason"),),
    "Containers.troubled": (lambda c, _, o: c.containers.troubled(o.library.id),),
    "Containers.hide": (lambda c, _, o: c.containers.hide(o.box.id),),
    "Containers.refuse": (
        lambda c, _, o: c.containers.refuse(o.library.id, CONTENTS[0].sha256, "No."),
    ),
    "Aliases.note": (lambda c, _, o: c.aliases.note(_once_more(o)),),
    "Aliases.hashes": (lambda c, _, o: c.aliases.hashes(o.library.id, "also.txt"),),
    "Aliases.of": (lambda c, _, o: c.aliases.of(o.library.id, o.document.sha256),),
    "Aliases.arrivals": (lambda c, _, o: c.aliases.arrivals(o.library.id),),
    "Spending.reserve": (lambda c, _, o: c.spending.reserve(o.money.person, Purpose.CHAT, 0.1),),
    "Spending.record": (
        lambda c, _, o: c.spending.record(o.money.person, Purpose.CHAT, Usage(1, 1)),
    ),
    "Spending.settle": (lambda c, _, o: c.spending.settle(o.money, 0.1),),
    "Spending.release": (lambda c, _, o: c.spending.release(o.money),),
    "Spending.today": (lambda c, _, o: c.spending.today(o.money.person),),
    "Reembeddings.of": (lambda c, _, o: c.reembeddings.of(o.library.id),),
    "Reembeddings.ask": (lambda c, _, o: c.reembeddings.ask(o.library.id, "m"),),
    "Reembeddings.begin": (lambda c, _, o: c.reembeddings.begin(o.library.id, "m", "somebody"),),
    "Reembeddings.report": (lambda c, _, o: c.reembeddings.report(o.anew, 1, 2),),
    "Reembeddings.renew": (lambda c, _, o: c.reembeddings.renew(o.anew),),
    "Reembeddings.put_back": (lambda c, _, o: c.reembeddings.put_back(o.anew),),
    "Reembeddings.fail": (lambda c, _, o: c.reembeddings.fail(o.anew, "It cannot be."),),
    "Reembeddings.forget": (lambda c, _, o: c.reembeddings.forget(o.anew),),
    "Reembeddings.cancel": (lambda c, _, o: c.reembeddings.cancel(o.library.id),),
    "Reembeddings.changes": (lambda c, _, o: c.reembeddings.changes(o.library.id, []),),
    "Holdings.named": (lambda c, _, o: c.libraries.named(o.library.name),),
    "Holdings.rename": (lambda c, _, o: c.libraries.rename(o.library.id, "mine now"),),
    "Holdings.set_policy": (lambda c, _, o: c.libraries.set_policy(o.library.id, stays_here=True),),
    "Holdings.set_language": (lambda c, _, o: c.libraries.set_language(o.library.id, "de"),),
    "Holdings.remove": (lambda c, _, o: c.libraries.remove(o.library.id),),
    "Holdings.bring_back": (lambda c, _, o: c.libraries.bring_back(o.removed),),
    "Holdings.move": (
        lambda c, m, o: c.libraries.move(o.document.id, m.library.id),
        lambda c, m, o: c.libraries.move(m.document.id, o.library.id),
    ),
}

# What takes no id of anything that is owned; the lists among them are looked at by themselves.
WITHOUT_IDS = {
    "Catalog.acting": "says for whom",
    "Catalog.scope": "looks at nothing",
    "Catalog.for_upkeep": "says what for",
    "Catalog.close": "",
    "Catalog.verify": "the file as a whole",
    "Catalog.create_library": "makes one's own",
    "Catalog.discard_orphans": "files of nobody",
    "Catalog.mark": "of the data directory",
    "Catalog.set_mark": "of the data directory",
    "Spending.held": "numbers of what is under way: a cap is on what all spend together",
    "Trash.clean": "bytes of nobody",
    "Trash.left": "bytes of nobody",
    "Trash.discard_file": "a file is asked for by its hash, and is everybody's who has it",
    "Trash.discard_orphans": "as of the catalog",
    "Trash.expired": "a list",
    "Reembeddings.claim": "takes one's own",
    "Reembeddings.sweep": "forgets one's own",
    "Reembeddings.models": "of one's own",
    "Holdings.all": "a list",
    "Holdings.sizes": "counts by library",
    "Holdings.removed": "a list",
    "Holdings.expired": "a list",
    "Holdings.create": "makes one's own",
    "Holdings.provide": "makes one's own",
}


def methods() -> Iterator[str]:
    """Every public method of the repositories."""
    for repository in REPOSITORIES:
        for name, _ in inspect.getmembers(repository, inspect.isfunction):
            if not name.startswith("_"):
                yield f"{repository.__name__}.{name}"


def outcome(call: Call, catalog: Catalog, own: Things, other: Things) -> str:
    """What a call came to, in words: what it returned, or its error."""
    try:
        came = repr(call(catalog, own, other))
    except Exception as error:  # noqa: BLE001 - which one it is, is what is compared
        came = f"{type(error).__name__}: {error}"
    for told in (other.library.name, other.library.id, other.document.id):
        came = came.replace(told, "what was asked for")
    return came


def rows_of(catalog: Catalog, owner: str) -> dict[str, list[tuple[Any, ...]]]:
    """Everything that an owner has, read past the application."""
    own = "(SELECT id FROM library WHERE owner = ?)"
    of_person = dict.fromkeys(("spending", "reservation"), "person = ?")
    within = (
        {"library": "owner = ?"}
        | of_person
        | dict.fromkeys(
            ("document", "kept_document", "chunk", "job", "container", "alias", "reembedding"),
            f"library_id IN {own}",
        )
    )
    for leaf in ("page", "table_part", "kept_page", "kept_table_part", "kept_chunk"):
        parent = "kept_document" if leaf.startswith("kept") else "document"
        of_own = f"(SELECT id FROM {parent} WHERE library_id IN {own})"  # noqa: S608
        within[leaf] = f"document_id IN {of_own}"
    within["member"] = f"container_id IN (SELECT id FROM container WHERE library_id IN {own})"  # noqa: S608
    with closing(catalog._reader.raw_connection()) as connection:
        cursor = connection.cursor()
        return {
            table: cursor.execute(
                f"SELECT * FROM {table} WHERE {which} ORDER BY rowid",  # noqa: S608
                (owner,),
            ).fetchall()
            for table, which in within.items()
        }


def _once_more(things: Things) -> Job:
    """The job of the document's bytes under another name."""
    return replace(things.held.job, name="else.txt", sha256=things.document.sha256)


def _packed(things: Things) -> dict[int, bytes]:
    """Other vectors for the two chunks of the library."""
    return {things.chunk: b"abcd", things.chunk + 1: b"efgh"}


def _into(read: Reading, library: Library) -> Reading:
    return replace(read, document=replace(read.document, library_id=library.id))
