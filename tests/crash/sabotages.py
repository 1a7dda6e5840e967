"""Deliberate faults of the program, by which it is shown that the driver would find them."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, delete, update

from ingest.loaded import LoadedDocument
from ingest.pipeline import Ingestor
from ingest.taken import Taken
from rag import purging
from rag.domain import Document
from rag.failpoints import failpoint
from rag.intake import Job, Stage
from rag.marks import Marks
from rag.store import (
    archives,
    backup,
    catalog,
    containers,
    database,
    derived,
    document_jobs,
    embedding,
    holdings,
    keeping,
    lexical,
    migrations,
    moving,
    publishing,
    trash,
    vectors,
    workplaces,
)
from rag.store.blobs import Blobs
from rag.store.holds import Held
from rag.store.jobs import Jobs
from rag.store.rows import Reading
from rag.store.tables import SCHEMA_VERSION, chunks, documents, jobs, libraries
from tests.crash import program
from tests.crash.program import BACKUP


@dataclass(frozen=True, slots=True)
class Sabotage:
    """A fault: `apply` puts it into this process; a `stage` shows it, some points soonest."""

    apply: Callable[[], None]
    stage: str
    points: tuple[str, ...] = ()


def acknowledged_before_commit() -> None:
    """A file is acknowledged, and its row written when there is time."""
    later: list[Callable[[], object]] = []
    submit, claim = Jobs.submit, Jobs.claim

    def acknowledge(
        self: Jobs, library_id: str, name: str, sha256: str, size: int, **more: Any
    ) -> Job:
        later.append(lambda: submit(self, library_id, name, sha256, size, **more))
        return Job(0, library_id, name, sha256, size, Stage.WAITING)

    def catch_up(self: Jobs, *args: Any) -> Held | None:
        while later:
            later.pop(0)()
        return claim(self, *args)

    _put(Jobs, "submit", acknowledge)
    _put(Jobs, "claim", catch_up)


def no_generation() -> None:
    """Nothing tells that a library has changed."""
    for module in (catalog, trash):
        _put(module, "advance", lambda _connection, _library_id: None)


def split_publish() -> None:
    """A document is committed, then its chunks."""
    whole = publishing._insert

    def in_two(connection: Connection, reading: Reading, *more: Any) -> Document:
        bare = replace(reading, chunks=[], vectors=None, text_hashes=[], tables=())
        whole(connection, bare, *more)
        _commit_midway(connection)
        failpoint("sabotage.between")
        connection.execute(delete(documents).where(documents.c.id == reading.document.id))
        return whole(connection, reading, *more)

    _put(publishing, "_insert", in_two)


def no_checksum() -> None:
    """An index on disk is believed by its manifest alone."""

    def believed(folder: Path, expected: Mapping[str, str | int]) -> bool:
        return derived.said_of(folder) == dict(expected)

    for module in (derived, vectors):
        _put(module, "is_intact", believed)
    for module, name in (
        (vectors, "rows_are_whole"),
        (vectors, "rows_agree"),
        (vectors, "codes_agree"),
        (lexical, "words_agree"),
    ):
        _put(module, name, lambda *_: True)


def purge_leaves_the_original() -> None:
    """The file of a purged document stays."""
    _put(Blobs, "remove", lambda _self, _sha256: None)


def undo_forgets_vectors() -> None:
    """A document that is brought back has lost its vectors, and does not say so."""
    put_back = keeping.put_back

    def without_vectors(connection: Connection, document_id: str) -> Document:
        document = put_back(connection, document_id)
        own = chunks.c.document_id == document_id
        connection.execute(update(chunks).where(own).values(vector=b""))
        return document

    _put(trash, "put_back", without_vectors)


def replace_does_not_supersede() -> None:
    """A new version stands beside the old one."""
    _put(publishing, "supersede", lambda _connection, _reading: None)


def leftovers_are_kept() -> None:
    """What a killed backup worked in stays for ever."""
    _put(workplaces, "abandoned", lambda _parent, _purpose="": [])


def backup_is_not_read_back() -> None:
    """A backup gets its name without anybody having read it."""
    _put(backup, "verify_archive", archives.manifest_of)


def backup_is_written_in_place() -> None:
    """A backup is written over the one before it."""
    write = archives.write_archive

    def over(path: Path, *more: Any) -> None:
        target = path.parent.parent / BACKUP
        target.unlink(missing_ok=True)
        write(target, *more)
        shutil.copyfile(target, path)

    _put(backup, "write_archive", over)


def migration_is_numbered_first() -> None:
    """A catalog is said to be of the new schema, then made so."""
    upgrade = migrations.upgrade

    def numbered(connection: Connection, version: int) -> None:
        connection.exec_driver_sql(f"PRAGMA user_version={SCHEMA_VERSION}")
        _commit_midway(connection)
        upgrade(connection, version)

    _put(database, "upgrade", numbered)


def job_ends_when_it_begins() -> None:
    """A file counts as taken in as soon as somebody takes it up."""
    take = Jobs._take

    def ended(self: Jobs, *args: Any) -> Held | None:
        held = take(self, *args)
        if held is not None:
            with self._writer.begin() as connection:
                own = jobs.c.id == held.job.id
                connection.execute(update(jobs).where(own).values(stage=Stage.DONE))
        return held

    _put(Jobs, "_take", ended)
    _put(Jobs, "report", lambda *_all: "")


def index_is_built_in_its_place() -> None:
    """An index has its name, and a manifest, before it has its content."""

    def provide(
        folder: Path,
        expected: Mapping[str, str | int],
        build: Callable[[Path], None],
        _library: str = "",
    ) -> Path:
        if not derived.is_intact(folder, expected):
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)
            manifest = {"expected": dict(expected), "files": {}}
            (folder / derived.MANIFEST).write_text(json.dumps(manifest))
            build(folder)
        return folder

    for module in (vectors, lexical):
        _put(module, "provide", provide)


def purge_forgets_marks_first() -> None:
    """Marked answers go before the document that they cite does."""
    purge = purging.purge

    def forgetting(of: catalog.Catalog, chosen: Sequence[trash.Kept]) -> bool:
        for kept in chosen:
            Marks(of.data_dir).forget(kept.document.library_id, kept.document.name)
        return purge(of, chosen)

    _put(program, "purge", forgetting)


def vectors_switch_in_parts() -> None:
    """A library is said to be of the new model, and given its vectors after that."""
    switch = embedding.replace_vectors

    def in_parts(connection: Connection, library: Any, to: tuple[str, int], *more: Any) -> None:
        own = libraries.c.id == library.id
        values = {"embedding_model": to[0], "dimension": to[1]}
        connection.execute(update(libraries).where(own).values(values))
        _commit_midway(connection)
        failpoint("sabotage.between")
        switch(connection, library, to, *more)

    _put(embedding, "replace_vectors", in_parts)


def mail_is_published_before_what_it_holds() -> None:
    """What came in a mail is queued once the mail is there."""
    take = Ingestor.take

    def late(self: Ingestor, path: Path, library: Any, name: str, **more: Any) -> Taken:
        brought: list[LoadedDocument] = []
        bring = more.pop("bring")

        def remember(loaded: LoadedDocument) -> str:
            brought.append(loaded)
            return ""

        taken = take(self, path, library, name, bring=remember, **more)
        failpoint("sabotage.between")
        return replace(taken, reason="".join(map(bring, brought)))

    _put(Ingestor, "take", late)


def move_leaves_names() -> None:
    """A document that is moved leaves its other names behind."""
    _put(moving, "move_names_of", lambda *_: None)


def purge_forgets_names_here_alone() -> None:
    """What a purged document was called where it was moved from stays written down."""
    _put(containers, "_moved_from", lambda *_: [])


def library_goes_in_parts() -> None:
    """The documents of a library are removed, and the library after that."""
    end_jobs_in = document_jobs.end_jobs_in

    def in_parts(connection: Connection, library_id: str) -> None:
        _commit_midway(connection)
        failpoint("sabotage.between")
        end_jobs_in(connection, library_id)

    _put(holdings, "end_jobs_in", in_parts)


def _put(owner: Any, name: str, value: Any) -> None:
    """Put something in the place of a part of the program, which must be there."""
    if not hasattr(owner, name):
        raise AttributeError(name)
    setattr(owner, name, value)


def _commit_midway(connection: Connection) -> None:
    """End the transaction of the database, and begin another, unseen by who is in it."""
    driver: Any = connection.connection.driver_connection
    driver.execute("COMMIT")
    driver.execute("BEGIN IMMEDIATE")


BETWEEN = ("sabotage.between",)
SABOTAGES = {
    sabotage.apply.__name__: sabotage
    for sabotage in (
        Sabotage(acknowledged_before_commit, "add", ("blob.adopt.synced",)),
        Sabotage(no_generation, "remove"),
        Sabotage(split_publish, "add", BETWEEN),
        Sabotage(no_checksum, "damage"),
        Sabotage(purge_leaves_the_original, "purge"),
        Sabotage(undo_forgets_vectors, "undo"),
        Sabotage(replace_does_not_supersede, "replace"),
        Sabotage(leftovers_are_kept, "back up", ("backup.folders_made",)),
        Sabotage(backup_is_not_read_back, "back up"),
        Sabotage(backup_is_written_in_place, "back up", ("archive.before_seal",)),
        Sabotage(migration_is_numbered_first, "migrate from schema 1", ("stamp.table_made",)),
        Sabotage(job_ends_when_it_begins, "add", ("publish.superseded",)),
        Sabotage(index_is_built_in_its_place, "add", ("lexical.before_commit",)),
        Sabotage(purge_forgets_marks_first, "purge", ("purge.swept",)),
        Sabotage(vectors_switch_in_parts, "switch", BETWEEN),
        Sabotage(mail_is_published_before_what_it_holds, "add a mail", BETWEEN),
        Sabotage(move_leaves_names, "move"),
        Sabotage(purge_forgets_names_here_alone, "purge what was moved"),
        Sabotage(library_goes_in_parts, "delete libraries", BETWEEN),
    )
}
