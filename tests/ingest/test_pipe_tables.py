from __future__ import annotations

from collections.abc import Sequence
from email.message import EmailMessage
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest import chunking, pipe_tables
from ingest.drafts import read_draft_file
from ingest.loaded import LoadedDocument
from ingest.loaders.load import load
from ingest.pipeline import Limits
from ingest.rows import rows_by_page
from ingest.units import units_of_page
from rag import tokens
from rag.intake import Chunk
from rag.table_queries import query

PRICES = """# The kiln

## Prices

| Item      | Size  |    Price |
|:----------|:-----:|---------:|
| Small pot | `S\\|M` | **12.50** |
| [Large jar](http://x.y/a) | _L_ | 1,240 |
| a \\| b | ~~XL~~ <br> XXL | |

After the table.
"""


def read(folder: Path, name: str, text: str, max_pages: int = 50) -> LoadedDocument:
    path = folder / "stored"
    path.write_bytes(text.encode())
    return load(path, name, max_pages=max_pages)


def rows_of(text: str) -> list[list[tuple[str, ...]]]:
    return [[row.cells for row in table.rows] for table in pipe_tables.find(text)]


def test_a_table_is_kept_as_rows_with_its_head(tmp_path: Path) -> None:
    loaded = read(tmp_path, "kiln.md", PRICES)

    (table,) = loaded.tables
    text = loaded.pages[0].text
    assert text == PRICES
    assert (table.number, table.page, table.name) == (1, 1, "Prices")
    assert table.header == ("Item", "Size", "Price")
    assert [row.cells for row in table.rows] == [
        ("Item", "Size", "Price"),
        ("Small pot", "S|M", "12.50"),
        ("Large jar", "L", "1,240"),
        ("a | b", "XL XXL", ""),
    ]
    assert [text[row.start : row.end] for row in table.rows][2] == (
        "| [Large jar](http://x.y/a) | _L_ | 1,240 |"
    )


def test_it_can_be_queried(tmp_path: Path) -> None:
    tables = read(tmp_path, "kiln.md", PRICES).tables

    assert query(tables, "SELECT item FROM t WHERE price > 1000") == "item\nLarge jar"
    assert query(tables, "SELECT count(*) AS n FROM t") == "n\n3"


@pytest.mark.parametrize("name", ["README", "readme.txt", "notes.markdown"])
def test_it_is_kept_in_any_text_that_has_one(tmp_path: Path, name: str) -> None:
    (table,) = read(tmp_path, name, "Birds\n\nname | seen\n--- | ---\ntern | 4\n").tables

    assert [row.cells for row in table.rows] == [("name", "seen"), ("tern", "4")]


@pytest.mark.parametrize("subtype", ["plain", "markdown"])
def test_it_is_kept_in_a_mail(tmp_path: Path, subtype: str) -> None:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "a@x.org", "b@x.org", "Offer"
    message.set_content("Dear Bo,\n\n| Pot | Euro |\n|---|---|\n| S | 12 |\n", subtype=subtype)

    loaded = read(tmp_path, "offer.eml", message.as_string())

    (table,) = loaded.tables
    text = loaded.pages[table.page - 1].text
    assert [text[row.start : row.end] for row in table.rows] == ["| Pot | Euro |", "| S | 12 |"]
    assert table.header == ("Pot", "Euro")
    assert loaded.attachments == ()


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("> | a | b |\n> |---|---|\n> | 1 | 2 |\n\n| 3 | 4 |", [("a", "b"), ("1", "2")]),
        ("- Prices:\n\n    | a | b |\n    |---|---|\n    | 1 | 2 |\n", [("a", "b"), ("1", "2")]),
        ("1. | a | b |\n   |---|---|\n   | 1 | 2 |\n- x | y\n", [("a", "b"), ("1", "2")]),
        ("> - | a | b |\n>   |---|---|\n>   | 1 | 2 |\n", [("a", "b"), ("1", "2")]),
        ("| a |\r\n|---|\r\n| 1 |\r\n", [("a",), ("1",)]),
        ("words\na|b\n-|-\n1|2\n# c | d\n", [("a", "b"), ("1", "2")]),
        ("|a|b|\n|:-:|-|\n|1|\n|1|2|3|\nno pipe\n", [("a", "b"), ("1", ""), ("1", "2")]),
        ("| | |\n|---|---|\n| Name | Age |\n| Ana | 41 |", [("Name", "Age"), ("Ana", "41")]),
        ("|a|b|\n|-|-|\n|x `c d` y|&amp; 2 \\* 3|", [("a", "b"), ("x c d y", "& 2 * 3")]),
    ],
)
def test_tables_are_found_where_markdown_has_them(text: str, rows: list[tuple[str, ...]]) -> None:
    assert rows_of(text) == [rows]


@pytest.mark.parametrize(
    "text",
    [
        "```\n| a | b |\n|---|---|\n| 1 | 2 |\n```",
        "> ~~~\n> | a | b |\n> |---|---|\n> | 1 | 2 |\n> ~~~",
        "    | a | b |\n    |---|---|\n    | 1 | 2 |",
        "<!--\n| a | b |\n|---|---|\n| 1 | 2 |\n-->",
        "| a | b |\n|---|\n| 1 | 2 |",
        "| a | b |\n|---|---|\n\n| 1 | 2 |",
        "Title\n---\n| 1 | 2 |",
        "> | a | b |\n|---|---|\n| 1 | 2 |",
    ],
    ids=["fence", "fence in a quote", "code", "comment", "uneven", "no rows", "heading", "quote"],
)
def test_what_is_no_table_is_text(text: str) -> None:
    assert rows_of(text) == []


