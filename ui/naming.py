"""Documents as the command line names them, and as it lists them for programs."""

from __future__ import annotations

import os
import shlex
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from ingest.attachments import file_name
from rag.batch import Row
from rag.domain import Document, Scope
from rag.errors import DocumentError, NotFoundError
from rag.intake import Container, Estimate, Fate, Job, Member, Stage
from rag.store.catalog import Catalog
from rag.store.trash import Kept
from ui.containing import lost_words
from ui.endings import BEING_READ
from ui.times import time_of

if TYPE_CHECKING:
    from rag.wiring import Application

MOST_NAMED = 5  # documents, in a sentence
GOES_ON = "`tramontane serve` or the next `tramontane add` goes on with what is left."
ASK = "Answer in the page, or add them again with --yes."
WAITING = (
    (BEING_READ, f"1 file waits to be read: {GOES_ON}", f"{{:,}} files wait to be read: {GOES_ON}"),
    (
        (Stage.EMBEDDING,),
        f"1 document waits for vectors: {GOES_ON}",
        f"{{:,}} documents wait for vectors: {GOES_ON}",
    ),
    (
        (Stage.CONFIRM,),
        f"1 file waits for your word on what it costs. {ASK.replace('them', 'it')}",
        f"{{:,}} files wait for your word on what they cost. {ASK}",
    ),
)


def listed(names: Sequence[str]) -> str:
    """The first of some names, and how many more there are."""
    more = f" and {len(names) - MOST_NAMED:,} more" if len(names) > MOST_NAMED else ""
    return ", ".join(names[:MOST_NAMED]) + more


def shown(path: Path) -> str:
    """What a file is called: its name without signs that are not seen or turn the writing."""
    return file_name(path.name)


def documents_of(catalog: Catalog, library: str) -> list[Document]:
    """The documents of a library; of one that is not there yet, none."""
    try:
        return catalog.documents(catalog.library(library).id)
    except NotFoundError:  # nothing was ever added to it
        return []


def documents_named(catalog: Catalog, library: str, name: str) -> list[Document]:
    """The documents of that name or id, or that were handed over under it or from that path.

    Raises:
        NotFoundError: there is none.
    """
    known = documents_of(catalog, library)
    hashes = hashes_named(catalog, library, name)
    called = name if "/" in name else shown(Path(name))  # as it is named on disk, or as it is shown
    meant = (name, called)
    found = [it for it in known if it.id == name or it.name in meant or it.sha256 in hashes]
    if not found:
        raise NotFoundError(_nothing_named(catalog, library, name))
    return found


def same_named(documents: Iterable[Document]) -> set[str]:
    """The names that several documents have."""
    counts = Counter(document.name for document in documents)
    return {name for name, count in counts.items() if count > 1}


def told_apart(document: Document, several: Collection[str]) -> str:
    """The name of a document, with the id where several have it."""
    return f"{document.name} ({document.id})" if document.name in several else document.name


def containers_named(catalog: Catalog, library: str, name: str) -> list[Container]:
    """What is of that name, or from that path, and is no document itself but held files."""
    with suppress(NotFoundError):
        return catalog.containers.named(catalog.library(library).id, name, _place(name))
    return []


def hashes_named(catalog: Catalog, library: str, name: str) -> set[str]:
    """The hashes of what was handed over under that name or from that path."""
    with suppress(NotFoundError):
        return catalog.aliases.hashes(catalog.library(library).id, name, _place(name))
    return set()


def _place(name: str) -> str:
    """The path that a name is, if it is more than a name."""
    return str(Path(name).absolute()) if "/" in name or os.sep in name else ""


def _nothing_named(catalog: Catalog, library: str, name: str) -> str:
    for container in containers_named(catalog, library, name):
        members = catalog.containers.members(container)
        held = dict.fromkeys(member.document for member in members if member.document)
        if held:
            return (
                f"{container.name} is no document itself. It held: {listed(list(held))}. Name "
                "those; `tramontane report` tells of all that it held."
            )
    return f"The library {library!r} has no document {name!r}. See them with: tramontane list"


def containers_of(catalog: Catalog, library: str) -> list[Container]:
    """All that a library was given that is no document itself but held files, the first first."""
    with suppress(NotFoundError):
        known = catalog.containers.of(catalog.library(library).id)
        return [container for container in reversed(known) if not container.document_id]
    return []


