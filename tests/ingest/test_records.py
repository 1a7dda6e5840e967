from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ingest.loaded import LoadedDocument
from ingest.loaders import records
from rag.domain import DocumentState
from rag.errors import DocumentError


def read(folder: Path, content: str, name: str = "boats.json") -> LoadedDocument:
    path = folder / "stored"
    path.write_text(content, encoding="utf-8")
    return records.load(path, name, max_pages=500)


def text_of(loaded: LoadedDocument) -> str:
    return "".join(page.text for page in loaded.pages)


def test_every_value_stands_on_a_line_with_its_path(tmp_path: Path) -> None:
    loaded = read(
        tmp_path,
        '{"harbour": {"name": "Sète", "x.y": [1.10, -2e5, {"deep": null}]}, "open": true,'
        ' "none": {}, "empty": [], "": "é\\u0000", "n": 12345678901234567890123, "NaN": NaN}',
    )

    assert text_of(loaded).split("\n") == [
        "harbour.name: Sète",
        'harbour["x.y"][0]: 1.10',
        'harbour["x.y"][1]: -2e5',
        'harbour["x.y"][2].deep: null',
        "open: true",
        "none: {}",
        "empty: []",
        '[""]: é ',
        "n: 12345678901234567890123",
        "NaN: NaN",
    ]
    assert (loaded.title, loaded.media_type, loaded.paginated) == (
        "boats",
        "application/json",
        False,
    )


def test_a_name_that_stands_there_twice_loses_nothing(tmp_path: Path) -> None:
    loaded = read(tmp_path, '{"pump": 40, "pump": 50, "pump-2": 60, "pump": {"bar": 70}}')

    assert text_of(loaded).split("\n") == [
        "pump: 40",
        "pump-2: 50",
        "pump-2-2: 60",
        "pump-3.bar: 70",
    ]


def test_a_list_of_flat_objects_is_a_table(tmp_path: Path) -> None:
    loaded = read(
        tmp_path,
        '{"year": 2025, "seasons": [{"name": "winter", "boats": 41},'
        ' {"name": "summer\\nlate", "boats": 97.50, "note": null}]}',
    )
    text = text_of(loaded)

    assert text == (
        "year: 2025\n\nseasons:\n\nname | boats | note\nwinter | 41 |\nsummer late | 97.50 |"
    )
    (table,) = loaded.tables
    assert (table.name, table.header) == ("seasons", ("name", "boats", "note"))
    assert [text[row.start : row.end] for row in table.rows] == text.split("\n")[4:]
    assert table.rows[2].cells == ("summer late", "97.50", "")


@pytest.mark.parametrize(
    "value",
    [
        [{"a": 1, "b": 2}],
        [{"a": 1, "b": 2}, 3],
        [{"a": 1, "b": [2]}, {"a": 1, "b": 2}],
        [{f"k{number}": 1, "b": 2} for number in range(20)],
        [{"a": 1}, {"a": 2}],
    ],
    ids=["one", "others", "deep", "unlike", "one column"],
)
def test_other_lists_are_lines(tmp_path: Path, value: Any) -> None:
    assert read(tmp_path, json.dumps(value)).tables == ()


def test_a_value_a_line_is_read_as_a_list(tmp_path: Path) -> None:
    loaded = read(tmp_path, '{"a": 1, "b": "x"}\n\n{"a": 2, "b": "y"}\n{"a": 3, "b"\n', "a.jsonl")

    assert text_of(loaded) == 'a | b\n1 | x\n2 | y\n\n{"a": 3, "b"'
    assert loaded.reason == "1 of 3 lines are no valid JSON; they stand at the end."
    assert len(loaded.tables[0].rows) == 3


@pytest.mark.parametrize(
    "content", ["{broken", "[" * 100_000, '{"a": 1} trailing', '{"a": 1, // note\n "b": 2}']
)
def test_what_is_no_json_is_plain_text(tmp_path: Path, content: str) -> None:
    loaded = read(tmp_path, content)

    assert text_of(loaded) == content
    assert loaded.reason == (
        "The file is called .json, but is no valid JSON; it was read as plain text."
    )


def test_a_notebook_is_read_as_markdown(tmp_path: Path) -> None:
    cells = [
        {"cell_type": "markdown", "source": ["# Boats\n", "Forty-one."]},
        {
            "cell_type": "code",
            "source": "# no heading\nprint(41)",
            "outputs": [
                {"output_type": "stream", "text": ["\x1b[31m41\x1b[0m\n"]},
                {"output_type": "execute_result", "data": {"text/plain": "'```'"}},
                {"output_type": "error", "ename": "ValueError", "evalue": "no"},
                {"output_type": "display_data", "data": {"image/png": "AAAA"}},
            ],
        },
        {"cell_type": "code", "source": ""},
        "odd",
    ]
    loaded = read(tmp_path, json.dumps({"nbformat": 4, "cells": cells}), "a.ipynb")

    assert text_of(loaded) == (
        "# Boats\nForty-one.\n\n```\n# no heading\nprint(41)\n```\n\n```\n41\n```\n\n"
        "````\n'```'\n````\n\n```\nValueError: no\n```"
    )
    assert [heading.title for heading in loaded.outline] == ["Boats"]
    assert loaded.title == "Boats"


def test_paths_that_grow_without_end_are_refused(tmp_path: Path) -> None:
    deep = ('{"' + "k" * 2_000 + '":') * 500 + "[" + "1," * 20_000 + "1]" + "}" * 500
    with pytest.raises(DocumentError) as caught:
        read(tmp_path, deep)

    assert caught.value.state is DocumentState.TOO_LARGE
