"""Reranking by a chat model that is shown the passages together and asked for their order.

RankGPT: Sun et al. 2023, "Is ChatGPT Good at Search?", arXiv:2304.09542; one window of it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Self

from rag.accounts import Account, charged_to
from rag.domain import TextDelta
from rag.prompts import compose_ranking
from rag.protocols import ChatModel

_NUMBER = r"\[\s*\d{1,4}\s*\]"
_CHAIN = re.compile(rf"{_NUMBER}(?:\s*>\s*{_NUMBER})+")
_BARE = re.compile(r"[\d\s>,;.()]*")  # a reply of numbers and what stands between them


class ListwiseReranker:
    """Ranks by a prompt to any chat model that follows instructions."""

    def __init__(self, chat: ChatModel) -> None:
        self._chat = chat

    def charged_to(self, account: Account) -> Self:
        """The same on this account."""
        return type(self)(charged_to(self._chat, account))

    @property
    def model(self) -> str:
        """The name of the chat model."""
        return self._chat.card.name

    @property
    def place(self) -> str:
        """Where the chat model runs."""
        return self._chat.card.place

    def rerank(self, question: str, texts: Sequence[str]) -> list[float]:
        """Falling numbers in the order that the model gives; as they came where it gives none.

        Raises:
            ProviderError: the chat model failed, or cannot even read the question.
        """
        prompt = compose_ranking(question, texts, self._chat.connect())
        reply = "".join(
            item.text for item in self._chat.stream(prompt) if isinstance(item, TextDelta)
        )
        scores = [0.0] * len(texts)
        for rank, position in enumerate(parsed_order(reply, len(texts))):
            scores[position] = float(len(texts) - rank)
        return scores


def parsed_order(reply: str, count: int) -> list[int]:
    """The positions of `count` passages in the order a model wrote, such as "[3] > [1] > [2]".

    The last such chain counts, else every number in brackets, else a reply of mere numbers. What
    is named twice counts once; what is not named, or no number of a passage, follows as it came.
    """
    chains = _CHAIN.findall(reply)
    if chains:
        numbers = re.findall(r"\d+", chains[-1])
    elif bracketed := re.findall(_NUMBER, reply):
        numbers = [each.strip("[] \t\n") for each in bracketed]
    else:
        numbers = re.findall(r"\d{1,4}", reply) if _BARE.fullmatch(reply) else []
    named = (int(number) - 1 for number in numbers)
    return list(dict.fromkeys([*(place for place in named if 0 <= place < count), *range(count)]))
