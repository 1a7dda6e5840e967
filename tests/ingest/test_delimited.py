from __future__ import annotations

from pathlib import Path

import pytest

from ingest.loaded import LoadedDocument
from ingest.loaders import delimited
from rag.domain import DocumentState
from rag.errors import DocumentError

FORMATS = Path(__file__).parents[1] / "fixtures" / "formats"


def read(tmp_path: Path, content: str | bytes, *, max_pages: int = 100) -> LoadedDocument:
    path = tmp_path / "list"
    path.write_bytes(content.encode("utf-8") if isinstance(content, str) else content)
    return delimited.load(path, "spare_parts.csv", max_pages=max_pages)


def lines(found: LoadedDocument) -> list[str]:
    texts = {page.number: page.text for page in found.pages}
    return [texts[table.page][row.start : row.end] for table in found.tables for row in table.rows]


def test_a_list_in_an_old_character_set_that_libreoffice_wrote_is_read() -> None:
    found = delimited.load(FORMATS / "spares.csv", "spares.csv", max_pages=10)
    assert found.pages[0].text == (
        "Part | Größe | Price | Stock | Remark\n"
        'Propeller "Tern" | 2,40 m | 1.980,00 € | 2 | for the Petrel; ordered in May\n'
        "Fender | 60 cm | 74,50 € | 31 |\n"
        "Café machine | klein | 312,00 € | 1 | für die Brücke"
    )
    (table,) = found.tables
    assert (table.name, table.header[1], len(table.rows)) == ("spares", "Größe", 4)
    assert table.rows[2].cells == ("Fender", "60 cm", "74,50 €", "31", "")
    assert (found.media_type, found.paginated) == ("text/csv", False)


def test_a_list_with_tabs_in_utf_16_and_two_tables_is_read() -> None:
    found = delimited.load(FORMATS / "figures.tsv", "figures.tsv", max_pages=10)
    assert found.media_type == "text/tab-separated-values"
    assert found.pages[0].text.startswith("Brisa Ferry Company: passengers and sales\n\nRoute | ")
    assert [table.header[0] for table in found.tables] == ["Route", "Ship"]
    assert lines(found)[-1] == "Petrel | 2011 | 0.125"


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_the_dialect_is_found(tmp_path: Path, delimiter: str, end: str) -> None:
    rows = [["Part", "Price"], ["Rope, long", "3.50"], ["Fender; blue", "74.00"]]
    text = end.join(delimiter.join(f'"{cell}"' for cell in row) for row in rows)
    assert lines(read(tmp_path, text)) == [
        "Part | Price",
        "Rope, long | 3.50",
        "Fender; blue | 74.00",
    ]


def test_decimal_commas_do_not_hide_the_delimiter(tmp_path: Path) -> None:
    found = read(tmp_path, "Part;Price;Tax\nRope;3,50;0,70\nFender;74,00;14,80\n")
    assert found.tables[0].header == ("Part", "Price", "Tax")


def test_a_note_on_the_delimiter_is_followed(tmp_path: Path) -> None:
    assert lines(read(tmp_path, "sep=;\r\na;b,c\r\n1;2,5\r\n")) == ["a | b,c", "1 | 2,5"]


def test_ragged_rows_and_quoted_line_ends_stay_rows(tmp_path: Path) -> None:
    found = read(tmp_path, 'Part,Price,Note\nRope,3\n"Fender\nblue",74,"said ""no""",more\n')
    assert lines(found) == [
        "Part | Price | Note |",
        "Rope | 3 |  |",
        'Fender blue | 74 | said "no" | more',
    ]
    assert found.tables[0].header == ("Part", "Price", "Note", "")


def test_a_quotation_mark_that_is_never_closed_swallows_nothing(tmp_path: Path) -> None:
    rows = [f"Item {number},{number}" for number in range(800)]
    text = "\n".join(["Part,Price", 'Rope "long,3', '"Fender,4', *rows])
    found = read(tmp_path, text)
    assert len(lines(found)) == 803
    assert '"Fender | 4' in lines(found)


