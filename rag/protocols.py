"""What the application needs from remote or replaceable parts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from rag.domain import Finish, Message, ModelCard, Prompt, TextDelta, ToolCall, Usage
from rag.intake import OcrPage

Vectors = NDArray[np.float32]
Bill = tuple[ModelCard, Usage]  # of one or more requests, by the model that is paid


class Embedder(Protocol):
    """Turns texts into unit vectors of one length."""

    @property
    def model(self) -> str:
        """The name recorded with every library embedded by it."""

    @property
    def dimension(self) -> int:
        """The length of its vectors."""

    @property
    def max_tokens(self) -> int:
        """How much of a text it reads, in its own tokens; the rest is ignored or refused."""

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """The length of each text in the embedder's own tokens, an upper bound at worst."""

    def fluency(self, text: str) -> float:
        """How well it knows the language of a text, from 0 to 1; 1 where it cannot tell."""

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Unit vectors, shape `(len(texts), dimension)`, float32, in the order of the texts.

        Raises:
            ProviderError: when a remote model cannot be used.
        """


@runtime_checkable
class Counting(Protocol):
    """What an embedder has besides that is told by its server how many tokens it billed."""

    def requests_of(self, texts: Sequence[str]) -> list[list[str]]:
        """The texts in order, as many together as go into one request."""

    def embed_counted(self, texts: Sequence[str]) -> tuple[Vectors, int]:
        """As `Embedder.embed`, with the tokens that are billed."""


@runtime_checkable
class Asymmetric(Protocol):
    """What an embedder has besides whose model reads questions in another way than passages."""

    def embed_questions(self, texts: Sequence[str]) -> Vectors:
        """As `Embedder.embed`, for what is searched for."""


def embed_questions(embedder: Embedder, texts: Sequence[str]) -> Vectors:
    """The vectors of questions, to compare with those of passages. Raises as `Embedder.embed`."""
    if isinstance(embedder, Asymmetric):
        return embedder.embed_questions(texts)
    return embedder.embed(texts)


class ChatModel(Protocol):
    """Answers one prompt, in pieces."""

    @property
    def card(self) -> ModelCard:
        """What is known by now of the model: its name, what it reads, costs and can do."""

    def connect(self) -> ModelCard:
        """Find out what is not known yet, once, and return the card.

        Raises:
            ProviderError: the model's server cannot be used.
        """

    def stream(self, prompt: Prompt) -> Iterator[TextDelta | ToolCall | Finish]:
        """Yield text as it arrives and tool calls once complete; the last item is a `Finish`.

        Closing the generator closes the connection.

        Raises:
            ProviderError: at any point of the iteration; what came before is then incomplete.
        """


@runtime_checkable
class OnServer(Protocol):
    """What a chat model has besides that runs on a server of one's own."""

    @property
    def software(self) -> str:
        """The name of the server's software, empty where nothing shows it."""

    @property
    def remark(self) -> str:
        """What its software does otherwise than others, in a sentence; empty where nothing."""

    @property
    def warning(self) -> str:
        """What is to be changed at the server or in the settings; empty where nothing."""


@runtime_checkable
class PromptCounter(Protocol):
    """What a chat model has besides whose server can count for it."""

    def count(self, prompt: Prompt) -> int | None:
        """The tokens of a prompt by the server's own count, None where it does not tell."""


class Reranker(Protocol):
    """Judges how well texts answer a question, reading both together."""

    @property
    def model(self) -> str:
        """The name of the model that judges, as far as it is known by now."""

    @property
    def place(self) -> str:
        """Where it runs, in the page's words."""

    def rerank(self, question: str, texts: Sequence[str]) -> list[float]:
        """A score for each text, in their order; higher is better, and only the order counts.

        Raises:
            ProviderError: the model's server failed.
        """


class Moderator(Protocol):
    """Judges whether a text may be answered, or shown."""

    @property
    def card(self) -> ModelCard:
        """The model that judges, and its price."""

    def count(self, messages: Sequence[Message]) -> Usage:
        """The tokens that judging these takes, an upper bound at worst."""

    def judge(self, messages: Sequence[Message], principal: str) -> tuple[tuple[str, ...], Bill]:
        """The categories in which the last of these messages goes too far, and what that took.

        Raises:
            ProviderError: the model's server failed, or does not say.
        """


class Ocr(Protocol):
    """Reads the words on the picture of a page."""

    @property
    def name(self) -> str:
        """What it is called, in the page's words."""

    @property
    def dollars_per_page(self) -> float:
        """What a page costs; 0 where nothing is billed."""

    def read(self, image: bytes) -> OcrPage:
        """The words on a picture (PNG or JPEG), in reading order.

        Raises:
            DocumentError: this picture cannot be read.
            ProviderError: it failed; the message says what to do.
        """


@dataclass(frozen=True, slots=True)
class Judgement:
    """How likely a text says a claim, says less than it, or says otherwise; together 1."""

    said: float
    beyond: float
    against: float


class Judge(Protocol):
    """Reads claims beside their evidence."""

    def judge(self, pairs: Sequence[tuple[str, str]]) -> list[Judgement]:
        """A judgement of each pair of claim and evidence, in their order."""
