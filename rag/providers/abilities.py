"""What a server can do with the model it serves, believed until it refuses.

Servers differ, and start with different options: a request that is refused for its tools, its
schema or its system message is made again in another way, and so is every later one.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Generator, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from rag.catalogue import Tokenizer
from rag.control_words import harmless
from rag.domain import Finish, Prompt, TextDelta
from rag.errors import ContextLengthError, ModelNotFoundError, ProviderError
from rag.models import find_weights, tokenizer_of
from rag.providers.retries import TransientFault
from rag.tool_calls import COPIED, CallReader, NamedCallReader
from rag.tool_protocol import Item, converse, is_tool_talk, opening, plain_turns

LONGEST_CALL_TOKENS = 512  # of a reply that is held to the schema of a call

Ask = Callable[[Prompt, int | None], Iterator[Item]]  # the reply, within so many tokens


class Feature(StrEnum):
    """What not every server, or not every model, takes."""

    TOOLS = "tools"
    SCHEMA = "schema"
    SYSTEM = "system"
    USAGE = "usage"


_REFUSING = frozenset({400, 422})
# llama.cpp answers so what its template or its options forbid. Any other 500 is a fault that may
# pass, whatever words are in it, and takes nothing from what is believed.
_REFUSING_IN_SO_MANY_WORDS = frozenset({500, 501})
_ROLES = r"roles?\b.{0,80}\b(?:alternate|supported|allowed)"
_WORDS = {
    Feature.SYSTEM: rf"{_ROLES}|\b(?:system|developer)\b.{{0,40}}\b(?:role|message|prompt)",
    Feature.TOOLS: rf"tool|function.?call|{_ROLES}",
    Feature.USAGE: r"stream.?options|include.?usage",
    Feature.SCHEMA: r"response.?format|schema|structured|guided|grammar|json.?(?:mode|object)",
}
_SENTENCES = {
    Feature.SYSTEM: _ROLES,
    Feature.TOOLS: r"param requires --jinja|\btools? .{0,40}not (?:supported|implemented)|"
    + _ROLES,
    Feature.SCHEMA: r"json schema conversion failed|failed to parse grammar",
}


def _patterns(words: Mapping[Feature, str]) -> dict[Feature, re.Pattern[str]]:
    return {feature: re.compile(each, re.I | re.S) for feature, each in words.items()}


_PATTERNS = {status: _patterns(_WORDS) for status in _REFUSING} | {
    status: _patterns(_SENTENCES) for status in _REFUSING_IN_SO_MANY_WORDS
}


class FeatureRefusedError(Exception):
    """A server does not take a feature of a request; `error` is what to say where it must."""

    def __init__(self, feature: Feature, error: ProviderError) -> None:
        super().__init__(str(error))
        self.feature = feature
        self.error = error


@dataclass(slots=True)
class Abilities:
    """What is still believed of a server and its model."""

    tools: bool = True
    schema: bool = True
    system: bool = True
    usage: bool = True

    def lose(self, feature: Feature) -> None:
        """Believe in a feature no more."""
        setattr(self, feature.value, False)

    @property
    def way_to_tools(self) -> str:
        """How the model calls tools, in words for a user."""
        if self.tools:
            return "by function calling"
        return "in JSON, held to a schema" if self.schema else "in JSON, found in its text"


def abilities_of(model: str) -> Abilities:
    """What to expect of a model by its name: Mistral's first template has neither."""
    known = find_weights(model)
    first = tokenizer_of(model, "") is Tokenizer.V1
    return Abilities(tools=known.tools if known else not first, system=not first)


