"""What was open of a library goes once nobody can enter it any more."""

from __future__ import annotations

import gc
import threading
import weakref
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest

from ingest.queue import IngestQueue
from ingest.reembedding import reembed
from rag.intake import Stage
from rag.providers.minilm.embedder import MiniLmEmbedder
from rag.settings import load_settings
from rag.store.catalog import Catalog
from rag.store.holdings import NewLibrary
from rag.wiring import Application, build
from tests.loopback import LoopbackServer
from ui.chat import Choice
from ui.intake import open_queue
from ui.layout import invite
from ui.rooms import Room, Rooms


@dataclass(slots=True)
class Ending:
    """What lets go of a model in this process; it counts how often that was asked of it."""

    times: int = 0

    def __call__(self) -> None:
        self.times += 1


@pytest.fixture
def rooms(application: Application, queue: IngestQueue) -> Iterator[Rooms]:
    with closing(Rooms(application, queue, invite)) as opened:
        yield opened


@pytest.fixture
def _no_collector() -> Iterator[None]:
    """Nothing goes that is held in a circle."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()


def make(catalog: Catalog, name: str) -> str:
    like = catalog.libraries.all()[0]
    return catalog.libraries.create(NewLibrary(name, like.embedding_model, like.dimension)).id


def takes_in(room: Room, folder: Path) -> None:
    path = folder / "quay.txt"
    path.write_text("The quay is of stone.")
    number = room.queue.submit(path, path.name, keep=True)
    assert [job.stage for job in room.queue.wait([number])] == [Stage.DONE]


def workers() -> int:
    return sum(thread.name in ("ingest", "holds") for thread in threading.enumerate())


@pytest.mark.usefixtures("_no_collector")
def test_the_room_of_a_deleted_library_goes_with_its_threads(rooms: Rooms, tmp_path: Path) -> None:
    before = workers()
    coast = make(rooms.catalog, "Coast")
    room = rooms.open(coast)
    takes_in(room, tmp_path)
    assert room.application.retriever.search("stone", room.application.scope(), 1)
    goes = [weakref.ref(each) for each in (room.application, room.queue, room.application.indexes)]
    ending = Ending()
    room.application.leave_beside().callback(ending)
    del room
    assert workers() > before

    rooms.catalog.libraries.remove(coast)
    assert rooms.of(Choice(library=coast)).library.name == "documents"

    assert [each() for each in goes] == [None] * 3
    assert workers() == before
    assert ending.times == 0  # others may be answered by the same model
    rooms.close()
    assert ending.times == 1


def test_a_library_that_was_brought_back_takes_files_in_again(rooms: Rooms, tmp_path: Path) -> None:
    coast = make(rooms.catalog, "Coast")
    choice = Choice(library=coast)
    before = rooms.of(choice)
    rooms.catalog.libraries.remove(coast)
    rooms.of(choice)
    rooms.catalog.libraries.bring_back(coast)

    assert rooms.of(choice).library.name == "Coast"
    assert rooms.of(choice) is not before
    takes_in(rooms.of(choice), tmp_path)


def test_the_room_that_the_server_began_with_is_left_as_it_is(rooms: Rooms, tmp_path: Path) -> None:
    first = rooms.of(Choice())
    coast = make(rooms.catalog, "Coast")
    library = first.library.id
    rooms.catalog.libraries.remove(library)
    assert rooms.of(Choice()).library.id == coast
    rooms.catalog.libraries.bring_back(library)

    assert rooms.of(Choice(library=library)) is first
    takes_in(first, tmp_path)


@pytest.mark.usefixtures("_no_collector")
def test_the_room_with_a_librarys_model_of_before_goes(tmp_path: Path) -> None:
    with LoopbackServer() as server:
        chosen = {"data_dir": tmp_path, "samples": False, "chat": "reader", "mistral_api_key": "k"}
        settings = load_settings({**chosen, "mistral_url": server.url})
        with (
            closing(build(settings)) as application,
            closing(open_queue(application)) as queue,
            closing(Rooms(application, queue, invite)) as rooms,
        ):
            coast = make(rooms.catalog, "Coast")
            room = rooms.open(coast)
            takes_in(room, tmp_path)
            assert room.application.embedder.model == "mistral-embed"
            goes = weakref.ref(room.application)
            reembed(rooms.catalog, room.library, MiniLmEmbedder(), lambda _progress: None)
            del room

            assert rooms.open(coast).application.embedder.model == "all-MiniLM-L6-v2"
            assert goes() is None
