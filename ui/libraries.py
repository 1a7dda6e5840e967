"""The commands about libraries themselves: `tramontane library list`, `create` and so on."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from contextlib import closing
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ingest.estimating import total_of
from ingest.moving import price_of_move
from rag.batch import Row
from rag.domain import Document, Library
from rag.errors import LibraryError, NotFoundError
from rag.intake import Estimate, Stage
from rag.languages import Language
from rag.library_embedder import WantedLibrary, embedding_address
from rag.policy import is_here, refusal
from rag.purging import purge, still_there
from rag.store.catalog import Catalog
from rag.store.holdings import RemovedLibrary
from rag.store.names import folded
from rag.store.presence import check_library
from ui import printing
from ui.confirming import Sure, is_meant
from ui.intake import open_queue
from ui.naming import document_named, document_row
from ui.opening import DONE, MISUSE, SOME_FAILED, make_library, open_application, settings_of
from ui.options import AsJson, Command, DataDir, Documents, LibraryName
from ui.paying import Yes, agrees
from ui.times import time_of, written_day

if TYPE_CHECKING:
    from rag.wiring import Application

NOT_THERE = "There is no library named {!r}. See them with: tramontane library list"
NOT_IN_TRASH = "No library named {!r} is in the trash. See it with: tramontane library list"
LETS_GO = (
    "The library {!r} never leaves this machine, and {!r} may. Run the command again with --yes to "
    "move documents there."
)
FOR_GOOD = "Delete {} with {} for good? It cannot be brought back."
STAYS, GOES = "never leaves this machine", "may use models elsewhere"


class Policy(StrEnum):
    """Where what is in a library may be sent."""

    ANYWHERE = "anywhere"
    THIS_MACHINE = "this-machine"


Name = Annotated[str, typer.Argument(metavar="NAME", help="The name of the library.")]
LanguageName = Annotated[
    Language | None,
    typer.Option(
        "--language",
        metavar="LANGUAGE",
        help="The language of documents that are too short to tell theirs, such as german.",
    ),
]
OfPolicy = Annotated[
    Policy,
    typer.Option(
        "--policy",
        metavar="WHERE",
        help="anywhere, or this-machine: then nothing of it is ever sent to another.",
    ),
]

commands = typer.Typer(
    name="library",
    help="Make, rename, delete libraries, move documents between them, and say where they may go.",
    invoke_without_command=True,
    rich_markup_mode=None,
)


@commands.callback()
def start(context: typer.Context) -> None:
    """Without a command, say how to use this."""
    if context.invoked_subcommand is None:
        printing.say(context.get_help())
        raise typer.Exit(MISUSE)


@commands.command(name="list", cls=Command)
def list_libraries(data_dir: DataDir = None, json: AsJson = False) -> None:
    """List the libraries, and those in the trash."""
    with closing(Catalog(settings_of(data_dir, None).data_dir)) as catalog:
        known, removed = catalog.libraries.all(), catalog.libraries.removed()
        for library in known:
            _say(catalog, library, "{}", json=json)
        for each in removed:
            if json:
                printing.say_row(_row(catalog, each.library, each))
            else:
                days = f"deleted {written_day(each.since)}, can be brought back until"
                printing.say(f"{each.library.name}: {days} {written_day(each.until)}")
    if not known and not json:
        printing.tell("There is no library yet. The first file makes one: tramontane add PATH")


@commands.command(cls=Command)
def create(
    name: Name,
    data_dir: DataDir = None,
    embedding: Annotated[
        str | None,
        typer.Option(
            metavar="MODEL",
            help="Who embeds it: all-MiniLM-L6-v2, mistral-embed with a key, or the URL of a "
            "server.",
        ),
    ] = None,
    language: LanguageName = None,
    policy: OfPolicy = Policy.ANYWHERE,
    json: AsJson = False,
) -> None:
    """Make a library."""
    wanted = WantedLibrary(name, language or "", policy is Policy.THIS_MACHINE)
    library = make_library(data_dir, wanted, embedding)
    with closing(Catalog(settings_of(data_dir, None).data_dir)) as catalog:
        _say(catalog, library, "{} was made.", json=json)


@commands.command(cls=Command)
def rename(
    name: Name,
    new_name: Annotated[str, typer.Argument(metavar="NEW", help="What it is to be called.")],
    data_dir: DataDir = None,
    json: AsJson = False,
) -> None:
    """Rename a library."""
    with closing(Catalog(settings_of(data_dir, None).data_dir)) as catalog:
        library = catalog.libraries.rename(_named(catalog, name).id, new_name)
        _say(catalog, library, f"{name} is called {{}} now.", json=json)


@commands.command(cls=Command)
def delete(name: Name, data_dir: DataDir = None, json: AsJson = False) -> None:
    """Delete a library with its documents; it stays in the trash for 30 days."""
    with closing(Catalog(settings_of(data_dir, None).data_dir)) as catalog:
        library = _named(catalog, name)
        count = catalog.libraries.remove(library.id)
        (removed, *_) = [
            each for each in catalog.libraries.removed() if each.library.id == library.id
        ]
        if json:
            printing.say_row(_row(catalog, library, removed))
        else:
            printing.say(f"{library.name} was deleted with {_counted(count)}.")


@commands.command(name="bring-back", cls=Command)
def bring_back(name: Name, data_dir: DataDir = None, json: AsJson = False) -> None:
    """Bring a deleted library back with the documents that were deleted with it."""
    with closing(Catalog(settings_of(data_dir, None).data_dir)) as catalog:
        removed = _removed_named(catalog, name)
        library = catalog.libraries.bring_back(removed.library.id)
        _say(catalog, library, "{} is there again.", json=json)


@commands.command(name="purge", cls=Command)
def purge_library(
    name: Name, data_dir: DataDir = None, yes: Sure = False, json: AsJson = False
) -> int:
    """Delete a library of the trash for good: no byte of it is left. At a terminal, it is asked."""
    with closing(Catalog(settings_of(data_dir, None).data_dir)) as catalog:
        removed = _removed_named(catalog, name)
        row = _row(catalog, removed.library, removed)
        count = len(catalog.trash.of(removed.library.id))
        if not is_meant(FOR_GOOD.format(removed.library.name, _counted(count)), yes=yes):
            return SOME_FAILED
        is_clean = purge(catalog, [], [removed])
        if json:
            printing.say_row(row)
        else:
            printing.say(f"{removed.library.name} was deleted for good.")
        if not is_clean:
            printing.tell(still_there(catalog))
    return DONE if is_clean else SOME_FAILED


@commands.command(cls=Command)
def policy(
    name: Name,
    where: Annotated[
        Policy | None,
        typer.Argument(metavar="WHERE", help="anywhere, or this-machine; nothing to see it."),
    ] = None,
    data_dir: DataDir = None,
    json: AsJson = False,
) -> None:
    """Say where what is in a library may be sent: anywhere, or nowhere but this machine."""
    settings = settings_of(data_dir, None)
    with closing(Catalog(settings.data_dir)) as catalog:
        library = _named(catalog, name)
        if where is not None:
            stays = where is Policy.THIS_MACHINE
            library = catalog.libraries.set_policy(library.id, stays_here=stays)
        _say(catalog, library, "{}", json=json)
    address = embedding_address(settings, library.embedding_model)
    if library.stays_here and not is_here(address):
        printing.tell(str(refusal(library, address, "TRAMONTANE_EMBEDDING")))


@commands.command(cls=Command)
def language(
    name: Name,
    tongue: Annotated[
        Language | None,
        typer.Argument(metavar="LANGUAGE", help="Such as german; nothing to see it."),
    ] = None,
    data_dir: DataDir = None,
    json: AsJson = False,
) -> None:
    """Say in which language documents are that are too short to tell theirs."""
    with closing(Catalog(settings_of(data_dir, None).data_dir)) as catalog:
        library = _named(catalog, name)
        if tongue is not None:
            library = catalog.libraries.set_language(library.id, tongue)
        _say(catalog, library, "{}", json=json)


def _check_target(data_dir: Path, name: str) -> None:
    """Check that the library is there that documents are to be moved to."""
    try:
        check_library(data_dir, name)
    except NotFoundError as error:
        raise NotFoundError(str(error).replace("--library", "--to")) from error


@commands.command(cls=Command)
def move(
    documents: Documents,
    to: Annotated[str, typer.Option("--to", metavar="NAME", help="The library they are moved to.")],
    data_dir: DataDir = None,
    library: LibraryName = None,
    yes: Yes = False,
    json: AsJson = False,
) -> int:
    """Move documents to another library, with their earlier versions.

    Where that is embedded with another model, they are embedded again; what it costs is said first.
    """
    settings = settings_of(data_dir, library)
    _check_target(settings.data_dir, to)
    with open_application(data_dir, to) as application:
        catalog = application.catalog
        source, target = catalog.library(settings.library), application.library
        found, failed = _found(catalog, source, documents)
        if source.stays_here and not target.stays_here and not _lets_go(source, target, yes=yes):
            return SOME_FAILED
        price = _price(application, found)
        dear = (price.dollars or 0.0) > settings.ask_above
        if dear and not agrees("Moving them", price, yes=yes):
            return SOME_FAILED
        pending: list[str] = []
        for document in found:
            try:
                moved, is_pending = catalog.libraries.move(document.id, target.id)
            except (LibraryError, NotFoundError) as error:
                printing.tell(str(error))
                failed += 1
                continue
            pending += [moved.id] * is_pending
            if json:
                printing.say_row(document_row(moved))
            else:
                printing.say(f"{moved.name} was moved to {target.name}.")
        failed += _embed(application, pending) if pending else 0
    return SOME_FAILED if failed else DONE


def _found(catalog: Catalog, source: Library, names: Sequence[str]) -> tuple[list[Document], int]:
    """The documents that are named, and how many are not there, which is told."""
    found: list[Document] = []
    for name in names:
        try:
            found.append(document_named(catalog, source.name, name))
        except NotFoundError as error:
            printing.tell(str(error))
    return found, len(names) - len(found)


def _price(application: Application, found: Sequence[Document]) -> Estimate:
    catalog, target = application.catalog, application.library
    return total_of(
        [price_of_move(catalog, document, target, application.embedder) for document in found]
    )


def _lets_go(source: Library, target: Library, *, yes: bool) -> bool:
    """Whether a person wants documents where they may leave this machine."""
    question = f"{source.name} never leaves this machine, and {target.name} may. Move them?"
    if yes or (sys.stdin.isatty() and sys.stderr.isatty() and typer.confirm(question, err=True)):
        return True
    printing.tell(LETS_GO.format(source.name, target.name))
    return False


def _embed(application: Application, document_ids: Sequence[str]) -> int:
    """Embed what was moved; how many documents that failed for, of which it is told."""
    with closing(open_queue(application)) as queue:
        jobs = [job.id for job in queue.jobs() if job.document_id in document_ids]
        ended = queue.wait(jobs)
    failed = [job for job in ended if job.stage is not Stage.DONE]
    for job in failed:
        printing.tell(f"{job.name}: {job.outcome}")
    return len(failed)


def _named(catalog: Catalog, name: str) -> Library:
    try:
        return catalog.libraries.named(name)
    except NotFoundError as error:
        raise NotFoundError(NOT_THERE.format(name)) from error


def _removed_named(catalog: Catalog, name: str) -> RemovedLibrary:
    removed = [
        each
        for each in catalog.libraries.removed()
        if name == each.library.id or folded(name) == folded(each.library.name)
    ]
    if not removed:
        raise NotFoundError(NOT_IN_TRASH.format(name))
    if len(removed) > 1:
        told = [f"{each.library.id} (deleted {written_day(each.since)})" for each in removed]
        count = f"{len(removed)} libraries of the trash are called {name!r}."
        raise NotFoundError(f"{count} Name one by its id: {', '.join(told)}.")
    return removed[0]


def _say(catalog: Catalog, library: Library, sentence: str, *, json: bool) -> None:
    if json:
        printing.say_row(_row(catalog, library))
        return
    if sentence != "{}":
        printing.say(sentence.format(library.name))
        return
    count = len(catalog.documents(library.id))
    told = [_counted(count), f"embedded with {library.embedding_model}", library.language]
    told.append(STAYS if library.stays_here else GOES)
    printing.say(f"{library.name}: {', '.join(filter(None, told))}")


def _counted(count: int) -> str:
    return "1 document" if count == 1 else f"{count} documents"


def _row(catalog: Catalog, library: Library, removed: RemovedLibrary | None = None) -> Row:
    """A library as one line of JSON; times are UTC."""
    return {
        "id": library.id,
        "library": library.name,
        "owner": library.owner,
        "embedding": library.embedding_model,
        "dimension": library.dimension,
        "language": library.language or None,
        "policy": Policy.THIS_MACHINE if library.stays_here else Policy.ANYWHERE,
        "documents": len(catalog.documents(library.id)),
        "removed_at": None if removed is None else time_of(removed.since),
        "purged_at": None if removed is None else time_of(removed.until),
    }
