"""vLLM in this process: an engine with the parts that its own server puts around it.

The prompt is rendered, calls are parsed and replies are held to schemas by the same code as in
`vllm serve`, so a model behaves here as it does there; only the server is missing. Written against
vLLM 0.32, whose entry points are not promised to stay: the extra `vllm` names that version.
"""

from __future__ import annotations

import importlib.util
import json
import os
import re
import tempfile
from collections.abc import AsyncGenerator, Generator
from contextlib import aclosing
from functools import cache
from pathlib import Path
from typing import Any

from rag.errors import (
    AuthenticationError,
    ModelNotFoundError,
    ProviderError,
    SettingsError,
    UnavailableError,
)
from rag.providers.abilities import abilities_of
from rag.providers.engines import EngineEndedError, EngineSpec, Event, Hardware, RefusedError
from rag.providers.event_loop import EventLoop

INSTALL = "pip install 'vllm>=0.32,<0.33'"
LONGEST_REASON = 300  # characters of vLLM's own words
LOG = "vllm.log"

# Without the last, a weak model that is held to a schema may write blanks without end.
_SCHEMAS = {"backend": "xgrammar", "disable_any_whitespace": True}
_LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"plain": {"format": "%(levelname)s %(message)s"}},
    "loggers": {"vllm": {"handlers": ["file"], "level": "INFO", "propagate": False}},
}
_RAISED = re.compile(r"^(?:\w+\.)*\w*(?:Error|Exception): (?P<said>.+)$", re.M)
_ELSEWHERE = "See stack trace"  # an error that only tells of another
_MEMORY = re.compile(r"memory", re.I)
_CONTEXT = re.compile(r"max_model_len.{0,40} greater than", re.I)
_REFUSED = re.compile(r"\bgated\b|\b40[13]\b|restricted", re.I)
_MISSING = re.compile(
    r"HFValidationError|(?:Repository|Entry)NotFoundError|valid model identifier|"
    r"not a local folder|invalid repository|outgoing traffic|couldn't connect",
    re.I,
)


class VllmEngine:
    """An engine of vLLM, with its loop in a thread of its own and its work in other processes."""

    def __init__(self, spec: EngineSpec) -> None:
        self._spec = spec
        self._loop: EventLoop | None = None
        self._engine: Any = None
        self._serving: Any = None

    def load(self) -> int:
        """Load the weights; how many tokens the model reads.

        Raises:
            SettingsError: vLLM is not installed, or does not know an option.
            ModelNotFoundError: there is no such model.
            AuthenticationError: the hub does not give it out to everybody.
            UnavailableError: it cannot be loaded, mostly for want of memory.
        """
        folder = _prepared()
        (folder / LOG).write_bytes(b"")
        arguments = _arguments(self._spec)
        loop = EventLoop("vLLM")
        try:
            self._engine, self._serving = loop.call(_started(arguments), self._unloadable)
            self._loop = loop
        finally:
            if self._loop is None:
                loop.close()
        return int(self._engine.model_config.max_model_len)

    def stream(self, body: Event, silence_seconds: float) -> Generator[Event, None, None]:
        """As `Engine.stream`."""
        loop = self._loop
        if loop is None:
            raise EngineEndedError
        return loop.items(self._events(body), self._told, silence_seconds=silence_seconds)

    def count_tokens(self, text: str) -> int:
        """The tokens of a text, without special ones."""
        return len(self._engine.get_tokenizer().encode(text, add_special_tokens=False))

    @property
    def running(self) -> int:
        """How many requests it is at work on."""
        return int(self._engine.get_num_unfinished_requests()) if self._engine else 0

    def close(self) -> None:
        """End the engine and its processes."""
        loop, self._loop = self._loop, None
        engine, self._engine, self._serving = self._engine, None, None
        if loop is not None:
            loop.call_off()
            engine.shutdown()
            loop.close()

    async def _events(self, body: Event) -> AsyncGenerator[Event, None]:
        from vllm.entrypoints.openai.chat_completion.protocol import ChatCompletionRequest

        engine = self._engine
        request = ChatCompletionRequest.model_validate(body)
        reply = await self._serving.create_chat_completion(request)
        if not isinstance(reply, AsyncGenerator):
            raise RefusedError(reply.error.code, reply.error.message)
        async with aclosing(reply) as lines:
            async for line in lines:
                told = line.removeprefix("data:").strip()
                if told == "[DONE]":
                    continue
                event = json.loads(told)
                if "error" in event and engine.errored:
                    raise EngineEndedError(_last_words())
                yield event

    def _told(self, fault: BaseException) -> Exception:
        """What went wrong with a request, as vLLM's server would answer it."""
        from vllm.entrypoints.serve.exception_handling.error_response import create_error_response

        if isinstance(fault, RefusedError | EngineEndedError):
            return fault
        if self._engine is None or self._engine.errored:
            return EngineEndedError(_last_words())
        refused = create_error_response(fault).error
        return RefusedError(refused.code, refused.message)

    def _unloadable(self, fault: BaseException) -> ProviderError:
        """Why it cannot be loaded, with what to do."""
        model, said = self._spec.model, f"{type(fault).__name__} {fault}"
        words = _last_words()
        if not words and _REFUSED.search(said):
            return AuthenticationError(
                f"The Hugging Face hub gives {model} only to those who may have it. Accept its "
                "terms there, and set HF_TOKEN."
            )
        if not words and _MISSING.search(said):
            return ModelNotFoundError(
                f"vLLM finds no model at {model}. Name in TRAMONTANE_CHAT a folder that holds one, "
                "or one of the Hugging Face hub, which has to be reached the first time."
            )
        words = words or _short(str(fault))
        if _CONTEXT.search(words):
            return UnavailableError(
                f"{model} does not read {self._spec.context_tokens:,} tokens. Lower "
                "TRAMONTANE_CHAT_CONTEXT_TOKENS, or unset it."
            )
        if _MEMORY.search(words):
            return UnavailableError(
                f"There is not enough memory for {model}. Lower TRAMONTANE_CHAT_CONTEXT_TOKENS, "
                "take a quantised version, spread it by TRAMONTANE_VLLM_TENSOR_PARALLEL, or set "
                f"--gpu-memory-utilization in TRAMONTANE_VLLM_OPTIONS. vLLM says: {words}"
            )
        return UnavailableError(f"vLLM cannot load {model}. It says: {words}")


