"""A remote chat model before a scripted server, whichever SDK it speaks through."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import cast

import pytest

from rag.domain import Finish, Message, Prompt, TextDelta, ToolCall
from rag.errors import NotBegunError, ProviderError
from rag.protocols import ChatModel
from rag.providers.mistral import MistralChat
from rag.providers.openai_compatible import OpenAiCompatibleChat
from rag.providers.products import OTHER
from tests.loopback import LoopbackServer, Reply

KEY = "s3cr3t-k3y-0123456789"
CHATS = "/v1/chat/completions"
PROMPT = Prompt((Message("system", "Be brief."), Message("user", "How many?")), "How many?")

Item = TextDelta | ToolCall | Finish


def mistral(url: str, timeout_seconds: float, sleep: Callable[[float], None]) -> ChatModel:
    return MistralChat(
        KEY, "mistral-small-latest", url=url, timeout_seconds=timeout_seconds, sleep=sleep
    )


def openai_compatible(
    url: str, timeout_seconds: float, sleep: Callable[[float], None]
) -> ChatModel:
    return OpenAiCompatibleChat(
        url + "/v1",
        model="mistral-small-latest",
        api_key=KEY,
        context_tokens=32_768,
        timeout_seconds=timeout_seconds,
        product=OTHER,
        sleep=sleep,
    )


@dataclass
class Rig:
    """A chat model before a scripted server, and how long it slept between attempts."""

    build: Callable[[str, float, Callable[[float], None]], ChatModel]
    stack: ExitStack
    waits: list[float] = field(default_factory=list)
    server: LoopbackServer = field(init=False)

    def stream(
        self, *replies: Reply, prompt: Prompt = PROMPT, timeout_seconds: float = 5.0
    ) -> Generator[Item, None, None]:
        self.server = self.stack.enter_context(LoopbackServer(chat=replies))
        chat = self.build(self.server.url, timeout_seconds, self.waits.append)
        return cast(Generator[Item, None, None], chat.stream(prompt))

    def items(self, *replies: Reply, prompt: Prompt = PROMPT) -> list[Item]:
        return whole(self.stream(*replies, prompt=prompt))

    def failure(
        self, kind: type[ProviderError], *replies: Reply, timeout_seconds: float = 5.0
    ) -> str:
        with pytest.raises(kind) as caught:
            list(self.stream(*replies, timeout_seconds=timeout_seconds))
        assert type(caught.value) in (kind, NotBegunError)  # which is an UnavailableError
        return str(caught.value)

    @property
    def attempts(self) -> int:
        return len(self.server.asked(CHATS))


def whole(stream: Iterable[Item]) -> list[Item]:
    """A turn to its end, after checking what every model promises of one."""
    items = list(stream)
    assert [isinstance(item, Finish) for item in items] == [False] * (len(items) - 1) + [True]
    kinds = [type(item) for item in items[:-1]]
    assert kinds == sorted(kinds, key=[TextDelta, ToolCall].index)  # calls when the text is said
    assert all(item.text for item in items if isinstance(item, TextDelta))
    calls = [item for item in items if isinstance(item, ToolCall)]
    assert len({call.id for call in calls}) == len(calls)
    assert all(call.id and call.name for call in calls)
    return items


def text_of(items: list[Item]) -> str:
    return "".join(item.text for item in items if isinstance(item, TextDelta))
