"""Builds the application from its settings: plain constructor calls, imported by entry points."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack, closing
from functools import partial

from rag.assistant import Assistant
from rag.chats import Chats
from rag.connections import (
    build_chat,
    build_moderator,
    build_reranker,
    check,
    check_chat,
    default_model,
    is_in_process,
)
from rag.doctor import Check, Note, look_at_library
from rag.domain import Library, Manner, ModelCard, Scope, Source
from rag.embedding_choice import EmbeddingOffer, chosen_embedder, embedding_offers
from rag.embedding_connections import MINILM, MISTRAL_EMBED, wanted_embedding
from rag.errors import RagError
from rag.evidence import SentenceScorer
from rag.history import Summaries
from rag.library_embedder import (
    WantedLibrary,
    create_library,
    embedding_address,
    library_embedder,
    paid_embedder,
)
from rag.library_in_use import LibraryInUse
from rag.looks import (
    configured_chat,
    has_chat,
    look_at_chat,
    look_at_embedding,
    look_at_key,
    look_at_moderation,
    look_at_reranking,
    look_at_tools,
    patient,
    unloaded,
)
from rag.moderation import Moderation
from rag.offers import Offer
from rag.policy import PolicyGate
from rag.protocols import ChatModel, Embedder
from rag.providers.minilm.embedder import MiniLmEmbedder
from rag.providers.minilm.judge import MiniLmJudge
from rag.providers.reader import READER, READER_CARD, EmbeddedReader
from rag.retrieval import Retriever
from rag.served import Offering, chat_address
from rag.settings import Settings, is_url
from rag.spending import Meter, MeteredChat, MeteredModerator
from rag.store.catalog import Catalog
from rag.store.indexes import WORDS_PATIENCE_SECONDS, Indexes
from rag.store.presence import check_library, has_catalog, has_library, library_names
from rag.store.words import Words
from rag.tools import Tool
from rag.toolset import tools_for
from rag.trial_spending import Trials, look_at_spending, meter_of
from rag.trials import try_native_citations, try_structured_output, try_tools
from rag.user_tools import load_tools
from rag.verification import Verifier
from rag.vocabulary import load_vocabulary
from rag.whole.resources import Resources
from rag.whole.tasks import Tasks

IN_PROCESS_AT_ONCE = 16  # an engine works on that many for little more than one costs


class Application:
    """Everything an entry point needs, built once.

    Nothing that it holds holds it, so that all of it, the embedded models and the connections to
    others too, goes with the last who uses it. In a circle it would wait for the garbage collector,
    which does not see how large they are, and by way of what closes a client it would stay for
    good: a finalizer holds the client, which holds the gate, until what holds both is gone.
    """

    def __init__(
        self, settings: Settings, catalog: Catalog, local: MiniLmEmbedder, judge: MiniLmJudge
    ) -> None:
        self.settings = settings
        self.catalog = catalog
        self.indexes = Indexes(catalog, patience_seconds=WORDS_PATIENCE_SECONDS)
        self.meter = meter_of(settings, catalog)
        self._local, self._judge = local, judge
        self._in_use = LibraryInUse(catalog, settings.library)
        self.gate = PolicyGate(self._in_use.now)
        self.embedder = library_embedder(settings, catalog, self.meter, local, self.gate)
        self._in_use.settle()
        self.scorer = SentenceScorer(local, Words())
        self.verifier = Verifier(self.scorer.nearest, judge)
        self.vocabulary = load_vocabulary(settings.vocabulary)
        reader = EmbeddedReader(self.scorer, self.vocabulary)
        self._chats = Chats(settings, reader, self.gate, self.meter)
        self._summaries = Summaries()
        moderator = build_moderator(settings, self.gate)
        paid = moderator and MeteredModerator(moderator, self.meter)
        self._moderation = Moderation(paid) if paid else None
        self._offering = Offering(settings, self._chats.card)
        default = partial(self._chats.named, default_model(settings))
        reranker = build_reranker(settings, default, self.gate)
        self._own_tools = load_tools(settings.tools)
        self.retriever = Retriever(
            catalog,
            self.indexes,
            self.embedder,
            self.scorer,
            self.vocabulary,
            reranker=reranker,
        )

    @property
    def library(self) -> Library:
        """The library in use, as it is now.

        Raises:
            NotFoundError: it was deleted.
        """
        return self._in_use.now()

    def create_library(self, wanted: WantedLibrary) -> Library:
        """Make another library, embedded by whom the settings ask for; raises as that says."""
        return create_library(self.settings, self.catalog, self.meter, self._local, wanted)

    def embedding_offers(self, library: Library | None = None) -> list[EmbeddingOffer]:
        """The embedding models that a library can be given; a new one, where none is named."""
        return embedding_offers(self.settings, library)

    def embedder_of(self, library: Library, model: str) -> Embedder:
        """Who embeds a library with another model. Raises as `chosen_embedder`."""
        return chosen_embedder(self.settings, self.catalog, self.meter, self._local, library, model)

    def beside(self, library: Library) -> Application:
        """The same for another library, over the same catalog; to be closed by `close_beside`.

        Raises:
            EmbeddingMismatchError: the settings ask for another embedding model than it has.
            SettingsError, ProviderError: its embedder cannot be had.
        """
        settings = self.settings.model_copy(update={"library": library.name})
        return Application(settings, self.catalog, self._local, self._judge)

    def close_beside(self) -> None:
        """Let go of all but the catalog."""
        self.leave_beside().close()

    def leave_beside(self) -> ExitStack:
        """Prepare nothing more; who is being answered still is.

        Returns:
            What lets go of a model in this process, which may outlive this application.
        """
        self.indexes.close()
        return self._chats.end

    def scope(self, document_ids: frozenset[str] | None = None) -> Scope:
        """The library in use, or some of its documents."""
        return self.catalog.scope(self.library.id, document_ids)

    def offers(self) -> list[Offer]:
        """The models to choose from; see `Offering`. The policy of the library holds."""
        return self._offering.offers(only_here=self.library.stays_here)

    def look_again(self) -> None:
        """Have the next look at `offers` ask the server of one's own which models answer."""
        self._offering.look_again()

    def models(self) -> list[ModelCard]:
        """The cards of the models to choose from, in the order of `offers`."""
        return [offer.card for offer in self.offers()]

    def assistant(self, model: str | None = None, *, passages: int | None = None) -> Assistant:
        """Who answers: the model of that name as `models` gives it, or the configured one.

        Raises:
            SettingsError: the model needs a key that is not set.
            ProviderError: La Plateforme has retired it.
        """
        chat = self._chat_named(model)
        count = passages or self.settings.passages
        settings = self.settings
        return Assistant(
            chat,
            self.retriever,
            self._tools_for,
            count,
            self.verifier,
            bar=settings.bar,
            strict=settings.strict,
            summaries=self._summaries,
            moderation=self._moderation,
        )

    def tasks(
        self, model: str | None = None, *, passages: int | None = None, bar: float | None = None
    ) -> Tasks:
        """Who works on whole documents; the model as for `assistant`, with its faults."""
        chat = self._chat_named(model)
        count = passages or self.settings.passages
        bar = self.settings.bar if bar is None else bar
        parts = (self.catalog, self.retriever, self.scorer, self.verifier)
        resources = Resources(chat, *parts, count, bar)
        return Tasks(resources, self._moderation, self.meter.spending.principal)

    @property
    def rows_at_once(self) -> int:
        """How many rows of a batch are best asked side by side."""
        return IN_PROCESS_AT_ONCE if is_in_process(self.settings.chat) else 1

    def checks(self) -> list[Check]:
        """What a doctor should look at."""
        return checks(self.settings)

    def close(self) -> None:
        """Let go of the catalog, of what is being prepared for it, and of a model in here."""
        self.close_beside()
        self.catalog.close()

    def _tools_for(
        self, scope: Scope, manner: Manner, retriever: Retriever, sources: Sequence[Source]
    ) -> list[Tool]:
        ours = tools_for(scope, retriever, self.catalog, manner, sources)
        return [*ours, *self._own_tools]

    def _chat_named(self, model: str | None) -> ChatModel:
        settings = self.settings
        name = default_model(settings) if model is None else self._offering.name_of(model)
        if address := chat_address(settings, name):
            self.gate(address, "TRAMONTANE_CHAT")  # before anything is searched
        return self._chats.named(name)


