"""A text with citations as it comes about: what a model writes, or what is quoted."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

from rag.accounts import replies
from rag.assistant import (
    EMPTY,
    NOTHING_TO_SEARCH,
    QUOTED,
    REFUSAL,
    UNBACKED,
    UNCITED,
)
from rag.checking import Checking, Checks
from rag.citations import MarkerReader, cite, disarmed
from rag.domain import (
    Answer,
    Citation,
    Claim,
    Finish,
    ModelCard,
    Passage,
    Prompt,
    Quote,
    Source,
    Span,
    TextDelta,
    ToolCall,
    Usage,
    Verdict,
)
from rag.errors import InvalidReplyError, ToolError
from rag.folding import encodable, flowing
from rag.models import added, whole_cost
from rag.refusal import RefusalReader
from rag.turns import FILTERED, why_cut
from rag.whole.prompts import mended
from rag.whole.resources import Resources

CUT = "The reply was too long and was cut off: give less."
_INNER = str.maketrans("“”", "‘’")  # quotation marks within a quote
NEAREST_PAGES = 3
MOST_OTHERS = 20  # sources in which a statement without a marker is looked for, beside those cited
T = TypeVar("T")
# What a reply's JSON says, and what is wrong with it that the model could mend.
Reader = Callable[[Any], tuple[T, list[str]]]


class Sheet:
    """A text that grows, with what it cost and what it cites."""

    def __init__(self, resources: Resources, request: str) -> None:
        """Take what the work draws on, and what was asked for."""
        self.text = ""
        self.usage: Usage | None = None
        self.refused = False
        self.ended = Finish()
        self._resources = resources
        self._request = request
        self._started = time.monotonic()
        self._markers = MarkerReader()
        self._numbers: dict[tuple[str, int], int] = {}  # of the pages that are quoted
        self._passages: list[Passage] = []
        self._citations: list[Citation] = []
        self._claims: list[Claim] = []
        self._checking = Checking(resources.verifier)
        self._offered: tuple[Source, ...] = ()
        self._checks = Checks()
        self._last = Finish()  # how the last reply that is no part of the text ended
        self._lacks: list[str] = []

    def say(self, text: str) -> Iterator[TextDelta]:
        """Add a piece to the text."""
        text = encodable(text)
        if text:
            self.text += text
            yield TextDelta(text)

    def quote(self, before: str, quote: Quote) -> Iterator[TextDelta]:
        """Add an exact quote with its marker, after words of ours."""
        start = len(self.text) + len(before) - len(before.lstrip("\n"))
        yield from self.say(f"{before}{shown(quote)} ")
        yield from self.mark(quote, start)

    def mark(
        self, quote: Quote, start: int, verdict: Verdict = Verdict.SUPPORTED, reason: str = ""
    ) -> Iterator[TextDelta]:
        """Add the marker of a quote to what stands in the text from `start` on.

        `verdict` and `reason` are what is known of how the quote backs that.
        """
        number = self._number(quote)
        marker = Span(len(self.text), len(self.text) + len(f"[{number}]"))
        yield from self.say(f"[{number}]")
        claim = Span(start, marker.end)
        self._citations.append(Citation(number, marker, claim, quote, verdict))
        self._claims.append(Claim(claim, verdict, reason, (quote,), (number,)))

    def stream(self, prompt: Prompt) -> Iterator[TextDelta]:
        """Add what a model writes, with the markers of the prompt's sources.

        Raises:
            ProviderError: the model's server failed, or its reply is empty or was cut off.
        """
        self._markers.offer(prompt.sources)
        self._offered = prompt.sources
        refusal = RefusalReader()
        finished = False
        for item in self._replies(prompt):
            if isinstance(item, TextDelta):
                yield from self.say(self._markers.feed(refusal.feed(item.text)))
                self._checking.follow(self.text, self._markers.sources, ())
            elif isinstance(item, Finish):
                finished = True
                self.ended = item
        if not finished:
            raise InvalidReplyError("The text was cut off. Ask again.")
        yield from self.say(self._markers.feed(refusal.rest()) + self._markers.rest())
        self.refused = refusal.refused or (refusal.found and not self._markers.sources)
        if not self.text.strip() and not self.refused:
            raise InvalidReplyError(FILTERED if self.ended.filtered else EMPTY)
        if not self.refused:
            self._check()

    @property
    def card(self) -> ModelCard:
        """The model that writes."""
        return self._resources.card

    @property
    def was_cut(self) -> bool:
        """Whether the last `reply` was cut off, by the model's length limit or a filter."""
        return not self._last.complete

    def lack(self, why: str) -> None:
        """Take a sentence on why the text is not complete, whatever it ends in."""
        self._lacks.append(why)

    @property
    def nothing_stands(self) -> bool:
        """Whether a model made statements, and no source backs one of them."""
        return self._checks.nothing_stands

    def _check(self) -> None:
        """Check what a model wrote against what it read."""
        shown = self._markers.sources
        citations = cite(self.text, shown, self._resources.retriever.nearest)
        cited = {source.number for source in shown.values()}
        others = [source for source in self._offered if source.number not in cited]
        looked_at = [*shown.values(), *others[:MOST_OTHERS]]
        self._checks = self._checking.finish(self.text, citations, shown, looked_at)

    def reply(self, prompt: Prompt) -> str:
        """What a model replies, not added to the text. Raises as `stream`."""
        text, finished = "", False
        for item in self._replies(prompt):
            if isinstance(item, TextDelta):
                text += item.text
            elif isinstance(item, Finish):
                finished = True
                self._last = item
        if not finished:
            raise InvalidReplyError("The model's reply was cut off. Ask again.")
        return encodable(text)

    def structured(self, prompt: Prompt, read: Reader[T]) -> T:
        """What `read` makes of the JSON that a model replies, which may mend it once.

        Raises:
            InvalidReplyError: it is no such thing the second time either; the message says why.
            ProviderError: the model's server failed.
        """
        made: T | None = None
        for last in (False, True):
            text = self.reply(prompt)
            try:
                made, faults = read(json_in(text))
            except ToolError as error:
                faults = [CUT if self.was_cut else str(error)]
                if last:
                    raise InvalidReplyError(
                        f"The model's answer cannot be used: {faults[0]}"
                    ) from error
            else:
                if last or not faults:
                    return made
            prompt = mended(prompt, text, " ".join(faults), self._resources.chat)
        raise InvalidReplyError("The model's answer cannot be used.")

    def refuse(self, *, searched: bool) -> Iterator[TextDelta]:
        """End the text where nothing carries it."""
        self.refused = True
        before = "\n\n" if self.text and not self.text[-1].isspace() else ""
        yield from self.say(before + (REFUSAL if searched else NOTHING_TO_SEARCH))

    def answer(
        self,
        also: str = "",
        *,
        notice: str | None = None,
        found: Sequence[Passage] = (),
        evidence: float | None = None,
    ) -> Answer:
        """The finished text with its citations.

        Args:
            also: said before the usual notice on how a text came about.
            notice: said in place of that.
            found: the passages that were looked at; by default those that are cited.
            evidence: what they promise.
        """
        resources = self._resources
        sources = self._markers.sources
        checks = self._checks
        citations = (*self._citations, *checks.citations)
        passages = tuple(found) or (
            *self._passages,
            *(sources[number].passage for number in sorted(sources)),
        )
        usual = self._notice(bool(citations))
        if checks.nothing_stands:
            usual = f"{UNBACKED} {why_cut(self.ended)}".strip()
        return Answer(
            self.text,
            self._request,
            resources.card.name,
            citations,
            passages,
            _nearest(passages) if self.refused else (),
            self.refused,
            self.ended.complete and not self._lacks,
            " ".join(filter(None, [also, *self._lacks, usual if notice is None else notice])),
            usage=self.usage,
            cost=whole_cost(resources.card, self.usage, resources.besides.dollars),
            seconds=time.monotonic() - self._started,
            evidence=evidence,
            claims=(*self._claims, *checks.claims),
            disagreements=checks.disagreements,
            filtered=self.ended.filtered,
        )

    def _notice(self, cited: bool) -> str:
        cut = why_cut(self.ended)
        if self.refused:
            return cut
        if not self._resources.card.instructable:
            return QUOTED if cited else ""
        return cut or ("" if cited else UNCITED)

    def _number(self, quote: Quote) -> int:
        """The number of a quote's page, in the order of first mention."""
        page = quote.document.id, quote.page
        if page not in self._numbers:
            self._numbers[page] = len(self._numbers) + 1
            self._passages.append(
                Passage(
                    quote.document,
                    quote.page,
                    quote.label,
                    quote.start,
                    quote.end,
                    quote.text,
                    (),
                    0.0,
                    (),
                    quote.offset,
                )
            )
        return self._numbers[page]

    def _replies(self, prompt: Prompt) -> Iterator[TextDelta | ToolCall | Finish]:
        """What the model does, its tokens counted."""
        for item in replies(self._resources.chat, prompt, self._resources.besides):
            if isinstance(item, Finish):
                self.usage = added(self.usage, item.usage)
            yield item