def document_named(catalog: Catalog, library: str, name: str) -> Document:
    """The one document of that name or id.

    Raises:
        NotFoundError: there is none, or more than one.
    """
    found = documents_named(catalog, library, name)
    if len(found) > 1:
        ids = ", ".join(document.id for document in found)
        raise NotFoundError(f"{len(found)} documents are called {name}. Name one by its id: {ids}.")
    return found[0]


def waiting_words(catalog: Catalog, library: str) -> list[str]:
    """Sentences on the files that were handed over and are not there whole yet."""
    with suppress(NotFoundError):
        library_id = catalog.library(library).id
        counts = [_count_waiting(catalog, library_id, stages) for stages, _, _ in WAITING]
        told = zip(counts, WAITING, strict=True)
        return [
            one if count == 1 else several.format(count)
            for count, (_, one, several) in told
            if count
        ]
    return []


def _count_waiting(catalog: Catalog, library_id: str, stages: Collection[Stage]) -> int:
    """How many files are in one of the stages, one that was handed over again counted once."""
    if not catalog.jobs.count(library_id, stages):
        return 0
    waiting = [job for job in catalog.jobs.of(library_id) if job.stage in stages]
    return len({job.document_id or (job.name, job.sha256) for job in waiting})


def lost_in_archives(catalog: Catalog, library: str) -> list[str]:
    """A sentence on each archive of which files were not read, or not whole."""
    with suppress(NotFoundError):
        troubled = catalog.containers.troubled(catalog.library(library).id)
        return [
            f"{container.name}: {lost_words(files, lost)}. "
            f"See: tramontane report {shlex.quote(container.name)}"
            for container, files, lost in troubled
        ]
    return []


def lost_within(catalog: Catalog, job: Job, told: Collection[str]) -> Iterator[tuple[str, str]]:
    """What the file of a job holds and was not read, named and with why; but for what is `told`.

    A file that was in the library before brings nothing anew: of it, this is all there is to know.
    """
    containers = catalog.containers
    todo: list[tuple[str, list[Member]]] = []
    if job.document_id is not None:
        with suppress(NotFoundError):
            document = catalog.document(job.document_id)
            todo.append((document.name, containers.within(document)))
    else:
        held = containers.named(job.library_id, job.name, job.origin.place)
        held = [each for each in held if each.sha256 == job.sha256]
        todo += [(each.name, containers.members(each)) for each in held]
    while todo:
        name, members = todo.pop(0)
        for member in members:
            called = f"{name}/{member.name}"
            if not member.name or called in told:
                continue
            if member.fate is Fate.NOT_READ:
                yield called, member.reason
            elif not member.document_id:
                inner = containers.named(job.library_id, called)
                todo += [(each.name, containers.members(each)) for each in inner]


def scope_of(application: Application, names: Sequence[str]) -> Scope:
    """The library in use, or the documents of it that are named.

    Raises:
        NotFoundError: one of them is not there.
    """
    if not names:
        return application.scope()
    catalog, library = application.catalog, application.settings.library
    found = [document.id for name in names for document in documents_named(catalog, library, name)]
    return application.scope(frozenset(found))


def document_row(document: Document) -> Row:
    """A document as one line of JSON."""
    return {
        "id": document.id,
        "document": document.name,
        "title": document.title,
        "pages": document.page_count if document.paginated else None,
        "state": document.state,
        "reason": document.reason,
        "size_bytes": document.size_bytes,
        "passages": document.chunks,
        "embedded": document.embedded,
    }


def kept_row(kept: Kept) -> Row:
    """A document of the trash as one line of JSON; times are UTC."""
    times = {"removed_at": time_of(kept.since), "purged_at": time_of(kept.until)}
    return document_row(kept.document) | times


def version_row(version: Kept) -> Row:
    """An earlier version of a document, as part of a line of JSON."""
    document = version.document
    told = {"id": document.id, "document": document.name, "size_bytes": document.size_bytes}
    return told | {"replaced_at": time_of(version.since)}


def estimate_row(estimate: Estimate) -> Row:
    """What taking a file in would take, as part of a line of JSON."""
    return {
        "pages": estimate.pages,
        "tokens": estimate.tokens,
        "ocr_pages": estimate.ocr_pages,
        "dollars": estimate.dollars,
        "seconds": round(estimate.seconds, 1),
    }


def lost_row(path: Path, error: DocumentError) -> Row:
    """A file that left no document, as one line of JSON."""
    nothing = {"id": None, "title": None, "pages": None, "size_bytes": None}
    nothing |= {"passages": None, "embedded": None}
    found = {"document": shown(path), "state": error.state, "reason": error.reason}
    return nothing | found | {"new": False}
