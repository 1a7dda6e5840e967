"""A file whose name now stands for bytes that the library has already, under another name."""

from __future__ import annotations

from email.message import EmailMessage
from functools import cache
from pathlib import Path

from ingest.taken import DISPLACED
from tests.documents import archive_of
from tests.ui.cli.rig import Run

ELEVEN = "The pier has 11 boats."
TWENTY = "The pier has 22 boats."


def names(run: Run, data: Path) -> list[str]:
    """The documents that answer."""
    return sorted(row["document"] for row in run("list", "--data-dir", data, "--json").rows)


@cache
def mail() -> bytes:
    """A mail that brings a file; always the same."""
    message = EmailMessage()
    message["From"], message["To"] = "ann@example.org", "bob@example.org"
    message["Subject"], message["Date"] = "The pier", "Sun, 22 Nov 2026 10:00:00 +0000"
    message.set_content("Here is the list of the boats.")
    message.add_attachment(ELEVEN, filename="alpha.md")
    return message.as_bytes()


def test_what_a_name_called_before_is_an_earlier_version(run: Run, tmp_path: Path) -> None:
    data, pier, quay = tmp_path / "data", tmp_path / "a" / "pier.md", tmp_path / "b" / "quay.md"
    for path, text in ((pier, ELEVEN), (quay, TWENTY)):
        path.parent.mkdir()
        path.write_text(text)
        assert run("add", path, "--data-dir", data).code == 0
    pier.write_text(TWENTY)

    told = run("add", pier, "--data-dir", data).out
    assert "already in the library as quay.md" in told
    assert DISPLACED.format("pier.md") in told
    assert names(run, data) == ["quay.md"]
    assert "An earlier version was replaced" in run("report", "quay.md", "--data-dir", data).out
    assert "11 boats" not in run("search", "boats of the pier", "--data-dir", data).out


def test_a_member_of_an_archive_that_is_there_by_itself_leaves_no_old_one(
    run: Run, tmp_path: Path
) -> None:
    data, pack, pier = tmp_path / "data", tmp_path / "pack.zip", tmp_path / "pier.md"
    pack.write_bytes(archive_of({"pier.md": ELEVEN, "log.md": "A log of the harbour."}))
    run("add", pack, "--data-dir", data)
    pier.write_text(TWENTY)
    run("add", pier, "--data-dir", data)
    pack.write_bytes(archive_of({"pier.md": TWENTY, "log.md": "A log of the harbour."}))

    assert run("add", pack, "--data-dir", data).code == 0
    assert names(run, data) == ["pack.zip/log.md", "pier.md"]


def test_what_a_mail_brought_stays_with_it(run: Run, tmp_path: Path) -> None:
    data, post, letter = tmp_path / "data", tmp_path / "post.zip", tmp_path / "mail.eml"
    letter.write_bytes(mail())
    post.write_bytes(archive_of({"mail.eml": mail(), "beta.md": "Beta has a mast."}))
    run("add", post, "--data-dir", data)
    run("add", letter, "--data-dir", data)
    assert "mail.eml/alpha.md" in names(run, data)
    post.write_bytes(archive_of({"beta.md": "Beta has a mast."}))

    assert run("add", post, "--data-dir", data).code == 0
    assert names(run, data) == ["mail.eml", "mail.eml/alpha.md", "post.zip/beta.md"]


def test_a_mail_that_lies_in_two_archives_keeps_what_it_brought(run: Run, tmp_path: Path) -> None:
    data, one, other = tmp_path / "data", tmp_path / "a.zip", tmp_path / "b.zip"
    for archive in (one, other):
        content: dict[str, str | bytes] = {"mail.eml": mail()}
        content[f"{archive.stem}.md"] = f"This is of {archive.stem}."
        archive.write_bytes(archive_of(content))
        run("add", archive, "--data-dir", data)
    one.write_bytes(archive_of({"a.md": "This is of a."}))

    assert run("add", one, "--data-dir", data).code == 0
    assert names(run, data) == [
        "a.zip/a.md",
        "b.zip/b.md",
        "b.zip/mail.eml",
        "b.zip/mail.eml/alpha.md",
    ]
