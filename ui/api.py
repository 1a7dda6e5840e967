"""The HTTP API: OpenAI's models and chat completions, answered from the documents.

A stream begins once its first words are there: what fails before that has a status of its own.
"""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Callable, Iterator, Sequence
from contextlib import AsyncExitStack, aclosing
from typing import TYPE_CHECKING

from anyio import CapacityLimiter, to_thread
from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response, StreamingResponse
from starlette.requests import ClientDisconnect
from starlette.types import Receive, Scope, Send

from rag.assistant import Assistant
from rag.batch import Row
from rag.domain import Answer, Event, TextDelta
from rag.errors import ModelNotFoundError, RagError
from ui.background import in_batches
from ui.completions import Asked, Fault, Reply, fault_of, model_list, read_request

if TYPE_CHECKING:
    from rag.wiring import Application

ANSWERS_AT_ONCE = 64  # whoever asks then waits
SECONDS_BETWEEN_PIECES = 0.02
SECONDS_OF_SILENCE = 0.5  # how soon a caller who left is noticed while a model thinks
STILL_THERE = b": still there\n\n"  # a comment, for proxies that give up on silence
DONE = b"data: [DONE]\n\n"
UNBUFFERED = {"cache-control": "no-cache", "x-accel-buffering": "no"}
TOO_LARGE = Fault("That is larger than this server takes in.", "request_too_large", 413)
UNEXPECTED = Fault(
    "Something went wrong on our side. Ask again; the server's log says more.",
    "internal_error",
    500,
)

Batches = AsyncGenerator[list[Event], None]


def build_api(current: Callable[[], Application]) -> APIRouter:
    """The routes for programs, over the application as it is at each request."""
    router = APIRouter(prefix="/v1")
    limiter = CapacityLimiter(ANSWERS_AT_ONCE)

    @router.get("/models")
    def models() -> Response:
        try:
            return JSONResponse(model_list(current().offers()))
        except RagError as error:
            return _refusal(fault_of(error))

    @router.post("/chat/completions")
    async def complete(request: Request) -> Response:
        try:
            asked = read_request(await request.body())
            if isinstance(asked, Fault):
                return _refusal(asked)
            assistant, events = await to_thread.run_sync(_asking, current, asked, limiter=limiter)
            return await _answer(request, asked, assistant, _arriving(events, limiter))
        except ClientDisconnect:  # or the guard, which ends a body that is too long like that
            return _refusal(TOO_LARGE)
        except RagError as error:
            return _refusal(fault_of(error))

    return router


def _asking(current: Callable[[], Application], asked: Asked) -> tuple[Assistant, Iterator[Event]]:
    """Who answers, and what then happens.

    Raises:
        ModelNotFoundError: there is no model of that name.
    """
    application = current()
    names = [offer.id for offer in application.offers()] if asked.model else []
    if asked.model and asked.model not in names:
        raise ModelNotFoundError(
            f"There is no model named {asked.model!r}. Name none, or one of: {', '.join(names)}."
        )
    assistant = application.assistant(asked.model or None)
    return assistant, assistant.ask(asked.question, asked.history, application.scope())


async def _arriving(events: Iterator[Event], limiter: CapacityLimiter) -> Batches:
    """What has arrived, empty when nothing has for long; closing this stops the model.

    Raises:
        RagError: as `events` does.
    """
    batches = in_batches(events, every=SECONDS_BETWEEN_PIECES, at_least_every=SECONDS_OF_SILENCE)
    try:
        while (batch := await to_thread.run_sync(next, batches, None, limiter=limiter)) is not None:
            yield batch
    finally:
        batches.close()


async def _answer(
    request: Request, asked: Asked, assistant: Assistant, batches: Batches
) -> Response:
    """The whole answer, or a stream of it that begins with its first words.

    Raises:
        RagError: before there was anything to send.
        ClientDisconnect: whoever asked has left.
    """
    awaited = (TextDelta, Answer) if asked.streamed else Answer
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(aclosing(batches))
        begun: list[Event] = []
        async for batch in batches:
            begun += batch
            if any(isinstance(event, awaited) for event in batch):
                break
            if await request.is_disconnected():
                raise ClientDisconnect
        else:
            return _refusal(UNEXPECTED)
        reply = Reply(assistant.card.name)
        if asked.streamed:
            stack.pop_all()
            return _Stream(reply, begun, batches)
        answer = next(event for event in begun if isinstance(event, Answer))
        return JSONResponse(reply.whole(answer))


class _Stream(StreamingResponse):
    """A reply as it arrives; it ends with what was found out, or with an error."""

    def __init__(self, reply: Reply, begun: Sequence[Event], batches: Batches) -> None:
        self._reply = reply
        self._begun = begun
        self._batches = batches
        super().__init__(self._pieces(), headers=UNBUFFERED, media_type="text/event-stream")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async with aclosing(self._batches):
            await super().__call__(scope, receive, send)

    async def _pieces(self) -> AsyncGenerator[bytes, None]:
        yield _event(self._reply.piece({"role": "assistant", "content": ""}))
        yield self._told(self._begun)
        last = self._begun[-1]
        try:
            async for batch in self._batches:
                yield self._told(batch)
                last = (batch or [last])[-1]
        except RagError as error:
            yield _event(fault_of(error).body)
            return
        if not isinstance(last, Answer):
            yield _event(UNEXPECTED.body)
            return
        yield _event(self._reply.last_piece(last))
        yield DONE

    def _told(self, batch: Sequence[Event]) -> bytes:
        words = "".join(event.text for event in batch if isinstance(event, TextDelta))
        return _event(self._reply.piece({"content": words})) if words else STILL_THERE


def _event(row: Row) -> bytes:
    return b"data: " + json.dumps(row, ensure_ascii=False).encode() + b"\n\n"


def _refusal(fault: Fault) -> JSONResponse:
    return JSONResponse(fault.body, fault.status)
