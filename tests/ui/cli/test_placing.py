from __future__ import annotations

import shlex
from pathlib import Path

import pytest

from ingest.attachments import file_name
from tests.ui.cli.rig import BOATS, Run, write_rows
from ui import hints
from ui.cli import app, main

TYPO = "There is no library named 'documnets'. Did you mean 'documents'? Say which with --library."


@pytest.mark.parametrize(
    "command",
    [
        ["list"],
        ["list", "--json"],
        ["report"],
        ["trash"],
        ["remove", "boats.pdf"],
        ["bring-back", "boats.pdf"],
        ["purge", "boats.pdf"],
        ["purge", "--all"],
        ["search", "boats"],
        ["ask", "Which boats?"],
        ["batch", "questions.jsonl"],
        ["eval", "questions.jsonl"],
        ["verify", "draft.txt"],
        ["summarise"],
        ["rebuild"],
        ["rebuild", "--embedding", "all-MiniLM-L6-v2"],
    ],
    ids=" ".join,
)
def test_a_mistyped_library_is_no_empty_one(command: list[str], run: Run, filled: Path) -> None:
    write_rows(Path("questions.jsonl"), {"question": "Which boats?"})
    Path("draft.txt").write_text(BOATS)
    assert run(*command, "--library", "documnets").sentence(2) == TYPO
    assert [row["library"] for row in run("library", "list", "--json").rows] == ["documents"]


def test_a_mistyped_library_of_a_row_is_named_with_those_there_are(run: Run, filled: Path) -> None:
    run("library", "create", "Tides")
    rows = write_rows(Path("rows.jsonl"), {"question": "Which?", "library": "Zzz"})
    (row,) = run("batch", rows).rows
    assert row["error"] == (
        "There is no library named 'Zzz'. There are: 'documents', 'Tides'. Say which with "
        "--library."
    )


def test_where_files_went_is_said(run: Run, filled: Path, notes: Path) -> None:
    light = notes / "inner" / "light.txt"
    assert run("add", light).err == ""  # there is no other library
    made = run("add", light, "--library", "documnets")
    assert (made.code, made.out) == (0, "light.txt was added.\n")
    assert made.err == (
        "The library 'documnets' was made, beside 'documents'. If 'documents' was meant: "
        "`tramontane library delete documnets` takes the new one away again.\n"
    )
    assert run("add", light, "--library", "Documents").err == (
        "Files go into the library 'documents'.\n"
    )
    assert run("add", light, "--library", "Invoices", "--json").err == (
        "The library 'Invoices' was made, beside 2 others.\n"
    )


def test_no_other_library_stands_in_for_a_deleted_one(run: Run, filled: Path, notes: Path) -> None:
    run("library", "create", "Private")
    run("library", "delete", "documents")
    asked = run("search", BOATS).sentence(2)
    assert asked == (
        "The library 'documents' was deleted. `tramontane library bring-back documents` brings it "
        "back. There is: 'Private'. Say which with --library."
    )
    assert run("list").sentence(2) == asked
    added = run("add", notes / "boats.pdf")
    assert (added.code, added.err) == (0, "The library 'documents' was made, beside 'Private'.\n")
    assert run("list", "--library", "Private").out == ""


def test_a_renamed_library_is_still_the_usual_one_and_said_by_its_name(
    run: Run, filled: Path, notes: Path
) -> None:
    run("library", "rename", "documents", "Coast")
    run("library", "create", "Private")
    assert run("add", notes / "boats.pdf").err == "Files go into the library 'Coast'.\n"
    run("library", "delete", "Coast")
    assert "no library named 'documents'. There is: 'Private'" in run("list").sentence(2)


def test_a_purge_of_what_is_due_needs_no_library(run: Run, filled: Path) -> None:
    run("library", "create", "Private")
    run("library", "delete", "documents")
    assert "Nothing has been in the trash for 30 days." in run("purge").sentence(0)


