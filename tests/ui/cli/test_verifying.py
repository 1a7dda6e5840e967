from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.documents import docx, paragraph_of, said
from tests.ui.cli.rig import BOATS, LIGHT, Output, Run, write_rows

ROW = ["id", "claim", "verdict", "reason", "quote", "document", "page", "start", "end"]
WRONG = "The lighthouse of Camarat was lit for the first time in 1871."
DRAFT = f"# A report\n\nDear all,\n\n{BOATS} {WRONG}\n\nWho built it?\n"
BACKED = f"{BOATS}\n\n{LIGHT}\n"
PASSAGE = "Nemo has 12 billion parameters. Mistral built it\ntogether with NVIDIA."


@pytest.fixture
def draft(tmp_path: Path) -> Path:
    path = tmp_path / "report.md"
    path.write_text(DRAFT, encoding="utf-8")
    return path


# A text against the library


def test_a_text_is_checked_statement_by_statement(run: Run, filled: Path, draft: Path) -> None:
    output = run("verify", draft)
    assert output.code == 1
    assert f"backed         {BOATS}\n" in output.out
    assert f"not backed     {WRONG}\n" in output.out
    assert "boats.pdf, p. 2: “" in output.out
    assert "Why: the source says" in output.out
    assert output.out.endswith("\n1 of 2 statements backed.\n")
    assert output.err == "3 lines claim nothing (headings, questions, greetings).\n"


def test_programs_get_a_line_for_each_claim(run: Run, filled: Path, draft: Path) -> None:
    output = run("verify", draft, "--json")
    assert output.code == 1
    first, second = output.rows
    assert list(first) == list(second) == ROW
    assert [row["id"] for row in output.rows] == ["1", "2"]
    assert (first["claim"], first["verdict"], first["reason"]) == (BOATS, "supported", "")
    assert (first["document"], first["page"]) == ("boats.pdf", 2)
    assert first["end"] - first["start"] == len(first["quote"])
    assert (second["claim"], second["verdict"]) == (WRONG, "unsupported")
    assert (second["document"], second["page"]) == ("light.txt", None)
    assert LIGHT[second["start"] : second["end"]] == second["quote"]
    assert output.err.startswith("1 of 2 statements backed.\n")


def test_a_text_that_is_backed_ends_well(run: Run, filled: Path, tmp_path: Path) -> None:
    (tmp_path / "report.docx").write_bytes(
        docx(paragraph_of(said("A report"), style="Title"), *map(paragraph_of, map(said, [BOATS])))
    )
    output = run("verify", tmp_path / "report.docx")
    assert (output.code, output.out.splitlines()[-1]) == (0, "1 of 1 statement backed.")


def test_a_text_comes_from_stdin_too(
    run: Run, filled: Path, stdin: Callable[[bytes], None]
) -> None:
    for content in (
        BACKED.encode(),
        BACKED.encode("utf-16"),
        docx(*(paragraph_of(said(text)) for text in (BOATS, LIGHT))),
    ):
        stdin(content)
        output = run("verify", "-", "--json")
        assert (output.code, len(output.rows)) == (0, 2)


def test_a_text_of_headings_has_nothing_to_check(run: Run, filled: Path, tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("# A report\n\n## Of boats\n")
    output = run("verify", tmp_path / "a.md")
    assert (output.code, output.out) == (0, "No statement to check.\n")


def test_the_drafts_own_document_is_left_out(run: Run, filled: Path, tmp_path: Path) -> None:
    (tmp_path / "copy.txt").write_text(LIGHT)
    output = run("verify", tmp_path / "copy.txt")
    assert output.code == 1
    assert "Left out, because it is the text itself: light.txt." in output.err
    only = run("verify", tmp_path / "copy.txt", "--document", "light.txt")
    assert "nothing but light.txt itself" in only.sentence(2)


def test_only_some_documents_can_be_looked_at(run: Run, filled: Path, draft: Path) -> None:
    rows = run("verify", draft, "--json", "--document", "light.txt", "-k", "1").rows
    assert [row["verdict"] for row in rows] == ["unsupported", "unsupported"]
    assert {row["document"] for row in rows} == {"light.txt"}


def test_a_report_is_written_as_markdown_csv_and_html(
    run: Run, filled: Path, draft: Path, tmp_path: Path
) -> None:
    reports = {suffix: tmp_path / f"out.{suffix}" for suffix in ("md", "csv", "html")}
    for path in reports.values():
        output = run("verify", draft, "--export", path)
        assert output.code == 1
        assert f"The report is in {path}.\n" in output.err
    assert "2. **not backed**: The lighthouse of Camarat" in reports["md"].read_text("utf-8")
    with reports["csv"].open(encoding="utf-8-sig", newline="") as file:
        table = list(csv.DictReader(file))
    assert [row["verdict"] for row in table] == ["supported", "unsupported"]
    html = reports["html"].read_text("utf-8")
    assert f">{BOATS}</mark>" in html
    assert "<title>report.md, checked</title>" in html


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--export", "out.docx"], "Markdown, CSV or HTML"),
        (["--export", "nowhere/out.md"], "no folder nowhere"),
        (["-k", "0"], "-k must be"),
        (["--document", "no.pdf"], "no document 'no.pdf'"),
        (["--library", "nowhere"], "no library named 'nowhere'"),
    ],
)
def test_misuse_is_one_sentence(
    run: Run, filled: Path, draft: Path, arguments: list[str], says: str
) -> None:
    assert says in run("verify", draft, *arguments).sentence(2)


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("no.txt", None, "cannot be read"),
        ("a.txt", b"", "empty"),
        ("a.md", b"  \n", "no text"),
        ("a.docx", b"PK\x03\x04", "cannot be unpacked"),
        ("a.xlsx", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "old Office document"),
    ],
)
def test_what_cannot_be_read_is_one_sentence(
    run: Run, filled: Path, tmp_path: Path, name: str, content: bytes | None, says: str
) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    assert says in run("verify", tmp_path / name).sentence(2)


