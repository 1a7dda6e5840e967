"""What only a model in this process does: requests side by side, faults of loading, batches."""

import json
import os
import subprocess
import sys
import threading
import time
from multiprocessing import active_children
from pathlib import Path

import pytest

from rag.errors import (
    InvalidReplyError,
    ModelNotFoundError,
    SettingsError,
    UnavailableError,
)
from rag.providers.engines import ENGINES, EngineSpec
from rag.providers.vllm_engine import VllmEngine, found_hardware
from tests.chat_rig import PROMPT, text_of, whole
from tests.rag.applications import TEXTS
from tests.served_contract import TALK
from tests.vllm.loading import IN_PROCESS, IN_PROCESS_WITHOUT_TOOLS, OPTIONS, Loader
from tests.vllm.serving import CONTEXT_TOKENS, OFFLINE
from tests.vllm.tiny_mixtral import ANSWER

pytestmark = [
    pytest.mark.timeout(900),  # the first test waits for the engine
    pytest.mark.filterwarnings("default"),  # what vLLM warns of is not ours to mend
]
ROOT = Path(__file__).parents[2]
ALONE = "two-layers-alone"  # an engine that no other test uses


def test_the_context_and_the_tokenizer_are_told_by_the_engine(loader: Loader) -> None:
    card = loader.of(IN_PROCESS).model.connect()

    assert card.context_tokens == CONTEXT_TOKENS
    assert card.tokenizer == "tekken"
    assert ENGINES.loaded(loader.spec(IN_PROCESS)) is not None


def test_requests_of_many_threads_run_side_by_side(loader: Loader) -> None:
    opened = loader.of(IN_PROCESS)
    together, most = 6, [0]
    opened.model.connect()

    def ask() -> None:
        for _ in opened.model.stream(TALK):
            most[0] = max(most[0], opened.engine.running)

    threads = [threading.Thread(target=ask) for _ in range(together)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)

    assert most[0] == together
    assert opened.engine.running == 0


def test_an_engine_that_died_is_told_and_loaded_anew(loader: Loader) -> None:
    others = set(active_children())
    opened = loader.of(ALONE)
    opened.model.connect()
    stream = opened.model.stream(TALK)
    next(stream)

    (process,) = set(active_children()) - others
    process.kill()
    with pytest.raises(UnavailableError, match="Ask again: it is loaded anew"):
        list(stream)

    assert text_of(whole(opened.model.stream(PROMPT))) == ANSWER


def test_closing_the_engine_ends_what_is_under_way_with_its_process(loader: Loader) -> None:
    opened = loader.of(ALONE)
    opened.model.connect()
    processes, threads = len(active_children()), names_of_threads()
    stream = opened.model.stream(TALK)
    next(stream)

    opened.engine.close()

    with pytest.raises(InvalidReplyError, match="was stopped"):
        list(stream)
    end = time.monotonic() + 10
    while len(active_children()) == processes:  # one that was killed is gone a moment later
        assert time.monotonic() < end
    assert names_of_threads().count("vLLM") == threads.count("vLLM") - 1


def names_of_threads() -> list[str]:
    return [thread.name for thread in threading.enumerate()]


@pytest.mark.parametrize(
    ("kind", "options", "context", "said"),
    [
        (SettingsError, ("--no-such-option", "3"), 8192, "unrecognized arguments: --no-such"),
        (UnavailableError, ("--kv-cache-memory-bytes", "1000000"), 8192, "not enough memory"),
        (UnavailableError, (), 100_000, "does not read 100,000 tokens"),
        (UnavailableError, ("--chat-template", "/no/such/file"), 8192, "vLLM cannot load"),
    ],
)
def test_what_cannot_be_loaded_ends_in_a_sentence(
    loader: Loader, kind: type[Exception], options: tuple[str, ...], context: int, said: str
) -> None:
    model = loader.spec(IN_PROCESS).model
    engine = VllmEngine(EngineSpec(model, 1, context, (*OPTIONS, *options)))
    processes = set(active_children())

    with pytest.raises(kind, match=said):
        engine.load()
    assert engine.running == 0
    for process in set(active_children()) - processes:
        process.join(10)
    assert set(active_children()) == processes


def test_a_model_that_is_not_there_is_told(loader: Loader, tmp_path: Path) -> None:
    with pytest.raises(ModelNotFoundError, match="vLLM finds no model at"):
        VllmEngine(EngineSpec(str(tmp_path))).load()


def test_the_hardware_is_found_without_loading(loader: Loader) -> None:
    found = found_hardware()

    assert found is not None
    assert found.kind
    assert found.count >= 1


def test_a_batch_is_answered_side_by_side_with_nothing_but_rows_on_stdout(
    loader: Loader, tmp_path: Path
) -> None:
    for name, text in TEXTS.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    count = 12
    rows = [{"id": str(n), "question": "How many parameters does Nemo have?"} for n in range(count)]
    lines = "\n".join(map(json.dumps, [*rows, {"id": "last", "question": " "}]))
    (tmp_path / "q.jsonl").write_text(lines, encoding="utf-8")
    model = loader.spec(IN_PROCESS_WITHOUT_TOOLS).model
    told = {
        "TRAMONTANE_CHAT": f"vllm:{model}",
        "TRAMONTANE_CHAT_CONTEXT_TOKENS": str(CONTEXT_TOKENS),
        "TRAMONTANE_VLLM_OPTIONS": " ".join(OPTIONS),
        "TRAMONTANE_SAMPLES": "false",
        "PYTHONPATH": str(ROOT),
    }
    environment = {**os.environ, **OFFLINE, **told}

    def run(*command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "ui.cli", *command],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
        )

    assert run("add", *TEXTS).returncode == 0
    doctor = run("doctor")
    assert "would load" in doctor.stdout
    assert "Not tried" in doctor.stdout

    began = time.monotonic()
    output = run("batch", "q.jsonl")

    answered = [json.loads(line) for line in output.stdout.splitlines()]
    assert [row["id"] for row in answered] == [*map(str, range(count)), "last"], output.stderr
    assert [row["answer"] for row in answered[:-1]] == [ANSWER] * count
    assert answered[-1]["error"] is not None
    assert all(row["usage"]["output_tokens"] > 10 for row in answered[:-1])
    assert time.monotonic() - began < 300
    assert output.returncode == 1
