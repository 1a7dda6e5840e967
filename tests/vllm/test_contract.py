"""What every chat model promises, kept by a real vLLM under each way to tools."""

import pytest

from rag.catalogue import Tokenizer
from rag.providers.openai_compatible import served_models
from tests.chat_rig import PROMPT
from tests.served import WITH_TOOLS, WITHOUT_TOOLS
from tests.served_contract import ServedContract
from tests.vllm.serving import NAME, Vllm

pytestmark = pytest.mark.timeout(900)  # the first test waits for the server


class TestContract(ServedContract):
    """The contract, with the fixtures of this folder."""


def test_tokenizer_is_told_by_the_server(server: Vllm) -> None:
    assert server.chat(None).connect().tokenizer is Tokenizer.TEKKEN
    listed = served_models(server.url, api_key=None, timeout_seconds=5)
    assert [model.name for model in listed] == [NAME, WITH_TOOLS, WITHOUT_TOOLS]


def test_prompt_is_counted_by_the_server(server: Vllm) -> None:
    chat = server.chat(None)
    chat.connect()

    counted = chat.count(PROMPT)

    assert server.usage is not None
    assert counted == server.usage.input_tokens
