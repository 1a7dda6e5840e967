"""Which library a command is about: one that is mistyped, or was deleted, is no empty one."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from rag.settings import Settings
from rag.store.catalog import Catalog
from rag.store.names import nearest
from rag.store.presence import has_library, library_names
from ui import printing

MADE = "The library {!r} was made in {}."
BESIDE = "The library {!r} was made, beside {}."
ANOTHER = "{} If {!r} was meant: `tramontane library delete {}` takes the new one away again."
INTO = "Files go into the library {!r}."


def is_named(settings: Settings) -> bool:
    """Whether a library was asked for, rather than the one that is used where none is."""
    return "library" in settings.model_fields_set


@contextmanager
def catalog_of(settings: Settings, *, needs_library: bool = True) -> Iterator[Catalog]:
    """The catalog with the library in it; where there is none at all yet, none has to be there.

    Raises:
        NotFoundError: the library is not there; it says which there are.
    """
    with closing(Catalog(settings.data_dir)) as catalog:
        if is_named(settings) or (needs_library and catalog.libraries.all()):
            catalog.library(settings.library)
        yield catalog


def where_it_went(known: list[str], name: str, data_dir: Path) -> str:
    """What is to be said of a library that files go into; nothing of one that is the only one.

    `known` are the names of the libraries that were there before.
    """
    if name in known:
        return INTO.format(name) if len(known) > 1 else ""
    if not known:
        return MADE.format(name, data_dir)
    meant = nearest(name, known)
    beside = BESIDE.format(name, repr(known[0]) if len(known) == 1 else f"{len(known)} others")
    return beside if meant is None else ANOTHER.format(beside, meant, shlex.quote(name))


def to_begin_with(settings: Settings) -> Settings:
    """The settings for a page: where no library is named and the usual one is gone, the oldest."""
    if is_named(settings) or has_library(settings.data_dir, settings.library):
        return settings
    known = library_names(settings.data_dir)
    return settings.model_copy(update={"library": known[0]}) if known else settings


def tell_of_new(settings: Settings) -> None:
    """Say that the library will be made, where it is not there yet and one is named."""
    known = library_names(settings.data_dir)
    if is_named(settings) and not has_library(settings.data_dir, settings.library):
        printing.tell(where_it_went(known, settings.library, settings.data_dir))
