"""Any OpenAI-style server through OpenAI's SDK: vLLM, Ollama, llama.cpp, llamafile, transformers.

Nothing is asked of any host but the one given: no proxy, no redirect, and of the headers that the
SDK would add from the environment or about this machine none is sent.
"""

from __future__ import annotations

import json
import threading
import weakref
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import cast

import httpx2
import openai
from openai.types.chat import (
    ChatCompletionChunk,
    ChatCompletionMessageParam,
    ChatCompletionToolUnionParam,
)
from openai.types.shared_params import ResponseFormatJSONSchema

from rag.domain import Finish, ModelCard, Prompt, TextDelta, ToolCall, Usage
from rag.errors import ModelNotFoundError, UnavailableError
from rag.models import answer_tokens
from rag.providers import faults
from rag.providers.abilities import Abilities, abilities_of, adapted, refused_feature
from rag.providers.bounds import BoundedTransport
from rag.providers.breaker import Breaker
from rag.providers.completions import (
    TEMPERATURE,
    Turn,
    rendered_format,
    rendered_messages,
    rendered_tools,
)
from rag.providers.faults import Endpoint
from rag.providers.retries import Retries
from rag.providers.spoken import Spoken
from rag.providers.told_tokenizers import told_tokenizer
from rag.stopping import rest
from rag.tool_protocol import Item

# Ollama reads this much on most machines unless told otherwise, and cuts silently what is longer.
DEFAULT_CONTEXT_TOKENS = 4096
CONNECT_TIMEOUT_SECONDS = 10.0

_NO_KEY = "none"  # the SDK insists on one; the header is taken off again
_HEADERS = frozenset(
    {
        "accept",
        "accept-encoding",
        "authorization",
        "connection",
        "content-length",
        "content-type",
        "host",
        "user-agent",
    }
)


@dataclass(frozen=True, slots=True)
class ServedModel:
    """A model that a server lists; `context_tokens` is None where it does not say."""

    name: str
    context_tokens: int | None


class OpenAiCompatibleChat:
    """A chat model behind an OpenAI-style address, found out when it is first needed."""

    def __init__(
        self,
        url: str,
        *,
        model: str | None,
        api_key: str | None,
        context_tokens: int | None,
        timeout_seconds: float,
        sleep: Callable[[float], None] = rest,
    ) -> None:
        """Check address and key; the server may start later.

        Raises:
            AuthenticationError: the key cannot be one.
            SettingsError: the address is none.
        """
        self._endpoint = _endpoint(url, model, api_key, timeout_seconds)
        self._model = model
        self._context_tokens = context_tokens
        http = _http_client(self._endpoint)
        weakref.finalize(self, http.close)
        self._client = _sdk(self._endpoint, http)
        self._retries = Retries(sleep=sleep, breaker=Breaker(self._endpoint.subject))
        self._lock = threading.Lock()
        self._served: ServedModel | None = None
        self._abilities = Abilities()
        self._tokenizer = ""

    @property
    def abilities(self) -> Abilities:
        """What is believed by now of the server and its model."""
        return self._abilities

    @property
    def card(self) -> ModelCard:
        """What is known by now: all of it once `connect` or a first answer has succeeded.

        Tools are offered whatever it serves: a model that cannot call them is told in words.
        """
        place = self._endpoint.url.partition("://")[2].removesuffix("/v1")
        served = self._served
        name = served.name if served else self._model or f"the model served at {place}"
        listed = served.context_tokens if served else None
        return ModelCard(
            name=name,
            place=place,
            context_tokens=self._context_tokens or listed or DEFAULT_CONTEXT_TOKENS,
            tools=True,
            tokenizer=self._tokenizer,
        )

    def connect(self) -> ModelCard:
        """Ask the server, once, which model it serves and how much that reads.

        Raises:
            ProviderError: the server cannot be used, or lists no model where none is named.
        """
        with self._lock:
            if self._served is None:
                self._served = self._retries.call(self._found)
                self._abilities = abilities_of(self._served.name)
                if self._context_tokens is None:
                    self._tokenizer = told_tokenizer(self._served.name, self._tokenized)
        return self.card

    def stream(self, prompt: Prompt) -> Iterator[TextDelta | ToolCall | Finish]:
        """Yield text as it arrives, tool calls once complete, and last a `Finish`.

        Raises:
            ProviderError: at any point of the iteration; what came before is then incomplete.
        """
        self.connect()
        try:
            yield from adapted(prompt, self._abilities, self._ask)
        except ModelNotFoundError:
            self._served = None  # the server may have been started again with another model
            raise

    def _ask(self, prompt: Prompt, most_tokens: int | None) -> Iterator[Item]:
        return self._retries.stream(lambda: self._attempt(prompt, most_tokens))

    def _tokenized(self, body: Mapping[str, object]) -> object:
        url = self._endpoint.url.removesuffix("/v1") + "/tokenize"
        with _translated(self._endpoint):
            within = self._client.with_options(timeout=CONNECT_TIMEOUT_SECONDS)
            return json.loads(within.post(url, cast_to=httpx2.Response, body=body).content)

    def _found(self) -> ServedModel:
        if self._model is not None and self._context_tokens is not None:
            return ServedModel(self._model, self._context_tokens)
        try:
            served = _listed(self._client, self._endpoint)
        except UnavailableError as error:
            if self._model is None or not isinstance(error.__cause__, openai.NotFoundError):
                raise
            served = []  # it lists no models, and may answer all the same
        if self._model is None:
            return _first(served, self._endpoint)
        names = (self._model, f"{self._model}:latest")  # Ollama's way to name a model
        context = next((known.context_tokens for known in served if known.name in names), None)
        return ServedModel(self._model, context)

    def _attempt(self, prompt: Prompt, most_tokens: int | None) -> Generator[Item, None, None]:
        card = self.card
        most = answer_tokens(card)
        schema = cast("ResponseFormatJSONSchema | None", rendered_format(prompt))
        tools = cast("list[ChatCompletionToolUnionParam]", rendered_tools(prompt))
        with (
            _translated(self._endpoint),
            self._refusing(prompt),
            self._client.chat.completions.create(
                model=card.name,
                messages=cast("list[ChatCompletionMessageParam]", rendered_messages(prompt)),
                tools=tools or openai.omit,
                temperature=TEMPERATURE,
                response_format=schema or openai.omit,
                max_tokens=min(most, most_tokens or most),
                stream=True,
                stream_options={"include_usage": True},
            ) as events,
        ):
            if not events.response.headers.get("content-type", "").startswith("text/event-stream"):
                raise faults.nonsense(self._endpoint)
            yield from _items(events, self._endpoint)

    @contextmanager
    def _refusing(self, prompt: Prompt) -> Iterator[None]:
        """Tell a refusal of tools, of a schema or of a system message from any other."""
        try:
            yield
        except openai.APIStatusError as error:
            body = error.response.text
            problem = faults.refusal(self._endpoint, error.response, body)
            told = faults.said_in(body)
            refused = refused_feature(prompt, error.status_code, told, problem)
            if refused is None:
                raise
            raise refused from error


