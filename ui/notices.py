"""Sentences that a handler says above the page, in its log of notices.

Gradio's own notices come through its queue, which no quick handler joins.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from html import escape


class News(str):
    """A sentence on what was done: what is no `News` tells of a fault.

    `about` is the id of the document that it is about: a newer one about it takes its place.
    """

    __slots__ = ("about",)
    about: str

    def __new__(cls, sentence: str, about: str = "") -> News:
        """Take the sentence, and what it is about."""
        made = super().__new__(cls, sentence)
        made.about = about
        return made


def render_notices(sentences: Sequence[str]) -> str:
    """The HTML of sentences that are not shown where they stand: the page says each once."""
    return "".join(
        f'<em data-said="{secrets.token_hex(4)}" data-tone="{_tone(sentence)}"'
        f"{_about(sentence)} hidden>{escape(sentence)}</em>"
        for sentence in sentences
    )


def _about(sentence: str) -> str:
    about = sentence.about if isinstance(sentence, News) else ""
    return f' data-about="{escape(about)}"' if about else ""


def _tone(sentence: str) -> str:
    return "" if isinstance(sentence, News) else "bad"
