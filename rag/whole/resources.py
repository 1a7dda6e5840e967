"""What every work on whole documents draws on."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from rag.accounts import Account
from rag.domain import ModelCard
from rag.evidence import USUAL_BAR, SentenceScorer
from rag.protocols import ChatModel
from rag.retrieval import Retriever
from rag.store.catalog import Catalog
from rag.store.spending import PERSON
from rag.verification import Verifier


@dataclass(frozen=True, slots=True)
class Resources:
    """The model, the documents, the way to passages, and what measures and checks sentences.

    `besides` is the account for what is billed that is no turn of the model.
    `passages` is how many of them are read for one thing that is looked for, and `bar` the
    evidence below which nothing is said.
    """

    chat: ChatModel
    catalog: Catalog
    retriever: Retriever
    scorer: SentenceScorer
    verifier: Verifier
    passages: int
    bar: float = USUAL_BAR
    besides: Account = field(default_factory=lambda: Account(PERSON))

    def opened_for(self, person: str) -> Resources:
        """The same on an account of a person's, which holds nothing yet."""
        besides = Account(person)
        return replace(self, retriever=self.retriever.charged_to(besides), besides=besides)

    @property
    def card(self) -> ModelCard:
        """The model that works."""
        return self.chat.card
