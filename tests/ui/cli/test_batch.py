from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.loopback import LoopbackServer, Reply, Say, Status, mistral_error
from tests.ui.cli.rig import BOATS, PASSAGE, ROW, Run, write_rows


def test_a_batch_answers_every_row_in_order(run: Run, filled: Path, tmp_path: Path) -> None:
    file = write_rows(
        tmp_path / "q.jsonl",
        {"id": "b", "question": "How many boats does the harbour hold in winter?"},
        {"question": "   "},
        {"id": "c", "question": "boats", "documents": ["no.pdf"]},
        {"id": "d", "question": "boats", "library": "nowhere"},
        {"id": "e", "question": "When was the lighthouse lit?", "documents": ["light.txt"]},
        {"id": "f", "question": "half \ud83d of it"},
    )
    file.write_text(file.read_text() + "no json\n[1]\n")
    output = run("batch", file)
    assert output.code == 1
    rows = output.rows
    assert [set(row) for row in rows] == [ROW] * 8
    assert [row["id"] for row in rows] == ["b", "2", "c", "d", "e", "f", "7", "8"]
    assert [row["error"] is None for row in rows] == [
        True,
        False,
        False,
        False,
        True,
        False,
        False,
        False,
    ]
    assert "forty-one" in rows[0]["answer"]
    assert "no.pdf" in rows[2]["error"]
    assert "nowhere" in rows[3]["error"]
    assert {passage["document"] for passage in rows[4]["passages"]} == {"light.txt"}
    assert output.err == "6 rows have an error: see their field 'error'.\n"


def test_one_row_with_an_error_is_counted_as_one(run: Run, filled: Path, tmp_path: Path) -> None:
    file = write_rows(tmp_path / "q.jsonl", {"question": " "}, {"question": "boats"})
    output = run("batch", file, "--retrieve-only")
    assert (output.code, output.err) == (1, "1 row has an error: see its field 'error'.\n")


@pytest.mark.parametrize("name", ["q.csv", "q.tsv"])
def test_a_batch_reads_csv(name: str, run: Run, filled: Path, tmp_path: Path) -> None:
    separator = "\t" if name.endswith("tsv") else ";"
    rows = [["id", "Question", "documents"], ["x", "How many boats?", "light.txt"], ["", "Hé?", ""]]
    text = "\r\n".join(separator.join(row) for row in rows)
    (tmp_path / name).write_bytes(b"\xef\xbb\xbf" + text.encode())
    output = run("batch", tmp_path / name, "--retrieve-only")
    assert (output.code, output.err) == (0, "")
    assert [row["id"] for row in output.rows] == ["x", "2"]
    assert {passage["document"] for passage in output.rows[0]["passages"]} == {"light.txt"}
    assert output.rows[1]["question"] == "Hé?"


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-be", "utf-8", "utf-8-sig"])
@pytest.mark.parametrize("name", ["q.csv", "q.txt"])
def test_a_batch_reads_what_spreadsheets_save_as_text(
    name: str, encoding: str, run: Run, filled: Path, tmp_path: Path
) -> None:
    mark = "\ufeff" if encoding == "utf-16-be" else ""
    path = tmp_path / name
    path.write_bytes(f"{mark}id\tquestion\r\nx\tLe phare ?\r\n\tHé?\r\n".encode(encoding))
    output = run("batch", path, "--retrieve-only")
    assert (output.code, output.err) == (0, "")
    assert [(row["id"], row["question"]) for row in output.rows] == [
        ("x", "Le phare ?"),
        ("2", "Hé?"),
    ]


def test_json_is_known_in_a_text_file_and_in_utf_16(
    run: Run, filled: Path, tmp_path: Path, stdin: Callable[[bytes], None]
) -> None:
    rows = '{"question": "Le phare ?"}\n{"question": "Hé?"}\n'
    for encoding in ("utf-8", "utf-8-sig", "utf-16"):
        (tmp_path / "q.txt").write_bytes(rows.encode(encoding))
        stdin(rows.encode(encoding))
        for file in (tmp_path / "q.txt", "-"):
            asked = [row["question"] for row in run("batch", file, "--retrieve-only").rows]
            assert asked == ["Le phare ?", "Hé?"]


