"""`add` ended in the middle of a page, and what the next one makes of it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.builders import paragraph
from tests.scans import scan, scanned_pdf
from tests.ui.cli.rig import ROOT, Run

COMMAND = [sys.executable, "-m", "ui.cli"]
WORDS = ("Forty-one", "boats", "lie", "in", "the", "harbour", "all", "winter", "long", "here")
# Says by a pipe that it runs, and with which number; stands still as long as it is to.
PROGRAM = """#!/bin/sh
if [ "$1" = --list-langs ]; then printf 'List:\\neng\\n'; exit; fi
if [ -e {folder}/stand-still ]; then echo $$ > {folder}/running; exec sleep 60; fi
cat > /dev/null
cat {folder}/words.tsv
"""

pytestmark = pytest.mark.skipif(os.name != "posix", reason="sends signals to a group of processes")


class Standing:
    """A tesseract that stands still in its first page, and a command in which it does."""

    def __init__(self, folder: Path) -> None:
        self._pipe, self._stop = folder / "running", folder / "stand-still"
        os.mkfifo(self._pipe)
        self._stop.touch()
        rows = ["level"] + [
            f"5\t1\t1\t1\t1\t{place}\t{place * 90}\t100\t80\t40\t95\t{word}"
            for place, word in enumerate(WORDS, 1)
        ]
        (folder / "words.tsv").write_text("\n".join(rows) + "\n")
        (folder / "tesseract").write_text(PROGRAM.format(folder=folder))
        (folder / "tesseract").chmod(0o700)
        self.number = 0

    def begin(self, *arguments: str | Path) -> subprocess.Popen[bytes]:
        """A command as a shell starts it, leader of its group, once tesseract is at a page."""
        process = subprocess.Popen(
            [*COMMAND, *map(str, arguments)],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            process_group=0,
        )
        self.number = int(self._pipe.read_text())
        return process

    def go_on(self) -> None:
        """From now on, pages are read."""
        self._stop.unlink(missing_ok=True)

    def end(self) -> None:
        with suppress(ProcessLookupError):
            os.kill(self.number, signal.SIGKILL)


@pytest.fixture
def standing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Standing]:
    folder = tmp_path / "programs"
    folder.mkdir()
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("TRAMONTANE_DATA_DIR", str(tmp_path / "data"))
    standing = Standing(folder)
    yield standing
    standing.end()


@pytest.fixture
def scanned(tmp_path: Path) -> Path:
    path = tmp_path / "scan.pdf"
    path.write_bytes(scanned_pdf([scan(paragraph(f"Page {number}.")) for number in (1, 2)]))
    return path


def said_of_pages(run: Run) -> str:
    output = run("report", "scan.pdf")
    assert output.code == 0
    return output.out


def test_an_interrupt_in_the_middle_of_a_page_is_no_fault_of_the_page(
    run: Run, standing: Standing, scanned: Path
) -> None:
    process = standing.begin("add", scanned)
    os.killpg(process.pid, signal.SIGINT)
    _, told = process.communicate(timeout=60)
    assert process.returncode == 130
    assert b"Stopped. 1 file waits" in told
    with pytest.raises(ProcessLookupError):
        os.kill(standing.number, 0)
    assert "2 pages: 2 needing OCR" in said_of_pages(run)
    standing.go_on()
    added = run("add", scanned)
    assert (added.code, added.out) == (0, "scan.pdf was added.\n")
    assert "2 pages: 2 by OCR" in said_of_pages(run)


def test_what_was_cut_off_is_waited_for_when_the_same_file_is_added_again(
    run: Run, standing: Standing, scanned: Path
) -> None:
    process = standing.begin("add", scanned)
    process.kill()
    process.communicate(timeout=60)
    standing.go_on()
    added = run("add", scanned)
    assert (added.code, added.out) == (0, "scan.pdf was added.\n")
    assert "2 pages: 2 by OCR" in said_of_pages(run)
    assert [(row["passages"], row["embedded"]) for row in run("list", "--json").rows] == [(2, 2)]
