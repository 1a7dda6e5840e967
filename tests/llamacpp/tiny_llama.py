"""Writes a model of two layers as a GGUF file, which llama.cpp serves as it serves the real ones.

    python tiny_llama.py FILE

It says what the tiny Mixtral of `tests/vllm` says, by the same means: where it is offered tools, or
held to the schema of a call, it calls `search_documents`; after a result, and where there are no
tools, it answers `ANSWER`; and a prompt with the word `ENDLESS` is answered with noise that has no
end. What else a schema leaves open it chooses at random.

Its tokenizer knows few words and spells everything else byte by byte: a text takes several times
the tokens that a model of Mistral makes of it. Run where the package `gguf` is installed.
"""

import argparse
import itertools
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

Weights = npt.NDArray[np.float32]

CONTROLS = (
    *("<unk>", "<s>", "</s>", "[INST]", "[/INST]", "[AVAILABLE_TOOLS]", "[/AVAILABLE_TOOLS]"),
    *("[TOOL_RESULTS]", "[/TOOL_RESULTS]", "[TOOL_CALLS]"),
)
END, ASKED, OFFERED, FOUND, CALLS = (
    "</s>",
    "[/INST]",
    "[/AVAILABLE_TOOLS]",
    CONTROLS[8],
    CONTROLS[9],
)
BYTES = tuple(f"<0x{byte:02X}>" for byte in range(256))
LETTERS = ("\u2581", *"abcdefghijklmnopqrstuvwxyz")  # what noise consists of; the first is a blank
# In pieces that come once each, since each has one successor.
NAMED = ("search", "_documents", '","', "arguments", '":', '{"', "query", '"', ':"')
CALL = ('[{"name', '":"', *NAMED, "parameters", '"},"id":"', "c4ll00001", '"}]')
HELD = ('{"tool', '":"', *NAMED, "parameters", '"}}')
SAID = ("Nemo", " has", " twelve", " billion", " parameters", " [", "1", "].")
ANSWER = "".join(SAID)
ENDLESS = " endless"
WORDS = tuple(dict.fromkeys((*CALL, *HELD, *SAID, ENDLESS)))
# Never said: choosing among them makes an answer take its time, and a prompt none.
UNSAID = tuple(f"<unsaid_{number}>" for number in range(20_000))
VOCABULARY = (*CONTROLS, *BYTES, *LETTERS, *WORDS, *UNSAID)

CONTEXT_TOKENS = 16_384
HIDDEN, INNER, HEADS, KEY_HEADS, HEAD = 128, 256, 4, 2, 32
LAYERS = 2
NOISE = 32  # so many dimensions hold what makes the other tokens random
LOUD = 20.0  # against noise of about 5
FAINT = 1e-4  # what the layers add must not drown what is said
ATTENTION = 1500.0  # makes one token out of ten thousand heard

# Mistral's third, with a system message in the first turn.
TEMPLATE = """\
{{- bos_token }}
{%- set ns = namespace(system="") %}
{%- for message in messages %}
{%- if message.role == "system" %}{% set ns.system = message.content + "\\n\\n" %}
{%- elif message.role == "user" %}
{%- if tools and loop.last %}
{{- "[AVAILABLE_TOOLS]" + tools | tojson + "[/AVAILABLE_TOOLS]" }}
{%- endif %}
{{- "[INST]" + ns.system + message.content + "[/INST]" }}{% set ns.system = "" %}
{%- elif message.role == "tool" %}
{{- "[TOOL_RESULTS]" + message.content + "[/TOOL_RESULTS]" }}
{%- elif message.tool_calls %}
{{- "[TOOL_CALLS][" }}
{%- for call in message.tool_calls %}
{{- '{"name":"' + call.function.name + '","arguments":' }}
{{- call.function.arguments | tojson + ',"id":"' + call.id + '"}' }}
{%- if not loop.last %}{{ "," }}{% endif %}
{%- endfor %}
{{- "]" + eos_token }}
{%- else %}{{ message.content + eos_token }}{% endif %}
{%- endfor %}
"""


