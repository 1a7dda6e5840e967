from __future__ import annotations

import json
import re
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rag.domain import Manner, Scope, Source, ToolCall, ToolResult
from rag.tools import LONGEST_RESULT, NOTHING_ANSWERS, run_tool
from rag.toolset import FOUND_PLACES, LONGEST_PAGE, tools_for
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


def test_a_search_leaves_documents_out_or_stays_in_one(desk: Desk) -> None:
    query = "billion parameters"
    without = run(desk, "search_documents", query=query, exclude=["nemo.txt"])
    only = run(desk, "search_documents", query=query, documents=["nemo.txt"])
    neither = run(desk, "search_documents", query=query, documents=["x"], exclude=["nemo.txt"])

    assert "nemo.txt" not in {found.document.name for found in without.passages}
    assert {found.document.name for found in only.passages} == {"nemo.txt"}
    assert neither.content == "There is no document named 'x'."


def test_pages_in_a_row_are_read_up_to_a_limit(desk: Desk) -> None:
    desk.add("long.md", "".join(f"# Part {n}\n\n{'Word word. ' * 1_500}\n\n" for n in range(5)))
    whole = desk.catalog.documents(desk.library.id)
    pages = next(each.page_count for each in whole if each.name == "long.md")

    found = run(desk, "read_range", document="long.md", first_page=1, last_page=10**9).passages

    assert pages > 1
    assert sum(len(passage.text) for passage in found) == LONGEST_PAGE
    assert run(desk, "read_range", document="nemo.txt", first_page=2, last_page=1).failed


def test_exact_words_are_found_wherever_a_line_breaks(desk: Desk) -> None:
    text = "First. The code is\n  AB-17, they say. Last.\n\nAnother paragraph."
    desk.add("codes.txt", text)

    (found,) = run(desk, "find_text", text="CODE is ab-17").passages

    assert found.document.name == "codes.txt"
    assert found.text == "The code is\n  AB-17, they say."
    assert text[found.start : found.end] == found.text
    assert run(desk, "find_text", text="AB-1.").content == "It stands nowhere, letter by letter."


def test_an_expression_finds_places_in_one_document(desk: Desk) -> None:
    found = run(
        desk, "find_text", text=r"\d+ billion", regular_expression=True, document="nemo.txt"
    )
    broken = run(desk, "find_text", text="(", regular_expression=True)
    empty = run(desk, "find_text", text=" ")

    assert [passage.document.name for passage in found.passages] == ["nemo.txt"]
    assert broken.content.startswith("The expression cannot be read: missing ) at")
    assert empty.content == "There is nothing to look for."


