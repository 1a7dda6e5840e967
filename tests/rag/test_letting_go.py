"""What an application holds goes with it: in a server that runs for months nothing may pile up."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import httpx2
import pytest

from rag.providers.minilm.embedder import MiniLmEmbedder
from rag.providers.minilm.judge import MiniLmJudge
from rag.store.holdings import NewLibrary
from rag.wiring import Application, build
from tests.loopback import LoopbackServer, listed_model
from tests.loopback_rerank import RerankLoopback
from tests.rag.applications import KEY, QUESTION, fill, settings

ROUNDS = 8
MOST_KEPT_MB = 120  # of all rounds; an application has models of 60 MB
PAGE_KB = 4


@dataclass(frozen=True, slots=True)
class Servers:
    """The addresses of models on this machine."""

    models: str
    reranker: str


Way = Callable[[Servers], dict[str, object]]


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def _no_collector() -> Iterator[None]:
    """Nothing goes that is held in a circle."""
    gc.disable()
    yield
    gc.enable()


@pytest.fixture
def servers() -> Iterator[Servers]:
    with (
        LoopbackServer(served=[listed_model("local-model")], api_key=KEY) as models,
        RerankLoopback() as reranker,
    ):
        yield Servers(models.url, reranker.url)


def reader(_servers: Servers) -> dict[str, object]:
    return {"chat": "reader"}


def la_plateforme(servers: Servers) -> dict[str, object]:
    return {
        "mistral_api_key": KEY,
        "mistral_url": servers.models,
        "moderation": "mistral",
        "rerank": "chat",
    }


def own_servers(servers: Servers) -> dict[str, object]:
    return {
        "chat": f"{servers.models}/v1",
        "chat_api_key": KEY,
        "embedding": f"{servers.models}/v1",
        "embedding_api_key": KEY,
        "rerank": servers.reranker,
    }


def use(opened: Application) -> None:
    """Have built what is built at first need."""
    fill(opened)
    opened.models()
    opened.tasks()
    for _event in opened.assistant().ask(QUESTION, [], opened.scope()):
        pass


def alive(*kinds: type) -> set[int]:
    # By `type`: to `isinstance` a vendor's stand-ins make what they stand for.
    return {id(each) for each in gc.get_objects() if type(each) in kinds}


def resident_mb() -> float:
    return int(Path("/proc/self/statm").read_text().split()[1]) * PAGE_KB / 1024


def went(way: Way, servers: Servers) -> Sequence[weakref.ref[object]]:
    """What an application held that was opened, used and closed."""
    with closing(build(settings(**way(servers)))) as opened:
        use(opened)
        held = (opened, opened._local, opened._judge, opened.indexes, opened.embedder)
        return [weakref.ref(each) for each in held]


@pytest.mark.parametrize("way", [reader, la_plateforme, own_servers])
def test_a_closed_application_goes_at_once(
    way: Way, servers: Servers, request: pytest.FixtureRequest
) -> None:
    went(way, servers)  # vendors keep for a while what they raise on being imported, and who asked
    request.getfixturevalue("_no_collector")

    assert [each() for each in went(way, servers)] == [None] * 5


@pytest.mark.parametrize("way", [la_plateforme, own_servers])
def test_no_connection_outlives_a_closed_application(way: Way, servers: Servers) -> None:
    gc.collect()
    before = alive(httpx2.Client)
    with closing(build(settings(**way(servers)))) as opened:
        use(opened)
        assert alive(httpx2.Client) > before
    del opened
    gc.collect()  # an SDK holds itself in a circle

    assert alive(httpx2.Client) <= before


def test_memory_does_not_grow_with_the_applications_that_were_closed(servers: Servers) -> None:
    def open_and_close(rounds: int) -> float:
        for _ in range(rounds):
            with closing(build(settings(**la_plateforme(servers)))) as opened:
                assert opened.models()
        return resident_mb()

    at_first = open_and_close(2)

    assert open_and_close(ROUNDS) - at_first < MOST_KEPT_MB


def test_libraries_side_by_side_share_the_embedded_models() -> None:
    with closing(build(settings(chat="reader"))) as opened:
        like = opened.library
        new = NewLibrary("Coast", like.embedding_model, like.dimension)
        before = alive(MiniLmEmbedder, MiniLmJudge)
        beside = opened.beside(opened.catalog.libraries.create(new))
        assert alive(MiniLmEmbedder, MiniLmJudge) <= before
        assert beside.library.name == "Coast"
        beside.close_beside()
