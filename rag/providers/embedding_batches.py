"""Texts in requests of bearable size, and what comes of the requests put together again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from rag.protocols import Vectors
from rag.providers.token_bounds import token_bound


def batches(texts: Sequence[str], most_texts: int, most_tokens: int) -> Iterator[list[str]]:
    """The texts in order, grouped within the limits of one request; a longer one is by itself."""
    batch: list[str] = []
    tokens = 0
    for text in texts:
        length = token_bound(text)
        if batch and (len(batch) == most_texts or tokens + length > most_tokens):
            yield batch
            batch, tokens = [], 0
        batch.append(text)
        tokens += length
    if batch:
        yield batch


def joined(parts: Sequence[tuple[Vectors, int]]) -> tuple[Vectors, int]:
    """The vectors of several requests in order, at least one, and the tokens of all."""
    return np.concatenate([vectors for vectors, _ in parts]), sum(tokens for _, tokens in parts)
