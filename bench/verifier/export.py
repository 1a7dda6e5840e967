"""Make the verifier's file of what training wrote: an int8 ONNX graph, compared with torch.

    python -m bench.verifier.export last.pt rag/providers/minilm/verifier-int8.onnx

Needs torch, onnx and safetensors. The graph is that of `bench.build_minilm`, with segments and an
outcome.
"""

from __future__ import annotations

import argparse
import hashlib
import logging
import os
import sys
from pathlib import Path

os.environ["ORT_DISABLE_TELEMETRY"] = "1"  # onnxruntime reports to its maker unless told not to

import numpy as np
import onnx
import onnxruntime
import torch
from onnx import TensorProto, helper

from bench.build_minilm import (
    FUSED,
    IR_VERSION,
    LAYER_NORM_EPSILON,
    OPSET,
    Graph,
    Weights,
    add_layer,
    layer_norm,
    quantise,
)
from bench.verifier.training import LAYERS, OUTCOMES, Model, bert_name

LARGEST_DIFFERENCE = 1e-3  # of float32 logits with torch's


class PairGraph(Graph):
    """A graph of token ids and segments of a pair, and its logits."""

    def model(self) -> onnx.ModelProto:
        """The finished model: ids and segments (1, tokens) in, logits (1, 3) out."""
        graph = helper.make_graph(
            self._nodes,
            "tramontane-verifier",
            [
                helper.make_tensor_value_info("input_ids", TensorProto.INT64, [1, "tokens"]),
                helper.make_tensor_value_info("segments", TensorProto.INT64, [1, "tokens"]),
            ],
            [helper.make_tensor_value_info("logits", TensorProto.FLOAT, [1, OUTCOMES])],
            self._constants,
        )
        opsets = [helper.make_opsetid("", OPSET), helper.make_opsetid(FUSED, 1)]
        return helper.make_model(
            graph, opset_imports=opsets, ir_version=IR_VERSION, producer_name="tramontane"
        )


def weights_of(model: Model) -> Weights:
    """The weights under the names of BERT's files."""
    state = model.state_dict()
    return {
        name if name.startswith("outcome") else bert_name(name): values.numpy()
        for name, values in state.items()
    }


def build_graph(weights: Weights) -> onnx.ModelProto:
    """BERT for a pair of texts in float32; the outcome is read from the first token."""
    graph = PairGraph()
    words = graph.node(
        "Gather", [graph.constant(weights["embeddings.word_embeddings.weight"]), "input_ids"]
    )
    kinds = graph.node(
        "Gather", [graph.constant(weights["embeddings.token_type_embeddings.weight"]), "segments"]
    )
    length = graph.node("Shape", ["input_ids"], {"start": 1, "end": 2})
    start = graph.integers(0)
    table = graph.constant(weights["embeddings.position_embeddings.weight"])
    places = graph.node("Slice", [table, start, length, start])
    scale, shift = layer_norm(graph, weights, "embeddings")
    total = graph.node("Add", [graph.node("Add", [words, kinds]), places])
    hidden = graph.node(
        "LayerNormalization", [total, scale, shift], {"axis": -1, "epsilon": LAYER_NORM_EPSILON}
    )
    for layer in range(LAYERS):
        hidden = add_layer(graph, weights, f"encoder.layer.{layer}", hidden)
    first = graph.node("Gather", [hidden, graph.integers(0)], {"axis": 1})
    first = graph.node("Squeeze", [first, graph.integers(1)])
    graph.node(
        "Gemm",
        [
            first,
            graph.constant(weights["outcome.weight"].T),
            graph.constant(weights["outcome.bias"]),
        ],
        output="logits",
    )
    return graph.model()


def main() -> int:
    """Build, compare and write; 1 when the graph does not compute what torch does."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("trained", type=Path)
    parser.add_argument("file", type=Path)
    arguments = parser.parse_args()
    logging.getLogger().setLevel(logging.ERROR)
    model = Model(dropout=0.0)
    model.load_state_dict(torch.load(arguments.trained))
    model.eval()
    exact = build_graph(weights_of(model)).SerializeToString()
    ids = torch.tensor([[101, 2023, 2003, 1037, 4366, 102, 1996, 4366, 2003, 2182, 102]])
    segments = torch.tensor([[0] * 6 + [1] * 5])
    with torch.no_grad():
        wanted = model(ids, segments, torch.ones_like(ids, dtype=torch.bool)).numpy()
    inputs = {"input_ids": ids.numpy(), "segments": segments.numpy()}
    found = onnxruntime.InferenceSession(exact).run(None, inputs)[0]
    difference = float(np.abs(found - wanted).max())
    print(f"float32 against torch: largest difference {difference:.1e}")
    if difference > LARGEST_DIFFERENCE:
        return 1
    small = quantise(exact)
    rounded = onnxruntime.InferenceSession(small).run(None, inputs)[0]
    print(f"int8 against float32: largest difference {float(np.abs(rounded - found).max()):.2f}")
    arguments.file.write_bytes(small)
    digest = hashlib.sha256(small).hexdigest()
    print(f"wrote {arguments.file.name}, {len(small):,} bytes, sha256 {digest}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
