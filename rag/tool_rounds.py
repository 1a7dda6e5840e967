"""The rounds of tools of one question: what the model called, and what it is told of the results.

Whatever a model calls, however often and with however long arguments: the prompt that goes out
next leaves the room of the answer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from rag.citations import disarmed
from rag.counted_prompts import fits_counted
from rag.domain import Message, Prompt, Source, ToolCall, ToolResult
from rag.prompts import asked_over, render_sources
from rag.protocols import ChatModel
from rag.tool_calls import LONGEST_NAME
from rag.tools import LONGEST_ARGUMENTS

NO_ROOM = "There is no room left to read this. Answer from what you have."
NO_ARGUMENTS = "{}"  # what a model is shown of arguments that are too long for it
LONGEST_ID = 64  # characters; Mistral's have 9


class ToolRounds:
    """A question's prompt with the rounds of tools that followed it, which always fits.

    Where the room ends, the tools are withdrawn, so that the model answers from what it has read;
    then the oldest rounds go, then what the model said around its last calls, then these.
    """

    def __init__(self, prompt: Prompt, chat: ChatModel) -> None:
        """Take the prompt of the question, which fits, and the model it is for."""
        self.prompt = prompt
        self._chat = chat
        self._asked = prompt.messages
        self._rounds: list[tuple[Message, ...]] = []
        self._told = 0  # results of the last round
        self._sources = prompt.sources  # that the question is asked over
        self._found: set[int] = set()  # the numbers of those that tools found
        self._is_halved = False

    def withdraw(self) -> None:
        """Offer no tools any more."""
        self.prompt = replace(self.prompt, tools=())

    def halve(self) -> bool:
        """Leave out the lower-ranked half of the passages, once; whether there was any to leave.

        For a server that reads less than it says.
        """
        kept = self._sources[: (len(self._sources) + 1) // 2]
        if self._is_halved or len(kept) == len(self._sources):
            return False
        before, after = (asked_over(each, self.prompt.question) for each in (self._sources, kept))
        self._asked = tuple(after if each == before else each for each in self._asked)
        shown = self._found | {source.number for source in kept}
        left = tuple(source for source in self.prompt.sources if source.number in shown)
        self._sources, self._is_halved = kept, True
        self.prompt = replace(self._with(self._rounds), sources=left)
        return True

    def add(self, said: str, calls: Sequence[ToolCall]) -> None:
        """Add what the model said and called; until it is told of the results, there are none."""
        shown = tuple(_shown(call, number) for number, call in enumerate(calls))
        results = (Message("tool", NO_ROOM, tool_call_id=call.id) for call in shown)
        self._told = 0
        self._rounds.append((Message("assistant", said, tool_calls=shown), *results))
        self._make_room()

    def tell(self, result: ToolResult, sources: Sequence[Source]) -> bool:
        """Tell the result of the next call of the round, if there is room; whether there was.

        `sources` are its passages under their numbers. Nothing in its own words is a marker.
        """
        self._told += 1
        if not self._rounds or len(self._rounds[-1]) <= self._told:
            return False
        own = disarmed(result.content)
        content = "\n\n".join([own, *([render_sources(sources)] if sources else [])])
        last = list(self._rounds[-1])
        last[self._told] = replace(last[self._told], content=content)
        longer = self._with([*self._rounds[:-1], tuple(last)])
        if not fits_counted(longer, self._chat):
            return False
        known = {source.number: source for source in (*self.prompt.sources, *sources)}
        self._rounds[-1] = tuple(last)
        self._found |= {source.number for source in sources}
        self.prompt = replace(longer, sources=tuple(known.values()))
        return True

    def _make_room(self) -> None:
        """Take away what has to go for the last round to fit, and where nothing helps, it too."""
        if self._fits():
            return
        self.withdraw()
        while not self._fits():
            if len(self._rounds) > 1:
                del self._rounds[0]
            elif self._rounds and self._rounds[0] != (bare := _bare(self._rounds[0])):
                self._rounds = [bare]
            else:
                self._rounds = []
                self.prompt = self._with([])
                return

    def _fits(self) -> bool:
        self.prompt = self._with(self._rounds)
        return fits_counted(self.prompt, self._chat)

    def _with(self, rounds: Sequence[tuple[Message, ...]]) -> Prompt:
        flat = (message for each in rounds for message in each)
        return replace(self.prompt, messages=(*self._asked, *flat))


def _shown(call: ToolCall, number: int) -> ToolCall:
    """A call as its model is shown it again."""
    arguments = call.arguments if len(call.arguments) <= LONGEST_ARGUMENTS else NO_ARGUMENTS
    known = call.id if len(call.id) <= LONGEST_ID else f"call{number:05}"
    return replace(call, id=known, name=call.name[:LONGEST_NAME], arguments=arguments)


def _bare(messages: tuple[Message, ...]) -> tuple[Message, ...]:
    """A round without what was said beside its calls, and without their arguments."""
    said, *results = messages
    calls = (replace(call, arguments=NO_ARGUMENTS) for call in said.tool_calls)
    return (Message("assistant", "", tool_calls=tuple(calls)), *results)
