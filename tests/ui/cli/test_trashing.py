from __future__ import annotations

import os
from contextlib import closing, suppress
from pathlib import Path

from rag.marks import MarkedAnswer, Marks, Place
from rag.settings import load_settings
from rag.store.catalog import Catalog
from rag.wiring import build_existing
from tests.rag.store.shelves import finish, start_python
from tests.ui.cli.rig import DOCUMENT, Run

CANARY = "zirbelnuss"
TEXT = f"The {CANARY} of the old mill weighs four kilograms. " * 40

READER = """
import sys
from contextlib import closing
from pathlib import Path
from rag.settings import load_settings
from rag.wiring import build_existing
with closing(build_existing(load_settings({"data_dir": Path(sys.argv[1])}))) as application:
    def found(question):
        passages = application.retriever.retrieve(question, application.scope(), 3).passages
        return [passage.document.name for passage in passages]
    print(*found("What does the mill weigh?"), flush=True)
    for line in sys.stdin:
        print(*found("What does the mill weigh?"), flush=True)
"""


def holding(folder: Path, word: str) -> list[str]:
    """The files of a folder that hold a word, in any spelling, or are named by it.

    Another process may be making and deleting some meanwhile: what is gone holds none.
    """
    found = []
    for inner, _, names in os.walk(folder):
        for path in (Path(inner, name) for name in names):
            with suppress(FileNotFoundError):
                if word.encode() in (path.name.encode() + path.read_bytes()).lower():
                    found.append(str(path.relative_to(folder)))
    return sorted(found)


def test_what_is_removed_can_be_brought_back(run: Run, filled: Path) -> None:
    run("remove", "boats.pdf")
    assert run("list").out.count("boats.pdf") == 0
    (row,) = run("trash", "--json").rows
    assert set(row) == DOCUMENT | {"removed_at", "purged_at"}
    assert row["document"] == "boats.pdf"
    assert run("trash").out.startswith("boats.pdf: removed ")

    back = run("bring-back", "boats.pdf")

    assert (back.code, back.out, back.err) == (0, "boats.pdf is in the library again.\n", "")
    assert "boats.pdf" in run("list").out
    assert run("trash").sentence(0) == "The trash is empty."
    assert run("search", "boats", "--json").rows[0]["document"] == "boats.pdf"


def test_adding_what_is_in_the_trash_brings_it_back(run: Run, filled: Path, notes: Path) -> None:
    (before,) = [row for row in run("list", "--json").rows if row["document"] == "boats.pdf"]
    run("remove", "boats.pdf")
    output = run("add", notes / "boats.pdf")
    assert output.out == "boats.pdf was brought back from the trash.\n"
    assert before in run("list", "--json").rows
    assert run("trash").sentence(0) == "The trash is empty."


def test_what_is_not_in_the_trash_is_neither_brought_back_nor_purged(
    run: Run, filled: Path
) -> None:
    assert run("bring-back", "nothing.pdf").sentence(1) == (
        "The trash of 'documents' has no document 'nothing.pdf'. See it with: tramontane trash"
    )
    assert run("purge", "boats.pdf").sentence(1) == (
        "boats.pdf is in the library, not in the trash. "
        "Remove it first: tramontane remove boats.pdf"
    )
    assert "boats.pdf" in run("list").out
    assert "30 days" in run("purge").sentence(0)
    assert run("purge", "boats.pdf", "--all").code == 2


def test_purging_leaves_no_byte_while_a_server_has_the_catalog_open(
    run: Run, filled: Path, tmp_path: Path
) -> None:
    path = tmp_path / f"{CANARY}.txt"
    path.write_text(TEXT)
    run("add", path)
    library = run_library(filled)
    marks = Marks(filled)
    place = Place(f"{CANARY}.txt", None)
    about = MarkedAnswer("What?", "What?", f"The {CANARY}.", False, cited=(place,))
    other = MarkedAnswer("Boats?", "Boats?", "Forty-one.", False, cited=(Place("boats.pdf", 1),))
    for each in (about, other):
        marks.mark(library, each)
    server = start_python(READER, str(filled))
    assert server.stdout is not None
    assert server.stdin is not None
    assert f"{CANARY}.txt" in server.stdout.readline().split()
    run("remove", path.name)
    server.stdin.write("\n")
    server.stdin.flush()
    assert f"{CANARY}.txt" not in server.stdout.readline().split()
    before = holding(filled, CANARY)
    assert "catalog.sqlite" in before
    derived = set((filled / "derived").rglob("*.*"))  # whose words are packed
    assert derived
    assert any(name.startswith("blobs") for name in before)

    output = run("purge", path.name)

    assert (output.code, output.err) == (0, "")
    assert output.out == f"{CANARY}.txt was deleted for good.\n"
    assert holding(filled, CANARY) == []
    assert not derived & set((filled / "derived").rglob("*.*"))
    server.stdin.write("\n")
    server.stdin.flush()
    assert "boats.pdf" in server.stdout.readline()
    assert holding(filled, CANARY) == []
    finish(server, "")
    assert holding(filled, CANARY) == []
    assert [each.id for each in marks.marked(library)] == [other.id]
    assert run("list", "--json").rows


def run_library(data: Path) -> str:
    with closing(Catalog(data)) as catalog:
        return catalog.library("documents").id


def test_all_that_is_in_the_trash_is_purged_at_once(run: Run, filled: Path) -> None:
    run("remove", "boats.pdf", "light.txt")
    output = run("purge", "--all", "--json")
    assert sorted(row["document"] for row in output.rows) == ["boats.pdf", "light.txt"]
    assert run("trash").sentence(0) == "The trash is empty."
    assert list(filled.glob("blobs/*/*")) == []
    with closing(build_existing(load_settings({"data_dir": filled}))) as application:
        assert application.catalog.documents(application.library.id) == []


def test_an_empty_trash_is_called_empty(run: Run, filled: Path) -> None:
    assert run("purge", "--all").sentence(0) == "The trash is empty."
    run("remove", "boats.pdf")
    assert run("purge").sentence(0).startswith("Nothing has been in the trash for 30 days.")
