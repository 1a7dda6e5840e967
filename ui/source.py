"""What opens a page, a report or the set-up in the pane of the source."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import TYPE_CHECKING

import gradio as gr

from rag.errors import RagError
from ui.absent import Standing, render_absent, standing_of
from ui.checkup import render_offer
from ui.conversation import Conversation
from ui.rooms import Rooms
from ui.viewer import (
    INVITATION,
    View,
    render_note,
    render_source,
    view_citation,
    view_nearest,
    view_passage,
)

if TYPE_CHECKING:
    from rag.wiring import Application

ORIGINAL_LOST = (
    "The original of this document cannot be read ({}). Add the file again: that puts it back. "
    "`tramontane check` says what else is amiss."
)
AGAIN = ("kind", "id", "turn", "index", "page")  # of what was asked for, enough to ask once more


class SourceHandlers:
    """Opens what a gesture asks for, and says what has become of it where it is gone."""

    def __init__(self, application: Application, rooms: Rooms) -> None:
        """Take what renders pages, and the libraries that are open."""
        self._application, self._rooms = application, rooms

    def open(self, conversation: Conversation, event: gr.EventData) -> str:
        """The pane; every reply differs, so that the page sees it arrive."""
        asked: Mapping[str, str] = event._data
        shown, standing, html = "", "", INVITATION
        try:
            view = None
            if asked["kind"] == "checkup":
                html = render_offer()
            elif asked["kind"] == "report":
                shown = str(asked["id"])
            elif (view := _find_view(conversation, asked)) is not None:
                shown = view.document_id
            if shown:
                standing = standing_of(self._application.catalog, shown)
                html = self._render(shown, view, standing)
        except RagError as error:
            html = render_note(str(error))
        except OSError as error:
            html = render_note(ORIGINAL_LOST.format(error.strerror))
        return html + _render_asked(asked, shown, standing)

    def _render(self, shown: str, view: View | None, standing: Standing) -> str:
        if standing in (Standing.REMOVED, Standing.PURGED):
            return render_absent(self._application.catalog, shown)
        if view is None:
            return self._rooms.report(shown)
        return render_source(self._application, view)


def _find_view(conversation: Conversation, asked: Mapping[str, str]) -> View | None:
    """The page that was asked for, by a citation, a passage or a document; None to show none.

    Raises:
        NotFoundError: what it refers to is gone.
    """
    if asked["kind"] == "clear":
        return None
    number = int(asked["page"]) if "page" in asked else None
    if "turn" not in asked:
        return View(asked["id"], number or 1)
    turn, index = int(asked["turn"]), int(asked["index"])
    if asked["kind"] == "nearest":
        return view_nearest(conversation, turn, index)
    if asked["kind"] == "passage":
        return view_passage(conversation, turn, index)
    return view_citation(conversation, turn, index, number)


def _render_asked(asked: Mapping[str, str], shown: str, standing: str) -> str:
    """What was asked for and what has become of it, for the page to look whether that lasts."""
    told = {name: str(asked[name]) for name in AGAIN if name in asked} if shown else {}
    if shown:
        told |= {"document": shown, "standing": standing}
    words = "".join(f' data-{name}="{escape(value)}"' for name, value in told.items())
    return f'<i hidden class="asked"{words} data-serial="{int(asked["serial"])}"></i>'
