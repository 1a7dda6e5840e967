"""Answering one question: rewrite, retrieve, ask, run tools, cite, or say that nothing is there."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass, field, replace

from rag.citations import MarkerReader, cite
from rag.domain import (
    Answer,
    Event,
    Finish,
    Message,
    ModelCard,
    Passage,
    Prompt,
    Retrieved,
    Rewritten,
    Scope,
    Source,
    TextDelta,
    ToolCall,
    ToolResult,
    Usage,
)
from rag.errors import InvalidReplyError
from rag.folding import encodable
from rag.models import answer_cost
from rag.prompts import compose, compose_rewrite, fits, render_sources
from rag.protocols import ChatModel
from rag.refusal import RefusalReader
from rag.retrieval import Retriever, checked_question
from rag.tools import Tool, run_tool

MAX_TOOL_ROUNDS = 4
MAX_CALLS_A_ROUND = 5
NEAREST_PAGES = 3
LONGEST_REWRITE, LONGER_BY = 1_000, 200  # characters; a longer reply is no question
REWRITE_LINES = 2
# Below this probability that the passages hold the answer, nothing is asked of a model. A model
# that can say no itself is stopped only where nothing at all fits.
READER_EVIDENCE = 0.55  # see `Evidence`
MODEL_EVIDENCE = 0.001
REFUSAL = "The documents do not say."
NO_ROOM = "There is no room left to read this. Answer from what you have."
NOTHING_TO_SEARCH = "There is nothing to search yet: add a document, or choose one to ask."
QUOTED = "Quoted from the documents by the embedded reader: no language model wrote this."
UNCITED = "Nothing in this answer cites a document: check it before you rely on it."
TRUNCATED = "The model stopped at its length limit: the answer is not complete."

ToolsFor = Callable[[Scope], Sequence[Tool]]


@dataclass(slots=True)
class _Turn:
    """What one question has gathered so far."""

    question: str
    started: float
    passages: tuple[Passage, ...] = ()
    sources: list[Source] = field(default_factory=list)
    markers: MarkerReader = field(default_factory=MarkerReader)
    results: list[ToolResult] = field(default_factory=list)
    usage: Usage | None = None
    text: str = ""
    complete: bool = True
    refused: bool = False

    def number(self, passages: Sequence[Passage]) -> list[Source]:
        """Give passages their numbers; one seen before keeps the one it had."""
        known = {_key(source.passage): source for source in self.sources}
        numbered: list[Source] = []
        for passage in passages:
            source = known.get(_key(passage))
            if source is None:
                source = Source(len(self.sources) + 1, passage)
                self.sources.append(source)
                known[_key(passage)] = source
            numbered.append(source)
        return numbered

    def show(self, text: str) -> Iterator[TextDelta]:
        """Add a piece to the answer."""
        text = encodable(text)
        if text:
            self.text += text
            yield TextDelta(text)

    def spend(self, usage: Usage | None) -> None:
        """Add the tokens of one request."""
        if usage is not None:
            before = self.usage or Usage(0, 0)
            self.usage = Usage(
                before.input_tokens + usage.input_tokens,
                before.output_tokens + usage.output_tokens,
            )


class Assistant:
    """Answers questions from the documents in a scope, with citations."""

    def __init__(
        self, chat: ChatModel, retriever: Retriever, tools_for: ToolsFor, passages: int
    ) -> None:
        """Take the model, the way to passages, the tools of a scope, and how many passages."""
        self._chat = chat
        self._retriever = retriever
        self._tools_for = tools_for
        self._passages = passages

    @property
    def card(self) -> ModelCard:
        """The model that answers."""
        return self._chat.card

    def ask(self, question: str, history: Sequence[Message], scope: Scope) -> Iterator[Event]:
        """Yield what happens as it happens; the last event is the whole `Answer`.

        Closing the generator stops the model.

        Raises:
            RagError: at any point; what was yielded before is then no answer.
        """
        turn = _Turn(checked_question(question), time.monotonic())
        self._chat.connect()
        yield from self._rewritten(turn, history)
        retrieval = self._retriever.retrieve(turn.question, scope, self._passages)
        turn.passages = retrieval.passages
        yield Retrieved(retrieval.passages)
        bar = MODEL_EVIDENCE if self.card.instructable else READER_EVIDENCE
        if not retrieval.passages or retrieval.evidence.probability < bar:
            turn.refused = True
        else:
            turn.number(retrieval.passages)
            yield from self._converse(turn, history, scope)
        if turn.refused:
            before = "\n\n" if turn.text and not turn.text[-1].isspace() else ""
            yield from turn.show(before + (REFUSAL if turn.passages else NOTHING_TO_SEARCH))
        yield self._answer(turn)

    def answer(self, question: str, scope: Scope) -> Answer:
        """The answer to a question that stands alone. Raises as `ask`."""
        return drain(self.ask(question, (), scope))

    def _rewritten(self, turn: _Turn, history: Sequence[Message]) -> Iterator[Event]:
        """Put the standalone question in place of a follow-up; a reply cut short is not used."""
        if not history or not self.card.instructable:
            return
        text, whole = "", False
        for item in self._chat.stream(compose_rewrite(turn.question, history, self.card)):
            if isinstance(item, TextDelta):
                text += item.text
            elif isinstance(item, Finish):
                whole = item.complete
                turn.spend(item.usage)
        lines = text.strip().splitlines()
        text = encodable(" ".join(text.split())).strip('"“” ')
        if whole and len(lines) <= REWRITE_LINES and _is_rewrite(text, turn.question):
            turn.question = text
            yield Rewritten(text)

    def _converse(self, turn: _Turn, history: Sequence[Message], scope: Scope) -> Iterator[Event]:
        """Ask the model, running the tools it calls, until it answers."""
        tools = {tool.name: tool for tool in self._tools_for(scope)} if self.card.tools else {}
        specs = [tool.spec for tool in tools.values()]
        prompt = compose(turn.question, turn.sources, history, self.card, specs)
        turn.markers.offer(prompt.sources)
        for round_number in range(MAX_TOOL_ROUNDS + 1):
            if round_number == MAX_TOOL_ROUNDS:
                prompt = replace(prompt, tools=())
            said, calls = yield from self._one_turn(turn, prompt)
            if not calls or turn.refused:
                break
            said_and_called = Message("assistant", said, tool_calls=tuple(calls))
            prompt = replace(prompt, messages=(*prompt.messages, said_and_called))
            for call in calls:
                result = run_tool(call, tools)
                turn.results.append(result)
                yield result
                prompt = self._told(turn, prompt, result)
        if not turn.text.strip():
            if self.card.instructable and not turn.refused:
                raise InvalidReplyError("The model sent an empty answer. Ask again.")
            turn.refused = True

    def _one_turn(
        self, turn: _Turn, prompt: Prompt
    ) -> Generator[Event, None, tuple[str, list[ToolCall]]]:
        """One reply of the model: what it said, and the tools it calls."""
        said, finished = "", False
        calls: list[ToolCall] = []
        refusal = RefusalReader()
        may_call = MAX_CALLS_A_ROUND if prompt.tools else 0
        for item in self._chat.stream(prompt):
            if isinstance(item, TextDelta):
                if turn.text and not said and not turn.text[-1].isspace():
                    yield from turn.show(turn.markers.feed("\n\n"))
                said += item.text
                yield from turn.show(turn.markers.feed(refusal.feed(item.text)))
            elif isinstance(item, ToolCall):
                if len(calls) < may_call:
                    calls.append(item)
                    yield item
            else:
                finished = True
                turn.complete = item.complete
                turn.spend(item.usage)
        if not finished:
            raise InvalidReplyError("The answer was cut off. Ask again.")
        yield from turn.show(turn.markers.feed(refusal.rest()) + turn.markers.rest())
        turn.refused = refusal.refused or (refusal.found and not turn.markers.sources)
        return said, calls

    def _told(self, turn: _Turn, prompt: Prompt, result: ToolResult) -> Prompt:
        """The prompt with the result of a call, as far as the model can still read it."""
        sources = turn.number(result.passages)
        content = render_sources(sources) if sources else result.content
        message = Message("tool", content, tool_call_id=result.call.id)
        if not fits(message, prompt, self.card):
            return replace(prompt, messages=(*prompt.messages, replace(message, content=NO_ROOM)))
        turn.markers.offer(sources)
        known = {source.number: source for source in (*prompt.sources, *sources)}
        return replace(prompt, messages=(*prompt.messages, message), sources=tuple(known.values()))

    def _answer(self, turn: _Turn) -> Answer:
        citations = (
            () if turn.refused else cite(turn.text, turn.markers.sources, self._retriever.nearest)
        )
        return Answer(
            turn.text,
            turn.question,
            self.card.name,
            citations,
            turn.passages,
            _nearest(turn.passages) if turn.refused else (),
            turn.refused,
            turn.complete,
            self._notice(turn, bool(citations)),
            tuple(turn.results),
            turn.usage,
            answer_cost(self.card, turn.usage) if turn.usage else None,
            time.monotonic() - turn.started,
        )

    def _notice(self, turn: _Turn, cited: bool) -> str:
        if turn.refused:
            return ""
        if not self.card.instructable:
            return QUOTED
        return TRUNCATED if not turn.complete else "" if cited else UNCITED


def _is_rewrite(text: str, question: str) -> bool:
    """Whether a reply is another wording of the question, rather than an answer or nothing."""
    longest = min(LONGEST_REWRITE, 2 * len(question) + LONGER_BY)
    return bool(text) and text != question and len(text) <= longest


def drain(events: Iterator[Event]) -> Answer:
    """The answer at the end of a stream of events.

    Raises:
        RagError: whatever the stream raises; InvalidReplyError when it ends without an answer.
    """
    last = deque(events, maxlen=1)
    if last and isinstance(last[0], Answer):
        return last[0]
    raise InvalidReplyError("No answer came. Ask again.")


def _key(passage: Passage) -> tuple[str, int, int, int]:
    return passage.document.id, passage.page, passage.start, passage.end


def _nearest(passages: Sequence[Passage]) -> tuple[Passage, ...]:
    """The best passage of each of the three nearest pages."""
    pages: dict[tuple[str, int], Passage] = {}
    for passage in passages:
        pages.setdefault((passage.document.id, passage.page), passage)
    return tuple(pages.values())[:NEAREST_PAGES]
