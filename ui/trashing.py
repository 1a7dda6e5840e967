"""The commands that remove documents, bring them back, and delete them for good."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from contextlib import suppress
from typing import Annotated

import typer

from rag.domain import Document
from rag.errors import NotFoundError, SettingsError, StoreError
from rag.purging import purge as purge_documents
from rag.purging import still_there
from rag.store.catalog import Catalog
from rag.store.trash import KEPT_DAYS, Kept
from ui import printing
from ui.confirming import Sure, is_meant
from ui.containing import staying_words
from ui.naming import document_named, document_row, hashes_named, kept_row
from ui.opening import DONE, SOME_FAILED, settings_of
from ui.options import AsJson, DataDir, Documents, LibraryName
from ui.placing import catalog_of
from ui.times import written_day

NOTHING = f"Nothing has been in the trash for {KEPT_DAYS} days. To empty it: tramontane purge --all"
FOR_GOOD = "Delete {} document{} of the trash for good? They cannot be brought back."
EMPTY = "The trash is empty."
FIRST = "{} is in the library, not in the trash. Remove it first: tramontane remove"

Named = Annotated[
    list[str] | None, typer.Argument(metavar="DOCUMENT", help="Names or ids in the trash.")
]


def remove(
    documents: Documents,
    data_dir: DataDir = None,
    library: LibraryName = None,
    json: AsJson = False,
) -> int:
    """Remove documents; they leave every answer at once, and stay in the trash for 30 days."""
    settings = settings_of(data_dir, library)
    with catalog_of(settings) as catalog:

        def act(name: str) -> Document:
            document = document_named(catalog, settings.library, name)
            members = catalog.containers.within(document)
            catalog.remove(document.id)
            if staying := staying_words(members, document.name):
                printing.tell(staying)
            return document

        failed = _each(documents, act, "{} was removed.", json=json)
    return SOME_FAILED if failed else DONE


def trash(data_dir: DataDir = None, library: LibraryName = None, json: AsJson = False) -> None:
    """List the documents that were removed, and until when they can be brought back."""
    settings = settings_of(data_dir, library)
    with catalog_of(settings) as catalog:
        removed = _removed(catalog, settings.library)
    for kept in removed:
        if json:
            printing.say_row(kept_row(kept))
        else:
            printing.say(f"{kept.document.name}: removed {written_day(kept.since)}, {_until(kept)}")
    if not removed and not json:
        printing.tell(EMPTY)


def bring_back(
    documents: Documents,
    data_dir: DataDir = None,
    library: LibraryName = None,
    json: AsJson = False,
) -> int:
    """Bring documents back that were removed, as they were.

    An earlier version of a document, named by its id, comes back beside what replaced it.
    """
    settings = settings_of(data_dir, library)
    with catalog_of(settings) as catalog:

        def act(name: str) -> Document:
            with suppress(NotFoundError):  # an earlier version is named by its id
                if catalog.cited.replaced(name) is not None:
                    return catalog.trash.bring_back(name)
            kept = _removed_named(catalog, settings.library, name)
            return catalog.trash.bring_back(kept.document.id)

        failed = _each(documents, act, "{} is in the library again.", json=json)
    return SOME_FAILED if failed else DONE


def purge(
    documents: Named = None,
    data_dir: DataDir = None,
    library: LibraryName = None,
    everything: Annotated[
        bool, typer.Option("--all", help="All that is in the trash of the library.")
    ] = False,
    yes: Sure = False,
    json: AsJson = False,
) -> int:
    """Delete documents of the trash for good: no byte of them is left.

    Marked answers that cite them are deleted too. Without names, what has been in the trash for
    more than 30 days. Before all is deleted, it is asked at a terminal.
    """
    if documents and everything:
        raise SettingsError("Name documents, or say --all.")
    settings = settings_of(data_dir, library)
    with catalog_of(settings, needs_library=bool(documents or everything)) as catalog:
        chosen = _removed(catalog, settings.library) if everything else []
        question = FOR_GOOD.format(len(chosen), "" if len(chosen) == 1 else "s")
        if chosen and not is_meant(question, yes=yes):
            return SOME_FAILED

        def act(name: str) -> Document:
            chosen.append(_removed_named(catalog, settings.library, name))
            return chosen[-1].document

        failed = _each(documents or [], act, "", json=json)
        if not documents and not everything:
            chosen = catalog.trash.expired()
        is_clean = purge_documents(catalog, chosen)
        for kept in chosen:
            _say(kept.document, "{} was deleted for good.", json=json)
        if not is_clean:
            printing.tell(still_there(catalog))
    if not chosen and not failed:
        printing.tell(EMPTY if everything else NOTHING)
    return SOME_FAILED if failed or not is_clean else DONE


def _each(names: list[str], act: Callable[[str], Document], sentence: str, *, json: bool) -> int:
    """Do something with each of the documents that are named; how many are not there."""
    failed = 0
    for name in names:
        try:
            document = act(name)
        except (NotFoundError, StoreError) as error:
            printing.tell(str(error))
            failed += 1
            continue
        if sentence:
            _say(document, sentence, json=json)
    return failed


def _say(document: Document, sentence: str, *, json: bool) -> None:
    if json:
        printing.say_row(document_row(document))
    else:
        printing.say(sentence.format(document.name))


def _removed(catalog: Catalog, library: str) -> list[Kept]:
    try:
        return catalog.trash.of(catalog.library(library).id)
    except NotFoundError:  # nothing was ever added to it
        return []


def _removed_named(catalog: Catalog, library: str, name: str) -> Kept:
    """The one document of the trash of that name or id.

    Raises:
        NotFoundError: there is none, or more than one.
    """
    removed = _removed(catalog, library)
    hashes = hashes_named(catalog, library, name)
    found = [
        kept
        for kept in removed
        if name in (kept.document.id, kept.document.name) or kept.document.sha256 in hashes
    ]
    if not found:
        try:
            document = document_named(catalog, library, name)
        except NotFoundError:
            raise NotFoundError(
                f"The trash of {library!r} has no document {name!r}. See it with: tramontane trash"
            ) from None
        raise NotFoundError(f"{FIRST.format(document.name)} {shlex.quote(name)}")
    if len(found) > 1:
        ids = ", ".join(kept.document.id for kept in found)
        raise NotFoundError(f"{len(found)} documents are called {name}. Name one by its id: {ids}.")
    return found[0]


def _until(kept: Kept) -> str:
    return f"can be brought back until {written_day(kept.until)}"
