"""What people thought of answers, listed and exported by `tramontane eval`."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from rag.domain import Verdict
from rag.marks import MarkedAnswer, MarkedQuote, Marks, Opinion, Place
from rag.settings import load_settings
from rag.store.catalog import Catalog
from tests.ui.cli.rig import Run

BOATS = "How many boats does the harbour hold in winter?"
NOTHING = "What is the capital of Mongolia?"
QUOTE = MarkedQuote("boats.pdf", 2, 0, 61, "forty-one boats", Verdict.SUPPORTED)
RIGHT = MarkedAnswer(
    BOATS, BOATS, "Forty-one [1].", False, "exactly", (Place("boats.pdf", 2),), id="r",
    marked_at=1.7e9, opinion=Opinion.RIGHT, model="small", quotes=(QUOTE,),
)  # fmt: skip
INVENTED = MarkedAnswer(
    NOTHING, NOTHING, "Ulaanbaatar [1].", False, "it is not in there", (Place("boats.pdf", 1),),
    id="u", opinion=Opinion.UNANSWERABLE,
)  # fmt: skip


@pytest.fixture
def marked(filled: Path) -> Marks:
    settings = load_settings({"data_dir": filled})
    catalog = Catalog(settings.data_dir)
    library_id = catalog.library(settings.library).id
    catalog.close()
    marks = Marks(filled)
    for each in (RIGHT, INVENTED):
        marks.mark(library_id, each)
    return marks


def test_marks_are_listed_for_people(run: Run, marked: Marks) -> None:
    output = run("eval", "--marks")

    assert (output.code, output.err) == (0, "")
    first, *lines = output.out.splitlines()
    assert re.fullmatch(rf"- right, 1[45] Nov 2023, \d\d:\d\d: {re.escape(BOATS)}", first)
    assert lines[:3] == [
        "    because: exactly",
        "    answered by small: Forty-one [1].",
        "    cited: boats.pdf, p. 2",
    ]
    assert re.match(r"- unanswerable, \d+ [A-Z][a-z]{2} \d{4}, \d\d:\d\d: ", lines[3])


def test_without_marks_it_says_how_to_make_one(run: Run, filled: Path) -> None:
    assert run("eval", "--marks").sentence(0) == "No answer is marked yet: mark one in the page."


def test_marks_are_exported_as_questions_with_their_evidence(
    run: Run, marked: Marks, tmp_path: Path
) -> None:
    right, invented = run("eval", "--export", "-").rows

    assert run("eval", "--marks", "--json").rows == [right, invented]
    assert right["evidence"] == [{"document": "boats.pdf", "page": 2}]
    assert right["cited"] == []
    assert right["marked"]["citations"][0]["quote"] == "forty-one boats"
    assert right["marked"] | {"citations": []} == {
        "opinion": "right",
        "at": "2023-11-14T22:13:20+00:00",
        "asked": BOATS,
        "answer": "Forty-one [1].",
        "refused": False,
        "grounded": True,
        "model": "small",
        "citations": [],
        "claims": [],
    }
    assert (invented["evidence"], invented["reason"]) == ([], "it is not in there")
    assert invented["cited"] == [{"document": "boats.pdf", "page": 1}]


def test_what_was_marked_is_asked_again(run: Run, marked: Marks, tmp_path: Path) -> None:
    path = tmp_path / "marked.jsonl"
    assert run("eval", "--export", path).err == f"2 marked questions were written to {path}.\n"

    for asked in (["--marked"], [path]):
        found = run("eval", *asked, "--answers", "--json").rows[0]["runs"]["now"]
        assert list(found["kinds"]) == ["marked right", "marked unanswerable"]
        assert found["figures"]["hit@1"] == 1.0
        assert found["figures"]["refusal_accuracy"] == 1.0
        assert found["figures"]["answers_citing_right"] == 1.0
    assert json.loads(path.read_text().splitlines()[0])["kind"] == "marked right"