def served_models(url: str, *, api_key: str | None, timeout_seconds: float) -> list[ServedModel]:
    """The models that a server lists, asked once.

    Raises:
        ProviderError: the server cannot be reached, or its list cannot be read.
        SettingsError: the address is none.
    """
    endpoint = _endpoint(url, None, api_key, timeout_seconds)
    with _http_client(endpoint) as http:
        client = _sdk(endpoint, http)
        return Retries(max_attempts=1).call(lambda: _listed(client, endpoint))


def _endpoint(url: str, model: str | None, api_key: str | None, timeout_seconds: float) -> Endpoint:
    address = faults.checked_address(url, "TRAMONTANE_CHAT")
    shown = str(address).rstrip("/")
    if address.path in ("", "/"):
        shown += "/v1"
    setting = "TRAMONTANE_CHAT_API_KEY"
    return Endpoint(
        name=f"the server at {shown}",
        url=shown,
        model=model or "the model",
        unreachable=f"Nothing answers at {shown}. "
        "Start the server there, or set TRAMONTANE_CHAT to another address.",
        key_setting=setting,
        model_setting="TRAMONTANE_CHAT_MODEL",
        timeout_seconds=timeout_seconds,
        api_key=None if api_key is None else faults.checked_key(api_key, setting),
    )


def _http_client(endpoint: Endpoint) -> httpx2.Client:
    connect = min(endpoint.timeout_seconds, CONNECT_TIMEOUT_SECONDS)
    return httpx2.Client(
        timeout=httpx2.Timeout(endpoint.timeout_seconds, connect=connect),
        trust_env=False,
        transport=BoundedTransport(endpoint.timeout_seconds),
        event_hooks={"request": [_keep_needed_headers]},
    )


def _sdk(endpoint: Endpoint, http: httpx2.Client) -> openai.OpenAI:
    key = endpoint.api_key or _NO_KEY
    return openai.OpenAI(
        api_key=key,
        base_url=endpoint.url,
        http_client=http,
        timeout=http.timeout,
        max_retries=0,
        default_headers={"Authorization": f"Bearer {key}", "User-Agent": "tramontane"},
    )


def _keep_needed_headers(request: httpx2.Request) -> None:
    for name in list(request.headers):
        if name.lower() not in _HEADERS:
            del request.headers[name]
    if request.headers.get("authorization") == f"Bearer {_NO_KEY}":
        del request.headers["authorization"]


