from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from rag.providers.in_process import InProcessChat
from rag.providers.openai_compatible import OpenAiCompatibleChat
from tests.rag.desk import TEXTS, Desk, open_desk
from tests.vllm import loading, serving
from tests.vllm.loading import IN_PROCESS, IN_PROCESS_WITHOUT_TOOLS, Loader
from tests.vllm.serving import NAME, WITH_TOOLS, WITHOUT_TOOLS, Vllm, chat_with
from tests.vllm.tiny_mixtral import write_tiny_mixtral

SERVED = "served as "
HERE = "in this process: "
LOADED = [
    # What vLLM and its own needs warn of, while they are imported, is not ours to mend.
    pytest.param(HERE + name, marks=pytest.mark.filterwarnings("default"))
    for name in (IN_PROCESS, IN_PROCESS_WITHOUT_TOOLS)
]


@pytest.fixture(scope="session")
def vllm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Vllm]:
    """One server for all the tests: it takes most of a minute to start."""
    if reason := serving.missing():
        pytest.skip(reason)
    model, folder = tmp_path_factory.mktemp("tiny-mixtral"), tmp_path_factory.mktemp("vllm")
    write_tiny_mixtral(model)
    with serving.serving(model, folder) as server:
        yield server


@pytest.fixture(scope="session")
def loader(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Loader]:
    """The engines in this process, for all the tests: each takes half a minute to load."""
    if reason := loading.missing():
        pytest.skip(reason)
    with loading.loading(tmp_path_factory.mktemp("models")) as opened:
        yield opened


@pytest.fixture(params=[*(SERVED + name for name in (NAME, WITH_TOOLS, WITHOUT_TOOLS)), *LOADED])
def way(request: pytest.FixtureRequest) -> str:
    """How the model is had: from a server under each of its names, or in this process."""
    return str(request.param)


@pytest.fixture
def chat(request: pytest.FixtureRequest, way: str) -> OpenAiCompatibleChat | InProcessChat:
    """The model in each way; its name tells how it calls tools."""
    if way.startswith(SERVED):
        server: Vllm = request.getfixturevalue("vllm")
        return chat_with(server, way.removeprefix(SERVED))
    opened: Loader = request.getfixturevalue("loader")
    return opened.of(way.removeprefix(HERE)).chat


@pytest.fixture
def running(request: pytest.FixtureRequest, way: str) -> Callable[[], int]:
    """How many requests the model is at work on."""
    if way.startswith(SERVED):
        server: Vllm = request.getfixturevalue("vllm")
        return lambda: server.running
    opened: Loader = request.getfixturevalue("loader")
    engine = opened.of(way.removeprefix(HERE)).engine
    return lambda: engine.running


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with open_desk(tmp_path) as opened:
        for name, text in TEXTS.items():
            opened.add(name, text)
        yield opened
