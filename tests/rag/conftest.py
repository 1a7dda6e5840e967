import shutil
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.chat_rig import Rig, mistral, openai_compatible
from tests.rag.desk import TEXTS, Desk, open_desk


@pytest.fixture(params=[mistral, openai_compatible], ids=["mistral", "openai_compatible"])
def rig(request: pytest.FixtureRequest) -> Iterator[Rig]:
    with ExitStack() as stack:
        yield Rig(request.param, stack)


@pytest.fixture(scope="session")
def furnished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the texts taken in and indexed, to be copied."""
    folder = tmp_path_factory.mktemp("furnished")
    with open_desk(folder) as desk:
        for name, text in TEXTS.items():
            desk.add(name, text)
        desk.retriever.search("Mixtral", desk.scope, 1)
    return folder


@pytest.fixture
def desk(furnished: Path, tmp_path: Path) -> Iterator[Desk]:
    shutil.copytree(furnished, tmp_path, dirs_exist_ok=True)
    with open_desk(tmp_path) as opened:
        yield opened
