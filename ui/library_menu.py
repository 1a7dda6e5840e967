"""The chooser of the library on the left, and what can be done to a library there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from html import escape
from typing import Any

import gradio as gr

from ingest.moving import price_of_move
from rag.domain import Library
from rag.embedding_choice import EmbeddingOffer
from rag.embedding_connections import wanted_embedding
from rag.errors import RagError
from rag.library_embedder import WantedLibrary, embedding_address
from rag.policy import is_here, refusal
from rag.store.holdings import RemovedLibrary
from rag.store.names import MOST_CHARACTERS
from rag.store.reembeddings import Reembedding
from ui import icons
from ui.chat import Choice
from ui.conversation import Conversation
from ui.embedding_menu import Question, render_choice_of_new, render_embedding
from ui.notices import News, render_notices
from ui.rooms import Rooms
from ui.thread import render_thread
from ui.times import day_of
from ui.viewer import INVITATION

MADE = "The library {} is there. Add documents to it."
DELETED = "The library {} was deleted. It can be brought back until {}."
MOVED = "{} was moved to {}."
ASKED = "{} was moved to {}. What it costs to embed it there waits for your word."
FRESH = Conversation()
STAYS_HINT = "Nothing of it is sent to another machine, and no question about it"


@dataclass(frozen=True, slots=True)
class Menu:
    """What the chooser shows: the libraries, the one in use, and those in the trash.

    `offers` are the embedding models for the one in use, `new_offers` those for a new one, which
    gets the `usual` one where nothing is chosen. It is open while there is a `question`.
    """

    libraries: Sequence[Library]
    current: Library
    removed: Sequence[RemovedLibrary] = ()
    said: Sequence[str] = ()
    offers: Sequence[EmbeddingOffer] = ()
    new_offers: Sequence[EmbeddingOffer] = ()
    usual: str = ""
    anew: Reembedding | None = None
    question: Question | None = None


def render_menu(menu: Menu) -> str:
    """The chooser; where there is one library alone, no more than a word at the end."""
    one = len(menu.libraries) == 1
    current = menu.current
    lock = icons.LOCK if current.stays_here else ""
    name = f"Library: {current.name}" if one else current.name
    rows = "" if one else "".join(_render_choice(each, current) for each in menu.libraries)
    back = "".join(_render_removed(each) for each in menu.removed)
    listed = f'<ul class="libs">{rows}{back}</ul>' if rows or back else ""
    is_open = " open" if menu.question is not None else ""
    return (
        f'<details class="library{" one" * one}"{is_open}><summary aria-label="Library: '
        f'{escape(current.name)}"><span class="name">{escape(name)}</span>{lock}{icons.DOWN}'
        f'</summary><div class="menu">{listed}{_render_new(menu)}{_render_own(menu, one=one)}</div>'
        f"</details>{render_notices(menu.said)}"
    )


def _render_choice(library: Library, current: Library) -> str:
    lock = icons.LOCK if library.stays_here else ""
    is_current = ' aria-current="true"' * (library.id == current.id)
    return (
        f'<li><button type="button" data-event="library" data-id="{escape(library.id)}"'
        f"{is_current}><span>{escape(library.name)}</span>{lock}</button></li>"
    )


def _render_removed(removed: RemovedLibrary) -> str:
    name = escape(removed.library.name)
    return (
        f'<li class="gone"><span>{name}</span><small>until {day_of(removed.until)}</small>'
        f'<button type="button" class="rep" data-event="remake" '
        f'data-id="{escape(removed.library.id)}" aria-label="Bring back {name}">Bring back'
        "</button></li>"
    )


def _render_new(menu: Menu) -> str:
    return (
        '<form data-event="make"><input name="name" required autocomplete="off" '
        f'maxlength="{MOST_CHARACTERS}" placeholder="New library" aria-label="Name of a new '
        'library"><button type="submit" class="act">Create</button>'
        f"{render_choice_of_new(menu.new_offers, menu.usual)}</form>"
    )


def _render_own(menu: Menu, *, one: bool) -> str:
    """What can be done to the library in use."""
    library = menu.current
    key, name = escape(library.id), escape(library.name)
    stays = str(library.stays_here).lower()
    gesture = "data-confirm" if library.stays_here else "data-event"  # it is asked what lets it go
    delete = (
        ""
        if one
        else f'<button type="button" class="act danger" data-confirm="unmake" data-id="{key}" '
        f'data-name="{name}">Delete this library</button>'
    )
    return (
        f'<form data-event="rename" data-id="{key}"><input name="name" required '
        f'autocomplete="off" maxlength="{MOST_CHARACTERS}" value="{name}" aria-label="Name of '
        'this library"><button type="submit" class="act">Rename</button></form>'
        f"{render_embedding(library, menu.offers, menu.anew, menu.question)}"
        f'<button type="button" class="act stays" role="switch" aria-checked="{stays}" '
        f'{gesture}="policy" data-id="{key}" title="{STAYS_HINT}"><i></i>'
        f"<span>Never leaves this machine</span></button>{delete}"
    )


class LibraryHandlers:
    """What gestures in the chooser do to the page."""

    def __init__(self, rooms: Rooms) -> None:
        """Take the libraries that are open."""
        self._rooms = rooms
        self._catalog = rooms.catalog

    def show(
        self, choice: Choice, said: Sequence[str] = (), question: Question | None = None
    ) -> str:
        """The chooser as it is now, open with a question where there is one."""
        libraries, application = self._catalog.libraries, self._rooms.any_application
        current = self._rooms.of(choice).library
        menu = Menu(
            *(libraries.all(), current, libraries.removed(), said),
            offers=application.embedding_offers(current),
            new_offers=application.embedding_offers(),
            usual=wanted_embedding(application.settings, None),
            anew=self._catalog.reembeddings.of(current.id),
            question=question,
        )
        return render_menu(menu)

    def open_page(self, choice: Choice) -> tuple[Choice, str]:
        """The chooser as a visitor finds it, in the library that the server began with."""
        choice = replace(choice, library=self._rooms.of(choice).library.id)
        return choice, self.show(choice)

    def choose(
        self, choice: Choice, conversation: Conversation, key: str, event: gr.EventData
    ) -> tuple[Any, ...]:
        """Go to another library; the conversation stays behind, since it is about this one."""
        return self._entered(choice, conversation, key, lambda: str(event.id))

    def restore(
        self, choice: Choice, conversation: Conversation, event: gr.EventData
    ) -> tuple[Any, ...]:
        """What the tab held before it was loaded again, in the library that it was in."""
        key, nothing = str(event.key), [gr.skip()] * 8
        kept = self._rooms.kept.find(key)
        if conversation.turns:
            return *nothing, key
        wanted = kept.library_id or str(event._data.get("library", "")) or choice.library
        try:
            room = self._rooms.open(wanted or "")
        except RagError:  # deleted meanwhile, or not to be opened any more
            return *nothing, key
        if wanted == choice.library and not kept.turns:
            return *nothing, key
        if wanted != choice.library:
            choice = Choice(library=wanted)
        head, refreshed = room.documents.show_head(choice), room.documents.refresh(choice, FRESH)
        return choice, self.show(choice), head, *refreshed, kept, render_thread(kept), key

    def make(
        self, choice: Choice, conversation: Conversation, key: str, event: gr.EventData
    ) -> tuple[Any, ...]:
        """Make a library, and go there."""
        application = self._rooms.of(choice).application
        asked = event._data
        wanted = WantedLibrary(str(asked["name"]), embedding=str(asked.get("embedding", "")))
        return self._entered(
            choice, conversation, key, lambda: application.create_library(wanted).id
        )

    def unmake(
        self, choice: Choice, conversation: Conversation, key: str, event: gr.EventData
    ) -> tuple[Any, ...]:
        """Delete a library, and go to another."""

        def act() -> str:
            self._catalog.libraries.remove(str(event.id))
            return self._catalog.libraries.all()[0].id

        return self._entered(choice, conversation, key, act)

    def remake(self, choice: Choice, event: gr.EventData) -> str:
        """Bring a deleted library back."""
        return self._told(choice, lambda: self._catalog.libraries.bring_back(str(event.id)))

    def rename(self, choice: Choice, event: gr.EventData) -> str:
        """Call a library otherwise."""
        name = str(event.name)
        return self._told(choice, lambda: self._catalog.libraries.rename(str(event.id), name))

    def policy(self, choice: Choice, event: gr.EventData) -> str:
        """Let a library leave this machine, or no more."""
        said: list[str] = []
        try:
            library = self._catalog.library_with_id(str(event.id))
            library = self._catalog.libraries.set_policy(
                library.id, stays_here=not library.stays_here
            )
            settings = self._rooms.of(choice).application.settings
            address = embedding_address(settings, library.embedding_model)
            if library.stays_here and not is_here(address):
                said.append(str(refusal(library, address, "TRAMONTANE_EMBEDDING")))
        except RagError as error:
            said.append(str(error))
        return self.show(choice, said)

    def move(self, choice: Choice, event: gr.EventData) -> str:
        """Move a document to another library, where a person is asked what is dear."""
        said: list[str] = []
        try:
            room = self._rooms.open(str(event.to))
            application, target = room.application, room.library
            document = self._catalog.document(str(event.id))
            price = price_of_move(self._catalog, document, target, application.embedder)
            dear = (price.dollars or 0.0) > application.settings.ask_above
            moved, _ = self._catalog.libraries.move(document.id, target.id, price if dear else None)
            sentence = ASKED if dear else MOVED
            said.append(News(sentence.format(moved.title or moved.name, target.name)))
        except RagError as error:
            said.append(str(error))
        return self.show(choice, said)

    def _told(self, choice: Choice, act: Any) -> str:
        said: list[str] = []
        try:
            act()
        except RagError as error:
            said.append(str(error))
        return self.show(choice, said)

    def _entered(
        self, choice: Choice, conversation: Conversation, key: str, act: Any
    ) -> tuple[Any, ...]:
        """The page in the library that `act` gives; where that fails it stays as it is."""
        try:
            library_id = act()
            room = self._rooms.open(library_id)
        except RagError as error:
            return choice, self.show(choice, [str(error)]), *[gr.skip()] * 7
        if library_id == choice.library:
            return choice, self.show(choice), *[gr.skip()] * 7
        choice = Choice(library=library_id)
        self._rooms.kept.keep(key, FRESH)
        head, refreshed = room.documents.show_head(choice), room.documents.refresh(choice, FRESH)
        return choice, self.show(choice), head, *refreshed, FRESH, [], INVITATION
