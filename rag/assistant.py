"""Answering one question: rewrite, retrieve, ask, run tools, cite, or say that nothing is there."""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import replace

from rag.accounts import Account
from rag.checking import Checking
from rag.citations import MarkerReader, cite
from rag.counted_prompts import compose_counted
from rag.domain import (
    Answer,
    Event,
    Finish,
    Manner,
    Message,
    ModelCard,
    Passage,
    Prompt,
    Retrieved,
    Rewritten,
    Scope,
    Source,
    SummedUp,
    TextDelta,
    ToolCall,
)
from rag.errors import ContextLengthError, InvalidReplyError, NotFoundError, ProviderError
from rag.evidence import USUAL_BAR
from rag.history import Summaries
from rag.models import whole_cost
from rag.moderation import Moderation
from rag.prompts import (
    affordable,
    compose,
    compose_alone,
    compose_rewrite,
    compose_summary,
)
from rag.protocols import ChatModel
from rag.refusal import RefusalReader, declines
from rag.rephrasing import from_reply, rephrased
from rag.retrieval import Retrieval, Retriever, checked_question
from rag.tool_rounds import ToolRounds
from rag.tools import Tool, run_tool
from rag.turns import FILTERED, Turn, why_cut
from rag.verification import Verifier

MAX_TOOL_ROUNDS = 4
MAX_CALLS_A_ROUND = 5
NEAREST_PAGES = 3
REFUSAL = "The documents do not say."
LEFT_OPEN = "The documents do not say: {part}"
NOTHING_TO_SEARCH = "There is nothing to search yet: add a document, or choose one to ask."
QUOTED = "Quoted from the documents by the embedded reader: no language model wrote this."
ALONE = "Not from your documents: what {model} says by itself. Nothing of it was checked."
UNBACKED = "Nothing that the model wrote is backed by the documents."
CANNOT_ALONE = "The embedded reader only quotes documents. Choose a model to ask without them."
UNCITED = "Nothing in this answer cites a document: check it before you rely on it."
EMPTY = "The model sent an empty answer. Ask again."

USUAL = Manner()
_logger = logging.getLogger(__name__)

ToolsFor = Callable[[Scope, Manner, Retriever, Sequence[Source]], Sequence[Tool]]


