from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from tests.loopback import Events, LoopbackServer, Reply, Say, call, chunk
from tests.ui.cli.rig import ROOT, Run, write_rows


def test_a_taken_port_is_one_sentence(run: Run, tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        sentence = run("serve", "--port", str(port), "--data-dir", tmp_path / "data").sentence(2)
    assert f"Port {port} is already in use." in sentence


COMMAND = [sys.executable, "-m", "ui.cli"]


def test_a_reader_that_has_enough_ends_the_command_quietly(filled: Path, tmp_path: Path) -> None:
    file = write_rows(tmp_path / "q.jsonl", *[{"question": "boats"} for _ in range(30)])
    for arguments in (["batch", str(file), "--retrieve-only"], ["list"], ["search", "boats"]):
        process = subprocess.Popen(
            [*COMMAND, *arguments], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(60) == 0
        process.stderr.close()


@pytest.mark.skipif(os.name != "posix", reason="needs a terminal of its own")
def test_what_goes_into_a_file_is_not_drawn_on_the_terminal(filled: Path, tmp_path: Path) -> None:
    file = write_rows(tmp_path / "q.jsonl", *[{"question": "boats"} for _ in range(3)])
    (tmp_path / "[bold] new.txt").write_text("A new note.")
    for arguments, lines in (
        (["batch", str(file), "--retrieve-only"], 3),
        (["add", str(tmp_path / "[bold] new.txt"), "--json"], 1),
    ):
        terminal, side = os.openpty()
        try:
            result = subprocess.run(
                [*COMMAND, *arguments],
                cwd=ROOT,
                stdout=subprocess.PIPE,
                stderr=side,
                timeout=60,
                check=True,
                env=os.environ | {"TERM": "xterm"},
            )
            drawn = os.read(terminal, 100_000)
        finally:
            os.close(terminal)
            os.close(side)
        assert len([json.loads(line) for line in result.stdout.splitlines()]) == lines
        assert b"\x1b[" in drawn  # there was progress to see


def test_serving_tells_the_address_the_way_to_stop_and_when_the_samples_are_in(
    tmp_path: Path,
) -> None:
    process = subprocess.Popen(
        [*COMMAND, "serve", "--port", "0", "--data-dir", str(tmp_path / "data")],
        cwd=ROOT,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    try:
        first, second = process.stderr.readline(), process.stderr.readline()
    finally:
        process.send_signal(signal.SIGINT)
        rest = process.stderr.read()
        process.wait(20)
        process.stderr.close()
    assert re.fullmatch(
        r"Tramontane answers at http://127\.0\.0\.1:\d+ — press Ctrl\+C to stop\.\n", first
    )
    assert second == "5 sample documents are in: ask them something.\n"
    assert (rest, process.returncode) == ("", 130)


TOOL = """import sys, time
def slow(x: int) -> str:
    \"\"\"Look slowly.\"\"\"
    print("begun", file=sys.stderr, flush=True)
    time.sleep(25)
    return "x"
"""


def test_a_batch_gives_rows_while_its_input_is_open_and_ends_at_once_when_interrupted(
    filled: Path, tmp_path: Path
) -> None:
    (tmp_path / "my_tools.py").write_text(TOOL)
    calls = chunk({"tool_calls": [call(0, "abcdefghi", "slow", '{"x": 1}')]})
    question = json.dumps({"question": "How many boats does the harbour hold in winter?"})
    said = "It holds forty-one boats in winter [1]."
    with LoopbackServer() as server:
        replies: list[Reply] = [Say(said), Events([calls, chunk({}, "tool_calls")])]
        server.scripts["/v1/chat/completions"].extend(replies)
        chosen = {
            "MISTRAL_API_KEY": "x",
            "TRAMONTANE_MISTRAL_URL": server.url,
            "TRAMONTANE_TOOLS": str(tmp_path / "my_tools.py"),
        }
        with subprocess.Popen(
            [*COMMAND, "batch", "-", "--format", "jsonl", "--at-once", "2"],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            bufsize=1,
            env=os.environ | chosen,
        ) as process:
            assert process.stdin is not None
            assert process.stdout is not None
            assert process.stderr is not None
            too_long = threading.Timer(60, process.kill)
            too_long.start()
            process.stdin.write(f"{question}\n")
            assert json.loads(process.stdout.readline())["answer"] == said
            process.stdin.write(f"{question}\n")
            assert process.stderr.readline() == "begun\n"
            started = time.monotonic()
            process.send_signal(signal.SIGINT)
            assert process.stdout.read() == ""
            assert process.wait(20) == 130
            seconds = time.monotonic() - started
            assert process.stderr.read() == ""
            too_long.cancel()

    assert seconds < 5  # the tool takes 25
    assert len(server.asked("/v1/chat/completions")) == 2


def test_no_command_but_serve_imports_the_page_or_a_vendor() -> None:
    heavy = ("gradio", "mistralai", "openai", "pandas", "fastapi", "uvicorn", "torch")
    code = f"import sys, ui.cli; print([name for name in {heavy} if name in sys.modules])"
    result = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert result.stdout == "[]\n"
