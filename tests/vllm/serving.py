"""A real vLLM on this machine, serving the tiny Mixtral, from an environment of its own."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from rag.domain import Usage
from tests.served import WITH_TOOLS, WITHOUT_TOOLS, ModelServer, free_port, running

VARIABLE = "TRAMONTANE_VLLM_ENV"
ENVIRONMENT = os.environ.get(VARIABLE, "")  # before the tests are kept from the settings

NAME = "two-layers"  # which tells nothing
CONTEXT_TOKENS = 8192
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
class Vllm(ModelServer):
    """A vLLM that is up."""

    subject: ClassVar[str] = "vLLM"
    context_tokens: ClassVar[int] = CONTEXT_TOKENS
    usage: ClassVar[Usage | None] = Usage(9, 10)
    ways: ClassVar[Mapping[str, str]] = {
        NAME: "by function calling",
        WITH_TOOLS: "by function calling",
        WITHOUT_TOOLS: "in JSON, held to a schema",
    }
    metric: ClassVar[str] = "vllm:num_requests_running"


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
    """A server of a model's folder, with its log in another."""
    server = Vllm(free_port())
    # Not `vllm serve`: that command of the build for CPUs does not find its own version.
    command = [str(_python()), "-m", "vllm.entrypoints.openai.api_server", *options]
    command += ["--model", str(model), "--host", "127.0.0.1", "--port", str(server.port)]
    environment = {**OFFLINE, **SMALL, "VLLM_CACHE_ROOT": str(folder / "cache")}
    with running(server, command, folder, environment):
        yield server


def _python() -> Path:
    return Path(ENVIRONMENT).absolute() / "bin" / "python"
