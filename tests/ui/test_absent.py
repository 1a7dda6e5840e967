from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from ingest.queue import IngestQueue
from rag.domain import Document
from rag.purging import purge
from rag.store.catalog import Catalog
from rag.store.holdings import NewLibrary
from rag.wiring import Application
from tests.ui.test_library_menu import gesture
from tests.ui.test_server import client  # noqa: F401 - a fixture
from ui.absent import Standing, render_absent, render_deleted, standing_of
from ui.chat import LIBRARY_GONE, Choice, Inquiry, ask
from ui.conversation import Conversation, TurnState
from ui.intake import open_queue
from ui.layout import invite
from ui.library_handlers import LibraryHandlers
from ui.rooms import Rooms


@pytest.fixture
def rooms(application: Application, queue: IngestQueue) -> Iterator[Rooms]:
    opened = Rooms(application, queue, invite)
    yield opened
    opened.close()


def make(catalog: Catalog, name: str) -> str:
    like = catalog.libraries.all()[0]
    return catalog.libraries.create(NewLibrary(name, like.embedding_model, like.dimension)).id


def add(application: Application, folder: Path, name: str = "<quay>.txt") -> Document:
    queue = open_queue(application)
    path = folder / name
    path.write_text("The quay is of stone.")
    (job,) = queue.wait([queue.submit(path, name, keep=True)])
    queue.close()
    return application.catalog.document(str(job.document_id))


def test_a_document_stands_where_it_is_until_nothing_is_left(
    application: Application, tmp_path: Path
) -> None:
    catalog, document = application.catalog, add(application, tmp_path)
    assert standing_of(catalog, document.id) is Standing.THERE
    catalog.remove(document.id)
    assert standing_of(catalog, document.id) is Standing.REMOVED
    html = render_absent(catalog, document.id)
    assert "“&lt;quay&gt;” was removed on" in html
    assert f'data-event="bring" data-id="{document.id}"' in html
    purge(catalog, catalog.trash.of(document.library_id))
    assert standing_of(catalog, document.id) is Standing.PURGED
    html = render_absent(catalog, document.id)
    assert "quay" not in html
    assert "deleted for good" in html
    assert "data-event" not in html


def test_a_document_that_went_with_its_library_comes_back_with_it(
    application: Application, tmp_path: Path
) -> None:
    catalog, document = application.catalog, add(application, tmp_path)
    make(catalog, "other")
    catalog.libraries.remove(document.library_id)
    html = render_absent(catalog, document.id)
    assert "was deleted with its library “documents”" in html
    assert "data-event" not in html


def test_a_deleted_library_is_no_other_one(
    application: Application, rooms: Rooms, tmp_path: Path
) -> None:
    catalog = application.catalog
    kept = add(application, tmp_path)
    coast = make(catalog, "<Coast>")
    choice = Choice(library=coast)
    before = LibraryHandlers(rooms).state(coast)
    catalog.libraries.remove(coast)
    assert LibraryHandlers(rooms).state(coast) != before
    documents = rooms.of(choice).documents

    html, _timer, welcome = documents.refresh(choice, Conversation())
    assert "The library “&lt;Coast&gt;” was deleted." in html
    assert kept.id not in html
    assert welcome == ""
    event: Any = gesture(id=kept.id)
    html, *_ = documents.remove(choice, Conversation(), event)
    assert "was deleted, and nothing was done" in html
    assert [document.id for document in catalog.documents(kept.library_id)] == [kept.id]
    menu = LibraryHandlers(rooms).show(choice)
    assert 'aria-label="Library: &lt;Coast&gt; (deleted)"' in menu
    assert 'data-confirm="unmake"' not in menu
    purge(catalog, [], catalog.libraries.removed())
    assert "deleted for good" in render_deleted(catalog, coast)


def test_a_conversation_stays_when_its_library_was_deleted(
    application: Application, rooms: Rooms, tmp_path: Path
) -> None:
    add(application, tmp_path)
    here = Choice(library=application.library.id)
    *_, answered = ask(application, Inquiry("What is of stone?", here), Conversation())
    other = make(application.catalog, "other")
    application.catalog.libraries.remove(application.library.id)
    *_, held = ask(rooms.open(other).application, Inquiry("Why?", here), answered)
    assert [turn.state for turn in held.turns] == [TurnState.DONE, TurnState.HELD]
    assert held.turns[-1].error == LIBRARY_GONE


def test_a_library_of_the_trash_is_purged_once(application: Application, rooms: Rooms) -> None:
    does, catalog = LibraryHandlers(rooms), application.catalog
    coast = make(catalog, "Coast")
    event: Any = gesture(id=coast)
    assert "not in the trash" in does.erase(Choice(), event)
    assert len(catalog.libraries.all()) == 2
    catalog.libraries.remove(coast)
    assert "The library Coast was deleted for good." in does.erase(Choice(), event)
    assert catalog.libraries.removed() == []
    assert "data-said" not in does.erase(Choice(), event)  # what is done already is no fault


def test_what_was_removed_meanwhile_is_removed_without_a_fault(
    application: Application, rooms: Rooms, tmp_path: Path
) -> None:
    catalog, document = application.catalog, add(application, tmp_path)
    here = Choice(library=document.library_id)
    catalog.remove(document.id)
    event: Any = gesture(id=document.id)
    html, *_ = rooms.of(here).documents.remove(here, Conversation(), event)
    assert "data-said" not in html
    assert [kept.document.id for kept in catalog.trash.of(document.library_id)] == [document.id]
    coast = make(catalog, "Coast")
    catalog.libraries.remove(coast)
    event = gesture(id=coast)
    choice, menu, *_ = LibraryHandlers(rooms).unmake(here, Conversation(), "", event)
    assert choice == here
    assert "data-said" not in menu


def test_a_language_is_set_and_taken_back(application: Application, rooms: Rooms) -> None:
    does, key = LibraryHandlers(rooms), application.library.id
    for language, after in (("german", "german"), ("klingon", ""), ("french", "french"), ("", "")):
        event: Any = gesture(id=key, language=language)
        does.language(Choice(), event)
        assert application.library.language == after


def test_the_page_asks_in_one_request_what_has_changed(
    client: TestClient,  # noqa: F811 - the fixture
    application: Application,
    tmp_path: Path,
) -> None:
    catalog, document = application.catalog, add(application, tmp_path)
    coast = make(catalog, "Coast")

    def look(library: str) -> dict[str, str]:
        return dict(
            client.get("/documents", params={"library": library, "shown": document.id}).json()
        )

    first = look(coast)
    assert look(coast) == first
    assert first["standing"] == "there"
    catalog.remove(document.id)
    second = look(coast)
    assert second["standing"] == "removed"
    assert second["state"] == first["state"]  # of another library
    assert second["libraries"] != first["libraries"]  # which shows how many documents each has
    catalog.libraries.rename(coast, "Shore")
    assert look(coast)["libraries"] != second["libraries"]
    catalog.libraries.remove(coast)
    assert look(coast)["state"] == f"{coast}-deleted"
    answer = client.post("/documents", params={"name": "a.txt", "library": coast}, content=b"x")
    assert answer.status_code == 422
    assert answer.text.startswith("a.txt was not taken in. This library was deleted.")
    purge(catalog, [], catalog.libraries.removed())
    assert look(coast)["state"] == f"{coast}-purged"