def find_offers(settings: Settings) -> list[Offer]:
    """The models to choose from, found without a data directory, none of them loaded.

    Raises:
        SettingsError: the settings name a model that cannot work.
        ModelNotFoundError: La Plateforme has retired it.
    """
    check_chat(settings)

    with ExitStack() as end:

        def card_of(name: str) -> ModelCard:
            return READER_CARD if name == READER else build_chat(settings, name, end).card

        return Offering(settings, card_of).offers()


def build(settings: Settings) -> Application:
    """Open the data directory and wire everything together.

    Raises:
        SettingsError: two settings disagree, or one names what is not there.
        StoreError: the data directory cannot be used.
        EmbeddingMismatchError: the library was embedded with another model.
        ModelNotFoundError: La Plateforme has retired the model that is to answer.
    """
    check(settings)
    return _wired(settings)


def _wired(settings: Settings) -> Application:
    catalog = Catalog(settings.data_dir)
    try:
        return Application(settings, catalog, MiniLmEmbedder(), MiniLmJudge())
    except RagError:
        catalog.close()
        raise


def build_existing(settings: Settings) -> Application:
    """As `build`, for a library that is there already.

    Raises:
        NotFoundError: nothing was ever added to the library, or its name is mistyped; it says which
            there are.
    """
    check(settings)
    check_library(settings.data_dir, settings.library)
    return build(settings)