@contextmanager
def _translated(endpoint: Endpoint) -> Iterator[None]:
    """Turn what the SDK raises, also in the middle of a stream, into errors of ours."""
    try:
        yield
    except openai.APIStatusError as error:
        raise faults.refusal(endpoint, error.response, error.response.text) from error
    except openai.APIConnectionError as error:
        cause = error.__cause__
        if isinstance(cause, httpx2.RequestError):
            raise faults.failed_connection(endpoint, cause) from error
        raise faults.cut_off(endpoint) from error
    except openai.APIError as error:
        if error.body is None or isinstance(error, openai.APIResponseValidationError):
            raise faults.nonsense(endpoint) from error
        raise faults.broken_off(endpoint, error.body) from error
    except httpx2.RequestError as error:
        raise faults.failed_connection(endpoint, error) from error
    except (ValueError, RecursionError) as error:  # neither JSON nor text, or nested without end
        raise faults.nonsense(endpoint) from error


def _listed(client: openai.OpenAI, endpoint: Endpoint) -> list[ServedModel]:
    with _translated(endpoint):
        reply = client.get("/models", cast_to=httpx2.Response)
        content: object = json.loads(reply.content)
    rows = content.get("data") if isinstance(content, Mapping) else None
    if not isinstance(rows, list):
        raise faults.nonsense(endpoint)
    models = [row for row in rows if isinstance(row, Mapping) and isinstance(row.get("id"), str)]
    return [ServedModel(row["id"], _context_tokens(row)) for row in models]


def _context_tokens(row: Mapping[str, object]) -> int | None:
    """What vLLM (`max_model_len`) and llama.cpp (`meta`) say of a model's context."""
    meta = row.get("meta")
    told = dict(meta) if isinstance(meta, Mapping) else {}
    for value in (row.get("max_model_len"), told.get("n_ctx"), told.get("n_ctx_train")):
        if isinstance(value, int) and value > 0:
            return value
    return None


def _first(served: list[ServedModel], endpoint: Endpoint) -> ServedModel:
    if not served:
        raise ModelNotFoundError(
            f"{endpoint.subject} serves no model yet. Load one there, or name one in "
            "TRAMONTANE_CHAT_MODEL."
        )
    return served[0]


def _items(
    events: Iterable[ChatCompletionChunk], endpoint: Endpoint
) -> Iterator[TextDelta | ToolCall | Finish]:
    turn, text_read = Turn(), Spoken()
    for event in events:
        _check_event(event, endpoint)
        turn.usage = _usage(event) or turn.usage
        for choice in getattr(event, "choices", None) or ():
            if getattr(choice, "index", 0) not in (0, None):
                continue  # one answer was asked for
            delta = getattr(choice, "delta", None)
            if text := text_read.feed(_text(getattr(delta, "content", None))):
                yield TextDelta(text)
            _take_calls(turn, getattr(delta, "tool_calls", None))
            turn.finish_reason = getattr(choice, "finish_reason", None) or turn.finish_reason
    if text := text_read.rest():
        yield TextDelta(text)
    if not isinstance(turn.finish_reason, str) or turn.finish_reason in ("error", "abort"):
        raise faults.cut_off(endpoint)
    yield from turn.calls()
    yield turn.finish()


def _check_event(event: object, endpoint: Endpoint) -> None:
    """Refuse what the SDK lets through unread: errors as events, and events that are no chunks."""
    if not isinstance(event, ChatCompletionChunk):
        raise faults.nonsense(endpoint)
    if getattr(event, "object", None) == "error" or "message" in (event.model_extra or {}):
        raise faults.broken_off(endpoint, event.model_extra or {})
    choices = getattr(event, "choices", None)
    if choices is not None and not isinstance(choices, list):
        raise faults.nonsense(endpoint)


def _usage(event: ChatCompletionChunk) -> Usage | None:
    """The tokens so far; the last event's count. The SDK checks no field of what it reads."""
    read = getattr(event.usage, "prompt_tokens", None)
    written = getattr(event.usage, "completion_tokens", None)
    if not isinstance(read, int) or not isinstance(written, int):
        return None
    return Usage(read, written) if read >= 0 and written >= 0 else None


def _take_calls(turn: Turn, calls: object) -> None:
    """Take in calls and fragments of them; the SDK lets pass whatever stands in their place."""
    for call in calls if isinstance(calls, list) else ():
        function = getattr(call, "function", None)
        index, call_id = getattr(call, "index", None), getattr(call, "id", None)
        name, arguments = getattr(function, "name", None), getattr(function, "arguments", None)
        turn.add_call(
            index if isinstance(index, int) else None,
            call_id if isinstance(call_id, str) else None,
            name if isinstance(name, str) else None,
            arguments,
        )


def _text(content: object) -> str:
    """The text of a delta: a string, or chunks as Mistral's own models write them."""
    if isinstance(content, str):
        return content
    if isinstance(content, list):
        chunks = (chunk for chunk in content if isinstance(chunk, Mapping))
        texts = (chunk.get("text") for chunk in chunks if chunk.get("type") == "text")
        return "".join(text for text in texts if isinstance(text, str))
    return ""
