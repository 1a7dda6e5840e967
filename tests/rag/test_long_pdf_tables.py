"""Rows of long tables in PDFs: found by row and column, quoted with their heads, or refused."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from ingest.loaders.load import load
from ingest.pipeline import Ingestor
from rag.candidates import holding_codes
from rag.domain import Passage, Span, ToolCall, Verdict
from rag.sentences import split_sentences
from rag.shares import Place
from rag.signs import signs
from rag.store.indexes import Indexes
from rag.table_cells import rows_at
from rag.table_lines import head_of, heads_among, in_cells, table_rows
from rag.tools import run_tool
from rag.toolset import tools_for
from rag.verification import Verifier, context_of, quote_of
from tests import long_tables
from tests.fakes import passage
from tests.rag.desk import LIMITS, Desk, answer_of

KINDS = [(lined, repeated) for lined in (False, True) for repeated in (False, True)]
HEADS = ("Station", "2019", "2020", "2021")


def add(desk: Desk, *, lined: bool, repeated: bool) -> None:
    path = desk.folder / "yearbook.pdf"
    path.write_bytes(long_tables.table(lined=lined, repeated=repeated))
    Ingestor(desk.catalog, desk.embedder, LIMITS, load).add(path, desk.library)


@pytest.mark.parametrize(("lined", "repeated"), KINDS)
def test_a_row_is_found_by_its_name_and_a_year(desk: Desk, lined: bool, repeated: bool) -> None:
    add(desk, lined=lined, repeated=repeated)

    for station, year in [(1, 2020), (3, 2021), (40, 2019), (41, 2021), (77, 2020), (120, 2021)]:
        question = f"How many riders did Metro {station:03d} have in {year}?"
        answer = answer_of(list(desk.reader().ask(question, (), desk.scope)))

        row = " ".join(long_tables.row(station))
        assert f"“{row}” [1]" in answer.text, question
        assert answer.text.count("Metro") == 1
        head = answer.text.partition("”:")[0].replace(" | ", " ")
        assert head == "“Station 2019 2020 2021"
        assert [citation.quote.text for citation in answer.citations] == [row]


@pytest.mark.parametrize(("lined", "repeated"), KINDS)
def test_what_no_row_says_is_refused(desk: Desk, lined: bool, repeated: bool) -> None:
    add(desk, lined=lined, repeated=repeated)

    for asked in [
        *("riders did Metro 171 have in 2021", "riders did Metro 077 have in 2017"),
        *("riders did Tram 077 have in 2021", "drivers did Metro 077 have in 2021"),
    ]:
        answer = answer_of(list(desk.reader().ask(f"How many {asked}?", (), desk.scope)))
        assert answer.refused, answer.text
        assert answer.citations == ()


def test_a_tool_queries_all_pages_of_the_table(desk: Desk) -> None:
    add(desk, lined=False, repeated=True)
    sql = "SELECT _2021 FROM t WHERE station IN ('Metro 003', 'Metro 077', 'Metro 120')"
    order = {"document": "yearbook.pdf", "table": 1, "sql": sql}
    tools = {each.name: each for each in tools_for(desk.scope, desk.retriever, desk.catalog)}

    answer = run_tool(ToolCall("1", "query_table", json.dumps(order)), tools)

    figures = [long_tables.figures(station)[2].replace(",", "") for station in (3, 77, 120)]
    assert answer.content == "\n".join(["The query gives:", "_2021", *figures])


def test_the_chunk_that_has_a_numbered_name_holds_a_code_of_the_question(desk: Desk) -> None:
    add(desk, lined=True, repeated=False)
    words = Indexes(desk.catalog).current(desk.library.id).words
    chunks = {chunk.id: chunk.text for chunk in desk.catalog.all_chunks(desk.library.id)}

    held = holding_codes("How many riders did Metro 057 have in 2021?", words, None)

    assert {"Metro 057 " in chunks[id_]: share for id_, share in held.items()} == {True: 1.0}
    assert holding_codes("How many riders did Metro 957 have in 2021?", words, None) == {}


def rowed(text: str, *rows: tuple[str, ...], heads: tuple[str, ...] = HEADS) -> Passage:
    """A passage of a PDF with these rows, whose cells stand in it one after the other."""
    placed = []
    for cells in rows:
        line = " ".join(filter(None, cells))
        placed.append((Span(text.index(line), text.index(line) + len(line)), cells, heads))
    return replace(passage(text), rows=tuple(placed))


def places_of(shown: Passage) -> list[Place]:
    return [Place(0, span) for span in split_sentences(shown.text)]


def test_the_cells_of_a_row_are_those_that_were_read() -> None:
    rows = [("Metro 050", "12", "", "7"), ("Metro 051", "8", "9", "4")]
    shown = rowed("Metro 050 12 7\nMetro 051 8 9 4", *rows)

    found = table_rows(places_of(shown), [shown], {})

    assert [row.cells for row in found.values()] == rows
    assert {row.heads for row in found.values()} == {HEADS}


def test_a_row_below_the_words_of_its_heads_stands_below_them() -> None:
    text = "Riders of the network\nStation 2019 2020 2021\nMetro 050 12 8 7\nMetro 051 8 9 4"
    shown = rowed(text, HEADS, ("Metro 050", "12", "8", "7"), ("Metro 051", "8", "9", "4"))
    places = places_of(shown)

    heads = heads_among(places, [shown])
    rows = table_rows(places, [shown], heads)

    assert heads == {2: 1, 3: 1}
    assert {at: (row.below, row.above) for at, row in rows.items()} == {
        2: (1, "Riders of the network"),
        3: (1, "Riders of the network"),
    }


def test_what_is_above_a_head_is_above_the_rows_of_other_passages() -> None:
    text = "Riders of the network\nStation 2019 2020 2021\nMetro 001 12 8 7"
    first = rowed(text, HEADS, ("Metro 001", "12", "8", "7"))
    later = rowed("Metro 050 1 2 3", ("Metro 050", "1", "2", "3"))
    other = rowed("Tram 1 4 5 6", ("Tram 1", "4", "5", "6"), heads=("Line", *HEADS[1:]))
    shown = [first, later, other]
    places = [
        Place(at, span) for at, each in enumerate(shown) for span in split_sentences(each.text)
    ]

    rows = table_rows(places, shown, heads_among(places, shown))

    assert {row.cells[0]: row.above for row in rows.values()} == {
        "Metro 001": "Riders of the network",
        "Metro 050": "Riders of the network",
        "Tram 1": "",
    }


def test_a_line_with_words_of_two_rows_is_the_row_of_none() -> None:
    rows = [("Metro 050", "12", "8", "7"), ("Metro 051", "8", "9", "4")]
    shown = rowed("Metro 050 12 8 7, Metro 051 8 9 4.", *rows)

    assert all(row.cells not in rows for row in table_rows(places_of(shown), [shown], {}).values())


def test_the_columns_of_a_quoted_row_are_known_where_a_cell_is_empty() -> None:
    shown = rowed("Metro 050 12 7", ("Metro 050", "12", "", "7"))

    (row,) = rows_at(quote_of(shown, Span(0, len(shown.text))), shown)

    assert row.label == "Metro 050"
    assert row.cells == (("2019", "12"), ("2020", ""), ("2021", "7"))


@pytest.mark.parametrize(("lined", "repeated"), KINDS)
def test_a_claim_is_held_against_the_cell_of_its_row_and_column(
    desk: Desk, lined: bool, repeated: bool
) -> None:
    add(desk, lined=lined, repeated=repeated)
    found = desk.retriever.search("How many riders did Metro 077 have?", desk.scope, 4)
    shown = next(each for each in found if "Metro 077" in each.text)

    for claim, fault in [
        ("Metro 077 had 18,313 riders in 2021.", None),
        ("In 2019, Metro 077 had 6,849 riders.", None),
        ("Metro 077 had 6,849 riders in 2021.", "the table has 18,313 there, not 6,849"),
        ("In 2020, Metro 077 had 18,313 riders.", "the table has 12,158 there, not 18,313"),
    ]:
        seen = signs(claim, shown.text, None, context_of(shown), in_cells(shown))
        assert seen.fault == fault
        assert seen.in_table == (fault is None)
        verdict = Verifier(desk.scorer.nearest).check(claim, [shown]).verdict
        assert (verdict is Verdict.UNSUPPORTED) == (fault is not None)


def test_rows_are_parted_below_their_heads_where_they_are_known() -> None:
    text = "Of 2021.\nMetro 050 12 8 7\nMetro 051 9\nIt ends."
    shown = rowed(text, ("Metro 050", "12", "8", "7"), ("Metro 051", "", "9", ""))

    assert in_cells(shown) == (
        "Of 2021.\nStation | 2019 | 2020 | 2021\nMetro 050 | 12 | 8 | 7\nMetro 051 | 9\nIt ends."
    )
    assert in_cells(passage("A | 1", heading=("Part", "Name | 2021"))) == "Name | 2021\nA | 1"
    assert in_cells(passage("A | 1", heading=("Part",))) == ""


def test_a_head_of_several_lines_is_quoted_as_it_was_read() -> None:
    heads = ("Station", "Riders in 2019", "Riders in 2020")
    shown = rowed("Metro 050 12 8", ("Metro 050", "12", "8"), heads=heads)
    (place,) = places_of(shown)

    assert head_of(place, shown, "in 2019 in 2020") == "Station | Riders in 2019 | Riders in 2020"
    assert head_of(place, shown, "Station Riders in 2019  Riders in 2020").startswith("Station R")
    long = rowed("Metro 050 12 8", ("Metro 050", "12", "8"), heads=("Of it " * 60, *heads[1:]))
    assert head_of(place, long, "in 2019 in 2020") == ""
    assert head_of(place, replace(long, heading=("Of | 2019",)), "") == "Of | 2019"
