from collections.abc import Iterator
from pathlib import Path

import pytest

from rag.providers.openai_compatible import OpenAiCompatibleChat
from tests.rag.desk import TEXTS, Desk, open_desk
from tests.vllm.serving import NAME, WITH_TOOLS, WITHOUT_TOOLS, Vllm, chat_with, missing, serving
from tests.vllm.tiny_mixtral import write_tiny_mixtral


@pytest.fixture(scope="session")
def vllm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Vllm]:
    """One server for all the tests: it takes most of a minute to start."""
    if reason := missing():
        pytest.skip(reason)
    model, folder = tmp_path_factory.mktemp("tiny-mixtral"), tmp_path_factory.mktemp("vllm")
    write_tiny_mixtral(model)
    with serving(model, folder) as server:
        yield server


@pytest.fixture(params=[NAME, WITH_TOOLS, WITHOUT_TOOLS])
def chat(request: pytest.FixtureRequest, vllm: Vllm) -> OpenAiCompatibleChat:
    """The model under each of its names, which tell how it calls tools."""
    return chat_with(vllm, request.param)


@pytest.fixture
def desk(vllm: Vllm, tmp_path: Path) -> Iterator[Desk]:
    with open_desk(tmp_path) as opened:
        for name, text in TEXTS.items():
            opened.add(name, text)
        yield opened
