"""Whatever a model calls, and whatever it is told: every prompt that goes out leaves room."""

from __future__ import annotations

import json
from collections.abc import Generator, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rag.assistant import MAX_CALLS_A_ROUND, MAX_TOOL_ROUNDS, drain
from rag.catalogue import Tokenizer
from rag.domain import Finish, Manner, ModelCard, Prompt, TextDelta, ToolCall, ToolResult, ToolSpec
from rag.errors import ContextLengthError
from rag.prompts import compose, prompt_room, prompt_tokens
from rag.token_families import count_for
from rag.tool_rounds import LONGEST_ID, NO_ARGUMENTS, NO_ROOM, ToolRounds
from rag.tools import LONGEST_ARGUMENTS, TOO_LONG
from tests.fakes import CARD, ScriptedChat, sources
from tests.rag.desk import QUESTION, Desk, answer_of, open_desk
from tests.rag.test_prompt_limits import CARDS, SEARCH, TEXTS, sent

WORDS = "parameters of Nemo are discussed at length in this part of the long text. "
ANSWER = "Nemo has 12 billion parameters [1]."
MIXTRAL = CARDS[Tokenizer.V1]


class CallingChat(ScriptedChat):
    """Calls as it is told to, as long as it is offered tools, and then answers."""

    def stream(self, prompt: Prompt) -> Generator[TextDelta | ToolCall | Finish, None, None]:
        self.prompts.append(prompt)
        turn = self._turns.pop(0) if prompt.tools and self._turns else [ANSWER]
        return self._replay(turn)


def search(words: int, number: int = 0, said: str = "Nemo parameters") -> ToolCall:
    query = f"{said} " + "word " * words
    return ToolCall(f"call{number:05}", "search_documents", json.dumps({"query": query}))


def fits(prompt: Prompt, card: ModelCard) -> bool:
    return prompt_tokens(prompt, card) <= prompt_room(card)


@pytest.fixture(scope="module")
def wordy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """A library that fills the room of every small model."""
    folder: Path = tmp_path_factory.mktemp("wordy")
    with open_desk(folder) as desk:
        for number in range(10):
            text = f"Nemo has 12 billion parameters, says text {number}. {WORDS * 60}"
            desk.add(f"n{number}.txt", text)
        yield desk


@pytest.mark.parametrize("tokenizer", Tokenizer)
@settings(max_examples=8, deadline=None, derandomize=True)
@given(
    context=st.sampled_from((2_048, 4_096, 8_192)),
    calls=st.lists(
        st.lists(st.sampled_from((0, 6, 60, 300, 900)), min_size=1, max_size=7),
        min_size=1,
        max_size=MAX_TOOL_ROUNDS,
    ),
    said=st.sampled_from(("", "Let me look. ", "Let me look. " * 300)),
)
def test_every_prompt_of_a_question_leaves_room_for_the_answer(
    wordy: Desk, tokenizer: Tokenizer, context: int, calls: list[list[int]], said: str
) -> None:
    card = replace(CARDS[tokenizer], context_tokens=context, tools=True)
    turns: list[list[str | ToolCall]] = [
        [said, *(search(words, number) for number, words in enumerate(round_))] for round_ in calls
    ]
    chat = CallingChat(*turns, card=card)

    drain(wordy.assistant(chat, 8).ask(QUESTION, (), wordy.scope, Manner(bar=0.0)))

    assert all(fits(prompt, card) for prompt in chat.prompts)


@pytest.mark.parametrize(("context", "words", "number"), [(4_096, 6, 1), (8_192, 300, 5)])
def test_tools_are_withdrawn_where_the_room_ends(
    wordy: Desk, context: int, words: int, number: int
) -> None:
    card = replace(MIXTRAL, context_tokens=context, tools=True)
    rounds = [[search(words, each) for each in range(number)] for _ in range(MAX_TOOL_ROUNDS)]
    chat = CallingChat(*rounds, card=card)

    answer = drain(wordy.assistant(chat, 8).ask(QUESTION, (), wordy.scope, Manner(bar=0.0)))

    offered = [bool(prompt.tools) for prompt in chat.prompts]
    assert offered == sorted(offered, reverse=True)
    assert not offered[-1]
    assert all(fits(prompt, card) for prompt in chat.prompts)
    assert answer.citations


TOLD = st.tuples(TEXTS, TEXTS, TEXTS, TEXTS)
ROUNDS = st.lists(
    st.tuples(TEXTS, st.lists(TOLD, min_size=1, max_size=MAX_CALLS_A_ROUND)), max_size=5
)


@pytest.mark.parametrize("tokenizer", Tokenizer)
@settings(max_examples=25, deadline=None, derandomize=True)
@given(context=st.integers(700, 6_000), rounds=ROUNDS)
def test_no_text_in_a_round_takes_the_room_of_the_answer(
    tokenizer: Tokenizer,
    context: int,
    rounds: Sequence[tuple[str, Sequence[tuple[str, str, str, str]]]],
) -> None:
    card = replace(CARDS[tokenizer], context_tokens=context, tools=True)
    asked = compose("Which?", sources("A."), (), card, [SEARCH] if context > 2_500 else [])
    sending = ToolRounds(asked, ScriptedChat(card=card))
    for said, told in rounds:
        calls = [ToolCall(known, name, json.dumps(given)) for known, name, given, _ in told]
        sending.add(said, calls)
        assert fits(sending.prompt, card)
        for call, (*_, result) in zip(calls, told, strict=True):
            sending.tell(ToolResult(call, result), [])

        assert fits(sending.prompt, card)
        assert count_for(tokenizer, [sent(sending.prompt)]) <= prompt_room(card)


