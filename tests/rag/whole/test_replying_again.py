"""A model that is asked to mend its reply is sent no more than it reads."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rag.catalogue import Tokenizer
from rag.domain import Message, Prompt
from rag.errors import ToolError
from rag.prompts import prompt_room, prompt_tokens
from rag.verification import Verifier
from rag.whole.prompts import compose_fitted, mended
from rag.whole.resources import Resources
from rag.whole.sheet import Sheet
from tests.fakes import CARD, ScriptedChat, sources
from tests.rag.desk import Desk
from tests.rag.test_prompt_limits import CARDS, TEXTS

WORDS = "The seller is Acme and other words that are no JSON. "
GOOD = {"value": "Acme"}


def read(said: Any) -> tuple[dict[str, str], list[str]]:
    if said != GOOD:
        raise ToolError("There is no value.")
    return said, []


@pytest.mark.parametrize("context", [1_024, 4_096])
@pytest.mark.parametrize("tokenizer", Tokenizer)
@pytest.mark.parametrize("bad", [WORDS, WORDS * 80, "", "[" * 9_000])
def test_a_reply_is_mended_within_what_the_model_reads(
    desk: Desk, tokenizer: Tokenizer, context: int, bad: str
) -> None:
    card = replace(CARDS[tokenizer], context_tokens=context)
    chat = ScriptedChat([bad], [json.dumps(GOOD)], card=card)
    resources = Resources(
        chat, desk.catalog, desk.retriever, desk.scorer, Verifier(desk.scorer.nearest), 8
    )
    found = sources(*(f"{number}. {WORDS * 4}" for number in range(100)))
    prompt = compose_fitted("Fill in the form.", found, "Who is the seller?", card)

    assert Sheet(resources, "x").structured(prompt, read) == GOOD

    assert len(chat.prompts) == 2
    assert all(prompt_tokens(each, card) <= prompt_room(card) for each in chat.prompts)


@pytest.mark.parametrize("tokenizer", Tokenizer)
@settings(max_examples=40, deadline=None, derandomize=True)
@given(reply=TEXTS, faults=TEXTS, context=st.integers(200, 3_000))
def test_no_reply_and_no_fault_is_too_long(
    tokenizer: Tokenizer, reply: str, faults: str, context: int
) -> None:
    card = replace(CARDS[tokenizer], context_tokens=context)
    prompt = Prompt((Message("system", "Fill in."), Message("user", "Who?")))

    again = mended(prompt, reply, faults, ScriptedChat(card=card))

    assert prompt_tokens(again, card) <= prompt_room(card)


def test_as_much_of_a_reply_is_shown_as_there_is_room_for() -> None:
    prompt = Prompt((Message("system", "Fill in."), Message("user", "Who?")))
    told = "It is no JSON. Reply again, with the JSON alone."

    def told_to(context: int) -> tuple[Message, ...]:
        chat = ScriptedChat(card=replace(CARD, context_tokens=context))
        return mended(prompt, WORDS * 20, "It is no JSON.", chat).messages

    whole, some, none = told_to(8_000), told_to(400), told_to(120)
    assert whole[2:] == (Message("assistant", WORDS * 20), Message("user", told))
    assert WORDS in some[2].content
    assert len(some[2].content) < len(WORDS * 20)
    assert none == (*prompt.messages[:-1], Message("user", f"Who?\n\n{told}"))