def build_verifier() -> Verifier:
    """What checks claims; it needs no library, and so no data directory."""
    return Verifier(SentenceScorer(MiniLmEmbedder(), Words()).nearest, MiniLmJudge())


def checks(settings: Settings) -> list[Check]:
    """What a doctor should look at."""
    looks = [Check("library", lambda: _look_at_library(settings))]
    trials = Trials(patient(settings), partial(has_catalog, settings.data_dir))
    if settings.mistral_api_key is not None:
        looks.append(Check("La Plateforme", lambda: look_at_key(settings)))
    if settings.mistral_api_key is not None or settings.embedding not in ("auto", MINILM):
        embeds = partial(_look_at_embedding, patient(settings))
        looks.append(Check("embedding", partial(trials.paid, embeds), ("library",)))
    looks.append(Check("answers", lambda: look_at_chat(settings)))
    if has_chat(settings):
        looks += _trials_of_chat(settings, trials)
    if settings.moderation != "off":
        judges = partial(look_at_moderation, settings)
        looks.append(Check("moderation", partial(trials.paid, judges)))
    if settings.tools is not None:
        looks.append(Check("tools of your own", lambda: look_at_tools(settings)))
    if has_catalog(settings.data_dir):
        looks.append(Check("spending", lambda: _look_at_spending(settings)))
    if settings.rerank != "off":
        reranks = partial(look_at_reranking, settings)
        looks.append(Check("reranking", partial(trials.paid, reranks)))
    return looks


def _trials_of_chat(settings: Settings, trials: Trials) -> list[Check]:
    """What the model that answers is tried for."""
    tried = {"tools": try_tools, "structured output": try_structured_output}
    if settings.native_citations and not is_url(default_model(settings)):
        tried["native citations"] = try_native_citations
    return [
        Check(subject, partial(_tried, settings, trials, trial), ("library", "answers"))
        for subject, trial in tried.items()
    ]


def _look_at_library(settings: Settings) -> str | Note:
    if not library_names(settings.data_dir):
        return Note(
            f"Nothing was added to a library named {settings.library!r} in {settings.data_dir} "
            "yet. Add documents with: tramontane add PATH"
        )
    check_library(settings.data_dir, settings.library)
    key = None if is_url(settings.embedding) else settings.mistral_api_key
    # These are looked at by themselves.
    others = {"rerank": "off", "tools": None, "moderation": "off"}
    settings = patient(settings).model_copy(update=others)
    with closing(_wired(settings)) as app:
        return look_at_library(
            app.catalog, app.library, app.embedder, MISTRAL_EMBED if key else None
        )


def _look_at_embedding(settings: Settings, meter: Meter) -> str:
    """What embeds, tried on a text."""
    recorded = None
    if has_library(settings.data_dir, settings.library):
        with closing(Catalog(settings.data_dir)) as catalog:
            recorded = catalog.library(settings.library).embedding_model
    model = wanted_embedding(settings, recorded)
    return look_at_embedding(paid_embedder(settings, meter, model, MiniLmEmbedder()))


def _look_at_spending(settings: Settings) -> str | Note:
    with closing(Catalog(settings.data_dir)) as catalog:
        return look_at_spending(meter_of(settings, catalog))


def _tried(
    settings: Settings, trials: Trials, trial: Callable[[ChatModel], str | Note]
) -> str | Note:
    """What the model that answers did when it was tried; that is paid for like any question."""
    if (note := unloaded(settings)) is not None:
        return note
    chat = configured_chat(settings)
    return trials.paid(lambda meter: trial(MeteredChat(chat, meter)))


def open_for_reembedding(settings: Settings) -> tuple[Catalog, Library, Embedder]:
    """The catalog, the library as recorded, and the embedder that the settings ask for.

    Raises:
        NotFoundError: there is no such library yet.
        PolicyError: it stays here, and the embedder is elsewhere.
    """
    catalog = Catalog(settings.data_dir)
    try:
        library = catalog.library(settings.library)
        recorded = None if is_url(settings.embedding) else library.embedding_model
        wanted = wanted_embedding(settings, recorded)
        meter = meter_of(settings, catalog)
        gate = PolicyGate(lambda: catalog.library_with_id(library.id))
        embedder = paid_embedder(settings, meter, wanted, MiniLmEmbedder(), gate=gate)
        gate(embedding_address(settings, embedder.model), "TRAMONTANE_EMBEDDING")
    except RagError:
        catalog.close()
        raise
    return catalog, library, embedder


def make_library(settings: Settings, wanted: WantedLibrary) -> Library:
    """Make a library; no other is opened, and none is made besides. Raises as `create_library`."""
    with closing(Catalog(settings.data_dir)) as catalog:
        meter = meter_of(settings, catalog)
        return create_library(settings, catalog, meter, MiniLmEmbedder(), wanted)
