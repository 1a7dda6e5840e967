from __future__ import annotations

from pathlib import Path

import pytest

from ingest.delimited_text import delimiter_in
from ingest.loaders.load import load
from rag.domain import DocumentState
from rag.errors import DocumentError


@pytest.mark.parametrize(
    ("text", "delimiter"),
    [
        ("Name,Age\nBob,5\nAnn,7\n", ","),
        ("Name;Price\nBoat;5,50\nOar;7,25\n", ";"),
        ("Name\tAge\nBob\t5\nAnn\t7\nEve\t", "\t"),
        ("Bob, who rows,\nAnn, who sails,\nand Eve, 5, who swims,\n", ""),
        ("One,two\nthree,four\nfive,six\n", ""),
        ("Name,Age\nBob,5\n\nAnn,7\n", ""),
        ("Name,Age\nBob,5\nAnn,7,8\n", ""),
        ("Dear Ann,5\nPlease,6\n", ""),
        ("", ""),
    ],
)
def test_a_table_is_told_from_prose_with_commas(text: str, delimiter: str) -> None:
    assert delimiter_in(text) == delimiter


def test_a_table_that_is_called_a_text_is_one(tmp_path: Path) -> None:
    path = tmp_path / "ages.txt"
    path.write_text("Name,Age\nBob,5\nAnn,7\n")
    found = load(path, path.name, max_pages=10)

    assert found.reason == "The file is called .txt, but is a table (CSV); it was read as one."
    assert found.tables[0].header == ("Name", "Age")
    assert found.tables[0].rows[-1].cells == ("Ann", "7")


def test_json_that_is_called_a_table_is_said_to_be_json(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text('{"a":1,"b":[{"c":2}]}')
    found = load(path, path.name, max_pages=10)

    assert found.media_type == "application/json"
    assert found.reason == "The file is called .csv, but is a JSON file; it was read as one."


def test_what_is_damaged_is_said_to_be_called_otherwise(tmp_path: Path) -> None:
    path = tmp_path / "a.docx"
    path.write_bytes(b"%PDF-1.7\nnothing of a PDF")

    with pytest.raises(DocumentError) as caught:
        load(path, path.name, max_pages=10)
    assert caught.value.state is DocumentState.DAMAGED
    assert caught.value.reason == (
        "The file is called .docx, but is a PDF. The file is damaged and cannot be opened as a PDF."
    )
