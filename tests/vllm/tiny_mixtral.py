"""Writes a Mixtral of two layers that vLLM serves as it serves the real one, without a download.

    python tiny_mixtral.py FOLDER

The weights are random but for a few, which make it say what tests can expect: where it is offered
tools, or held to the schema of a call, it calls `search_documents`; after a result, and where
there are no tools, it answers `ANSWER`; and a prompt with the word in `ENDLESS` is answered with
noise that has no end. What else a schema leaves open it chooses at random.

Each token that matters has a dimension of its own in the embedding, and the head gives its
successor. The first layer looks at all tokens alike, which tells whether a tool or that word is in
the prompt. The tokenizer is the Tekken file that comes with mistral-common.
"""

import argparse
import base64
import itertools
import json
from collections.abc import Mapping
from pathlib import Path

import mistral_common
import numpy as np
import numpy.typing as npt

Weights = npt.NDArray[np.float16]

TEKKEN = "tekken_240911.json"  # version 3: the first with tools
# In pieces that come once each, since each has one successor.
CALL = (
    *("[", "{", '"name', '":"', "search", "_document", "s", '","', "arguments", '":', '{"'),
    *("query", '"', ':"', "parameters", '"}}', "]"),
)
SAID = ("N", "emo", " has", " twelve", " billion", " parameters", " [", "1", "].")
ANSWER = "".join(SAID)
ENDLESS = " endless"

END, ASKED, OFFERED, FOUND, CALLS = 2, 4, 6, 8, 9  # </s>, [/INST], [/AVAILABLE_TOOLS] and so on
SPECIAL_TOKENS = 1000
VOCABULARY = 131_072
HIDDEN, INNER, HEADS, KEY_HEADS, HEAD = 128, 256, 4, 2, 32
LAYERS, EXPERTS = 2, 4
NOISE = 32  # so many dimensions hold what makes the other tokens random
LOUD = 20.0  # against noise of about 5
ATTENTION = 350.0  # makes one token out of thousands heard

CONFIG = {
    "architectures": ["MixtralForCausalLM"],
    "model_type": "mixtral",
    "hidden_size": HIDDEN,
    "intermediate_size": INNER,
    "num_hidden_layers": LAYERS,
    "num_attention_heads": HEADS,
    "num_key_value_heads": KEY_HEADS,
    "head_dim": HEAD,
    "vocab_size": VOCABULARY,
    "num_local_experts": EXPERTS,
    "num_experts_per_tok": 2,
    "max_position_embeddings": 8192,
    "rms_norm_eps": 1e-5,
    "rope_theta": 1e6,
    "hidden_act": "silu",
    "tie_word_embeddings": False,
    "torch_dtype": "bfloat16",
    "bos_token_id": 1,
    "eos_token_id": END,
    "sliding_window": None,
}


