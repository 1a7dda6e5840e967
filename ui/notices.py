"""Sentences that a handler says above the page, in its log of notices.

Gradio's own notices come through its queue, which no quick handler joins.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from html import escape


class News(str):
    """A sentence on what was done: what is no `News` tells of a fault."""

    __slots__ = ()


def render_notices(sentences: Sequence[str]) -> str:
    """The HTML of sentences that are not shown where they stand: the page says each once."""
    return "".join(
        f'<em data-said="{secrets.token_hex(4)}" data-tone="{_tone(sentence)}" hidden>'
        f"{escape(sentence)}</em>"
        for sentence in sentences
    )


def _tone(sentence: str) -> str:
    return "" if isinstance(sentence, News) else "bad"
