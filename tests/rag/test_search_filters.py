"""What a model may narrow a search by, and what it is told where that is wrong."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

import pytest

from rag.domain import Scope, Source, ToolCall, ToolResult
from rag.search_filters import KINDS, kind_of
from rag.tools import NOTHING_ANSWERS, run_tool
from rag.toolset import tools_for
from tests.fakes import ScriptedChat
from tests.rag.desk import QUESTION, Desk, answer_of

PAGES = 21
BILLIONS = "billion parameters"


def search(
    desk: Desk,
    scope: Scope | None = None,
    sources: Sequence[Source] = (),
    filters: Mapping[str, object] | None = None,
    **given: object,
) -> ToolResult:
    offered = tools_for(scope or desk.scope, desk.retriever, desk.catalog, sources=sources)
    call = ToolCall("1", "search_documents", json.dumps({**given, **(filters or {})}))
    return run_tool(call, {tool.name: tool for tool in offered})


def names(result: ToolResult) -> set[str]:
    return {passage.document.name for passage in result.passages}


@pytest.fixture
def guide(desk: Desk) -> Desk:
    """With a guide in which every page is about the same."""
    parts = [f"# Part {part}\n\n{_sentences(part)}\n\n" for part in range(40)]
    galley = " ".join(f"Oven {number} of the galley has a pump." for number in range(200))
    document = desk.add("guide.md", "".join([*parts, f"# Galley\n\n{galley}"]))
    assert document.page_count == PAGES
    return desk


def _sentences(part: int) -> str:
    numbers = range(1_000 * part, 1_000 * part + 200)
    return " ".join(f"The pump of the ship works at {number}." for number in numbers)


def test_several_documents_are_searched_and_no_others(desk: Desk) -> None:
    both = search(desk, query=BILLIONS, documents=["nemo.txt", "cheese.txt"])

    assert names(both) == {"nemo.txt", "cheese.txt"}
    assert names(search(desk, query=BILLIONS, documents=["cheese.txt"])) == {"cheese.txt"}


def test_one_kind_of_file_is_searched(desk: Desk) -> None:
    desk.add("sales.csv", "Product,Parameters\nMops,12 billion\nBrooms,13 billion\n")

    assert names(search(desk, query=BILLIONS, kinds=["table"])) == {"sales.csv"}
    assert "sales.csv" not in names(search(desk, query=BILLIONS, kinds=["text"]))


def test_every_file_that_can_be_read_is_of_one_kind(desk: Desk) -> None:
    page = desk.add("page.html", "<html><body><p>Nemo has many parameters.</p></body></html>")
    table = desk.add("sales.csv", "Product,Parameters\nMops,12\nBrooms,13\n")

    kinds = [kind_of(each) for each in (page, table, *desk.catalog.documents(desk.library.id))]
    assert kinds[:2] == ["web", "table"]
    assert set(kinds) <= set(KINDS)


@pytest.mark.parametrize(("first", "last"), [(1, 1), (7, 7), (3, 5), (12, None)])
def test_only_the_pages_that_are_meant_are_searched(
    guide: Desk, first: int, last: int | None
) -> None:
    given = {"first_page": first} | ({} if last is None else {"last_page": last})
    found = search(guide, query="pump of the ship", documents=["guide.md"], filters=given)

    pages = {passage.page for passage in found.passages}
    assert names(found) == {"guide.md"}
    assert pages
    assert pages <= set(range(first, (last or PAGES) + 1))


def test_a_page_is_searched_though_hundreds_of_chunks_elsewhere_are_nearer(guide: Desk) -> None:
    (document,) = [
        each for each in guide.catalog.documents(guide.library.id) if each.name == "guide.md"
    ]
    anywhere = search(guide, query="pump of the ship", documents=["guide.md"])
    last = search(
        guide,
        query="pump of the ship",
        documents=["guide.md"],
        first_page=document.page_count,
    )

    assert document.chunks > 150
    assert document.page_count not in {passage.page for passage in anywhere.passages}
    assert {passage.page for passage in last.passages} == {document.page_count}


def test_a_source_that_is_known_does_not_come_again_not_even_in_part(guide: Desk) -> None:
    first = search(guide, query="pump of the ship").passages
    sources = [Source(number, passage) for number, passage in enumerate(first, 1)]
    again = search(
        guide, sources=sources, query="pump of the ship", without_sources=[1, 2, 3, 4, 5]
    )

    assert len(first) == 5
    assert again.passages
    for found in again.passages:
        for known in first:
            same = (found.document.id, found.page) == (known.document.id, known.page)
            assert not (same and found.start < known.end and known.start < found.end)


def test_a_model_leaves_out_the_sources_of_its_own_prompt(desk: Desk) -> None:
    given = {"query": "Nemo parameters", "without_sources": [1]}
    call = ToolCall("call00001", "search_documents", json.dumps(given))
    chat = ScriptedChat([call], ["12 billion [1]."])

    answer = answer_of(list(desk.assistant(chat, 2).ask(QUESTION, (), desk.scope)))

    (result,) = answer.tool_results
    assert answer.passages[0].document.name == "nemo.txt"
    assert not result.failed
    assert "nemo.txt" not in names(result)


def test_where_the_filters_leave_nothing_that_answers_it_is_said(desk: Desk) -> None:
    sources = [Source(1, search(desk, query="Nemo", documents=["nemo.txt"]).passages[0])]
    none = search(desk, sources=sources, query="Nemo", documents=["nemo.txt"], without_sources=[1])

    assert (none.failed, none.passages, none.content) == (False, (), NOTHING_ANSWERS)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"documents": ["x.pdf"]}, "There is no document named 'x.pdf'."),
        ({"documents": ["nemo.txt"], "exclude": ["nemo.txt"]}, "No document is left to search"),
        ({"documents": []}, None),
        ({"documents": ["nemo.txt"] * 51}, "at most 50 items"),
        ({"kinds": ["pdf", "web"]}, "None is of the kind pdf or web; there is text."),
        ({"kinds": ["spreadsheet"]}, "Input should be 'pdf', 'word', 'slides', 'table'"),
        ({"first_page": 2}, "Pages are those of one document: name it in `documents`"),
        ({"documents": ["nemo.txt", "cheese.txt"], "last_page": 2}, "Pages are those of one"),
        ({"documents": ["nemo.txt"], "first_page": 2}, "nemo.txt has the pages 1 to 1"),
        ({"documents": ["nemo.txt"], "first_page": 1, "last_page": 0}, "greater than 0"),
        ({"without_sources": [7]}, "There is no source 7; none was shown yet."),
        ({"without_sources": [0]}, "greater than 0"),
    ],
)
def test_a_wrong_filter_goes_back_to_the_model_with_what_there_is(
    desk: Desk, given: dict[str, object], told: str | None
) -> None:
    result = search(desk, filters=given, query="Nemo")

    assert result.failed == (told is not None)
    assert told is None or told in result.content


def test_filters_show_nothing_outside_the_scope(desk: Desk) -> None:
    desk.add("sales.csv", "Product,Parameters\nMops,12 billion\nBrooms,13 billion\n")
    scope = desk.only("nemo.txt")

    named = search(desk, scope, query=BILLIONS, documents=["sales.csv"])
    kinds = search(desk, scope, query=BILLIONS, kinds=["table"])
    without = search(desk, scope, query=BILLIONS, exclude=["sales.csv"])

    assert named.content == without.content == "There is no document named 'sales.csv'."
    assert kinds.content == "None is of the kind table; there is text."
