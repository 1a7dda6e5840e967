from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pytest

from ingest.queue import IngestQueue
from ingest.reembedding import reembed
from rag.domain import Library
from rag.errors import NotFoundError
from rag.intake import Stage
from rag.providers.minilm.embedder import MiniLmEmbedder
from rag.settings import load_settings
from rag.store.catalog import Catalog
from rag.store.holdings import NewLibrary, RemovedLibrary
from rag.store.rows import Reading
from rag.wiring import Application, build
from tests.loopback import LoopbackServer, Say, listed_model
from tests.rag.store.shelves import reading
from ui.chat import Choice, Inquiry, ask
from ui.conversation import Conversation, TurnState
from ui.intake import open_queue
from ui.layout import invite
from ui.library_handlers import LibraryHandlers
from ui.library_menu import Menu, render_menu
from ui.rooms import Rooms

USUAL = Library("1", "documents", "m", 8, 0)
OTHER = Library("2", "<Coast>", "m", 8, 0, stays_here=True)


@dataclass
class Gesture:
    """What Gradio hands to a handler."""

    _data: dict[str, str] = field(default_factory=dict)

    def __getattr__(self, name: str) -> str:
        return self._data[name]


def gesture(**given: str) -> Gesture:
    return Gesture(given)


@pytest.fixture
def rooms(application: Application, queue: IngestQueue) -> Iterator[Rooms]:
    opened = Rooms(application, queue, invite)
    yield opened
    opened.close()


def make(rooms: Rooms, name: str, *, model: str = "", dimension: int = 0) -> Library:
    usual = rooms.of(Choice()).library
    new = NewLibrary(name, model or usual.embedding_model, dimension or usual.dimension)
    return rooms.catalog.libraries.create(new)


def test_one_library_is_no_choice() -> None:
    html = render_menu(Menu([USUAL], USUAL))
    assert "Library: documents" in html
    assert 'data-event="library"' not in html
    assert "Delete" not in html


def test_names_are_escaped_and_what_was_deleted_can_come_back() -> None:
    removed = RemovedLibrary(Library("3", "<Gone>", "m", 8, 0), 0.0)
    html = render_menu(Menu([USUAL, OTHER], OTHER, [removed]))
    assert "<Coast>" not in html
    assert "<Gone>" not in html
    assert html.count("&lt;Coast&gt;") >= 3
    assert 'data-event="remake" data-id="3"' in html
    assert 'aria-checked="true"' in html


def test_a_deletion_is_said_for_a_minute_with_what_undoes_it() -> None:
    removed = [RemovedLibrary(Library("3", "<Gone>", "m", 8, 0), 1_000.0)]
    html = render_menu(Menu([USUAL, OTHER], OTHER, removed, now=1_059.0))
    assert "The library &lt;Gone&gt; was deleted." in html
    assert 'aria-label="Undo deleting &lt;Gone&gt;">Undo<' in html
    assert "was deleted" not in render_menu(Menu([USUAL, OTHER], OTHER, removed, now=1_061.0))
    # Whoever is in it reads the same below.
    assert "was deleted" not in render_menu(
        Menu([USUAL], None, removed, lost="<Gone>", now=1_001.0)
    )


def test_a_room_is_opened_once_and_goes_with_its_library(rooms: Rooms) -> None:
    coast = make(rooms, "Coast")
    choice = Choice(library=coast.id)
    assert rooms.of(choice) is rooms.of(choice)
    assert rooms.of(choice).library.name == "Coast"
    rooms.catalog.libraries.remove(coast.id)
    assert rooms.of(choice).library.name == "documents"
    with pytest.raises(NotFoundError):
        rooms.open(coast.id)


def test_a_library_that_cannot_be_opened_says_why_and_nothing_changes(rooms: Rooms) -> None:
    other = make(rooms, "Paid", model="mistral-embed", dimension=1024)
    rooms.catalog.publish(_of(other))
    does = LibraryHandlers(rooms)
    here = Choice(library=rooms.of(Choice()).library.id)
    choice, html, *_ = does.choose(here, Conversation(), "k", gesture(id=other.id))  # type: ignore[arg-type]
    assert choice == here
    assert "needs MISTRAL_API_KEY" in html


def _of(library: Library) -> Reading:
    vectors = np.full((1, library.dimension), 1 / 32, dtype=np.float32)
    return replace(
        reading(library, "text"), vectors=vectors, embedding_model=library.embedding_model
    )


def test_a_policy_is_set_and_says_what_it_forbids(rooms: Rooms) -> None:
    does, choice = LibraryHandlers(rooms), Choice()
    library = rooms.of(choice).library
    assert 'data-event="policy"' in does.show(choice)
    html = does.policy(choice, gesture(id=library.id))  # type: ignore[arg-type]
    assert 'aria-checked="true" data-confirm="policy"' in html  # not lifted by one click
    assert 'data-event="policy"' not in html
    assert rooms.of(choice).library.stays_here
    paid = make(rooms, "Paid", model="mistral-embed", dimension=1024)
    html = does.policy(choice, gesture(id=paid.id))  # type: ignore[arg-type]
    assert "tramontane rebuild --embedding all-MiniLM-L6-v2 --library Paid" in html


