"""Sentences that a handler says above the page, in its log of notices.

Gradio's own notices come through its queue, which no quick handler joins.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from html import escape


def render_notices(sentences: Sequence[str]) -> str:
    """The HTML of sentences that are not shown where they stand: the page says each once."""
    return "".join(
        f'<em data-said="{secrets.token_hex(4)}" hidden>{escape(sentence)}</em>'
        for sentence in sentences
    )
