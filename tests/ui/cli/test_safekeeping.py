from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from rag.store.catalog import Catalog
from tests.ui.cli.rig import BOATS, Run


@pytest.fixture
def backup(tmp_path: Path) -> Path:
    (tmp_path / "kept").mkdir()
    return tmp_path / "kept" / "backup.tar"


def test_a_library_that_was_lost_answers_again_from_its_backup(
    run: Run, filled: Path, backup: Path
) -> None:
    expected = run("search", "boats in winter", "--json").rows
    listed = run("list", "--json").rows
    output = run("backup", backup)
    assert (output.code, output.err) == (0, "")
    assert output.out.startswith("2 documents and 2 original files in 1 library were backed up ")
    assert output.out.endswith("MB), which was read back.\n")
    shutil.rmtree(filled)
    output = run("restore", backup)
    assert (output.code, output.err) == (0, "")
    restored, made_at = output.out.split(", as of ")
    assert restored == f"2 documents and 2 original files in 1 library were restored into {filled}"
    assert re.match(r"\d+ [A-Z][a-z]{2} \d{4}, \d\d:\d\d\. The search indexes", made_at)
    assert run("list", "--json").rows == listed
    assert run("search", "boats in winter", "--json").rows == expected
    assert expected[0]["text"] == BOATS


def test_programs_are_told_what_was_backed_up(run: Run, filled: Path, backup: Path) -> None:
    (row,) = run("backup", backup, "--json").rows
    assert row["file"] == str(backup)
    assert row["size_bytes"] == backup.stat().st_size
    counts = {"libraries": 1, "documents": 2, "pages": 3, "chunks": 3, "originals": 2}
    assert {name: row[name] for name in counts} == counts
    assert row["missing"] == []
    (back,) = run("restore", backup, "--data-dir", filled.with_name("new"), "--json").rows
    assert back == {
        "data_dir": str(filled.with_name("new")),
        **{name: row[name] for name in ("made_at", "schema", *counts, "missing")},
    }


def test_an_original_that_is_lost_is_named_and_the_code_says_so(
    run: Run, filled: Path, backup: Path, notes: Path
) -> None:
    path = Catalog(filled)
    (document,) = [
        each
        for each in path.documents(path.library("documents").id)
        if each.name.endswith("boats.pdf")
    ]
    original = path.original(document.id)
    path.close()
    original.unlink()
    output = run("backup", backup)
    assert output.code == 1
    assert output.err == (
        "The original of boats.pdf is not in the backup: it was missing. Add the file again; its "
        "text and its passages are there.\n"
    )
    new = filled.with_name("new")
    output = run("restore", backup, "--data-dir", new)
    assert output.code == 1
    assert "boats.pdf was not in the backup: it was missing." in output.err
    assert run("search", BOATS, "--data-dir", new, "--json").rows[0]["text"] == BOATS
    assert run("add", notes, "--data-dir", new).code == 0
    assert run("backup", backup, "--data-dir", new).code == 0


def test_what_cannot_be_done_is_one_sentence_and_exit_code_2(
    run: Run, filled: Path, backup: Path, tmp_path: Path
) -> None:
    assert "There is no catalog in" in run("backup", backup, "--data-dir", "none").sentence(2)
    assert "is a folder. Name a file" in run("backup", tmp_path).sentence(2)
    assert "exists and is no backup" in run("backup", "/dev/full").sentence(2)
    assert "cannot be read" in run("restore", backup, "--data-dir", "none").sentence(2)
    assert run("backup", backup).code == 0
    assert "is not empty" in run("restore", backup).sentence(2)
    content = bytearray(backup.read_bytes())
    content[len(content) // 2] ^= 1
    backup.write_bytes(content)
    assert "damaged" in run("restore", backup, "--data-dir", "none").sentence(2)
    assert not (tmp_path / "none").exists()
    assert "FILE" in run("backup").sentence(2)


def test_a_library_that_is_well_is_found_well(run: Run, filled: Path) -> None:
    run("search", "boats")
    output = run("check")
    assert (output.code, output.err) == (0, "")
    assert output.out == (
        "ok     database: catalog.sqlite is sound.\n"
        "ok     documents: 2 documents, 3 pages, 3 passages.\n"
        "ok     originals: 2 files are as they were.\n"
        "ok     indexes: Made for the one library.\n"
        "ok     leftovers: There are none.\n"
    )
    rows = run("check", "--json").rows
    assert {row["level"] for row in rows} == {"good"}
    assert [row["subject"] for row in rows] == [
        "database",
        "documents",
        "originals",
        "indexes",
        "leftovers",
    ]


def test_each_fault_says_what_mends_it_and_that_does(run: Run, filled: Path, notes: Path) -> None:
    run("search", "boats")
    for path in (filled / "derived").rglob("matrix.index"):
        path.write_bytes(b"damaged")
    for path in (filled / "blobs").rglob("??/*"):
        path.write_bytes(b"damaged")
    output = run("check", "--json")
    assert output.code == 1
    wrong = [row["sentence"] for row in output.rows if row["level"] == "wrong"]
    assert len(wrong) == 3
    assert sum("Add the file again: that puts it back." in sentence for sentence in wrong) == 2
    assert sum("`tramontane rebuild --library documents`" in sentence for sentence in wrong) == 1
    assert run("check").out.count("WRONG  originals: The original of ") == 2
    assert run("add", notes).code == 0
    assert run("rebuild", "--library", "documents").code == 0
    assert run("check").code == 0


def test_a_damaged_catalog_is_a_fault_and_an_absent_one_misuse(run: Run, filled: Path) -> None:
    (filled / "catalog.sqlite").write_bytes(b"no database" * 5000)
    output = run("check")
    assert output.code == 1
    assert output.out.startswith("WRONG  database: The catalog\n")
    assert "There is no catalog" in run("check", "--data-dir", "none").sentence(2)
