"""How every command opens the application: the only place of the command line that wires."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from rag.domain import Library
from rag.embedding_connections import asked_embedding
from rag.library_embedder import WantedLibrary
from rag.offers import Offer
from rag.settings import Settings, load_settings
from rag.store.presence import library_names
from rag.verification import Verifier
from rag.wiring import Application, build, build_existing, build_verifier, find_offers
from rag.wiring import make_library as wired_library
from ui.placing import is_named

DONE, SOME_FAILED, MISUSE = 0, 1, 2


def settings_of(
    data_dir: Path | None, library: str | None, more: Mapping[str, str | int | None] | None = None
) -> Settings:
    """The settings, those given on the command line first.

    Raises:
        SettingsError: a value is wrong.
    """
    given: dict[str, Any] = {"data_dir": data_dir, "library": library} | dict(more or {})
    return load_settings({name: value for name, value in given.items() if value is not None})


@contextmanager
def open_application(
    data_dir: Path | None,
    library: str | None,
    *,
    chat: str | None = None,
    more: Mapping[str, str] | None = None,
    opened_by: Callable[[Settings], Application] = build_existing,
) -> Iterator[Application]:
    """The application over a library that is there, closed at the end.

    `more` are further settings by their field names.
    """
    given = {"chat": chat, **(more or {})}
    with closing(opened_by(settings_of(data_dir, library, given))) as application:
        yield application


@contextmanager
def open_without_documents(
    data_dir: Path | None, library: str | None, *, chat: str | None = None
) -> Iterator[Application]:
    """As `open_application`, for what needs no library: one is made if there is none at all."""
    with open_application(data_dir, library, chat=chat, opened_by=_build_any) as application:
        yield application


@contextmanager
def open_for_adding(data_dir: Path | None, library: str | None) -> Iterator[Application]:
    """As `open_application`, with the library made if it is not there."""
    with open_application(data_dir, library, opened_by=build) as application:
        yield application


def _build_any(settings: Settings) -> Application:
    known = is_named(settings) or library_names(settings.data_dir)
    return build_existing(settings) if known else build(settings)


def make_library(
    data_dir: Path | None, wanted: WantedLibrary, embedding: str | None = None
) -> Library:
    """Make a library, embedded by whom the settings ask for or `embedding`; no other is opened.

    Raises:
        LibraryError: its name is none, or is taken.
        PolicyError: it is to stay on this machine, and its embedder is elsewhere.
        SettingsError: that embedder cannot be had.
    """
    settings = settings_of(data_dir, None)
    if embedding is not None:
        settings = settings_of(data_dir, None, asked_embedding(settings, embedding))
    return wired_library(settings, wanted)


def open_verifier() -> Verifier:
    """What checks claims against passages at hand: no library is opened, and none is made."""
    return build_verifier()


def offers_of(
    data_dir: Path | None, library: str | None, *, chat: str | None = None
) -> list[Offer]:
    """The models to choose from; no library is opened, and none is made.

    Raises:
        SettingsError: the settings name a model that cannot work.
        ModelNotFoundError: La Plateforme has retired it.
    """
    return find_offers(settings_of(data_dir, library, {"chat": chat}))
