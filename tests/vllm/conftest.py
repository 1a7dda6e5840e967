from collections.abc import Iterator
from pathlib import Path

import pytest

from rag.providers.openai_compatible import OpenAiCompatibleChat
from tests.rag.desk import TEXTS, Desk, open_desk
from tests.vllm.serving import Vllm, missing, serving
from tests.vllm.tiny_mixtral import write_tiny_mixtral


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Vllm]:
    """One server for all the tests: it takes most of a minute to start."""
    if reason := missing():
        pytest.skip(reason)
    model, folder = tmp_path_factory.mktemp("tiny-mixtral"), tmp_path_factory.mktemp("vllm")
    write_tiny_mixtral(model)
    with serving(model, folder) as started:
        yield started


@pytest.fixture(params=Vllm.ways)
def chat(request: pytest.FixtureRequest, server: Vllm) -> OpenAiCompatibleChat:
    """The model under each of its names, which tell how it calls tools."""
    return server.chat(request.param)


@pytest.fixture
def desk(server: Vllm, tmp_path: Path) -> Iterator[Desk]:
    with open_desk(tmp_path) as opened:
        for name, text in TEXTS.items():
            opened.add(name, text)
        yield opened
