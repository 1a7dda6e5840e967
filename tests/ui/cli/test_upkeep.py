from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.loopback import LoopbackServer
from tests.ui.cli.rig import BOATS, Output, Run


def test_the_doctor_finds_a_fresh_machine_well(run: Run, tmp_path: Path) -> None:
    output = run("doctor", "--data-dir", tmp_path / "data", "--json")
    assert (output.code, output.err) == (0, "")
    assert [set(row) for row in output.rows] == [{"subject", "level", "sentence"}] * 5
    subjects = [row["subject"] for row in output.rows]
    assert subjects == ["data directory", "database", "library", "answers", "scans"]
    assert "wrong" not in {row["level"] for row in output.rows}
    words = run("doctor", "--data-dir", tmp_path / "data")
    assert words.code == 0
    assert words.out.startswith("ok     data directory: ")


def wrong(output: Output) -> dict[str, str]:
    assert output.code == 1
    return {row["subject"]: row["sentence"] for row in output.rows if row["level"] == "wrong"}


def test_the_doctor_names_a_server_that_is_away(
    run: Run, filled: Path, nobody: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRAMONTANE_CHAT", f"{nobody}/v1")
    assert list(wrong(run("doctor", "--json"))) == ["answers"]


def test_the_doctor_names_a_data_directory_that_cannot_be_used(run: Run, tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file")
    found = wrong(run("doctor", "--data-dir", tmp_path / "taken" / "data", "--json"))
    assert "cannot be made" in found["library"]


def test_the_doctor_names_a_damaged_catalog(run: Run, filled: Path) -> None:
    (filled / "catalog.sqlite").write_bytes(b"no database" * 5000)
    assert "is damaged" in wrong(run("doctor", "--json"))["library"]


def test_the_doctor_finds_a_key_and_a_server_that_work(
    run: Run, filled: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MISTRAL_API_KEY", "right")
    with LoopbackServer(api_key="right") as server:
        monkeypatch.setenv("TRAMONTANE_MISTRAL_URL", server.url)
        output = run("doctor", "--json")
    assert output.code == 0, output.out
    sentences = {row["subject"]: row["sentence"] for row in output.rows}
    assert {"tools", "structured output"} < set(sentences)
    assert "The key is valid" in sentences["La Plateforme"]
    assert "rebuild --embedding mistral-embed" in sentences["library"]


def test_rebuilding_mends_damaged_indexes(run: Run, filled: Path) -> None:
    expected = run("search", "boats in winter", "--json").rows
    for path in (filled / "derived").rglob("*"):
        if path.is_file():
            path.unlink()
            path.write_bytes(b"damaged")
    output = run("rebuild")
    assert (output.code, output.out) == (0, "The indexes of 3 chunks were made again.\n")
    assert run("search", "boats in winter", "--json").rows == expected
    assert run("rebuild", "--json").rows == [{"chunks": 3, "embedding": "all-MiniLM-L6-v2"}]


def test_rebuilding_says_that_the_catalog_itself_is_damaged(run: Run, filled: Path) -> None:
    path = filled / "catalog.sqlite"
    content = bytearray(path.read_bytes())
    content[-16_384:] = b"\xff" * 16_384
    path.write_bytes(content)
    assert "is damaged" in run("rebuild").sentence(2)


def test_a_library_is_embedded_again_with_another_model_and_back(
    run: Run, filled: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = run("search", BOATS, "--json").rows
    with LoopbackServer(api_key="right") as server:
        monkeypatch.setenv("TRAMONTANE_MISTRAL_URL", server.url)
        assert "needs a key" in run("rebuild", "--embedding", "mistral-embed").sentence(2)
        monkeypatch.setenv("MISTRAL_API_KEY", "right")
        output = run("rebuild", "--embedding", "mistral-embed", "--json")
        assert output.rows == [{"chunks": 3, "embedding": "mistral-embed"}]
        assert run("search", BOATS, "-k", "1", "--json").rows[0]["text"] == BOATS
        monkeypatch.setenv("TRAMONTANE_EMBEDDING", "all-MiniLM-L6-v2")
        sentence = run("search", BOATS).sentence(2)
        assert "tramontane rebuild --embedding all-MiniLM-L6-v2" in sentence
        monkeypatch.delenv("TRAMONTANE_EMBEDDING")
        monkeypatch.delenv("MISTRAL_API_KEY")
        assert "needs MISTRAL_API_KEY" in run("search", BOATS).sentence(2)
        assert len(run("list", "--json").rows) == 2
    output = run("rebuild", "--embedding", "all-MiniLM-L6-v2")
    assert output.out == "3 chunks were embedded again with all-MiniLM-L6-v2.\n"
    assert run("search", BOATS, "--json").rows == expected


def test_embedding_anew_says_its_price_first(
    run: Run, filled: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    anew = ("rebuild", "--embedding", "mistral-embed")
    monkeypatch.setenv("TRAMONTANE_ASK_ABOVE", "0")
    monkeypatch.setenv("MISTRAL_API_KEY", "right")
    with LoopbackServer(api_key="right") as server:
        monkeypatch.setenv("TRAMONTANE_MISTRAL_URL", server.url)
        words = run(*anew, "--estimate")
        assert words.out.startswith("The library documents: 3 pages, 58 tokens to embed, ")
        assert words.out.endswith("less than $0.01.\n")
        (row,) = run(*anew, "--estimate", "--json").rows
        assert row["library"] == "documents"
        assert 0 < row["dollars"] < 0.001
        refused = run(*anew)
        assert (refused.code, refused.out) == (1, "")
        assert "would cost about less than $0.01. Run the command again with --yes" in refused.err
        assert server.requests == []
        assert run(*anew, "--yes").code == 0
        assert len(server.requests) == 1
    assert "--estimate needs --embedding MODEL" in run("rebuild", "--estimate").sentence(2)


def test_rebuilding_does_not_claim_what_could_not_be_written(run: Run, filled: Path) -> None:
    shutil.rmtree(filled / "derived", ignore_errors=True)
    (filled / "derived").write_text("in the way")
    output = run("rebuild")
    assert (output.code, output.out) == (1, "")
    assert f"{filled / 'derived'} cannot be written: the indexes are kept in memory" in output.err
    assert run("search", "boats in winter", "--json").rows[0]["text"] == BOATS


def test_rebuilding_sweeps_the_files_of_no_document(run: Run, filled: Path) -> None:
    orphan = filled / "blobs" / "ab" / ("ab" + "0" * 62)
    orphan.parent.mkdir(exist_ok=True)
    orphan.write_text("killed before it was published")
    files = len([path for path in (filled / "blobs").rglob("*") if path.is_file()])
    output = run("rebuild")
    assert output.code == 0
    assert output.err == "Stored files that no document had were deleted: 1.\n"
    assert not orphan.exists()
    assert len([path for path in (filled / "blobs").rglob("*") if path.is_file()]) == files - 1
    assert run("rebuild").err == ""


def test_rebuilding_throws_away_what_a_failed_run_kept(run: Run, filled: Path) -> None:
    kept = filled / "reembedding" / "of-a-run-that-failed"
    kept.parent.mkdir()
    kept.write_bytes(b"vectors")
    assert run("rebuild").code == 0
    assert not kept.exists()


def test_the_doctor_makes_no_library_of_a_mistyped_name(run: Run, filled: Path) -> None:
    rows = run("doctor", "--library", "typo", "--json").rows
    (found,) = [row for row in rows if row["subject"] == "library"]
    assert found["level"] == "wrong"
    assert "There is: 'documents'" in found["sentence"]
    assert "There is no library" in run("search", "boats", "--library", "typo").sentence(2)
