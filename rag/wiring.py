"""Builds the application from its settings: plain constructor calls, imported by entry points."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from contextlib import ExitStack, closing, suppress
from functools import partial

from rag.assistant import Assistant
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
from rag.embedding_connections import MINILM, MISTRAL_EMBED, wanted_embedding
from rag.errors import NotFoundError, RagError
from rag.evidence import SentenceScorer
from rag.history import Summaries
from rag.library_embedder import library_embedder, paid_embedder
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
from rag.protocols import ChatModel, Embedder
from rag.providers.minilm.embedder import MiniLmEmbedder
from rag.providers.minilm.judge import MiniLmJudge
from rag.providers.reader import READER, READER_CARD, EmbeddedReader
from rag.retrieval import Retriever
from rag.served import Offering
from rag.settings import Settings, is_url
from rag.spending import Meter, MeteredChat, MeteredModerator
from rag.store.catalog import CATALOG, Catalog
from rag.store.indexes import WORDS_PATIENCE_SECONDS, Indexes
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
    """Everything an entry point needs, built once."""

    def __init__(self, settings: Settings, catalog: Catalog, local: MiniLmEmbedder) -> None:
        self.settings = settings
        self.catalog = catalog
        self.indexes = Indexes(catalog, patience_seconds=WORDS_PATIENCE_SECONDS)
        self.meter = meter_of(settings, catalog)
        self.embedder = library_embedder(settings, catalog, self.meter, local)
        self.scorer = SentenceScorer(local, Words())
        self.verifier = build_verifier(self.scorer)
        self._chats: dict[str, ChatModel] = {}
        self._end = ExitStack()
        self._summaries = Summaries()
        moderator = build_moderator(settings)
        paid = moderator and MeteredModerator(moderator, self.meter)
        self._moderation = Moderation(paid) if paid else None
        self._offering = Offering(settings, lambda name: self._chat(name).card)
        self._lock = threading.Lock()
        reranker = build_reranker(settings, lambda: self._chat(default_model(settings)))
        self.vocabulary = load_vocabulary(settings.vocabulary)
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
        """The library in use, as it is now."""
        return self.catalog.library(self.settings.library)

    def scope(self, document_ids: frozenset[str] | None = None) -> Scope:
        """The library in use, or some of its documents."""
        return Scope(self.library.id, document_ids)

    def offers(self) -> list[Offer]:
        """The models to choose from; see `Offering`."""
        return self._offering.offers()

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
        return Tasks(Resources(chat, *parts, count, bar), self._moderation)

    @property
    def rows_at_once(self) -> int:
        """How many rows of a batch are best asked side by side."""
        return IN_PROCESS_AT_ONCE if is_in_process(self.settings.chat) else 1

    def checks(self) -> list[Check]:
        """What a doctor should look at."""
        return checks(self.settings)

    def close(self) -> None:
        """Let go of the catalog, of what is being prepared for it, and of a model in here."""
        self._end.close()
        self.indexes.close()
        self.catalog.close()

    def _tools_for(
        self, scope: Scope, manner: Manner, retriever: Retriever, sources: Sequence[Source]
    ) -> list[Tool]:
        ours = tools_for(scope, retriever, self.catalog, manner, sources)
        return [*ours, *self._own_tools]

    def _chat_named(self, model: str | None) -> ChatModel:
        if model is None:
            return self._chat(default_model(self.settings))
        return self._chat(self._offering.name_of(model))

    def _chat(self, name: str) -> ChatModel:
        with self._lock:
            if name not in self._chats:
                self._chats[name] = self._build_chat(name)
            return self._chats[name]

    def _build_chat(self, name: str) -> ChatModel:
        if name == READER:
            return EmbeddedReader(self.scorer, self.vocabulary)
        return MeteredChat(build_chat(self.settings, name, self._end), self.meter)


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
    catalog = Catalog(settings.data_dir)
    try:
        return Application(settings, catalog, MiniLmEmbedder())
    except RagError:
        catalog.close()
        raise


def build_existing(settings: Settings) -> Application:
    """As `build`, for a library that is there already.

    Raises:
        NotFoundError: nothing was ever added to the library, or its name is mistyped.
    """
    check(settings)
    if not _has_library(settings):
        raise NotFoundError(
            f"There is no library named {settings.library!r} in {settings.data_dir}. Add "
            "documents to it first: tramontane add PATH"
        )
    return build(settings)


def build_verifier(scorer: SentenceScorer | None = None) -> Verifier:
    """What checks claims; it needs no library, and so no data directory."""
    scorer = scorer or SentenceScorer(MiniLmEmbedder(), Words())
    return Verifier(scorer.nearest, MiniLmJudge())


def checks(settings: Settings) -> list[Check]:
    """What a doctor should look at."""
    looks = [Check("library", lambda: _look_at_library(settings))]
    trials = Trials(patient(settings), partial(_has_catalog, settings))
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
    if _has_catalog(settings):
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
    if not _has_library(settings):
        return Note(
            f"Nothing was added to a library named {settings.library!r} in {settings.data_dir} "
            "yet. Add documents with: tramontane add PATH"
        )
    key = None if is_url(settings.embedding) else settings.mistral_api_key
    # These are looked at by themselves.
    others = {"rerank": "off", "tools": None, "moderation": "off"}
    settings = patient(settings).model_copy(update=others)
    with closing(Application(settings, Catalog(settings.data_dir), MiniLmEmbedder())) as app:
        return look_at_library(
            app.catalog, app.library, app.embedder, MISTRAL_EMBED if key else None
        )


def _look_at_embedding(settings: Settings, meter: Meter) -> str:
    """What embeds, tried on a text."""
    recorded = None
    if _has_library(settings):
        with closing(Catalog(settings.data_dir)) as catalog:
            recorded = catalog.library(settings.library).embedding_model
    model = wanted_embedding(settings, recorded)
    return look_at_embedding(paid_embedder(settings, meter, model, MiniLmEmbedder()))


def _look_at_spending(settings: Settings) -> str | Note:
    with closing(Catalog(settings.data_dir)) as catalog:
        return look_at_spending(meter_of(settings, catalog))


def _has_catalog(settings: Settings) -> bool:
    """Whether there is a catalog, or something in its place; nothing is made by looking."""
    with suppress(OSError):  # the catalog itself says best why it cannot be looked at
        folder = settings.data_dir.absolute()
        nearest = next(path for path in (folder, *folder.parents) if path.exists())
        if nearest.is_dir() and not (folder / CATALOG).is_file():
            return False
    return True


def _has_library(settings: Settings) -> bool:
    """Whether the library is there."""
    if not _has_catalog(settings):
        return False
    with closing(Catalog(settings.data_dir)) as catalog:
        try:
            catalog.library(settings.library)
        except NotFoundError:
            return False
    return True


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
    """
    catalog = Catalog(settings.data_dir)
    library = catalog.library(settings.library)
    recorded = None if is_url(settings.embedding) else library.embedding_model
    wanted = wanted_embedding(settings, recorded)
    meter = meter_of(settings, catalog)
    return catalog, library, paid_embedder(settings, meter, wanted, MiniLmEmbedder())
