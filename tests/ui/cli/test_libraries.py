from __future__ import annotations

import time
from contextlib import closing
from pathlib import Path

import pytest

from rag.store.catalog import Catalog
from rag.store.holdings import NewLibrary
from tests.loopback import LoopbackServer
from tests.ui.cli.rig import BOATS, Run
from tests.ui.cli.test_trashing import CANARY, TEXT, holding
from ui.times import written_day

LIBRARY = {
    "id",
    "library",
    "owner",
    "embedding",
    "dimension",
    "language",
    "policy",
    "documents",
    "removed_at",
    "purged_at",
}


def names(run: Run) -> list[str]:
    return [row["library"] for row in run("library", "list", "--json").rows]


def test_a_library_is_made_listed_and_used(run: Run, filled: Path, notes: Path) -> None:
    made = run("library", "create", "Harbours", "--language", "german", "--policy", "this-machine")
    assert (made.code, made.out, made.err) == (0, "Harbours was made.\n", "")
    assert run("add", notes / "boats.pdf", "--library", "harbours").code == 0
    usual, harbours = run("library", "list", "--json").rows
    assert set(harbours) == LIBRARY
    assert (usual["library"], usual["policy"], usual["documents"]) == ("documents", "anywhere", 2)
    told = [harbours[name] for name in ("library", "owner", "language", "policy", "documents")]
    assert told == ["Harbours", "local", "german", "this-machine", 1]
    assert (harbours["embedding"], harbours["dimension"]) == ("all-MiniLM-L6-v2", 384)
    assert run("library", "list").out == (
        "documents: 2 documents, embedded with all-MiniLM-L6-v2, may use models elsewhere\n"
        "Harbours: 1 document, embedded with all-MiniLM-L6-v2, german, never leaves this machine\n"
    )
    assert run("search", BOATS, "--library", "HARBOURS", "--json").rows[0]["text"] == BOATS
    again = run("library", "create", "HARBOURS").sentence(2)
    assert again == "There is a library named 'HARBOURS' already. Choose another name."


def test_making_a_library_makes_no_other(run: Run, tmp_path: Path) -> None:
    data = ("--data-dir", tmp_path / "data")
    assert "The first file makes one" in run("library", "list", *data).sentence(0)
    run("library", "create", "only", *data)
    assert [row["library"] for row in run("library", "list", "--json", *data).rows] == ["only"]


def test_a_renamed_library_is_found_by_its_new_name_and_as_the_usual_one(
    run: Run, filled: Path
) -> None:
    assert run("library", "rename", "documents", "Coast").out == "documents is called Coast now.\n"
    assert names(run) == ["Coast"]
    for more in ((), ("--library", "coast")):
        assert run("search", BOATS, *more, "--json").rows[0]["text"] == BOATS
    assert "There is no library named 'sea'" in run("library", "rename", "sea", "s").sentence(2)


def test_a_deleted_library_can_be_brought_back_or_purged(run: Run, filled: Path) -> None:
    assert "'documents' is the only library" in run("library", "delete", "documents").sentence(2)
    run("library", "create", "second")
    path = filled.parent / f"{CANARY}.txt"
    path.write_text(TEXT)
    assert run("add", path, "--library", "second").code == 0
    assert run("library", "delete", "Second").out == "second was deleted with 1 document.\n"
    assert "'second' was deleted" in run("search", CANARY, "--library", "second").sentence(2)
    told = f"second: deleted {written_day(time.time())}, can be brought back until "
    assert told in run("library", "list").out
    assert run("check").code == 0
    assert run("library", "bring-back", "second").out == "second is there again.\n"
    assert CANARY in run("list", "--library", "second").out
    (row,) = run("library", "delete", "second", "--json").rows
    assert row["removed_at"] < row["purged_at"]
    purged = run("library", "purge", "second")
    assert (purged.code, purged.out) == (0, "second was deleted for good.\n")
    assert holding(filled, CANARY) == []
    assert "is in the trash" in run("library", "purge", "second").sentence(2)


def test_a_mistyped_target_is_named_by_its_own_option(run: Run, filled: Path) -> None:
    moved = run("library", "move", "boats.pdf", "--to", "documets")
    assert moved.code == 2
    assert "There is no library named 'documets'." in moved.err
    assert moved.err.rstrip().endswith("Say which with --to.")


