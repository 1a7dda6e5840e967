"""La Plateforme through Mistral's own SDK: answers and embeddings."""

from __future__ import annotations

import re
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from typing import cast

import numpy as np
from mistralai.client import models
from mistralai.client.types import UNSET

from rag.domain import Finish, ModelCard, Prompt, TextDelta, ToolCall, Usage
from rag.errors import ContextLengthError, InvalidReplyError
from rag.models import answer_tokens, la_plateforme_card
from rag.native_citations import with_sources_as_results
from rag.policy import Gate, open_gate
from rag.protocols import Vectors
from rag.providers import faults
from rag.providers.breaker import Breaker
from rag.providers.completions import (
    TEMPERATURE,
    Turn,
    rendered_format,
    rendered_messages,
    rendered_tools,
)
from rag.providers.embedding_batches import batches, joined
from rag.providers.faults import Endpoint
from rag.providers.mistral_client import connected, endpoint_of, translated
from rag.providers.mistral_models import KnownCard
from rag.providers.retries import Retries
from rag.providers.spoken import Spoken
from rag.providers.token_bounds import token_bound
from rag.stopping import rest

EMBEDDING_MODEL = "mistral-embed"
EMBEDDING_DIMENSION = 1024
MAX_TEXT_TOKENS = 8000
# Not documented; reported by users as 512 texts and 16,384 tokens, and 128 was never refused.
MAX_BATCH_TEXTS = 128
MAX_BATCH_TOKENS = 15_000

_SOURCE_NUMBER = re.compile(r"\s*0*([1-9][0-9]{0,2})\s*")


class MistralChat:
    """A chat model of La Plateforme."""

    def __init__(
        self,
        api_key: str,
        model: str,
        *,
        url: str,
        timeout_seconds: float,
        native_citations: bool = False,
        gate: Gate = open_gate,
        sleep: Callable[[float], None] = rest,
    ) -> None:
        """Check key, address and model; no request is made before the first question.

        With `native_citations` the model is shown its sources as the result of a search.

        Raises:
            AuthenticationError: the key cannot be one.
            ModelNotFoundError: La Plateforme has retired the model.
            SettingsError: the address is none.
        """
        card = la_plateforme_card(model)
        self._native_citations = native_citations
        self._endpoint = endpoint_of(api_key, model, "TRAMONTANE_CHAT", url, timeout_seconds, gate)
        self._known = KnownCard(card, self._endpoint)
        self._client = connected(self._endpoint, self)
        self._retries = Retries(sleep=sleep, breaker=Breaker(self._endpoint.subject))

    @property
    def card(self) -> ModelCard:
        """What is known by now of the model."""
        return self._known.card

    def connect(self) -> ModelCard:
        """Ask La Plateforme for what the catalogue does not know, if it answers."""
        return self._known.connect()

    def stream(self, prompt: Prompt) -> Iterator[TextDelta | ToolCall | Finish]:
        """Yield text as it arrives, tool calls once complete, and last a `Finish`.

        Raises:
            ProviderError: at any point of the iteration; what came before is then incomplete.
        """
        if self._native_citations:
            prompt = with_sources_as_results(prompt, self.card)
        return self._retries.stream(lambda: self._attempt(prompt))

    def _attempt(self, prompt: Prompt) -> Generator[TextDelta | ToolCall | Finish, None, None]:
        tools = cast(
            "list[models.ChatCompletionStreamRequestToolTypedDict]", rendered_tools(prompt)
        )
        with (
            translated(self._endpoint),
            self._client.chat.stream(
                model=self.card.name,
                messages=cast(
                    "list[models.ChatCompletionStreamRequestMessageTypedDict]",
                    rendered_messages(prompt),
                ),
                tools=tools or UNSET,
                response_format=cast(
                    "models.ResponseFormatTypedDict | None", rendered_format(prompt)
                ),
                temperature=TEMPERATURE,
                max_tokens=answer_tokens(self.card),
            ) as events,
        ):
            yield from _items(events, self._endpoint)


