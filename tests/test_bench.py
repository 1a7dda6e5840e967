from __future__ import annotations

import json
from importlib import import_module
from pathlib import Path

import pytest


def refused(name: str, arguments: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    """The one sentence with which a benchmark ends that cannot begin."""
    with pytest.raises(SystemExit) as ended:
        import_module(f"bench.{name}").main(arguments)
    said = capsys.readouterr()
    assert (ended.value.code, said.out, said.err.count("\n")) == (2, "", 1)
    return said.err


@pytest.mark.parametrize(
    ("name", "arguments", "file"),
    [
        ("filings", [], "filings.questions.jsonl"),
        ("xquad", ["en"], "en.passages.jsonl"),
        ("refusal", [], "en.passages.jsonl"),
    ],
)
def test_without_the_evaluation_folder_there_is_one_sentence(
    name: str,
    arguments: list[str],
    file: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    sentence = refused(name, [*arguments, str(tmp_path)], capsys)

    assert f"{file} cannot be read (No such file or directory). Name the folder" in sentence


def test_a_missing_filing_is_one_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    question = {"id": "1", "question": "Why?", "evidence": [{"document": "a.pdf", "page": 1}]}
    (tmp_path / "filings.questions.jsonl").write_text(json.dumps(question))

    assert "filings has no a.pdf. Name the folder" in refused("filings", [str(tmp_path)], capsys)


def test_without_filings_the_benchmark_of_quotes_is_one_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sentence = refused("alignment", [str(tmp_path)], capsys)

    assert "filings has no PDF files. Name the folder" in sentence


def test_without_pdfs_the_benchmark_of_the_way_in_is_one_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sentence = refused("ingestion", [str(tmp_path)], capsys)

    assert f"{tmp_path} has no PDF files. Name the folder" in sentence


def test_a_file_is_looked_for_by_a_line_that_no_other_has() -> None:
    shared = "the terms of this agreement bind all of its parties"
    texts = {
        "a.pdf": f"{shared}\n12,4 % of a line with figures says little here at all\n"
        "a hull of tarred oak carries\nits crew past nine grey capes before the first frost\n",
        "b.pdf": f"{shared}\nwhoever leaves early owes the others half of what is due",
        "c.pdf": shared,
    }

    phrases = import_module("bench.ingestion").phrases_of(texts)

    assert phrases == {
        "a.pdf": "its crew past nine grey capes before the",
        "b.pdf": "whoever leaves early owes the others half of",
    }
