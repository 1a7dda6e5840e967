from __future__ import annotations

from pathlib import Path

import pytest

from rag.models import offered_models
from tests.loopback import LoopbackServer, listed_model
from tests.ui.cli.rig import Run

MIXTRAL = "mistralai/Mixtral-8x7B-Instruct-v0.1"
FIELDS = {
    *("id", "model", "place", "default", "reachable", "context_tokens", "context_assumed", "free"),
    *("input_price", "output_price", "tools", "citations", "parameters_billions"),
    *("active_billions", "weights", "licence", "successor"),
}


def test_the_models_to_choose_from_are_listed_for_programs(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with LoopbackServer(served=[listed_model("plain"), listed_model(MIXTRAL)]) as server:
        monkeypatch.setenv("TRAMONTANE_CHAT", server.url)
        monkeypatch.setenv("MISTRAL_API_KEY", "k" * 32)
        output = run("models", "--json", "--data-dir", tmp_path / "data")

    rows = output.rows
    place = server.url.removeprefix("http://")
    assert output.code == 0
    assert all(set(row) == FIELDS for row in rows)
    assert [row["id"] for row in rows] == ["plain", MIXTRAL, *offered_models(), "embedded reader"]
    assert [row["default"] for row in rows] == [True] + [False] * (len(rows) - 1)
    assert (rows[1]["place"], rows[1]["context_tokens"]) == (place, 32_768)
    assert (rows[1]["tools"], rows[1]["licence"]) == ("in words", "Apache-2.0")
    assert rows[1]["free"]
    assert (rows[2]["input_price"], rows[2]["output_price"]) == (0.15, 0.6)
    assert not (tmp_path / "data").exists()  # nothing is made by looking


def test_the_models_are_listed_for_people(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MISTRAL_API_KEY", "k" * 32)
    monkeypatch.setenv("TRAMONTANE_CHAT", "mistral-medium-2508")

    first, *others = run("models").out.split("\n\n")

    assert first.splitlines() == [
        "mistral-medium-2508 (answers)",
        "  Runs at:      La Plateforme",
        "  Deprecated:   use mistral-medium-latest",
        "  Reads:        32k tokens, as far as is known",
        "  Price:        price not known",
        "  Tools:        none",
        "  Citations:    by markers in its text",
    ]
    assert len(others) == len(offered_models()) + 1


def test_a_server_that_does_not_answer_is_listed_as_such(run: Run, nobody: str) -> None:
    first, second = run("models", "--json", "--chat", nobody).rows

    assert (first["reachable"], first["context_assumed"]) == (False, True)
    assert (second["id"], second["reachable"], second["free"]) == ("embedded reader", True, True)


def test_a_retired_model_is_refused_with_its_successor(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MISTRAL_API_KEY", "k" * 32)

    sentence = run("models", "--chat", "mistral-large-2402").sentence(2)

    assert "Use mistral-large-latest instead" in sentence
