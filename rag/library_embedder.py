"""Which embedder a library gets, or keeps."""

from __future__ import annotations

from dataclasses import dataclass

from rag.domain import Library
from rag.embedding_connections import (
    MINILM,
    MISTRAL_EMBED,
    build_embedder,
    is_served,
    wanted_embedding,
)
from rag.errors import EmbeddingMismatchError, NotFoundError, ProviderError
from rag.policy import HERE, Gate, PolicyGate, open_gate
from rag.protocols import Embedder
from rag.settings import Settings, is_url
from rag.spending import Meter, MeteredEmbedder
from rag.store.catalog import Catalog
from rag.store.holdings import NewLibrary
from rag.store.names import cleaned


@dataclass(frozen=True, slots=True)
class WantedLibrary:
    """What a person says of a library that is to be made.

    `embedding` is the name of a model, or the address of a server that is set; empty for the usual.
    """

    name: str
    language: str = ""
    stays_here: bool = False
    embedding: str = ""


def paid_embedder(
    settings: Settings,
    meter: Meter,
    model: str,
    local: Embedder,
    dimension: int | None = None,
    gate: Gate = open_gate,
) -> Embedder:
    """The embedder of that name, whose requests are counted. Raises as `build_embedder`."""
    embedder = build_embedder(settings, model, local, dimension, gate)
    return embedder if embedder is local else MeteredEmbedder(embedder, meter)


def library_embedder(
    settings: Settings,
    catalog: Catalog,
    meter: Meter,
    local: Embedder,
    gate: Gate = open_gate,
) -> Embedder:
    """The embedder of the library in use, which is made where there is none yet.

    Its requests ask the gate.

    Raises:
        EmbeddingMismatchError: the library was embedded with another model than is asked for, or
            with one that the settings lead to no more.
        SettingsError: the embedder that is asked for cannot be had.
        ProviderError: a server of one's own is to embed a new library, and cannot be used.
    """
    try:
        library = catalog.library(settings.library)
    except NotFoundError:
        wanted = wanted_embedding(settings, None)
        embedder = paid_embedder(settings, meter, wanted, local, gate=gate)
        catalog.create_library(settings.library, embedder.model, embedder.dimension)
        return embedder
    if not any(document.embedded for document in catalog.documents(library.id)):
        embedder = _of_unembedded(settings, meter, library, local, gate)
        if (embedder.model, embedder.dimension) != (library.embedding_model, library.dimension):
            catalog.replace_vectors(library, embedder.model, embedder.dimension, {})
        return embedder
    model = _wanted(settings, library)
    if model != library.embedding_model:
        raise _another_asked_for(library, model)
    if is_served(model):
        if not is_url(settings.embedding):
            raise _no_server_for(library)
    elif model != MINILM and settings.mistral_api_key is None:
        raise EmbeddingMismatchError(
            f"The library {library.name!r} was embedded with {model}, which needs MISTRAL_API_KEY. "
            f"Set it, or run `tramontane rebuild --embedding {MINILM}` to embed it again here."
        )
    return paid_embedder(settings, meter, model, local, library.dimension, gate)


def create_library(
    settings: Settings, catalog: Catalog, meter: Meter, local: Embedder, wanted: WantedLibrary
) -> Library:
    """Make a library, embedded by whom the settings ask for.

    Raises:
        LibraryError: its name is none, or is taken.
        PolicyError: it is to stay here, and the settings ask for an embedder elsewhere.
        SettingsError: that embedder cannot be had.
        ProviderError: the same of a server of one's own.
    """
    name = cleaned(wanted.name)
    is_chosen = bool(wanted.embedding) or settings.embedding != "auto"
    draft = Library("", name, "", 0, 0, stays_here=wanted.stays_here)
    settings = _of_policy(settings, draft)
    gate = PolicyGate(lambda: draft)
    model = wanted.embedding or wanted_embedding(settings, None)
    gate(embedding_address(settings, model), "TRAMONTANE_EMBEDDING")
    embedder = paid_embedder(settings, meter, model, local, gate=gate)
    gate(embedding_address(settings, embedder.model), "TRAMONTANE_EMBEDDING")
    new = NewLibrary(
        name,
        embedder.model,
        embedder.dimension,
        language=wanted.language,
        stays_here=wanted.stays_here,
        chosen=is_chosen,
    )
    return catalog.libraries.create(new)


def _wanted(settings: Settings, library: Library) -> str:
    """Which embedding model a library is to have.

    Where the settings name a server, it is theirs unless somebody chose another for the library.
    """
    recorded = library.embedding_model
    if library.chosen and is_url(settings.embedding) and not is_served(recorded):
        return recorded
    return wanted_embedding(settings, recorded)


def embedding_address(settings: Settings, model: str) -> str:
    """Where texts are sent to be embedded by a model; on this machine where nothing is sent."""
    if model == MINILM:
        return HERE
    if model == MISTRAL_EMBED:
        return settings.mistral_url
    return settings.embedding if is_url(settings.embedding) else HERE


def _of_policy(settings: Settings, library: Library) -> Settings:
    """The settings without what a library may not use where it may choose its embedder."""
    if library.stays_here and settings.embedding == "auto":
        return settings.model_copy(update={"embedding": MINILM})
    return settings


def _of_unembedded(
    settings: Settings, meter: Meter, library: Library, local: Embedder, gate: Gate
) -> Embedder:
    """The embedder of a library that has no vector yet, and so may change its mind.

    A server that cannot be used now is believed to serve what it served before: whoever embeds is
    told.
    """
    settings = _of_policy(settings, library)
    try:
        wanted = _wanted(settings, library) if library.chosen else wanted_embedding(settings, None)
        return paid_embedder(settings, meter, wanted, local, gate=gate)
    except ProviderError:
        recorded = library.embedding_model
        if not is_served(recorded) or wanted_embedding(settings, recorded) != recorded:
            raise
        return paid_embedder(settings, meter, recorded, local, library.dimension, gate)


def _another_asked_for(library: Library, model: str) -> EmbeddingMismatchError:
    recorded = library.embedding_model
    mend = "unset the setting"
    if is_served(recorded):
        mend = f"set it to the address of a server of {recorded}"
    return EmbeddingMismatchError(
        f"The library {library.name!r} was embedded with {recorded} ({library.dimension} "
        f"dimensions), and TRAMONTANE_EMBEDDING asks for {model}. Run `tramontane rebuild "
        f"--embedding {model}` to embed it again, or {mend}."
    )


def _no_server_for(library: Library) -> EmbeddingMismatchError:
    return EmbeddingMismatchError(
        f"The library {library.name!r} was embedded with {library.embedding_model} on a server of "
        "your own. Set TRAMONTANE_EMBEDDING to its address, or run `tramontane rebuild --embedding "
        f"{MINILM}` to embed it again here."
    )