def step(number: int, name: str) -> ToolCall:
    """An event that tells what is being read or looked for, in words."""
    return ToolCall(f"step-{number}", name, "{}")


def shown(quote: Quote) -> str:
    """A quote on one line in quotation marks, its own `[3]` no marker of ours."""
    text = flowing(quote.text).strip(" |").removeprefix("- ")
    return f"“{disarmed(text.translate(_INNER))}”"


def json_in(text: str) -> Any:
    """The JSON of a reply, between whatever words or fences a model puts around it.

    Raises:
        ToolError: there is none.
    """
    starts = [at for at in (text.find("{"), text.find("[")) if at >= 0]
    if not starts:
        raise ToolError("The reply holds no JSON.")
    try:
        found, _ = json.JSONDecoder().raw_decode(text, min(starts))
    except json.JSONDecodeError as error:
        raise ToolError(
            f"The reply is no valid JSON: {error.msg} (character {error.pos + 1})."
        ) from error
    except (ValueError, RecursionError) as error:
        raise ToolError("The reply is no valid JSON.") from error
    return found


def _nearest(passages: Sequence[Passage]) -> tuple[Passage, ...]:
    """The best passage of each of the three nearest pages."""
    pages: dict[tuple[str, int], Passage] = {}
    for passage in passages:
        pages.setdefault((passage.document.id, passage.page), passage)
    return tuple(pages.values())[:NEAREST_PAGES]
