from __future__ import annotations

import io
import re
from importlib.metadata import version
from pathlib import Path

import pytest

from rag.providers import vllm_engine
from rag.store.tables import SCHEMA_VERSION
from tests.ui.cli.rig import Run
from ui.cli import INTERRUPTED


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["frobnicate"], "frobnicate"),
        (["add"], "PATH"),
        (["search", "x", "-k", "0"], "-k must be a whole number from 1 to 200."),
        (["search", "x", "-k", "many"], "-k must be a whole number from 1 to 200."),
        (["search", "x", "-k"], "-k"),
        (["ask", "x", "--bar", "7"], "--bar must be a number from 0 to 1."),
        (["serve", "--port", "http"], "--port must be a whole number from 0 to 65535."),
        (["batch", "x.csv", "--format", "xml"], "--format must be csv or jsonl."),
        (["library", "language", "x", "klingon"], "The language must be one of english, french"),
        (["library", "policy", "x", "moon"], "The policy must be anywhere or this-machine."),
        (["list", "--nonsense"], "--nonsense"),
        (["add", "nowhere.pdf"], "There is no file or folder nowhere.pdf."),
        (["add", "x" * 300], "cannot be read"),
        (["add", "/dev/null"], "There is no file or folder /dev/null."),
        (["batch", "nowhere.csv"], "nowhere.csv cannot be read (No such file or directory)."),
        (["batch", "."], "cannot be read"),
        (["ask", "x", "--chat", "mistral-small-latest"], "Set MISTRAL_API_KEY"),
        (["ask", "x", "--chat", "some/model"], "TRAMONTANE_CHAT"),
        (["ask", "x"], "There is no library named 'documents'"),
        (["search", "x", "--library", "mistyped"], "There is no library named 'mistyped'"),
        (["rebuild", "--embedding", "other"], "TRAMONTANE_EMBEDDING"),
        (["rebuild", "--embedding", "mistral-embed"], "no library"),
    ],
)
def test_misuse_is_one_sentence_on_stderr_and_exit_code_2(
    arguments: list[str], words: str, run: Run
) -> None:
    assert words in run(*arguments).sentence(2)


def test_a_model_in_this_process_is_not_served_without_vllm(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(vllm_engine, "is_installed", lambda: False)

    said = run("serve", "--chat", "vllm:foo/bar", "--port", "0").sentence(2)

    assert "vLLM is not installed" in said


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["ask", "   "], "The question is empty."),
        (["search", ""], "The question is empty."),
        (["search", "x" * 8001], "8,001 characters"),
        (["search", "x", "--document", "no.pdf"], "has no document 'no.pdf'"),
    ],
)
def test_a_question_that_cannot_be_searched_is_one_sentence_and_exit_code_2(
    arguments: list[str], words: str, run: Run, filled: Path
) -> None:
    assert words in run(*arguments).sentence(2)


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        (
            "TRAMONTANE_PORT",
            "many",
            "TRAMONTANE_PORT must be a whole number from 0 to 65535, not 'many'.",
        ),
        (
            "TRAMONTANE_PASSAGES",
            "0",
            "TRAMONTANE_PASSAGES must be a whole number from 1 to 50, not '0'.",
        ),
        ("TRAMONTANE_DATADIR", "x", "Did you mean TRAMONTANE_DATA_DIR?"),
    ],
)
@pytest.mark.parametrize("command", [["list"], ["search", "x"], ["doctor"]])
def test_a_wrong_setting_is_one_sentence(
    command: list[str],
    name: str,
    value: str,
    words: str,
    run: Run,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv(name, value)
    assert words in run(*command).sentence(2)


@pytest.mark.parametrize(
    "command",
    [["list"], ["add", "."], ["search", "x"], ["ask", "x"], ["remove", "x"], ["rebuild"]],
)
def test_a_data_directory_that_cannot_be_made_is_one_sentence(
    command: list[str], run: Run, tmp_path: Path
) -> None:
    (tmp_path / "taken").write_text("a file")
    sentence = run(*command, "--data-dir", tmp_path / "taken" / "data").sentence(2)
    assert "cannot be made" in sentence
    assert "--data-dir" in sentence


def test_a_damaged_catalog_is_one_sentence(run: Run, filled: Path) -> None:
    for name in ("catalog.sqlite-wal", "catalog.sqlite-shm"):
        (filled / name).unlink(missing_ok=True)
    (filled / "catalog.sqlite").write_bytes(b"no database" * 5000)
    for command in (["list"], ["search", "x"], ["add", "notes"]):
        assert "is damaged" in run(*command).sentence(2)


def test_a_catalog_of_a_newer_version_is_one_sentence(run: Run, filled: Path) -> None:
    content = bytearray((filled / "catalog.sqlite").read_bytes())
    content[60:64] = (SCHEMA_VERSION + 1).to_bytes(4, "big")
    (filled / "catalog.sqlite").write_bytes(content)
    assert "newer Tramontane" in run("list").sentence(2)


def test_help_is_no_misuse(run: Run) -> None:
    output = run("--help")
    assert output.code == 0
    commands = ["serve", "add", "list", "remove", "ask", "search", "batch", "doctor", "rebuild"]
    assert all(f" {command} " in output.out for command in commands)
    assert output.err == ""


def test_no_command_at_all_shows_the_help(run: Run) -> None:
    output = run()
    assert (output.code, output.err) == (2, "")
    assert output.out == run("--help").out
    assert "tramontane add papers/" in output.out


@pytest.mark.parametrize("command", ["serve", "add", "ask", "search", "batch", "rebuild"])
def test_help_names_no_types_of_python(command: str, run: Run) -> None:
    out = run(command, "--help").out
    assert f"Usage: tramontane {command} [OPTIONS]" in out
    assert not re.search(r"<\w+|[{}]|<=", out)


def test_the_version_is_that_of_the_package(run: Run) -> None:
    output = run("--version")
    assert (output.code, output.out, output.err) == (0, f"tramontane {version('tramontane')}\n", "")


def test_an_interrupted_command_says_so_with_its_exit_code(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Interrupted(io.StringIO):
        def read(self, size: int | None = -1) -> str:
            raise KeyboardInterrupt

    monkeypatch.setattr("sys.stdin", Interrupted())
    output = run("search", "-")
    assert (output.code, output.out, output.err) == (INTERRUPTED, "", "")
