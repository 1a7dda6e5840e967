from __future__ import annotations

from pathlib import Path

from tests.documents import archive_of
from tests.ui.cli.rig import BOATS, LIGHT, Run


def test_an_estimate_counts_the_files_within_and_adds_none(run: Run, tmp_path: Path) -> None:
    archive, data = tmp_path / "all.zip", tmp_path / "data"
    archive.write_bytes(archive_of({"a.txt": BOATS, "b.txt": LIGHT, "c.bin": b"\x00\x01" * 50}))
    arguments = ("add", archive, "--estimate", "--data-dir", data)
    output = run(*arguments)
    assert (output.code, output.err) == (0, "")
    assert output.out.startswith("all.zip: 2 pages, ")
    assert "This is with 2 files in it. Not counted: 1 file in it, unreadable" in output.out
    row, total = run(*arguments, "--json").rows
    assert (row["document"], row["pages"], row["files_within"]) == ("all.zip", 2, 2)
    assert (total["document"], total["pages"], total["tokens"]) == (None, 2, row["tokens"])
    assert run("docs", "--data-dir", data, "--json").rows == []
