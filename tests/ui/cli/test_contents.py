"""What archives held and under which names files were given, as the command line tells it."""

from __future__ import annotations

from email.message import EmailMessage
from pathlib import Path

import pytest

from tests.documents import archive_of
from tests.ui.cli.rig import BOATS, LIGHT, Run


@pytest.fixture
def bundle(run: Run, tmp_path: Path) -> Path:
    """An archive that was added: two files are read, one is an archive, one a program."""
    path = tmp_path / "bundle.zip"
    files: dict[str, str | bytes] = {"inner.txt": BOATS, "notes/light.txt": LIGHT}
    files |= {"old.zip": archive_of({"c.txt": "x"}), "run.exe": b"MZ" + bytes(99), "e.txt": ""}
    path.write_bytes(archive_of(files))
    assert run("add", path).code == 1
    return path


def test_an_archive_is_reported_by_its_name(run: Run, bundle: Path) -> None:
    output = run("report", "bundle.zip")
    assert (output.code, output.err) == (0, "")
    head, *lines = output.out.splitlines()
    assert head == "bundle.zip: 4 files: 2 read, 2 not read."
    assert "  inner.txt: read." in lines
    assert "  notes/light.txt: read." in lines
    assert any(line.startswith("  old.zip: not read. It is an archive") for line in lines)
    assert any(line.startswith("  run.exe: not read. This is a Windows") for line in lines)
    assert lines[-1] == "  1 file is empty or hidden, and was passed over."
    assert run("report", bundle).out == output.out  # by its path, too
    assert output.out in run("report").out


def test_a_list_says_which_archives_lost_files(run: Run, bundle: Path) -> None:
    said = "bundle.zip: 2 of 4 files not fully read. See: tramontane report bundle.zip\n"
    assert run("list").err == said


