"""BERT in plain numpy and float64: what the built graph is compared with.

Slow and literal on purpose; it shares nothing with the graph but the weights.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

LAYERS = 6
HEADS = 12
EPSILON = 1e-12

Matrix = NDArray[np.float64]
Weights = Mapping[str, NDArray[np.float32]]

_erf = np.frompyfunc(math.erf, 1, 1)


def embed(weights: Weights, ids: Sequence[int]) -> Matrix:
    """The unit vector of one text, given its token ids, special tokens included."""
    hidden = (
        weights["embeddings.word_embeddings.weight"][np.asarray(ids)]
        + weights["embeddings.position_embeddings.weight"][: len(ids)]
        + weights["embeddings.token_type_embeddings.weight"][0]
    ).astype(np.float64)
    hidden = _normalise(weights, "embeddings", hidden)
    for layer in range(LAYERS):
        name = f"encoder.layer.{layer}"
        attended = _attend(weights, f"{name}.attention.self", hidden)
        attended = _dense(weights, f"{name}.attention.output.dense", attended)
        hidden = _normalise(weights, f"{name}.attention.output", attended + hidden)
        inner = _gelu(_dense(weights, f"{name}.intermediate.dense", hidden))
        inner = _dense(weights, f"{name}.output.dense", inner)
        hidden = _normalise(weights, f"{name}.output", inner + hidden)
    mean: Matrix = hidden.mean(axis=0)
    return mean / math.sqrt(mean @ mean)


def _attend(weights: Weights, name: str, hidden: Matrix) -> Matrix:
    queries, keys, values = (
        np.split(_dense(weights, f"{name}.{part}", hidden), HEADS, axis=1)
        for part in ("query", "key", "value")
    )
    return np.concatenate(
        [
            _softmax(query @ key.T / math.sqrt(key.shape[1])) @ value
            for query, key, value in zip(queries, keys, values, strict=True)
        ],
        axis=1,
    )


def _dense(weights: Weights, name: str, inputs: Matrix) -> Matrix:
    return inputs @ weights[f"{name}.weight"].T.astype(np.float64) + weights[f"{name}.bias"]


def _normalise(weights: Weights, name: str, inputs: Matrix) -> Matrix:
    centred = inputs - inputs.mean(axis=1, keepdims=True)
    spread = np.sqrt((centred**2).mean(axis=1, keepdims=True) + EPSILON)
    scale = weights[f"{name}.LayerNorm.weight"]
    return centred / spread * scale + weights[f"{name}.LayerNorm.bias"]


def _softmax(scores: Matrix) -> Matrix:
    powers: Matrix = np.exp(scores - scores.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def _gelu(inputs: Matrix) -> Matrix:
    halves: Matrix = _erf(inputs / math.sqrt(2)).astype(np.float64)
    return inputs * (1 + halves) / 2
