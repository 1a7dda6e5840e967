"""What the doctor looks at beyond the library: keys, models, their context and what they can do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rag.connections import (
    build_reranker,
    check_chat,
    default_model,
    is_url,
    la_plateforme_models,
    mistral_chat,
    served_contexts,
    server_chat,
)
from rag.doctor import Note
from rag.domain import ModelCard
from rag.errors import ModelNotFoundError
from rag.protocols import ChatModel, OnServer
from rag.providers.reader import READER
from rag.settings import Settings
from rag.user_tools import load_tools

NAMES_SHOWN = 10
LONGEST_WAIT_SECONDS = 20.0


def configured_chat(settings: Settings) -> ChatModel:
    """The model that answers, or is to answer, with no more patience than a doctor has.

    Raises:
        SettingsError: the settings name none that could.
    """
    seconds = min(settings.request_timeout_seconds, LONGEST_WAIT_SECONDS)
    settings = settings.model_copy(update={"request_timeout_seconds": seconds})
    name = default_model(settings)
    if is_url(name):
        return server_chat(settings, settings.chat_model)
    return mistral_chat(settings, name)


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
    chat = configured_chat(settings)
    card = chat.connect()
    on_server = is_url(settings.chat)
    served = served_contexts(settings) if on_server else la_plateforme_models(settings)
    if served and not {card.name, f"{card.name}:latest"} & set(served):
        raise ModelNotFoundError(
            f"{card.place} does not serve {card.name}. It serves: {_some(list(served))}."
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


def _server(chat: ChatModel) -> tuple[str, str, str]:
    """A server's software and its quirk, as they go into a sentence, and what to change there."""
    if not isinstance(chat, OnServer):
        return "", "", ""
    software = f" ({chat.software})" if chat.software else ""
    return software, f" {chat.remark}" if chat.remark else "", chat.warning


def look_at_reranking(settings: Settings) -> str | Note:
    """Whether whoever reranks does. Raises as `build_reranker` and the reranker do."""
    check_chat(settings)
    reranker = build_reranker(settings, lambda: configured_chat(settings))
    if reranker is None:
        return Note("Passages stay in the order of the search.")
    reranker.rerank("How long does cheese ripen?", ["It ripens for weeks.", "It is round."])
    return f"{reranker.model} at {reranker.place} puts passages in order."


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
