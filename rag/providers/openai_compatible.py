"""Any OpenAI-style server as a chat model: vLLM, Ollama, llama.cpp, llamafile, transformers."""

from __future__ import annotations

import json
import threading
import weakref
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from contextlib import contextmanager
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
from rag.errors import InvalidReplyError, ModelNotFoundError, UnavailableError
from rag.models import answer_tokens
from rag.policy import Gate, open_gate
from rag.providers import faults
from rag.providers.abilities import Abilities, abilities_of, adapted, refused_feature, worded
from rag.providers.breaker import Breaker
from rag.providers.completions import (
    TEMPERATURE,
    Turn,
    rendered_format,
    rendered_messages,
    rendered_tools,
)
from rag.providers.faults import Endpoint
from rag.providers.openai_client import Aside, endpoint_of, http_client, sdk, translated
from rag.providers.own_servers import OwnServer, found_server
from rag.providers.products import (
    DEFAULT_CONTEXT_TOKENS,
    OTHER,
    Product,
    SchemaForm,
    ServedModel,
    served_in,
)
from rag.providers.retries import Retries
from rag.providers.spoken import Spoken
from rag.providers.token_counts import mapping
from rag.providers.told_tokenizers import told_tokenizer
from rag.stopping import rest
from rag.tool_protocol import Item


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
        product: Product | None = None,
        gate: Gate = open_gate,
        sleep: Callable[[float], None] = rest,
    ) -> None:
        """Check address and key; the server may start later.

        `product` is its software, to be found out where it is None. Where that, the model and the
        context are all given, nothing is asked but for answers.

        Raises:
            AuthenticationError: the key cannot be one.
            SettingsError: the address is none.
        """
        self._endpoint = endpoint_of(url, model, api_key, timeout_seconds, gate)
        self._model = model
        self._context_tokens = context_tokens
        self._product = product
        http = http_client(self._endpoint)
        weakref.finalize(self, http.close)
        self._client = sdk(self._endpoint, http)
        self._aside = Aside(self._endpoint)
        self._retries = Retries(sleep=sleep, breaker=Breaker(self._endpoint.subject))
        self._lock = threading.Lock()
        self._server: OwnServer | None = None
        self._abilities = Abilities()
        self._tokenizer = ""

    @property
    def abilities(self) -> Abilities:
        """What is believed by now of the server and its model."""
        return self._abilities

    @property
    def product(self) -> Product:
        """The server's software, as far as it is known by now."""
        return self._server.product if self._server else self._product or OTHER

    @property
    def software(self) -> str:
        """The name of the server's software, empty where nothing shows it."""
        return self.product.name

    @property
    def remark(self) -> str:
        """What its software does otherwise than others; empty where nothing."""
        return self.product.quirk

    @property
    def warning(self) -> str:
        """What is to be changed at the server or in the settings; empty where nothing."""
        return self._server.warning(self._context_tokens) if self._server else ""

    @property
    def card(self) -> ModelCard:
        """What is known by now: all of it once `connect` or a first answer has succeeded.

        Tools are offered whatever it serves: a model that cannot call them is told in words.
        """
        place = self._endpoint.url.partition("://")[2].removesuffix("/v1")
        server = self._server
        told = server.context_tokens if server else DEFAULT_CONTEXT_TOKENS
        return ModelCard(
            name=server.model if server else self._model or f"the model served at {place}",
            place=place,
            context_tokens=self._context_tokens or told,
            tools=True,
            tokenizer=self._tokenizer,
        )

    def connect(self) -> ModelCard:
        """Ask the server, once, what it is, which model it serves and how much that reads.

        Raises:
            ProviderError: the server cannot be used, lists no model where none is named, or
                others than the one that is named.
        """
        with self._lock:
            if self._server is None:
                server = self._retries.call(self._found)
                self._abilities = _expected(server)
                path = server.product.tokenize if self._product is None else None
                if path is not None and server.seen:
                    ask = self._aside.ask
                    self._tokenizer = told_tokenizer(server.model, lambda body: ask(path, body))
                self._server = server
        return self.card

    def count(self, prompt: Prompt) -> int | None:
        """The tokens of a prompt by the server's own count, None where it does not tell."""
        if self.product.count is None:
            return None
        asked = worded(prompt, self._abilities)
        return self.product.count(self._aside.ask, self.card.name, asked)

    def stream(self, prompt: Prompt) -> Iterator[TextDelta | ToolCall | Finish]:
        """Yield text as it arrives, tool calls once complete, and last a `Finish`.

        Raises:
            ProviderError: at any point of the iteration; what came before is then incomplete.
        """
        self.connect()
        try:
            yield from adapted(prompt, self._abilities, self._ask)
        except ModelNotFoundError:
            self._server = None  # the server may have been started again with another model
            raise
        except UnavailableError:
            if self._server is not None and not self._server.seen:
                self._server = None
            raise

    def _ask(self, prompt: Prompt, most_tokens: int | None) -> Iterator[Item]:
        return self._retries.stream(lambda: self._attempt(prompt, most_tokens))

    def _found(self) -> OwnServer:
        if self._model is not None and self._context_tokens is not None:
            if self._product is not None:
                return OwnServer(self._model, None, self._product)
            rows = mapping(self._aside.ask("/v1/models")).get("data")
            if not isinstance(rows, list):
                return OwnServer(self._model, None, seen=False)
            return found_server(served_in(rows), self._model, self._endpoint, self._aside.ask)
        try:
            listed = _listed(self._client, self._endpoint)
        except UnavailableError as error:
            if self._model is None or not isinstance(error.__cause__, openai.NotFoundError):
                raise
            listed = []  # it lists no models, and may answer all the same
        return found_server(listed, self._model, self._endpoint, self._aside.ask)

    def _attempt(self, prompt: Prompt, most_tokens: int | None) -> Generator[Item, None, None]:
        most = answer_tokens(self.card)
        tools = cast("list[ChatCompletionToolUnionParam]", rendered_tools(prompt))
        with (
            translated(self._endpoint),
            self._refusing(prompt),
            self._client.chat.completions.create(
                model=self.card.name,
                messages=cast("list[ChatCompletionMessageParam]", rendered_messages(prompt)),
                tools=tools or openai.omit,
                temperature=TEMPERATURE,
                response_format=self._held(prompt) or openai.omit,
                max_tokens=min(most, most_tokens or most),
                stream=True,
                stream_options={"include_usage": True} if self._abilities.usage else openai.omit,
            ) as events,
        ):
            if not events.response.headers.get("content-type", "").startswith("text/event-stream"):
                raise faults.nonsense(self._endpoint)
            begun = False
            try:
                for item in _items(events, self._endpoint):
                    begun = True
                    yield item
            except InvalidReplyError:
                if not begun and not self.product.faults:
                    self._ask_for_the_fault(prompt)
                raise

    def _held(self, prompt: Prompt) -> ResponseFormatJSONSchema | None:
        as_object = self.product.schema is SchemaForm.JSON_OBJECT
        held = rendered_format(prompt, as_object=as_object)
        return cast("ResponseFormatJSONSchema | None", held)

    def _ask_for_the_fault(self, prompt: Prompt) -> None:
        """Ask again for one token at once, since a stream that breaks says nothing of why."""
        tools = cast("list[ChatCompletionToolUnionParam]", rendered_tools(prompt))
        self._client.chat.completions.create(
            model=self.card.name,
            messages=cast("list[ChatCompletionMessageParam]", rendered_messages(prompt)),
            tools=tools or openai.omit,
            response_format=self._held(prompt) or openai.omit,
            max_tokens=1,
        )

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
    endpoint = endpoint_of(url, None, api_key, timeout_seconds)
    with http_client(endpoint) as http:
        client = sdk(endpoint, http)
        return Retries(max_attempts=1).call(lambda: _listed(client, endpoint))


def _listed(client: openai.OpenAI, endpoint: Endpoint) -> list[ServedModel]:
    with translated(endpoint):
        reply = client.get("/models", cast_to=httpx2.Response)
        content: object = json.loads(reply.content)
    rows = content.get("data") if isinstance(content, Mapping) else None
    if not isinstance(rows, list):
        raise faults.nonsense(endpoint)
    return served_in(rows)


def _expected(server: OwnServer) -> Abilities:
    """What to expect of a model by its name and of its server by its software."""
    expected = abilities_of(server.model)
    expected.usage = server.product.usage
    expected.schema = server.product.schema is not SchemaForm.NONE
    return expected


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