def is_installed() -> bool:
    """Whether vLLM is there; nothing of it is imported."""
    return importlib.util.find_spec("vllm") is not None


def check_installed() -> None:
    """Refuse to go on without vLLM.

    Raises:
        SettingsError: it is not installed.
    """
    if not is_installed():
        raise SettingsError(
            "TRAMONTANE_CHAT asks for vLLM in this process, and vLLM is not installed. Install it "
            f"beside Tramontane with: {INSTALL}"
        )


def found_hardware() -> Hardware | None:
    """What vLLM would run on, None where it finds nothing that it was built for.

    It is imported for that, and with it torch, which takes some seconds; no weights are touched.

    Raises:
        SettingsError: it is not installed, or cannot be imported.
    """
    _prepared()
    from vllm.platforms import current_platform
    from vllm.version import __version__

    if current_platform.is_unspecified():
        return None
    count = 1 if current_platform.is_cpu() else int(current_platform.device_count())
    name = str(current_platform.get_device_name()) if count else ""
    return Hardware(str(current_platform.device_type), name, count, str(__version__))


@cache
def _prepared() -> Path:
    """Import vLLM, with its log in a folder rather than on stdout, which is for answers.

    No statistics are sent to its makers, and its processes are begun anew rather than forked from
    one with threads.

    Raises:
        SettingsError: it is not installed, or cannot be imported.
    """
    check_installed()
    folder = Path(_folder().name)
    handler = {"class": "logging.FileHandler", "formatter": "plain", "encoding": "utf-8"}
    config = _LOGGING | {"handlers": {"file": handler | {"filename": str(folder / LOG)}}}
    (folder / "logging.json").write_text(json.dumps(config), encoding="utf-8")
    os.environ["VLLM_LOGGING_CONFIG_PATH"] = str(folder / "logging.json")
    os.environ["VLLM_NO_USAGE_STATS"] = "1"
    os.environ["VLLM_WORKER_MULTIPROC_METHOD"] = "spawn"
    try:
        import vllm  # noqa: F401 - to see whether that works
    except (ImportError, OSError, RuntimeError) as error:
        raise SettingsError(
            f"vLLM is installed and cannot be imported: {_short(str(error))} Install it again "
            f"with: {INSTALL}"
        ) from error
    return folder


@cache
def _folder() -> tempfile.TemporaryDirectory[str]:
    """A folder that goes with the process."""
    return tempfile.TemporaryDirectory(prefix="tramontane-vllm-")


def _arguments(spec: EngineSpec) -> Any:
    """What `vllm serve` would be told, the user's own options last."""
    from vllm.entrypoints.launchers.cli_args import make_arg_parser
    from vllm.utils.argparse_utils import FlexibleArgumentParser

    told = ["--model", spec.model, "--tensor-parallel-size", str(spec.tensor_parallel)]
    told += ["--structured-outputs-config", json.dumps(_SCHEMAS), "--disable-log-stats"]
    if spec.context_tokens is not None:
        told += ["--max-model-len", str(spec.context_tokens)]
    if abilities_of(spec.model).tools:
        told += ["--enable-auto-tool-choice", "--tool-call-parser", "mistral"]
    parser = make_arg_parser(FlexibleArgumentParser())
    parser.error = _unknown_option
    return parser.parse_args([*told, *spec.options])


def _unknown_option(message: str) -> None:
    raise SettingsError(
        f"TRAMONTANE_VLLM_OPTIONS is not what `vllm serve` takes: {_short(message)}"
    )


async def _started(arguments: Any) -> tuple[Any, Any]:
    """The engine, and what serves chats from it."""
    from starlette.datastructures import State
    from vllm.engine.arg_utils import AsyncEngineArgs
    from vllm.entrypoints.launchers.api_server.app_state import init_app_state
    from vllm.v1.engine.async_llm import AsyncLLM

    engine = AsyncLLM.from_engine_args(AsyncEngineArgs.from_cli_args(arguments))
    state, serving = State(), None
    try:
        await init_app_state(engine, state, arguments, await engine.get_supported_tasks())
        serving = state.openai_serving_chat
    finally:
        if serving is None:
            engine.shutdown()
    if serving is None:
        raise NotImplementedError("it is a model that answers no chats")
    return engine, serving


def _last_words() -> str:
    """Why vLLM's own processes ended, by their log; empty where they say nothing."""
    try:
        log = (_prepared() / LOG).read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return ""
    said = [found["said"] for found in _RAISED.finditer(log) if _ELSEWHERE not in found["said"]]
    first = next((words for words in said if _MEMORY.search(words)), said[0] if said else "")
    return _short(first) if first else ""


def _short(text: str) -> str:
    text = " ".join(text.split())
    if len(text) > LONGEST_REASON:
        text = text[: LONGEST_REASON - 1] + "…"
    return text if text.endswith((".", "…")) else f"{text}."
