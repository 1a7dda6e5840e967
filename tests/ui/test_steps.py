from __future__ import annotations

import json

import pytest

from rag.calculator import calculate
from rag.domain import SummedUp, ToolCall, ToolResult
from rag.tools import run_tool
from rag.toolset import OFFERED
from ui.conversation import Turn
from ui.steps import step_of


def call(name: str, **arguments: object) -> ToolCall:
    return ToolCall("1", name, json.dumps(arguments))


@pytest.mark.parametrize(
    ("made", "words"),
    [
        (call("search_documents", query="price of  Large"), "Searched “price of Large”"),
        (call("open_page", document="a.pdf", page=3), "Opened page 3 of a.pdf"),
        (
            call("read_range", document="a.pdf", first_page=3, last_page=5),
            "Read pages 3 to 5 of a.pdf",
        ),
        (call("find_text", text="{query}"), "Looked up “{query}”"),
        (
            call("query_table", document="a.pdf", table=2, sql=""),
            "Queried table 2 of a.pdf",
        ),
        (call("calculate", expression="growth(2, 3)"), "Calculated growth(2, 3)"),
        (call("today"), "Looked at the date"),
        (call("price_of", ticker="MMM", year=2022), "Price of: MMM, 2022"),
        (call("open_page", page=3), "Open page"),
        (ToolCall("1", "calculate", "{broken"), "Calculate"),
        (ToolCall("1", "calculate", "[1]"), "Calculate"),
        (ToolCall("1", "today", ""), "Looked at the date"),
    ],
)
def test_a_call_is_told_in_words(made: ToolCall, words: str) -> None:
    assert step_of(made) == words


def test_what_a_model_writes_is_kept_short() -> None:
    assert len(step_of(call("find_text", text="word " * 500))) < 80


def test_every_tool_of_ours_has_words() -> None:
    given = {"query": 1, "page": 1, "document": 1, "first_page": 1, "last_page": 1, "text": 1}
    given |= {"table": 1, "expression": 1}
    for name in OFFERED:
        assert step_of(call(name, **given)) != step_of(call(name + "_")), name


def test_a_call_without_result_says_so() -> None:
    made = call("calculate", expression="1/0")
    turn = Turn(1, "How many?").after(call("today")).after(made)
    turn = turn.after(ToolResult(made, "Division by zero.", failed=True))
    assert turn.tools == ("Looked at the date", "Calculated 1/0: without result")


def test_what_a_figure_or_a_tool_of_ones_own_came_to_is_told() -> None:
    calculated, converted = call("calculate", expression="2+2"), call("convert", amount=5)
    turn = Turn(1, "How many?")
    for made, said in (
        (calculated, calculate("2+2")),
        (converted, "8 km " * 90),
        (call("today"), "2026"),
    ):
        turn = turn.after(made).after(ToolResult(made, said))
    figure, own, today = turn.tools
    assert (figure, today) == ("Calculated 2+2 = 4", "Looked at the date")
    assert own.startswith("Convert: 5 → 8 km 8 km")
    assert len(own) < 80


def test_a_tool_that_does_not_exist_is_told_as_such() -> None:
    made = call("nonsense")
    turn = Turn(1, "How many?").after(made).after(run_tool(made, {}))
    assert turn.tools == ("Asked for a tool that is not there: nonsense",)


def test_summing_up_the_conversation_is_a_step() -> None:
    turn = Turn(1, "And in 2022?").after(SummedUp()).after(call("today"))
    assert turn.tools == ("Summed up the earlier conversation", "Looked at the date")