@pytest.mark.parametrize(
    "content", ["question\nHé?".encode("utf-16-le"), b"PK\x03\x04\x14\0\x06\0"]
)
@pytest.mark.parametrize("command", [["batch", "--retrieve-only"], ["eval"]])
def test_a_file_that_is_no_text_is_one_sentence(
    command: list[str], content: bytes, run: Run, filled: Path, tmp_path: Path
) -> None:
    (tmp_path / "q.csv").write_bytes(content)
    assert "in UTF-8" in run(*command, tmp_path / "q.csv").sentence(2)


def test_a_batch_that_only_retrieves_asks_no_model(
    run: Run, filled: Path, tmp_path: Path, nobody: str
) -> None:
    file = write_rows(tmp_path / "q.jsonl", {"id": "1", "question": "boats"})
    arguments = ["batch", file, "--retrieve-only", "--chat", f"{nobody}/v1", "--json"]
    for count in (1, 2):
        (row,) = run(*arguments, "-k", str(count)).rows
        assert set(row) == ROW
        assert [set(passage) for passage in row["passages"]] == [PASSAGE] * count
        assert (row["answer"], row["model"], row["citations"]) == ("", None, [])
        assert row["passages"][0]["document"] == "boats.pdf"


def test_a_batch_that_only_retrieves_refuses_what_the_reader_refuses(
    run: Run, filled: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = write_rows(
        tmp_path / "q.jsonl",
        {"question": "How many boats does the harbour hold in winter?"},
        {"question": "What is the capital of Mongolia?"},
    )

    def refused(*arguments: str) -> list[bool]:
        rows = run("batch", file, *arguments).rows
        assert all(row["passages"] for row in rows)
        return [row["refused"] for row in rows]

    assert refused() == refused("--retrieve-only") == [False, True]
    assert refused("--retrieve-only", "--bar", "0") == [False, False]
    assert refused("--retrieve-only", "--bar", "1") == refused("--bar", "1") == [True, True]
    monkeypatch.setenv("TRAMONTANE_BAR", "0")
    assert refused("--retrieve-only") == [False, False]


def test_a_batch_reads_stdin(run: Run, filled: Path, stdin: Callable[[bytes], None]) -> None:
    stdin(b'\xef\xbb\xbf{"question": "boats"}\n{"question": "\xff"}\n')
    output = run("batch", "-", "--retrieve-only")
    assert output.code == 1
    assert [row["error"] is None for row in output.rows] == [True, False]
    stdin(b"question\nboats\n")
    assert run("batch", "-", "--format", "csv", "--retrieve-only").code == 0


def test_a_batch_of_several_libraries(run: Run, filled: Path, notes: Path, tmp_path: Path) -> None:
    assert run("add", notes / "inner", "--library", "other").code == 0
    file = write_rows(
        tmp_path / "q.jsonl",
        {"question": "boats", "library": "other"},
        {"question": "boats", "library": "documents"},
        {"question": "boats"},
    )
    rows = run("batch", file, "--retrieve-only").rows
    assert [len(row["passages"]) for row in rows] == [1, 3, 3]


def test_one_row_that_its_server_refuses_does_not_end_the_run(
    run: Run, filled: Path, tmp_path: Path
) -> None:
    file = write_rows(tmp_path / "q.jsonl", *[{"question": BOATS} for _ in range(3)])
    said = "It holds forty-one boats in winter [1]."
    replies: list[Reply] = [Say(said), Status(400, mistral_error("No.")), Say(said)]
    with LoopbackServer(chat=replies) as server:
        output = run("batch", file, "--chat", f"{server.url}/v1")
    assert output.code == 1
    assert [row["answer"] for row in output.rows] == [said, "", said]
    assert output.rows[1]["error"]


def test_a_csv_without_questions_is_misuse(run: Run, filled: Path, tmp_path: Path) -> None:
    (tmp_path / "q.csv").write_text("a,b\n1,2\n")
    assert "no column named 'question'" in run("batch", tmp_path / "q.csv").sentence(2)