def test_an_expression_that_takes_for_ever_is_stopped(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rag.page_search.SECONDS", 0.2)
    desk.add("a.txt", "a" * 4_000)

    result = run(desk, "find_text", text="(a|aa)+b$", regular_expression=True)

    assert result.failed
    assert result.content.startswith("Looking takes too long.")


def test_many_places_are_cut_off_with_a_note(desk: Desk) -> None:
    desk.add(
        "many.txt", "".join(f"Item {number} is here.\n\n{'x' * 500}\n\n" for number in range(40))
    )

    found = run(desk, "find_text", text="is here", document="many.txt")

    assert len(found.passages) == FOUND_PLACES
    assert found.content == "Found at more than 20 places; these are the first."


def test_documents_are_listed_within_the_scope(desk: Desk) -> None:
    desk.add("empty.txt", "")

    assert run(desk, "list_documents", desk.only("nemo.txt")).content == "nemo.txt: nemo, 1 pages"
    assert "empty.txt: cannot be read (empty)" in run(desk, "list_documents").content
    assert run(desk, "list_documents", desk.only()).content == "There are no documents."


def test_headings_and_tables_are_outlined_and_a_table_is_asked(desk: Desk) -> None:
    desk.add("guide.md", f"# Guide\n\n{'Words. ' * 200}\n\n## Prices\n\n{'More words. ' * 200}")
    desk.add("sales.csv", 'Product,Revenue 2023\nMops,"1,577"\nBrooms,(45)\nBuckets,2000\n')

    guide = run(desk, "outline", document="guide.md").content
    sales = run(desk, "outline", document="sales.csv").content
    asked = run(
        desk, "query_table", document="sales.csv", table=1, sql="SELECT sum(revenue_2023) s FROM t"
    )

    assert guide.splitlines() == ["p. 1: Guide", "p. 1: Guide > Prices"]
    assert "table 1" in sales
    assert sales.endswith("rows: product, revenue_2023")
    assert asked.content == "The query gives:\ns\n3532"
    assert "Buckets" in asked.passages[0].text
    assert run(desk, "outline", document="nemo.txt").content == (
        "nemo.txt has no headings and no tables."
    )


def test_a_table_of_a_markdown_file_is_listed_and_queried(desk: Desk) -> None:
    text = "# Kiln\n\n## Prices\n\n| Pot | Price |\n|---|---:|\n| Urn | 44.20 |\n| Jar | **31** |\n"
    desk.add("kiln.md", text)

    outline = run(desk, "outline", document="kiln.md")
    found = run(
        desk, "query_table", document="kiln.md", table=1, sql="SELECT pot FROM t WHERE price < 40"
    )

    assert "table 1 Prices, 3 rows: pot, price" in outline.content
    assert "pot\nJar" in found.content


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        ({"document": "nemo.txt", "table": 1, "sql": "SELECT 1"}, "has no table 1"),
        ({"document": "nemo.txt", "table": 0, "sql": "SELECT 1"}, "greater than 0"),
        ({"document": "sales.csv", "table": 1, "sql": "DROP TABLE t"}, "Only a single SELECT"),
        ({"document": "secret.csv", "table": 1, "sql": "SELECT 1"}, "There is no document named"),
    ],
)
def test_a_wrong_query_is_for_the_model_to_mend(
    desk: Desk, arguments: dict[str, object], why: str
) -> None:
    desk.add("sales.csv", "Product,Revenue\nMops,1\nBrooms,2\n")
    desk.add("secret.csv", "Product,Revenue\nGold,1\nSilver,2\n")

    result = run(desk, "query_table", desk.only("nemo.txt", "sales.csv"), **arguments)

    assert result.failed
    assert why in result.content


def test_arithmetic_and_the_date(desk: Desk) -> None:
    assert run(desk, "calculate", expression="growth(40, 50)").content == "growth(40, 50) = 25"
    assert re.fullmatch(r"[A-Z][a-z]+day, \d{4}-\d\d-\d\d", run(desk, "today").content)
    assert run(desk, "calculate", expression="import os").failed


HOSTILE = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**20), 10**20),
    st.floats(),
    st.sampled_from(
        [
            *("nemo.txt", "cheese.txt", "secret", "../../catalog.sqlite", "/etc/passwd", "", "%00"),
            *("(a+)+$", "SELECT * FROM sqlite_master", "ATTACH 'x' AS y", "__import__('os')"),
            *("\ud800", "'; DROP TABLE documents; --", "file:///etc/passwd", "a" * 10_000),
        ]
    ),
    st.lists(st.one_of(st.text(max_size=5), st.integers(-1, 10**12)), max_size=3),
    st.lists(st.sampled_from(["nemo.txt", "cheese.txt", "pdf", "text", "../.."]), max_size=3),
    st.just(["nemo.txt"] * 10_000),
)
NAMES = (
    *("query", "document", "exclude", "page", "first_page", "last_page", "text", "table", "sql"),
    *("documents", "kinds", "without_sources"),
)
CALLS = st.tuples(
    st.sampled_from(
        [
            *("search_documents", "open_page", "read_range", "find_text", "list_documents"),
            *("outline", "query_table", "calculate", "today", "nothing"),
        ]
    ),
    st.dictionaries(
        st.sampled_from([*NAMES, "expression", "regular_expression", "other"]), HOSTILE, max_size=5
    ),
)


@settings(
    max_examples=500, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
@given(CALLS)
def test_hostile_calls_change_nothing_and_leave_the_scope_nowhere(
    desk: Desk, call: tuple[str, dict[str, object]]
) -> None:
    name, arguments = call
    scope, before = desk.only("nemo.txt"), desk.catalog.documents(desk.library.id)
    seen = [Source(1, run(desk, "search_documents", scope, query="Nemo").passages[0])]
    offered = tools_for(scope, desk.retriever, desk.catalog, sources=seen)
    written = json.dumps(arguments, allow_nan=True)

    result = run_tool(ToolCall("1", name, written), {tool.name: tool for tool in offered})

    assert {passage.document.name for passage in result.passages} <= {"nemo.txt"}
    assert "Camembert" not in result.content
    assert len(result.content) <= LONGEST_RESULT
    assert desk.catalog.documents(desk.library.id) == before