def test_commands_in_sentences_can_be_run_as_they_are_printed(
    run: Run, tmp_path: Path, notes: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = tmp_path / "my data"
    place = ("--data-dir", data, "--library", "it's mine")
    run("add", notes / "boats.pdf", *place)
    said = run("remove", "nothing", *place).err
    hint = said.split("See them with: ")[1].strip()
    assert shlex.split(hint) == ["tramontane", "list", *map(str, place)]
    assert "boats.pdf" in run(*shlex.split(hint)[1:]).out
    said = run("purge", "boats.pdf", *place).err
    hint = said.split("Remove it first: ")[1].strip()
    assert run(*shlex.split(hint)[1:]).out == "boats.pdf was removed.\n"
    hint = run("library", "delete", "x", "--data-dir", data).err.split("with: ")[1].strip()
    assert shlex.split(hint) == ["tramontane", "library", "list", "--data-dir", str(data)]


def test_hints_are_as_they_were_where_nothing_was_given(run: Run, filled: Path) -> None:
    assert run("remove", "nothing").err.endswith("See them with: tramontane list\n")


@pytest.mark.parametrize(
    ("sentence", "said"),
    [
        ("Run `tramontane check`.", "Run `tramontane check --data-dir d`."),
        ("`tramontane add` or `tramontane serve`", None),
        (
            "`tramontane rebuild --embedding m --library 'a b'` mends it.",
            "`tramontane rebuild --data-dir d --embedding m --library 'a b'` mends it.",
        ),
        ("tramontane backup, sha256", "tramontane backup --data-dir d, sha256"),
        ("made by tramontane itself", "made by tramontane itself"),
    ],
)
def test_what_a_command_takes_is_added_once(sentence: str, said: str | None) -> None:
    hints.remember("d", "l")
    both = (
        "`tramontane add --data-dir d --library l` or `tramontane serve --data-dir d --library l`"
    )
    assert hints.runnable(sentence) == (said or both)
    hints.remember()
    assert hints.runnable(sentence) == sentence


def test_every_command_that_takes_a_place_is_known() -> None:
    commands = {("", each) for each in app.registered_commands}
    (group,) = app.registered_groups
    assert group.typer_instance is not None
    commands |= {("library ", each) for each in group.typer_instance.registered_commands}
    with_library: set[str] = set()
    without: set[str] = set()
    for prefix, each in commands:
        if each.hidden or each.callback is None:
            continue
        name = prefix + (each.name or each.callback.__name__)
        taken = each.callback.__annotations__
        assert "data_dir" in taken, name
        (with_library if "library" in taken else without).add(name)
    assert with_library == hints.WITH_LIBRARY
    assert without == hints.WITHOUT_LIBRARY


def test_what_one_command_was_given_is_forgotten_by_the_next(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["list", "--library", "x", "--data-dir", str(tmp_path / "d")]) == 2
    capsys.readouterr()
    assert main(["list", "--nonsense"]) == 2
    assert "--library" not in capsys.readouterr().err


ODD_NAMES = {
    "back\\slash.txt": "slash.txt",
    "dots...": "dots...",
    "bell\x07ring.txt": "bell ring.txt",
    " lead.txt ": "lead.txt",
    f"{'n' * 240}.txt": f"{'n' * 196}.txt",
    "\u202egpj.txt": "gpj.txt",
}


def test_odd_names_are_shown_alike_by_the_command_line_and_by_the_page(
    run: Run, tmp_path: Path
) -> None:
    folder = tmp_path / "odd"
    folder.mkdir()
    for number, name in enumerate(ODD_NAMES):
        (folder / name).write_text(f"Boat number {number} lies at its pier.")
    added = {row["document"] for row in run("add", folder, "--json").rows}
    assert added == set(ODD_NAMES.values()) == {file_name(name) for name in ODD_NAMES}
    estimated = {row["document"] for row in run("add", folder, "--estimate", "--json").rows}
    assert estimated - {None} == added
    for name, shown in ODD_NAMES.items():
        assert run("remove", name).out == f"{shown} was removed.\n"


def test_a_library_of_the_trash_is_purged_by_name_or_id_beside_a_live_one_of_its_name(
    run: Run, filled: Path, notes: Path
) -> None:
    ids = []
    for _ in range(2):
        run("add", notes / "boats.pdf", "--library", "Coast")
        ids.append(run("library", "delete", "Coast", "--json").rows[0]["id"])
    run("add", notes / "boats.pdf", "--library", "Coast")
    assert "Name one by its id" in run("library", "purge", "coast", "--yes").sentence(2)
    assert run("library", "purge", ids[0], "--yes", "--json").rows[0]["id"] == ids[0]
    assert run("library", "purge", "coast", "--yes", "--json").rows[0]["id"] == ids[1]
    assert "No library named 'Coast' is in the trash" in run("library", "purge", "Coast").err
    assert "boats.pdf" in run("list", "--library", "Coast").out
