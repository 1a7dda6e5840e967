"""Answers that a model did not finish: a script sees it, by the row and by the exit code."""

from __future__ import annotations

from pathlib import Path

import pytest

from rag.turns import FILTERED, TRUNCATED
from tests.loopback import LoopbackServer, Reply, Say, rate_limited
from tests.ui.cli.rig import BOATS, Run, write_rows

HALF = "It holds forty-one boats in winter [1]. The har"
CUTS = pytest.mark.parametrize(
    ("reason", "why"), [("length", TRUNCATED), ("content_filter", FILTERED)]
)


@CUTS
def test_a_batch_tells_how_many_rows_were_cut_off(
    reason: str, why: str, run: Run, filled: Path, tmp_path: Path
) -> None:
    file = write_rows(tmp_path / "q.jsonl", *[{"question": BOATS}] * 3)
    replies: list[Reply] = [Say("Forty-one boats [1]."), *[Say(HALF, finish_reason=reason)] * 2]
    with LoopbackServer(chat=replies) as server:
        output = run("batch", file, "--chat", f"{server.url}/v1")

    assert output.code == 1
    assert [(row["complete"], row["notice"]) for row in output.rows] == [
        (True, ""),
        (False, why),
        (False, why),
    ]
    assert {row["error"] for row in output.rows} == {None}
    assert output.err == "2 rows are not complete: see their field 'notice'.\n"


@CUTS
@pytest.mark.parametrize("command", [["ask", BOATS], ["summarise"], ["write", f"About {BOATS}"]])
def test_a_text_that_was_cut_off_is_told_and_is_no_success(
    command: list[str], reason: str, why: str, run: Run, filled: Path
) -> None:
    with LoopbackServer(chat=[Say(HALF, finish_reason=reason)] * 2) as server:
        chosen = ["--chat", f"{server.url}/v1"]
        words, row = run(*command, *chosen), run(*command, "--json", *chosen)

    assert (words.code, row.code) == (1, 1)
    assert why in words.err
    assert [(each["complete"], each["notice"]) for each in row.rows] == [(False, why)]


def test_an_answer_that_waits_for_its_server_says_why(run: Run, filled: Path) -> None:
    replies: list[Reply] = [rate_limited("2"), Say("Forty-one boats [1].")]
    with LoopbackServer(chat=replies) as server:
        output = run("ask", BOATS, "--chat", f"{server.url}/v1")

    assert output.code == 0
    assert output.err.splitlines()[0].endswith(
        "has had too many requests or tokens for now. It is asked again in 3 seconds."
    )