def test_a_name_with_blanks_is_quoted_in_what_is_to_be_typed(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "Old project.zip"
    path.write_bytes(archive_of({"inner.txt": BOATS, "run.exe": b"MZ" + bytes(99)}))
    run("add", path)
    assert "See: tramontane report 'Old project.zip'\n" in run("list").err


def test_an_archive_is_reported_for_programs(run: Run, bundle: Path) -> None:
    (row,) = run("report", "bundle.zip", "--json").rows
    assert set(row) == {"container", "size_bytes", "files"}
    states = {file["file"]: file["state"] for file in row["files"]}
    assert states == {
        "inner.txt": "read",
        "notes/light.txt": "read",
        "old.zip": "not read",
        "run.exe": "not read",
        "e.txt": "passed over",
    }
    assert row["files"][0]["document"] == "bundle.zip/inner.txt"


def test_an_archive_is_no_document_and_says_what_is(run: Run, bundle: Path) -> None:
    said = run("remove", "bundle.zip").sentence(1)
    assert said.startswith("bundle.zip is no document itself. It held: bundle.zip/inner.txt, ")


def test_a_mail_is_reported_with_what_it_brought(run: Run, tmp_path: Path) -> None:
    mail = EmailMessage()
    mail["Subject"] = "The boats"
    mail.set_content("The list is attached.")
    mail.add_attachment(BOATS, filename="boats.txt")
    (tmp_path / "mail.eml").write_bytes(bytes(mail))
    assert run("add", "mail.eml").code == 0
    assert run("report", "mail.eml").out.splitlines()[1:] == [
        "  In it, 1 file: 1 read.",
        "    boats.txt: read.",
    ]
    (row,) = run("report", "mail.eml", "--json").rows
    assert [(file["file"], file["state"]) for file in row["files"]] == [("boats.txt", "read")]
    assert run("remove", "mail.eml").err == (
        "What came in mail.eml stays in the library: mail.eml/boats.txt.\n"
    )
    assert run("remove", "mail.eml/boats.txt").err == ""


def test_a_file_that_was_in_an_archive_before_is_found_by_its_own_name(
    run: Run, bundle: Path, tmp_path: Path
) -> None:
    alone = tmp_path / "inner.txt"
    alone.write_text(BOATS)
    assert run("add", alone).out == "inner.txt is already in the library.\n"

    by_itself, within = run("report", "inner.txt"), run("report", "bundle.zip/inner.txt")
    assert by_itself.out == within.out == run("report", alone).out
    assert by_itself.out.startswith("inner.txt: ")
    assert [row["document"] for row in run("list", "--json").rows].count("inner.txt") == 1
    assert "The library has it as inner.txt." in run("report", "bundle.zip").out
    assert run("ask", "How many boats?", "--document", "inner.txt").code == 0
    assert run("remove", "inner.txt").out == "inner.txt was removed.\n"
    assert "  inner.txt: removed." in run("report", "bundle.zip").out
    assert run("bring-back", "inner.txt").code == 0
    assert run("remove", "inner.txt").code == 0
    assert "deleted for good" in run("purge", "inner.txt").out
    assert "  1 file was deleted for good." in run("report", "bundle.zip").out
    assert "has no document 'inner.txt'" in run("report", "inner.txt").sentence(1)


def test_one_content_is_estimated_once(run: Run, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(BOATS)
    (tmp_path / "all.zip").write_bytes(archive_of({"b.txt": BOATS, "c.txt": BOATS}))
    alone, whole, total = run("add", "a.txt", "all.zip", "--estimate", "--json").rows
    assert (whole["pages"], whole["tokens"], whole["files_within"]) == (0, 0, 0)
    assert (total["pages"], total["tokens"]) == (1, alone["tokens"])
    said = run("add", "all.zip", "a.txt", "--estimate").out.splitlines()
    assert said[0].startswith("all.zip: 1 page, ")
    assert said[0].endswith("Counted elsewhere: all.zip/c.txt (under all.zip/b.txt).")
    assert said[1].startswith("a.txt: 0 pages, ")
    assert said[1].endswith("Its content is counted under all.zip/b.txt.")
    assert said[2].startswith("All 2 files: 1 page, ")


def test_a_copy_is_counted_under_the_file_that_had_its_content_first(
    run: Run, tmp_path: Path
) -> None:
    (tmp_path / "copies").mkdir()
    for name in ("boats.txt", "copies/boats.txt", "copies/list.txt"):
        (tmp_path / name).write_text(BOATS)
    said = run("add", "boats.txt", "copies", "--estimate").out.splitlines()
    assert "counted" not in said[0]
    assert said[1].endswith("Its content is counted under the other boats.txt.")
    assert said[2].endswith("Its content is counted under boats.txt.")


def test_a_name_that_turns_the_writing_is_shown_without_that(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "invoice\u202efdp.txt"
    path.write_text(BOATS)
    estimated = run("add", path, "--estimate")
    (row, _) = run("add", path, "--estimate", "--json").rows
    missing = run("add", tmp_path / "gone\u202e\x1b[2J.txt")
    for shown in (estimated.out, row["document"], missing.err):
        assert "\u202e" not in shown
        assert "\x1b" not in shown
    assert row["document"] == "invoicefdp.txt"
    assert "gone" in missing.err


def test_what_could_not_be_taken_in_fails_as_often_as_it_is_added(run: Run, tmp_path: Path) -> None:
    program, nested = b"MZ\x90\x00\x03\x00", archive_of({"deep.txt": LIGHT})
    mail = EmailMessage()
    mail["Subject"], mail["From"] = "Boats", "ana@example.org"
    mail.set_content(BOATS)
    for name, content in (("a.exe", program), ("b.zip", archive_of({"c.exe": program + b"2"}))):
        mail.add_attachment(content, "application", "octet-stream", filename=name)
    contents = {
        "alone.exe": program + b"3",
        "post.eml": bytes(mail),
        "all.zip": archive_of({"nested.zip": nested, "light.txt": LIGHT}),
    }
    for name, content in contents.items():
        (tmp_path / name).write_bytes(content)
    for name in contents:
        assert [run("add", name).code for _ in range(3)] == [1, 1, 1]
    again = run("add", "post.eml")
    assert again.out == "post.eml is already in the library.\n"
    assert [line[:34] for line in again.err.splitlines()] == [
        "post.eml/a.exe: This is a Windows ",
        "post.eml/b.zip/c.exe: This is a Wi",
    ]
    for name in ("post.eml/a.exe", "post.eml/b.zip/c.exe"):
        assert run("remove", name).code == 0
    assert run("add", "post.eml").code == 0  # nobody misses them


def test_an_archive_counts_its_files_alike_wherever_they_are_counted(
    run: Run, tmp_path: Path
) -> None:
    mail = EmailMessage()
    mail["Subject"], mail["From"] = "Boats", "ana@example.org"
    mail.set_content("The list is attached.")
    mail.add_attachment(BOATS, filename="boats.txt")
    path = tmp_path / "all.zip"
    nested = archive_of({"deep.txt": LIGHT})
    program = b"MZ\x90\x00\x03\x00"
    files: dict[str, str | bytes] = {"a.txt": LIGHT}
    files |= {"m.eml": bytes(mail), "p.exe": program, "n.zip": nested}
    path.write_bytes(archive_of(files))
    estimated = run("add", path, "--estimate").out
    assert "This is with 2 of the 4 files in it and 1 in those." in estimated
    said = [*run("add", path).out.splitlines()]
    assert said[0].startswith("all.zip holds 4 files, of which 3 are read next. Not read: ")
    assert run("report", path).out.startswith("all.zip: 4 files: 2 read, 2 not read.")


def test_documents_of_one_name_are_told_apart(run: Run, tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    (tmp_path / "gate.txt").write_text("The gate of the harbour is open from six in the morning.")
    (tmp_path / "b" / "gate.txt").write_text(
        "The gate of the yard is open from nine in the morning."
    )
    assert run("add", "gate.txt").out == "gate.txt was added.\n"
    added = run("add", "b/gate.txt").out
    one, other = (row["id"] for row in run("list", "--json").rows if row["document"] == "gate.txt")
    assert added in {
        f"gate.txt was added. It has the id {new}; the document {old} is called so, too.\n"
        for new, old in ((one, other), (other, one))
    }
    reported = run("report", "gate.txt").out.splitlines()
    assert {line.partition(":")[0] for line in reported} == {
        f"gate.txt ({one})",
        f"gate.txt ({other})",
    }
