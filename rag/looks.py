"""What the doctor looks at beyond the library: keys, models, their context and what they can do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rag.connections import (
    build_moderator,
    build_reranker,
    check_chat,
    contexts_by_any_name,
    default_model,
    engine_hardware,
    engine_spec,
    is_in_process,
    la_plateforme_models,
    loaded_chat,
    mistral_chat,
    server_chat,
)
from rag.doctor import Note
from rag.domain import Message, ModelCard
from rag.errors import ModelNotFoundError, SettingsError, UnavailableError
from rag.models import answers_questions, find_weights
from rag.protocols import ChatModel, Embedder, OnServer
from rag.providers.reader import READER
from rag.settings import Settings, is_url
from rag.spending import Meter, MeteredChat, MeteredModerator
from rag.store.spending import PERSON
from rag.user_tools import load_tools

NAMES_SHOWN = 10
LONGEST_WAIT_SECONDS = 20.0


def patient(settings: Settings) -> Settings:
    """The settings with no more patience than a doctor has."""
    seconds = min(settings.request_timeout_seconds, LONGEST_WAIT_SECONDS)
    return settings.model_copy(update={"request_timeout_seconds": seconds})


def configured_chat(settings: Settings) -> ChatModel:
    """The model that answers, or is to answer, with no more patience than a doctor has.

    Raises:
        SettingsError: the settings name none that could.
        UnavailableError: it is to run in this process, and is not loaded.
    """
    settings = patient(settings)
    name = default_model(settings)
    if is_url(name):
        return server_chat(settings, settings.chat_model)
    if is_in_process(name):
        chat = loaded_chat(settings)
        if chat is None:
            raise UnavailableError(f"{name} is not loaded. Ask it a question first.")
        return chat
    return mistral_chat(settings, name)


def unloaded(settings: Settings) -> Note | None:
    """Why the model that answers is not tried: a doctor loads no weights."""
    if not is_in_process(settings.chat) or loaded_chat(settings) is not None:
        return None
    return Note(
        f"Not tried, because {engine_spec(settings).model} is not loaded in this process. Ask it a "
        "question in the page, and check the set-up there again."
    )


def has_chat(settings: Settings) -> bool:
    """Whether a language model is to answer, rather than the embedded reader."""
    return default_model(settings) != READER


def look_at_key(settings: Settings) -> str:
    """Whether La Plateforme knows the key. Raises `ProviderError` where it does not answer."""
    count = len(la_plateforme_models(settings))
    models = "1 model" if count == 1 else f"{count} models"
    return f"The key is valid at {settings.mistral_url}, which serves {models}."


def look_at_chat(settings: Settings) -> str | Note:
    """Whether the model that answers is served, and reads as much as is believed.

    Raises:
        SettingsError: the settings name none that could answer.
        ProviderError: its server does not answer, refuses, or serves others.
    """
    check_chat(settings)
    if not has_chat(settings):
        return "The embedded reader answers: it quotes, without a language model."
    if is_in_process(settings.chat):
        return look_at_engine(settings)
    chat = configured_chat(settings)
    card = chat.connect()
    on_server = is_url(settings.chat)
    served = contexts_by_any_name(settings) if on_server else la_plateforme_models(settings)
    if served and not {card.name, f"{card.name}:latest"} & set(served):
        raise ModelNotFoundError(
            f"{card.place} does not serve {card.name}. It serves: "
            f"{_some([name for name in served if on_server or answers_questions(name)])}."
        )
    software, remark, warning = _server(chat)
    sentence = (
        f"{card.name} on {card.place}{software} answers, and reads {card.context_tokens:,} tokens."
        f"{remark}"
    )
    if warning:
        return Note(f"{sentence} {warning}")
    less = _context(served, card)
    if less is None or less >= card.context_tokens:
        return sentence
    mend = (
        f"Set TRAMONTANE_CHAT_CONTEXT_TOKENS to {less}, or unset it."
        if on_server
        else "Long prompts may be refused: update Tramontane."
    )
    return Note(f"{sentence} Its server says that it reads only {less:,}. {mend}")


def look_at_engine(settings: Settings) -> str:
    """What is loaded in this process, or would be and on what. It loads no weights.

    Raises:
        SettingsError: vLLM is not installed, or finds nothing to run on, or too few GPUs.
    """
    spec = engine_spec(settings)
    if (chat := loaded_chat(settings)) is not None:
        card = chat.connect()
        return f"{card.name} is loaded in this process, and reads {card.context_tokens:,} tokens."
    hardware = engine_hardware()
    if hardware is None:
        raise SettingsError(
            "vLLM finds neither a GPU nor a processor that it was built for. Install its build for "
            "this machine, or set TRAMONTANE_CHAT to a server elsewhere."
        )
    if spec.tensor_parallel > hardware.count and hardware.kind != "cpu":
        raise SettingsError(
            f"TRAMONTANE_VLLM_TENSOR_PARALLEL is {spec.tensor_parallel}, and vLLM finds fewer GPUs "
            f"({hardware.count}). Lower it."
        )
    known = find_weights(spec.model)
    weights = f" (weights: {known.gigabytes})" if known and known.gigabytes else ""
    where = hardware.name if hardware.kind == "cpu" else f"{hardware.count} x {hardware.name}"
    return (
        f"vLLM {hardware.version} would load {spec.model}{weights} in this process, on {where}, at "
        "the first question. Nothing was loaded to look."
    )


def look_at_embedding(embedder: Embedder) -> str:
    """Whether texts get vectors. Raises as `Embedder.embed`."""
    dimension = embedder.embed(["How long does cheese ripen?"]).shape[1]
    return (
        f"{embedder.model} gives vectors of {dimension:,} numbers, and reads "
        f"{embedder.max_tokens:,} tokens of a text."
    )


def _server(chat: ChatModel) -> tuple[str, str, str]:
    """A server's software and its quirk, as they go into a sentence, and what to change there."""
    if not isinstance(chat, OnServer):
        return "", "", ""
    software = f" ({chat.software})" if chat.software else ""
    return software, f" {chat.remark}" if chat.remark else "", chat.warning