def test_an_empty_library_is_told(run: Run, filled: Path, draft: Path) -> None:
    assert run("remove", "boats.pdf", "light.txt").code == 0
    assert "There is no text to check against" in run("verify", draft).sentence(2)


# Rows of claim and passage


def rows_file(path: Path) -> Path:
    return write_rows(
        path,
        {"id": "a", "claim": "Nemo has 12 billion parameters.", "passage": PASSAGE},
        {"id": 7, "claim": "Nemo has 13 billion parameters.", "passage": PASSAGE},
        {"claim": "Mistral built it together with NVIDIA.", "passage": PASSAGE},
    )


def found(output: Output) -> list[tuple[Any, Any, Any]]:
    return [(row["id"], row["verdict"], row["quote"]) for row in output.rows]


EXPECTED = [
    ("a", "supported", "Nemo has 12 billion parameters."),
    (7, "unsupported", "Nemo has 12 billion parameters."),
    ("3", "supported", "Mistral built it\ntogether with NVIDIA."),
]


def test_rows_need_no_library_and_make_none(run: Run, tmp_path: Path) -> None:
    file = rows_file(tmp_path / "rows.jsonl")
    output = run("verify", file, "--data-dir", tmp_path / "none")
    assert (output.code, output.err) == (0, "3 rows were read.\n")
    assert found(output) == EXPECTED
    assert [list(row) for row in output.rows] == [["id", "verdict", "quote", "reason"]] * 3
    assert [path.name for path in tmp_path.iterdir()] == ["rows.jsonl"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("name", ["rows.jsonl", "rows.json", "rows.txt", "-"])
def test_rows_are_known_by_their_name_or_how_they_begin(
    run: Run, tmp_path: Path, stdin: Callable[[bytes], None], name: str, encoding: str
) -> None:
    text = rows_file(tmp_path / "rows.jsonl").read_text().replace("\n", "\r\n")
    content = f"\r\n{text}".encode(encoding)
    stdin(content)
    if name != "-":
        (tmp_path / name).write_bytes(content)
    output = run("verify", name if name == "-" else tmp_path / name)
    assert output.code == 0
    assert found(output) == EXPECTED


def test_a_list_of_rows_is_read_too(run: Run, tmp_path: Path) -> None:
    rows = [
        json.loads(line) for line in rows_file(tmp_path / "rows.jsonl").read_text().splitlines()
    ]
    (tmp_path / "rows.json").write_text(json.dumps(rows, indent=2))
    assert found(run("verify", tmp_path / "rows.json")) == EXPECTED


def test_a_bad_row_costs_itself_alone(run: Run, tmp_path: Path) -> None:
    file = rows_file(tmp_path / "rows.jsonl")
    good = file.read_bytes()
    file.write_bytes(b'{"id": "x", "claim": "a"}\n[1]\nno json\n{"claim": "\xff"}\n' + good)
    output = run("verify", file)
    assert output.code == 1
    bad = output.rows[:4]
    assert [row["id"] for row in bad] == ["x", "2", "3", "4"]
    assert {row["verdict"] for row in bad} == {None}
    assert all(row["error"].endswith(".") for row in bad)
    assert len(output.rows) == 7
    assert "4 of them with an error" in output.err


def test_rows_are_no_report(run: Run, tmp_path: Path) -> None:
    file = rows_file(tmp_path / "rows.jsonl")
    assert "leave out --export" in run("verify", file, "--export", "out.md").sentence(2)
    assert "cannot be read" in run("verify", tmp_path / "no.jsonl").sentence(2)


def test_an_empty_file_of_rows_has_none(run: Run, tmp_path: Path) -> None:
    (tmp_path / "rows.jsonl").write_text("")
    output = run("verify", tmp_path / "rows.jsonl")
    assert (output.code, output.out, output.err) == (0, "", "0 rows were read.\n")
