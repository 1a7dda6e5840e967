import json
from dataclasses import replace

import pytest

from rag.domain import Manner, Scope, ToolCall, ToolResult
from rag.tools import NOTHING_ANSWERS, run_tool
from rag.toolset import LONGEST_PAGE, tools_for
from tests.rag.desk import Desk


def run(desk: Desk, name: str, scope: Scope | None = None, **arguments: object) -> ToolResult:
    tools = {
        tool.name: tool for tool in tools_for(scope or desk.scope, desk.retriever, desk.catalog)
    }
    return run_tool(ToolCall("1", name, json.dumps(arguments)), tools)


def test_documents_are_searched_within_the_scope(desk: Desk) -> None:
    everywhere = run(desk, "search_documents", query="billion parameters")
    there = run(desk, "search_documents", desk.only("nemo.txt"), query="billion parameters")

    assert {found.document.name for found in everywhere.passages} > {"mixtral.txt", "nemo.txt"}
    assert {found.document.name for found in there.passages} == {"nemo.txt"}


def test_a_search_for_nothing_is_for_the_model_to_mend(desk: Desk) -> None:
    result = run(desk, "search_documents", query=" ")

    assert result.failed
    assert "question is empty" in result.content


@pytest.mark.parametrize("form", ["{name}", "{title}", "{title} ({name})", " {name} "])
def test_a_page_is_read_by_any_name_the_sources_give(desk: Desk, form: str) -> None:
    guide = desk.add("guide.md", "# The guide to Nemo\n\nNemo has 12 billion parameters.")
    name = form.format(name=guide.name, title=guide.title)

    (found,) = run(desk, "open_page", document=name, page=1).passages

    assert guide.title == "The guide to Nemo"
    assert found.document == guide
    assert found.text == desk.catalog.page(guide.id, 1).text[: found.end]
    assert (found.page, found.start, found.end) == (1, 0, len(found.text))


@pytest.mark.parametrize("page", [0, -1, 2, 10**30])
def test_a_page_that_is_not_there_is_for_the_model_to_mend(desk: Desk, page: int) -> None:
    result = run(desk, "open_page", document="nemo.txt", page=page)

    assert result.failed
    assert result.content == "nemo.txt has the pages 1 to 1."


@pytest.mark.parametrize("name", ["Nowhere.pdf", "mixtral.txt"])
def test_a_document_outside_the_scope_is_not_there(desk: Desk, name: str) -> None:
    result = run(desk, "open_page", desk.only("nemo.txt"), document=name, page=1)

    assert result.failed
    assert result.content == f"There is no document named '{name}'."


def test_another_library_is_not_seen(desk: Desk) -> None:
    other = desk.catalog.create_library("other", desk.embedder.model, desk.embedder.dimension)
    scope = replace(desk.scope, library_id=other.id)

    assert run(desk, "open_page", scope, document="nemo.txt", page=1).failed
    assert run(desk, "search_documents", scope, query="Nemo").passages == ()


def test_a_long_page_is_cut(desk: Desk) -> None:
    desk.add("long.txt", "Word word word. " * 1000)

    (found,) = run(desk, "open_page", document="long.txt", page=1).passages

    assert len(found.text) == found.end <= LONGEST_PAGE


def test_a_model_is_told_that_nothing_found_answers(desk: Desk) -> None:
    found = run(desk, "search_documents", query="How many parameters does Nemo have?")
    nothing = run(desk, "search_documents", query="Who won the world cup?")

    assert found.content == f"{len(found.passages)} passages found."
    assert nothing.content == NOTHING_ANSWERS
    assert nothing.passages


def test_a_model_searches_in_the_manner_of_the_question(desk: Desk) -> None:
    desk.add("flows.txt", "Purchases of property, plant and equipment: 1,577 million.")

    def found(query: str, manner: Manner) -> ToolResult:
        tools = {
            tool.name: tool for tool in tools_for(desk.scope, desk.retriever, desk.catalog, manner)
        }
        return run_tool(ToolCall("1", "search_documents", f'{{"query": "{query}"}}'), tools)

    lowered = found("Who won the world cup?", Manner(bar=0.0))
    as_typed = found("capex", Manner(rewrite=False))

    assert lowered.content == f"{len(lowered.passages)} passages found."
    assert found("capex", Manner()).passages[0].document.name == "flows.txt"
    assert as_typed.passages[0].document.name != "flows.txt"
