"""llama.cpp's own server and that of llama-cpp-python, serving the tiny model on this machine.

Both are of one build of llama.cpp. The environment holds the packages `llama-cpp-python[server]`
and `gguf`, and in `llama.cpp/bin` what was built: `llama-server` and its libraries.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from rag.domain import Usage
from rag.providers.openai_compatible import OpenAiCompatibleChat
from tests.llamacpp import tiny_llama
from tests.served import WITH_TOOLS, WITHOUT_TOOLS, ModelServer, free_port, running

VARIABLE = "TRAMONTANE_LLAMACPP_ENV"
ENVIRONMENT = os.environ.get(VARIABLE, "")  # before the tests are kept from the settings

NAME = "a-model-of-two-layers"  # which tells nothing, and stands first by the alphabet
CONTEXT_TOKENS = tiny_llama.CONTEXT_TOKENS
SLOTS = 2


@dataclass(frozen=True, slots=True)
class LlamaServer(ModelServer):
    """llama.cpp's own server, `llama-server`."""

    subject: ClassVar[str] = "llama.cpp"
    context_tokens: ClassVar[int] = CONTEXT_TOKENS
    usage: ClassVar[Usage | None] = Usage(23, 9)
    ways: ClassVar[Mapping[str, str]] = {
        NAME: "by function calling",
        WITH_TOOLS: "by function calling",
        WITHOUT_TOOLS: "in JSON, held to a schema",
    }
    metric: ClassVar[str] = "llamacpp:requests_processing"


@dataclass(frozen=True, slots=True)
class LlamaCppPython(ModelServer):
    """The server of llama-cpp-python, which does one thing at a time."""

    subject: ClassVar[str] = "llama-cpp-python"
    context_tokens: ClassVar[int] = CONTEXT_TOKENS
    ways: ClassVar[Mapping[str, str]] = dict.fromkeys(
        (NAME, WITH_TOOLS, WITHOUT_TOOLS), "in JSON, held to a schema"
    )

    def chat(self, model: str | None) -> OpenAiCompatibleChat:
        """Its model under a name; it does not say how much that reads."""
        return OpenAiCompatibleChat(
            self.url,
            model=model,
            api_key=None,
            context_tokens=CONTEXT_TOKENS,
            timeout_seconds=60,
        )

    @property
    def is_busy(self) -> bool:
        """Whether it lists no models, which it does once it is through with a request."""
        return self.get("/v1/models", seconds=0.2)[0] != 200


def missing() -> str:
    """Why no llama.cpp can be started here, empty where one can."""
    if not ENVIRONMENT:
        return f"{VARIABLE} names no environment with llama.cpp"
    wanted = (_python(), _built() / "llama-server")
    absent = next((path for path in wanted if not path.exists()), None)
    return f"there is no {absent}" if absent else ""


def write_model(path: Path) -> None:
    """Write the tiny model into a file, with what only that environment has."""
    subprocess.run([_python(), tiny_llama.__file__, path], check=True, timeout=120)


@contextmanager
def serving_llama_server(model: Path, folder: Path) -> Iterator[LlamaServer]:
    """llama.cpp's own server of a model's file, with its log in a folder."""
    server = LlamaServer(free_port())
    command = [str(_built() / "llama-server"), "--model", str(model), "--offline", "--metrics"]
    command += ["--alias", ",".join(server.ways), "--host", "127.0.0.1"]
    command += ["--port", str(server.port), "--threads", "1", "--parallel", str(SLOTS)]
    command += ["--ctx-size", str(SLOTS * CONTEXT_TOKENS)]
    with running(server, command, folder, {}):
        yield server


@contextmanager
def serving_llama_cpp_python(model: Path, folder: Path) -> Iterator[LlamaCppPython]:
    """llama-cpp-python's server of a model's file, with its log in a folder."""
    server = LlamaCppPython(free_port())
    each = {"model": str(model), "n_ctx": CONTEXT_TOKENS, "n_threads": 1, "verbose": False}
    models = [each | {"model_alias": name} for name in server.ways]
    settings = folder / "settings.json"
    told = {"host": "127.0.0.1", "port": server.port, "models": models, "interrupt_requests": False}
    settings.write_text(json.dumps(told), encoding="utf-8")
    command = [str(_python()), "-m", "llama_cpp.server", "--config_file", str(settings)]
    with running(server, command, folder, {"LLAMA_CPP_LIB_PATH": str(_built())}):
        yield server


def _python() -> Path:
    return Path(ENVIRONMENT).absolute() / "bin" / "python"


def _built() -> Path:
    return Path(ENVIRONMENT).absolute() / "llama.cpp" / "bin"
