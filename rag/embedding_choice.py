"""The embedding models that a library can be given, and who embeds with each."""

from __future__ import annotations

from dataclasses import dataclass

from rag.domain import Library
from rag.embedding_connections import MINILM, MISTRAL_EMBED, is_served, wanted_embedding
from rag.errors import SettingsError
from rag.library_embedder import embedding_address, paid_embedder
from rag.policy import PolicyGate, is_here
from rag.protocols import Embedder
from rag.settings import Settings, is_url
from rag.spending import Meter
from rag.store.catalog import Catalog


@dataclass(frozen=True, slots=True)
class EmbeddingOffer:
    """A model to choose, and the `address` that texts are sent to, of this machine for none.

    The `model` is the address itself where a server of one's own is to say which it serves.
    """

    model: str
    address: str

    @property
    def is_here(self) -> bool:
        """Whether nothing is sent to another machine."""
        return is_here(self.address)


def embedding_offers(settings: Settings, library: Library | None = None) -> list[EmbeddingOffer]:
    """The models that the settings lead to; of a library that stays here, those on this machine.

    For a library, its own is among them, if they lead to it.
    """
    recorded = None if library is None else library.embedding_model
    models = [MINILM]
    if settings.mistral_api_key is not None:
        models.append(MISTRAL_EMBED)
    if is_url(settings.embedding):
        models.append(wanted_embedding(settings, recorded))
    elif settings.embedding != "auto":
        models = [settings.embedding]
    offers = [EmbeddingOffer(model, embedding_address(settings, model)) for model in models]
    only_here = library is not None and library.stays_here
    return [offer for offer in offers if offer.is_here or not only_here]


def chosen_embedder(
    settings: Settings,
    catalog: Catalog,
    meter: Meter,
    local: Embedder,
    library: Library,
    model: str,
) -> Embedder:
    """Who embeds a library with a model of that name, if its policy allows that.

    Raises:
        PolicyError: the library stays here and the model is elsewhere; nothing was sent.
        SettingsError: the model needs a key, or a server, that is not set.
        ProviderError: the server cannot be used.
    """
    asked = settings.embedding
    if asked != "auto" and not is_url(asked) and asked != model:
        raise SettingsError(
            f"TRAMONTANE_EMBEDDING asks for {asked}, so nothing is embedded with {model}. Unset it "
            "and start Tramontane again."
        )
    if is_served(model) and not is_url(settings.embedding):
        raise SettingsError(
            f"{model} needs a server of your own. Set TRAMONTANE_EMBEDDING to its address and "
            "start Tramontane again."
        )
    gate = PolicyGate(lambda: catalog.library_with_id(library.id))
    gate(embedding_address(settings, model), "TRAMONTANE_EMBEDDING")
    return paid_embedder(settings, meter, model, local, gate=gate)
