from collections.abc import Sequence

import pytest

from rag.domain import Passage, ToolCall
from rag.errors import NotFoundError, ToolError
from rag.tools import LONGEST_RESULT, ToolFunction, run_tool, tool_from
from tests.fakes import passage


def add(first: int, second: int = 2) -> str:
    """Add two numbers."""
    return str(first + second)


def find(query: str) -> Sequence[Passage]:
    """Find."""
    return [passage(query)]


def fail(kind: str) -> str:
    """Fail."""
    raise ToolError("Say it otherwise.") if kind == "tool" else NotFoundError("It is gone.")


def talk(length: int) -> str:
    """Talk."""
    return "x" * length


FUNCTIONS: tuple[ToolFunction, ...] = (add, find, fail, talk)
TOOLS = {tool.name: tool for tool in (tool_from(function) for function in FUNCTIONS)}


def test_a_function_describes_itself() -> None:
    spec = TOOLS["add"].spec

    assert (spec.name, spec.description) == ("add", "Add two numbers.")
    assert spec.parameters["required"] == ["first"]
    assert spec.parameters["additionalProperties"] is False
    assert spec.parameters["properties"]["second"]["default"] == 2


@pytest.mark.parametrize(
    ("arguments", "content"), [('{"first": 1}', "3"), ('{"first": "4", "second": 5}', "9")]
)
def test_a_call_gives_the_functions_words(arguments: str, content: str) -> None:
    call = ToolCall("1", "add", arguments)

    result = run_tool(call, TOOLS)

    assert (result.call, result.content, result.failed) == (call, content, False)


def test_a_call_gives_passages() -> None:
    result = run_tool(ToolCall("1", "find", '{"query": "Nemo"}'), TOOLS)

    assert [found.text for found in result.passages] == ["Nemo"]
    assert result.content == "1 passages found."


@pytest.mark.parametrize(
    ("name", "arguments", "reason"),
    [
        ("nothing", "{}", "There is no tool named 'nothing'. Tools: add, fail, find, talk."),
        ("add", "", "The call cannot be run. first: Field required"),
        ("add", '{"first": "x"}', "The call cannot be run. first: Input should be a valid integer"),
        ("add", '{"first": 1, "third": 3}', "third: Extra inputs are not permitted"),
        ("add", "{not json", "The arguments: Invalid JSON"),
        ("add", "[1]", "The arguments: Input should be an object"),
        ("fail", '{"kind": "tool"}', "Say it otherwise."),
        ("fail", '{"kind": "ours"}', "It is gone."),
    ],
)
def test_what_a_model_can_mend_is_a_failed_result(name: str, arguments: str, reason: str) -> None:
    result = run_tool(ToolCall("1", name, arguments), TOOLS)

    assert result.failed
    assert reason in result.content
    assert "http" not in result.content


def test_long_words_of_a_tool_are_cut() -> None:
    result = run_tool(ToolCall("1", "talk", f'{{"length": {LONGEST_RESULT + 1}}}'), TOOLS)

    assert len(result.content) == LONGEST_RESULT


def test_a_tool_that_breaks_down_costs_only_its_call() -> None:
    def divide(number: int) -> str:
        """Divide."""
        return str(number // 0)

    result = run_tool(ToolCall("1", "divide", '{"number": 1}'), {"divide": tool_from(divide)})

    assert (result.failed, result.content) == (True, "divide broke down. Go on without it.")
