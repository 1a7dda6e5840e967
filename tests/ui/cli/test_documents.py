from __future__ import annotations

import os
from contextlib import closing
from pathlib import Path

import pytest

from rag.store.catalog import Catalog
from tests.builders import PdfPage, pdf
from tests.ui.cli.rig import BOATS, DOCUMENT, Run
from ui.naming import GOES_ON


def test_adding_a_folder_takes_its_files_but_not_hidden_ones(
    run: Run, notes: Path, tmp_path: Path
) -> None:
    data = tmp_path / "data"
    output = run("add", notes, "--data-dir", data)
    assert (output.code, output.err) == (0, f"The library 'documents' was made in {data}.\n")
    assert sorted(output.out.splitlines()) == ["boats.pdf was added.", "light.txt was added."]
    assert run("add", notes / "boats.pdf", "--data-dir", data).out == (
        "boats.pdf is already in the library.\n"
    )


def test_added_documents_as_json(run: Run, notes: Path, tmp_path: Path) -> None:
    arguments = ["add", notes, "--data-dir", tmp_path / "data", "--json"]
    first, second = sorted(run(*arguments).rows, key=lambda row: str(row["document"]))
    assert set(first) == DOCUMENT | {"new"}
    assert (first["document"], first["pages"], first["state"]) == ("boats.pdf", 2, "ready")
    assert (second["document"], second["pages"]) == ("light.txt", None)
    assert first["size_bytes"] == (notes / "boats.pdf").stat().st_size
    assert [row["new"] for row in (first, second)] == [True, True]
    assert [row["new"] for row in run(*arguments).rows] == [False, False]


def test_a_file_that_cannot_be_read_costs_itself_alone(run: Run, notes: Path) -> None:
    (notes / "a-scan.pdf").write_bytes(pdf([PdfPage(image=True)]))
    output = run("add", notes)
    assert output.code == 1
    scan, *others = sorted(output.out.splitlines())
    assert scan.startswith("a-scan.pdf: The document holds no words")
    assert others == ["boats.pdf was added.", "light.txt was added."]


