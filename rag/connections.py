"""Chat models and embedders as the settings ask for them.

Providers are imported where they are built: their clients take long to import, and most commands
need none of them.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from rag.errors import RagError, SettingsError
from rag.listwise import ListwiseReranker
from rag.models import DEFAULT_CHAT_MODEL, find_model, offered_models
from rag.policy import Gate, open_gate
from rag.protocols import ChatModel, Moderator, Ocr, Reranker
from rag.providers.engines import ENGINES, EngineSpec, Hardware
from rag.providers.products import ServedModel
from rag.providers.reader import READER
from rag.settings import Settings, is_url

AT_SERVER = "server "  # before the name of a server's model that La Plateforme has too
PROBE_SECONDS = 2.0
DOCTOR_SECONDS = 10.0
_ADDRESS = re.compile(
    r"(?P<scheme>[A-Za-z]+:/{1,2})?(?:[^/@]*@)?"
    r"(?P<host>(?P<machine>localhost|\d+\.\d+\.\d+\.\d+|\[[0-9A-Fa-f:]+\])|[\w.-]+)"
    r"(?P<port>:\d{2,5})?(?P<path>/\S*)?"
)
VLLM = "vllm:"  # and a model's folder or name on the hub


def default_model(settings: Settings) -> str:
    """The name of the model that answers unless another is chosen."""
    if settings.chat == "reader":
        return READER
    if settings.chat == "auto":
        return DEFAULT_CHAT_MODEL if settings.mistral_api_key is not None else READER
    return settings.chat


def check(settings: Settings) -> None:
    """Refuse settings that cannot work, each by itself. Raises as the checks do."""
    check_chat(settings)
    check_reranking(settings)
    check_moderation(settings)


def check_chat(settings: Settings) -> None:
    """Refuse a chat setting that cannot work.

    Raises:
        SettingsError: it names a model that needs a key or is not there, or is no address.
        ModelNotFoundError: it names a model that La Plateforme has retired.
    """
    name = default_model(settings)
    if name == READER:
        return
    if is_url(name):
        from rag.providers.faults import checked_address

        checked_address(name, "TRAMONTANE_CHAT")
        return
    if is_in_process(name):
        engine_spec(settings)
        return
    shown = re.split(r"[?#]", name.rpartition("@")[2])[0]  # no password, and no key
    if (address := _meant_address(shown)) is not None:
        raise SettingsError(
            f"TRAMONTANE_CHAT is {shown!r}, which is not a whole address. Write {address}."
        )
    if "/" in name or ":" in name:
        raise SettingsError(
            f"TRAMONTANE_CHAT is {shown!r}, which is neither a model of La Plateforme nor an "
            "address. For a server of your own give its URL, such as http://127.0.0.1:8000/v1, "
            "and the model's name in TRAMONTANE_CHAT_MODEL; for a model in this process write "
            f"{VLLM}{shown}."
        )
    if settings.mistral_api_key is None:
        raise SettingsError(
            f"TRAMONTANE_CHAT is {name!r}, a model of La Plateforme, and there is no key. Set "
            "MISTRAL_API_KEY, or TRAMONTANE_CHAT=reader to answer without a model."
        )
    find_model(name)


def check_installed(settings: Settings) -> None:
    """Refuse a model in this process where there is nothing to run it with.

    Raises:
        SettingsError: vLLM is not installed.
    """
    if is_in_process(settings.chat):
        from rag.providers.vllm_engine import check_installed

        check_installed()


def _meant_address(name: str) -> str | None:
    """The address that was meant by one without a scheme, or with another than http."""
    found = _ADDRESS.fullmatch(name)
    if found is None or not (found["scheme"] or found["port"] or found["machine"]):
        return None
    scheme = "https" if (found["scheme"] or "").rstrip(":/").lower().endswith("s") else "http"
    path = (found["path"] or "").rstrip("/") or "/v1"
    return f"{scheme}://{found['host']}{found['port'] or ''}{path}"


def served_contexts(settings: Settings) -> dict[str, int | None]:
    """The models the configured server lists now, none when it does not answer.

    Each with how many tokens it reads, None where the server does not say.
    """
    return {model.name: model.context_tokens for model in _served(settings)}


def contexts_by_any_name(settings: Settings) -> dict[str, int | None]:
    """The same by all the names that each model answers to."""
    return {
        name: model.context_tokens
        for model in _served(settings)
        for name in (model.name, *model.aliases)
    }


def _served(settings: Settings) -> list[ServedModel]:
    from rag.providers.openai_compatible import served_models

    try:
        return served_models(
            settings.chat, api_key=_chat_key(settings), timeout_seconds=PROBE_SECONDS
        )
    except RagError:
        return []


def la_plateforme_models(settings: Settings) -> dict[str, int | None]:
    """The models that La Plateforme serves to the key, with the tokens that each reads if it says.

    Raises:
        ProviderError: it cannot be reached, or refuses the key.
    """
    from rag.providers.mistral_models import probe_mistral

    key = settings.mistral_api_key
    return probe_mistral(
        key.get_secret_value() if key else "",
        url=settings.mistral_url,
        timeout_seconds=min(settings.request_timeout_seconds, DOCTOR_SECONDS),
    )


def mistral_chat(settings: Settings, name: str, gate: Gate = open_gate) -> ChatModel:
    """A model of La Plateforme.

    Raises:
        SettingsError: there is no key.
    """
    if settings.mistral_api_key is None:
        raise SettingsError(f"{name} needs a key. Set MISTRAL_API_KEY and start again.")
    from rag.providers.mistral import MistralChat

    return MistralChat(
        settings.mistral_api_key.get_secret_value(),
        name,
        url=settings.mistral_url,
        timeout_seconds=settings.request_timeout_seconds,
        native_citations=settings.native_citations,
        gate=gate,
    )


def build_ocr(settings: Settings, gate: Gate = open_gate) -> Ocr | None:
    """The OCR of La Plateforme, where the settings want it and there is a key.

    Raises:
        SettingsError: it is wanted, and there is no key.
    """
    if settings.ocr not in ("auto", "mistral"):
        return None
    if settings.mistral_api_key is None:
        if settings.ocr == "auto":
            return None
        raise SettingsError(
            "TRAMONTANE_OCR is 'mistral', and there is no key. Set MISTRAL_API_KEY, or "
            "TRAMONTANE_OCR=tesseract to read pictures of pages on this machine."
        )
    from rag.providers.mistral_ocr import MistralOcr

    return MistralOcr(
        settings.mistral_api_key.get_secret_value(),
        url=settings.mistral_url,
        timeout_seconds=settings.request_timeout_seconds,
        gate=gate,
    )


def check_moderation(settings: Settings) -> None:
    """Refuse a moderation setting that cannot work.

    Raises:
        SettingsError: it is wanted, and there is no key.
    """
    if settings.moderation != "off" and settings.mistral_api_key is None:
        raise SettingsError(
            "TRAMONTANE_MODERATION is 'mistral', and there is no key. Set MISTRAL_API_KEY, or "
            "TRAMONTANE_MODERATION=off."
        )


def build_moderator(settings: Settings, gate: Gate = open_gate) -> Moderator | None:
    """Who judges questions and answers, if anybody.

    Raises:
        SettingsError: the setting cannot work.
        AuthenticationError: the key cannot be one.
    """
    check_moderation(settings)
    key = settings.mistral_api_key
    if settings.moderation == "off" or key is None:
        return None
    from rag.providers.mistral_moderation import MistralModerator

    return MistralModerator(
        key.get_secret_value(),
        url=settings.mistral_url,
        timeout_seconds=settings.request_timeout_seconds,
        gate=gate,
    )


def server_chat(settings: Settings, model: str | None, gate: Gate = open_gate) -> ChatModel:
    """A model of the configured server, its first one by default."""
    from rag.providers.openai_compatible import OpenAiCompatibleChat

    return OpenAiCompatibleChat(
        settings.chat,
        model=model,
        api_key=_chat_key(settings),
        context_tokens=settings.chat_context_tokens,
        timeout_seconds=settings.request_timeout_seconds,
        gate=gate,
    )


def engine_spec(settings: Settings) -> EngineSpec:
    """What the chat setting asks to load in this process.

    Raises:
        SettingsError: it names no model, or a folder that is not there; or the options are none.
    """
    model = settings.chat.removeprefix(VLLM).strip()
    if not model:
        raise SettingsError(
            f"TRAMONTANE_CHAT is {settings.chat!r} and names no model. Write it like "
            f"{VLLM}mistralai/Mixtral-8x7B-Instruct-v0.1, or {VLLM} and a folder."
        )
    if model.startswith(("/", ".", "~")):
        folder = Path(model).expanduser()
        if not folder.is_dir():
            raise SettingsError(f"TRAMONTANE_CHAT names {folder}, and there is no such folder.")
        model = str(folder)
    try:
        options = tuple(shlex.split(settings.vllm_options or ""))
    except ValueError as error:
        raise SettingsError(
            "TRAMONTANE_VLLM_OPTIONS has a quotation mark without its other half."
        ) from error
    return EngineSpec(model, settings.vllm_tensor_parallel, settings.chat_context_tokens, options)


def in_process_chat(settings: Settings, end: ExitStack) -> ChatModel:
    """The model in this process, loaded at first need; `end` is where letting go of it goes.

    Raises:
        SettingsError: as `engine_spec` does.
    """
    from rag.providers.in_process import InProcessChat
    from rag.providers.vllm_engine import VllmEngine

    spec = engine_spec(settings)
    engine = ENGINES.use(spec, VllmEngine)
    end.callback(ENGINES.leave, spec)
    return InProcessChat(engine, spec, timeout_seconds=settings.request_timeout_seconds)


def loaded_chat(settings: Settings) -> ChatModel | None:
    """The model in this process, where somebody has it loaded."""
    from rag.providers.in_process import InProcessChat

    spec = engine_spec(settings)
    engine = ENGINES.loaded(spec)
    if engine is None:
        return None
    return InProcessChat(engine, spec, timeout_seconds=settings.request_timeout_seconds)


def loaded_context(settings: Settings) -> int | None:
    """How many tokens the model in this process reads, where somebody has it loaded."""
    engine = ENGINES.loaded(engine_spec(settings))
    return None if engine is None else engine.context_tokens


def engine_hardware() -> Hardware | None:
    """What a model in this process would run on, None where there is nothing for it.

    Raises:
        SettingsError: vLLM is not installed, or cannot be imported.
    """
    from rag.providers.vllm_engine import found_hardware

    return found_hardware()


def build_chat(settings: Settings, name: str, end: ExitStack, gate: Gate = open_gate) -> ChatModel:
    """A model by the name that `Offering` gives it: in this process, of a server, of La Plateforme.

    Nothing is loaded yet; letting go of what will be goes to `end`.

    Raises:
        SettingsError: there is no key, or the settings of the one in this process are wrong.
    """
    if name == settings.chat and is_in_process(name):
        return in_process_chat(settings, end)
    on_la_plateforme = settings.mistral_api_key is not None and name in offered_models()
    if is_url(settings.chat) and not on_la_plateforme:
        model = settings.chat_model if is_url(name) else name.removeprefix(AT_SERVER)
        return server_chat(settings, model, gate)
    return mistral_chat(settings, name, gate)


def check_reranking(settings: Settings) -> None:
    """Refuse a reranking setting that cannot work.

    Raises:
        SettingsError: it asks for a chat model where none answers, or is no address.
    """
    if settings.rerank == "chat" and default_model(settings) == READER:
        raise SettingsError(
            "TRAMONTANE_RERANK is `chat`, and the embedded reader, which answers here, cannot "
            "rank. Set TRAMONTANE_CHAT to a model, or TRAMONTANE_RERANK to off."
        )
    if is_url(settings.rerank):
        from rag.providers.faults import checked_address

        checked_address(settings.rerank, "TRAMONTANE_RERANK")


def build_reranker(
    settings: Settings, chat: Callable[[], ChatModel], gate: Gate = open_gate
) -> Reranker | None:
    """Who reranks, if anybody: `chat` gives the model that answers.

    Raises:
        SettingsError: the setting cannot work.
        AuthenticationError: the reranker's key cannot be one.
    """
    check_reranking(settings)
    if settings.rerank == "off":
        return None
    if settings.rerank == "chat":
        return ListwiseReranker(chat())
    from rag.providers.rerank_server import RerankServer

    key = settings.rerank_api_key
    return RerankServer(
        settings.rerank,
        model=settings.rerank_model,
        api_key=None if key is None else key.get_secret_value(),
        timeout_seconds=settings.request_timeout_seconds,
        gate=gate,
    )


def _chat_key(settings: Settings) -> str | None:
    return None if settings.chat_api_key is None else settings.chat_api_key.get_secret_value()


def is_in_process(name: str) -> bool:
    """Whether the name of a chat model is one to load in this process."""
    return name.startswith(VLLM)
