from collections.abc import Iterator
from pathlib import Path

import pytest

from rag.protocols import ChatModel
from tests.rag.desk import TEXTS, Desk, open_desk
from tests.vllm import loading, serving
from tests.vllm.loading import Loaded, Loader
from tests.vllm.serving import Vllm
from tests.vllm.tiny_mixtral import write_tiny_mixtral

SERVED = "served as "
HERE = "in this process: "
LOADED = [
    # What vLLM and its own needs warn of, while they are imported, is not ours to mend.
    pytest.param(HERE + name, marks=pytest.mark.filterwarnings("default"))
    for name in Loaded.ways
]


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Vllm]:
    """One server for all the tests: it takes most of a minute to start."""
    if reason := serving.missing():
        pytest.skip(reason)
    model, folder = tmp_path_factory.mktemp("tiny-mixtral"), tmp_path_factory.mktemp("vllm")
    write_tiny_mixtral(model)
    with serving.serving(model, folder) as started:
        yield started


@pytest.fixture(scope="session")
def loader(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Loader]:
    """The engines in this process, for all the tests: each takes half a minute to load."""
    if reason := loading.missing():
        pytest.skip(reason)
    with loading.loading(tmp_path_factory.mktemp("models")) as opened:
        yield opened


@pytest.fixture(params=[*(SERVED + name for name in Vllm.ways), *LOADED])
def way(request: pytest.FixtureRequest) -> str:
    """How the model is had: from a server under each of its names, or in this process."""
    return str(request.param)


@pytest.fixture
def host(request: pytest.FixtureRequest, way: str) -> Vllm | Loaded:
    """What runs the model."""
    if way.startswith(SERVED):
        server: Vllm = request.getfixturevalue("served")
        return server
    opened: Loader = request.getfixturevalue("loader")
    return opened.of(way.removeprefix(HERE))


@pytest.fixture
def chat(host: Vllm | Loaded, way: str) -> ChatModel:
    """The model in each way; its name tells how it calls tools."""
    return host.chat(way.removeprefix(SERVED).removeprefix(HERE))


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with open_desk(tmp_path) as opened:
        for name, text in TEXTS.items():
            opened.add(name, text)
        yield opened
