"""Stand-ins for what is remote, deterministic and in memory, and builders of small values."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Generator, Sequence

import numpy as np

from rag.domain import (
    Document,
    DocumentState,
    Finish,
    ModelCard,
    Passage,
    Prompt,
    Source,
    TextDelta,
    ToolCall,
    Usage,
)
from rag.errors import RagError
from rag.protocols import ChatModel, Embedder, Vectors

CARD = ModelCard("scripted", "the tests", 32_000, tools=True, input_price=1.0, output_price=2.0)
Item = str | ToolCall | Finish | RagError


class ScriptedChat:
    """Replays turns and keeps the prompts it was sent.

    A string is a piece of text and an error is raised; each turn ends in a `Finish` of 10 tokens
    in and 5 out, unless it has a `Finish` or an error of its own, or ends in `CUT`.
    """

    CUT = "<the stream ends here>"

    def __init__(self, *turns: Sequence[Item], card: ModelCard = CARD) -> None:
        self.card = card
        self.prompts: list[Prompt] = []
        self.connections = 0
        self.closed = 0
        self._turns = list(turns)

    def connect(self) -> ModelCard:
        self.connections += 1
        return self.card

    def stream(self, prompt: Prompt) -> Generator[TextDelta | ToolCall | Finish, None, None]:
        self.prompts.append(prompt)
        return self._replay(self._turns.pop(0))

    def _replay(self, turn: Sequence[Item]) -> Generator[TextDelta | ToolCall | Finish, None, None]:
        try:
            for item in turn:
                if item == self.CUT:
                    return
                if isinstance(item, RagError):
                    raise item
                yield TextDelta(item) if isinstance(item, str) else item
            if not any(isinstance(item, Finish) for item in turn):
                yield Finish(Usage(10, 5))
        finally:
            self.closed += 1


class HashEmbedder:
    """Bags of hashed words as unit vectors: texts that share words are near each other."""

    def __init__(self, model: str = "hashed-words", dimension: int = 64) -> None:
        self.model = model
        self.dimension = dimension
        self.max_tokens = 256
        self.embedded: list[str] = []

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        return [len(text.split()) + 2 for text in texts]

    def fluency(self, text: str) -> float:
        return 1.0

    def embed(self, texts: Sequence[str]) -> Vectors:
        self.embedded += texts
        vectors = np.zeros((len(texts), self.dimension), dtype=np.float32)
        for row, text in zip(vectors, texts, strict=True):
            for word in re.findall(r"\w+", text.lower()) or [""]:
                digest = hashlib.sha256(word.encode("utf-8", "replace")).digest()
                row[int.from_bytes(digest[:4], "big") % self.dimension] += 1.0
        unit: Vectors = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
        return unit


def document(name: str = "guide.pdf", *, pages: int = 3, paginated: bool = True) -> Document:
    """A document; its title is its name, its id begins with it."""
    return Document(
        f"{name}-id",
        "library",
        name,
        name,
        "application/pdf",
        "0" * 64,
        1000,
        DocumentState.READY,
        "",
        pages,
        paginated,
    )


def passage(
    text: str,
    *,
    name: str = "guide.pdf",
    page: int = 1,
    start: int = 0,
    paginated: bool = True,
    heading: tuple[str, ...] = (),
    score: float = 1.0,
) -> Passage:
    """A passage of a document of that name."""
    owner = document(name, paginated=paginated)
    end = start + len(text)
    return Passage(owner, page, str(page), start, end, text, heading, score, (page,))


def sources(*texts: str) -> list[Source]:
    """Passages of one document, a page each, numbered from 1."""
    return [Source(number, passage(text, page=number)) for number, text in enumerate(texts, 1)]


_chat: ChatModel = ScriptedChat()
_embedder: Embedder = HashEmbedder()
