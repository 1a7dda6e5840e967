"""Which embedder a library gets, or keeps."""

from __future__ import annotations

from rag.domain import Library
from rag.embedding_connections import MINILM, build_embedder, is_served, wanted_embedding
from rag.errors import EmbeddingMismatchError, NotFoundError, ProviderError
from rag.protocols import Embedder
from rag.settings import Settings, is_url
from rag.spending import Meter, MeteredEmbedder
from rag.store.catalog import Catalog


def paid_embedder(
    settings: Settings,
    meter: Meter,
    model: str,
    local: Embedder,
    dimension: int | None = None,
) -> Embedder:
    """The embedder of that name, whose requests are counted. Raises as `build_embedder`."""
    embedder = build_embedder(settings, model, local, dimension)
    return embedder if embedder is local else MeteredEmbedder(embedder, meter)


def library_embedder(
    settings: Settings, catalog: Catalog, meter: Meter, local: Embedder
) -> Embedder:
    """The embedder of the library in use, which is made where there is none yet.

    Raises:
        EmbeddingMismatchError: the library was embedded with another model than is asked for, or
            with one that the settings lead to no more.
        SettingsError: the embedder that is asked for cannot be had.
        ProviderError: a server of one's own is to embed a new library, and cannot be used.
    """
    try:
        library = catalog.library(settings.library)
    except NotFoundError:
        embedder = paid_embedder(settings, meter, wanted_embedding(settings, None), local)
        catalog.create_library(settings.library, embedder.model, embedder.dimension)
        return embedder
    if not any(document.embedded for document in catalog.documents(library.id)):
        embedder = _of_unembedded(settings, meter, library, local)
        if (embedder.model, embedder.dimension) != (library.embedding_model, library.dimension):
            catalog.replace_vectors(library, embedder.model, embedder.dimension, {})
        return embedder
    model = wanted_embedding(settings, library.embedding_model)
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
    return paid_embedder(settings, meter, model, local, library.dimension)


def _of_unembedded(settings: Settings, meter: Meter, library: Library, local: Embedder) -> Embedder:
    """The embedder of a library that has no vector yet, and so may change its mind.

    A server that cannot be used now is believed to serve what it served before: whoever embeds is
    told.
    """
    try:
        return paid_embedder(settings, meter, wanted_embedding(settings, None), local)
    except ProviderError:
        recorded = library.embedding_model
        if not is_served(recorded) or wanted_embedding(settings, recorded) != recorded:
            raise
        return paid_embedder(settings, meter, recorded, local, library.dimension)


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