def write_tiny_mixtral(folder: Path) -> None:
    """Write configuration, tokenizer and weights into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    tekken = json.loads((Path(mistral_common.__file__).parent / "data" / TEKKEN).read_bytes())
    for other in ("multimodal", "image"):
        tekken.pop(other, None)
    (folder / "tekken.json").write_text(json.dumps(tekken), encoding="utf-8")
    (folder / "config.json").write_text(json.dumps(CONFIG), encoding="utf-8")
    ids = {base64.b64decode(row["token_bytes"]): row["rank"] for row in tekken["vocab"]}
    _save(folder / "model.safetensors", _weights(ids))


def _weights(ids: Mapping[bytes, int]) -> dict[str, Weights]:
    random = np.random.default_rng(8)

    def noise(*shape: int, spread: float = 0.005) -> Weights:
        return random.normal(0, spread, shape).astype(np.float16)

    weights = {"model.norm.weight": np.ones(HIDDEN, np.float16)}
    weights |= _ends(ids, noise(VOCABULARY, NOISE, spread=0.2), noise(VOCABULARY, NOISE, spread=1))
    for layer, (name, width) in itertools.product(
        range(LAYERS), (("q", HEADS), ("k", KEY_HEADS), ("v", KEY_HEADS), ("o", HEADS))
    ):
        shape = (HIDDEN, width * HEAD) if name == "o" else (width * HEAD, HIDDEN)
        within = noise(*shape) if layer else np.zeros(shape, np.float16)
        weights[f"model.layers.{layer}.self_attn.{name}_proj.weight"] = within
    for row, seen in enumerate((NOISE, NOISE + 1)):
        weights["model.layers.0.self_attn.v_proj.weight"][row, seen] = 1
        weights["model.layers.0.self_attn.o_proj.weight"][seen, row] = ATTENTION
    for layer in range(LAYERS):
        at = f"model.layers.{layer}"
        for norm in ("input_layernorm", "post_attention_layernorm"):
            weights[f"{at}.{norm}.weight"] = np.ones(HIDDEN, np.float16)
        weights[f"{at}.block_sparse_moe.gate.weight"] = noise(EXPERTS, HIDDEN)
        for expert in range(EXPERTS):
            experts = f"{at}.block_sparse_moe.experts.{expert}"
            weights[f"{experts}.w1.weight"] = noise(INNER, HIDDEN)
            weights[f"{experts}.w2.weight"] = noise(HIDDEN, INNER)
            weights[f"{experts}.w3.weight"] = noise(INNER, HIDDEN)
    return weights


def _ends(ids: Mapping[bytes, int], read: Weights, written: Weights) -> dict[str, Weights]:
    """The embedding and the head, with the tokens that matter in dimensions of their own."""

    def tokens(*pieces: str) -> list[int]:
        return [ids[piece.encode()] + SPECIAL_TOKENS for piece in pieces]

    call, said = [CALLS, *tokens(*CALL), END], [*tokens(*SAID), END]
    steps = [*itertools.pairwise(call), *itertools.pairwise(said)]
    steps += [(ASKED, said[0]), (FOUND, said[0])]
    # How a call begins where a schema wants one; it goes on like the other.
    held = list(itertools.pairwise([ASKED, *tokens('{"', "tool", '":"')]))
    read_first = [OFFERED, *tokens(ENDLESS)]
    own = list(dict.fromkeys([*read_first, *(token for token, _ in [*steps, *held])]))
    place = {token: NOISE + number for number, token in enumerate(own)}
    embedding, head = (np.zeros((VOCABULARY, HIDDEN), np.float16) for _ in range(2))
    embedding[:, :NOISE], head[:, :NOISE] = read, written
    head[[*range(SPECIAL_TOKENS), *own]] = 0
    for token, dimension in place.items():
        embedding[token, dimension] = 1
    for token, after in steps:
        head[after, place[token]] = LOUD
    for token, after in held:
        head[after, place[token]] = LOUD / 2
    tools, endless = NOISE, NOISE + 1
    head[CALLS, NOISE : NOISE + len(own)] = -100 * LOUD  # a call begins nowhere else but
    head[CALLS, [place[ASKED], tools]] = 0.7 * LOUD, LOUD  # where it is asked for, among tools
    head[[said[0], *tokens('{"')], endless] = -LOUD
    return {"model.embed_tokens.weight": embedding, "lm_head.weight": head}


def _save(path: Path, weights: Mapping[str, Weights]) -> None:
    """Write a safetensors file: the length of a header, the header, the numbers."""
    header, end = {}, 0
    for name, tensor in weights.items():
        begin, end = end, end + tensor.nbytes
        header[name] = {"dtype": "F16", "shape": tensor.shape, "data_offsets": [begin, end]}
    told = json.dumps(header).encode()
    told += b" " * (-len(told) % 8)
    with path.open("wb") as file:
        file.write(len(told).to_bytes(8, "little") + told)
        for tensor in weights.values():
            file.write(tensor.tobytes())


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    write_tiny_mixtral(parser.parse_args().folder)
