"""Chat completions as OpenAI writes them: requests read, replies and faults written.

Beside what OpenAI has, a reply holds `tramontane`: what was found out about the answer, in the
shapes that the rows of a batch have.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from rag.batch import BatchQuestion, Row, answer_row, passage_row
from rag.domain import Answer, Message, Usage
from rag.errors import (
    AuthenticationError,
    BudgetError,
    ContextLengthError,
    ModelNotFoundError,
    ModerationError,
    NotFoundError,
    ProviderError,
    QuestionError,
    RagError,
    RateLimitError,
    UnavailableError,
)
from rag.offers import Offer

FOUND_OUT = (
    *("refused", "complete", "grounded", "evidence", "cost"),
    *("citations", "claims", "disagreements"),
)
NOT_JSON = "The request is not JSON: send an object with `messages`."
ONLY_TEXT = "only text can be asked"
RATE_LIMITED = 429
NO_QUESTION = "There is no question: put one into a message of the role `user`."

# What a caller did wrong is a 4xx; what our own model's server did, its key included, a 5xx.
_STATUS: tuple[tuple[type[RagError], int, str], ...] = (
    (BudgetError, RATE_LIMITED, "budget_spent"),
    (ModelNotFoundError, 404, "model_not_found"),
    (ContextLengthError, 400, "context_length_exceeded"),
    (RateLimitError, RATE_LIMITED, "rate_limit_exceeded"),
    (AuthenticationError, 502, "provider_refused"),
    (UnavailableError, 503, "provider_unavailable"),
    (ProviderError, 502, "provider_failed"),
    (ModerationError, 400, "content_filter"),
    (QuestionError, 422, "invalid_question"),
    (NotFoundError, 404, "not_found"),
    (RagError, 503, "unavailable"),
)


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a request gets no answer: one or two plain sentences, a code and an HTTP status."""

    sentence: str
    code: str
    status: int

    @property
    def body(self) -> Row:
        """It as OpenAI writes errors."""
        kind = "server_error" if self.status >= 500 else "invalid_request_error"
        kind = "rate_limit_error" if self.status == RATE_LIMITED else kind
        return {"error": {"message": self.sentence, "type": kind, "code": self.code}}


@dataclass(frozen=True, slots=True)
class Asked:
    """What a request asks: of which model (None: the default), and whether it wants a stream."""

    question: str
    history: tuple[Message, ...] = ()
    model: str | None = None
    streamed: bool = False


class _Said(BaseModel):
    """A message; its content is text, or parts that are."""

    model_config = ConfigDict(extra="ignore")

    role: Literal["system", "developer", "user", "assistant", "tool", "function"]
    content: str = ""

    @field_validator("content", mode="before")
    @classmethod
    def _as_text(cls, value: object) -> object:
        if isinstance(value, list):
            return "\n".join(_text_of(part) for part in value)
        return "" if value is None else value


class _Request(BaseModel):
    """The part of a request that is heeded; how a model samples is not for its caller to say."""

    model_config = ConfigDict(extra="ignore")

    messages: list[_Said] = Field(min_length=1)
    model: str | None = None
    stream: bool | None = None


def read_request(body: bytes) -> Asked | Fault:
    """What a request asks: its last message of a user, after what was said before that.

    Other roles than the user's and the assistant's are passed over: what answers has instructions
    of its own.
    """
    try:
        request = _Request.model_validate_json(body)
    except ValidationError as error:
        first = error.errors()[0]
        if first["type"] == "json_invalid":
            return Fault(NOT_JSON, "invalid_json", 400)
        name = ".".join(str(part) for part in first["loc"]) or "body"
        wrong = first["msg"].removeprefix("Value error, ")
        sentence = f"The request cannot be used: {name}: {wrong}."
        return Fault(sentence, "invalid_request", 422)
    messages = [(said.role, said.content) for said in request.messages]
    asked = [at for at, (role, _) in enumerate(messages) if role == "user"]
    if not asked:
        return Fault(NO_QUESTION, "invalid_request", 422)
    history = tuple(
        Message(role, content)
        for role, content in messages[: asked[-1]]
        if role in ("user", "assistant")
    )
    return Asked(messages[asked[-1]][1], history, request.model, bool(request.stream))


def fault_of(error: RagError) -> Fault:
    """An expected failure as a fault."""
    status, code = next((status, code) for kind, status, code in _STATUS if isinstance(error, kind))
    return Fault(str(error), code, status)


@dataclass(frozen=True, slots=True)
class Reply:
    """What all pieces of one reply have in common."""

    model: str
    id: str = field(default_factory=lambda: f"chatcmpl-{uuid.uuid4().hex}")
    created: int = field(default_factory=lambda: int(time.time()))

    def whole(self, answer: Answer) -> Row:
        """The reply in one piece."""
        message = {"role": "assistant", "content": answer.text, "refusal": None}
        choice = {"message": message, "logprobs": None, "finish_reason": _why_ended(answer)}
        return self._row("chat.completion", choice) | _found_out(answer)

    def piece(self, delta: Row) -> Row:
        """A piece of it, as it arrives."""
        choice = {"delta": delta, "logprobs": None, "finish_reason": None}
        return self._row("chat.completion.chunk", choice)

    def last_piece(self, answer: Answer) -> Row:
        """The piece that ends it and tells what was found out."""
        choice: Row = {"delta": {}, "logprobs": None, "finish_reason": _why_ended(answer)}
        return self._row("chat.completion.chunk", choice) | _found_out(answer)

    def _row(self, kind: str, choice: Row) -> Row:
        head: Row = {"id": self.id, "object": kind, "created": self.created, "model": self.model}
        return head | {"choices": [{"index": 0, **choice}]}


def model_list(offers: Sequence[Offer]) -> Row:
    """The models to choose from, as OpenAI lists them."""
    rows = [
        {"id": offer.id, "object": "model", "created": 0, "owned_by": offer.card.place}
        for offer in offers
    ]
    return {"object": "list", "data": rows}


def _found_out(answer: Answer) -> Row:
    """The usage, and what was found out about an answer as the rows of a batch write it."""
    row = answer_row(BatchQuestion(question=answer.question), answer)
    found: Row = {name: row[name] for name in FOUND_OUT}
    searched = {"question": answer.question, "parts": list(answer.parts), "notice": answer.notice}
    nearest = [passage_row(passage) for passage in answer.nearest]
    return {
        "usage": answer.usage and _usage_row(answer.usage),
        "tramontane": searched | found | {"nearest": nearest},
    }


def _usage_row(usage: Usage) -> Row:
    return {
        "prompt_tokens": usage.input_tokens,
        "completion_tokens": usage.output_tokens,
        "total_tokens": usage.input_tokens + usage.output_tokens,
    }


def _why_ended(answer: Answer) -> str:
    if answer.complete:
        return "stop"
    return "content_filter" if answer.filtered else "length"


def _text_of(part: Any) -> str:
    """The text of a part of a message.

    Raises:
        ValueError: it is none.
    """
    kind, text = (part.get("type"), part.get("text")) if isinstance(part, dict) else (None, None)
    if kind != "text" or not isinstance(text, str):
        raise ValueError(ONLY_TEXT)
    return text