@pytest.mark.parametrize("most", [8, 0])
def test_a_short_list_loses_nothing_to_a_quotation_mark_either(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    monkeypatch.setattr(delimited, "MOST_UNCLOSED", most)
    found = read(tmp_path, 'Part,Price\nFender,4\n"Rope,3\nOar,5\n')
    assert lines(found) == ["Part | Price", "Fender | 4", '"Rope | 3', "Oar | 5"]


def test_cells_before_and_behind_such_a_mark_keep_their_commas(tmp_path: Path) -> None:
    text = 'Part,Price\n"Fender, blue",4\n3,"Rope\n' + "Oar,5\n" * 600 + "Sail,6\n"
    found = read(tmp_path, text)
    assert lines(found)[1:3] == ["Fender, blue | 4", '3 | "Rope']
    assert len(lines(found)) == 604
    last = 'Part,Price\n"Rope,3\nOar,5\n' + 'x,"' + "y" * 200_000 + '"\n'
    assert '"Rope | 3' in lines(read(tmp_path, last))


def test_quotation_marks_behind_a_backslash_end_no_cell(tmp_path: Path) -> None:
    found = read(tmp_path, 'Part,Note,Price\n"Rope","says \\"no\\", then",3\n"Oar","",5\n')
    assert lines(found)[1:] == ['Rope | says "no", then | 3', "Oar |  | 5"]
    folders = read(tmp_path, 'Part,Folder\nRope,"C:\\boats\\"\nOar,"D:\\new\\"\n')
    assert lines(folders)[1:] == ["Rope | C:\\boats\\", "Oar | D:\\new\\"]
    doubled = read(tmp_path, 'Part,Note\nRope,"a ""big\\"" one"\nOar,"x\\""y"\n')
    assert lines(doubled)[1:] == ['Rope | a "big\\" one', 'Oar | x\\"y']


def test_a_list_without_a_header_has_none(tmp_path: Path) -> None:
    found = read(tmp_path, "Rope,3\nFender,4\n")
    assert (found.tables[0].header, len(found.tables[0].rows)) == ((), 2)


def test_one_column_is_a_table_too(tmp_path: Path) -> None:
    found = read(tmp_path, "Harbour\nAlder\nTern\n")
    assert (found.tables[0].header, lines(found)) == (("Harbour",), ["Harbour", "Alder", "Tern"])


def test_a_long_list_goes_on_in_the_next_section(tmp_path: Path) -> None:
    text = "Part,Note\n" + "".join(f"Item {number},{'x' * 200}\n" for number in range(300))
    found = read(tmp_path, text)
    assert [(table.number, table.page) for table in found.tables] == [
        (1, page) for page in range(1, len(found.pages) + 1)
    ]
    assert len(lines(found)) == 301
    with pytest.raises(DocumentError, match="TRAMONTANE_MAX_PAGES"):
        read(tmp_path, text, max_pages=2)


@pytest.mark.parametrize("content", ["", " \n\n", ",,,\n,,,\n"])
def test_a_list_that_says_nothing_is_empty(tmp_path: Path, content: str) -> None:
    with pytest.raises(DocumentError) as caught:
        read(tmp_path, content)
    assert caught.value.state is DocumentState.EMPTY


def test_a_line_longer_than_any_cell_may_be_is_read(tmp_path: Path) -> None:
    found = read(tmp_path, f'Part,Note\nRope,"{"x" * 200_000}"\n')
    assert found.tables[0].rows[1].cells[0] == "Rope"
    assert sum(len(page.text) for page in found.pages) > 200_000


def test_too_many_cells_are_refused_before_they_are_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delimited, "MAX_CELLS", 5)
    assert len(lines(read(tmp_path, "a,b\n1,2\n"))) == 2
    with pytest.raises(DocumentError) as caught:
        read(tmp_path, "a,b\n1,2\n3,4\n")
    assert caught.value.state is DocumentState.TOO_LARGE
