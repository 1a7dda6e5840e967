"""How many tokens a text has at most, where the tokenizer that splits it is not at hand."""

from __future__ import annotations

SPECIAL_TOKENS = 2  # the one that begins a text and the one that ends it

_LIGHT_BYTES = b"abcdefghijklmnopqrstuvwxyz "


def token_bound(text: str) -> int:
    """An upper bound for the tokens of a text in any ordinary writing.

    A tokenizer writes at most one token a byte, and at most one for two bytes of words in small
    letters.
    """
    written = text.encode("utf-8", "replace")
    heavy = len(written.translate(None, _LIGHT_BYTES))
    return heavy + (len(written) - heavy + 1) // 2 + SPECIAL_TOKENS
