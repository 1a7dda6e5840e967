from dataclasses import replace

import pytest

from rag.assistant import MAX_CALLS_A_ROUND, MAX_TOOL_ROUNDS, REFUSAL
from rag.domain import Message, ToolCall, ToolResult, Usage
from rag.errors import InvalidReplyError
from rag.refusal import NOT_FOUND
from rag.tool_rounds import NO_ROOM
from tests.fakes import CARD, ScriptedChat
from tests.rag.desk import QUESTION, Desk, answer_of, in_pieces

SEARCH = ToolCall("call00001", "search_documents", '{"query": "cheese from Normandy"}')


def test_a_tools_passages_become_further_sources(desk: Desk) -> None:
    chat = ScriptedChat(
        ["Let me look.", SEARCH], ["Nemo has 12 billion [1]; Camembert is soft [2]."]
    )
    events = list(desk.assistant(chat, 1).ask(QUESTION, (), desk.scope))
    answer = answer_of(events)

    (result,) = answer.tool_results
    told = chat.prompts[1].messages
    assert [event for event in events if isinstance(event, ToolCall)] == [SEARCH]
    assert [event for event in events if isinstance(event, ToolResult)] == [result]
    assert told[-2] == Message("assistant", "Let me look.", tool_calls=(SEARCH,))
    assert (told[-1].role, told[-1].tool_call_id) == ("tool", SEARCH.id)
    assert "[2] cheese (cheese.txt)" in told[-1].content
    assert answer.text == ("Let me look.\n\nNemo has 12 billion [1]; Camembert is soft [2].")
    assert [citation.quote.document.name for citation in answer.citations] == [
        "nemo.txt",
        "cheese.txt",
    ]
    assert answer.usage == Usage(20, 10)


def test_a_passage_found_again_keeps_its_number(desk: Desk) -> None:
    again = ToolCall("call00002", "search_documents", f'{{"query": "{QUESTION}"}}')
    chat = ScriptedChat([again], ["Twelve [1]."])

    desk.ask(chat, QUESTION)

    assert "\n\n[1] nemo (nemo.txt)\n" in chat.prompts[1].messages[-1].content
    assert len(chat.prompts[1].sources) == len(chat.prompts[0].sources)


def test_a_whole_page_is_another_source_than_its_beginning(desk: Desk) -> None:
    text = "Lead: ducks fly.\n\n" + "\n\n".join(f"Paragraph {n}. " + "word " * 90 for n in range(9))
    long = desk.add("long.txt", text)
    chat = ScriptedChat(
        [ToolCall("call00003", "open_page", '{"document": "long.txt", "page": 1}')],
        ["Seen [1]."],
    )

    desk.ask(chat, "Which ducks fly in the lead?")

    assert "Paragraph 8." in chat.prompts[1].messages[-1].content
    assert long.page_count == 1


@pytest.mark.parametrize(
    ("call", "reason"),
    [
        (ToolCall("call00004", "delete_all", "{}"), "There is no tool named 'delete_all'."),
        (ToolCall("call00005", "search_documents", "{"), "Invalid JSON"),
        (ToolCall("call00006", "search_documents", '{"q": 1}'), "query: Field required"),
    ],
)
def test_a_wrong_call_is_told_to_the_model(desk: Desk, call: ToolCall, reason: str) -> None:
    chat = ScriptedChat([call], ["12 billion [1]."])

    answer = answer_of(desk.ask(chat, QUESTION))

    assert answer.tool_results[0].failed
    assert reason in chat.prompts[1].messages[-1].content
    assert answer.text == "12 billion [1]."


def test_calls_beyond_five_in_a_round_are_left_out(desk: Desk) -> None:
    calls = [replace(SEARCH, id=f"call0001{n}") for n in range(MAX_CALLS_A_ROUND + 2)]
    chat = ScriptedChat([*calls], ["12 billion [1]."])

    answer = answer_of(desk.ask(chat, QUESTION))

    told = chat.prompts[1].messages
    assert [result.call for result in answer.tool_results] == calls[:MAX_CALLS_A_ROUND]
    assert told[2].tool_calls == tuple(calls[:MAX_CALLS_A_ROUND])
    assert len(told) == 3 + MAX_CALLS_A_ROUND


def test_tools_are_withdrawn_after_four_rounds(desk: Desk) -> None:
    chat = ScriptedChat(*([SEARCH] for _ in range(MAX_TOOL_ROUNDS)), ["12 billion [1].", SEARCH])

    answer = answer_of(desk.ask(chat, QUESTION))

    assert [bool(prompt.tools) for prompt in chat.prompts] == [True] * MAX_TOOL_ROUNDS + [False]
    assert len(answer.tool_results) == MAX_TOOL_ROUNDS
    assert answer.text == "12 billion [1]."


def test_a_model_that_calls_tools_for_ever_gives_no_empty_answer(desk: Desk) -> None:
    chat = ScriptedChat(*([SEARCH] for _ in range(MAX_TOOL_ROUNDS + 1)))

    with pytest.raises(InvalidReplyError, match="empty answer"):
        desk.ask(chat, QUESTION)


def test_a_model_without_tools_is_offered_none(desk: Desk) -> None:
    chat = ScriptedChat(["12 billion [1].", SEARCH], card=replace(CARD, tools=False))

    answer = answer_of(desk.ask(chat, QUESTION))

    assert (chat.prompts[0].tools, answer.tool_results) == ((), ())


def test_a_result_that_is_too_long_for_the_model_is_not_told(desk: Desk) -> None:
    desk.add("long.txt", "Ducks fly. " * 700)
    call = ToolCall("call00007", "open_page", '{"document": "long.txt", "page": 1}')
    chat = ScriptedChat([call], ["12 billion [1]."], card=replace(CARD, context_tokens=2500))

    answer = answer_of(desk.ask(chat, QUESTION))

    assert chat.prompts[1].messages[-1].content == NO_ROOM
    assert answer.tool_results[0].passages


def test_a_refusal_after_a_search_is_one(desk: Desk) -> None:
    chat = ScriptedChat(["Let me look.", SEARCH], in_pieces(NOT_FOUND, 3))

    answer = answer_of(desk.ask(chat, QUESTION))

    assert (answer.text, answer.refused) == (f"Let me look.\n\n{REFUSAL}", True)
