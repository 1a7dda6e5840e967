"""What an OpenAI-style server says of its embedding models, and the vectors that it sends.

A reply holds `{"data": [{"index", "embedding"}], "usage": {"prompt_tokens"}}`, its rows in any
order; a vector is a list of numbers, or the base64 of 32-bit floats, the least byte first.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from rag.errors import InvalidReplyError
from rag.protocols import Vectors
from rag.providers import faults
from rag.providers.faults import Endpoint

LONGEST_VECTOR = 16_384
_NUMBERS = frozenset({int, float})


class Reply(NamedTuple):
    """Unit vectors in the order of their texts, and the tokens read, None where it is not told."""

    vectors: Vectors
    tokens: int | None


def read_models(content: object, endpoint: Endpoint) -> dict[str, int | None]:
    """The models that a server lists, with how much each reads where the server says it, as vLLM.

    Raises:
        InvalidReplyError: it is no such list.
    """
    rows = _rows(content, endpoint)
    named = {row["id"]: row.get("max_model_len") for row in rows if isinstance(row.get("id"), str)}
    return {
        str(name): told if isinstance(told, int) and told > 1 else None  # true is 1
        for name, told in named.items()
    }


def read_count(content: object) -> int | None:
    """The tokens of a text as `/tokenize` tells them: vLLM in `count`, llama.cpp one by one."""
    told = dict(content) if isinstance(content, Mapping) else {}
    if isinstance(told.get("count"), int):
        return int(told["count"])
    return len(told["tokens"]) if isinstance(told.get("tokens"), list) else None


def read_vectors(content: object, count: int, endpoint: Endpoint) -> Reply:
    """The vectors for so many texts, all of one length.

    Raises:
        InvalidReplyError: one is missing, twice there, of another length, zero or not finite.
    """
    rows = _rows(content, endpoint)
    places = [row.get("index") for row in rows]
    if all(place is None for place in places):
        places = list(range(len(rows)))  # in the order of the texts, then
    by_place = {
        place: row.get("embedding")
        for place, row in zip(places, rows, strict=True)
        if isinstance(place, int) and not isinstance(place, bool)
    }
    if len(rows) != count or by_place.keys() != set(range(count)):
        raise InvalidReplyError(
            f"{endpoint.subject} sent {len(rows)} vectors for {count} texts, or numbered them "
            "wrongly. Try again."
        )
    numbers = [_numbers(by_place[place], endpoint) for place in range(count)]
    return Reply(_unit(numbers, endpoint), _tokens(content))


def _rows(content: object, endpoint: Endpoint) -> list[Mapping[str, object]]:
    rows = content.get("data") if isinstance(content, Mapping) else None
    if not isinstance(rows, list) or not all(isinstance(row, Mapping) for row in rows):
        raise faults.nonsense(endpoint)
    return rows


def _numbers(embedding: object, endpoint: Endpoint) -> NDArray[np.float64]:
    try:
        if isinstance(embedding, str):
            found = np.frombuffer(base64.b64decode(embedding, validate=True), dtype="<f4")
            return found.astype(np.float64)
        if isinstance(embedding, list) and _NUMBERS.issuperset(map(type, embedding)):
            return np.array(embedding, dtype=np.float64)
    except (binascii.Error, ValueError, OverflowError) as error:
        raise faults.nonsense(endpoint) from error
    raise faults.nonsense(endpoint)


def _unit(numbers: Sequence[NDArray[np.float64]], endpoint: Endpoint) -> Vectors:
    sizes = {len(vector) for vector in numbers}
    if len(sizes) != 1 or not 0 < max(sizes) <= LONGEST_VECTOR:
        raise InvalidReplyError(
            f"{endpoint.subject} sent vectors of different lengths, or of none. Check that "
            f"{endpoint.model} is an embedding model."
        )
    vectors = np.stack(numbers)
    largest = np.abs(vectors).max(axis=1, keepdims=True)
    if not np.isfinite(largest).all() or not largest.all():
        raise InvalidReplyError(
            f"{endpoint.subject} sent vectors that are no numbers, or nothing but zeros. Try "
            "again; if that stays so, start the server anew."
        )
    scaled = vectors / largest  # so that no square is too large or too small for its length
    unit: Vectors = (scaled / np.linalg.norm(scaled, axis=1, keepdims=True)).astype(np.float32)
    return unit


def _tokens(content: object) -> int | None:
    usage = content.get("usage") if isinstance(content, Mapping) else None
    told = dict(usage) if isinstance(usage, Mapping) else {}
    for count in (told.get("prompt_tokens"), told.get("total_tokens")):
        if isinstance(count, int) and not isinstance(count, bool) and count >= 0:
            return count
    return None
