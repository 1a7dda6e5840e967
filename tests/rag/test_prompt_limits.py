"""Whatever is asked, found, said before and offered: what is sent leaves room for the answer."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rag.catalogue import LA_PLATEFORME, Tokenizer
from rag.domain import Message, ModelCard, Prompt, ToolCall, ToolSpec
from rag.errors import ContextLengthError
from rag.history import Earlier, Summaries
from rag.models import answer_tokens, tokenizer_of
from rag.prompts import (
    compose,
    compose_alone,
    compose_ranking,
    compose_rewrite,
    compose_summary,
    exchanges_of,
    fits,
)
from rag.token_families import count_for
from tests.fakes import sources

HUB = "mistralai"
CARDS = {
    Tokenizer.V1: ModelCard(f"{HUB}/Mixtral-8x7B-Instruct-v0.1", "127.0.0.1:8000", 0),
    Tokenizer.V2: ModelCard("mistral-small-2402", LA_PLATEFORME, 0),
    Tokenizer.V3: ModelCard(f"{HUB}/Mixtral-8x22B-Instruct-v0.1", "127.0.0.1:8000", 0),
    Tokenizer.V7: ModelCard(f"{HUB}/Mistral-Large-Instruct-2411", "127.0.0.1:8000", 0),
    Tokenizer.TEKKEN: ModelCard("mistral-small-latest", LA_PLATEFORME, 0),
    Tokenizer.UNKNOWN: ModelCard("a-fine-tune", "127.0.0.1:8000", 0),
}
SEARCH = ToolSpec(
    "search_documents",
    "Search again, « en d'autres mots ».",
    {"type": "object", "properties": {"query": {"type": "string"}}, "required": ["query"]},
)
TEXTS = st.builds(
    str.__mul__,
    st.text(
        st.one_of(
            st.characters(),
            st.sampled_from(list("the model 12.5 [1]\n`?\t\u00a0漢é👍\u0301\u2581")),
        ),
        max_size=60,
    ),
    st.sampled_from((1, 1, 2, 7, 40)),
)
CONTEXTS = st.integers(64, 3_000)


def sent(prompt: Prompt) -> str:
    """What a model reads of a prompt where every control token is spelled out as text."""
    tools = [
        {
            "type": "function",
            "function": {
                "name": tool.name,
                "description": tool.description,
                "parameters": dict(tool.parameters),
            },
        }
        for tool in prompt.tools
    ]
    parts = [json.dumps(tools, ensure_ascii=False)] if tools else []
    for message in prompt.messages:
        around = ("[INST] ", " [/INST]") if message.role == "user" else ("", "\n\n")
        content = message.content
        if message.role == "tool":
            content = json.dumps([{"content": content}], ensure_ascii=False)
        calls = [{"name": call.name, "arguments": call.arguments} for call in message.tool_calls]
        parts += [around[0], content, json.dumps(calls) if calls else "", around[1]]
    return "".join(parts)


def room(card: ModelCard) -> int:
    return card.context_tokens - answer_tokens(card)


def known(tokenizer: Tokenizer, context_tokens: int) -> ModelCard:
    card = CARDS[tokenizer]
    return ModelCard(card.name, card.place, context_tokens)


def test_each_family_has_a_model_here() -> None:
    families = {tokenizer: tokenizer_of(card.name, card.place) for tokenizer, card in CARDS.items()}

    assert families == {tokenizer: tokenizer for tokenizer in Tokenizer}


@pytest.mark.parametrize("tokenizer", Tokenizer)
@settings(max_examples=60, deadline=None, derandomize=True)
@given(
    st.lists(TEXTS, max_size=5),
    st.lists(TEXTS, max_size=4),
    TEXTS,
    CONTEXTS,
    st.booleans(),
)
def test_no_prompt_takes_the_room_of_its_answer(
    tokenizer: Tokenizer,
    texts: list[str],
    earlier: list[str],
    question: str,
    context: int,
    with_tools: bool,
) -> None:
    card = known(tokenizer, context)
    found = sources(*(f"x{text}" for text in texts))
    history = [Message(role, text) for text in earlier for role in ("user", "assistant")]
    tools = [SEARCH] if with_tools else []
    summary = "".join(texts)
    ways: tuple[Callable[[], Prompt], ...] = (
        lambda: compose(question, found, history, card, tools),
        lambda: compose(question, found, history, card, tools, summary=summary),
        lambda: compose_alone(question, history, card, summary=summary),
        lambda: compose_rewrite(question, history, card, summary=summary),
        lambda: compose_ranking(question, texts, card),
        lambda: compose_summary(summary, exchanges_of(history), card),
    )
    for composed in ways:
        try:
            prompt = composed()
        except ContextLengthError:
            continue
        assert count_for(tokenizer, [sent(prompt)]) <= room(card)


@pytest.mark.parametrize("tokenizer", Tokenizer)
@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.lists(TEXTS, max_size=12), TEXTS, TEXTS, st.integers(2_000, 6_000))
def test_what_is_kept_of_a_conversation_is_shown_whole(
    tokenizer: Tokenizer, earlier: list[str], summary: str, question: str, context: int
) -> None:
    card = known(tokenizer, context)
    history = [Message(role, text * 3) for text in earlier for role in ("user", "assistant")]
    summaries = Summaries()
    plan = summaries.plan(history, card)
    said = summaries.keep(plan, summary, card) if plan.dropped else plan.uncut
    again = summaries.plan(history, card)
    try:
        prompt = compose(question, sources("x"), said.messages, card, summary=said.summary)
    except ContextLengthError:
        return

    assert count_for(tokenizer, [sent(prompt)]) <= room(card)
    assert not again.dropped
    assert again.uncut == said
    if len(question) < 100:
        shown = len(prompt.messages) - 2 - 2 * bool(said.summary)
        assert shown == len(said.messages)
        assert not said.summary or prompt.messages[2].content == said.summary
    assert said == Earlier(said.summary, tuple(history[len(history) - len(said.messages) :]))


@pytest.mark.parametrize("tokenizer", Tokenizer)
@settings(max_examples=40, deadline=None, derandomize=True)
@given(TEXTS, TEXTS, st.integers(1_500, 2_500))
def test_no_round_of_tools_takes_the_room_of_the_answer(
    tokenizer: Tokenizer, argument: str, result: str, context: int
) -> None:
    card = known(tokenizer, context)
    prompt = compose("Which?", sources("A."), (), card, [SEARCH])
    call = ToolCall("a1b2c3d4e", SEARCH.name, json.dumps({"query": argument}))
    for message in (
        Message("assistant", "", (call,)),
        Message("tool", result, tool_call_id=call.id),
    ):
        if not fits(message, prompt, card):
            return
        prompt = Prompt((*prompt.messages, message), tools=prompt.tools)

    assert count_for(tokenizer, [sent(prompt)]) <= room(card)


@pytest.mark.parametrize("tokenizer", Tokenizer)
def test_a_usual_question_fits_small_contexts(tokenizer: Tokenizer) -> None:
    found = sources("Mixtral has 46.7 billion parameters. " * 20)

    (shown,) = compose("How large is Mixtral?", found, (), known(tokenizer, 1_024)).sources

    assert shown.passage.text.startswith("Mixtral has 46.7 billion parameters.")