def test_a_file_that_vanishes_costs_itself_alone(
    run: Run, notes: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = notes / "a-gone.txt"
    monkeypatch.setattr("ui.inputs.files", lambda _: ([gone, notes / "inner" / "light.txt"], []))
    output = run("add", notes, "--json")
    assert output.code == 1
    assert "cannot be read" in output.err
    assert [row["document"] for row in output.rows] == ["a-gone.txt", "light.txt"]
    assert set(output.rows[0]) == DOCUMENT | {"new"}
    assert output.rows[0]["state"] == "failed"


def test_a_path_that_is_not_there_costs_itself_alone(run: Run, notes: Path) -> None:
    output = run("add", "nowhere.pdf", notes / "boats.pdf")
    assert (output.code, output.out) == (1, "boats.pdf was added.\n")
    assert output.err.splitlines()[0] == "There is no file or folder nowhere.pdf."


def test_an_empty_folder_is_said_to_be_empty(run: Run, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    output = run("add", tmp_path / "empty")
    assert (output.code, output.out) == (0, "")
    assert output.err == "There are no files in it.\n"


@pytest.mark.skipif(os.name != "posix", reason="other systems have no such names")
def test_a_file_name_that_is_no_text_is_printed_all_the_same(run: Run, tmp_path: Path) -> None:
    path = tmp_path / os.fsdecode(b"caf\xe9.txt")
    path.write_text(BOATS)
    assert run("add", path).code == 0
    (row,) = run("list", "--json").rows
    assert row["document"] == "caf\ufffd.txt"
    assert "caf\ufffd.txt" in run("list").out
    assert "cannot be read" in run("batch", os.fsdecode(b"caf\xe9.csv")).sentence(2)


def test_listing_shows_every_document(run: Run, filled: Path) -> None:
    output = run("list")
    assert (output.code, output.err) == (0, "")
    head, *lines = (line.split() for line in output.out.splitlines())
    assert head == ["id", "document", "title", "pages", "state"]
    # In the order in which they were read, side by side.
    assert sorted(line[1:] for line in lines) == [
        ["boats.pdf", "2", "ready"],
        ["light.txt", "ready"],
    ]
    rows = run("list", "--json").rows
    assert [set(row) for row in rows] == [DOCUMENT, DOCUMENT]
    assert [row["document"] for row in rows] == [line[1] for line in lines]


def test_a_title_is_listed_where_it_says_more_than_the_name(run: Run, tmp_path: Path) -> None:
    (tmp_path / "q3.pdf").write_bytes(pdf([PdfPage()], title="Results of the third quarter"))
    assert run("add", "q3.pdf").code in (0, 1)
    assert "Results of the third quarter" in run("list").out


def test_names_with_markup_are_listed_as_they_are(run: Run, tmp_path: Path) -> None:
    (tmp_path / "[red] :smile: [bold].txt").write_text(BOATS)
    assert run("add", "[red] :smile: [bold].txt").code == 0
    assert "[red] :smile: [bold].txt" in run("list").out


@pytest.mark.parametrize("arguments", [["list"], ["list", "--json"]])
def test_an_empty_library_is_listed_without_being_made(
    arguments: list[str], run: Run, tmp_path: Path
) -> None:
    output = run(*arguments, "--data-dir", tmp_path / "data")
    assert (output.code, output.out) == (0, "")
    assert run("rebuild", "--embedding", "all-MiniLM-L6-v2", "--data-dir", "data").code == 2


def test_removing_takes_a_document_from_list_and_search(run: Run, filled: Path) -> None:
    output = run("remove", "boats.pdf")
    assert (output.code, output.out, output.err) == (0, "boats.pdf was removed.\n", "")
    assert [row["document"] for row in run("list", "--json").rows] == ["light.txt"]
    found = run("search", "How many boats are in the harbour?", "--json").rows
    assert {row["document"] for row in found} == {"light.txt"}
    identity = run("list", "--json").rows[0]["id"]
    assert run("remove", identity, "--json").rows[0]["id"] == identity
    assert run("search", "boats").err.startswith("There is no text to search.")
    assert len([path for path in (filled / "blobs").rglob("*") if path.is_file()]) == 2  # for now


def test_removing_what_is_not_there_leaves_the_rest_to_be_removed(run: Run, filled: Path) -> None:
    output = run("remove", "nothing.pdf", "boats.pdf")
    assert (output.code, output.out) == (1, "boats.pdf was removed.\n")
    assert output.err == (
        "The library 'documents' has no document 'nothing.pdf'. See them with: tramontane list\n"
    )


def test_libraries_are_apart(run: Run, filled: Path, notes: Path) -> None:
    assert run("list", "--library", "other", "--json").rows == []
    assert run("add", notes / "boats.pdf", "--library", "other").code == 0
    assert len(run("list", "--library", "other", "--json").rows) == 1
    assert len(run("list", "--json").rows) == 2


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_what_is_no_file_in_a_folder_is_passed_over_aloud(
    run: Run, notes: Path, tmp_path: Path
) -> None:
    os.mkfifo(notes / "pipe.txt")
    (notes / "gone.txt").symlink_to(tmp_path / "nowhere")
    (notes / "folder.txt").symlink_to(notes / "inner")
    output = run("add", notes, "--data-dir", tmp_path / "data")
    assert output.code == 0
    assert output.err.splitlines()[:-1] == [
        f"{notes / 'gone.txt'} was passed over: it is a link to nothing.",
        f"{notes / 'pipe.txt'} was passed over: it is a pipe, a socket or a device.",
    ]
    assert output.out.count("was added.") == 2


def test_a_link_that_leads_out_of_a_folder_is_read_only_where_it_is_named(
    run: Run, notes: Path, tmp_path: Path
) -> None:
    (tmp_path / "far").mkdir()
    (tmp_path / "far" / "secret.txt").write_text("The key lies under the third stone.")
    (notes / "out.txt").symlink_to(tmp_path / "far" / "secret.txt")
    (notes / "outer").symlink_to(tmp_path / "far")
    (notes / ".tide.txt").write_text("The tide table hangs in the office.")
    (notes / "within.txt").symlink_to(notes / ".tide.txt")
    alias = tmp_path / "alias"
    alias.symlink_to(notes)
    told = (
        "was passed over: it is a link that leads out of the folder; to add it, name it by itself."
    )
    for folder in (notes, alias):
        output = run("add", folder, "--data-dir", tmp_path / f"of-{folder.name}", "--json")
        assert {row["document"] for row in output.rows} == {"boats.pdf", "light.txt", "within.txt"}
        assert output.err.splitlines()[:2] == [
            f"{folder / 'out.txt'} {told}",
            f"{folder / 'outer'} {told}",
        ]
    output = run("add", notes / "out.txt", "--data-dir", tmp_path / "data", "--json")
    assert [row["document"] for row in output.rows] == ["out.txt"]


def test_of_two_documents_with_one_name_the_one_with_the_id_is_removed(
    run: Run, filled: Path, tmp_path: Path
) -> None:
    (tmp_path / "more").mkdir()
    (tmp_path / "more" / "light.txt").write_text("The lighthouse is dark now.")
    assert run("add", tmp_path / "more").code == 0
    twins = [row["id"] for row in run("list", "--json").rows if row["document"] == "light.txt"]
    output = run("remove", "light.txt")
    assert (output.code, output.out) == (1, "")
    assert output.err.startswith("2 documents are called light.txt. Name one by its id: ")
    assert all(identity in output.err for identity in twins)
    assert run("remove", twins[0]).code == 0
    left = [row["id"] for row in run("list", "--json").rows if row["document"] == "light.txt"]
    assert left == twins[1:]


def test_a_report_of_what_is_not_there_leaves_the_others_to_be_reported(
    run: Run, filled: Path
) -> None:
    output = run("report", "nothing.pdf", "light.txt")
    assert output.code == 1
    assert output.out.startswith("light.txt: ")
    assert "no document 'nothing.pdf'" in output.err


def test_files_that_are_not_read_yet_are_told_by_a_list(run: Run, filled: Path) -> None:
    with closing(Catalog(filled)) as catalog:
        library = catalog.library("documents").id
        catalog.jobs.submit(library, "late.txt", "0" * 64, 1)
    output = run("list")
    assert output.err == f"1 file waits to be read: {GOES_ON}\n"
    assert run("list", "--json").code == 0
