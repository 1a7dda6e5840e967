"""What one question has gathered so far, on its way to an answer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from rag.accounts import Account, replies
from rag.checking import Checking, Checks
from rag.citations import MarkerReader
from rag.domain import (
    Finish,
    Passage,
    Prompt,
    Source,
    TextDelta,
    ToolCall,
    ToolResult,
    Usage,
)
from rag.folding import encodable
from rag.history import NOTHING_EARLIER, Earlier
from rag.models import added
from rag.protocols import ChatModel

TRUNCATED = "The model stopped at its length limit: the answer is not complete."
FILTERED = "The provider's filter stopped the answer: it is not complete."


@dataclass(slots=True)
class Turn:
    """What one question has gathered so far."""

    question: str
    started: float
    checking: Checking
    besides: Account  # for what is billed that is no turn of the model that answers
    parts: tuple[str, ...] = ()
    answerable: tuple[str, ...] = ()  # of the parts
    passages: tuple[Passage, ...] = ()
    sources: list[Source] = field(default_factory=list)
    markers: MarkerReader = field(default_factory=MarkerReader)
    results: list[ToolResult] = field(default_factory=list)
    usage: Usage | None = None
    earlier: Earlier = NOTHING_EARLIER
    text: str = ""
    notice: str = ""  # on how the passages were found
    ended: Finish = field(default_factory=Finish)  # how the model's last reply did
    refused: bool = False
    grounded: bool = True
    evidence: float | None = None
    checks: Checks = field(default_factory=Checks)

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

    def replies(self, chat: ChatModel, prompt: Prompt) -> Iterator[TextDelta | ToolCall | Finish]:
        """What the model that answers does, paid by who asks, and its tokens counted."""
        for item in replies(chat, prompt, self.besides):
            if isinstance(item, Finish):
                self.usage = added(self.usage, item.usage)
            yield item


def why_cut(ended: Finish) -> str:
    """Why a model's reply is not complete, in a sentence; empty where it is."""
    if ended.complete:
        return ""
    return FILTERED if ended.filtered else TRUNCATED


def _key(passage: Passage) -> tuple[str, int, int, int]:
    return passage.document.id, passage.page, passage.start, passage.end
