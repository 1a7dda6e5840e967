"""An embedding model behind `POST /v1/embeddings`: vLLM, Ollama, llama.cpp, and whoever does alike.

The request is `{"model", "input", "encoding_format": "float"}`. Which model is served and how much
it reads is asked of `/v1/models`, the length of a vector by embedding a text, and the tokens of a
text that may be too long of `/tokenize`. Nothing is asked of any host but the one given.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from rag.errors import (
    ContextLengthError,
    EmbeddingMismatchError,
    ModelNotFoundError,
    ProviderError,
)
from rag.policy import Gate, open_gate
from rag.protocols import Vectors
from rag.providers.breaker import Breaker
from rag.providers.embedding_batches import batches, joined
from rag.providers.embedding_habits import Habits, habits_of, knows_english_only
from rag.providers.embedding_replies import read_count, read_models, read_vectors
from rag.providers.embedding_wire import (
    MODEL_SETTING,
    EmbeddingWire,
    embedding_endpoint,
    not_served,
)
from rag.providers.retries import Retries
from rag.providers.server_counts import ServerCounts
from rag.providers.token_bounds import token_bound
from rag.stopping import rest

DEFAULT_MAX_TOKENS = 512  # BERT's length, and what llama.cpp reads at once unless told otherwise
BATCH_TEXTS = 32  # what Text Embeddings Inference takes at once unless told otherwise
BATCH_TOKENS = 16_000
SHORTEST_TEXT = 200  # characters: what reads less is no use
COUNT_TIMEOUT_SECONDS = 5.0
REST_SECONDS = 30.0  # before a server that was away is asked again how much it reads
SAMPLE = "How long is a vector?"

_LATEST = ":latest"  # Ollama lists a model with its tag, and knows it without


@dataclass(frozen=True, slots=True)
class _Served:
    """The model in use, by the name that the server lists, and how much of a text it reads."""

    listed: str
    max_tokens: int = DEFAULT_MAX_TOKENS


class EmbeddingServer:
    """An `Embedder` behind an address, found out when it is first needed.

    A text that is longer than the model reads is embedded by its beginning.
    """

    def __init__(
        self,
        url: str,
        *,
        model: str | None,
        dimension: int | None = None,
        api_key: str | None,
        timeout_seconds: float,
        english: Callable[[str], float] | None = None,
        gate: Gate = open_gate,
        sleep: Callable[[float], None] = rest,
    ) -> None:
        """Check address and key; the server may start later where `model` and `dimension` are told.

        `english` tells how far a text is English, from 0 to 1.

        Raises:
            AuthenticationError: the key cannot be one.
            SettingsError: the address is none.
        """
        self._endpoint = embedding_endpoint(url, model, api_key, timeout_seconds, gate)
        self._wire = EmbeddingWire(self._endpoint)
        self._model = None if model is None else plain_name(model)
        self._dimension = dimension
        self._english = english
        self._retries = Retries(sleep=sleep, breaker=Breaker(self._endpoint.subject))
        self._lock = threading.Lock()
        self._served: _Served | None = None
        self._asked_from = 0.0  # on the monotonic clock
        self._counts = ServerCounts()

    @property
    def model(self) -> str:
        """The served model's name, asked for where it is not known. Raises as `connect`."""
        if self._model is None:
            self.connect()
        return self._model or ""

    @property
    def dimension(self) -> int:
        """The length of its vectors, asked for where it is not known. Raises as `connect`."""
        if self._dimension is None:
            self.connect()
        return self._dimension or 0

    @property
    def place(self) -> str:
        """The address of the server."""
        return self._endpoint.url

    @property
    def max_tokens(self) -> int:
        """How much of a text it reads: as the server says, carefully where it does not answer."""
        if self._served is None and time.monotonic() >= self._asked_from:
            try:
                self._connected(Retries(max_attempts=1))
            except ProviderError:  # whoever embeds is told
                self._asked_from = time.monotonic() + REST_SECONDS
        return self._served.max_tokens if self._served else DEFAULT_MAX_TOKENS

    def connect(self) -> None:
        """Find out what is not known yet: the model, how much it reads, how long its vectors are.

        Raises:
            ProviderError: the server cannot be used, or does not serve the model.
        """
        self._connected(self._retries)
        if self._dimension is None:
            self._embedded([SAMPLE])

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """The length of each passage in the model's own tokens, or an upper bound.

        The server counts those that may be too long, if it can.
        """
        most = self.max_tokens // 2
        written = [self._habits.passage + text for text in texts]
        counts = dict(zip(written, map(token_bound, written), strict=True))
        if self._served is not None:
            long = [text for text in counts if counts[text] > most]
            counts |= self._counts.of(long, self._count)
        return [counts[text] for text in written]

    def fluency(self, text: str) -> float:
        """How far a text is English, of a model that knows nothing else by its name; else 1."""
        if self._english is None or not knows_english_only(self._model or ""):
            return 1.0
        return self._english(text)

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Unit vectors of passages in their order, shape `(len(texts), dimension)`.

        Raises:
            EmbeddingMismatchError: they are not as long as those of the library.
            ProviderError: the server cannot be used, or its reply makes no sense.
        """
        return self.embed_counted(texts)[0]

    def embed_questions(self, texts: Sequence[str]) -> Vectors:
        """The same for questions, which some models read in another way than passages."""
        self._connected(self._retries)
        return self._embedded([self._habits.question + text for text in texts])[0]

    def requests_of(self, texts: Sequence[str]) -> list[list[str]]:
        """The texts in order, as many together as go into one request."""
        return list(batches(texts, BATCH_TEXTS, BATCH_TOKENS))

    def embed_counted(self, texts: Sequence[str]) -> tuple[Vectors, int]:
        """As `embed`, with the tokens that the server counted."""
        if texts:
            self._connected(self._retries)
        return self._embedded([self._habits.passage + text for text in texts])

    @property
    def _habits(self) -> Habits:
        return habits_of(self._model or "")

    def _embedded(self, texts: Sequence[str]) -> tuple[Vectors, int]:
        parts = [self._batch(batch) for batch in self.requests_of(texts)]
        if not parts:
            return np.empty((0, self.dimension), np.float32), 0
        return joined(parts)

    def _batch(self, texts: Sequence[str]) -> tuple[Vectors, int]:
        """The vectors of one batch, halved, and a text alone cut, until the server takes it."""
        served = self._connected(self._retries)
        try:
            return self._retries.call(partial(self._request, served, texts))
        except ModelNotFoundError:
            self._served = None  # the server may be started again with the model
            raise
        except ContextLengthError as error:
            if len(texts) == 1 and len(texts[0]) <= SHORTEST_TEXT:
                raise ContextLengthError(
                    f"{self._endpoint.subject} finds {len(texts[0])} characters too long for "
                    f"{served.listed}. Check that it is an embedding model, and how it was started."
                ) from error
        if len(texts) == 1:
            return self._batch([texts[0][: max(SHORTEST_TEXT, len(texts[0]) // 2)]])
        half = len(texts) // 2
        return joined([self._batch(texts[:half]), self._batch(texts[half:])])

    def _request(self, served: _Served, texts: Sequence[str]) -> tuple[Vectors, int]:
        endpoint = replace(self._endpoint, model=served.listed)
        content = self._wire.embeddings(served.listed, texts)
        vectors, tokens = read_vectors(content, len(texts), endpoint)
        found = vectors.shape[1]
        if self._dimension is None:
            self._dimension = found
        if found != self._dimension:
            raise EmbeddingMismatchError(
                f"{endpoint.subject} gives vectors of {found:,} numbers for {served.listed}, and "
                f"those before had {self._dimension:,}: it is another model. Serve the one that "
                f"the library was embedded with, or run `tramontane rebuild --embedding "
                f"{endpoint.url}` to embed it again."
            )
        return vectors, sum(map(token_bound, texts)) if tokens is None else tokens

    def _connected(self, retries: Retries) -> _Served:
        with self._lock:
            if self._served is None:
                self._served = retries.call(self._found)
                self._model = self._model or plain_name(self._served.listed)
            return self._served

    def _found(self) -> _Served:
        """The model to ask for: the one that is wanted, or the first that the server lists."""
        endpoint = self._endpoint
        content = self._wire.models()
        if content is None:  # it lists none, and may embed all the same
            if self._model is None:
                raise ModelNotFoundError(
                    f"{endpoint.subject} lists no models. Name the one to embed with in "
                    f"{MODEL_SETTING}."
                )
            return _Served(self._model)
        listed = read_models(content, endpoint)
        known = {plain_name(name): name for name in reversed(listed)}
        name = next(iter(listed), None) if self._model is None else known.get(self._model)
        if name is None:
            raise not_served(endpoint, self._model, list(listed))
        return _Served(name, listed[name] or DEFAULT_MAX_TOKENS)

    def _count(self, text: str) -> int | None:
        model = self._connected(self._retries).listed
        return read_count(self._wire.tokens(model, text, COUNT_TIMEOUT_SECONDS))


def plain_name(model: str) -> str:
    """The name of a model as it is recorded with a library: without Ollama's tag of no meaning."""
    return model.strip().removesuffix(_LATEST)
