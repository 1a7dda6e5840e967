"""How long a text is for a chunk: in Mistral's tokens, or in what fills the embedder as much."""

from __future__ import annotations

import math
from collections.abc import Sequence

from rag.folding import readable
from rag.protocols import Embedder
from rag.tokens import count_tokens

# Tekken spends a token on each digit, MiniLM's word pieces fewer: of a table it could read more.
CHUNK_TOKENS = 320
HEADING_TOKENS = 36  # of the embedder, kept for the title and the headings


class Ruler:
    """Measures texts for one embedder: `limit` is the longest that a chunk may be.

    A length is that in Tekken tokens or, where this is more, what part of the embedder's room the
    text takes, as if that room were `limit` too.
    """

    limit = CHUNK_TOKENS

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder
        room = embedder.max_tokens - HEADING_TOKENS
        self._stretch = CHUNK_TOKENS / room

    def __call__(self, texts: Sequence[str]) -> list[int]:
        """The length of each text, control characters and broken words aside."""
        plain = [text if text.isprintable() else readable(text) for text in texts]
        own = self._embedder.count_tokens(plain)
        return [
            max(tekken, math.ceil(read * self._stretch))
            for tekken, read in zip(count_tokens(plain), own, strict=True)
        ]
