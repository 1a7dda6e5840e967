"""What gestures in the chooser of the library do to the page."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any

import gradio as gr

from ingest.moving import price_of_move
from rag.embedding_connections import wanted_embedding
from rag.errors import NotFoundError, RagError
from rag.languages import Language
from rag.library_embedder import WantedLibrary, embedding_address
from rag.policy import is_here, refusal
from rag.purging import purge, still_there
from ui.chat import Choice
from ui.conversation import Conversation
from ui.embedding_menu import Question
from ui.library_menu import Menu, render_menu
from ui.notices import News
from ui.rooms import Rooms
from ui.thread import render_thread
from ui.viewer import INVITATION

NOT_IN_TRASH = "This library is not in the trash (any more)."
WAS_DELETED = "The library that this tab was in was deleted. This is {}."
MOVED = "{} was moved to {}."
ASKED = "{} was moved to {}. What it costs to embed it there waits for your word."
ERASED = "The library {} was deleted for good."
FRESH = Conversation()


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
        menu, application = self._menu(choice), self._rooms.any_application
        current = menu.current
        return render_menu(
            replace(
                menu,
                said=said,
                now=time.time(),
                question=question,
                offers=() if current is None else application.embedding_offers(current),
                new_offers=application.embedding_offers(),
                usual=wanted_embedding(application.settings, None),
            )
        )

    def state(self, library_id: str) -> str:
        """What `Menu.state` is for whoever is in that library, for them to ask whether to look."""
        return self._menu(Choice(library=library_id or None)).state

    def _menu(self, choice: Choice) -> Menu:
        """The libraries as they are, without what is asked of servers."""
        libraries = self._catalog.libraries
        known, removed, sizes = libraries.all(), libraries.removed(), libraries.sizes()
        wanted = choice.library or self._rooms.of(choice).library.id
        for library in known:
            if library.id == wanted:
                anew = self._catalog.reembeddings.of(wanted)
                return Menu(known, library, removed, anew=anew, sizes=sizes)
        lost = [each.library.name for each in removed if each.library.id == wanted]
        return Menu(known, None, removed, lost=next(iter(lost), "This library"), sizes=sizes)

    def open_page(self, choice: Choice) -> tuple[Choice, str]:
        """The chooser as a visitor finds it, in the library that the server began with."""
        choice = replace(choice, library=self._rooms.of(choice).library.id).after(choice)
        return choice, self.show(choice)

    def choose(
        self, choice: Choice, conversation: Conversation, key: str, event: gr.EventData
    ) -> tuple[Any, ...]:
        """Go to another library, and to the conversation about it; this one stays behind."""
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
        except NotFoundError:  # deleted meanwhile
            self._rooms.kept.enter(key, choice.library or "")
            told = WAS_DELETED.format(self._rooms.of(choice).library.name)
            return gr.skip(), self.show(choice, [told]), *nothing[2:], key
        except RagError:  # not to be opened any more
            self._rooms.kept.enter(key, choice.library or "")
            return *nothing, key
        if wanted == choice.library and not kept.turns:
            return *nothing, key
        if wanted != choice.library:
            choice = Choice(library=wanted).after(choice)
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
            with suppress(NotFoundError):  # it was deleted meanwhile
                self._catalog.libraries.remove(str(event.id))
            return self._catalog.libraries.all()[0].id

        return self._entered(choice, conversation, key, act)

    def remake(self, choice: Choice, event: gr.EventData) -> str:
        """Bring a deleted library back."""
        return self._told(choice, lambda: self._catalog.libraries.bring_back(str(event.id)))

    def erase(self, choice: Choice, event: gr.EventData) -> str:
        """Delete a library of the trash for good, with all that was in it."""
        said: list[str] = []
        try:
            known = self._catalog.libraries.removed()
            chosen = [each for each in known if each.library.id == str(event.id)]
            if not chosen and str(event.id) in {each.id for each in self._catalog.libraries.all()}:
                raise NotFoundError(NOT_IN_TRASH)
            is_clean = purge(self._catalog, [], chosen)
            self._rooms.kept.forget(str(event.id))
            said += [News(ERASED.format(each.library.name)) for each in chosen]
            said += [] if is_clean else [still_there(self._catalog)]
        except RagError as error:
            said.append(str(error))
        return self.show(choice, said)

    def language(self, choice: Choice, event: gr.EventData) -> str:
        """Say in which language documents are that are too short to tell; empty for any."""
        wanted = str(event.language)
        tongue = Language(wanted) if wanted in list(Language) else ""
        return self._told(
            choice, lambda: self._catalog.libraries.set_language(str(event.id), tongue)
        )

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
            said.append(
                News(sentence.format(moved.title or moved.name, target.name), about=moved.id)
            )
        except RagError as error:
            said.append(str(error))
        return self.show(choice, said)

    def _told(self, choice: Choice, act: Callable[[], object]) -> str:
        said: list[str] = []
        try:
            act()
        except RagError as error:
            said.append(str(error))
        return self.show(choice, said)

    def _entered(
        self, choice: Choice, conversation: Conversation, key: str, act: Callable[[], str]
    ) -> tuple[Any, ...]:
        """The page in the library that `act` gives; where that fails it stays as it is."""
        try:
            library_id = act()
            room = self._rooms.open(library_id)
        except RagError as error:
            return choice, self.show(choice, [str(error)]), *[gr.skip()] * 7
        if library_id == choice.library:
            return choice, self.show(choice), *[gr.skip()] * 7
        choice = Choice(library=library_id).after(choice)
        kept = self._rooms.kept.enter(key, library_id)
        head, refreshed = room.documents.show_head(choice), room.documents.refresh(choice, FRESH)
        shown = render_thread(kept) if kept.turns else []
        return choice, self.show(choice), head, *refreshed, kept, shown, INVITATION
