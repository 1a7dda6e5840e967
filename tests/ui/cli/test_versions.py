from __future__ import annotations

import re
import time
from pathlib import Path
from zipfile import ZipFile

from ingest.taken import REPLACED
from tests.ui.cli.rig import Run
from ui.times import written_day

OLD = "The annual fee of the harbour is 500 francs."
NEW = "The annual fee of the harbour is 750 francs."
ADDED = f"{REPLACED.format('fees.txt')}\n"


def test_a_changed_file_takes_the_place_of_the_one_before(
    run: Run, filled: Path, tmp_path: Path
) -> None:
    path = tmp_path / "fees.txt"
    path.write_text(OLD)
    assert run("add", path).out == "fees.txt was added.\n"
    (before,) = [row for row in run("list", "--json").rows if row["document"] == "fees.txt"]
    path.write_text(NEW)

    output = run("add", path)

    assert (output.code, output.out) == (0, ADDED)
    (now,) = [row for row in run("list", "--json").rows if row["document"] == "fees.txt"]
    assert now["id"] != before["id"]
    found = run("search", "What is the annual fee of the harbour?", "--json").rows
    assert [row["text"] for row in found if row["document"] == "fees.txt"] == [NEW]
    (report,) = run("report", "fees.txt", "--json").rows
    assert [version["id"] for version in report["versions"]] == [before["id"]]
    told = run("report", "fees.txt").out
    day = written_day(time.time())
    assert f"An earlier version was replaced on {day}. Its id is {before['id']}." in told
    assert run("report", before["id"]).code == 1
    assert run("trash").sentence(0) == "The trash is empty."
    run("bring-back", before["id"])
    found = run("search", "What is the annual fee of the harbour?", "--json").rows
    assert {row["text"] for row in found if row["document"] == "fees.txt"} == {OLD, NEW}


def ids(line: str) -> list[str]:
    """The ids of a document that was added, and of another that is called so."""
    told = r"fees\.txt was added\. It has the id (\w+); the document (\w+) is called so, too\."
    found = re.fullmatch(told, line)
    assert found is not None, line
    return list(found.groups())


def test_files_of_one_name_in_a_folder_stay_two_documents_and_are_replaced_each(
    run: Run, filled: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "papers"
    for place, text in (("a", OLD), ("b", NEW)):
        (folder / place).mkdir(parents=True)
        (folder / place / "fees.txt").write_text(text)
    first, second = run("add", folder).out.splitlines()
    assert ids(first) == ids(second)[::-1]
    assert run("list").out.count("fees.txt") == 2
    (folder / "a" / "fees.txt").write_text(OLD.replace("500", "650"))

    output = run("add", folder)

    known, added = sorted(output.out.splitlines())
    assert known == "fees.txt is already in the library."
    assert added.startswith(ADDED.strip())
    found = run("search", "What is the annual fee of the harbour?", "--json").rows
    texts = {row["text"] for row in found if row["document"] == "fees.txt"}
    assert texts == {OLD.replace("500", "650"), NEW}


def test_two_files_of_one_name_in_one_command_are_two_documents(
    run: Run, filled: Path, tmp_path: Path
) -> None:
    for place, text in (("a", OLD), ("b", NEW)):
        (tmp_path / place).mkdir()
        (tmp_path / place / "fees.txt").write_text(text)
    run("add", tmp_path / "a" / "fees.txt", tmp_path / "b" / "fees.txt")
    assert run("list").out.count("fees.txt") == 2


def test_the_files_of_a_changed_archive_are_replaced_each(
    run: Run, filled: Path, tmp_path: Path
) -> None:
    path = tmp_path / "papers.zip"
    for text in (OLD, NEW):
        with ZipFile(path, "w") as archive:
            archive.writestr("fees.txt", text)
            archive.writestr("deep/fees.txt", "The mole is of granite.")
        assert run("add", path).code == 0
    rows = run("list", "--json").rows
    names = [str(row["document"]) for row in rows if str(row["document"]).startswith("papers")]
    assert sorted(names) == ["papers.zip/deep/fees.txt", "papers.zip/fees.txt"]
    found = run("search", "What is the annual fee of the harbour?", "--json").rows
    assert {row["text"] for row in found if "500" in row["text"] or "750" in row["text"]} == {NEW}