class Assistant:
    """Answers questions from the documents in a scope, with citations."""

    def __init__(
        self,
        chat: ChatModel,
        retriever: Retriever,
        tools_for: ToolsFor,
        passages: int,
        verifier: Verifier,
        *,
        bar: float = USUAL_BAR,
        strict: bool = True,
        summaries: Summaries | None = None,
        moderation: Moderation | None = None,
    ) -> None:
        """Take the model, the way to passages, the tools of a question, and how many passages.

        `verifier` checks what the model writes. `bar` is the evidence below which a question is
        refused; where it is not `strict`, the model then answers by itself, which is said. Who
        shares `summaries` sums up a long conversation once; `moderation` judges what is asked and
        what is answered.
        """
        self._chat = chat
        self._retriever = retriever
        self._tools_for = tools_for
        self._passages = passages
        self._verifier = verifier
        self._bar = bar
        self._strict = strict
        self._summaries = summaries or Summaries()
        self._moderation = moderation

    @property
    def card(self) -> ModelCard:
        """The model that answers."""
        return self._chat.card

    def ask(
        self, question: str, history: Sequence[Message], scope: Scope, manner: Manner = USUAL
    ) -> Iterator[Event]:
        """Yield what happens as it happens; the last event is the whole `Answer`.

        Closing the generator stops the model.

        Raises:
            RagError: at any point; what was yielded before is then no answer.
        """
        question = checked_question(question)
        events = self._ask(question, history, scope, manner)
        if self._moderation is not None:
            events = self._moderation.over(
                question,
                events,
                history=history,
                principal=scope.principal,
                is_written=self.card.instructable,
            )
        yield from events

    def _ask(
        self, question: str, history: Sequence[Message], scope: Scope, manner: Manner
    ) -> Iterator[Event]:
        checking, besides = Checking(self._verifier), Account(scope.principal)
        turn = Turn(question, time.monotonic(), checking, besides)
        self._chat.connect()
        yield from self._remembered(turn, history)
        if not manner.documents:
            yield from self._alone(turn)
            yield self._answer(turn)
            return
        if manner.rewrite:
            yield from self._rewritten(turn, history)
        retrieval = self._retriever.charged_to(besides).retrieve(
            turn.question, scope, self._passages, turn.parts, widen=manner.rewrite
        )
        turn.passages, turn.notice = retrieval.passages, retrieval.notice
        yield Retrieved(retrieval.passages)
        turn.evidence = retrieval.evidence.score if retrieval.passages else None
        bar = self._bar if manner.bar is None else manner.bar
        too_low = retrieval.evidence.is_below(bar, instructable=self.card.instructable)
        if not retrieval.passages or too_low:
            turn.refused = True
        else:
            turn.number(retrieval.passages)
            turn.answerable = _answerable(turn.parts, retrieval, bar)
            yield from self._converse(turn, scope, replace(manner, bar=bar))
            yield from self._left_open(turn)
            self._check(turn)
        if turn.refused and not self._strict and self.card.instructable and not turn.text:
            turn.refused = False
            yield from self._alone(turn)
        if turn.refused:
            before = "\n\n" if turn.text and not turn.text[-1].isspace() else ""
            yield from turn.show(before + (REFUSAL if retrieval.searched else NOTHING_TO_SEARCH))
        yield self._answer(turn)

    def answer(self, question: str, scope: Scope, manner: Manner = USUAL) -> Answer:
        """The answer to a question that stands alone. Raises as `ask`."""
        return drain(self.ask(question, (), scope, manner))

    def _alone(self, turn: Turn) -> Iterator[Event]:
        """Ask the model without the documents.

        Raises:
            NotFoundError: nobody answers who knows anything by itself.
        """
        if not self.card.instructable:
            raise NotFoundError(CANNOT_ALONE)
        turn.grounded = False
        yield from self._one_turn(
            turn,
            compose_alone(
                turn.question, turn.earlier.messages, self.card, summary=turn.earlier.summary
            ),
        )
        if not turn.text.strip():
            raise InvalidReplyError(FILTERED if turn.ended.filtered else EMPTY)
        turn.refused = False

    def _check(self, turn: Turn) -> None:
        """Check what was said; where nothing of it is backed, it is no answer."""
        if turn.refused:
            return
        shown = turn.markers.sources
        citations = cite(turn.text, shown)
        turn.checks = turn.checking.finish(
            turn.text, citations, shown, turn.sources, complete=turn.ended.complete
        )
        if not self.card.instructable:
            return
        if turn.checks.nothing_stands or (not turn.checks.claims and declines(turn.text)):
            turn.notice = " ".join(filter(None, [turn.notice, UNBACKED * bool(turn.checks.claims)]))
            turn.refused = self._strict or not turn.checks.claims
            turn.grounded = turn.refused

    def _rewritten(self, turn: Turn, history: Sequence[Message]) -> Iterator[Event]:
        """Put the question that stands alone, and its parts, in place of the one asked."""
        found = self._rephrased(turn) if history and self.card.instructable else None
        found = found or rephrased(turn.question, history)
        found = replace(found, also=self._retriever.also(found.question))
        if found != Rewritten(turn.question):
            turn.question, turn.parts = found.question, found.parts
            yield found

    def _remembered(self, turn: Turn, history: Sequence[Message]) -> Iterator[Event]:
        """Sum up what of the conversation is too long; cut it where that fails."""
        if not self.card.instructable:
            return
        plan = self._summaries.plan(history, self.card)
        turn.earlier = plan.uncut
        if not plan.dropped:
            return
        try:
            request = compose_summary(plan.summary, plan.dropped, self.card)
            written = self._written(turn, request)
        except ProviderError as error:
            _logger.warning("The conversation was not summed up. %s", error)
            return
        turn.earlier = self._summaries.keep(plan, written or "", self.card)
        if written:
            yield SummedUp()

    def _rephrased(self, turn: Turn) -> Rewritten | None:
        """What the model makes of a follow-up; a reply cut short is not used."""
        said = turn.earlier
        request = compose_rewrite(turn.question, said.messages, self.card, summary=said.summary)
        written = self._written(turn, request)
        return None if written is None else from_reply(written, turn.question)

    def _written(self, turn: Turn, prompt: Prompt) -> str | None:
        """What the model replies to a request of ours; None where that is cut short."""
        text, whole = "", False
        for item in turn.replies(self._chat, prompt):
            if isinstance(item, TextDelta):
                text += item.text
            elif isinstance(item, Finish):
                whole = item.complete
        return text if whole else None

    def _left_open(self, turn: Turn) -> Iterator[Event]:
        """Say which parts a model that only quotes was not asked, for want of evidence."""
        if self.card.instructable or turn.refused or not turn.answerable:
            return
        for part in turn.parts:
            if part not in turn.answerable:
                yield from turn.show(f"\n\n{LEFT_OPEN.format(part=part)}")

    def _converse(self, turn: Turn, scope: Scope, manner: Manner) -> Iterator[Event]:
        """Ask the model, running the tools it calls, until it answers."""
        retriever = self._retriever.charged_to(turn.besides)
        offered = self._tools_for(scope, manner, retriever, turn.sources) if self.card.tools else ()
        tools = {tool.name: tool for tool in offered}
        specs = affordable([tool.spec for tool in tools.values()], self.card)
        before = turn.earlier
        prompt = compose_counted(
            lambda card: compose(
                turn.question, turn.sources, before.messages, card, specs, summary=before.summary
            ),
            self._chat,
        )
        prompt = replace(prompt, parts=turn.answerable, widen=manner.rewrite)
        turn.markers.offer(prompt.sources)
        rounds = ToolRounds(prompt, self._chat)
        for round_number in range(MAX_TOOL_ROUNDS + 1):
            if round_number == MAX_TOOL_ROUNDS:
                rounds.withdraw()
            said, calls = yield from self._turn_over(turn, rounds)
            if not calls or turn.refused:
                break
            rounds.add(said, calls)
            for call in calls:
                result = run_tool(call, tools)
                turn.results.append(result)
                yield result
                sources = turn.number(result.passages)
                if rounds.tell(result, sources):
                    turn.markers.offer(sources)
        if not turn.text.strip():
            if self.card.instructable and not turn.refused:
                raise InvalidReplyError(FILTERED if turn.ended.filtered else EMPTY)
            turn.refused = True

    def _turn_over(
        self, turn: Turn, rounds: ToolRounds
    ) -> Generator[Event, None, tuple[str, list[ToolCall]]]:
        """One reply; a server that finds its prompt too long is asked once more over less."""
        try:
            return (yield from self._one_turn(turn, rounds.prompt))
        except ContextLengthError:
            if turn.text or not rounds.halve():
                raise
        turn.markers = MarkerReader()
        turn.markers.offer(rounds.prompt.sources)
        return (yield from self._one_turn(turn, rounds.prompt))

    def _one_turn(
        self, turn: Turn, prompt: Prompt
    ) -> Generator[Event, None, tuple[str, list[ToolCall]]]:
        """One reply of the model: what it said, and the tools it calls."""
        said, finished = "", False
        calls: list[ToolCall] = []
        refusal = RefusalReader()
        may_call = MAX_CALLS_A_ROUND if prompt.tools else 0
        for item in turn.replies(self._chat, prompt):
            if isinstance(item, TextDelta):
                if turn.text and not said and not turn.text[-1].isspace():
                    yield from turn.show(turn.markers.feed("\n\n"))
                said += item.text
                yield from turn.show(turn.markers.feed(refusal.feed(item.text)))
                if self.card.instructable and turn.grounded:
                    turn.checking.follow(turn.text, turn.markers.sources, turn.sources)
            elif isinstance(item, ToolCall):
                if len(calls) < may_call:
                    calls.append(item)
                    yield item
            else:
                finished = True
                turn.ended = item
        if not finished:
            raise InvalidReplyError("The answer was cut off. Ask again.")
        yield from turn.show(turn.markers.feed(refusal.rest()) + turn.markers.rest())
        turn.refused = refusal.refused or (refusal.found and not turn.markers.sources)
        return said, calls

    def _answer(self, turn: Turn) -> Answer:
        citations = turn.checks.citations
        return Answer(
            turn.text,
            turn.question,
            self.card.name,
            citations,
            turn.passages,
            _nearest(turn.passages) if turn.refused else (),
            turn.refused,
            turn.ended.complete,
            " ".join(filter(None, [turn.notice, self._notice(turn, bool(citations))])),
            tuple(turn.results),
            turn.usage,
            whole_cost(self.card, turn.usage, turn.besides.dollars),
            time.monotonic() - turn.started,
            turn.parts,
            turn.evidence,
            turn.checks.claims,
            turn.checks.disagreements,
            turn.grounded,
            turn.ended.filtered,
        )

    def _notice(self, turn: Turn, cited: bool) -> str:
        cut = why_cut(turn.ended)
        if turn.refused:
            return cut
        if not turn.grounded:
            return f"{ALONE.format(model=self.card.name)} {cut}".strip()
        if not self.card.instructable:
            return QUOTED
        return cut or ("" if cited else UNCITED)


def drain(events: Iterator[Event]) -> Answer:
    """The answer at the end of a stream of events.

    Raises:
        RagError: whatever the stream raises; InvalidReplyError when it ends without an answer.
    """
    last = deque(events, maxlen=1)
    if last and isinstance(last[0], Answer):
        return last[0]
    raise InvalidReplyError("No answer came. Ask again.")


def _answerable(parts: Sequence[str], retrieval: Retrieval, bar: float) -> tuple[str, ...]:
    """The parts of a question for which there is evidence enough to quote."""
    weighed = zip(parts, retrieval.by_part, strict=True)
    return tuple(part for part, found in weighed if not found.is_below(bar, instructable=False))


def _nearest(passages: Sequence[Passage]) -> tuple[Passage, ...]:
    """The best passage of each of the three nearest pages."""
    pages: dict[tuple[str, int], Passage] = {}
    for passage in passages:
        pages.setdefault((passage.document.id, passage.page), passage)
    return tuple(pages.values())[:NEAREST_PAGES]
