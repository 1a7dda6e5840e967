"""The chooser of the library on the left, and what can be done to a library there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from html import escape

from rag.domain import Library
from rag.embedding_choice import EmbeddingOffer
from rag.languages import Language
from rag.store.holdings import RemovedLibrary
from rag.store.names import MOST_CHARACTERS
from rag.store.reembeddings import Reembedding
from ui import icons
from ui.embedding_menu import Question, render_choice_of_new, render_embedding
from ui.notices import render_notices
from ui.progress import counted
from ui.times import written_day
from ui.trash import UNDO_SECONDS

LANGUAGE_HINT = "Documents that are too short to tell theirs, such as a note, are read in it"
STAYS_HINT = "Nothing of it is sent to another machine, and no question about it"


@dataclass(frozen=True, slots=True)
class Menu:
    """What the chooser shows: the libraries, the one in use, and those in the trash.

    None is in use where that was deleted meanwhile; it was called `lost`. `sizes` are the numbers
    of documents, by the libraries' ids. `offers` are the embedding models for the one in use,
    `new_offers` those for a new one, which gets the `usual` one where nothing is chosen. It is open
    while there is a `question`. What was deleted in the minute before `now` is said, and undone.
    """

    libraries: Sequence[Library]
    current: Library | None
    removed: Sequence[RemovedLibrary] = ()
    said: Sequence[str] = ()
    offers: Sequence[EmbeddingOffer] = ()
    new_offers: Sequence[EmbeddingOffer] = ()
    usual: str = ""
    anew: Reembedding | None = None
    question: Question | None = None
    sizes: Mapping[str, int] = field(default_factory=dict)
    lost: str = ""
    now: float = 0.0

    @property
    def state(self) -> str:
        """A word that changes with whatever a person sees of the libraries."""
        seen = [
            (each.id, each.name, each.stays_here, each.language, each.embedding_model)
            for each in self.libraries
        ]
        removed = [(each.library.id, each.library.name, each.since) for each in self.removed]
        stage = None if self.anew is None else self.anew.stage
        told = repr((seen, removed, sorted(self.sizes.items()), stage, self.lost))
        return blake2b(told.encode(), digest_size=8).hexdigest()


def render_menu(menu: Menu) -> str:
    """The chooser; where there is one library alone, no more than a word at the end."""
    current = menu.current
    one = len(menu.libraries) == 1 and current is not None
    lock = icons.LOCK if current is not None and current.stays_here else ""
    called = f"{menu.lost} (deleted)".lstrip() if current is None else current.name
    name = f"Library: {called}" if one else called
    rows = "" if one else "".join(_render_choice(each, menu) for each in menu.libraries)
    back = "".join(_render_removed(each) for each in menu.removed)
    listed = f'<ul class="libs">{rows}{back}</ul>' if rows or back else ""
    is_open = " open" if menu.question is not None else ""
    own = "" if current is None else _render_own(menu, current, one=one)
    return (
        f'<details class="library{" one" * one}" data-state="{menu.state}"{is_open}>'
        f'<summary aria-label="Library: {escape(called)}"><span class="name">{escape(name)}</span>'
        f'{lock}{icons.DOWN}</summary><div class="menu">{listed}{_render_new(menu)}{own}</div>'
        f"</details>{_render_undo(menu)}{render_notices(menu.said)}"
    )


def _render_undo(menu: Menu) -> str:
    """The last deletions, each with what undoes it; whoever is in such a library is told below."""
    return "".join(
        f'<p class="undo" role="status"><span>The library {escape(each.library.name)} was deleted.'
        f'</span><button type="button" class="rep" data-event="remake" data-id="'
        f'{escape(each.library.id)}" aria-label="Undo deleting {escape(each.library.name)}">Undo'
        "</button></p>"
        for each in menu.removed
        if each.since > menu.now - UNDO_SECONDS
        if menu.current is not None or each.library.name != menu.lost
    )


def _render_choice(library: Library, menu: Menu) -> str:
    lock = icons.LOCK if library.stays_here else ""
    is_current = menu.current is not None and library.id == menu.current.id
    mark = ' aria-current="true"' if is_current else ""
    size = menu.sizes.get(library.id, 0)
    return (
        f'<li><button type="button" data-event="library" data-id="{escape(library.id)}"'
        f"{mark}><span>{escape(library.name)}</span>{lock}"
        f' <small title="{counted(size, "document")}">{size:,}</small></button></li>'
    )


def _render_removed(removed: RemovedLibrary) -> str:
    name, key = escape(removed.library.name), escape(removed.library.id)
    return (
        f'<li class="gone"><span>{name}</span><small>until {written_day(removed.until)}</small>'
        f'<button type="button" class="rep" data-event="remake" '
        f'data-id="{key}" aria-label="Bring back {name}">Bring back</button>'
        f'<button type="button" class="x" data-confirm="erase" data-id="{key}" '
        f'data-name="{name}" aria-label="Delete {name} for good">{icons.CROSS}</button></li>'
    )


def _render_new(menu: Menu) -> str:
    return (
        '<form data-event="make"><input name="name" required autocomplete="off" '
        f'maxlength="{MOST_CHARACTERS}" placeholder="New library" aria-label="Name of a new '
        'library"><button type="submit" class="act">Create</button>'
        f"{render_choice_of_new(menu.new_offers, menu.usual)}</form>"
    )


def _render_own(menu: Menu, library: Library, *, one: bool) -> str:
    """What can be done to the library in use."""
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
        f"{_render_language(library)}"
        f"{render_embedding(library, menu.offers, menu.anew, menu.question)}"
        f'<button type="button" class="act stays" role="switch" aria-checked="{stays}" '
        f'{gesture}="policy" data-id="{key}" title="{STAYS_HINT}"><i></i>'
        f"<span>Never leaves this machine</span></button>{delete}"
    )


def _render_language(library: Library) -> str:
    """In which language documents are that are too short to tell; a choice is made by choosing."""
    options = "".join(
        f'<option value="{each}"{" selected" * (each == library.language)}>{each.capitalize()}'
        "</option>"
        for each in Language
    )
    return (
        f'<form class="tongue" data-event="language" data-id="{escape(library.id)}">'
        f'<label title="{LANGUAGE_HINT}"><span>Language of short documents</span>'
        f'<select name="language" data-submits><option value="">Any</option>{options}'
        "</select></label></form>"
    )
