"""A real vLLM on this machine, serving the tiny Mixtral, from an environment of its own."""

from __future__ import annotations

import contextlib
import http.client
import os
import re
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from rag.providers.openai_compatible import OpenAiCompatibleChat

VARIABLE = "TRAMONTANE_VLLM_ENV"
ENVIRONMENT = os.environ.get(VARIABLE, "")  # before the tests are kept from the settings

# The server lists one model under these names: one that tells nothing, one that calls tools by
# function calling, and one that knows no tools.
NAME, WITH_TOOLS, WITHOUT_TOOLS = (
    "two-layers",
    "mistralai/Mistral-Nemo-Instruct-2407",
    "mistralai/Mixtral-8x7B-Instruct-v0.1",
)
CONTEXT_TOKENS = 8192
START_SECONDS, END_SECONDS = 600.0, 30.0
OPTIONS = (
    *("--served-model-name", NAME, WITH_TOOLS, WITHOUT_TOOLS),
    *("--max-model-len", str(CONTEXT_TOKENS), "--gpu-memory-utilization", "0.15"),
    *("--tokenizer-mode", "mistral", "--config-format", "hf", "--load-format", "safetensors"),
    *("--enable-auto-tool-choice", "--tool-call-parser", "mistral", "--enforce-eager"),
    *(
        "--structured-outputs-config",
        '{"backend": "xgrammar", "disable_any_whitespace": true}',  # else it may write only blanks
    ),
)
OFFLINE = {"HF_HUB_OFFLINE": "1", "VLLM_NO_USAGE_STATS": "1", "DO_NOT_TRACK": "1"}
SMALL = {"VLLM_CPU_KVCACHE_SPACE": "1"}  # GB; without a bound it asks for most of the memory


@dataclass(frozen=True, slots=True)
class Vllm:
    """A server that is up."""

    port: int

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    def get(self, path: str) -> tuple[int, str]:
        """Status and body of what it answers, 0 while it does not."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        except OSError:
            return 0, ""
        finally:
            connection.close()

    @property
    def running(self) -> int:
        """How many requests it is at work on."""
        metrics = self.get("/metrics")[1]
        counts = re.findall(r"^vllm:num_requests_running\S* (\S+)", metrics, re.M)
        assert counts, "the server tells no number of requests"
        return round(sum(map(float, counts)))


def missing() -> str:
    """Why no vLLM can be started here, empty where one can."""
    if not ENVIRONMENT:
        return f"{VARIABLE} names no environment with vLLM"
    python = _python()
    if not python.exists():
        return f"there is no {python}"
    looked = "import importlib.util, sys; sys.exit(importlib.util.find_spec('vllm') is None)"
    found = subprocess.run([python, "-c", looked], check=False, timeout=300)
    return "" if found.returncode == 0 else f"{ENVIRONMENT} holds no vLLM"


@contextmanager
def serving(model: Path, folder: Path, options: Sequence[str] = OPTIONS) -> Iterator[Vllm]:
    """A server of a model's folder, with its log in another; its processes end with it."""
    server = Vllm(_free_port())
    # Not `vllm serve`: that command of the build for CPUs does not find its own version.
    command = [str(_python()), "-m", "vllm.entrypoints.openai.api_server", *options]
    command += ["--model", str(model), "--host", "127.0.0.1", "--port", str(server.port)]
    log = folder / "vllm.log"
    with (
        log.open("wb") as written,
        subprocess.Popen(
            command,
            cwd=folder,
            env={**os.environ, **OFFLINE, **SMALL, "VLLM_CACHE_ROOT": str(folder / "cache")},
            stdin=subprocess.DEVNULL,
            stdout=written,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        ) as process,
    ):
        try:
            _wait(server, process, log)
            yield server
        finally:
            _end(process)


def chat_with(server: Vllm, model: str | None) -> OpenAiCompatibleChat:
    """Its model under a name, or under the first that it lists."""
    return OpenAiCompatibleChat(
        server.url, model=model, api_key=None, context_tokens=None, timeout_seconds=60
    )


def _python() -> Path:
    return Path(ENVIRONMENT).absolute() / "bin" / "python"


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def _wait(server: Vllm, process: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + START_SECONDS
    while server.get("/health")[0] != 200:
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(0.5)
        if process.poll() is not None or time.monotonic() > end:
            tail = log.read_text(encoding="utf-8", errors="replace")[-3000:]
            raise AssertionError(f"vLLM did not start in {START_SECONDS:.0f} s:\n{tail}")


def _end(process: subprocess.Popen[bytes]) -> None:
    """End the server and everything that it started."""
    for sent in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, sent)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(END_SECONDS)