def test_documents_are_moved_with_their_vectors(run: Run, filled: Path) -> None:
    run("library", "create", "other")
    moved = run("library", "move", "boats.pdf", "nothing.pdf", "--to", "other")
    assert (moved.code, moved.out) == (1, "boats.pdf was moved to other.\n")
    assert "has no document 'nothing.pdf'" in moved.err
    assert "boats.pdf" not in run("list").out
    (row,) = run("list", "--library", "other", "--json").rows
    assert row["document"] == "boats.pdf"
    found = run("search", BOATS, "--library", "other", "--json").rows
    assert found[0]["text"] == BOATS
    assert found[0]["reasons"]["meaning"] > 0
    assert "has no document" in run("library", "move", "boats.pdf", "--to", "other").err


def test_moving_to_another_model_says_its_price_first(
    run: Run, filled: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRAMONTANE_ASK_ABOVE", "0")
    monkeypatch.setenv("MISTRAL_API_KEY", "right")
    with LoopbackServer(api_key="right") as server:
        monkeypatch.setenv("TRAMONTANE_MISTRAL_URL", server.url)
        run("library", "create", "paid")
        refused = run("library", "move", "boats.pdf", "--to", "paid")
        assert (refused.code, refused.out) == (1, "")
        assert "would cost about less than $0.01. Run the command again with --yes" in refused.err
        assert server.requests == []
        moved = run("library", "move", "boats.pdf", "--to", "paid", "--yes")
        assert (moved.code, moved.out) == (0, "boats.pdf was moved to paid.\n")
        assert len(server.requests) == 1
        with closing(Catalog(filled)) as catalog:
            (document,) = catalog.documents(catalog.library("paid").id)
            assert document.embedded == document.chunks > 0


def test_what_stays_here_is_let_go_by_a_word_only(run: Run, filled: Path) -> None:
    run("library", "create", "open")
    run("library", "policy", "documents", "this-machine")
    kept = run("library", "move", "boats.pdf", "--to", "open")
    assert (kept.code, kept.out) == (1, "")
    assert "never leaves this machine, and 'open' may" in kept.err
    assert run("library", "move", "boats.pdf", "--to", "open", "--yes").code == 0


def test_a_policy_is_shown_and_says_what_it_forbids(run: Run, filled: Path) -> None:
    assert "may use models elsewhere" in run("library", "policy", "documents").out
    assert "never leaves" in run("library", "policy", "documents", "this-machine").out
    assert "never leaves" in run("library", "policy", "documents").out
    with closing(Catalog(filled)) as catalog:
        catalog.libraries.create(NewLibrary("paid", "mistral-embed", 1024))
    paid = run("library", "policy", "paid", "this-machine")
    assert "tramontane rebuild --embedding all-MiniLM-L6-v2 --library paid" in paid.err
    assert "must be anywhere or this-machine" in run("library", "policy", "paid", "x").sentence(2)
    assert run("library", "language", "paid", "french", "--json").rows[0]["language"] == "french"


def test_a_library_that_stays_here_is_embedded_here(
    run: Run, filled: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MISTRAL_API_KEY", "right")
    here = ("--policy", "this-machine", "--json")
    assert run("library", "create", "a", *here).rows[0]["embedding"] == "all-MiniLM-L6-v2"
    assert run("library", "create", "b", "--json").rows[0]["embedding"] == "mistral-embed"
    refused = run("library", "create", "c", "--embedding", "mistral-embed", *here).sentence(2)
    assert "'c' never leaves this machine, so nothing was sent to api.mistral.ai" in refused
    assert names(run) == ["documents", "a", "b"]


def test_a_library_keeps_the_model_that_was_chosen_for_it(
    run: Run, filled: Path, notes: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run("library", "create", "mini", "--embedding", "all-MiniLM-L6-v2")
    with LoopbackServer(api_key="right") as server:
        monkeypatch.setenv("MISTRAL_API_KEY", "right")
        monkeypatch.setenv("TRAMONTANE_MISTRAL_URL", server.url)
        assert run("add", notes, "--library", "mini").code == 0
        assert server.requests == []
    told = {row["library"]: row["embedding"] for row in run("library", "list", "--json").rows}
    assert told["mini"] == "all-MiniLM-L6-v2"


def test_how_to_use_it_is_said(run: Run) -> None:
    output = run("library")
    assert output.code == 2
    assert "bring-back" in output.out
