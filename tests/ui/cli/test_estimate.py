from __future__ import annotations

from pathlib import Path

import pytest

from ingest.estimating import embedding_tokens
from rag.providers.mistral import MistralEmbedder
from tests.builders import PdfPage, encrypted, paragraph, pdf
from tests.documents import archive_of
from tests.loopback import LoopbackServer
from tests.ui.cli.rig import BOATS, LIGHT, Run


def test_an_estimate_counts_the_files_within_and_adds_none(run: Run, tmp_path: Path) -> None:
    archive, data = tmp_path / "all.zip", tmp_path / "data"
    archive.write_bytes(archive_of({"a.txt": BOATS, "b.txt": LIGHT, "c.bin": b"\x00\x01" * 50}))
    arguments = ("add", archive, "--estimate", "--data-dir", data)
    output = run(*arguments)
    assert (output.code, output.err) == (1, "")  # as adding it ends
    assert output.out.startswith("all.zip: 2 pages, ")
    assert (
        "This is with 2 of the 3 files in it. Not counted: all.zip/c.bin (This is a " in output.out
    )
    row, total = run(*arguments, "--json").rows
    assert (row["document"], row["pages"], row["files_within"]) == ("all.zip", 2, 2)
    assert (total["document"], total["pages"], total["tokens"]) == (None, 2, row["tokens"])
    assert run("list", "--data-dir", data, "--json").rows == []
    assert run("add", archive, "--data-dir", data).code == 1


def test_what_cannot_be_taken_in_is_left_out_of_the_sum_and_named(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRAMONTANE_OCR", "off")
    folder, data = tmp_path / "all", tmp_path / "data"
    folder.mkdir()
    (folder / "a.txt").write_text(BOATS)
    (folder / "b.pdf").write_bytes(encrypted(pdf([paragraph(LIGHT)]), user="u", owner="o"))
    (folder / "c.pdf").write_bytes(b"%PDF-1.7 damaged")
    (folder / "d.exe").write_bytes(b"MZ\x90\x00\x03\x00")
    (folder / "e.pdf").write_bytes(pdf([PdfPage(image=True)] * 9))
    (folder / "f.zip").write_bytes(archive_of({"g.exe": b"MZ\x90\x00\x03\x00"}))
    arguments = ("add", folder, "--estimate", "--data-dir", data)

    output = run(*arguments)

    assert output.code == 1
    said = dict(line.split(": ", 1) for line in output.out.splitlines())
    assert said["a.txt"].startswith("1 page, ")
    assert said["b.pdf"].startswith("cannot be taken in. The file is protected by a password.")
    assert said["c.pdf"].startswith("cannot be taken in. The file is damaged")
    assert said["d.exe"].startswith("cannot be taken in. This is a Windows program")
    assert said["e.pdf"].startswith("cannot be taken in. The document holds pictures of pages")
    assert said["f.zip"].startswith("cannot be taken in. Not counted: f.zip/g.exe (This is a Win")
    assert said["1 of 6 files, the others cannot be taken in"] == said["a.txt"]
    *rows, total = run(*arguments, "--json").rows
    assert [row["counted"] for row in rows] == [True] + 5 * [False]
    assert [row["pages"] for row in rows] == [1] + 5 * [0]
    assert (total["pages"], total["tokens"], total["counted"]) == (1, rows[0]["tokens"], 1)
    assert run("add", folder, "--data-dir", data).code == 1


def test_what_was_embedded_before_is_not_estimated_again(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    harbours = "".join(
        f"# Harbour {number}\n\n{number} boats lie here in winter. {LIGHT * 9}\n\n"
        for number in range(30)
    )
    path, data = tmp_path / "harbours.md", tmp_path / "data"
    with LoopbackServer() as server:
        monkeypatch.setenv("MISTRAL_API_KEY", "k" * 32)
        monkeypatch.setenv("TRAMONTANE_MISTRAL_URL", server.url)
        monkeypatch.setenv("TRAMONTANE_OCR", "off")

        def sent() -> list[str]:
            bodies = [request.body for request in server.requests if "input" in request.body]
            return [text for body in bodies for text in body["input"]]

        def estimated() -> int:
            output = run("add", path, "--estimate", "--data-dir", data, "--json")
            assert output.code == 0
            return int(output.rows[0]["tokens"])

        def billed() -> int:
            before = len(sent())
            assert run("add", path, "--yes", "--data-dir", data).code == 0
            embedder = MistralEmbedder("k" * 32, url=server.url, timeout_seconds=5)
            return embedding_tokens(embedder, sent()[before:])

        path.write_text(harbours)
        whole = estimated()
        assert whole == billed() > 5_000
        path.write_text(f"{harbours}# The last\n\n{BOATS}\n")
        changed = estimated()
        assert 0 < changed == billed() < whole / 20