def test_files_that_wait_in_another_library_are_taken_in(rooms: Rooms, tmp_path: Path) -> None:
    coast = make(rooms, "Coast")
    path = tmp_path / "note.txt"
    path.write_text("The harbour holds boats.")
    sha256 = rooms.catalog.blobs.adopt(path)
    job = rooms.catalog.jobs.submit(coast.id, "note.txt", sha256, 24)
    rooms.resume()
    (ended,) = rooms.open(coast.id).queue.wait([job.id])
    assert ended.stage is Stage.DONE
    assert [document.name for document in rooms.catalog.documents(coast.id)] == ["note.txt"]


def test_a_library_embedded_again_meanwhile_is_asked_with_its_new_model(tmp_path: Path) -> None:
    with LoopbackServer() as server:
        chosen = {"data_dir": tmp_path, "samples": False, "chat": "reader", "mistral_api_key": "k"}
        settings = load_settings({**chosen, "mistral_url": server.url})
        with closing(build(settings)) as application, closing(open_queue(application)) as queue:
            _fill(application, application.library)
            rooms = Rooms(application, queue, invite)
            before = rooms.of(Choice())
            assert before.application.embedder.model == "mistral-embed"
            with closing(Catalog(tmp_path)) as other:
                library = other.library("documents")
                reembed(other, library, MiniLmEmbedder(), lambda progress: None)
            late = tmp_path / "late.txt"
            late.write_text("The lighthouse was lit in 1831.")
            number = before.queue.submit(late, "late.txt")
            while not (job := before.queue.jobs_of([number])[0]).outcome:  # it came too late
                assert not job.has_ended
                threading.Event().wait(0.05)
            assert "now embedded with" in job.outcome
            server.requests.clear()
            after = rooms.of(Choice())
            assert after.application.embedder.model == "all-MiniLM-L6-v2"
            assert [each.stage for each in after.queue.wait([number])] == [Stage.DONE]
            assert rooms.of(Choice()) is after
            question = Inquiry("How many boats does the harbour hold?", Choice())
            (*_, told) = ask(after.application, question, Conversation())
            assert "forty-one" in told.turns[-1].text
            assert server.requests == []
            job = after.application.catalog.jobs.submit_embedding(
                after.application.catalog.documents(after.library.id)[0]
            )
            (ended,) = after.queue.wait([job.id])
            assert ended.stage is Stage.DONE
            rooms.close()


def test_a_conversation_goes_with_no_question_about_another_library(
    tmp_path: Path,
) -> None:
    """What was said of one that stays here is sent to nobody with the next question elsewhere."""
    with LoopbackServer(
        served=[listed_model("m")], chat=[Say("The zirbelnuss ripens [1]."), Say("No.")]
    ) as server:
        chosen = {"data_dir": tmp_path, "samples": False, "chat": f"{server.url}/v1"}
        with closing(build(load_settings(chosen))) as application:
            usual = application.library
            other = application.catalog.libraries.create(
                NewLibrary("Coast", usual.embedding_model, usual.dimension)
            )
            for library in (usual, other):
                _fill(application, library)
            beside = application.beside(other)
            (*_, first) = ask(application, Inquiry("zirbelnuss harbour?", Choice()), Conversation())
            assert first.turns[-1].state is TurnState.DONE
            server.requests.clear()
            (*_, second) = ask(beside, Inquiry("Which harbour boats?", Choice()), first)
            assert [turn.question for turn in second.turns] == ["Which harbour boats?"]
            sent = [str(request.body) for request in server.requests]
            assert sent
            assert not any("zirbelnuss" in body for body in sent)
            beside.close_beside()


def _fill(application: Application, library: Library) -> None:
    text = f"The harbour of {library.name} holds forty-one boats in winter."
    vectors = application.embedder.embed([text])
    read = replace(
        reading(library, text, name=f"{library.name}.txt"),
        vectors=vectors,
        embedding_model=library.embedding_model,
    )
    application.catalog.publish(read)


def test_where_a_library_stays_here_the_model_that_is_shown_is_asked(tmp_path: Path) -> None:
    chosen = {
        "data_dir": tmp_path,
        "samples": False,
        "mistral_api_key": "k",
        "embedding": "all-MiniLM-L6-v2",
    }
    with closing(build(load_settings(chosen))) as application:
        _fill(application, application.library)
        application.catalog.libraries.set_policy(application.library.id, stays_here=True)
        question = "How many boats does the harbour hold in winter?"
        (*_, told) = ask(application, Inquiry(question, Choice()), Conversation())
        (turn,) = told.turns
        assert turn.state is TurnState.DONE
        assert "forty-one" in turn.text
        picked = Choice(model="mistral-small-latest")
        (*_, refused) = ask(application, Inquiry(question, picked), Conversation())
        assert refused.turns[-1].state is TurnState.FAILED
        assert "never leaves this machine" in refused.turns[-1].error
