"""What the server accepted outlives it: uploads and samples, over kills and clean stops."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path

import httpx2
import pytest

from rag.domain import DocumentState
from rag.store.catalog import Catalog
from tests.loopback import LoopbackServer
from ui.intake import INCOMING

APP = Path(__file__).parents[2] / "app.py"
SAMPLES = {path.name for path in (APP.parent / "sample_docs").glob("*.*")}
LONG = "\n\n".join(f"Sentence {number} tells of {number * 7} boats." for number in range(1500))
WAIT_SECONDS = 60.0


class Server:
    """The web app in a process of its own, on a data directory."""

    def __init__(self, process: subprocess.Popen[str], address: str) -> None:
        self.process, self.address = process, address

    def upload(self, name: str, text: str) -> int:
        where = f"{self.address}/documents"
        answer = httpx2.post(where, params={"name": name}, content=text, timeout=20)
        assert answer.status_code == 202
        return int(answer.json()["job"])

    def wait_for_jobs(self, count: int) -> None:
        """Wait until so many jobs are known and all of them have ended."""
        deadline = time.monotonic() + WAIT_SECONDS
        known, ended = 0, -1
        while known != ended or known < count:
            assert time.monotonic() < deadline
            state = httpx2.get(f"{self.address}/documents", timeout=20).json()["state"]
            known, ended = (int(part) for part in state.split("-")[-2:])
            time.sleep(0.05)


def environment(data_dir: Path, settings: Mapping[str, str]) -> dict[str, str]:
    """This machine's, where the fixture of all tests has left no settings."""
    ours = {"TRAMONTANE_DATA_DIR": str(data_dir), "TRAMONTANE_PORT": "0"}
    return {**os.environ, **ours, **settings}


def command(*arguments: str, data_dir: Path, settings: Mapping[str, str]) -> str:
    """What a `tramontane` command in a process of its own prints."""
    return subprocess.run(
        [sys.executable, "-c", "import sys; from ui.cli import main; sys.exit(main())", *arguments],
        cwd=APP.parent,
        env=environment(data_dir, settings),
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        timeout=60,
    ).stdout


@contextmanager
def serving(
    data_dir: Path, settings: Mapping[str, str], end: signal.Signals = signal.SIGKILL
) -> Iterator[Server]:
    """Serve, and end by that signal."""
    process = subprocess.Popen(
        [sys.executable, str(APP)],
        cwd=data_dir.parent,
        env=environment(data_dir, settings),
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    drain = None
    try:
        address = next(
            found.group()
            for line in process.stderr
            if (found := re.search(r"http://127\.0\.0\.1:\d+", line))
        )
        drain = threading.Thread(target=lambda pipe: [None for _ in pipe], args=(process.stderr,))
        drain.start()
        yield Server(process, address)
    finally:
        process.send_signal(end)
        process.wait(timeout=30)
        if drain is not None:
            drain.join(timeout=30)
        process.stderr.close()


def states(data_dir: Path) -> dict[str, DocumentState]:
    with closing(Catalog(data_dir)) as catalog:
        library = catalog.library("documents")
        return {each.name: each.state for each in catalog.documents(library.id)}


def wait_for(data_dir: Path, names: set[str]) -> None:
    deadline = time.monotonic() + WAIT_SECONDS
    while names - states(data_dir).keys():
        assert time.monotonic() < deadline, states(data_dir)
        time.sleep(0.05)


def going(data_dir: Path) -> list[str]:
    """The names of the files that were accepted and have not ended."""
    with closing(Catalog(data_dir)) as catalog:
        jobs = catalog.jobs.of(catalog.library("documents").id)
        return [job.name for job in jobs if not job.has_ended]


def by_words_only(data_dir: Path) -> set[str]:
    """The names of the documents of which something is not embedded."""
    with closing(Catalog(data_dir)) as catalog:
        documents = catalog.documents(catalog.library("documents").id)
        return {each.name for each in documents if each.embedded < each.chunks}


@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGINT])
def test_uploads_that_were_accepted_are_taken_in_after_a_restart(
    tmp_path: Path, end: signal.Signals
) -> None:
    data_dir = tmp_path / "data"
    quiet = {"TRAMONTANE_SAMPLES": "false"}
    with serving(data_dir, quiet, end) as server:
        jobs = [server.upload(f"{name}.txt", f"{name}\n\n{LONG}") for name in ("a", "b")]
    assert "b.txt" in going(data_dir)
    with serving(data_dir, quiet, signal.SIGINT) as server:
        assert server.upload("c.txt", "A third one.") == max(jobs) + 1
        server.wait_for_jobs(3)
    assert states(data_dir) == dict.fromkeys(("a.txt", "b.txt", "c.txt"), DocumentState.READY)
    assert by_words_only(data_dir) == set()
    assert going(data_dir) == []
    assert list((data_dir / INCOMING).iterdir()) == []


