"""Writes an embedding model and a reranker of one layer, in the architecture of bge-m3 and e5.

    python tiny_encoders.py FOLDER

Both are XLM-RoBERTa with 1,024 dimensions and 514 positions, as `intfloat/multilingual-e5-large`
and `BAAI/bge-reranker-v2-m3` are. The weights are random for each word and nothing within the
layer, so a text is embedded as the mean of its words: texts that share words are near each other.
The tokenizer is the one that comes with the embedded model.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt

from rag.providers.minilm import embedder as minilm

Weights = npt.NDArray[np.float16]

DIMENSION, INNER, HEADS = 1024, 64, 16
VOCABULARY, POSITIONS, SPECIAL = 30_522, 514, (0, 101, 102)  # [PAD], [CLS], [SEP]
MAX_TOKENS = POSITIONS - 2  # the first position comes after that of the padding, which is 1

CONFIG: dict[str, object] = {
    "model_type": "xlm-roberta",
    "hidden_size": DIMENSION,
    "intermediate_size": INNER,
    "num_hidden_layers": 1,
    "num_attention_heads": HEADS,
    "vocab_size": VOCABULARY,
    "max_position_embeddings": POSITIONS,
    "type_vocab_size": 1,
    "hidden_act": "gelu",
    "layer_norm_eps": 1e-5,
    "position_embedding_type": "absolute",
    "bos_token_id": 0,
    "pad_token_id": 1,
    "eos_token_id": 2,
    "torch_dtype": "float32",
}
# How sentence-transformers says that the vectors of the tokens are averaged, then scaled.
MODULES = [
    {"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.Transformer"},
    {"idx": 1, "name": "1", "path": "1_Pooling", "type": "sentence_transformers.models.Pooling"},
    {
        "idx": 2,
        "name": "2",
        "path": "2_Normalize",
        "type": "sentence_transformers.models.Normalize",
    },
]
POOLING = {"word_embedding_dimension": DIMENSION, "pooling_mode_mean_tokens": True}


def write_tiny_embedder(folder: Path) -> None:
    """Write an embedding model into a folder."""
    _write(folder, {**CONFIG, "architectures": ["XLMRobertaModel"]}, _encoder(""))
    _say(folder / "modules.json", MODULES)
    _say(folder / "1_Pooling" / "config.json", POOLING)


def write_tiny_reranker(folder: Path) -> None:
    """Write a cross-encoder with one score into a folder."""
    labels = {"id2label": {"0": "LABEL_0"}, "label2id": {"LABEL_0": 0}}
    config = {**CONFIG, **labels, "architectures": ["XLMRobertaForSequenceClassification"]}
    random = np.random.default_rng(9)
    weights = _encoder("roberta.")
    # The first token hears all others alike, so that the score is not the same for every pair.
    value, output = (f"roberta.encoder.layer.0.attention.{name}.weight" for name in _HEARING)
    weights[value] = weights[output] = np.eye(DIMENSION, dtype=np.float16)
    weights |= {
        "classifier.dense.weight": random.normal(0, 0.05, (DIMENSION, DIMENSION)),
        "classifier.dense.bias": np.zeros(DIMENSION),
        "classifier.out_proj.weight": random.normal(0, 0.2, (1, DIMENSION)),
        "classifier.out_proj.bias": np.zeros(1),
    }
    _write(folder, config, weights)


_HEARING = ("self.value", "output.dense")


def _encoder(prefix: str) -> dict[str, npt.NDArray[np.floating]]:
    """An encoder that hands each word's own random vector on."""
    words = np.random.default_rng(8).normal(0, 1, (VOCABULARY, DIMENSION))
    words[list(SPECIAL)] = 0
    layer = f"{prefix}encoder.layer.0"
    shapes = {
        f"{layer}.attention.self.query": (DIMENSION, DIMENSION),
        f"{layer}.attention.self.key": (DIMENSION, DIMENSION),
        f"{layer}.attention.self.value": (DIMENSION, DIMENSION),
        f"{layer}.attention.output.dense": (DIMENSION, DIMENSION),
        f"{layer}.intermediate.dense": (INNER, DIMENSION),
        f"{layer}.output.dense": (DIMENSION, INNER),
    }
    weights: dict[str, npt.NDArray[np.floating]] = {
        f"{prefix}embeddings.word_embeddings.weight": words,
        f"{prefix}embeddings.position_embeddings.weight": np.zeros((POSITIONS, DIMENSION)),
        f"{prefix}embeddings.token_type_embeddings.weight": np.zeros((1, DIMENSION)),
    }
    for name, shape in shapes.items():
        weights |= {f"{name}.weight": np.zeros(shape), f"{name}.bias": np.zeros(shape[0])}
    for name in ("embeddings", "encoder.layer.0.attention.output", "encoder.layer.0.output"):
        norm = f"{prefix}{name}.LayerNorm"
        weights |= {f"{norm}.weight": np.ones(DIMENSION), f"{norm}.bias": np.zeros(DIMENSION)}
    return weights


def _write(
    folder: Path, config: Mapping[str, object], weights: Mapping[str, npt.NDArray[np.floating]]
) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    _say(folder / "config.json", config)
    told = json.loads((Path(minilm.__file__).parent / minilm.TOKENIZER_FILE).read_bytes())
    _say(folder / "tokenizer.json", {**told, "truncation": None, "padding": None})
    special = {
        f"{name}_token": f"[{name.upper()}]" for name in ("pad", "unk", "cls", "sep", "mask")
    }
    _say(
        folder / "tokenizer_config.json",
        {"tokenizer_class": "PreTrainedTokenizerFast", "model_max_length": MAX_TOKENS, **special},
    )
    _save(folder / "model.safetensors", weights)


def _say(path: Path, content: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content), encoding="utf-8")


def _save(path: Path, weights: Mapping[str, npt.NDArray[np.floating]]) -> None:
    """Write a safetensors file: the length of a header, the header, the numbers."""
    halves: dict[str, Weights] = {name: each.astype("<f2") for name, each in weights.items()}
    header, end = {}, 0
    for name, tensor in halves.items():
        begin, end = end, end + tensor.nbytes
        header[name] = {"dtype": "F16", "shape": tensor.shape, "data_offsets": [begin, end]}
    told = json.dumps(header).encode()
    told += b" " * (-len(told) % 8)
    with path.open("wb") as file:
        file.write(len(told).to_bytes(8, "little") + told)
        for tensor in halves.values():
            file.write(tensor.tobytes())


if __name__ == "__main__":
    write_tiny_embedder(Path(sys.argv[1]) / "embedder")
    write_tiny_reranker(Path(sys.argv[1]) / "reranker")
