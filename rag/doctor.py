"""What is configured, what can be reached, and what is wrong: one finding each."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from rag.domain import Library
from rag.errors import BudgetError, EmbeddingMismatchError, RagError
from rag.protocols import Embedder
from rag.store.catalog import Catalog
from rag.store.database import FIRST_SAFE_WAL, journal_mode, sqlite_version

LOW_DISK_BYTES = 500_000_000
ELSEWHERE = "Choose another with --data-dir or TRAMONTANE_DATA_DIR."


class Level(StrEnum):
    """How a finding is to be taken."""

    GOOD = "good"
    NOTE = "note"
    WRONG = "wrong"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at: its name, how it is, and the sentence that says so."""

    subject: str
    level: Level
    sentence: str


@dataclass(frozen=True, slots=True)
class Note:
    """What a look found that is neither well nor wrong."""

    sentence: str


@dataclass(frozen=True, slots=True)
class Check:
    """Something to look at: `look` says how it is, or raises what is wrong.

    It is not looked at where one of the subjects that it comes `after` is wrong: it could only say
    the same again.
    """

    subject: str
    look: Callable[[], str | Note]
    after: tuple[str, ...] = ()


def examine(data_dir: Path, checks: list[Check]) -> Iterator[Finding]:
    """Look at the machine, then at everything given, in turn."""
    yield _disk(data_dir)
    yield _sqlite()
    wrong: list[str] = []
    for check in checks:
        before = next((subject for subject in check.after if subject in wrong), None)
        if before is not None:
            sentence = f"Not looked at, because of what is wrong with: {before}."
            yield Finding(check.subject, Level.NOTE, sentence)
            continue
        try:
            found = check.look()
        except RagError as error:
            wrong.append(check.subject)
            yield Finding(check.subject, Level.WRONG, str(error))
            continue
        if isinstance(found, Note):
            yield Finding(check.subject, Level.NOTE, found.sentence)
        else:
            yield Finding(check.subject, Level.GOOD, found)


def look_at_library(
    catalog: Catalog, library: Library, embedder: Embedder, better: str | None
) -> str:
    """How a library is; `better` names the embedding model that could take over, if any.

    Where a cap leaves nothing for trying the embedder, what is recorded of it is believed.

    Raises:
        EmbeddingMismatchError: its vectors are not those of its model.
        ProviderError: the embedder's server failed.
    """
    catalog.verify_vectors(library.id)
    model = library.embedding_model
    dimension = library.dimension
    with suppress(BudgetError):
        dimension = embedder.embed(["How long is a vector?"]).shape[1]
    if dimension != library.dimension:
        raise EmbeddingMismatchError(
            f"{model} gives {dimension} dimensions now, and the library has {library.dimension}. "
            f"Run `tramontane rebuild --embedding {model}`."
        )
    count = len(catalog.documents(library.id))
    documents = "1 document" if count == 1 else f"{count} documents"
    sentence = f"{library.name!r} has {documents}, embedded with {model} ({dimension} dimensions)."
    if better is not None and better != model:
        sentence += (
            f" There is a key now: `tramontane rebuild --embedding {better}` embeds it again with "
            "La Plateforme's model."
        )
    return sentence


def _disk(data_dir: Path) -> Finding:
    try:
        free = _try_to_write(data_dir.absolute())
    except OSError as error:
        sentence = f"{data_dir.absolute()} cannot be written ({error.strerror})."
        return Finding("data directory", Level.WRONG, f"{sentence} {ELSEWHERE}")
    sentence = f"{data_dir.absolute()}, {free / 1e9:,.1f} GB free."
    if free < LOW_DISK_BYTES:
        return Finding("data directory", Level.WRONG, f"{sentence} Make room before adding files.")
    return Finding("data directory", Level.GOOD, sentence)


def _try_to_write(folder: Path) -> int:
    """Write a file into a folder and delete it again, with the folders made for it; bytes free."""
    made = [path for path in (folder, *folder.parents) if not path.exists()]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(b"can be written")
            file.flush()
        return shutil.disk_usage(folder).free
    finally:
        for path in made:
            with suppress(OSError):  # it was not made, or somebody uses it already
                path.rmdir()


def _sqlite() -> Finding:
    if journal_mode() == "wal":
        return Finding("database", Level.GOOD, f"SQLite {sqlite_version()}, write-ahead log.")
    safe = ".".join(str(part) for part in FIRST_SAFE_WAL)
    sentence = (
        f"SQLite {sqlite_version()} is older than {safe}, the first whose write-ahead log is "
        "safe: the slower rollback journal is used."
    )
    return Finding("database", Level.NOTE, sentence)
