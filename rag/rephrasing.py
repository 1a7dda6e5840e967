"""A question as it is searched: from a chat model's reply, or by rules where none is asked."""

from __future__ import annotations

import re
from collections.abc import Sequence

from rag.decomposition import MOST_PARTS, parts
from rag.domain import Message, Rewritten
from rag.folding import encodable
from rag.rewriting import standalone

LONGEST_REWRITE, LONGER_BY = 1_000, 200  # characters; a longer reply is no question
REWRITE_LINES = 2  # that one question may be broken over
_BULLET = re.compile(r"^(?:[-*•]|\(?\d{1,2}[.)])\s+")
_ASKS = ("?", "？", "؟")


def rephrased(question: str, history: Sequence[Message]) -> Rewritten:
    """The question and its parts by rules."""
    alone = standalone(question, history)
    return Rewritten(alone, parts(alone))


def from_reply(reply: str, question: str) -> Rewritten | None:
    """The question and its parts as a model put them, None when the reply is no such thing.

    The question comes first; up to four lines may follow, each a part of it as a question.
    """
    lines = [_cleaned(line) for line in reply.splitlines() if line.strip()]
    asking = [line for line in lines if line.endswith(_ASKS)]
    if len(lines) <= REWRITE_LINES and (len(asking) < len(lines) or len(lines) == 1):
        lines = [_cleaned(" ".join(reply.split()))]
    elif len(asking) < len(lines) or len(lines) > 1 + MOST_PARTS:
        return None
    if not lines or not all(_is_rewrite(line, question) for line in lines):
        return None
    whole, *pieces = lines
    found = tuple(dict.fromkeys(piece for piece in pieces if piece != whole))
    return Rewritten(whole, found if len(found) > 1 else parts(whole))


def _cleaned(line: str) -> str:
    return _BULLET.sub("", encodable(" ".join(line.split())).strip('"“” ')).strip('"“” ')


def _is_rewrite(text: str, question: str) -> bool:
    """Whether a text is another wording of the question, rather than an answer or nothing."""
    return bool(text) and len(text) <= min(LONGEST_REWRITE, 2 * len(question) + LONGER_BY)
