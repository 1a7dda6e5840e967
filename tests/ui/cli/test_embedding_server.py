"""The command line with a library that a server of one's own embeds."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.loopback import LoopbackServer, Status, listed_model
from tests.ui.cli.rig import BOATS, Run

BGE = "BAAI/bge-m3"


def test_files_are_added_embedded_searched_and_embedded_again(
    run: Run, notes: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with LoopbackServer(served=[listed_model(BGE)]) as server:
        monkeypatch.setenv("TRAMONTANE_EMBEDDING", server.url)
        assert run("add", notes).code == 0
        assert run("search", BOATS, "-k", "1", "--json").rows[0]["text"] == BOATS
        assert run("rebuild", "--json").rows == [{"chunks": 3, "embedding": BGE}]
        sent = len(server.asked("/v1/embeddings"))
        assert run("rebuild", "--embedding", BGE).out == (
            f"3 chunks were embedded again with {BGE}.\n"
        )
        assert len(server.asked("/v1/embeddings")) > sent
        estimate = run("rebuild", "--embedding", server.url, "--estimate").out
        assert "3 pages" in estimate
        assert "$" not in estimate
        monkeypatch.delenv("TRAMONTANE_EMBEDDING")
        sentence = run("search", BOATS).sentence(2)
        assert f"was embedded with {BGE} on a server of your own" in sentence
        assert "must be auto, all-MiniLM-L6-v2" in run("rebuild", "--embedding", BGE).sentence(2)
    output = run("rebuild", "--embedding", "all-MiniLM-L6-v2")
    assert (output.code, output.out) == (
        0,
        "3 chunks were embedded again with all-MiniLM-L6-v2.\n",
    )
    assert run("search", BOATS, "-k", "1", "--json").rows[0]["text"] == BOATS


def test_embedding_by_a_server_says_what_to_set_from_now_on(
    run: Run, filled: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with LoopbackServer(served=[listed_model(BGE)]) as server:
        output = run("rebuild", "--embedding", server.url)
        assert (output.code, output.out) == (0, f"3 chunks were embedded again with {BGE}.\n")
        assert f"set TRAMONTANE_EMBEDDING={server.url}" in output.err
        monkeypatch.setenv("TRAMONTANE_EMBEDDING", server.url)
        assert run("search", BOATS, "-k", "1", "--json").rows[0]["text"] == BOATS


def test_a_server_that_is_away_leaves_the_words_and_is_named(
    run: Run, notes: Path, monkeypatch: pytest.MonkeyPatch, nobody: str
) -> None:
    monkeypatch.setenv("TRAMONTANE_EMBEDDING", nobody)
    assert f"Nothing answers at {nobody}/v1" in run("add", notes).sentence(2)
    with LoopbackServer(served=[listed_model(BGE)]) as server:
        monkeypatch.setenv("TRAMONTANE_EMBEDDING", server.url)
        server.scripts["/v1/embeddings"].extend(
            [Status(200, {"data": [{"index": 0, "embedding": [0.6, 0.8]}]}), *[Status(401)] * 9]
        )
        added = run("add", notes)
        assert added.code == 1
        assert "Set TRAMONTANE_EMBEDDING_API_KEY" in " ".join(added.out.split()), added.out
        assert len(run("list", "--json").rows) == 2
        assert run("search", BOATS, "-k", "1", "--json").rows[0]["text"] == BOATS
