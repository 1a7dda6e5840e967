"""What the server of a model with an unknown tokenizer counts is what fits."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rag.counted_prompts import COUNTS, compose_counted, fits_counted
from rag.domain import Message, ModelCard, Prompt, ToolSpec
from rag.errors import ContextLengthError
from rag.prompts import compose, prompt_room, prompt_tokens, texts_of
from tests.fakes import ScriptedChat, sources

PLACE = "127.0.0.1:8000"
SENTENCE = "Mixtral has 46.7 billion parameters, of which 12.9 billion are active at a time. "
SEARCH = ToolSpec("search", "Search.", {"type": "object", "properties": {}})


class CountingChat(ScriptedChat):
    """A model whose server counts prompts in its own way, or not."""

    def __init__(self, length: Callable[[str], int] | None, context: int, name: str = "") -> None:
        super().__init__(card=ModelCard(name or "a-fine-tune", PLACE, context))
        self.length = length
        self.counted: list[Prompt] = []

    def count(self, prompt: Prompt) -> int | None:
        self.counted.append(prompt)
        return None if self.length is None else self.tokens(prompt)

    def tokens(self, prompt: Prompt) -> int:
        assert self.length is not None
        return sum(map(self.length, texts_of(prompt))) + 8 * len(prompt.messages)


def in_bytes(text: str) -> int:
    return len(text.encode())


def in_words(text: str) -> int:
    return math.ceil(len(text) / 6)


def composed(chat: CountingChat, texts: list[str], question: str = "How large is it?") -> Prompt:
    return compose_counted(
        lambda card: compose(question, sources(*texts), (), card, [SEARCH]), chat
    )


def test_a_long_context_is_not_starved() -> None:
    chat = CountingChat(in_words, 8_000)
    texts = [f"{number}. {SENTENCE * 12}" for number in range(24)]

    prompt = composed(chat, texts)

    bounded = compose("How large is it?", sources(*texts), (), chat.card, [SEARCH])
    assert len(bounded.sources) < len(prompt.sources) == 24
    assert chat.tokens(prompt) <= prompt_room(chat.card) < prompt_tokens(prompt, chat.card)
    assert len(chat.counted) == 1


def test_as_much_is_taken_as_fits() -> None:
    chat = CountingChat(in_words, 4_000)
    texts = [f"{number}. {SENTENCE * 3}" for number in range(200)]

    prompt = composed(chat, texts)

    assert prompt_room(chat.card) * 0.85 < chat.tokens(prompt) <= prompt_room(chat.card)
    assert len(chat.counted) == COUNTS


def test_a_model_that_spells_is_not_overrun() -> None:
    chat = CountingChat(in_bytes, 8_000)
    texts = [f"{number}. {SENTENCE * 10}" for number in range(12)]

    prompt = composed(chat, texts)

    bounded = compose("How large is it?", sources(*texts), (), chat.card, [SEARCH])
    assert chat.tokens(bounded) > prompt_room(chat.card)
    assert chat.tokens(prompt) <= prompt_room(chat.card)
    assert 0 < len(prompt.sources) < len(bounded.sources)


def test_a_short_prompt_is_sent_uncounted() -> None:
    chat = CountingChat(in_bytes, 32_000)

    prompt = composed(chat, [SENTENCE])

    assert chat.counted == []
    assert len(prompt.sources) == 1


def test_where_nobody_counts_the_bound_holds() -> None:
    chat = CountingChat(None, 4_000)
    texts = [f"{number}. {SENTENCE * 3}" for number in range(200)]

    prompt = composed(chat, texts)

    assert prompt == compose("How large is it?", sources(*texts), (), chat.card, [SEARCH])
    assert len(chat.counted) == 1


@pytest.mark.parametrize("name", ["mistralai/Mixtral-8x7B-Instruct-v0.1", "mistral-nemo-tuned"])
def test_a_known_tokenizer_needs_no_server(name: str) -> None:
    chat = CountingChat(in_words, 4_000, name)
    texts = [f"{number}. {SENTENCE * 3}" for number in range(200)]

    prompt = composed(chat, texts)

    assert prompt == compose("How large is it?", sources(*texts), (), chat.card, [SEARCH])
    assert chat.counted == []


def test_a_question_beyond_the_bound_is_asked_where_it_fits() -> None:
    chat = CountingChat(in_words, 4_000)
    question = "How many? " * 1_100
    with pytest.raises(ContextLengthError):
        compose(question, sources(SENTENCE), (), chat.card, [SEARCH])

    assert composed(chat, [SENTENCE], question).question == question


def test_a_question_that_is_too_long_is_told_with_the_model_s_own_limit() -> None:
    chat = CountingChat(in_bytes, 4_000)

    with pytest.raises(ContextLengthError, match="which reads 4,000 tokens"):
        composed(chat, [SENTENCE], "How many? " * 400)


@pytest.mark.parametrize(
    ("length", "times", "fits"), [(in_words, 130, True), (in_bytes, 60, False), (None, 130, False)]
)
def test_the_server_says_whether_a_result_fits(
    length: Callable[[str], int] | None, times: int, fits: bool
) -> None:
    chat = CountingChat(length, 4_000)
    prompt = Prompt((Message("user", "How large is it?"),))
    result = Message("tool", SENTENCE * times, tool_call_id="a1b2c3d4e")

    assert fits_counted(replace(prompt, messages=(*prompt.messages, result)), chat) is fits
    assert len(chat.counted) == 1


def test_a_small_result_fits_unasked() -> None:
    chat = CountingChat(in_bytes, 8_000)

    assert fits_counted(Prompt((Message("user", "How?"), Message("tool", SENTENCE))), chat)
    assert chat.counted == []


@settings(max_examples=120, deadline=None, derandomize=True)
@given(
    st.lists(st.builds(str.__mul__, st.text(min_size=1, max_size=80), st.integers(1, 60))),
    st.lists(st.text(max_size=300), max_size=4),
    st.text(max_size=200),
    st.integers(1_000, 12_000),
    st.floats(0.1, 1.0),
)
def test_what_is_sent_beyond_the_bound_was_counted(
    texts: list[str], earlier: list[str], question: str, context: int, per_byte: float
) -> None:
    chat = CountingChat(lambda text: math.ceil(in_bytes(text) * per_byte), context)
    found = sources(*(f"x{text}" for text in texts))
    history = [Message(role, text) for text in earlier for role in ("user", "assistant")]
    try:
        prompt = compose_counted(lambda card: compose(question, found, history, card), chat)
    except ContextLengthError:
        return

    room = prompt_room(chat.card)
    assert len(chat.counted) <= COUNTS
    if prompt_tokens(prompt, chat.card) > room:
        assert prompt in chat.counted
    if prompt in chat.counted:
        assert chat.tokens(prompt) <= room
