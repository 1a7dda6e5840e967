from __future__ import annotations

import json
import shutil
import subprocess
from functools import partial
from pathlib import Path

import pytest

from bench import corpus
from bench.soundness import faults, is_sentence
from ingest.child import BROKE_DOWN
from ingest.loaded import Heading, LoadedDocument
from ingest.sandbox import Sandbox
from rag.domain import DocumentState, Page
from tests.hostile.pdf_structure import header_only, honest
from tests.ingest.sandboxes import HOSTILE


def test_a_folder_of_odd_files_is_read_and_every_end_is_counted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "odd"
    folder.mkdir()
    (folder / "good.pdf").write_bytes(honest(pages=2))
    (folder / "bad.pdf").write_bytes(header_only())
    (folder / "note.txt").write_text("A note.", encoding="utf-8")
    out = tmp_path / "outcomes.jsonl"

    assert corpus.main([str(folder), "--workers", "1", "--out", str(out)]) == 0

    said = capsys.readouterr().out
    assert "| pdf | 2 | 1 | 1 |" in said
    assert "| all | 3 | 2 | 1 |" in said
    assert "left behind: 0 processes, 0 open files, 0 files on disk; absent: 0; wrong: 0" in said
    outcomes = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    assert [(each["name"], each["state"], each["pages"]) for each in outcomes] == [
        ("bad.pdf", "damaged", 0),
        ("good.pdf", "ready", 2),
        ("note.txt", "ready", 1),
    ]


def test_a_file_that_ends_its_reader_is_wrong(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "segfault").touch()  # what this reader does with it
    monkeypatch.setattr(corpus, "Sandbox", partial(Sandbox, command=HOSTILE))

    assert corpus.main([str(tmp_path), "--workers", "1"]) == 1

    said = capsys.readouterr().out
    assert "Processes that a file ended: 1" in said
    assert "wrong: 1" in said
    assert f"  segfault: it ended its reader: {BROKE_DOWN}" in said


@pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")
def test_the_files_of_a_git_directory_are_read_without_a_work_tree(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tree = tmp_path / "tree"
    tree.mkdir()
    for name in ("a.pdf", "the same.pdf", "code.py"):
        (tree / name).write_bytes(honest())
    (tree / "pointer.pdf").write_bytes(b"version https://git-lfs.github.com/spec/v1\n")
    (tree / "lost.pdf").write_bytes(header_only())
    git = ["git", "-C", str(tree), "-c", "user.name=a", "-c", "user.email=a@example.org"]
    for arguments in (["init", "-q"], ["add", "."], ["commit", "-q", "-m", "files"]):
        subprocess.run([*git, *arguments], check=True)
    lost = subprocess.run([*git, "rev-parse", "HEAD:lost.pdf"], check=True, capture_output=True)
    name = lost.stdout.decode("ascii").strip()
    (tree / ".git" / "objects" / name[:2] / name[2:]).unlink()

    arguments = ["--from-git", str(tree / ".git"), "--suffixes", "pdf", "--workers", "1"]
    assert corpus.main(arguments) == 0

    said = capsys.readouterr().out
    assert "absent: lost.pdf\nabsent: pointer.pdf\n" in said
    assert "| all | 1 | 1 |" in said


def test_nothing_to_read_is_one_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert corpus.main([str(tmp_path)]) == 2
    assert capsys.readouterr().err == "There is no such file.\n"


def test_what_contradicts_itself_is_found() -> None:
    pages = (Page(1, "1", "Words.", 0), Page(3, "3", " ", 7))
    outline = (Heading(1, "Far", 1, 99),)
    document = LoadedDocument("A", "", True, pages, outline, DocumentState.READY, "KeyError: 'x'")

    assert faults(document) == [
        "ready for no reason that is a sentence: \"KeyError: 'x'\"",
        "page 3 at 7 stands where page 2 is expected",
        "page 2 is text and has no text",
        "the heading 'Far' is not on page 1",
    ]


def test_a_reason_is_a_sentence_and_no_error_of_a_library() -> None:
    assert is_sentence("The file is empty.")
    assert not is_sentence("")
    assert not is_sentence("KeyError: 'word/document.xml'")
    assert not is_sentence("Traceback (most recent call last): it broke.")
