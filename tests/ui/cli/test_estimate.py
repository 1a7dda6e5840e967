from __future__ import annotations

from pathlib import Path

import pytest

from ingest.estimating import embedding_tokens
from rag.providers.mistral import MistralEmbedder
from tests.documents import archive_of
from tests.loopback import LoopbackServer
from tests.ui.cli.rig import BOATS, LIGHT, Run


def test_an_estimate_counts_the_files_within_and_adds_none(run: Run, tmp_path: Path) -> None:
    archive, data = tmp_path / "all.zip", tmp_path / "data"
    archive.write_bytes(archive_of({"a.txt": BOATS, "b.txt": LIGHT, "c.bin": b"\x00\x01" * 50}))
    arguments = ("add", archive, "--estimate", "--data-dir", data)
    output = run(*arguments)
    assert (output.code, output.err) == (0, "")
    assert output.out.startswith("all.zip: 2 pages, ")
    assert "This is with 2 files in it. Not counted, as unreadable or too deep" in output.out
    assert "within: all.zip/c.bin." in output.out
    row, total = run(*arguments, "--json").rows
    assert (row["document"], row["pages"], row["files_within"]) == ("all.zip", 2, 2)
    assert (total["document"], total["pages"], total["tokens"]) == (None, 2, row["tokens"])
    assert run("docs", "--data-dir", data, "--json").rows == []


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
