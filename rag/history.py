"""The conversation before a question: summed up where it is too long, rather than cut.

A summary covers the exchanges from the first one on. It is kept under a hash of them, so that every
question that follows finds it again: it is paid once, and the prompts of a conversation begin with
the same words until so much was added that it is written anew, from the old summary and what came
after it.
"""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rag.citations import disarmed, without_markers
from rag.domain import Message, ModelCard
from rag.folding import encodable
from rag.prompts import (
    MESSAGE_TOKENS,
    exchange_cost,
    exchanges_of,
    history_room,
    shortened_summary,
    summary_room,
)

Exchange = tuple[Message, Message]

SUMMARIES_KEPT = 256
KEPT_SHARE = (
    0.4  # of the room, for exchanges as they are once others were summed up: some may follow
)
TOKENS_A_BYTE = 1.5  # what is raised for an unknown tokenizer is in it
LONGEST_SUMMARY = 4_000  # characters


@dataclass(frozen=True, slots=True)
class Earlier:
    """What a model is shown of a conversation: a summary of its beginning, and what follows."""

    summary: str = ""
    messages: tuple[Message, ...] = ()


NOTHING_EARLIER = Earlier()


@dataclass(frozen=True, slots=True)
class Plan:
    """How a conversation is to be shown: `dropped` are to be summed up first, with `summary`.

    `key` is of everything that the new summary is to cover.
    """

    summary: str
    kept: tuple[Exchange, ...]
    dropped: tuple[Exchange, ...] = ()
    key: bytes = b""

    @property
    def uncut(self) -> Earlier:
        """The conversation with what is to be dropped: a prompt takes the last of it that fits."""
        return Earlier(self.summary, _flat((*self.dropped, *self.kept)))


class Summaries:
    """The summaries of the last conversations, in memory. Safe from many threads."""

    def __init__(self, kept: int = SUMMARIES_KEPT) -> None:
        self._kept = kept
        self._known: OrderedDict[bytes, str] = OrderedDict()
        self._lock = threading.Lock()

    def plan(self, history: Sequence[Message], card: ModelCard) -> Plan:
        """How to show a conversation to a model; nothing is dropped where all of it fits."""
        exchanges = exchanges_of(history)
        room = history_room(card)
        most = summary_room(card)
        if not most or _is_short(exchanges, room) or exchange_cost(exchanges, card) <= room:
            return Plan("", tuple(exchanges))
        keys = list(_keys(exchanges))
        covered, summary = self._longest(keys)
        summary = shortened_summary(summary, card)
        rest = exchanges[covered:]
        if exchange_cost(rest, card) <= room - most:
            return Plan(summary, tuple(rest))
        kept = _last(rest, int(room * KEPT_SHARE), card) or _last(rest[-1:], room - most, card)
        dropped = rest[: len(rest) - len(kept)]
        return Plan(summary, tuple(kept), tuple(dropped), keys[len(exchanges) - len(kept) - 1])

    def keep(self, plan: Plan, written: str, card: ModelCard) -> Earlier:
        """The conversation with what a model wrote of its beginning, from now on.

        What it wrote has no markers any more. Where that is nothing, the older summary stands.
        """
        text = disarmed(without_markers(encodable(written[:LONGEST_SUMMARY]))).strip()
        summary = shortened_summary(text, card) or plan.summary
        with self._lock:
            self._known[plan.key] = summary
            self._known.move_to_end(plan.key)
            while len(self._known) > self._kept:
                self._known.popitem(last=False)
        return Earlier(summary, _flat(plan.kept))

    def _longest(self, keys: Sequence[bytes]) -> tuple[int, str]:
        """How many exchanges the summary covers that covers most, and it; 0 without one."""
        with self._lock:
            for covered in range(len(keys), 0, -1):
                summary = self._known.get(keys[covered - 1])
                if summary is not None:
                    self._known.move_to_end(keys[covered - 1])
                    return covered, summary
        return 0, ""


def _is_short(exchanges: Sequence[Exchange], room: int) -> bool:
    """Whether exchanges surely fit: no tokenizer writes more tokens than `TOKENS_A_BYTE`."""
    texts = [message.content for pair in exchanges for message in pair]
    most = sum(TOKENS_A_BYTE * len(encodable(text).encode()) + MESSAGE_TOKENS for text in texts)
    return most <= room


def _keys(exchanges: Sequence[Exchange]) -> Iterator[bytes]:
    """A hash of the first exchange, of the first two, and so on."""
    digest = hashlib.sha256()
    for pair in exchanges:
        for message in pair:
            content = encodable(message.content).encode()
            digest.update(len(content).to_bytes(8) + content)
        yield digest.digest()


def _flat(exchanges: Sequence[Exchange]) -> tuple[Message, ...]:
    return tuple(message for pair in exchanges for message in pair)


def _last(exchanges: Sequence[Exchange], room: int, card: ModelCard) -> list[Exchange]:
    """The last exchanges that fit."""
    kept: list[Exchange] = []
    for pair in reversed(exchanges):
        room -= exchange_cost([pair], card)
        if room < 0:
            break
        kept.insert(0, pair)
    return kept
