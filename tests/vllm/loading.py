"""The tiny Mixtral in this process, where the environment that runs the tests holds vLLM."""

from __future__ import annotations

import importlib.util
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

from rag.domain import Usage
from rag.providers.engines import ENGINES, EngineSpec
from rag.providers.in_process import InProcessChat
from rag.providers.vllm_engine import VllmEngine
from tests.served import WITHOUT_TOOLS
from tests.vllm.serving import CONTEXT_TOKENS, Vllm
from tests.vllm.tiny_mixtral import write_tiny_mixtral

# The folder's name tells how the model calls tools, as a name on the hub does.
IN_PROCESS, IN_PROCESS_WITHOUT_TOOLS = "two-layers", WITHOUT_TOOLS.rpartition("/")[2]
OPTIONS = (
    *("--tokenizer-mode", "mistral", "--config-format", "hf", "--load-format", "safetensors"),
    *("--gpu-memory-utilization", "0.15", "--kv-cache-memory-bytes", "1G", "--enforce-eager"),
)


def missing() -> str:
    """Why nothing can be loaded here, empty where it can."""
    return "" if importlib.util.find_spec("vllm") else "this environment holds no vLLM"


@dataclass(slots=True)
class Loaded:
    """A chat model in this process, and its engine; see `tests.served.ModelServer`."""

    model: InProcessChat
    engine: VllmEngine
    context_tokens: ClassVar[int] = CONTEXT_TOKENS
    usage: ClassVar[Usage | None] = Vllm.usage
    ways: ClassVar[Mapping[str, str]] = {
        IN_PROCESS: "by function calling",
        IN_PROCESS_WITHOUT_TOOLS: "in JSON, held to a schema",
    }

    def chat(self, _name: str | None) -> InProcessChat:
        """The model, which has one name."""
        return self.model

    @property
    def is_busy(self) -> bool:
        """Whether it is at work on a request."""
        return self.engine.running > 0

    def is_idle_within(self, seconds: float) -> bool:
        """Whether it comes to work on nothing in so many seconds."""
        end = time.monotonic() + seconds
        while self.is_busy:
            if time.monotonic() > end:
                return False
        return True


@dataclass(slots=True)
class Loader:
    """The models by the names of their folders, each loaded once."""

    folder: Path
    end: ExitStack
    loaded: dict[str, Loaded] = field(default_factory=dict)

    def spec(self, name: str) -> EngineSpec:
        """What to load for a name; the weights are written when they are first asked for."""
        model = self.folder / name
        if not model.exists():
            write_tiny_mixtral(model)
        return EngineSpec(str(model), context_tokens=CONTEXT_TOKENS, options=OPTIONS)

    def of(self, name: str) -> Loaded:
        """The model of that name, loaded at its first use."""
        if name not in self.loaded:
            spec = self.spec(name)
            engine = VllmEngine(spec)
            shared = ENGINES.use(spec, lambda _: engine)
            self.end.callback(ENGINES.leave, spec)
            self.loaded[name] = Loaded(InProcessChat(shared, spec, timeout_seconds=60), engine)
        return self.loaded[name]


@contextmanager
def loading(folder: Path) -> Iterator[Loader]:
    """A loader whose engines end with it."""
    with ExitStack() as end:
        yield Loader(folder, end)