def test_samples_come_in_after_a_kill_and_one_removed_stays_away(tmp_path: Path) -> None:
    data_dir = tmp_path / "data"
    with serving(data_dir, {}):
        pass  # killed before all of them were in
    assert states(data_dir).keys() < SAMPLES
    with serving(data_dir, {}) as server:
        server.wait_for_jobs(1)
    assert states(data_dir).keys() == SAMPLES
    with closing(Catalog(data_dir)) as catalog:
        document = catalog.documents(catalog.library("documents").id)[0]
        catalog.remove(document.id)
    with serving(data_dir, {}) as server:
        server.upload("mine.txt", "Taken in after whatever was queued at the start.")
        server.wait_for_jobs(1)
    assert states(data_dir).keys() == SAMPLES - {document.name} | {"mine.txt"}


def test_with_a_wrong_key_words_are_found_and_meaning_follows_once_it_is_mended(
    tmp_path: Path,
) -> None:
    data_dir, mine = tmp_path / "data", tmp_path / "mine.txt"
    mine.write_text("The harbour holds forty-one boats.")
    with LoopbackServer(api_key="right") as platform:
        settings = {"TRAMONTANE_MISTRAL_URL": platform.url, "MISTRAL_API_KEY": "wrong"}
        settings["TRAMONTANE_SAMPLES"] = "false"
        with serving(data_dir, settings, signal.SIGINT) as server:
            server.upload("mine.txt", mine.read_text())
            server.wait_for_jobs(1)
        assert states(data_dir) == {"mine.txt": DocumentState.READY}
        assert by_words_only(data_dir) == {"mine.txt"}
        settings["MISTRAL_API_KEY"] = "right"
        command("add", str(mine), data_dir=data_dir, settings=settings)
        assert by_words_only(data_dir) == set()


def test_a_file_can_be_tried_again_when_the_library_was_embedded_with_another_model_meanwhile(
    tmp_path: Path,
) -> None:
    data_dir = tmp_path / "data"
    quiet = {"TRAMONTANE_SAMPLES": "false"}
    with LoopbackServer(api_key="right") as platform:
        keyed = {"TRAMONTANE_MISTRAL_URL": platform.url, "MISTRAL_API_KEY": "right", **quiet}
        with serving(data_dir, quiet, signal.SIGINT) as server:
            server.upload("a.txt", "The harbour holds forty-one boats.")
            server.wait_for_jobs(1)
            command("rebuild", "--embedding", "mistral-embed", data_dir=data_dir, settings=keyed)
            failed = server.upload("b.txt", "The lighthouse was lit in 1831.")
            server.wait_for_jobs(2)
        assert list(states(data_dir)) == ["a.txt"]
        found = command("search", "boats", "--json", data_dir=data_dir, settings=keyed)
        assert json.loads(found)["document"] == "a.txt"
        with closing(Catalog(data_dir)) as catalog:
            catalog.jobs.restart(failed)
        with serving(data_dir, keyed, signal.SIGINT) as server:
            server.wait_for_jobs(2)
        assert list(states(data_dir)) == ["a.txt", "b.txt"]
        found = command(
            "search", "lighthouse", "-k", "1", "--json", data_dir=data_dir, settings=keyed
        )
        assert json.loads(found)["document"] == "b.txt"
