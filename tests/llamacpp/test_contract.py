"""What every chat model promises, kept by llama.cpp's two servers under each way to tools."""

from rag.catalogue import Tokenizer
from rag.models import tokenizer_of
from tests.chat_rig import PROMPT
from tests.llamacpp import tiny_llama
from tests.served import ModelServer
from tests.served_contract import Contract, ServerContract
from tests.vllm import tiny_mixtral


class TestContract(Contract):
    """The contract, with the fixtures of this folder."""


class TestServer(ServerContract):
    """What is promised of a server besides."""


def test_the_model_says_what_the_tiny_mixtral_says() -> None:
    assert tiny_llama.ANSWER == tiny_mixtral.ANSWER
    assert tiny_llama.ENDLESS == tiny_mixtral.ENDLESS


def test_a_tokenizer_of_no_known_family_stays_unknown(server: ModelServer) -> None:
    card = server.chat(None).connect()

    assert card.tokenizer == ""
    assert tokenizer_of(card.name, card.place) is Tokenizer.UNKNOWN


def test_prompt_is_counted_by_the_server(server: ModelServer) -> None:
    chat = server.chat(None)
    chat.connect()

    counted = chat.count(PROMPT)

    assert counted is not None
    read = len("Be brief.") + len("How many?")
    assert read < counted < read + 50