def refused_feature(
    prompt: Prompt, status: int, said: str, error: Exception
) -> FeatureRefusedError | None:
    """Which feature of a request a server refused, if that is why; `said` are its own words."""
    problem = error.error if isinstance(error, TransientFault) else error
    patterns = _PATTERNS.get(status)
    if patterns is None or not isinstance(problem, ProviderError):
        return None
    if isinstance(problem, ContextLengthError | ModelNotFoundError):
        return None
    sent = {
        Feature.SYSTEM: any(message.role == "system" for message in prompt.messages),
        Feature.SCHEMA: prompt.schema is not None,
        Feature.TOOLS: is_tool_talk(prompt),
        Feature.USAGE: True,
    }
    for feature, is_sent in sent.items():
        if is_sent and feature in patterns and patterns[feature].search(said):
            return FeatureRefusedError(feature, problem)
    return None


def adapted(prompt: Prompt, abilities: Abilities, ask: Ask) -> Iterator[Item]:
    """One turn of the model, asked in the ways that its server takes.

    Raises:
        ProviderError: at any point of the iteration.
    """
    prompt = harmless(prompt)  # before calls are compared with what stands in documents
    for refusals in itertools.count():
        begun = False
        try:
            for item in _asked(prompt, abilities, ask):
                begun = True
                yield item
            return
        except FeatureRefusedError as refused:
            if begun or refusals == len(Feature):
                raise refused.error from refused
            abilities.lose(refused.feature)


def worded(prompt: Prompt, abilities: Abilities) -> Prompt:
    """A prompt as it is asked at first: with its tools told of in words where it must be."""
    prompt = harmless(prompt)
    if is_tool_talk(prompt) and not abilities.tools:
        told = opening(prompt, held=abilities.schema)
        return replace(prompt, messages=tuple(plain_turns(told)), tools=())
    messages = prompt.messages if abilities.system else plain_turns(prompt.messages)
    return replace(prompt, messages=tuple(messages))


def _asked(prompt: Prompt, abilities: Abilities, ask: Ask) -> Generator[Item, None, None]:
    if not is_tool_talk(prompt):
        yield from _plainly(prompt, abilities, ask)
        return
    if abilities.tools and (yield from _natively(prompt, abilities, ask)):
        return
    bare = replace(prompt, tools=())
    held = yield from converse(
        prompt,
        lambda messages, schema: ask(
            replace(bare, messages=tuple(messages), schema=schema),
            LONGEST_CALL_TOKENS if schema else None,
        ),
        held=abilities.schema,
    )
    if not held:
        abilities.lose(Feature.SCHEMA)


def _plainly(prompt: Prompt, abilities: Abilities, ask: Ask) -> Iterator[Item]:
    messages = prompt.messages if abilities.system else tuple(plain_turns(prompt.messages))
    schema = prompt.schema if abilities.schema else None
    return ask(replace(prompt, messages=messages, schema=schema), None)


def _natively(prompt: Prompt, abilities: Abilities, ask: Ask) -> Generator[Item, None, bool]:
    """A turn with function calling; whether it came to an end in that way.

    vLLM without a parser of calls takes the tools, shows them to the model, and leaves its calls
    in the text: they are taken out of it, and the server is not trusted with tools again. A reply
    that holds neither an answer nor a call is only asked for once more, in words.
    """
    told = [message.content for message in prompt.messages if message.role in ("user", "tool")]
    reader, named = CallReader(told), NamedCallReader(tool.name for tool in prompt.tools)
    for item in _plainly(prompt, abilities, ask):
        if isinstance(item, TextDelta):
            shown = reader.feed(named.feed(item.text))
        elif isinstance(item, Finish):
            shown = reader.feed(named.rest()) + reader.rest()
        else:
            yield item
            continue
        if shown:
            yield TextDelta(shown)
        if isinstance(item, Finish):
            in_text = reader.calls if prompt.tools else []
            if in_text:
                abilities.lose(Feature.TOOLS)
            elif reader.fault or reader.ready or reader.calls:
                if prompt.tools and reader.fault not in ("", COPIED):
                    abilities.lose(Feature.TOOLS)  # a call in the text, and a broken one
                return False
            yield from in_text
            yield item
    return True
