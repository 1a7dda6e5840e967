"""What the page says in place of what is not there any more: a document, or a whole library."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from html import escape

from rag.errors import NotFoundError
from rag.store.catalog import Catalog
from rag.store.holdings import RemovedLibrary
from rag.store.trash import Kept
from ui import icons
from ui.containing import REF
from ui.notices import render_notices
from ui.times import written_day
from ui.viewer import render_bar, render_note

PURGED = "This document was deleted for good. Nothing of it is left to show."
REMOVED = "“{}” was removed on {}. It is in no answer any more, and can be brought back until {}."
WITH_LIBRARY = (
    "“{}” was deleted with its library “{}”, which can be brought back until {}, on the left."
)
LIBRARY_PURGED = "This library was deleted for good. Choose another one above."
LIBRARY_REMOVED = (
    "The library “{}” was deleted. It can be brought back with its documents until {}. Or choose "
    "another one above."
)


class Standing(StrEnum):
    """What has become of a document that is shown."""

    THERE = "there"
    EARLIER = "earlier"  # there is a newer version
    REMOVED = "removed"  # it can be brought back
    PURGED = "purged"


def standing_of(catalog: Catalog, shown: str) -> Standing:
    """What has become of a document, or of an archive by its reference."""
    if shown.startswith(REF):
        container = catalog.containers.with_id(int(shown.removeprefix(REF)))
        return Standing.PURGED if container is None else Standing.THERE
    try:
        newer = catalog.cited.replaced(shown)
        return Standing.THERE if newer is None else Standing.EARLIER
    except NotFoundError:
        pass
    try:
        catalog.cited.removed(shown)
    except NotFoundError:
        return Standing.PURGED
    return Standing.REMOVED


def render_absent(catalog: Catalog, document_id: str) -> str:
    """The pane in place of a document that no question sees: why, and what brings it back."""
    try:
        kept = catalog.cited.removed(document_id)
    except NotFoundError:
        return render_note(PURGED)
    title, until = _title(kept), written_day(kept.until)
    if (removed := _find(catalog, kept.document.library_id)) is not None:
        until = written_day(removed.until)
        return render_note(WITH_LIBRARY.format(title, removed.library.name, until))
    sentence = escape(REMOVED.format(title, written_day(kept.since), until))
    back = _render_back("bring", kept.document.id, title, "Bring back")
    bar = render_bar("<h2>Source</h2>")
    return f'{bar}<div class="blank absent"><p>{sentence}</p>{back}</div>'


def render_deleted(catalog: Catalog, library_id: str, said: Sequence[str] = ()) -> str:
    """The list of documents of a library that was deleted while its page was open."""
    removed, sentence, back = _find(catalog, library_id), LIBRARY_PURGED, ""
    if removed is not None:
        name = removed.library.name
        sentence = LIBRARY_REMOVED.format(name, written_day(removed.until))
        back = _render_back("remake", library_id, name, "Bring it back")
    state = escape(state_of_deleted(catalog, library_id))
    return (
        f'<div class="deleted" role="status"><p>{escape(sentence)}</p>{back}</div>'
        f'<div id="outcomes" data-state="{state}" data-reading="0" data-embedding="0" '
        'data-asking="0" data-newest="0" '
        f'data-library="{escape(library_id)}" hidden>{render_notices(said)}</div>'
    )


def state_of_deleted(catalog: Catalog, library_id: str) -> str:
    """A word that is not that of the library as it was, and another one once it is purged."""
    return f"{library_id}-{'purged' if _find(catalog, library_id) is None else 'deleted'}"


def _render_back(event: str, key: str, name: str, words: str) -> str:
    return (
        f'<button type="button" class="do" data-event="{event}" data-id="{escape(key)}" '
        f'aria-label="{words} {escape(name)}">{icons.BACK}<span>{words}</span></button>'
    )


def _find(catalog: Catalog, library_id: str) -> RemovedLibrary | None:
    """The library in the trash that has this id."""
    found = [each for each in catalog.libraries.removed() if each.library.id == library_id]
    return next(iter(found), None)


def _title(kept: Kept) -> str:
    return kept.document.title or kept.document.name
