from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tests.chat_rig import Rig, mistral, openai_compatible


@pytest.fixture(params=[mistral, openai_compatible], ids=["mistral", "openai_compatible"])
def rig(request: pytest.FixtureRequest) -> Iterator[Rig]:
    with ExitStack() as stack:
        yield Rig(request.param, stack)