class MistralEmbedder:
    """The model `mistral-embed` of La Plateforme."""

    model = EMBEDDING_MODEL
    dimension = EMBEDDING_DIMENSION
    max_tokens = MAX_TEXT_TOKENS

    def __init__(
        self,
        api_key: str,
        *,
        url: str,
        timeout_seconds: float,
        gate: Gate = open_gate,
        sleep: Callable[[float], None] = rest,
    ) -> None:
        """Check key and address; no request is made before the first text.

        Raises:
            AuthenticationError: the key cannot be one.
            SettingsError: the address is none.
        """
        self._endpoint = endpoint_of(
            api_key, EMBEDDING_MODEL, "TRAMONTANE_EMBEDDING", url, timeout_seconds, gate
        )
        self._client = connected(self._endpoint, self)
        self._retries = Retries(sleep=sleep, breaker=Breaker(self._endpoint.subject))

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """An upper bound: Mistral's first tokenizer, which this model uses, is not at hand."""
        return [token_bound(text) for text in texts]

    def fluency(self, text: str) -> float:
        """Always 1: it reads every language alike, as far as we can tell."""
        return 1.0

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Unit vectors in the order of the texts, shape `(len(texts), 1024)`.

        Raises:
            ProviderError: La Plateforme cannot be used, or one text is longer than it reads.
        """
        return self.embed_counted(texts)[0]

    def requests_of(self, texts: Sequence[str]) -> list[list[str]]:
        """The texts in order, as many together as go into one request."""
        return list(batches(texts, MAX_BATCH_TEXTS, MAX_BATCH_TOKENS))

    def embed_counted(self, texts: Sequence[str]) -> tuple[Vectors, int]:
        """The same, with the tokens that are billed. Raises as `embed`."""
        parts = [self._embed_batch(batch) for batch in self.requests_of(texts)]
        return joined([(np.empty((0, EMBEDDING_DIMENSION), np.float32), 0), *parts])

    def _embed_batch(self, texts: Sequence[str]) -> tuple[Vectors, int]:
        """The vectors of one batch, halved as often as the server finds it too large."""
        try:
            return self._retries.call(lambda: self._request(texts))
        except ContextLengthError as error:
            if len(texts) == 1:
                raise ContextLengthError(
                    f"A text of {len(texts[0])} characters is longer than {EMBEDDING_MODEL} "
                    f"reads ({MAX_TEXT_TOKENS} tokens). Split it."
                ) from error
        half = len(texts) // 2
        return joined([self._embed_batch(texts[:half]), self._embed_batch(texts[half:])])

    def _request(self, texts: Sequence[str]) -> tuple[Vectors, int]:
        with translated(self._endpoint):
            reply = self._client.embeddings.create(model=EMBEDDING_MODEL, inputs=list(texts))
        tokens = reply.usage.prompt_tokens or sum(self.count_tokens(texts))
        return _unit_vectors(reply.data, len(texts)), tokens


def _items(
    events: Iterable[models.CompletionEvent], endpoint: Endpoint
) -> Iterator[TextDelta | ToolCall | Finish]:
    turn, spoken = Turn(), Spoken()
    for event in events:
        turn.usage = _usage(event.data.usage) or turn.usage
        for choice in event.data.choices:
            if choice.index != 0:
                continue  # one answer was asked for
            if text := spoken.feed(_text(choice.delta.content)):
                yield TextDelta(text)
            _take_calls(turn, choice.delta.tool_calls)
            turn.finish_reason = choice.finish_reason or turn.finish_reason
    if turn.finish_reason is None or turn.finish_reason in ("error", "abort"):
        raise faults.cut_off(endpoint)
    if text := spoken.rest():
        yield TextDelta(text)
    yield from turn.calls()
    yield turn.finish()


def _usage(told: object) -> Usage | None:
    """The tokens so far; None where nothing is said of them, or a half, or nonsense."""
    if not isinstance(told, models.UsageInfo):
        return None
    if not {"prompt_tokens", "completion_tokens"} <= told.model_fields_set:
        return None  # the SDK would count what is not told as 0
    read, written = told.prompt_tokens, told.completion_tokens
    if read is None or written is None:
        return None
    return Usage(read, written) if read >= 0 and written >= 0 else None


def _text(content: object) -> str:
    """The text of a delta, which may be a string, typed chunks, nothing or `Unset`.

    A model's thoughts are chunks of their own, references among them: none of it is the answer.
    """
    if isinstance(content, str):
        return content
    if isinstance(content, list):
        return "".join(map(_chunk_text, content))
    return ""


def _chunk_text(chunk: object) -> str:
    """The text of a typed chunk; a reference becomes a marker such as any model writes.

    Its numbers are those of the sources in the prompt. They may be strings; what cannot be such a
    number refers to nothing that was shown.
    """
    if isinstance(chunk, models.TextChunk):
        return chunk.text
    if isinstance(chunk, models.ReferenceChunk):
        numbers = (_SOURCE_NUMBER.fullmatch(str(each)) for each in chunk.reference_ids)
        return "".join(f"[{number[1]}]" for number in numbers if number)
    return ""


def _take_calls(turn: Turn, calls: object) -> None:
    if not isinstance(calls, list):
        return
    for call in calls:
        turn.add_call(call.index or 0, call.id, call.function.name, call.function.arguments)


def _unit_vectors(rows: Sequence[models.EmbeddingResponseData], count: int) -> Vectors:
    """The vectors of a reply by index, each checked and scaled to length one.

    Raises:
        InvalidReplyError: one is missing, twice there, too short or long, zero or not finite.
    """
    by_index = {row.index: row.embedding or [] for row in rows}
    if len(rows) != count or by_index.keys() != set(range(count)):
        raise InvalidReplyError(
            f"La Plateforme sent {len(rows)} vectors for {count} texts. Try again."
        )
    if any(len(vector) != EMBEDDING_DIMENSION for vector in by_index.values()):
        raise InvalidReplyError(
            f"La Plateforme sent vectors that are not {EMBEDDING_DIMENSION} numbers long. "
            "Check TRAMONTANE_MISTRAL_URL."
        )
    vectors = np.array([by_index[index] for index in range(count)], dtype=np.float64)
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    if not np.isfinite(lengths).all() or not lengths.all():
        raise InvalidReplyError("La Plateforme sent vectors that are no numbers. Try again.")
    unit: Vectors = (vectors / lengths).astype(np.float32)
    return unit