def look_at_reranking(settings: Settings, meter: Meter) -> str | Note:
    """Whether whoever reranks does; a model that answers is paid for it.

    Raises as `build_reranker` and the reranker do.
    """
    check_chat(settings)
    if settings.rerank == "chat" and (note := unloaded(settings)) is not None:
        return note
    reranker = build_reranker(settings, lambda: MeteredChat(configured_chat(settings), meter))
    if reranker is None:
        return Note("Passages stay in the order of the search.")
    reranker.rerank("How long does cheese ripen?", ["It ripens for weeks.", "It is round."])
    return f"{reranker.model} at {reranker.place} puts passages in order."


def look_at_moderation(settings: Settings, meter: Meter) -> str | Note:
    """Whether whoever moderates judges; that is paid for. Raises as `Moderator.judge` does."""
    seconds = min(settings.request_timeout_seconds, LONGEST_WAIT_SECONDS)
    settings = settings.model_copy(update={"request_timeout_seconds": seconds})
    moderator = build_moderator(settings)
    if moderator is None:
        return Note("Nothing is moderated.")
    paid = MeteredModerator(moderator, meter)
    paid.judge([Message("user", "How long does cheese ripen?")], PERSON)
    return f"{moderator.card.name} on {moderator.card.place} judges questions and answers."


def look_at_tools(settings: Settings) -> str:
    """Which tools of the user's own there are. Raises `SettingsError` where none can be."""
    names = [tool.name for tool in load_tools(settings.tools)]
    return f"{settings.tools} gives the model {_some(names)}."


def _context(served: Mapping[str, int | None], card: ModelCard) -> int | None:
    """How much a model reads, in its server's own words."""
    return served.get(card.name, served.get(f"{card.name}:latest"))


def _some(names: Sequence[str]) -> str:
    shown = ", ".join(names[:NAMES_SHOWN])
    return shown if len(names) <= NAMES_SHOWN else f"{shown} and {len(names) - NAMES_SHOWN} more"
