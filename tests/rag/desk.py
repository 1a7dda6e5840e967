"""A library of small texts with everything that answers from it, the model aside."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from ingest.loaders.load import load
from ingest.pipeline import Ingestor, Limits
from rag.assistant import Assistant
from rag.domain import Answer, Document, Event, Library, Message, Scope, TextDelta
from rag.evidence import SentenceScorer
from rag.history import Summaries
from rag.protocols import ChatModel
from rag.providers.reader import EmbeddedReader
from rag.retrieval import Retriever
from rag.store.catalog import Catalog
from rag.store.indexes import Indexes
from rag.store.words import Words
from rag.toolset import tools_for
from rag.verification import Verifier
from rag.vocabulary import load_vocabulary
from tests.fakes import HashEmbedder

LIMITS = Limits(1_000_000, 100)
QUESTION = "How many parameters does Nemo have?"
TEXTS = {
    "mixtral.txt": "Mixtral 8x7B is a sparse mixture of experts. Each token uses 12.9 billion of "
    "its 46.7 billion parameters.",
    "nemo.txt": "Nemo has 12 billion parameters. Mistral built it together with NVIDIA.",
    "cheese.txt": "Camembert is a soft cheese from Normandy. It ripens for three weeks.",
}


@dataclass
class Desk:
    """The parts, built as `wiring` builds them."""

    folder: Path
    catalog: Catalog
    embedder: HashEmbedder
    library: Library
    scorer: SentenceScorer
    retriever: Retriever

    def add(self, name: str, text: str) -> Document:
        path = self.folder / name
        path.write_text(text, encoding="utf-8")
        return Ingestor(self.catalog, self.embedder, LIMITS, load).add(path, self.library).document

    @property
    def scope(self) -> Scope:
        return self.catalog.scope(self.library.id)

    def only(self, *names: str) -> Scope:
        found = self.catalog.documents(self.library.id)
        return self.catalog.scope(
            self.library.id, frozenset(each.id for each in found if each.name in names)
        )

    def assistant(
        self,
        chat: ChatModel,
        passages: int = 4,
        *,
        strict: bool = True,
        summaries: Summaries | None = None,
    ) -> Assistant:
        return Assistant(
            chat,
            self.retriever,
            lambda scope, manner, retriever, sources: tools_for(
                scope, retriever, self.catalog, manner, sources
            ),
            passages,
            Verifier(self.scorer.nearest),
            strict=strict,
            summaries=summaries,
        )

    def reader(self) -> Assistant:
        return self.assistant(EmbeddedReader(self.scorer, load_vocabulary()))

    def ask(self, chat: ChatModel, question: str, history: Sequence[Message] = ()) -> list[Event]:
        return list(self.assistant(chat).ask(question, history, self.scope))


@contextmanager
def open_desk(folder: Path, principal: str = "local") -> Iterator[Desk]:
    """The desk of a folder; what was added to it before is there again."""
    catalog = Catalog(folder / "data", principal)
    embedder = HashEmbedder()
    library = catalog.create_library("documents", embedder.model, embedder.dimension)
    scorer = SentenceScorer(embedder, Words())
    retriever = Retriever(catalog, Indexes(catalog), embedder, scorer, load_vocabulary())
    yield Desk(folder, catalog, embedder, library, scorer, retriever)
    catalog.close()


def answer_of(events: list[Event]) -> Answer:
    """The answer, after checking what every stream of events promises."""
    answers = [event for event in events if isinstance(event, Answer)]
    assert events[-1:] == answers
    answer = answers[0]
    assert answer.text == "".join(event.text for event in events if isinstance(event, TextDelta))
    assert all(event.text for event in events if isinstance(event, TextDelta))
    for citation in answer.citations:
        assert answer.text[citation.marker.start : citation.marker.end] == f"[{citation.number}]"
    return answer


def in_pieces(text: str, length: int) -> list[str]:
    return [text[start:end] for start, end in pairwise([*range(0, len(text), length), len(text)])]