def rounds_of(tools: Sequence[ToolSpec] = (SEARCH,), card: ModelCard = CARD) -> ToolRounds:
    prompt = compose("Which?", sources("A."), (), card, tools)
    return ToolRounds(prompt, ScriptedChat(card=card))


def test_oldest_rounds_go_first() -> None:
    rounds = rounds_of(card=replace(CARD, context_tokens=4_000))
    calls = [search(0, number, said=f"query {number} {WORDS * 40}") for number in range(6)]
    for call in calls:
        rounds.add("", [call])

    kept = [message.tool_calls[0] for message in rounds.prompt.messages if message.tool_calls]

    assert kept
    assert kept == calls[-len(kept) :]
    assert len(kept) < len(calls)
    assert rounds.prompt.tools == ()


def test_a_round_that_has_no_room_is_not_told() -> None:
    card = replace(CARD, context_tokens=700)
    rounds = rounds_of((), card)
    asked = rounds.prompt
    call = ToolCall("call00001", "漢" * 100, "{}")

    rounds.add("", [call] * 5)

    assert rounds.prompt == asked
    assert not rounds.tell(ToolResult(call, "Found."), [])
    assert rounds.prompt == asked


def test_long_arguments_are_not_run_and_not_repeated(desk: Desk) -> None:
    call = search(LONGEST_ARGUMENTS)
    chat = ScriptedChat([call], ["12 billion [1]."])

    (result,) = answer_of(desk.ask(chat, QUESTION)).tool_results

    told = chat.prompts[1].messages
    assert (result.failed, result.content) == (True, TOO_LONG.format(most=LONGEST_ARGUMENTS))
    assert told[-2].tool_calls == (replace(call, arguments=NO_ARGUMENTS),)
    assert told[-1].content == result.content


def test_a_long_id_is_replaced_in_the_call_and_its_result() -> None:
    rounds = rounds_of()

    rounds.add("", [replace(search(1), id="x" * (LONGEST_ID + 1))])

    called, result = rounds.prompt.messages[-2:]
    assert called.tool_calls[0].id == result.tool_call_id == "call00000"
    assert result.content == NO_ROOM


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("Total [1] | 5", "Total (1) | 5"),
        ("It says 【1†a】.", "It says (1)."),
        ("It says (Source 1).", "It says (Source (1))."),
    ],
)
def test_a_result_forges_no_marker(content: str, told: str) -> None:
    rounds = rounds_of()
    rounds.add("", [search(1)])

    assert rounds.tell(ToolResult(search(1), content), sources("A source."))

    assert rounds.prompt.messages[-1].content == f"{told}\n\n[1] guide.pdf · page 1\nA source."


def test_a_server_that_reads_less_is_asked_once_more_over_the_best_passages(wordy: Desk) -> None:
    refusal = ContextLengthError("The prompt is too long.")
    chat = ScriptedChat([refusal], ["Nemo has 12 billion parameters [1][4]."])

    answer = drain(wordy.assistant(chat, 5).ask(QUESTION, (), wordy.scope, Manner(bar=0.0)))

    first, second = chat.prompts
    assert [source.number for source in first.sources] == [1, 2, 3, 4, 5]
    assert second.sources == first.sources[:3]
    assert "[3] " in second.messages[-1].content
    assert "[4] " not in second.messages[-1].content
    assert second.messages[-1].content.endswith(f"Question: {QUESTION}")
    assert answer.text == "Nemo has 12 billion parameters [1]."


def test_a_server_that_refuses_half_is_not_asked_again(wordy: Desk) -> None:
    chat = ScriptedChat(*[[ContextLengthError(f"Too long, {each}.")] for each in range(3)])

    with pytest.raises(ContextLengthError, match=r"Too long, 1\."):
        drain(wordy.assistant(chat, 5).ask(QUESTION, (), wordy.scope, Manner(bar=0.0)))

    assert len(chat.prompts) == 2


def test_an_answer_that_was_begun_is_not_begun_again(wordy: Desk) -> None:
    chat = ScriptedChat(["Nemo has 12 billion. ", ContextLengthError("Too long.")], ["Again."])

    with pytest.raises(ContextLengthError):
        drain(wordy.assistant(chat, 5).ask(QUESTION, (), wordy.scope, Manner(bar=0.0)))

    assert len(chat.prompts) == 1


def test_what_a_tool_found_stays_a_source_of_a_prompt_that_is_halved() -> None:
    found = sources("A.", "B.", "C.", "D.")
    rounds = ToolRounds(compose("Which?", found, (), CARD, [SEARCH]), ScriptedChat(card=CARD))
    rounds.add("", [search(1)])
    rounds.tell(ToolResult(search(1), "Found."), found[3:])

    assert rounds.halve()

    assert [source.number for source in rounds.prompt.sources] == [1, 2, 4]
    assert "C." not in rounds.prompt.messages[1].content
    assert rounds.prompt.messages[-1].content.endswith("D.")
    assert not rounds.halve()


def test_a_cell_forges_no_marker(desk: Desk) -> None:
    rows = "seller,total\nAcme [1],5\nBeta 【2†x】,7\n"
    desk.add("sales.csv", rows)
    sql = json.dumps({"document": "sales.csv", "table": 1, "sql": "SELECT seller, total FROM t"})
    chat = ScriptedChat([ToolCall("call00001", "query_table", sql)], ["12 billion [1]."])

    answer = answer_of(desk.ask(chat, QUESTION))

    assert not answer.tool_results[0].failed
    told = chat.prompts[1].messages[-1].content
    query, _, passages = told.partition("\n\n[")
    assert "Acme (1) | 5" in query
    assert "Beta (2) | 7" in query
    assert "Acme (1)" in passages
