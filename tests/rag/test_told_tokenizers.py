from __future__ import annotations

from collections.abc import Mapping

import pytest

from rag.catalogue import Tokenizer
from rag.domain import ModelCard
from rag.errors import NotFoundError
from rag.prompts import token_cost
from rag.providers.openai_compatible import OpenAiCompatibleChat
from rag.providers.told_tokenizers import SAMPLE, told_tokenizer
from rag.token_families import count_for
from tests.loopback import LoopbackServer, listed_model

TEKKEN = count_for(Tokenizer.TEKKEN, [SAMPLE])
PIECES = count_for(Tokenizer.V3, [SAMPLE])


def answering(reply: object) -> str:
    return told_tokenizer("a-fine-tune", lambda body: reply)


def test_families_split_the_sample_into_other_numbers_of_tokens() -> None:
    assert (TEKKEN, PIECES) == (80, 103)


@pytest.mark.parametrize(
    ("reply", "told"),
    [
        ({"count": TEKKEN}, "tekken"),
        ({"count": TEKKEN + 1, "max_model_len": 4096}, "tekken"),
        ({"tokens": [7] * PIECES}, "v3"),
        ({"count": PIECES + 9}, ""),
        ({"count": "80"}, ""),
        (["count"], ""),
        (None, ""),
    ],
    ids=["vLLM", "with a beginning", "llama.cpp", "another", "no number", "no object", "nothing"],
)
def test_the_count_tells_the_family(reply: object, told: str) -> None:
    assert answering(reply) == told


def test_a_server_that_counts_nothing_leaves_it_unknown() -> None:
    assert told_tokenizer("a-fine-tune", lambda body: None) == ""


def test_a_name_that_says_it_is_believed_unasked() -> None:
    def ask(body: Mapping[str, object]) -> object:
        raise NotFoundError("It was asked.")

    assert told_tokenizer("mistralai/Mixtral-8x7B-Instruct-v0.1", ask) == ""


def test_prompts_are_counted_as_the_server_told() -> None:
    cards = [
        ModelCard("a-fine-tune", "here", 4096, tokenizer=told) for told in ("tekken", "v3", "")
    ]

    tekken, pieces, unknown = (token_cost([SAMPLE], card) for card in cards)

    assert (tekken + 23, pieces + 5) == (pieces, unknown)


@pytest.mark.parametrize(("name", "asked"), [("a-fine-tune", 1), ("mixtral-8x7b-tuned", 0)])
def test_a_server_is_asked_once_and_only_for_an_unknown_name(name: str, asked: int) -> None:
    with LoopbackServer(served=[listed_model(name)]) as server:
        chat = OpenAiCompatibleChat(
            f"{server.url}/v1", model=None, api_key=None, context_tokens=None, timeout_seconds=5
        )
        chat.connect()
        card = chat.connect()

        assert card.tokenizer == ""
        assert [request.path for request in server.requests].count("/tokenize") == asked
