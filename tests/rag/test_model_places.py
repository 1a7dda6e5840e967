"""One model by its place: refused where it is retired, answering where its weights run."""

from __future__ import annotations

from pathlib import Path

import pytest

from rag.errors import ModelNotFoundError
from rag.settings import load_settings
from rag.wiring import build
from tests.loopback import LoopbackServer, listed_model

WEIGHTS = "mistralai/Mixtral-8x7B-Instruct-v0.1"


@pytest.mark.parametrize("name", ["open-mixtral-8x7b", WEIGHTS, "TheBloke/Mixtral-8x7B-GPTQ"])
def test_open_weights_answer_on_a_server_of_ones_own(tmp_path: Path, name: str) -> None:
    with LoopbackServer(served=[listed_model(name)]) as server:
        given = {"data_dir": tmp_path, "chat": f"{server.url}/v1", "chat_model": name}
        application = build(load_settings(given))
        chosen = application.models()[0]
        chat = application.assistant(name)
        application.close()

        assert (chosen.name, chosen.input_price) == (name, None)
        assert chat.card.place == server.url.partition("://")[2]


def test_the_same_model_is_refused_at_la_plateforme(tmp_path: Path) -> None:
    settings = load_settings(
        {"data_dir": tmp_path, "chat": "open-mixtral-8x7b", "mistral_api_key": "k" * 32}
    )

    with pytest.raises(ModelNotFoundError, match=f"or run {WEIGHTS} on a server of your own"):
        build(settings)
