from __future__ import annotations

import io
import itertools
import json
from collections.abc import Iterator
from typing import Any

import pytest

from rag.pairs import (
    LONGEST_CLAIM,
    LONGEST_ROW,
    TOGETHER,
    BadPair,
    Pair,
    check_pairs,
    read_pairs,
)
from rag.verification import Verifier
from rag.wiring import build_verifier

PASSAGE = "Nemo has 12 billion parameters. Mistral built it\ntogether with NVIDIA."


@pytest.fixture(scope="module")
def verifier() -> Verifier:
    return build_verifier()


def read(text: str) -> list[Pair | BadPair]:
    return list(read_pairs(io.StringIO(text)))


def line(**fields: Any) -> str:
    return json.dumps(fields) + "\n"


def test_rows_are_read_in_order_and_numbered_where_they_have_no_id() -> None:
    rows = read(
        "\ufeff"
        + line(id="a", claim="One.", passage="P")
        + "\r\n  \n"
        + line(id=7, claim="Two.", passage="P")
        + line(claim="Three.", passage="P")
        + line(id=True, claim="Four.", passage="P", more=[1])
    )
    assert rows == [
        Pair("a", "One.", "P"),
        Pair(7, "Two.", "P"),
        Pair("3", "Three.", "P"),
        Pair("4", "Four.", "P"),
    ]


@pytest.mark.parametrize(
    ("row", "id_", "says"),
    [
        ('{"id": "x", "passage": "P"}', "x", "claim cannot be used: there is none"),
        ('{"id": "x", "claim": "C"}', "x", "passage cannot be used: there is none"),
        ('{"id": "x", "claim": "C", "passage": " \\n"}', "x", "it is empty"),
        ('{"id": "x", "claim": 3, "passage": "P"}', "x", "it is not a text"),
        ('{"id": "x", "claim": ["C"], "passage": "P"}', "x", "it is not a text"),
        ('{"id": "x", "claim": "\\ud83d", "passage": "P"}', "x", "not UTF-8"),
        ('{"id": "x"', "1", "not JSON"),
        ('{"id": NaN, "claim": "C", "passage": "P"}', "1", "not JSON"),
        ("[" * 100_000, "1", "not JSON"),
        ("[1, 2]", "1", "not a JSON object"),
        ('"text"', "1", "not a JSON object"),
        (json.dumps({"claim": "C" * (LONGEST_CLAIM + 1), "passage": "P"}), "1", "8,001 characters"),
    ],
)
def test_a_row_that_is_no_pair_says_why_in_one_sentence(row: str, id_: str, says: str) -> None:
    (bad, good) = read(row + "\n" + line(claim="C", passage="P"))
    assert isinstance(bad, BadPair)
    assert bad.id == id_
    assert says in bad.reason
    assert bad.reason.endswith(".")
    assert good == Pair("2", "C", "P")


@pytest.mark.parametrize("length", [LONGEST_ROW, LONGEST_ROW + 1, 3 * LONGEST_ROW])
def test_a_line_that_is_too_long_is_passed_over(length: int) -> None:
    bad, good = read("x" * length + "\n" + line(claim="C", passage="P"))
    assert isinstance(bad, BadPair)
    assert "too long" in bad.reason
    assert good == Pair("2", "C", "P")


@pytest.mark.parametrize("indent", [None, 2])
def test_a_list_of_rows_is_read_too(indent: int | None) -> None:
    rows = [{"id": str(number), "claim": "C }{", "passage": "P" * 5_000} for number in range(40)]
    found = read(json.dumps(rows, indent=indent))
    assert found == [Pair(str(number), "C }{", "P" * 5_000) for number in range(40)]


def test_a_list_that_breaks_off_gives_what_came_before() -> None:
    first, bad = read('[{"claim": "C", "passage": "P"},\n {"claim": "D", ')
    assert first == Pair("1", "C", "P")
    assert isinstance(bad, BadPair)
    assert "not JSON" in bad.reason


def test_each_row_has_a_verdict_and_an_exact_quote(verifier: Verifier) -> None:
    rows = read(
        line(id="a", claim="Nemo has 12 billion parameters.", passage=PASSAGE)
        + line(id="b", claim="Nemo has 13 billion parameters.", passage=PASSAGE)
        + line(id="c", claim="Nemo.", passage="")
        + line(id="d", claim="Mistral built it together with NVIDIA.", passage=PASSAGE)
    )
    found = list(check_pairs(iter(rows), verifier))
    assert [row["id"] for row in found] == ["a", "b", "c", "d"]
    assert [row["verdict"] for row in found] == ["supported", "unsupported", None, "supported"]
    assert [set(row) for row in found] == [
        {"id", "verdict", "quote", "reason"} | ({"error"} if row["id"] == "c" else set())
        for row in found
    ]
    assert all(row["quote"] in PASSAGE for row in found)
    assert found[3]["quote"] == "Mistral built it\ntogether with NVIDIA."
    assert "13 billion" in found[1]["reason"]


def test_no_more_rows_are_read_than_are_checked_together(verifier: Verifier) -> None:
    taken = itertools.count()

    def endless() -> Iterator[Pair]:
        while True:
            yield Pair(next(taken), "Nemo has 12 billion parameters.", PASSAGE)

    found = check_pairs(endless(), verifier)
    assert [row["id"] for row in itertools.islice(found, TOGETHER + 1)] == [*range(TOGETHER + 1)]
    assert next(taken) == 2 * TOGETHER
