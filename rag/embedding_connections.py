"""Who embeds, as the settings ask for it; providers are imported where they are built."""

from __future__ import annotations

from rag.errors import BudgetError, SettingsError
from rag.models import embedding_cost
from rag.policy import Gate, open_gate
from rag.protocols import Embedder
from rag.settings import Settings, is_url
from rag.spending import MISTRAL_HOST
from rag.store.spending import DAILY_SETTING, PERSON_SETTING

MINILM, MISTRAL_EMBED = "all-MiniLM-L6-v2", "mistral-embed"


def wanted_embedding(settings: Settings, recorded: str | None) -> str:
    """Which embedding model a library gets, or keeps.

    It is the address of a server of one's own where nothing says which of its models it is.
    """
    if is_url(settings.embedding):
        kept = recorded if recorded is not None and is_served(recorded) else None
        named = (settings.embedding_model or "").strip().removesuffix(":latest")
        return named or kept or settings.embedding
    if settings.embedding != "auto":
        return settings.embedding
    if recorded is not None:
        return recorded
    return MINILM if settings.mistral_api_key is None else MISTRAL_EMBED


def is_served(model: str) -> bool:
    """Whether an embedding model is one that a server of one's own serves."""
    return model not in (MINILM, MISTRAL_EMBED)


def asked_embedding(settings: Settings, name: str) -> dict[str, str]:
    """The settings by which a library is embedded with what a command calls `name`.

    That may be a model of the configured server, as a library has it recorded.
    """
    if is_url(settings.embedding) and not is_url(name) and name != "auto" and is_served(name):
        return {"embedding_model": name}
    return {"embedding": name}


def _check_embedding(settings: Settings) -> None:
    named = settings.embedding_model
    if is_url(settings.embedding) and named is not None and not is_served(named):
        raise _taken_name(named)


def build_embedder(
    settings: Settings,
    model: str,
    local: Embedder,
    dimension: int | None = None,
    gate: Gate = open_gate,
) -> Embedder:
    """The embedder of that name, or behind that address.

    A server of one's own is asked at once what it serves, unless `dimension` says how long the
    vectors are that a library has of the model.

    Raises:
        SettingsError: it needs a key that is not set, or no library can have its name.
        ProviderError: a server cannot be used, or bills what no cap can hold.
    """
    _check_embedding(settings)
    if is_url(settings.embedding) and (is_url(model) or is_served(model)):
        named = None if is_url(model) else model
        return _embedding_server(settings, named, dimension, local, gate)
    if model == MINILM:
        return local
    if settings.mistral_api_key is None:
        raise SettingsError(
            f"{model} needs a key. Set MISTRAL_API_KEY, or TRAMONTANE_EMBEDDING={MINILM}."
        )
    from rag.providers.mistral import MistralEmbedder

    return MistralEmbedder(
        settings.mistral_api_key.get_secret_value(),
        url=settings.mistral_url,
        timeout_seconds=settings.request_timeout_seconds,
        gate=gate,
    )


def _embedding_server(
    settings: Settings, model: str | None, dimension: int | None, local: Embedder, gate: Gate
) -> Embedder:
    from rag.providers.embedding_server import EmbeddingServer

    key = settings.embedding_api_key
    server = EmbeddingServer(
        settings.embedding,
        model=model,
        dimension=dimension,
        api_key=None if key is None else key.get_secret_value(),
        timeout_seconds=settings.request_timeout_seconds,
        english=local.fluency,  # it knows nothing else
        gate=gate,
    )
    if dimension is None:
        server.connect()
    if not is_served(server.model):
        raise _taken_name(server.model)
    is_capped = settings.daily_dollars is not None or settings.person_dollars is not None
    if is_capped and MISTRAL_HOST in server.place and not embedding_cost(server.model, 1):
        raise BudgetError(
            f"The price of {server.model} is not known, so no cap on spending can hold for it. "
            f"Choose another model, or unset {DAILY_SETTING} and {PERSON_SETTING}."
        )
    return server


def _taken_name(model: str) -> SettingsError:
    return SettingsError(
        f"{model} on a server of your own cannot be told from the one that Tramontane knows by "
        f"that name. Set TRAMONTANE_EMBEDDING={model}, or serve it under another name (vLLM: "
        "--served-model-name)."
    )