def test_a_head_of_empty_cells_names_nothing() -> None:
    (named,) = pipe_tables.find("| | |\n|---|---|\n| Name | Age |\n| Ana | 41 |")
    (bare,) = pipe_tables.find("| | |\n|---|---|\n| Ana | 41 |\n| Bo | 40 |")

    assert (named.header, bare.header) == (("Name", "Age"), ())
    assert [row.cells for row in bare.rows] == [("Ana", "41"), ("Bo", "40")]


@pytest.mark.parametrize("head", ["| | 2023 | | 2024 | |", "| | 2023 | 2023 | 2024 | 2024 |"])
@pytest.mark.parametrize("is_marked", [True, False])
def test_two_rows_that_name_the_columns_are_one(head: str, *, is_marked: bool) -> None:
    rule = "|---|---|---|---|---|"
    above = f"{head}\n{rule}" if is_marked else f"| | | | | |\n{rule}\n{head}"
    names = "| Region | Plan | Actual | Plan | Actual |"
    text = f"{above}\n{names}\n| North | 10 | 11 | 12 | 13 |\n| South | 20 | 21 | 22 | 23 |\n"

    (table,) = pipe_tables.find(text)

    assert table.header == ("Region", "2023 Plan", "2023 Actual", "2024 Plan", "2024 Actual")
    assert [row.cells for row in table.rows] == [
        *(table.header, ("North", "10", "11", "12", "13"), ("South", "20", "21", "22", "23"))
    ]
    between = f"{head}\n{rule}\n{names}" if is_marked else f"{head}\n{names}"
    assert [text[row.start : row.end] for row in table.rows] == [
        *(between, "| North | 10 | 11 | 12 | 13 |", "| South | 20 | 21 | 22 | 23 |")
    ]


def test_a_first_row_of_words_below_a_head_is_no_second_head() -> None:
    text = "| City | Class |\n|---|---|\n| Paris | first |\n| Oslo | second |\n"

    (table,) = pipe_tables.find(text)

    assert (table.header, len(table.rows)) == (("City", "Class"), 3)


def long_table(rows: int) -> str:
    lines = (f"| Item {number} | {number * 7} |\n" for number in range(rows))
    return "## Stock\n\n| Name of the item | Pieces |\n| --- | ---: |\n" + "".join(lines)


def chunks_of(loaded: LoadedDocument, limit: int) -> list[Chunk]:
    def measure(texts: Sequence[str]) -> list[int]:
        return [2 + count for count in tokens.count_tokens(texts)]

    return chunking.split(loaded.pages, loaded.outline, measure, limit, loaded.tables)


@pytest.mark.parametrize("mark", ["", "> "])
def test_a_chunk_repeats_the_head_and_cuts_no_row(tmp_path: Path, mark: str) -> None:
    text = "".join(mark + line for line in long_table(60).splitlines(keepends=True))

    loaded = read(tmp_path, "stock.md", text)
    chunks = chunks_of(loaded, 80)

    page = loaded.pages[0].text
    spans = [page[chunk.start : chunk.end] for chunk in chunks]
    assert len(chunks) > 8
    assert [chunk.header for chunk in chunks] == [
        *("" if "Pieces" in span else "Name of the item | Pieces" for span in spans)
    ]
    assert f"{mark}| --- | ---: |\n{mark}| Item 0 | 0 |" in spans[0]
    assert all(line.endswith("|") for span in spans[1:] for line in span.split("\n"))


def test_the_rule_below_a_head_stays_with_the_first_row(tmp_path: Path) -> None:
    loaded = read(tmp_path, "a.md", "| Name | Pieces |\n|---|---|\n| Urn | 4 |\n| Jar | 5 |\n")
    rows = rows_by_page(loaded.pages, loaded.tables)[1]

    units = units_of_page(loaded.pages[0].text, set(), rows)

    assert [unit.leads for unit in units] == [True, True, False, False]


def test_a_table_over_several_sections_goes_on_in_each(tmp_path: Path) -> None:
    loaded = read(tmp_path, "stock.md", long_table(3_000))

    assert len(loaded.pages) > 1
    assert [table.page for table in loaded.tables] == [page.number for page in loaded.pages]
    assert {(table.number, table.name) for table in loaded.tables} == {(1, "Stock")}
    assert query(loaded.tables, "SELECT sum(pieces) AS s FROM t") == f"s\n{7 * 2999 * 3000 // 2}"
    for table in loaded.tables:
        page = loaded.pages[table.page - 1].text
        assert all(page[row.start : row.end].startswith("| ") for row in table.rows)


def test_a_persons_own_text_keeps_its_tables_as_they_are(tmp_path: Path) -> None:
    for name in ("a.md", "a.txt"):
        path = tmp_path / name
        path.write_text(PRICES)
        assert read_draft_file(path, name, Limits(100_000, 3), load).text == PRICES


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet="|-: \n\r\t>`~*_[]()<!\\ab1#", max_size=200))
def test_rows_of_any_text_stand_in_it_in_order(text: str) -> None:
    tables = pipe_tables.find(text)

    rows = [row for table in tables for row in table.rows]
    assert all(0 <= row.start < row.end <= len(text) for row in rows)
    assert all(one.end <= other.start for one, other in pairwise(rows))
    assert all(len({len(row.cells) for row in table.rows}) == 1 for table in tables)


@pytest.mark.parametrize(
    "cell", ["[" * 900, "*" * 900, "`" * 900, "_a" * 450, "<" * 900, "\\" * 900]
)
def test_a_hostile_cell_takes_no_time(cell: str) -> None:
    text = "|a|b|\n|-|-|\n" + f"|{cell}|{'[' * 200_000}|\n" * 3

    assert len(rows_of(text)[0]) == 4
