"""Prompts counted by a model's own server, where nobody here knows how the model splits text.

`rag.token_families` then only bounds what a text takes: a model with a large vocabulary would read
several times as much as the bound allows, and one that spells every letter less. A prompt far below
the limit is sent uncounted. For any other the server is asked, twice at most: whether all fits that
could, and where it does not, whether as much fits as that count promises. Where the server does not
answer, the bound holds.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from rag.catalogue import Tokenizer
from rag.domain import ModelCard, Prompt
from rag.errors import ContextLengthError
from rag.models import MAX_ANSWER_TOKENS
from rag.prompts import family_of, prompt_room, prompt_tokens
from rag.protocols import ChatModel, PromptCounter

Compose = Callable[[ModelCard], Prompt]

FAR = 0.3  # of the room; a model that reads bytes takes three times what is thought of
WIDEST = 4  # times the room; what the bound takes for so much may fit where it takes bytes for it
MARGIN = 0.97  # what another choice of passages may take more than its share
COUNTS = 2


def compose_counted(compose: Compose, chat: ChatModel) -> Prompt:
    """The prompt that is composed for a model, with as much in it as its server says that fits.

    One that is larger than the bound allows has been counted.

    Raises:
        ContextLengthError: as `compose` does for a model that reads as much as this one.
    """
    card, room = chat.card, prompt_room(chat.card)
    if not _is_counted(chat):
        return compose(card)
    prompt = _composed(compose, card, WIDEST * room)
    if prompt_tokens(prompt, card) <= FAR * room:
        return prompt
    most = room
    for _ in range(COUNTS):
        counted = _count(chat, prompt)
        if counted is None:
            return compose(card)
        if counted <= room:
            return prompt
        most = int(MARGIN * room / counted * prompt_tokens(prompt, card))
        prompt = _composed(compose, card, most)
    return prompt if most <= room else compose(card)


def fits_counted(prompt: Prompt, chat: ChatModel) -> bool:
    """Whether a prompt leaves room for the answer."""
    room, bound = prompt_room(chat.card), prompt_tokens(prompt, chat.card)
    if not _is_counted(chat) or bound <= FAR * room:
        return bound <= room
    counted = _count(chat, prompt)
    return (bound if counted is None else counted) <= room


def _composed(compose: Compose, card: ModelCard, room: int) -> Prompt:
    """The prompt within so many tokens by the bound."""
    try:
        return compose(_reading(card, room))
    except ContextLengthError as error:
        raise ContextLengthError(
            f"The question is too long for {card.name}, which reads {card.context_tokens:,} "
            "tokens. Shorten it, or choose a model that reads more."
        ) from error


def _reading(card: ModelCard, room: int) -> ModelCard:
    """The model as if it had this room for a prompt, beside what its answer takes."""
    context = max(4 * room // 3, 1) if room < 3 * MAX_ANSWER_TOKENS else room + MAX_ANSWER_TOKENS
    return replace(card, context_tokens=context)


def _is_counted(chat: ChatModel) -> bool:
    return isinstance(chat, PromptCounter) and family_of(chat.card) is Tokenizer.UNKNOWN


def _count(chat: ChatModel, prompt: Prompt) -> int | None:
    return chat.count(prompt) if isinstance(chat, PromptCounter) else None
