"""What every chat model promises, kept by a real vLLM: served and in this process."""

import pytest

from rag.catalogue import Tokenizer
from rag.providers.openai_compatible import served_models
from tests.chat_rig import PROMPT
from tests.served import WITH_TOOLS, WITHOUT_TOOLS
from tests.served_contract import Contract, ServerContract
from tests.vllm.serving import NAME, Vllm

pytestmark = pytest.mark.timeout(900)  # the first test waits for the server, or for the engine


class TestContract(Contract):
    """The contract, with the fixtures of this folder."""


class TestServer(ServerContract):
    """What is promised of a server besides."""


def test_tokenizer_is_told_by_the_server(served: Vllm) -> None:
    assert served.chat(None).connect().tokenizer is Tokenizer.TEKKEN
    listed = served_models(served.url, api_key=None, timeout_seconds=5)
    assert [model.name for model in listed] == [NAME, WITH_TOOLS, WITHOUT_TOOLS]


def test_prompt_is_counted_by_the_server(served: Vllm) -> None:
    chat = served.chat(None)
    chat.connect()

    counted = chat.count(PROMPT)

    assert served.usage is not None
    assert counted == served.usage.input_tokens
