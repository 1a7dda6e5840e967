from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from rag.settings import load_settings
from rag.store.catalog import Catalog
from tests.loopback import LoopbackServer, Say
from tests.ui.cli.rig import BOATS, CITATION, LIGHT, PASSAGE, ROW, Run


def test_passages_as_json(run: Run, filled: Path) -> None:
    output = run("search", "How many boats are in the harbour?", "--json")
    assert (output.code, output.err) == (0, "")
    assert [set(row) for row in output.rows] == [PASSAGE] * 3
    best = output.rows[0]
    assert (best["document"], best["page"], best["text"]) == ("boats.pdf", 2, BOATS)
    light = next(row for row in output.rows if row["document"] == "light.txt")
    assert light["page"] is None
    scores = [row["score"] for row in output.rows]
    assert scores == sorted(scores, reverse=True)


def test_passages_in_words(run: Run, filled: Path) -> None:
    output = run("search", "When was the lighthouse lit?", "-k", "1")
    assert (output.code, output.err) == (0, "")
    assert output.out.splitlines()[0].startswith("1. light.txt (")
    assert LIGHT in output.out


def test_of_a_long_passage_the_words_around_its_best_sentence_are_shown(
    run: Run, filled: Path, tmp_path: Path
) -> None:
    filler = " ".join(f"Line {number} is about the weather." for number in range(40))
    (tmp_path / "long.txt").write_text(f"{filler} The oldest sailor is called Honorat. {filler}")
    assert run("add", "long.txt").code == 0
    output = run("search", "What is the oldest sailor called?", "-k", "1").out
    assert "The oldest sailor is called Honorat." in " ".join(output.split())
    assert output.splitlines()[1].startswith("   … ")
    assert len(output) < 600


def test_a_question_may_come_from_stdin(
    run: Run, filled: Path, stdin: Callable[[bytes], None]
) -> None:
    stdin("\ufeffQuand le phare — lighthouse — fut-il allumé?\n".encode())
    assert run("search", "-", "-k", "1", "--json").rows[0]["document"] == "light.txt"
    stdin(b"\xffboats\xfe harbour")
    assert run("search", "-", "-k", "1", "--json").rows[0]["document"] == "boats.pdf"


@pytest.mark.parametrize("question", ["?!", '"boats', "AND OR NOT", "🚤", "\udce9 boats", "a:b^2"])
def test_odd_questions_are_searched(question: str, run: Run, filled: Path) -> None:
    assert len(run("search", question, "--json").rows) == 3


def test_a_search_stays_within_the_chosen_documents(run: Run, filled: Path) -> None:
    question = "How many boats are in the harbour?"
    found = run("search", question, "--document", "light.txt", "--json").rows
    assert {row["document"] for row in found} == {"light.txt"}
    identity = next(
        row["id"] for row in run("list", "--json").rows if row["document"] == "boats.pdf"
    )
    both = run("search", question, "--document", "light.txt", "--document", identity, "--json")
    assert {row["document"] for row in both.rows} == {"light.txt", "boats.pdf"}


def test_an_answer_as_json_is_a_row_of_the_contract(run: Run, filled: Path) -> None:
    output = run("ask", "How many boats does the harbour hold in winter?", "--json")
    assert (output.code, output.err) == (0, "")
    (row,) = output.rows
    assert set(row) == ROW
    assert row["refused"] is False
    assert "forty-one" in row["answer"]
    citation = row["citations"][0]
    assert set(citation) == CITATION
    assert (citation["document"], citation["page"]) == ("boats.pdf", 2)
    assert BOATS[citation["start"] : citation["end"]] == citation["quote"]
    assert [set(passage) for passage in row["passages"]][:1] == [PASSAGE]


def test_an_answer_in_words_ends_with_its_quotes(run: Run, filled: Path) -> None:
    output = run("ask", "How many boats does the harbour hold in winter?")
    assert output.code == 0
    assert "forty-one boats" in output.out
    assert "[1] boats.pdf, p. 2: “" in output.out


def test_a_refusal_tells_of_files_that_are_not_read_yet(run: Run, filled: Path) -> None:
    asked = ("ask", "Which enzyme unwinds the double helix during replication?")
    assert "not read yet" not in run(*asked).err
    with closing(Catalog(filled)) as catalog:
        library = catalog.library(load_settings().library)
        for name in ("a.pdf", "b.pdf"):
            catalog.jobs.submit(library.id, name, f"hash of {name}", 9)
    said = "when `tramontane add` or `tramontane serve` has read them.\n"
    said = f"2 files were not read yet. Ask again {said}"
    assert run(*asked).err.endswith(said)
    output = run(*asked, "--json")
    assert (output.rows[0]["refused"], output.err) == (True, said)
    assert run("ask", "How many boats does the harbour hold in winter?", "--json").err == ""


def test_an_answer_of_a_server_of_ones_own(
    run: Run, filled: Path, stdin: Callable[[bytes], None]
) -> None:
    with LoopbackServer(chat=[Say("Forty-one boats [1].")]) as server:
        stdin(b"How many boats does the harbour hold in winter?\n")
        (row,) = run("ask", "-", "--chat", f"{server.url}/v1", "--json").rows
    assert row["question"] == "How many boats does the harbour hold in winter?"
    assert row["answer"] == "Forty-one boats [1]."
    assert row["citations"][0]["document"] == "boats.pdf"
    assert row["usage"] == {"input_tokens": 10, "output_tokens": 5}


def test_a_server_that_cannot_be_reached_is_one_sentence(
    run: Run, filled: Path, nobody: str
) -> None:
    sentence = run("ask", "How many boats?", "--chat", f"{nobody}/v1", "--json").sentence(2)
    assert nobody.removeprefix("http://") in sentence


def test_a_wrong_key_is_one_sentence_and_leaves_the_words(
    run: Run, notes: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MISTRAL_API_KEY", "wrong-key-1234567890")
    with LoopbackServer(api_key="right") as server:
        monkeypatch.setenv("TRAMONTANE_MISTRAL_URL", server.url)
        output = run("add", notes)
        assert output.code == 1
        assert set(output.out.splitlines()) == {
            "La Plateforme does not accept the key. Check MISTRAL_API_KEY."
        }
        assert "wrong-key" not in output.out + output.err
        assert {row["state"] for row in run("list", "--json").rows} == {"ready"}
        assert "MISTRAL_API_KEY" in run("doctor").out


def test_an_answer_from_la_plateforme(
    run: Run, notes: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MISTRAL_API_KEY", "right")
    with LoopbackServer(api_key="right", chat=[Say("Forty-one boats [1].")]) as server:
        monkeypatch.setenv("TRAMONTANE_MISTRAL_URL", server.url)
        assert run("add", notes).code == 0
        (row,) = run("ask", BOATS, "--json").rows
        assert row["model"] == "mistral-small-latest"
        assert row["citations"][0]["quote"] in BOATS
        assert server.asked("/v1/embeddings")
    with closing(Catalog(Path(".tramontane"))) as catalog:
        assert catalog.library("documents").embedding_model == "mistral-embed"
