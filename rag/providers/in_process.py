"""A chat model whose engine runs in this process: what a server would say, without the server."""

from __future__ import annotations

import json
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from typing import Any

from rag.domain import Finish, ModelCard, Prompt, TextDelta, ToolCall, Usage
from rag.errors import InvalidReplyError, ProviderError, UnavailableError
from rag.models import answer_tokens, find_weights
from rag.providers import faults
from rag.providers.abilities import Abilities, abilities_of, adapted, refused_feature
from rag.providers.completions import (
    TEMPERATURE,
    Turn,
    rendered_format,
    rendered_messages,
    rendered_tools,
)
from rag.providers.engines import EngineSpec, Event, RefusedError, SharedEngine
from rag.providers.event_loop import CalledOffError
from rag.providers.faults import Endpoint
from rag.providers.retries import TransientFault
from rag.providers.spoken import Spoken
from rag.providers.told_tokenizers import told_tokenizer
from rag.tool_protocol import Item

PLACE = "this computer"
UNKNOWN_CONTEXT_TOKENS = 4096  # before it is loaded, where the catalogue does not know it either


class InProcessChat:
    """A chat model behind a shared engine, which is loaded when it is first needed.

    Any number of threads may ask at once: the engine answers them side by side.
    """

    def __init__(self, engine: SharedEngine, spec: EngineSpec, *, timeout_seconds: float) -> None:
        """Load nothing yet; `timeout_seconds` is how long the engine may then be silent."""
        self._engine = engine
        self._spec = spec
        self._timeout_seconds = timeout_seconds
        self._abilities = abilities_of(spec.model)
        self._context_tokens: int | None = None
        self._tokenizer = ""
        self._endpoint = _endpoint(spec, timeout_seconds)

    @property
    def abilities(self) -> Abilities:
        """What is believed by now of the model."""
        return self._abilities

    @property
    def card(self) -> ModelCard:
        """What is known by now: all of it once it is loaded."""
        known = find_weights(self._spec.model)
        listed = known.context_tokens if known else None
        return ModelCard(
            name=self._spec.model,
            place=PLACE,
            context_tokens=self._context_tokens
            or self._spec.context_tokens
            or listed
            or UNKNOWN_CONTEXT_TOKENS,
            tools=True,
            tokenizer=self._tokenizer,
        )

    def connect(self) -> ModelCard:
        """Load the model unless it is, which takes from seconds to minutes.

        Raises:
            ProviderError: it cannot be loaded.
        """
        loaded = self._engine.load()
        if self._context_tokens is None:
            self._tokenizer = told_tokenizer(self._spec.model, self._tokenized)
        self._context_tokens = loaded
        return self.card

    def stream(self, prompt: Prompt) -> Iterator[TextDelta | ToolCall | Finish]:
        """Yield text as it is written, tool calls once complete, and last a `Finish`.

        Closing the generator aborts the request.

        Raises:
            ProviderError: at any point of the iteration; what came before is then incomplete.
        """
        self.connect()
        yield from adapted(prompt, self._abilities, self._ask)

    def _ask(self, prompt: Prompt, most_tokens: int | None) -> Generator[Item, None, None]:
        body = self._body(prompt, most_tokens)
        with (
            self._translated(prompt),
            closing(self._engine.stream(body, self._timeout_seconds)) as events,
        ):
            yield from _items(events, self._endpoint)

    def _body(self, prompt: Prompt, most_tokens: int | None) -> dict[str, Any]:
        most = answer_tokens(self.card)
        body: dict[str, Any] = {
            "model": self._spec.model,
            "messages": rendered_messages(prompt),
            "temperature": TEMPERATURE,
            "max_completion_tokens": min(most, most_tokens or most),
            "stream": True,
            "stream_options": {"include_usage": True},
        }
        if tools := rendered_tools(prompt):
            body["tools"] = tools
        if schema := rendered_format(prompt):
            body["response_format"] = schema
        return body

    def _tokenized(self, asked: Mapping[str, object]) -> object:
        return {"count": self._engine.count_tokens(str(asked["prompt"]))}

    @contextmanager
    def _translated(self, prompt: Prompt) -> Iterator[None]:
        """Turn what an engine raises into errors of ours, and tell refusals of features apart."""
        try:
            yield
        except RefusedError as error:
            told = str(error)
            body = json.dumps({"error": {"message": told, "code": error.status}})
            problem = _error(faults.refusal_by_status(self._endpoint, error.status, body))
            raise refused_feature(prompt, error.status, told, problem) or problem from error
        except TransientFault as fault:  # the engine broke its answer off
            raise fault.error from fault
        except CalledOffError as error:
            name = self._endpoint.name
            raise InvalidReplyError(f"The answer of {name} was stopped. Ask again.") from error
        except TimeoutError as error:
            raise UnavailableError(
                f"{self._endpoint.subject} was silent for {self._timeout_seconds:g} seconds. Try "
                "again, or raise TRAMONTANE_REQUEST_TIMEOUT_SECONDS."
            ) from error


def _endpoint(spec: EngineSpec, timeout_seconds: float) -> Endpoint:
    """The engine in the words of errors."""
    return Endpoint(
        name=f"{spec.model} in this process",
        url=PLACE,
        model=spec.model,
        unreachable="",
        key_setting="",
        model_setting="TRAMONTANE_CHAT",
        timeout_seconds=timeout_seconds,
    )


def _error(fault: Exception) -> ProviderError:
    error = fault.error if isinstance(fault, TransientFault) else fault
    if not isinstance(error, ProviderError):
        raise fault
    return error


def _items(events: Iterator[Event], endpoint: Endpoint) -> Iterator[Item]:
    turn, text_read = Turn(), Spoken()
    for event in events:
        if "error" in event:
            raise faults.broken_off(endpoint, event)
        turn.usage = _usage(event.get("usage")) or turn.usage
        for choice in event.get("choices") or ():
            delta: Mapping[str, Any] = choice.get("delta") or {}
            if text := text_read.feed(delta.get("content") or ""):
                yield TextDelta(text)
            _take_calls(turn, delta.get("tool_calls") or ())
            turn.finish_reason = choice.get("finish_reason") or turn.finish_reason
    if text := text_read.rest():
        yield TextDelta(text)
    if turn.finish_reason in (None, "error", "abort"):
        raise faults.cut_off(endpoint)
    yield from turn.calls()
    yield turn.finish()


def _usage(told: Mapping[str, Any] | None) -> Usage | None:
    return Usage(told["prompt_tokens"], told["completion_tokens"]) if told else None


def _take_calls(turn: Turn, calls: Sequence[Mapping[str, Any]]) -> None:
    for call in calls:
        function: Mapping[str, Any] = call.get("function") or {}
        turn.add_call(
            call.get("index"), call.get("id"), function.get("name"), function.get("arguments")
        )