def weights() -> dict[str, Weights]:
    """The tensors by their names in a GGUF file."""
    random = np.random.default_rng(8)

    def noise(*shape: int, spread: float = 0.005) -> Weights:
        return random.normal(0, spread, shape).astype(np.float32)

    named = {"output_norm.weight": np.ones(HIDDEN, np.float32)}
    size = len(VOCABULARY)
    named |= _ends(noise(size, NOISE, spread=0.2), noise(size, NOISE, spread=1))
    for layer in range(LAYERS):
        at = f"blk.{layer}"
        for norm in ("attn_norm", "ffn_norm"):
            named[f"{at}.{norm}.weight"] = np.ones(HIDDEN, np.float32)
        for name, width in (("q", HEADS), ("k", KEY_HEADS), ("v", KEY_HEADS), ("output", HEADS)):
            rows = width * HEAD
            shape = (HIDDEN, rows) if name == "output" else (rows, HIDDEN)
            within = noise(*shape, spread=FAINT) if layer else np.zeros(shape, np.float32)
            named[f"{at}.attn_{name}.weight"] = within
        named[f"{at}.ffn_gate.weight"] = noise(INNER, HIDDEN)
        named[f"{at}.ffn_up.weight"] = noise(INNER, HIDDEN)
        named[f"{at}.ffn_down.weight"] = noise(HIDDEN, INNER, spread=FAINT)
    for row, seen in enumerate((NOISE, NOISE + 1)):
        named["blk.0.attn_v.weight"][row, seen] = 1
        named["blk.0.attn_output.weight"][seen, row] = ATTENTION
    return named


def _ends(read: Weights, written: Weights) -> dict[str, Weights]:
    """The embedding and the head, with the tokens that matter in dimensions of their own."""
    ids = {token: number for number, token in enumerate(VOCABULARY)}
    steps = [*itertools.pairwise((CALLS, *CALL, END)), *itertools.pairwise((*SAID, END))]
    steps += [(ASKED, SAID[0]), (FOUND, SAID[0])]
    # How a call goes where a schema wants one: what differs from the other way is said less loudly.
    held = [step for step in itertools.pairwise((ASKED, *HELD, END)) if step not in steps]
    own = list(
        dict.fromkeys([OFFERED, ENDLESS, *(token for step in (*steps, *held) for token in step)])
    )
    place = {token: NOISE + number for number, token in enumerate(own)}
    embedding, head = (np.zeros((len(VOCABULARY), HIDDEN), np.float32) for _ in range(2))
    embedding[:, :NOISE] = read
    letters = [ids[letter] for letter in LETTERS]
    head[letters, :NOISE] = written[letters]
    for token, dimension in place.items():
        embedding[ids[token], dimension] = 1
    for loudness, pairs in ((LOUD, steps), (LOUD / 2, held)):
        for token, after in pairs:
            head[ids[after], place[token]] = loudness
    tools, endless = NOISE, NOISE + 1
    head[ids[CALLS], NOISE : NOISE + len(own)] = -1000 * LOUD  # a call begins nowhere else but
    head[ids[CALLS], [place[ASKED], tools]] = 0.7 * LOUD, LOUD  # where it is asked for, among tools
    head[[ids[SAID[0]], ids[HELD[0]]], endless] = -LOUD
    head[letters, endless] = LOUD
    head[[ids[token] for token in UNSAID], NOISE:] = -LOUD
    return {"token_embd.weight": embedding, "output.weight": head}


def write_tiny_llama(path: Path) -> None:
    """Write the model into a file."""
    import gguf  # type: ignore[import-not-found]  # of the environment that this is run in

    writer = gguf.GGUFWriter(path, "llama")
    writer.add_name("two layers")
    writer.add_context_length(CONTEXT_TOKENS)
    writer.add_embedding_length(HIDDEN)
    writer.add_block_count(LAYERS)
    writer.add_feed_forward_length(INNER)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(KEY_HEADS)
    writer.add_rope_dimension_count(HEAD)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_file_type(gguf.LlamaFileType.ALL_F32)
    writer.add_tokenizer_model("llama")
    writer.add_token_list(VOCABULARY)
    kinds: Mapping[Sequence[str], gguf.TokenType] = {
        CONTROLS: gguf.TokenType.CONTROL,
        BYTES: gguf.TokenType.BYTE,
        LETTERS: gguf.TokenType.NORMAL,
        WORDS: gguf.TokenType.USER_DEFINED,
        UNSAID: gguf.TokenType.UNUSED,
    }
    writer.add_token_scores([0.0] * len(VOCABULARY))
    writer.add_token_types([kind for tokens, kind in kinds.items() for _ in tokens])
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    writer.add_unk_token_id(0)
    writer.add_add_bos_token(True)
    writer.add_add_space_prefix(False)
    writer.add_chat_template(TEMPLATE)
    for name, tensor in weights().items():
        writer.add_tensor(name, tensor)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("file", type=Path)
    write_tiny_llama(parser.parse_args().file)
