from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from rag.providers.openai_compatible import OpenAiCompatibleChat
from tests.llamacpp.serving import (
    LlamaServer,
    missing,
    serving_llama_cpp_python,
    serving_llama_server,
    write_model,
)
from tests.rag.desk import TEXTS, Desk, open_desk
from tests.served import ModelServer

Serving = Callable[[Path, Path], AbstractContextManager[ModelServer]]


@pytest.fixture(scope="session")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if reason := missing():
        pytest.skip(reason)
    path = tmp_path_factory.mktemp("tiny-llama") / "two-layers.gguf"
    write_model(path)
    return path


@pytest.fixture(
    scope="session",
    params=[serving_llama_server, serving_llama_cpp_python],
    ids=["llama-server", "llama-cpp-python"],
)
def server(
    request: pytest.FixtureRequest, model: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ModelServer]:
    serving: Serving = request.param
    with serving(model, tmp_path_factory.mktemp("llama")) as started:
        yield started


@pytest.fixture
def host(server: ModelServer) -> ModelServer:
    """What runs the model, for the contract."""
    return server


@pytest.fixture
def served(server: ModelServer) -> ModelServer:
    """The same, for what is promised of servers."""
    return server


@pytest.fixture(params=LlamaServer.ways)
def chat(request: pytest.FixtureRequest, server: ModelServer) -> OpenAiCompatibleChat:
    """The model under each of its names, which tell how it calls tools."""
    return server.chat(request.param)


@pytest.fixture
def desk(server: ModelServer, tmp_path: Path) -> Iterator[Desk]:
    with open_desk(tmp_path) as opened:
        for name, text in TEXTS.items():
            opened.add(name, text)
        yield opened
